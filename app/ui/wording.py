"""What the page says: words for states and steps, and replies made fit to be shown (pure functions)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from memory.core import clock
from memory.core.records import Recalled, Step
from memory.core.usage import Usage

_CODE = re.compile(r"((?<!\\)```.*?(?:```|\Z)|(?<!\\)`[^`\n]+`)", re.DOTALL)
_DOLLAR = re.compile(r"(?<!\\)((?:\\\\)*)\$")
_QUOTED = re.compile(r"[*\[\]<>~|$]")
_WORKED_ON = re.compile(r":(?=[\w/])|www(?=\.)|[-<](?=[->])", re.IGNORECASE)
"""What Streamlit makes links, icons and arrows of after Markdown was read: backslashes do not stop it."""
_MARKS = re.compile(r"[\\`*_{}\[\]()#+\-.!|~$:<>]")
_LONGEST = 600
"""Characters of a remembered entry under a reply; the whole of it stands on the page Memory."""
KINDS = {
    "core": "your profile",
    "semantic": "a fact",
    "episodic": "a conversation",
    "procedural": "a habit",
    "photo": "a picture",
    "turn": "a message",
}


def markdown(text: str) -> str:
    """Make a model's text fit for `st.markdown`, where it stays data.

    Prices are not formulas, so `$` outside code is escaped. A picture would be fetched from whatever address the
    text names, and could carry what the model knows there: it becomes a link. Only text with `](`, `][` or `]:` can
    hold one, so that `vec![1, 2]` in code stays as it is.
    """
    if re.search(r"\][(\[:]", text):
        text = text.replace("![", "!\u200b[")
    parts = _CODE.split(text)
    return "".join(part if index % 2 else _DOLLAR.sub(r"\1\\$", part) for index, part in enumerate(parts))


def sentence(text: str) -> str:
    """Make a sentence of ours, which may quote a name or a file, fit for Markdown; commands in backticks stay commands."""
    parts = _CODE.split(text)
    return "".join(part if index % 2 else _QUOTED.sub(r"\\\g<0>", part) for index, part in enumerate(parts))


def summary(steps: Sequence[Step], memories: Sequence[Recalled]) -> str:
    """Say in one line how a reply came to be; empty when there is nothing to unfold."""
    looks = sum(step.action == "retrieve" for step in steps)
    thought = any(step.think for step in steps)
    if not looks:
        return "Thought" if thought else ""
    times = {1: "", 2: " twice"}.get(looks, f" {looks} times")
    begun = "Thought, looked" if thought else "Looked"
    found = counted(len(memories), "memory", "memories") if memories else "nothing"
    return f"{begun} into memory{times}, found {found}"


def looked_for(step: Step) -> str:
    """Say what a look into memory was for, and in which window."""
    query = step.query or "the message itself"
    if not (step.start_time or step.end_time):
        return query
    return f"{query}, from {step.start_time or 'the beginning'} to {step.end_time or 'now'}"


def recalled(entries: Sequence[Recalled]) -> str:
    """List what a look brought, one entry a line, with its time."""
    if not entries:
        return "Nothing was found."
    lines = []
    for entry in entries:
        stamp, text = f"[{clock.show(entry.time)}]", shortened(entry.text)
        # A dialogue begins with its own.
        lines.append(text if text.startswith(stamp) else f"{stamp} {text}")
    return "\n".join(lines)


def heading(time: datetime) -> str:
    """Name the moment at which a conversation began."""
    return f"{time:%A}, {time.day} {time:%B} {time.year}, {time:%H:%M}"


def counted(number: int, one: str, many: str) -> str:
    """Write a number with its noun."""
    return f"{number:,} {one if number == 1 else many}"


def shortened(text: str, most: int = _LONGEST) -> str:
    """Return a text on one line, cut after so many characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[:most]}…"


def used(usage: Usage) -> str:
    """Say in sentences what a reply took: tokens, calls of the model, seconds."""
    about = "about " if usage.estimated else ""
    times = {1: "one call", 2: "two calls", 3: "three calls"}.get(usage.calls, f"{usage.calls} calls")
    first = "" if usage.first_word_seconds is None else f"The first word came after {usage.first_word_seconds:.1f} s, and the "
    took = f"{first or 'The '}whole reply took {usage.seconds:.1f} s."
    if not usage.calls:
        return f"No model was asked. {took}"
    tokens = f"The model read {about}{usage.prompt_tokens:,} tokens and wrote {about}{usage.completion_tokens:,}, in {times}."
    estimated = " The tokens are estimated: the model server did not count all of them." if usage.estimated else ""
    return f"{tokens}{estimated} {took}"


def label(text: str) -> str:
    """Make a text fit for a label, where Streamlit reads Markdown: it stays data."""
    return _MARKS.sub(r"\\\g<0>", _WORKED_ON.sub("\\g<0>\u200b", text))
