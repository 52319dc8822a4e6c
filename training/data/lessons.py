"""What the model is taught with: conversations with pictures, as values, and as the rows that TRL's trainers take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PIL import Image

from graph.formats import memory_formats
from graph.formats.lines import read_pairs
from graph.formats.protocol import Malformed, parse_reasoning

if TYPE_CHECKING:
    from datasets import Dataset

Role = Literal["system", "user", "assistant"]
Kind = Literal["reasoning", "semantic", "personality", "core", "episodic", "procedural", "other"]
KINDS: tuple[Kind, ...] = ("reasoning", "semantic", "personality", "core", "episodic", "procedural", "other")
MARK = re.compile(r"(?:<|&lt;)\|\w+\|>")
"""What chat templates stand on: in a text, the model would take it for the end of a turn, or for a picture."""
_THINNEST = 200
"""The most that one side of a picture may be of the other: Qwen's processor refuses more."""
PICTURE = "<image>"
"""Where in a text a picture stands (published)."""


@dataclass(frozen=True)
class Message:
    """One message; each `<image>` in it stands for the next picture of its lesson."""

    role: Role
    text: str


@dataclass(frozen=True)
class Lesson:
    """One sample: what the assistant writes in it is what is learnt.

    Attributes:
        kind: Which of the six tasks of the assistant it teaches.
        messages: The conversation.
        images: Its pictures, in the order of their marks.
        place: Where it stands, for errors: file and line.
    """

    kind: Kind
    messages: tuple[Message, ...]
    images: tuple[Path, ...] = ()
    place: str = ""


def seen(path: Path) -> str:
    """Say what is wrong with a picture's file, all of it read; nothing: an empty text."""
    try:
        if not path.is_file():
            return f"there is no picture {path}"
        with Image.open(path) as picture:
            picture.load()
            short, long = sorted(picture.size)
    except Exception as error:  # noqa: BLE001 - Pillow's decoders raise anything
        return f"{path} is no picture that can be read ({error})"
    return f"{path} is more than {_THINNEST} times as long as wide" if long > _THINNEST * short else ""


def kind_of(written: str) -> Kind:
    """Tell by what the assistant writes which task it is; `other` where it is in none of the forms."""
    if not isinstance(parse_reasoning(written), Malformed):
        return "reasoning"
    if memory_formats.parse_personality(written) is not None:
        return "personality"
    keys = [key.lower() for key, _ in read_pairs(written)]
    if "topic_summary" in keys:
        return "episodic"
    if "decision" in keys:
        return "semantic"
    if keys:
        # A profile always has a name (published); a set of habits has none.
        return "core" if "name" in keys else "procedural"
    return "other"


def parts(text: str) -> list[dict[str, Any]]:
    """Cut a text at its pictures: the form that chat templates of models that see take."""
    pieces = re.split(f"({re.escape(PICTURE)}\n?)", text)
    return [{"type": "image"} if piece.startswith(PICTURE) else {"type": "text", "text": piece} for piece in pieces if piece]


def conversation(lesson: Lesson) -> list[dict[str, Any]]:
    """Write a lesson as messages of parts."""
    return [{"role": message.role, "content": parts(message.text)} for message in lesson.messages]


def dataset(lessons: Sequence[Lesson]) -> Dataset:
    """Make the rows that SFTTrainer takes: `messages`, and `images`, which are read when a batch is made.

    Text-only and multimodal samples stand side by side: a sample without pictures has an empty list.
    """
    from datasets import Dataset, Features, Image, List, Value

    part = {"type": Value("string"), "text": Value("string")}
    features = Features({"messages": List({"role": Value("string"), "content": List(part)}), "images": List(Image())})

    def rows() -> Iterator[dict[str, Any]]:
        for lesson in lessons:
            messages = conversation(lesson)
            for message in messages:
                message["content"] = [{"type": one["type"], "text": one.get("text")} for one in message["content"]]
            yield {"messages": messages, "images": [str(path) for path in lesson.images]}

    return Dataset.from_list(list(rows()), features=features)
