"""The members of a zip file of a stranger: sizes, names and locks are checked before anything is read (I/O)."""

from __future__ import annotations

import os
import re
import shutil
import stat
import struct
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from typing import IO

from app.importers.members import MOST_MEMBERS, Limits, Member, MemberSource, is_clutter, shown
from memory.core.errors import InvalidInput

_BEGINS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_END, _END_SIZE, _LONGEST_COMMENT = b"PK\x05\x06", 22, 65_535
_LONG_END, _LONG_END_SIZE = b"PK\x06\x06", 56
_LONG_END_PLACE = _LONG_END_SIZE + 20
"""How far before the end its form for large files begins, if there is one; a pointer to it stands between them."""
_MOST_LIST_BYTES = 200 * MOST_MEMBERS
"""Most bytes of a zip file's list of members, which is read into memory: each entry has 46 bytes and a name."""
_MOST_RATIO, _UNCHECKED_BYTES = 1_000, 100_000_000
"""Most bytes of a member for one packed byte, if it is larger than 100 MB: what only a file of one letter reaches."""
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""Others are rare in exports, and `zipfile` unpacks them without a limit on memory."""
_ENCRYPTED, _UTF_8 = 0x1, 0x800
_DRIVE = re.compile(r"[A-Za-z]:")
_LARGEST_INNER = 4 * 1000**3
_SHOWN = 100


def is_zip(file: IO[bytes]) -> bool:
    """Return whether an open file begins as a zip file, whole or damaged."""
    file.seek(0)
    begin = file.read(4)
    file.seek(0)
    return begin in _BEGINS


def zip_members(file: IO[bytes], limits: Limits, open_files: ExitStack, inner: str = "") -> list[Member]:
    """Return the members of a zip file.

    Args:
        file: The open file.
        limits: Counts the members.
        open_files: Keeps the zip file open.
        inner: Its name, if it lies inside the source.

    Raises:
        InvalidInput: It is damaged, locked with a password or packed in another way, a name leads out of it, it holds too
            much, or a member is made to fill the disk.
    """
    name = f"{inner} in {limits.source}" if inner else limits.source
    try:
        if _list_bytes(file) > _MOST_LIST_BYTES:
            raise InvalidInput(f"{name} holds more than {MOST_MEMBERS:,} files. Give the folder of one export.")
        archive = open_files.enter_context(zipfile.ZipFile(file))
        entries = archive.infolist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
        raise InvalidInput(f"{name} is a zip file that is damaged or not complete. Download or export it again.") from error
    members = []
    for entry in entries:
        path = _name(entry)
        _check_name(name, path)
        if entry.is_dir() or stat.S_ISLNK(entry.external_attr >> 16) or any(map(is_clutter, path.split("/"))):
            continue
        _check_entry(name, path, entry)
        member = Member(path, entry.file_size, _opener(archive, entry), is_packed=True)
        limits.count(member)
        members.append(member)
    return members


def spooled(member: Member, limits: Limits) -> IO[bytes]:
    """Return a copy of an inner zip file as a temporary file, which ends when it is closed.

    Raises:
        InvalidInput: It is larger than 4 GB, damaged, or there is no space.
    """
    if member.size > _LARGEST_INNER:
        raise InvalidInput(
            f"{member.name} in {limits.source} is larger than 4 GB. Unpack {limits.source}, and give the folder."
        )
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        source = MemberSource(limits.source, [member])
        with source.open(source.names()[0]) as stream:
            shutil.copyfileobj(stream, file)
    except BaseException as error:
        file.close()
        if isinstance(error, OSError):
            raise InvalidInput(
                f"{member.name} cannot be opened ({error.strerror}). Free some space, or unpack it all and give the folder."
            ) from error
        raise
    return file


def _opener(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    return lambda: archive.open(entry)


def _name(entry: zipfile.ZipInfo) -> str:
    """Return a member's name with `/`; many programs write UTF-8 without saying so, and `zipfile` reads an old code page."""
    name = entry.filename
    if not entry.flag_bits & _UTF_8:
        try:
            name = name.encode("cp437").decode()
        except UnicodeError:
            name = entry.filename
    return shown(name.replace("\\", "/"))


def _check_name(archive: str, name: str) -> None:
    """Raise if a name leads out of the zip file."""
    parts = name.split("/")
    if ".." in parts or name.startswith("/") or _DRIVE.match(name) or not name.strip("/."):
        raise InvalidInput(
            f"{archive} holds a file called {name[:_SHOWN]!r}, which leads out of it: no program exports such a file. "
            "Nothing of it is read. Export it again."
        )


def _check_entry(archive: str, name: str, entry: zipfile.ZipInfo) -> None:
    """Raise if a member cannot be read, or is made to fill memory or the disk."""
    if entry.flag_bits & _ENCRYPTED:
        raise InvalidInput(f"{archive} is locked with a password. Unpack it with the password, and give the folder.")
    if entry.compress_type not in _METHODS:
        raise InvalidInput(
            f"{name[:_SHOWN]} in {archive} is packed in a way that is not read here. Unpack it, and give the folder."
        )
    if entry.file_size > _UNCHECKED_BYTES and entry.file_size > _MOST_RATIO * entry.compress_size:
        raise InvalidInput(
            f"{name[:_SHOWN]} in {archive} would be {entry.file_size // 1_000_000:,} MB out of {entry.compress_size:,} bytes: "
            "a zip file like this is made to fill the disk. Nothing of it is read. Export it again."
        )


def _list_bytes(file: IO[bytes]) -> int:
    """Return how large the list of members is, as the end of a zip file says; 0 if it has no end, which `zipfile` refuses."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - _END_SIZE - _LONGEST_COMMENT - _LONG_END_PLACE))
    tail = file.read()
    at = len(tail) - _END_SIZE
    if at < 0 or not (tail.startswith(_END, at) and tail.endswith(b"\0\0")):
        at = tail.rfind(_END, 0, max(0, at) + len(_END))
    if at < 0:
        return 0
    listed: int = struct.unpack_from("<I", tail, at + 12)[0]
    long = at - _LONG_END_PLACE
    if long >= 0 and tail.startswith(_LONG_END, long):
        # `zipfile` goes by this one, whatever the other says.
        listed = struct.unpack_from("<Q", tail, long + 40)[0]
    return listed
