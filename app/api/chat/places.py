"""Finds the place of a message in the journal, from the history that a client sends each time.

A client names no parent. The history is matched against the journaled exchanges: the last one that matches is the parent. The
same words after the same parent are "answer again"; other words replace those that were there (docs/decisions/065).
"""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from app.api.chat.front_ends import visible
from graph.chat_messages import Unanswered
from memory.stores.threads import origin_of

if TYPE_CHECKING:
    from memory.memory import Memory
    from memory.stores.threads import Exchange

_CHAT = "chat"
_REPEATED_WITHIN = timedelta(minutes=10)
"""A first message that got no reply and comes again within this time is the same message."""
_MAX_EXCHANGES = 40
"""Only this many exchanges at the end of a history are matched."""


def origin(memory: Memory, user_id: str, chat_id: str, history: Sequence[tuple[str, str]], text: str = "") -> str:
    """Return the place of a new message; see `memory.stores.threads.origin_of`.

    Args:
        memory: The memory.
        user_id: The person.
        chat_id: The client's id of the conversation; empty if it names none.
        history: The exchanges before the message, as (message, reply), oldest first.
        text: The message.
    """
    if not history:
        # Without a chat id, equal first messages are conversations of their own. But clients repeat a request that failed.
        repeated = None if chat_id else memory.threads.repeated(user_id, text, _REPEATED_WITHIN)
        return repeated or origin_of(user_id, _first_place(chat_id or uuid.uuid4().hex), "")
    parent = _parent(memory, user_id, chat_id, history[-_MAX_EXCHANGES:])
    if parent is not None:
        return origin_of(user_id, _CHAT, parent)
    # The conversation began elsewhere, with another model for example.
    return origin_of(user_id, _first_place(chat_id), _digest(history))


def with_unsaid(
    memory: Memory, user_id: str, unanswered: Sequence[Unanswered], text: str, pictures: Sequence[bytes]
) -> tuple[str, tuple[bytes, ...]]:
    """Return the words and the pictures of a new message, with those messages before it that the journal never received.

    Some clients send one thought in several messages, and ask for the answer once.

    Args:
        memory: The memory.
        user_id: The person.
        unanswered: The messages right before the new one, oldest first, none of which has a reply.
        text: The words of the new message.
        pictures: The pictures of the new message.
    """
    unsaid = [one for one in unanswered if not memory.threads.has_received(user_id, one.text)]
    words = "\n".join(filter(None, [*(one.text for one in unsaid), text]))
    return words, (*(picture for one in unsaid for picture in one.pictures), *pictures)


def _parent(memory: Memory, user_id: str, chat_id: str, history: Sequence[tuple[str, str]]) -> str | None:
    """Return the id of the turn that matches the last exchange; of several, one whose own parents match too, the newest."""
    known: defaultdict[str, list[Exchange]] = defaultdict(list)
    for one in memory.threads.exchanges(user_id, [said.strip() for said, _ in history]):
        known[one.text.strip()].append(one)
    parents: list[Exchange] = []
    begins = origin_of(user_id, _first_place(chat_id), "") if chat_id else ""
    for number, (said, reply) in enumerate(history):
        matching = [one for one in known[said.strip()] if visible(one.reply) == visible(reply)]
        places = {origin_of(user_id, _CHAT, one.id) for one in parents} if number else {begins}
        chained = [one for one in matching if one.origin in places]
        # A history may lack its beginning, which clients cut off when it grows long.
        parents = chained or matching
    return max(parents, key=lambda one: one.seq).id if parents else None


def _first_place(name: str) -> str:
    return f"{_CHAT}\x1f{name}"


def _digest(history: Sequence[tuple[str, str]]) -> str:
    said = "\x1e".join(f"{text.strip()}\x1f{visible(reply)}" for text, reply in history)
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
