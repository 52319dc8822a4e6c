"""Why messages of a source are left out: what the counts of an import are named after (values).

The rule of counting: a *message* is what a person or a model wrote, as the reader of the format yields it. Each message is
either in a turn that is added, or left out for one of the reasons in `OF_MESSAGES`. So the messages of a source are those that
were added and the sum of these counts. All other counts are of things that were never messages to us (tool calls, videos,
damaged lines): they come besides, each with its own noun.
"""

from __future__ import annotations

from collections.abc import Mapping

KNOWN = "messages that are here already"
FORGOTTEN = "messages that you had forgotten"
NOT_KEPT = "sensitive messages, which you chose not to keep"
EARLIER = "messages before the day that you named"
ODD_TIMES = "messages whose time cannot be right"
EMPTY = "messages without words or pictures"
OPENINGS = "replies before the first message of yours"
UNASKED = "replies to messages without words or pictures"
PICTURES_ALONE = "messages of nothing but pictures that cannot be read"
KNOWN_FACTS = "memories that are here already"
NOT_TAKEN = "memories that you had forgotten, or that you want to be asked about"
BAD_PICTURES = "pictures that cannot be read"
REPLY_PICTURES = "pictures in replies"

OF_MESSAGES = frozenset(
    {KNOWN, FORGOTTEN, NOT_KEPT, EARLIER, ODD_TIMES, EMPTY, OPENINGS, UNASKED, PICTURES_ALONE, KNOWN_FACTS, NOT_TAKEN}
)
"""The reasons that count messages of the source (or memories, in a list of memories)."""


def of_messages(skipped: Mapping[str, int]) -> dict[str, int]:
    """Return the counts of messages, most first."""
    return {reason: count for reason, count in _most_first(skipped) if reason in OF_MESSAGES}


def besides(skipped: Mapping[str, int]) -> dict[str, int]:
    """Return the counts of what never was a message, most first."""
    return {reason: count for reason, count in _most_first(skipped) if reason not in OF_MESSAGES}


def nothing_added(messages: int, skipped: Mapping[str, int], one: str, what: str = "Nothing was added") -> str:
    """Return the sentence about an import that adds nothing, and why.

    Args:
        messages: Number of messages (or memories) in the source.
        skipped: What was left out, by reason.
        one: The noun: `message` or `memory`.
        what: What the sentence begins with.
    """
    if not messages:
        return f"{what}: there is no {one} in it."
    every = f"all {messages:,} {one[:-1] + 'ies' if one.endswith('y') else one + 's'} are"
    if messages == 1:
        every = f"the one {one} is"
    here_alone = list(of_messages(skipped)) in ([KNOWN], [KNOWN_FACTS])
    return f"{what}: {every} {'here already' if here_alone else 'left out'}."


def _most_first(skipped: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(skipped.items(), key=lambda one: -one[1])
