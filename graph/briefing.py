"""What the model is told in a turn: the style of its prompts, and the messages of each round rebuilt from the state."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graph import sections
from graph.prompts import Prompts
from graph.state import RespondState
from memory.errors import NotFound
from memory.query import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_core.messages import BaseMessage

    from memory.records import Recalled
    from memory.store import Memory

_SHOWN_PICTURES = 4


@dataclass(frozen=True)
class Style:
    """How prompts are made for one model.

    Attributes:
        prompts: The texts.
        layout: `published` for PersonaVLM's weights, `cache` for others.
        budgets: Tokens of the window and of each section.
        sees: Whether the model takes pictures.
        max_looks: Looks into memory of one turn, at most (published: 5).
        limits: How much one look returns.
    """

    prompts: Prompts = field(default_factory=Prompts)
    layout: sections.Layout = "cache"
    budgets: sections.Budgets = field(default_factory=sections.Budgets)
    sees: bool = False
    max_looks: int = 5
    limits: Limits = field(default_factory=Limits)


def messages_of(state: RespondState, memory: Memory, style: Style, closing: str) -> list[BaseMessage]:
    """Rebuild the conversation with the model; the same rounds give the same words, so that prefix caches hold.

    Args:
        state: The turn so far.
        memory: For the pictures.
        style: How prompts are made.
        closing: What the model is told to do after the last round.

    Raises:
        MessageTooLong: The message does not fit into the model's window.
    """
    prompts = style.prompts
    rounds = state.get("rounds", [])
    messages = sections.opening(
        state["turn"],
        profile=state["profile"],
        personality=state["personality"],
        recent=state["recent"],
        pictures=_pictures(state, memory, style),
        prompts=prompts,
        layout=style.layout,
        budgets=style.budgets,
        reasoning=not rounds or rounds[0]["output"] is not None,
    )
    for number, past in enumerate(rounds, start=1):
        text = closing if number == len(rounds) else prompts.after_retrieval
        messages = sections.with_memory(
            messages,
            past["found"],
            output=past["output"],
            closing=text,
            budgets=style.budgets,
            widened=past["widened"],
            question=state["turn"] if style.layout == "cache" else None,
            pictures=_recalled(past["found"], state["turn"].user_id, memory) if style.sees else (),
        )
    return messages


def _pictures(state: RespondState, memory: Memory, style: Style) -> list[sections.Picture]:
    turn = state["turn"]
    if not style.sees:
        return [sections.Picture(None, "this model cannot see it") for _ in turn.images]
    ids = [photo for shown in [*state["recent"], turn] for photo in shown.images]
    return [_picture(memory, turn.user_id, photo) for photo in list(dict.fromkeys(ids))[-_SHOWN_PICTURES:]]


def _recalled(found: Sequence[Recalled], user_id: str, memory: Memory) -> list[sections.Picture]:
    ids = dict.fromkeys(entry.photo_id for entry in found if entry.photo_id)
    return [_picture(memory, user_id, photo) for photo in ids]


def _picture(memory: Memory, user_id: str, photo_id: str) -> sections.Picture:
    try:
        jpeg = memory.photos.for_model(user_id, photo_id)
    except NotFound:
        # Its file is gone: the words of the conversation still count.
        return sections.Picture(None, "the file is not there any more")
    return sections.Picture(f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}", photo_id)
