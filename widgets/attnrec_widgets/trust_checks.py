"""What a TrustPanel is given, checked at the edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attnrec.errors import AttnrecError, did_you_mean
from attnrec.explanations import METHODS
from attnrec.explanations.removal import check_removal
from attnrec_widgets.source import Source
from attnrec_widgets.trust_findings import ATTENTION, default_methods, lack

if TYPE_CHECKING:
    from attnrec_widgets.trust_panel import TrustPanel

TABS = ("measures", "race", "slider")
BESIDE = ("uniform", "random")  # rows of every table


def check_lens(panel: TrustPanel, value: Any) -> str:
    lens = _one_of("lens", value, panel.methods)
    lacking = lack(panel.source, lens)
    if lacking:
        raise AttnrecError(f"lens: {lacking}")
    return lens


def check_removal_of(panel: TrustPanel, value: Any) -> str:
    source = panel.source
    if check_removal(value) == "mask" and not source.inspector.capabilities.interventions:
        raise AttnrecError(f"removal: {source.name} cannot mask positions; use 'drop'")
    return value


def check_target(panel: TrustPanel, value: Any) -> Any:
    if value is None:
        return None
    target = panel.source.known(value)
    if target in panel.explorer._current().left_out:
        raise AttnrecError(
            f"target: {target!r} is in the history, or was taken out of it, and is not recommended"
        )
    return target


def check_tab(panel: TrustPanel, value: Any) -> str:
    return _one_of("tab", value, TABS)


def check_methods(names: Sequence[str] | None, source: Source) -> tuple[str, ...]:
    """`names`, each once; those shown unless given otherwise.

    What the model lacks something for may be among them.
    """
    if names is None:
        return tuple(default_methods(source))
    if isinstance(names, str) or not len(names):
        raise AttnrecError(f"methods: expected a sequence of names, got {names!r}")
    known = [ATTENTION, *(name for name in METHODS if name not in BESIDE)]
    for name in names:
        if name in BESIDE:
            raise AttnrecError(f"methods: {name!r} stands beside the others in any case")
        if name not in known:
            raise AttnrecError(f"methods: no method {name!r}{did_you_mean(name, known)}")
    return tuple(dict.fromkeys(names))


def _one_of(name: str, value: Any, known: Sequence[str]) -> str:
    if value not in known:
        hint = did_you_mean(value, known)
        raise AttnrecError(f"{name}: expected one of {list(known)}, got {value!r}{hint}")
    return value
