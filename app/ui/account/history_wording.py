"""Text of the part of the You page that imports history from other programs (pure functions)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app import duration_words
from app.ui import wording
from memory.imports import reasons

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from app.background_steps import Remaining
    from app.importers.preview import Preview
    from app.importing_jobs import Job
    from memory.imports.lines import Import, ReadingDepth

_SENTENCES = re.compile(r"(?<=[.?!])\s+(?=[A-Z“\"'])")
_MOST_REASONS = 12
_DEPTHS: dict[ReadingDepth, str] = {"none": "Nothing", "sessions": "Each session once", "all": "Every message"}
DEPTHS: tuple[ReadingDepth, ...] = ("sessions", "none", "all")
"""What the model can read, the usual first."""
_MEANS: dict[ReadingDepth, str] = {
    "none": "You can ask about everything that was said: the messages themselves are searched.",
    "sessions": "It notes the topics of each session (a pause of an hour ends one), and at the end your profile and habits.",
    "all": "It notes facts and topics, and judges your personality, as if all of it had been said here.",
}
_LANGUAGES = {
    "ar": "Arabic", "bg": "Bulgarian", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian",
    "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch",
    "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak",
    "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
_MOST_PEOPLE = 4


def without_options(message: str) -> str:
    """Return an error of an import without the sentences that name options of the command line: the page has fields instead."""
    kept = [one for one in _SENTENCES.split(message) if "--" not in one]
    return " ".join(kept) or message


def found(preview: Preview) -> str:
    """Return what a file holds, in one sentence."""
    if preview.facts:
        return f"{preview.label}: {wording.counted(preview.facts, 'memory', 'memories')}."
    people = f", by {wording.counted(len(preview.people), 'person', 'people')}" if preview.people else ""
    return (
        f"{preview.label}: {wording.counted(preview.messages, 'message', 'messages')} in "
        f"{wording.counted(len(preview.conversations), 'conversation', 'conversations')}, {preview.span}{people}."
    )


def rows(preview: Preview, most: int) -> list[dict[str, Any]]:
    """Return the newest conversations as the rows of a table."""
    between_people = bool(preview.people)
    return [
        {
            "Conversation": one.title or one.id,
            "Messages": one.messages,
            "When": one.span,
            "Language": _LANGUAGES.get(one.language, one.language),
            **({"People": _people(one.people)} if between_people else {}),
        }
        for one in preview.conversations[:most]
    ]


def _people(names: list[str]) -> str:
    more = len(names) - _MOST_PEOPLE
    return ", ".join(names[:_MOST_PEOPLE]) + (f" and {more} more" if more > 0 else "")


def left_out(counts: Mapping[str, int]) -> str:
    """Return what is left out: first of the messages, then what comes besides; each most first. Empty if nothing is."""
    told = [_listing("Left out", reasons.of_messages(counts)), _listing("Left out besides", reasons.besides(counts))]
    return " ".join(filter(None, told))


def _listing(what: str, counts: Mapping[str, int]) -> str:
    most = list(counts.items())
    told = [f"{reason} ({count:,})" for reason, count in most[:_MOST_REASONS]]
    if len(most) > _MOST_REASONS:
        told.append(f"others ({sum(count for _, count in most[_MOST_REASONS:]):,})")
    return f"{what}: {'; '.join(told)}." if told else ""


def me(name: str, chosen: str = "") -> str:
    """Return whom a talk between people took for the person; empty if nobody, or whom they chose.

    Args:
        name: Who that is.
        chosen: Whom they chose; empty: nobody.
    """
    if not name or name == chosen:
        return ""
    return f"The file itself says who you are: {name}." if chosen else f"You are taken to be {name}."


def would_add(preview: Preview) -> str:
    """Return what an import would add, in one sentence, in messages."""
    if not preview.adds:
        every, one = (preview.facts, "memory") if preview.facts else (preview.messages, "message")
        return reasons.nothing_added(every, preview.left_out, one, "Nothing would be added")
    if preview.facts:
        return ""
    return f"{_of(preview.added.messages, preview.messages)} would be added."


def _of(some: int, every: int) -> str:
    """Return a part of the messages: "9 of 12 messages"."""
    return wording.counted(every, "message", "messages") if some == every else f"{some:,} of {every:,} messages"


def depth(preview: Preview, chosen: ReadingDepth, seconds: float | None) -> str:
    """Return a choice of what the model reads, with what it costs.

    Args:
        preview: What is in the file.
        chosen: The choice.
        seconds: How long it takes with this model; None: unknown.
    """
    calls = preview.calls(chosen)
    if calls is None:
        return f"{_DEPTHS[chosen]} (model calls: known once you say which of them you are)"
    if not calls:
        return _DEPTHS[chosen]
    long = f", {duration_words.about(seconds)}" if seconds is not None else ""
    return f"{_DEPTHS[chosen]} ({wording.counted(calls, 'model call', 'model calls')}{long})"


def depth_means(chosen: ReadingDepth, *, timed: bool) -> str:
    """Return what a choice of what the model reads brings.

    Args:
        chosen: The choice.
        timed: Whether it is known how long it takes.
    """
    if chosen == "none":
        return _MEANS[chosen]
    unknown = "" if timed else " How long that takes with this model is known after its first calls."
    return f"{_MEANS[chosen]} It reads in the background, and your conversations come first; you can pause it.{unknown}"


def being_read(steps: int, remaining: Remaining, now: datetime) -> str:
    """Return how far the model is with an import, how fast it goes, and when it ends.

    Args:
        steps: The import's steps that are left.
        remaining: All steps of the person that are left; they are done one after another.
        now: The time, in the person's zone.
    """
    told = f"The model reads it: {wording.counted(steps, 'step', 'steps')} left"
    if remaining.a_minute is not None:
        told += f", {duration_words.rate(remaining.a_minute)}"
    if remaining.seconds is None:
        return f"{told}. How long that takes is known after the first ones."
    return f"{told}. {_capital(duration_words.about(remaining.seconds))}, until {duration_words.end(remaining.seconds, now)}."


def paused(steps: int) -> str:
    """Return that the model's reading of an import is paused."""
    return f"Paused: the model has {wording.counted(steps, 'step', 'steps')} left to read of it."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def running(job: Job) -> str:
    """Return how far an import is."""
    if job.written:
        return f"Importing {job.name}: {wording.counted(job.written, 'message', 'messages')} written"
    return f"Reading {job.name}: {wording.counted(job.read, 'message', 'messages')} so far"


def added(report: Mapping[str, Any]) -> str:
    """Return what an import added, in one sentence, in messages."""
    if not report["added"]:
        return reasons.nothing_added(report["messages"], report["skipped"], "message" if report["conversations"] else "memory")
    if not report["conversations"]:
        return f"{wording.counted(report['added'], 'memory', 'memories')} added."
    talks = wording.counted(report["conversations"], "conversation", "conversations")
    return f"{_of(report['added_messages'], report['messages'])} from {talks} added."


def waiting(turns: int) -> str:
    """Return how much waits for the person's approval; empty if nothing does."""
    if not turns:
        return ""
    told = wording.counted(turns, "message of it waits", "messages of it wait")
    return f"{told} for your approval, and nothing recalls {'it' if turns == 1 else 'them'} before."


def pending(steps: int) -> str:
    """Return what the model has left to read of an import that has just ended; empty if nothing is."""
    if not steps:
        return ""
    return (
        f"You can ask about it now. The model reads it in the background ({wording.counted(steps, 'step', 'steps')} left); "
        "your conversations come first."
    )


def brought(one: Import) -> str:
    """Return how much an import brought: messages, or memories of a list of them."""
    if not one.conversations:
        return wording.counted(one.added, "memory", "memories")
    return wording.counted(one.added_messages, "message", "messages")


def listed(one: Import, zone: tzinfo) -> tuple[str, str]:
    """Return the title and the text of an import in the list.

    Args:
        one: The import.
        zone: The zone of the person's browser.
    """
    days = one.days(zone)
    state = {"writing": " It is still being written.", "undoing": " It is being removed.", "done": ""}[one.state]
    at = f"{one.at.astimezone(zone):%Y-%m-%d at %H:%M}"
    return one.name, f"{brought(one)} added{f', {days}' if days else ''}. Imported on {at}.{state}"


def other_person(me: str) -> str:
    """Return that a talk is here already with another of its people as the person.

    Args:
        me: Who that is; empty: unknown.
    """
    return (
        f"These messages are here already with {me or 'another one'} as you. If that is wrong, undo that import below, then "
        "import the file again."
    )


def undone(gone: Mapping[str, int]) -> str:
    """Return what was removed with an import, in one sentence."""
    parts = [
        wording.counted(gone.get("messages", 0), "message with its replies", "messages with their replies"),
        wording.counted(gone.get("memories", 0), "memory", "memories"),
        wording.counted(gone.get("pictures", 0), "picture", "pictures"),
    ]
    return f"The import is undone: {parts[0]}, {parts[1]} and {parts[2]} are removed. The file can be imported again."
