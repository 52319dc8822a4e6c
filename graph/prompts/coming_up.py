"""Upcoming events as a prompt shows them: all if the message asks for them, else what the day's first reply may mention."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from graph.prompts.data_text import as_entry
from memory.core.brought_up import BroughtUp
from memory.core.records import Recalled, Turn
from memory.upcoming.agenda import SOON, Upcoming, away, shares_a_word, to_bring_up, when
from memory.upcoming.question import asked_days

if TYPE_CHECKING:
    from memory.memory import Memory


def due_of(turn: Turn, memory: Memory) -> list[Upcoming]:
    """Return the upcoming events that the prompt of a turn shows; mostly none.

    Args:
        turn: The message.
        memory: The memory.
    """
    if (days := asked_days(turn.text)) is not None:
        return memory.dates.soon(turn.user_id, turn.time, days)
    if not memory.dates.brings_up(turn.user_id) or not memory.dates.is_first_of_day(turn):
        return []
    return to_bring_up(memory.dates.soon(turn.user_id, turn.time, SOON), turn.id)


def lines_of(turn: Turn, due: Sequence[Upcoming], bring_up: str) -> list[str]:
    """Return the lines of the prompt's section.

    Args:
        turn: The message.
        due: The upcoming events.
        bring_up: The instruction for events that nobody asked about.
    """
    # Quoted, because "my" in it refers to the person. A small model repeats the line unchanged.
    lines = [f'- {when(one)} ({away(one)}): "{as_entry(one.text)}"' for one in due]
    asked = asked_days(turn.text)
    if asked is not None:
        return lines or [f"Nothing that they told of is coming up in the next {asked} days."]
    return [*lines, bring_up] if lines else []


def recalled(due: Sequence[Upcoming]) -> list[Recalled]:
    """Return the shown events as the receipt lists them."""
    by_id = {one.id: [other for other in due if other.id == one.id] for one in due}
    return [
        Recalled(
            id=name, kind=group[0].kind, text=" ".join(one.text for one in group), time=group[0].time, turn_ids=_turns(group)
        )
        for name, group in by_id.items()
    ]


def brought_up(due: Iterable[Upcoming], reply: str) -> tuple[BroughtUp, ...]:
    """Return for each event whether the reply mentions it; an event that it leaves out is shown next to the reply."""
    return tuple(
        BroughtUp(sources=one.sources, when=when(one), text=one.text, said=shares_a_word(reply, one.text)) for one in due
    )


def _turns(group: Iterable[Upcoming]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for one in group for name in one.sources if name.startswith("tur")))
