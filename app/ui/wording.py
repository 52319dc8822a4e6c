"""Text of the page: sentences for states and steps, and escaping of replies for display (pure functions)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from graph.language.addressed import addressed
from memory.core import clock
from memory.core.records import Recalled, Step
from memory.core.usage import Usage

_CODE = re.compile(r"((?<!\\)```.*?(?:```|\Z)|(?<!\\)`[^`\n]+`)", re.DOTALL)
_DOLLAR = re.compile(r"(?<!\\)((?:\\\\)*)\$")
_QUOTED = re.compile(r"[*\[\]<>~|$]")
_WORKED_ON = re.compile(r":(?=[\w/])|www(?=\.)|[-<](?=[->])", re.IGNORECASE)
"""Text that Streamlit turns into links, icons and arrows after parsing Markdown; backslashes do not prevent that."""
_MARKS = re.compile(r"[\\`*_{}\[\]()#+\-.!|~$:<>]")
_MAX_ENTRY_CHARACTERS = 600
"""Characters of a remembered entry under a reply; the Memory page shows all of it."""
KINDS = {
    "core": "your profile",
    "semantic": "a fact",
    "episodic": "a conversation",
    "procedural": "a habit",
    "photo": "a picture",
    "turn": "a message",
}
DIALOGUE_KINDS = frozenset({"episodic", "turn"})
"""Recalled entries of these kinds are shown as they were said."""
_FORGOTTEN_SUBJECTS = {
    "core": "one profile line",
    "semantic": "one fact",
    "episodic": "one conversation topic",
    "procedural": "one habit",
    "photo": "one picture",
    "turn": "one message",
}


def markdown(text: str) -> str:
    """Return a model's text escaped for `st.markdown`.

    `$` outside code is escaped, because prices are not formulas. An image becomes a link: the browser would fetch it from
    the address in the text, which could send what the model knows to that server. Only text with `](`, `][` or `]:` can
    contain an image, so `vec![1, 2]` in code is unchanged.
    """
    if re.search(r"\][(\[:]", text):
        text = text.replace("![", "!\u200b[")
    parts = _CODE.split(text)
    return "".join(part if index % 2 else _DOLLAR.sub(r"\1\\$", part) for index, part in enumerate(parts))


def sentence(text: str) -> str:
    """Return one of our sentences escaped for Markdown; it may quote a name or a file. Commands in backticks are unchanged."""
    parts = _CODE.split(text)
    return "".join(part if index % 2 else _QUOTED.sub(r"\\\g<0>", part) for index, part in enumerate(parts))


def summary(steps: Sequence[Step], memories: Sequence[Recalled]) -> str:
    """Return one line about how a reply was made; empty when there are no steps to show."""
    searches = sum(step.action == "retrieve" for step in steps)
    thought = any(step.think for step in steps)
    if not searches:
        return "Thought about it" if thought else ""
    times = {1: "", 2: " twice"}.get(searches, f" {searches} times")
    begun = "Thought, then searched" if thought else "Searched"
    found = counted(len(memories), "memory", "memories") if memories else "nothing"
    return f"{begun} memory{times} ({found} found)"


def searched_for(step: Step) -> str:
    """Return the query of a memory search, with its time window."""
    query = step.query or "the words of your message"
    if not (step.start_time or step.end_time):
        return query
    return f"{query}, from {step.start_time or 'the beginning'} to {step.end_time or 'now'}"


def recalled(entries: Sequence[Recalled]) -> str:
    """Return the results of a memory search, one entry per line, with its time."""
    if not entries:
        return "Nothing was found."
    lines = []
    for entry in entries:
        stamp, text = (
            f"[{clock.show(entry.time)}]",
            shortened(entry.text if entry.kind in DIALOGUE_KINDS else addressed(entry.text)),
        )
        # A dialogue already starts with its own time.
        lines.append(text if text.startswith(stamp) else f"{stamp} {text}")
    return "\n".join(lines)


def heading(time: datetime) -> str:
    """Return the start time of a conversation as a heading."""
    return f"{time:%A}, {time.day} {time:%B} {time.year}, {time:%H:%M}"


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many}"


def forgot(kind: str, counts: Mapping[str, int], minutes: int) -> str:
    """Return what was forgotten, with everything that the forgetting affected, and how long it can be undone.

    Args:
        kind: The type of the memory that the person chose; see `KINDS`.
        counts: What was forgotten in all, as `Cascade.counts` returns it.
        minutes: Whole minutes until the purge.
    """
    others = dict(counts)
    # The chosen thing is among them; a picture also has its memory.
    for own in {"turn": ["messages"], "photo": ["pictures", "memories"]}.get(kind, ["memories"]):
        others[own] = max(0, others.get(own, 0) - 1)
    one_message, messages = ("one other message", "other messages") if kind == "turn" else ("its message", "messages")
    memories = others.get("memories", 0) + others.get("made from it", 0)
    listed = [
        _FORGOTTEN_SUBJECTS[kind],
        *_also(others.get("messages", 0), one_message, messages),
        *_also(memories, "one related memory", "related memories"),
        *_also(others.get("replies", 0), "one reply", "replies"),
        *_also(others.get("pictures", 0), "its picture", "pictures"),
    ]
    what = listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
    within = counted(minutes, "minute", "minutes") if minutes else "a minute"
    return f"Forgot {what}. You can undo this for {within}."


def _also(number: int, one: str, many: str) -> list[str]:
    if not number:
        return []
    return [one if number == 1 else f"{number:,} {many}"]


def shortened(text: str, most: int = _MAX_ENTRY_CHARACTERS) -> str:
    """Return a text on one line, cut after `most` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[:most]}…"


def used(usage: Usage) -> str:
    """Return sentences about the cost of a reply: tokens, model calls and seconds."""
    about = "about " if usage.estimated else ""
    times = {1: "one call", 2: "two calls", 3: "three calls"}.get(usage.calls, f"{usage.calls} calls")
    first = "" if usage.first_word_seconds is None else f"The first word came after {usage.first_word_seconds:.1f} s, and the "
    took = f"{first or 'The '}whole reply took {usage.seconds:.1f} s."
    if not usage.calls:
        return f"No model was called. {took}"
    read = f"The model read {about}{usage.prompt_tokens:,} tokens (parts of words)"
    tokens = f"{read} and wrote {about}{usage.completion_tokens:,}, in {times}."
    estimated = " These numbers are estimates, because the model server did not report all of them." if usage.estimated else ""
    return f"{tokens}{estimated} {took}"


def label(text: str) -> str:
    """Return a text escaped for a label, where Streamlit interprets Markdown."""
    return _MARKS.sub(r"\\\g<0>", _WORKED_ON.sub("\\g<0>\u200b", text))
