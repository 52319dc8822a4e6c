"""The marker file beside the indexes, which is lost together with them: their layout, and the models that made them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from memory.core.errors import StorageError

LAYOUT = 11
"""Version of the indexes' layout; indexes of another layout are deleted and rebuilt."""


@dataclass(frozen=True)
class Made:
    """What made the indexes.

    Attributes:
        embedder: The name of the text embedder.
        pictures: The name of the picture embedder; None without one.
        missed: Whether photos were indexed without their picture embedder.
    """

    embedder: str | None
    pictures: str | None = None
    missed: bool = False


def is_current(marker: Path) -> bool:
    """Return whether the indexes beside a marker file exist in the layout of this program.

    Raises:
        StorageError: A newer program made them, or the marker cannot be read.
    """
    try:
        layout = json.loads(marker.read_text())["layout"]
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        return False
    except OSError as error:
        raise StorageError(
            f"{marker} cannot be read ({error.strerror}). Allow this user to read and write the data folder."
        ) from error
    if isinstance(layout, int) and layout > LAYOUT:
        raise StorageError(
            f"The memory index was made by a newer version of this program (layout {layout}). Update the program, or run "
            "`persona reindex` to rebuild the index for this version from the journal. Nothing was changed."
        )
    return bool(layout == LAYOUT)


def read(marker: Path) -> Made:
    """Return what made the indexes beside a current marker file."""
    made = json.loads(marker.read_text())
    return Made(made.get("embedder"), made.get("pictures"), made.get("missed", False))


def write(marker: Path, made: Made) -> None:
    """Write the marker file of indexes in the layout of this program."""
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text(json.dumps({**asdict(made), "layout": LAYOUT}))
