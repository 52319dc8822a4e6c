"""What the model is told in a turn: the style of its prompts, and the messages of each round rebuilt from the state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graph import sections, showing
from graph.prompts import Prompts
from graph.state import RespondState
from memory.query import Limits

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from memory.store import Memory


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
        second_try: Whether malformed output is asked for once more; off in training, where it is to cost something.
        shows_recalled: Whether a model that sees is shown the pictures that a look brings, or told of them alone.
    """

    prompts: Prompts = field(default_factory=Prompts)
    layout: sections.Layout = "cache"
    budgets: sections.Budgets = field(default_factory=sections.Budgets)
    sees: bool = False
    max_looks: int = 5
    limits: Limits = field(default_factory=Limits)
    second_try: bool = True
    shows_recalled: bool = True


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
    shows = style.sees and style.shows_recalled
    pictures = showing.of_conversation(state["recent"], state["turn"], memory, sees=style.sees, window=style.budgets.window)
    messages = sections.opening(
        state["turn"],
        profile=state["profile"],
        personality=state["personality"],
        recent=state["recent"],
        pictures=pictures,
        prompts=prompts,
        layout=style.layout,
        budgets=style.budgets,
        reasoning=not rounds or rounds[0]["output"] is not None,
    )
    for number, past in enumerate(rounds, start=1):
        again = showing.recalled(past["found"], memory, state["turn"].user_id, pictures) if shows else []
        text = closing if number == len(rounds) else prompts.after_retrieval
        messages = sections.with_memory(
            messages,
            past["found"],
            output=past["output"],
            closing=text,
            budgets=style.budgets,
            widened=past["widened"],
            question=state["turn"] if style.layout == "cache" else None,
            pictures=again,
            before=pictures,
        )
        if sections.pictures_in(messages) > sum(picture.url is not None for picture in pictures):
            pictures = [*pictures, *again]
    return messages
