"""What looks at pictures on this machine; where a part is missing or broken, everything else goes on without it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from PIL import Image

from memory.core.errors import PersonaError
from memory.core.records import Box
from memory.embedding.token_vectors import Vectors
from memory.photos.clip import PictureEmbedder
from memory.photos.detector import NAMED_AT, Detection, Detector, padded, small

_log = logging.getLogger(__name__)
OFF = "Photos are found by what was said of them, not by sight."
_Seen = TypeVar("_Seen")


class Sight:
    """An embedder that finds pictures again, and a detector that finds a named thing in one.

    A part whose weights turn out to be broken is left out from then on, said once in the log; `off` and `doctor` say it too.

    Args:
        embedder: Finds pictures by what they show; None: photos are found by their words alone.
        detector: Finds things in pictures; None: the whole picture stands for the thing.
        hint: What turns the embedder on, for the person.
    """

    def __init__(self, embedder: PictureEmbedder | None = None, detector: Detector | None = None, hint: str = "") -> None:
        self._embedder = embedder
        self._detector = detector
        self._hint = hint

    @property
    def made_by(self) -> str | None:
        """Name the embedder, and with it which vectors these are; None where there is none that works."""
        return self._embedder.name if self._embedder else None

    @property
    def called(self) -> str:
        """Name the embedder for a person."""
        return self.made_by.rsplit(" ", 1)[0] if self.made_by else ""

    @property
    def parts_things(self) -> bool:
        """Say whether things can be found in pictures."""
        return self._detector is not None

    @property
    def off(self) -> str | None:
        """Say in a sentence that photos are not found by sight, and what changes that; None where they are."""
        return None if self._embedder else f"{OFF} {self._hint}".rstrip()

    @property
    def words_threshold(self) -> float:
        """From which cosine on a picture is what some words say."""
        return self._embedder.words_threshold if self._embedder else 1.0

    def pictures(self, images: Sequence[Image.Image]) -> Vectors | None:
        """Return a row for each picture; None where nothing can look."""
        embedder = self._embedder
        return self._try(lambda: embedder.pictures(images)) if embedder else None

    def words(self, texts: Sequence[str]) -> Vectors | None:
        """Return a row for each text; None where nothing can look."""
        embedder = self._embedder
        return self._try(lambda: embedder.words(texts)) if embedder else None

    def find(self, image: Image.Image, names: Sequence[str], least: float) -> list[Detection]:
        """Return where a picture shows things of these names, surest first."""
        if self._detector is None or not names:
            return []
        try:
            return self._detector.find(image, names, least)
        except Exception as error:  # noqa: BLE001 - as below
            _log.warning("%s", _why(error))
            self._detector = None
            return []

    def look_for(self, pictures: Mapping[str, Image.Image], name: str) -> tuple[str, Box | None] | None:
        """Say which picture shows a named thing, and where in it, with a margin; None where nothing can tell.

        The detector's surest place counts; without one, of several pictures the one that is most like the name.
        """
        found = [
            (one.score, photo_id, one.box) for photo_id, image in pictures.items() for one in self.find(image, [name], NAMED_AT)
        ]
        if found:
            _, photo_id, box = max(found)
            return photo_id, padded(box)
        if len(pictures) < 2:  # noqa: PLR2004 - one picture is the one
            return None
        seen = self.pictures([small(image) for image in pictures.values()])
        said = None if seen is None else self.words([name])
        return None if seen is None or said is None else (list(pictures)[int((seen @ said[0]).argmax())], None)

    def _try(self, look: Callable[[], _Seen]) -> _Seen | None:
        try:
            return look()
        except Exception as error:  # noqa: BLE001 - weights fail in many ways; none of them is worth a reply
            self._embedder, self._hint = None, _why(error)
            _log.warning("%s", self._hint)
            return None


def _why(error: Exception) -> str:
    return (
        error.message if isinstance(error, PersonaError) else f"Looking at pictures failed ({type(error).__name__}: {error})."
    )
