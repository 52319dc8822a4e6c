"""A file that a person sends to be imported, in a temporary folder of its own until it is written (I/O)."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TypeVar

from memory.core.errors import PersonaError

Error = TypeVar("Error", bound=PersonaError)

_PREFIX = "persona-import-"
_LONGEST_NAME_BYTES = 200
_NOT_IN_NAMES = frozenset('<>:"|?*')
_NO_NAME = "file"


def prefix() -> str:
    """Return how the names of this process's temporary folders begin."""
    return f"{_PREFIX}{os.getpid()}-"


def sweep() -> None:
    """Remove the folders of processes that were killed: they hold what a person said."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdecimal() and not _runs(int(owner)):
            # Of another person's processes on this machine, nothing can be removed.
            shutil.rmtree(folder, ignore_errors=True)


class Upload:
    """A file with the name that it had where it comes from: WhatsApp's says whom a chat is with.

    It is removed with its folder by `remove`, and at the latest when nothing refers to it any more.

    Args:
        name: The name of the file; folders in it are passed over.

    Attributes:
        path: Where the file is to be written, and then lies.
    """

    def __init__(self, name: str) -> None:
        folder = tempfile.mkdtemp(prefix=prefix())
        self.path = Path(folder) / _safe(name)
        # Windows keeps a file that is open: there, the folder goes at its next cleaning.
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

    def remove(self) -> None:
        """Remove the file and its folder."""
        self._remove()

    def in_words(self, error: Error) -> Error:
        """Return an error about the file without the temporary folder, which means nothing to the person."""
        return type(error)(error.message.replace(f"{self.path.parent}{os.sep}", ""))


def _runs(process: int) -> bool:
    """Return whether a process runs; on Windows, where asking would end it, always true."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        # It is another person's.
        return True
    return True


def _safe(name: str) -> str:
    """Return a file name that every system takes."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join("_" if sign in _NOT_IN_NAMES else sign for sign in last if sign.isprintable()).strip(" ")
    # The end of a name says what the file is.
    cut = plain.encode("utf-8", "replace")[-_LONGEST_NAME_BYTES:].decode("utf-8", "ignore")
    return cut if cut.strip(".") else _NO_NAME
