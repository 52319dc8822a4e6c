"""How long recall by image takes, and how much disk space photos use, with many photos of one person."""

from __future__ import annotations

import io
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from evals.perf.timing import latency
from memory.core.query import Query
from memory.core.records import PersonalityPoint, PhotoMemory, make_id
from memory.embedding.text_embedder import Embedder
from memory.embedding.token_vectors import Vectors
from memory.memory import Memory
from memory.photos.image_file import read_picture
from memory.photos.vision import Sight

_USER = "bench"
_BEGIN = datetime(2024, 1, 1, 9, tzinfo=UTC)
_PHOTO_SIZE = 1_600, 1_200
_FORMATS = ("JPEG", "JPEG", "JPEG", "JPEG", "PNG", "WEBP")
"""Most photos are JPEGs."""
_GRID = 16, 11
_WARM_UP_PHOTOS = 5


class Thumbnails:
    """Stands in for an image tower: vectors of 528 coarse pixels; its own time is measured separately."""

    name = "thumbnails"
    words_threshold = 0.5

    def __init__(self) -> None:
        self.took = 0.0

    def pictures(self, images: Sequence[Image.Image]) -> Vectors:
        """Return a row for each image."""
        started = time.perf_counter()
        rows = np.stack([np.asarray(image.resize(_GRID), dtype=np.float32).ravel() for image in images])
        rows -= rows.mean(axis=1, keepdims=True)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        self.took += (time.perf_counter() - started) * 1000
        return rows

    def words(self, texts: Sequence[str]) -> Vectors:
        """Return a row for each text; it resembles no image."""
        return np.zeros((len(texts), _GRID[0] * _GRID[1] * 3), dtype=np.float32)


def measure(
    count: int, asked: int, embedder: Embedder, on_progress: Callable[[str], None] = lambda _text: None
) -> dict[str, Any]:
    """Store `count` photos of 1600 × 1200, show some of them again, and time it.

    Args:
        count: Photos of one user, each with a turn and a name.
        asked: How many are shown again.
        embedder: The text embedder; its time counts in `whole`.
        on_progress: Called with a line of progress.

    Returns:
        Milliseconds (p50, p95) without the image tower of `by_picture` (opening the image, the search, loading its memories)
        and of `whole` (facts, topics and turns too); `found`, the share of shown photos that were found; bytes `received`,
        `stored` in full size and as `copies` for the model, and `ratio`, stored to received.
    """
    tower = Thumbnails()
    rng = random.Random(7)  # noqa: S311 - nothing secret
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as place:
        with Memory(Path(place), embedder, sight=Sight(tower)) as memory:
            received, ids = 0, []
            for number in range(count):
                if number % 100 == 0:
                    on_progress(f"Storing photo {number:,} of {count:,}")
                data = photo(rng)
                received += len(data)
                ids.append(_remember(memory, number, data))
            memory.index(_USER)
            later = _BEGIN + timedelta(hours=count + 24)
            by_picture: list[float] = []
            whole: list[float] = []
            found = 0
            on_progress(f"Showing {asked} of them again")
            for number, shown in enumerate(rng.sample(ids, min(asked + _WARM_UP_PHOTOS, count))):
                query = Query(f"Do you know this, number {number}?", "this", later, attached_photos=(shown,))
                hits = _without(tower, by_picture, partial(memory.photo_search.search, _USER, query, 2))
                found += hits[0].photo_id == shown
                # Another key, so that a cached result is not reused.
                again = Query(query.message, "this", later, attached_photos=(shown, shown))
                _without(tower, whole, partial(memory.search_by_kind, _USER, again))
        files = [path for path in (Path(place) / "photos").rglob("*") if path.is_file()]
        copies = sum(path.stat().st_size for path in files if path.suffix == ".small")
        stored = sum(path.stat().st_size for path in files) - copies
    return {
        "photos": count,
        "by_picture": latency(by_picture[_WARM_UP_PHOTOS:]),
        "whole": latency(whole[_WARM_UP_PHOTOS:]),
        "found": round(found / len(by_picture), 3),
        "received": received,
        "stored": stored,
        "copies": copies,
        "ratio": round(stored / received, 4),
    }


def photo(rng: random.Random) -> bytes:
    """Return a drawing similar to a photo: shapes on a gradient, with a camera's grain and its metadata."""
    colours = [tuple(rng.randrange(256) for _ in range(3)) for _ in range(12)]
    corners = Image.new("RGB", (3, 3))
    corners.putdata(colours[:9])
    image = corners.resize(_PHOTO_SIZE, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for colour in colours[9:]:
        x, y = rng.randrange(_PHOTO_SIZE[0]), rng.randrange(_PHOTO_SIZE[1])
        draw.ellipse((x - 300, y - 200, x + 300, y + 200), fill=colour)
    grain = Image.effect_noise(_PHOTO_SIZE, 12.0).convert("RGB")
    image = Image.blend(image, grain, 0.08)
    out, kind = io.BytesIO(), rng.choice(_FORMATS)
    exif = Image.Exif()
    exif[0x0110] = "A camera"
    image.save(out, kind, exif=exif, **({"quality": 85} if kind != "PNG" else {}))
    return out.getvalue()


def _remember(memory: Memory, number: int, data: bytes) -> str:
    said = _BEGIN + timedelta(hours=number)
    picture = read_picture(data)
    memory.photos.keep(_USER, picture)
    turn = memory.ingest_turn(_USER, said, f"This is thing number {number}.", "I see.", photo_ids=[picture.photo.id])
    if turn is not None:
        seen = PhotoMemory(
            id=make_id(_USER, "photo", turn.id, 0), turn_id=turn.id, photo_id=picture.photo.id, time=said,
            caption=f"thing number {number}", category="thing",
        )  # fmt: skip
        memory.memories.commit_remember(_USER, turn.id, PersonalityPoint(turn_id=turn.id, time=said), None, photos=[seen])
    return picture.photo.id


def _without(tower: Thumbnails, into: list[float], what: Callable[[], Any]) -> Any:
    tower.took, started = 0.0, time.perf_counter()
    result = what()
    into.append((time.perf_counter() - started) * 1000 - tower.took)
    return result
