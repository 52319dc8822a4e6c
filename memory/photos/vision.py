"""The image models on this machine; if one is missing or broken, everything else works without it."""

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
OFF = "Photos are found by what was said about them, not by sight."
_Seen = TypeVar("_Seen")


class Sight:
    """A picture embedder, which lets photos be found by what they show, and a detector of named things in a picture.

    A model whose weights turn out to be broken is not used any more. The log says so once; `off` and `doctor` say so too.

    Args:
        embedder: Embeds pictures; None: photos are found only by the words about them.
        detector: Finds things in pictures; None: the whole picture is used for the thing.
        hint: Tells the person how to turn the embedder on.
    """

    def __init__(self, embedder: PictureEmbedder | None = None, detector: Detector | None = None, hint: str = "") -> None:
        self._embedder = embedder
        self._detector = detector
        self._hint = hint

    @property
    def made_by(self) -> str | None:
        """The embedder's name, which identifies its vectors; None if no embedder works."""
        return self._embedder.name if self._embedder else None

    @property
    def called(self) -> str:
        """The embedder's name for people."""
        return self.made_by.rsplit(" ", 1)[0] if self.made_by else ""

    @property
    def parts_things(self) -> bool:
        """Whether things can be found in pictures."""
        return self._detector is not None

    @property
    def off(self) -> str | None:
        """A sentence that says that photos are not found by what they show, and how to change that; None if they are."""
        return None if self._embedder else f"{OFF} {self._hint}".rstrip()

    @property
    def words_threshold(self) -> float:
        """Least cosine at which a picture shows what some words say."""
        return self._embedder.words_threshold if self._embedder else 1.0

    def pictures(self, images: Sequence[Image.Image]) -> Vectors | None:
        """Return one vector per picture; None if no embedder works."""
        embedder = self._embedder
        return self._try(lambda: embedder.pictures(images)) if embedder else None

    def words(self, texts: Sequence[str]) -> Vectors | None:
        """Return one vector per text; None if no embedder works."""
        embedder = self._embedder
        return self._try(lambda: embedder.words(texts)) if embedder else None

    def detect(self, image: Image.Image, names: Sequence[str], least: float) -> list[Detection]:
        """Return the detections of things with these names, most confident first."""
        if self._detector is None or not names:
            return []
        try:
            return self._detector.detect(image, names, least)
        except Exception as error:  # noqa: BLE001 - as below
            _log.warning("%s", _why(error))
            self._detector = None
            return []

    def locate(self, pictures: Mapping[str, Image.Image], name: str) -> tuple[str, Box | None] | None:
        """Return which picture shows a named thing, and its box with a margin; None if no model can tell.

        The detector's most confident box decides. Without one, the picture most similar to the name is chosen, if there are
        several pictures.
        """
        found = [
            (one.score, photo_id, one.box)
            for photo_id, image in pictures.items()
            for one in self.detect(image, [name], NAMED_AT)
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
        except Exception as error:  # noqa: BLE001 - weights fail in many ways, and none of them may cost a reply
            self._embedder, self._hint = None, _why(error)
            _log.warning("%s", self._hint)
            return None


def _why(error: Exception) -> str:
    return (
        error.message if isinstance(error, PersonaError) else f"Looking at pictures failed ({type(error).__name__}: {error})."
    )
