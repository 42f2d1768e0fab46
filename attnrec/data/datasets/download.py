"""From an official address, or a folder at hand, to files on this disk.

A data set's files are looked for in the folder that the environment variable
`ATTNREC_DATA` names, then in the cache of this user; only then are they
downloaded. Whatever comes from outside is checked before it is used.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from attnrec.data.report import Report
from attnrec.errors import DataError

_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)
_LARGEST = 16 * 2**30  # bytes; ml-32m, the largest set, unpacks to less than 1 GiB


@dataclass(frozen=True)
class Remote:
    """One file at an official address.

    Attributes:
        url: where the publisher offers it.
        md5: its checksum, or None where nobody states one that could be cited.
        stated_by: who states the checksum.
        path: where the file goes in the data set's folder; None for a zip
            archive, whose content goes there instead.
    """

    url: str
    md5: str | None = None
    stated_by: str = ""
    path: str | None = None

    @property
    def name(self) -> str:
        """The file's name on this disk."""
        return self.path or self.url.rsplit("/", 1)[-1]


def data_root() -> Path | None:
    """The folder that `ATTNREC_DATA` names, or None."""
    named = os.environ.get("ATTNREC_DATA")
    if not named:
        return None
    root = Path(named).expanduser()
    if not root.is_dir():
        raise DataError(f"ATTNREC_DATA: {named!r} is not a folder")
    return root


def cache_root() -> Path:
    """Where downloaded data is kept: `ATTNREC_CACHE`, or the system's cache folder."""
    import pooch

    return Path(os.environ.get("ATTNREC_CACHE") or pooch.os_cache("attnrec"))


def at_hand(folder: str, files: tuple[str, ...]) -> Path | None:
    """The folder that already holds a match for each pattern of `files`, or None."""
    for root in (data_root, cache_root):
        place = root()
        if place is not None and not _lacking(place / folder, files):
            return place / folder
    return None


def _lacking(folder: Path, files: tuple[str, ...]) -> list[str]:
    return [pattern for pattern in files if not any(folder.glob(pattern))]


def obtain(folder: str, files: tuple[str, ...], remotes: tuple[Remote, ...]) -> tuple[Path, Report]:
    """The folder that holds `files` (names or patterns), downloaded if they are not at hand.

    An archive that lies in `ATTNREC_DATA` under the publisher's name is used
    instead of a download.

    Raises:
        DataError: no way to the address, a checksum that differs, an archive
            that is damaged or unsafe, or one that lacks a file.
    """
    found = at_hand(folder, files)
    if found is not None:
        return found, Report()
    target = cache_root() / folder
    report = Report()
    for remote in remotes:
        report = report.with_rows(*_bring(remote, target))
    lacking = _lacking(target, files)
    if lacking:
        raise DataError(f"{folder}: {', '.join(lacking)} not found in what was downloaded")
    return target, report


def _bring(remote: Remote, target: Path) -> list[tuple[str, int, str]]:
    """Put the content of one remote file into `target`; lines for the report."""
    given = _got_by_hand(remote, target.name)
    path = given or _download(remote, target)
    try:
        md5, record = _check(path, remote)
        if remote.path is None:
            unpack(path, target)
        else:
            (target / remote.path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / remote.path)
    finally:
        if given is None:
            path.unlink(missing_ok=True)  # it is unpacked, or wrong and to be had again
    if remote.md5 is not None or record.is_file():
        return []
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(md5 + "\n")
    note = f"{md5}: stated nowhere that could be cited, so recorded now and checked from now on"
    return [(f"md5 of {remote.name}", 1, note)]


def _got_by_hand(remote: Remote, folder: str) -> Path | None:
    root = data_root()
    if root is None:
        return None
    places = (root / remote.name, root / folder / remote.name)
    return next((place for place in places if place.is_file()), None)


def _download(remote: Remote, target: Path) -> Path:
    import pooch
    from tqdm.auto import tqdm

    pooch.get_logger().setLevel("WARNING")
    with tqdm(total=0, unit="B", unit_scale=True, desc=remote.name) as progress:
        try:
            path = pooch.retrieve(
                remote.url,
                known_hash=None,  # checked by the caller, in words that say what to do
                fname=remote.name,
                path=cache_root() / "downloads",
                downloader=pooch.HTTPDownloader(progressbar=progress),
            )
        except Exception as error:  # a network fails in many ways, the advice is the same
            raise DataError(
                f"{target.name}: not at hand, and {remote.url} cannot be downloaded "
                f"({type(error).__name__}); get the file by hand and put it, or its content in "
                f"a folder {target.name}, where the environment variable ATTNREC_DATA points"
            ) from error
    return Path(path)


def _check(path: Path, remote: Remote) -> tuple[str, Path]:
    """Compare with the stated checksum, or the one recorded at first use; both are returned."""
    with open(path, "rb") as file:
        md5 = hashlib.file_digest(file, "md5").hexdigest()
    record = cache_root() / "checksums" / f"{remote.name}.md5"
    expected, source = remote.md5, f"as stated by {remote.stated_by}"
    if expected is None and record.is_file():
        expected, source = record.read_text().strip(), f"as recorded at first use in {record}"
    if expected not in (None, md5):
        raise DataError(
            f"{path.name}: truncated or altered, or replaced by its publisher: "
            f"its md5 is {md5}, expected {expected} {source}"
        )
    return md5, record


def unpack(archive: Path, target: Path) -> None:
    """Unpack a zip archive into `target`, all of it or nothing.

    A single folder around everything is left away. Names that would leave the
    target, links and absurd sizes are refused before anything is written.

    Raises:
        DataError: the archive is unsafe, truncated or altered.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as scratch:
        try:
            with zipfile.ZipFile(archive) as opened:
                members = [member for member in opened.infolist() if not member.is_dir()]
                _check_members(archive, members)
                for member in members:
                    opened.extract(member, scratch)
        except _UNREADABLE as error:
            raise DataError(
                f"{archive.name}: cannot be unpacked, probably truncated or altered ({error})"
            ) from error
        content = [path for path in Path(scratch).iterdir() if path.name != "__MACOSX"]
        inside = content[0] if len(content) == 1 and content[0].is_dir() else Path(scratch)
        for path in sorted(inside.rglob("*")):  # beside what is there: two sets may share a folder
            if path.is_file():
                (target / path.relative_to(inside)).parent.mkdir(parents=True, exist_ok=True)
                os.replace(path, target / path.relative_to(inside))


def _check_members(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise DataError(
                f"{archive.name}: refused, it would write outside its folder: {member.filename!r}"
            )
        if stat.S_ISLNK(member.external_attr >> 16):
            raise DataError(f"{archive.name}: refused, it holds a link: {member.filename!r}")
    size = sum(member.file_size for member in members)
    if size > _LARGEST:
        raise DataError(f"{archive.name}: refused, it would unpack to {size / 2**30:.0f} GiB")
