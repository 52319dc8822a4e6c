"""Counts and token lengths of samples, before any training."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps

from app.console import print_table
from memory.core.errors import InvalidInput
from training.data.lessons import KINDS, Lesson, conversation, parts

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from transformers import ProcessorMixin

    from training.data.questions import Question

_ORDER = (*KINDS, "choice", "yes/no", "open")
Picture = Path | bytes


@dataclass(frozen=True)
class Sample:
    """The measures of one sample.

    Attributes:
        kind: Which task it teaches, or how its question is answered.
        pictures: Number of images.
        tokens: Its length, images included; None: not counted.
    """

    kind: str
    pictures: int
    tokens: int | None = None


def of_lessons(lessons: Sequence[Lesson], processor: ProcessorMixin | None = None) -> list[Sample]:
    """Measure lessons; their tokens are counted with a processor."""
    return measured(
        [lesson.kind for lesson in lessons],
        [conversation(lesson) for lesson in lessons],
        [lesson.images for lesson in lessons],
        processor,
    )


def of_questions(questions: Sequence[Question], processor: ProcessorMixin | None = None) -> list[Sample]:
    """Measure questions alone, without the rest of their prompt."""
    return measured(
        [one.kind for one in questions],
        [[{"role": "user", "content": [*({"type": "image"} for _ in one.images), *parts(one.text)]}] for one in questions],
        [one.images for one in questions],
        processor,
    )


def measured(
    kinds: Sequence[str],
    chats: Sequence[list[dict[str, Any]]],
    pictures: Sequence[Sequence[Picture]],
    processor: ProcessorMixin | None,
) -> list[Sample]:
    """Measure conversations without decoding their images to pixels.

    Args:
        kinds: Type of each conversation.
        chats: Their messages of parts.
        pictures: Their files, or the files' contents.
        processor: The tokenizer with its chat template, and the image processor that knows the number of patches; None: no
            tokens are counted.

    Returns:
        One sample for each, in the same order.
    """
    if processor is None or not chats:
        return [Sample(kind, len(shown)) for kind, shown in zip(kinds, pictures, strict=True)]
    tool: Any = processor
    texts = [tool.apply_chat_template(chat, tokenize=False) for chat in chats]
    counted = tool.tokenizer(texts, add_special_tokens=False)["input_ids"]
    # An image is one token in the text, and one for each merged patch in the model.
    return [
        Sample(kind, len(shown), len(ids) + sum(picture_tokens(tool, *_size(one)) - 1 for one in shown))
        for kind, ids, shown in zip(kinds, counted, pictures, strict=True)
    ]


def picture_tokens(processor: Any, height: int, width: int) -> int:
    """Return the tokens of an image of this many pixels."""
    eye = processor.image_processor
    return int(eye.get_number_of_image_patches(height, width, {})) // int(eye.merge_size) ** 2


def counts(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Return one row for each type, and one for all: samples, samples with images, and tokens if they were counted."""
    rows = []
    for kind in [*_kinds(samples), "all"]:
        of = [one for one in samples if kind in (one.kind, "all")]
        row: dict[str, Any] = {"kind": kind, "samples": len(of), "with pictures": sum(one.pictures > 0 for one in of)}
        if tokens := _tokens(of):
            row |= {
                "tokens, median": int(np.median(tokens)),
                "tokens, 99%": int(np.percentile(tokens, 99)),
                "tokens, most": max(tokens),
            }
        rows.append(row)
    return rows


def plot(samples: Sequence[Sample], most: int) -> go.Figure:
    """Return a chart of the samples' lengths, by type, with the limit of the recipe."""
    import plotly.graph_objects as go

    chart = go.Figure()
    for kind in _kinds(samples):
        of = [one for one in samples if one.kind == kind]
        chart.add_trace(go.Histogram(x=_tokens(of), name=f"{kind} ({len(of):,})", nbinsx=60))
    chart.add_vline(x=most, line_dash="dash", annotation_text=f"max_tokens {most:,}")
    chart.update_layout(
        barmode="stack",
        title="Tokens of the samples",
        xaxis_title="tokens",
        yaxis_title="samples",
        showlegend=True,
        template="plotly_white",
    )
    return chart


def show(samples: Sequence[Sample], most: int, folder: Path) -> None:
    """Print the counts as progress, and write a chart of the lengths to a folder (`data.html`)."""
    rows = counts(samples)
    print_table(list(rows[0]), [[str(value) for value in row.values()] for row in rows], stderr=True)
    draw(samples, most, folder)


def draw(samples: Sequence[Sample], most: int, folder: Path) -> Path:
    """Write a chart of the lengths to a folder; returns the page."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        plot(samples, most).write_html(folder / "data.html", include_plotlyjs=True)
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be written ({error.strerror}). Give another folder.") from error
    return folder / "data.html"


def _kinds(samples: Iterable[Sample]) -> list[str]:
    there = {one.kind for one in samples}
    return [kind for kind in _ORDER if kind in there]


def _tokens(samples: Iterable[Sample]) -> list[int]:
    return [one.tokens for one in samples if one.tokens is not None]


def _size(picture: Picture) -> tuple[int, int]:
    with Image.open(io.BytesIO(picture) if isinstance(picture, bytes) else picture) as opened:
        width, height = ImageOps.exif_transpose(opened).size if opened.getexif().get(0x0112, 1) > 1 else opened.size
    return height, width
