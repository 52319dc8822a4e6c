"""Opens what a person gives to import: a file, a folder or a zip file, and the zip files directly in these (I/O).

Newer exports are several zip files, and downloads are zip files in a folder: members of an inner zip file are called
`inner.zip/member`. Zip files in inner ones stay as they are. Nothing is unpacked: a zip file in a zip file is copied to a
temporary file without a name, which ends with the import.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from app.importers.members import Limits, Member, MemberSource, is_clutter, shown
from app.importers.sources import Source
from app.importers.zip_members import is_zip, spooled, zip_members
from memory.core.errors import InvalidInput

_PACKED = {b"\x1f\x8b": "gzip", b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\x07": "rar", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}
_DEEPEST_INNER_ZIP = 1
"""Folders that an inner zip file may lie in: deeper ones are a person's files, not parts of an export."""
_MOST_INNER_ZIPS = 200
"""Each is an open file, of which some systems allow 256."""


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open a file, a folder or a zip file; it stays open until the end of the `with` block.

    Args:
        path: The file or folder. If it is itself a link, it is followed; links in a folder are not.

    Raises:
        InvalidInput: There is nothing there, it cannot be read, it is locked with a password or damaged, it holds more than
            200,000 members or 50 GB, or a member has a name that leads out of it.
    """
    name = path.name or path.resolve().name or str(path)
    limits = Limits(name)
    with ExitStack() as open_files:
        try:
            mode = path.stat().st_mode
            if stat.S_ISDIR(mode):
                members = _folder_members(path, limits)
            elif stat.S_ISREG(mode):
                members = _file_members(path, name, limits, open_files)
            else:
                raise InvalidInput(f"{path} is no file and no folder. Give the file, folder or zip file of an export.")
            members = _with_inner_members(members, limits, open_files)
        except FileNotFoundError as error:
            raise InvalidInput(f"There is no file or folder {path}. Give the file, folder or zip file of an export.") from error
        except (OSError, ValueError) as error:
            where = getattr(error, "filename", None) or path
            raise InvalidInput(f"{where} cannot be read ({_reason(error)}). Make it readable, or copy it elsewhere.") from error
        yield MemberSource(name, members)


def _file_members(path: Path, name: str, limits: Limits, open_files: ExitStack) -> list[Member]:
    """Return the members of a zip file, or a file as the one member."""
    file = open_files.enter_context(path.open("rb"))
    if is_zip(file):
        return zip_members(file, limits, open_files)
    for mark, kind in _PACKED.items():
        if file.read(len(mark)) == mark:
            raise InvalidInput(f"{name} is a {kind} file, which is not read here. Unpack it, and give the folder.")
        file.seek(0)
    member = Member(name, os.fstat(file.fileno()).st_size, lambda: path.open("rb"))
    limits.count(member)
    return [member]


def _folder_members(folder: Path, limits: Limits) -> list[Member]:
    """Return the files below a folder, without links and without what systems put beside files."""
    members = []
    for parent, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = sorted(one for one in folders if not is_clutter(one))
        for one in sorted(files):
            path = Path(parent, one)
            status = path.lstat()
            if is_clutter(one) or not stat.S_ISREG(status.st_mode):
                continue
            # A name that is no UTF-8 must be shown and stored.
            relative = os.fsencode(path.relative_to(folder)).decode(errors="replace").replace(os.sep, "/")
            member = Member(shown(relative), status.st_size, _opener(path))
            limits.count(member)
            members.append(member)
    return members


def _opener(path: Path) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        # A file that has become a link since the folder was listed is not followed.
        return os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)), "rb")

    return opened


def _with_inner_members(members: list[Member], limits: Limits, open_files: ExitStack) -> list[Member]:
    """Replace the inner zip files by their members."""
    found, zips = [], 0
    for member in members:
        if not member.name.lower().endswith(".zip") or member.name.count("/") > _DEEPEST_INNER_ZIP:
            found.append(member)
            continue
        file = open_files.enter_context(spooled(member, limits) if member.is_packed else member.open())
        if is_zip(file):
            zips += 1
            if zips > _MOST_INNER_ZIPS:
                raise InvalidInput(f"{limits.source} holds more than {_MOST_INNER_ZIPS} zip files. Import some of them first.")
            found += [inner.under(member.name) for inner in zip_members(file, limits, open_files, member.name)]
        else:
            found.append(member)
    return found


def _raise(error: OSError) -> None:
    raise error


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or "its name is not valid"
