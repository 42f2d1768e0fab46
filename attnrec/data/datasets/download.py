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
    def file_name(self) -> str:
        return self.url.rsplit("/", 1)[-1]


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
    """The folder that already holds all of `files`, or None."""
    for root in (data_root(), cache_root()):
        if root is not None and all((root / folder / file).is_file() for file in files):
            return root / folder
    return None


def obtain(folder: str, files: tuple[str, ...], remotes: tuple[Remote, ...]) -> tuple[Path, Report]:
    """The folder that holds `files`, downloaded if they are not at hand.

    Raises:
        DataError: no way to the address, a checksum that differs, an archive
            that is damaged or unsafe, or one that lacks a file.
    """
    found = at_hand(folder, files)
    if found is not None:
        return found, Report()
    if not remotes:
        raise DataError(f"{folder}: no address to get it from; put {', '.join(files)} in ATTNREC_DATA/{folder}")
    target = cache_root() / folder
    report = Report()
    for remote in remotes:
        downloaded, report = _archive_at_hand(remote, report) or _download(remote, report)
        if remote.path is None:
            unpack(downloaded, target)
        else:
            (target / remote.path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(downloaded, target / remote.path)
    lacking = [file for file in files if not (target / file).is_file()]
    if lacking:
        raise DataError(f"{folder}: {remotes[0].url} holds no {', '.join(lacking)}")
    return target, report


def _archive_at_hand(remote: Remote, report: Report) -> tuple[Path, Report] | None:
    """A file of that name that the user has put into `ATTNREC_DATA` by hand."""
    root = data_root()
    if root is None or not (root / remote.file_name).is_file():
        return None
    path = root / remote.file_name
    return path, _check(path, remote, report)


def _download(remote: Remote, report: Report) -> tuple[Path, Report]:
    import pooch
    from tqdm.auto import tqdm

    folder = cache_root() / "downloads"
    with tqdm(total=0, unit="B", unit_scale=True, desc=remote.file_name) as progress:
        try:
            path = pooch.retrieve(
                remote.url,
                known_hash=None,  # checked below, where the message can say what to do
                fname=remote.file_name,
                path=folder,
                downloader=pooch.HTTPDownloader(progressbar=progress),
            )
        except Exception as error:  # whatever the network raises, the user needs the same sentence
            raise DataError(
                f"cannot download {remote.url} ({type(error).__name__}); get it by hand, and name the "
                f"folder where you put it in the environment variable ATTNREC_DATA"
            ) from error
    try:
        return Path(path), _check(Path(path), remote, report)
    except DataError:
        Path(path).unlink(missing_ok=True)
        raise


def _check(path: Path, remote: Remote, report: Report) -> Report:
    """Compare with the stated checksum, or with the one recorded at first use."""
    with open(path, "rb") as file:
        md5 = hashlib.file_digest(file, "md5").hexdigest()
    if remote.md5 is not None:
        if md5 != remote.md5:
            raise DataError(
                f"{path.name}: md5 {md5}, expected {remote.md5} as stated by {remote.stated_by}; "
                f"the file is truncated or altered, download it again"
            )
        return report
    record = cache_root() / "downloads" / f"{remote.file_name}.md5"
    if not record.is_file():
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(md5 + "\n")
        note = f"recorded at first use, since its publisher replaces it from time to time: md5 {md5}"
        return report.with_rows((f"checksum of {remote.file_name}", 1, note))
    if record.read_text().strip() != md5:
        raise DataError(
            f"{path.name}: md5 {md5}, but {record.read_text().strip()} was recorded at first use in {record}; "
            f"the publisher has replaced the file or it is damaged (delete the record to accept it)"
        )
    return report


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
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise DataError(f"{archive.name}: truncated or altered ({error}); download it again") from error
        content = [path for path in Path(scratch).iterdir() if path.name != "__MACOSX"]
        inside = content[0] if len(content) == 1 and content[0].is_dir() else Path(scratch)
        shutil.rmtree(target, ignore_errors=True)
        if inside == Path(scratch):
            shutil.copytree(scratch, target)
        else:
            os.replace(inside, target)


def _check_members(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise DataError(f"{archive.name}: refused, it would write outside its folder: {member.filename!r}")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise DataError(f"{archive.name}: refused, it holds a link: {member.filename!r}")
    size = sum(member.file_size for member in members)
    if size > _LARGEST:
        raise DataError(f"{archive.name}: refused, it would unpack to {size / 2**30:.0f} GiB")
