"""How well photos are found by words and words by photos, and the cosine threshold for a match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from PIL import Image
from pydantic import BaseModel, Field, ValidationError

from app.malformed import malformed
from memory.core.errors import InvalidInput, PersonaError
from memory.embedding.token_vectors import Vectors
from memory.photos.clip import PictureEmbedder
from memory.photos.image_file import open_upright, read_picture


@dataclass(frozen=True)
class Pair:
    """A photo and words that say what it shows."""

    image: Image.Image
    text: str


class _Line(BaseModel):
    image: Annotated[str, Field(min_length=1)]
    text: Annotated[str, Field(min_length=1, pattern=r"\S")]


def load(path: Path) -> list[Pair]:
    """Read JSON lines of {image, text}; images are paths beside the file.

    Raises:
        InvalidInput: The file, one of its lines or an image cannot be read, or there are fewer than two different texts.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read ({error}). Give --data JSON lines of {{image, text}}.") from error
    pairs = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry = _Line.model_validate_json(line)
            data = (path.parent / entry.image).read_bytes()
            pairs.append(Pair(open_upright(read_picture(data, entry.image).small), entry.text))
        except ValidationError as error:
            raise malformed(f"Line {number} of {path.name}", error) from error
        except OSError as error:
            raise InvalidInput(
                f"Line {number} of {path.name}: there is no picture {entry.image!r} beside it ({error.strerror})."
            ) from error
        except PersonaError as error:
            raise InvalidInput(f"Line {number} of {path.name}: {error.message}") from error
    if len({pair.text for pair in pairs}) < 2:  # noqa: PLR2004 - what is found must be told from something
        raise InvalidInput(f"{path} contains fewer than two different texts: there is nothing to tell apart.")
    return pairs


def measure(embedder: PictureEmbedder, pairs: Sequence[Pair]) -> dict[str, Any]:
    """Search every photo by its words, and every text by its photo, among all of them.

    Returns:
        `pairs`, `recall@1` both ways (`words_to_picture`, `picture_to_words`), the cosine `threshold` that best separates
        matching from other pairs, and its rates: `found` of the matching pairs, `left_out` of the others.
    """
    texts = list(dict.fromkeys(pair.text for pair in pairs))
    cosines = embedder.pictures([pair.image for pair in pairs]) @ embedder.words(texts).T
    right = np.array([[pair.text == text for text in texts] for pair in pairs])
    threshold = calibrate(cosines, right)
    return {
        "pairs": len(pairs),
        "picture_to_words": round(float(right[np.arange(len(pairs)), cosines.argmax(axis=1)].mean()), 4),
        "words_to_picture": round(float(right[cosines.argmax(axis=0), np.arange(len(texts))].mean()), 4),
        "threshold": round(threshold, 4),
        "found": round(float((cosines[right] >= threshold).mean()), 4),
        "left_out": round(float((cosines[~right] < threshold).mean()), 4),
    }


def calibrate(cosines: Vectors, right: Vectors) -> float:
    """Return the cosine that best separates matching from other pairs.

    Args:
        cosines: Of photos (rows) and texts (columns).
        right: Whether they match; the same shape.

    Returns:
        The midpoint between two neighbouring cosines at which the mean of both rates (found, left out) is highest.
    """
    order = np.argsort(cosines, axis=None)
    ranked, belongs = cosines.ravel()[order], right.ravel()[order].astype(bool)
    found = 1.0 - np.cumsum(belongs) / max(1, belongs.sum())
    left_out = np.cumsum(~belongs) / max(1, (~belongs).sum())
    best = int(np.argmax((found + left_out)[:-1]))
    return float((ranked[best] + ranked[best + 1]) / 2)
