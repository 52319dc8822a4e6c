"""Finding named things in a picture with a zero-shot detector of transformers; loaded on first use."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from PIL import Image

from memory.core import extras
from memory.core.errors import ModelMissing
from memory.core.records import Box

SEEN_AT, NAMED_AT = 0.2, 0.1
"""Least confidence for a thing in a picture that is shown, and for a thing whose name was said (published)."""
_THUMBNAIL_PIXELS = 240
PADDING = 0.15
"""Margin around a thing whose name was said, as a fraction of the picture's width and height (published)."""


@dataclass(frozen=True)
class Detection:
    """A thing in a picture; `score` is the detector's confidence, from 0 to 1."""

    name: str
    score: float
    box: Box


class Detector(Protocol):
    """Finds things by their names."""

    def detect(self, image: Image.Image, names: Sequence[str], least: float) -> list[Detection]:
        """Return the detections with a confidence of at least `least`, most confident first."""


class ZeroShotDetector:
    """Grounding DINO, or another zero-shot detector of transformers, on the CPU.

    Args:
        path: Its folder or name.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._parts: tuple[Any, Any] | None = None

    def detect(self, image: Image.Image, names: Sequence[str], least: float) -> list[Detection]:
        """Return the detections with a confidence of at least `least`, most confident first; repeated names count once."""
        wanted = [name.lower() for name in dict.fromkeys(names) if name.strip()]
        if not wanted:
            return []
        processor, model = self._load()
        import torch

        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")
            inputs = processor(images=image, text=[wanted], return_tensors="pt")
            found = processor.post_process_grounded_object_detection(
                model(**inputs),
                inputs["input_ids"],
                threshold=least,
                text_threshold=least,
                target_sizes=[(image.height, image.width)],
            )[0]
        detections = [
            Detection(str(name), float(score), _shares(box.tolist(), image.size))
            for name, score, box in zip(found["text_labels"], found["scores"], found["boxes"], strict=True)
        ]
        return sorted(detections, key=lambda one: -one.score)

    def _load(self) -> tuple[Any, Any]:
        with self._lock:
            if self._parts is None:
                extras.require("photos", "Finding a named thing in a photo")
                from transformers import AutoModelForZeroShotObjectDetection, AutoProcessor
                from transformers.utils import logging

                logging.disable_progress_bar()  # type: ignore[no-untyped-call] # transformers has no types here
                try:
                    processor = AutoProcessor.from_pretrained(self._path)  # type: ignore[no-untyped-call] # it has no types
                    self._parts = processor, AutoModelForZeroShotObjectDetection.from_pretrained(self._path).eval()
                except Exception as error:
                    raise ModelMissing(
                        f"The detector in {self._path} cannot be loaded ({error}): whole pictures are remembered. Run "
                        "`persona models pull grounding-dino-tiny` again."
                    ) from error
            return self._parts


def padded(box: Box) -> Box:
    """Return a box with a margin around it, within the picture."""
    left, top, right, bottom = box
    return max(0.0, left - PADDING), max(0.0, top - PADDING), min(1.0, right + PADDING), min(1.0, bottom + PADDING)


def crop(image: Image.Image, box: Box | None) -> Image.Image:
    """Return the part of a picture inside a box, at least one pixel; None: the whole picture."""
    if box is None:
        return image
    left, top = int(box[0] * image.width), int(box[1] * image.height)
    left, top = min(left, image.width - 1), min(top, image.height - 1)
    right, bottom = max(left + 1, round(box[2] * image.width)), max(top + 1, round(box[3] * image.height))
    return image.crop((left, top, right, bottom))


def small(image: Image.Image, box: Box | None = None) -> Image.Image:
    """Return a picture, or a part of it, in the small size that an image encoder or a list needs."""
    part = crop(image, box).copy()
    part.thumbnail((_THUMBNAIL_PIXELS, _THUMBNAIL_PIXELS))
    return part


def _shares(box: Sequence[float], size: tuple[int, int]) -> Box:
    width, height = size
    left, top, right, bottom = (max(0.0, min(1.0, value / side)) for value, side in zip(box, (width, height) * 2, strict=True))
    return left, top, right, bottom
