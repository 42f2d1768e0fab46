import hashlib
import io
import stat
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from attnrec.data.datasets.download import Remote, at_hand, obtain, unpack
from attnrec.errors import DataError

CONTENT = {"tiny/ratings.csv": "userId\n" * 1000, "tiny/more/notes.txt": "notes"}


def archive(content, folder=None):
    """The bytes of a zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in content.items():
            made.writestr(name, text)
    return buffer.getvalue()


def md5(data):
    return hashlib.md5(data).hexdigest()


@pytest.fixture
def root(tmp_path, monkeypatch):
    """An empty ATTNREC_DATA and, beside it, an empty cache."""
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("ATTNREC_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("ATTNREC_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A publisher on this machine: a folder, and its address."""
    folder = tmp_path / "site"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_archive_is_downloaded_checked_and_unpacked_once(root, site, capsys):
    folder, url = site
    (folder / "tiny.zip").write_bytes(archive(CONTENT))
    remotes = (Remote(f"{url}/tiny.zip", md5(archive(CONTENT)), "the publisher"),)
    place, report = obtain("tiny", ("ratings.csv",), remotes)
    assert place == root / "cache" / "tiny"
    assert (place / "ratings.csv").read_text() == CONTENT["tiny/ratings.csv"]
    assert (place / "more" / "notes.txt").read_text() == "notes"
    assert report.rows == ()
    assert "tiny.zip" in capsys.readouterr().err  # the progress bar
    assert list((root / "cache" / "downloads").iterdir()) == []
    (folder / "tiny.zip").unlink()
    assert obtain("tiny", ("ratings.csv",), remotes)[0] == place


def test_a_single_file_goes_where_it_belongs(root, site):
    folder, url = site
    (folder / "data.csv").write_text("a,b\n")
    remote = Remote(f"{url}/data.csv", md5(b"a,b\n"), "us", "shop.csv")
    place, _ = obtain("shop", ("shop.csv*",), (remote,))
    assert (place / "shop.csv").read_text() == "a,b\n"
    assert at_hand("shop", ("shop.csv*",)) == place


def test_a_checksum_that_nobody_states_is_recorded_and_said(root, site):
    folder, url = site
    (folder / "tiny.zip").write_bytes(archive(CONTENT))
    remotes = (Remote(f"{url}/tiny.zip"),)
    place, report = obtain("tiny", ("ratings.csv",), remotes)
    assert report.rows[0].what == "md5 of tiny.zip"
    assert md5(archive(CONTENT)) in report.rows[0].action
    (place / "ratings.csv").unlink()
    (folder / "tiny.zip").write_bytes(archive(CONTENT | {"tiny/ratings.csv": "other"}))
    with pytest.raises(DataError, match="as recorded at first use"):
        obtain("tiny", ("ratings.csv",), remotes)


def test_a_damaged_archive_leaves_no_record_and_can_be_had_again(root, site):
    folder, url = site
    remotes = (Remote(f"{url}/tiny.zip"),)
    (folder / "tiny.zip").write_bytes(archive(CONTENT)[:-30])
    with pytest.raises(DataError, match=r"tiny\.zip: cannot be unpacked, probably truncated"):
        obtain("tiny", ("ratings.csv",), remotes)
    (folder / "tiny.zip").write_bytes(archive(CONTENT))
    place, _ = obtain("tiny", ("ratings.csv",), remotes)
    assert (place / "ratings.csv").is_file()


def test_an_altered_archive_is_refused(root, site):
    folder, url = site
    (folder / "tiny.zip").write_bytes(archive(CONTENT))
    remotes = (Remote(f"{url}/tiny.zip", "0" * 32, "the publisher"),)
    with pytest.raises(DataError, match="expected 0{32} as stated by the publisher"):
        obtain("tiny", ("ratings.csv",), remotes)
    assert at_hand("tiny", ("ratings.csv",)) is None


def test_an_archive_without_the_files_is_refused(root, site):
    folder, url = site
    (folder / "tiny.zip").write_bytes(archive({"tiny/readme": "sorry"}))
    with pytest.raises(DataError, match=r"tiny: ratings\.csv not found in what was downloaded"):
        obtain("tiny", ("ratings.csv",), (Remote(f"{url}/tiny.zip"),))


def test_no_way_to_the_address_says_what_to_do(root, site):
    _, url = site
    with pytest.raises(DataError, match=r"/gone\.zip cannot be downloaded.*ATTNREC_DATA"):
        obtain("tiny", ("ratings.csv",), (Remote(f"{url}/gone.zip"),))


def test_an_archive_got_by_hand_needs_no_network_and_stays(root):
    path = root / "data" / "tiny.zip"
    path.write_bytes(archive(CONTENT))
    remotes = (Remote("http://nowhere.invalid/tiny.zip", md5(archive(CONTENT)), "us"),)
    place, _ = obtain("tiny", ("ratings.csv",), remotes)
    assert (place / "ratings.csv").is_file()
    assert path.is_file()


def test_what_is_at_hand_only_in_part_is_made_whole(root, site, monkeypatch):
    folder, url = site
    (folder / "b.txt").write_text("b")
    remotes = tuple(Remote(f"{url}/{name}.txt", path=f"{name}.txt") for name in "ab")
    (root / "data" / "tiny").mkdir()
    (root / "data" / "tiny" / "a.txt").write_text("a")
    place, _ = obtain("tiny", ("a.txt", "b.txt"), remotes)
    assert [(place / f"{name}.txt").read_text() for name in "ab"] == ["a", "b"]
    (folder / "a.txt").write_text("a")
    (place / "b.txt").unlink()
    monkeypatch.delenv("ATTNREC_DATA")
    assert obtain("tiny", ("a.txt", "b.txt"), remotes)[0] == place


def test_a_folder_at_hand_goes_before_the_cache(root):
    for place in ("cache", "data"):
        (root / place / "tiny").mkdir(parents=True)
        (root / place / "tiny" / "ratings.csv").write_text(place)
    assert at_hand("tiny", ("ratings.csv",)) == root / "data" / "tiny"
    assert at_hand("tiny", ("ratings.csv", "movies.csv")) is None


def test_a_wrong_folder_is_told(monkeypatch):
    monkeypatch.setenv("ATTNREC_DATA", "/no/such/folder")
    with pytest.raises(DataError, match="ATTNREC_DATA: '/no/such/folder' is not a folder"):
        at_hand("tiny", ("ratings.csv",))


@pytest.mark.parametrize(
    "name",
    ["../out.txt", "tiny/../../out.txt", "/out.txt", "..\\out.txt", "C:\\out.txt", "c:/out.txt"],
)
def test_names_that_leave_the_folder_are_refused(tmp_path, name):
    path = tmp_path / "evil.zip"
    path.write_bytes(archive({"tiny/fine.txt": "fine", name: "out"}))
    with pytest.raises(DataError, match=r"evil\.zip: refused, it would write outside its folder"):
        unpack(path, tmp_path / "target")
    assert [one.name for one in tmp_path.iterdir()] == ["evil.zip"]


def test_links_are_refused(tmp_path):
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as made:
        link = zipfile.ZipInfo("tiny/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(link, "/etc/passwd")
    with pytest.raises(DataError, match="it holds a link: 'tiny/link'"):
        unpack(path, tmp_path / "target")


def test_absurd_sizes_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("attnrec.data.datasets.download._LARGEST", 100)
    path = tmp_path / "bomb.zip"
    path.write_bytes(archive({"tiny/zeros": "0" * 101}))
    with pytest.raises(DataError, match="it would unpack to"):
        unpack(path, tmp_path / "target")


def _altered(data, at):
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


@pytest.mark.parametrize(
    "damage",
    [lambda d: d[: len(d) // 2], lambda d: b"", lambda d: _altered(d, 50), lambda d: d[9:]],
)
def test_damage_is_found_before_anything_is_kept(tmp_path, damage):
    path = tmp_path / "tiny.zip"
    path.write_bytes(damage(archive(CONTENT)))
    with pytest.raises(DataError, match=r"tiny\.zip: cannot be unpacked, probably truncated"):
        unpack(path, tmp_path / "target")
    assert [one.name for one in tmp_path.iterdir()] == ["tiny.zip"]


def test_unpacking_leaves_other_files_of_the_folder_alone(tmp_path):
    path = tmp_path / "tiny.zip"
    path.write_bytes(archive(CONTENT))
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "mine.txt").write_text("mine")
    unpack(path, tmp_path / "target")
    assert (tmp_path / "target" / "mine.txt").read_text() == "mine"
    assert (tmp_path / "target" / "ratings.csv").is_file()
