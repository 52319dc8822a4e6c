"""Opening what a person gives: files, folders and zip files, also those that are damaged or made to harm."""

from __future__ import annotations

import io
import os
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.importers import members, opening, zip_members
from app.importers.opening import open_source
from memory.core.errors import InvalidInput


def zipped(content: Mapping[str, bytes] | list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in content.items() if isinstance(content, Mapping) else content:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return file.getvalue()


def contents(path: Path) -> dict[str, bytes]:
    with open_source(path) as source:
        found = {}
        for name in source.names():
            with source.open(name) as stream:
                found[name] = stream.read()
            assert source.size(name) == len(found[name])
            assert source.head(name, 3) == found[name][:3]
        return found


def refusal(path: Path) -> str:
    with pytest.raises(InvalidInput) as error:
        contents(path)
    assert "\n" not in error.value.message
    assert "\x1b" not in error.value.message
    return error.value.message


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def written(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    return written


Write = Callable[[str, bytes], Path]


def test_a_file_is_its_own_member(write: Write) -> None:
    path = write("chat.txt", b"hello")
    assert contents(path) == {"chat.txt": b"hello"}
    with open_source(path) as source:
        assert source.name == "chat.txt"
        with source.open("chat.txt") as stream:
            assert [*stream] == [b"hello"]
        with pytest.raises(InvalidInput, match=r"^chat\.txt has no file other\. "):
            source.head("other")
    assert contents(write("empty", b"")) == {"empty": b""}


def test_a_folder_without_links_and_clutter(write: Write, tmp_path: Path) -> None:
    secret = write("secret.txt", b"secret")
    write("export/a/b/c.json", b"[1]")
    write("export/é.txt", b"2")
    for name in ("export/.DS_Store", "export/a/._c.json", "export/__MACOSX/x", "export/Thumbs.db"):
        write(name, b"clutter")
    folder = tmp_path / "export"
    (folder / "link.txt").symlink_to(secret)
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "pipe")
    assert contents(folder) == {"a/b/c.json": b"[1]", "é.txt": b"2"}
    (tmp_path / "shortcut").symlink_to(folder, target_is_directory=True)
    assert contents(tmp_path / "shortcut") == contents(folder)
    with open_source(folder) as source:
        assert source.name == "export"


def test_a_file_that_becomes_a_link_is_not_followed(write: Write, tmp_path: Path) -> None:
    secret = write("secret.txt", b"secret")
    path = write("export/a.json", b"[1]")
    with open_source(tmp_path / "export") as source:
        path.unlink()
        path.symlink_to(secret)
        with pytest.raises(InvalidInput, match=r"a\.json cannot be read: "):
            source.head("a.json")
        path.unlink()
        with pytest.raises(InvalidInput, match=r"a\.json cannot be read: No such file or directory\. Make it readable"):
            source.head("a.json")


def test_names_that_are_no_utf_8_can_be_shown(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(bytes(tmp_path) + b"/caf\xe9\x1b[31m.txt")).write_bytes(b"1")
    except OSError:
        pytest.skip("this file system knows only UTF-8")
    assert contents(tmp_path) == {"caf��[31m.txt": b"1"}


def test_a_zip_file(write: Write) -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        archive = zipped(
            {"x/": b"", "x/a.json": b"[1]" * 100_000, "é.txt": b"", "__MACOSX/x/._a.json": b"c", "x/.DS_Store": b"c"}, method
        )
        assert contents(write("e.zip", archive)) == {"x/a.json": b"[1]" * 100_000, "é.txt": b""}
    assert contents(write("no-ending", archive)) == {"x/a.json": b"[1]" * 100_000, "é.txt": b""}
    assert contents(write("none.zip", zipped({}))) == {}


def test_names_in_zip_files(write: Write) -> None:
    plain = zipped({"WhatsApp Chat mit JXXrgen.txt": b"1"})
    assert contents(write("mac.zip", plain.replace(b"XX", "ü".encode()))) == {"WhatsApp Chat mit Jürgen.txt": b"1"}
    assert contents(write("old.zip", plain.replace(b"XX", b"\x81\x81"))) == {"WhatsApp Chat mit Jüürgen.txt": b"1"}
    assert contents(write("windows.zip", zipped({"a\\b.txt": b"1"}))) == {"a/b.txt": b"1"}
    assert contents(write("escape.zip", zipped({"a\x1b[31m\n.txt": b"1"}))) == {"a�[31m�.txt": b"1"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_one_name_are_all_there(write: Write) -> None:
    archive = zipped(
        [("a/m.json", b"1"), ("a/m.json", b"2"), ("a/m (2).json", b"3"), ("./a/m.json", b"4"), ("m", b"5"), ("m", b"6")]
    )
    assert sorted(contents(write("e.zip", archive)).values()) == [b"1", b"2", b"3", b"4", b"5", b"6"]
    assert contents(write("e.zip", archive))["a/m.json"] == b"1"


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/passwd", "C:/x", "c:x", "..\\x", "a\\..\\x", "\\\\server\\x", "..", ".", "./"]
)
def test_names_that_lead_out_are_refused(write: Write, name: str) -> None:
    said = refusal(write("e.zip", zipped([("fine.json", b"[]"), (name, b"x")])))
    assert said.startswith("e.zip holds a file called ")
    assert "leads out of it" in said


def test_links_in_zip_files_are_left_out(write: Write) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        link = zipfile.ZipInfo("link.json")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("a.json", "[]")
    assert contents(write("e.zip", file.getvalue())) == {"a.json": b"[]"}


def test_zip_files_in_folders_and_zip_files(write: Write, tmp_path: Path) -> None:
    innermost = zipped({"deep.json": b"[]"})
    inner = zipped({"conversations.json": b"[1]", "innermost.zip": innermost})
    expected = {
        "manifest.json": b"{}", "data/conversations-000.zip/conversations.json": b"[1]", "data/conversations-000.zip/innermost.zip": innermost,
        "a/b/own.zip": b"PK\x03\x04 no zip", "text.zip": b"words",
    }  # fmt: skip
    given = {
        "manifest.json": b"{}",
        "data/conversations-000.zip": inner,
        "a/b/own.zip": b"PK\x03\x04 no zip",
        "text.zip": b"words",
    }
    for name, data in given.items():
        write(f"folder/{name}", data)
    assert contents(tmp_path / "folder") == expected
    assert contents(write("outer.zip", zipped(given))) == expected


def test_an_inner_zip_file_with_a_problem_is_named(write: Write, tmp_path: Path) -> None:
    whole = zipped({"a.json": b"[1]" * 1000})
    assert refusal(write("o.zip", zipped({"c.zip": whole[:-30]}))) == "c.zip in o.zip is a zip file that is damaged or not complete. Download or export it again."  # fmt: skip
    assert refusal(write("o.zip", zipped({"c.zip": zipped({"../x": b""})}))).startswith(
        "c.zip in o.zip holds a file called '../x'"
    )
    write("folder/c.zip", whole[:-30])
    assert "c.zip in folder is a zip file that is damaged" in refusal(tmp_path / "folder")


def test_nothing_is_unpacked_beside_the_data_and_nothing_stays(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spool))
    path = write("data/o.zip", zipped({"c.zip": zipped({"a.json": b"[1]"})}))
    open_files = Path("/proc/self/fd")
    before = len([*open_files.iterdir()]) if open_files.exists() else 0
    with open_source(path) as source:
        assert source.head("c.zip/a.json") == b"[1]"
        assert [*path.parent.iterdir()] == [path]
    with pytest.raises(InvalidInput):
        contents(write("data/o.zip", zipped({"b.zip": zipped({"a.json": b""}), "c.zip": b"PK\x03\x04"})))
    assert [*spool.iterdir()] == []
    assert not before or len([*open_files.iterdir()]) == before


def test_no_space_for_the_temporary_copy(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zip_members.shutil, "copyfileobj", full)
    assert "No space left on device). Free some space" in refusal(write("o.zip", zipped({"c.zip": zipped({})})))


def test_limits(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("o/e.zip", zipped({str(number): b"x" * 100 for number in range(20)}))
    monkeypatch.setattr(members, "MOST_MEMBERS", 19)
    assert refusal(path) == "e.zip holds more than 19 files. Give the folder of one export."
    assert "o holds more than 19 files" in refusal(tmp_path / "o")
    monkeypatch.setattr(members, "MOST_MEMBERS", 30)
    monkeypatch.setattr(members, "MOST_BYTES", 1_999)
    assert refusal(path) == "e.zip holds more than 0 GB. Give the folder of one export."
    monkeypatch.setattr(members, "MOST_BYTES", 50_000)
    assert len(contents(path)) == 20
    monkeypatch.setattr(zip_members, "_MOST_LIST_BYTES", 20 * 46)
    assert "e.zip holds more than 200,000 files" in refusal(path)
    monkeypatch.undo()
    monkeypatch.setattr(zip_members, "_LARGEST_INNER", 10)
    assert "c.zip in d.zip is larger than 4 GB. Unpack" in refusal(write("d.zip", zipped({"c.zip": path.read_bytes()})))
    monkeypatch.setattr(opening, "_MOST_INNER_ZIPS", 2)
    for number in range(3):
        write(f"many/{number}.zip", path.read_bytes())
    assert "many holds more than 2 zip files" in refusal(tmp_path / "many")


@pytest.mark.parametrize("entries", [1, 70_000])
def test_the_size_of_the_list_is_read_as_python_reads_it(entries: int) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(entries):
            archive.writestr(zipfile.ZipInfo(f"{number:05}"), b"")
        archive.comment = b"PK\x05\x06 no end" if entries == 1 else b""
    assert zip_members._list_bytes(file) == entries * (46 + 5)


def test_a_list_of_members_that_would_fill_memory_is_not_read(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    # The end says how large the list is; the form for large files goes before the other, whatever that says.
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 46, 0, 0)
    long = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, 10**9, 0) + struct.pack(
        "<4sLQL", b"PK\x06\x07", 0, 0, 1
    )
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("it was read"))
    assert "holds more than 200,000 files" in refusal(write("e.zip", b"PK\x03\x04" + long + end))


def test_a_member_that_says_how_much_it_would_fill(write: Write) -> None:
    path = write("e.zip", zipped({"zeros.json": b"0" * 110_000_000}))
    said = refusal(path)
    assert said.startswith("zeros.json in e.zip would be 110 MB out of ")
    assert "made to fill the disk" in said
    assert path.stat().st_size < 120_000


def _with_size(archive: bytes, size: int) -> bytes:
    """Return a zip file of one member that states another size, in both places."""
    lies = bytearray(archive)
    struct.pack_into("<L", lies, 22, size)
    struct.pack_into("<L", lies, archive.index(b"PK\x01\x02") + 24, size)
    return bytes(lies)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("size", [0, 10, 299_999, 300_001, 90_000_000])
def test_a_member_of_another_size_than_it_says(write: Write, size: int, method: int) -> None:
    path = write("e.zip", _with_size(zipped({"a.json": b"[1]" * 100_000}, method), size))
    with open_source(path) as source, pytest.raises(InvalidInput, match=r"^a\.json cannot be read: ") as error, source.open("a.json") as stream:  # fmt: skip
        read = 0
        while data := stream.read(1000):
            read += len(data)
            assert read <= 300_000
    assert error.value.message.endswith("Download or export it again.")


def test_locked_and_otherwise_packed(write: Write) -> None:
    locked = bytearray(zipped({"a.json": b"[]"}))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert (
        refusal(write("e.zip", bytes(locked)))
        == "e.zip is locked with a password. Unpack it with the password, and give the folder."
    )
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert "packed in a way that is not read here. Unpack it" in refusal(write("e.zip", zipped({"a.json": b"[]"}, method)))
    deflate64 = bytearray(zipped({"a.json": b"[]"}))
    deflate64[8] = deflate64[deflate64.index(b"PK\x01\x02") + 10] = 9
    assert "a.json in e.zip is packed in a way that is not read here" in refusal(write("e.zip", bytes(deflate64)))


@pytest.mark.parametrize(
    ("begin", "kind"),
    [(b"\x1f\x8b\x08", "gzip"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07\x01", "rar"), (b"\xfd7zXZ\x00", "xz")],
)
def test_other_archives(write: Write, begin: bytes, kind: str) -> None:
    assert refusal(write("takeout.tgz", begin + b"x" * 30)) == f"takeout.tgz is a {kind} file, which is not read here. Unpack it, and give the folder."  # fmt: skip


def test_what_is_not_there_or_cannot_be_opened(write: Write, tmp_path: Path) -> None:
    assert (
        refusal(tmp_path / "none")
        == f"There is no file or folder {tmp_path / 'none'}. Give the file, folder or zip file of an export."
    )
    assert "cannot be read (its name is not valid)" in refusal(Path(f"{tmp_path}/a\0b"))
    assert "cannot be read" in refusal(write("file", b"") / "below")
    os.mkfifo(tmp_path / "pipe")
    assert "is no file and no folder" in refusal(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "cannot be read" in refusal(tmp_path / "loop")


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_what_may_not_be_read(write: Write, tmp_path: Path) -> None:
    write("folder/a/b.json", b"[]").parent.chmod(0)
    assert "Permission denied" in refusal(tmp_path / "folder")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 400), st.binary(min_size=1, max_size=4), st.booleans())
def test_a_damaged_zip_file_is_read_or_refused_in_a_sentence(tmp_path: Path, at: int, data: bytes, cut: bool) -> None:
    inner = zipped({"a.json": b"[1, 2]" * 10})
    whole = zipped({"a.json": b"[1, 2, 3]" * 20, "in.zip": inner}, zipfile.ZIP_STORED if at % 2 else zipfile.ZIP_DEFLATED)
    damaged = whole[:at] + (b"" if cut else data + whole[at + len(data) :])
    path = tmp_path / "e.zip"
    path.write_bytes(damaged)
    try:
        found = contents(path)
    except InvalidInput as error:
        assert "\n" not in error.message
    else:
        assert all(len(one) < 10_000 for one in found.values())


def test_overlapping_members_end_in_a_sentence(write: Write) -> None:
    # Many entries of the list that all unpack one and the same data.
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    plain = b"0" * 1_000_000
    packed = compressor.compress(plain) + compressor.flush()
    local = (
        struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, zlib.crc32(plain), len(packed), len(plain), 1, 0)
        + b"a"
        + packed
    )
    entry = (
        struct.pack(
            "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, zlib.crc32(plain), len(packed), len(plain), 1, 0, 0, 0, 0, 0, 0
        )
        + b"a"
    )
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 60_000, 60_000, 60_000 * len(entry), len(local), 0)
    assert (
        refusal(write("e.zip", local + entry * 60_000 + end)) == "e.zip holds more than 50 GB. Give the folder of one export."
    )
