"""Training samples: conversations with images, as values, and as the rows that TRL's trainers take."""

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
"""Marks of chat templates: in a text, the model would take one for the end of a turn, or for an image."""
_MAX_ASPECT_RATIO = 200
"""Maximum aspect ratio of an image: Qwen's processor refuses more."""
PICTURE = "<image>"
"""The position of an image in a text (published)."""


@dataclass(frozen=True)
class Message:
    """One message; each `<image>` in it refers to the next image of its lesson."""

    role: Role
    text: str


@dataclass(frozen=True)
class Lesson:
    """One sample: the assistant's messages in it are learnt.

    Attributes:
        kind: Which of the six tasks of the assistant it teaches.
        messages: The conversation.
        images: Its images, in the order of their marks.
        place: File and line, for errors.
    """

    kind: Kind
    messages: tuple[Message, ...]
    images: tuple[Path, ...] = ()
    place: str = ""


def picture_problem(path: Path) -> str:
    """Return what is wrong with an image file after loading all of it; empty if nothing is."""
    try:
        if not path.is_file():
            return f"there is no picture {path}"
        with Image.open(path) as picture:
            picture.load()
            short, long = sorted(picture.size)
    except Exception as error:  # noqa: BLE001 - Pillow's decoders raise anything
        return f"{path} is no picture that can be read ({error})"
    return f"{path} is more than {_MAX_ASPECT_RATIO} times as long as wide" if long > _MAX_ASPECT_RATIO * short else ""


def kind_of(written: str) -> Kind:
    """Return the task that the assistant's text belongs to; `other` if it has none of the forms."""
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
    """Split a text at its images: the form that chat templates of vision models take."""
    texts = re.split(f"({re.escape(PICTURE)}\n?)", text)
    return [{"type": "image"} if each.startswith(PICTURE) else {"type": "text", "text": each} for each in texts if each]


def conversation(lesson: Lesson) -> list[dict[str, Any]]:
    """Return a lesson as messages of parts."""
    return [{"role": message.role, "content": parts(message.text)} for message in lesson.messages]


def dataset(lessons: Sequence[Lesson]) -> Dataset:
    """Return the rows that SFTTrainer takes: `messages`, and `images`, which are loaded when a batch is made.

    Text-only and multimodal samples can be mixed: a sample without images has an empty list.
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
