"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

SUFFIX = ".part"
"""Files that were not complete when their process ended have names that end so."""


@contextmanager
def whole_file(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """Open a new file beside `path` that takes its place at the end of the block, or is removed if the block fails.

    Args:
        path: The file to write; its folder is created when missing, readable only by its owner.
        durable: Whether the bytes are on the disk at the end of the block; a cache does not need that.

    Yields:
        The new file, open for reading and writing; its `name` is its path.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile("w+b", dir=path.parent, suffix=SUFFIX, delete=False) as file:
        part = Path(file.name)
        try:
            yield file.file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    part.replace(path)
