"""How much there is to learn: counts and token lengths of lessons, before any training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps

from training.lessons import KINDS, Lesson, conversation

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from transformers import ProcessorMixin


def token_lengths(lessons: Sequence[Lesson], processor: ProcessorMixin) -> list[int]:
    """Count every lesson's tokens, pictures included, without turning pictures into pixels.

    Args:
        lessons: The samples.
        processor: The tokenizer with its chat template, and what says into how many patches a picture is cut.

    Returns:
        Tokens, one count a lesson.
    """
    tool: Any = processor
    texts = [tool.apply_chat_template(conversation(lesson), tokenize=False) for lesson in lessons]
    counted = [len(ids) for ids in tool.tokenizer(texts, add_special_tokens=False)["input_ids"]] if texts else []
    # A picture stands in the text as one token, and in the model as one for each merged patch.
    return [
        count + sum(picture_tokens(tool, *_size(path)) - 1 for path in lesson.images)
        for count, lesson in zip(counted, lessons, strict=True)
    ]


def picture_tokens(processor: Any, height: int, width: int) -> int:
    """Count the tokens of a picture of so many pixels."""
    eye = processor.image_processor
    return int(eye.get_number_of_image_patches(height, width, {})) // int(eye.merge_size) ** 2


def counts(lessons: Sequence[Lesson], lengths: Sequence[int] = ()) -> list[dict[str, Any]]:
    """Return one row for each kind of lesson that is there, and one for all: samples, with pictures, tokens."""
    rows = []
    for kind in [kind for kind in KINDS if any(lesson.kind == kind for lesson in lessons)] + ["all"]:
        of = [number for number, lesson in enumerate(lessons) if kind in (lesson.kind, "all")]
        row = {"kind": kind, "samples": len(of), "with pictures": sum(bool(lessons[number].images) for number in of)}
        if lengths:
            tokens = [lengths[number] for number in of]
            row |= {
                "tokens, median": int(np.median(tokens)),
                "tokens, 99%": int(np.percentile(tokens, 99)),
                "tokens, most": max(tokens),
            }
        rows.append(row)
    return rows


def plot(lessons: Sequence[Lesson], lengths: Sequence[int], most: int) -> go.Figure:
    """Draw how long the lessons are, by kind, with the limit of the recipe."""
    import plotly.graph_objects as go

    figure = go.Figure()
    amounts = Counter(lesson.kind for lesson in lessons)
    for kind in (kind for kind in KINDS if amounts[kind]):
        of = [length for length, lesson in zip(lengths, lessons, strict=True) if lesson.kind == kind]
        figure.add_trace(go.Histogram(x=of, name=f"{kind} ({amounts[kind]:,})", nbinsx=60))
    figure.add_vline(x=most, line_dash="dash", annotation_text=f"max_tokens {most:,}")
    figure.update_layout(
        barmode="stack", title="Tokens of the lessons", xaxis_title="tokens", yaxis_title="samples", template="plotly_white"
    )
    return figure


def _size(path: Any) -> tuple[int, int]:
    with Image.open(path) as picture:
        width, height = ImageOps.exif_transpose(picture).size if picture.getexif().get(0x0112, 1) > 1 else picture.size
    return height, width
