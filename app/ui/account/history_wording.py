"""Text of the part of the You page that imports history from other programs (pure functions)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.ui import wording

if TYPE_CHECKING:
    from app.importers.preview import Preview
    from app.importing_jobs import Job
    from memory.imports.lines import Import, ReadingDepth

_SENTENCES = re.compile(r"(?<=[.?!])\s+(?=[A-Z“\"'])")
_MOST_REASONS = 12
_DEPTHS: dict[ReadingDepth, str] = {"none": "Nothing", "sessions": "Each conversation once", "all": "Every message"}
DEPTHS: tuple[ReadingDepth, ...] = ("sessions", "none", "all")
"""What the model can read, the usual first."""
_MEANS: dict[ReadingDepth, str] = {
    "none": "You can ask about everything that was said: the messages themselves are searched.",
    "sessions": "It notes the topic of each conversation, and at the end your profile and habits.",
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
    """Return what is left out, most first; empty if nothing is."""
    most = sorted(counts.items(), key=lambda one: -one[1])
    told = [f"{reason} ({count:,})" for reason, count in most[:_MOST_REASONS]]
    if len(most) > _MOST_REASONS:
        told.append(f"others ({sum(count for _, count in most[_MOST_REASONS:]):,})")
    return f"Left out: {'; '.join(told)}." if told else ""


def depth(preview: Preview, chosen: ReadingDepth) -> str:
    """Return a choice of what the model reads, with what it costs."""
    calls = preview.calls(chosen)
    cost = f" ({wording.counted(calls, 'model call', 'model calls')})" if calls else ""
    return f"{_DEPTHS[chosen]}{cost}"


def depth_means(chosen: ReadingDepth) -> str:
    """Return what a choice of what the model reads brings."""
    later = "" if chosen == "none" else " It reads in the background, and your conversations come first."
    return f"{_MEANS[chosen]}{later}"


def running(job: Job) -> str:
    """Return how far an import is."""
    if job.written:
        return f"Importing {job.name}: {wording.counted(job.written, 'message', 'messages')} written"
    return f"Reading {job.name}: {wording.counted(job.read, 'message', 'messages')} so far"


def added(report: Mapping[str, Any]) -> str:
    """Return what an import added, in one sentence."""
    if not report["added"]:
        return "Nothing was added: all of it is here already, or is left out."
    if not report["conversations"]:
        return f"{wording.counted(report['added'], 'memory', 'memories')} added."
    talks = wording.counted(report["conversations"], "conversation", "conversations")
    replies = " A reply counts with its message." if report["messages"] > report["added"] else ""
    return f"{wording.counted(report['added'], 'message', 'messages')} from {talks} added.{replies}"


def pending(steps: int) -> str:
    """Return what is left to do after an import; empty if nothing is."""
    if not steps:
        return ""
    return (
        f"You can ask about it now. The model reads it in the background ({wording.counted(steps, 'step', 'steps')} left); "
        "your conversations come first."
    )


def listed(one: Import) -> tuple[str, str]:
    """Return the title and the text of an import in the list."""
    span = "" if one.first is None or one.last is None else f", {one.first:%Y-%m-%d} to {one.last:%Y-%m-%d}"
    state = {"writing": " It is still being written.", "undoing": " It is being removed.", "done": ""}[one.state]
    return one.name, (
        f"{wording.counted(one.added, 'message', 'messages')} added{span}. Imported on {one.at:%Y-%m-%d at %H:%M} (UTC).{state}"
    )


def undone(gone: Mapping[str, int]) -> str:
    """Return what was removed with an import, in one sentence."""
    parts = [
        wording.counted(gone.get("messages", 0), "message", "messages"),
        wording.counted(gone.get("memories", 0), "memory", "memories"),
        wording.counted(gone.get("pictures", 0), "picture", "pictures"),
    ]
    return f"The import is undone: {parts[0]}, {parts[1]} and {parts[2]} are removed. The file can be imported again."
