"""Which search results fit into a prompt, and how it shows them (pure functions)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graph.prompts.budgets import BYTES_PER_TOKEN, Budgets, estimate_tokens
from graph.prompts.data_text import as_data, as_entry, as_message
from graph.prompts.recent_turns import shortened
from memory.core import clock
from memory.core.passages import GAP
from memory.core.records import Recalled, Spoken, Turn
from memory.core.speakers import spoken
from memory.search.excerpts import talk_text

TITLES = {
    "procedural": "Habits and goals",
    "semantic": "Remembered facts",
    "photo": "Pictures shown before",
    "episodic": "Dialogue history",
}
_SECTIONS = {"turn": "episodic", "core": "semantic"}
_MAX_CUT_TRIES = 4
_MIN_PART_TOKENS = 30
"""Minimum tokens left before a memory is shown in part."""


def shares(room: int, budgets: Budgets) -> dict[str, int]:
    """Return the tokens of each memory type if a prompt has `room` tokens left; a third stays free for later rounds."""
    return {
        "procedural": min(budgets.procedural, room // 10),
        "semantic": min(budgets.semantic, room // 5),
        "photo": min(budgets.photo, room // 10),
        "episodic": min(budgets.dialogue, room // 4),
    }


def fitted(found: Sequence[Recalled], tokens: Mapping[str, int]) -> list[Recalled]:
    """Return the best memories of each type that fit, in the given order, each text once; long ones are shown in part.

    The result is stable: fitting it again does not change it.
    """
    kept: dict[int, Recalled] = {}
    for kind, budget in tokens.items():
        entries = list({text_of(entry): entry for entry in reversed(found) if kind_of(entry) == kind}.values())[::-1]
        left = budget
        for entry in sorted(entries, key=lambda entry: -entry.score):
            shown: Recalled | None = entry
            if (size := estimate_tokens(text_of(entry))) > left:
                # Long entries are cut to leave room for others; of short ones, the best stay.
                most = left if len(entries) == 1 else min(left, budget // 2)
                shown = _cut(entry, most) if size > budget // 2 else None
            if shown is not None:
                kept[id(entry)] = shown
                left -= estimate_tokens(text_of(shown))
    return [kept[id(entry)] for entry in found if id(entry) in kept]


def kind_of(entry: Recalled) -> str:
    """Return the section of layout `published` in which a memory is shown."""
    return _SECTIONS.get(entry.kind, entry.kind)


def text_of(entry: Recalled, marks: Mapping[str | None, str] | None = None) -> str:
    """Return a memory as a prompt shows it."""
    if kind_of(entry) == "episodic":
        return "\n".join(talk_as_data(one, " (excerpt)" if one.excerpt else "") for one in entry.talk) or as_data(entry.text)
    text = as_entry(entry.text)
    if marks and entry.photo_id in marks:
        text = f"{text} [{as_entry(marks[entry.photo_id])}]"
    return f"- {text}" if entry.kind == "procedural" else f"- [{clock.show(entry.time)}] {text}"


def talk_as_data(said: Turn | Spoken, seen: str = "") -> str:
    """Return a turn as a prompt shows it; `seen` follows its time."""
    if isinstance(said, Turn):
        said = spoken(said)
    who = as_message(said.other) if said.other else "User"
    lines = [f"[{clock.show(said.time)}]{seen}", f"{who}: {as_message(said.text)}", f"Assistant: {as_message(said.reply)}"]
    return "\n".join([*lines, *map(as_entry, said.corrected)])


def _cut(entry: Recalled, tokens: int) -> Recalled | None:
    """Return a shortened version of a memory that is too long; None if too little would be left."""
    if tokens < _MIN_PART_TOKENS:
        return None
    room = tokens * BYTES_PER_TOKEN
    for _ in range(_MAX_CUT_TRIES):
        over = (estimate_tokens(text_of(shown := _within(entry, room))) - tokens) * BYTES_PER_TOKEN
        if over <= 0:
            return shown
        room -= over
        if room <= 0:
            break
    return None


def _within(entry: Recalled, room: int) -> Recalled:
    if not entry.talk:
        words = entry.text.encode()[: max(room - len(GAP.encode()) - 1, 0)].decode(errors="ignore").rstrip()
        return entry.model_copy(update={"text": f"{words} {GAP}"})
    each = room // len(entry.talk) // 2
    talk = tuple(
        one.model_copy(update={"text": shortened(one.text, each), "reply": shortened(one.reply, each), "excerpt": True})
        for one in entry.talk
    )
    return entry.model_copy(update={"talk": talk, "text": talk_text(talk)})
