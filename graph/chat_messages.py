"""Messages of chat clients: words and pictures in the spellings that clients use, and the reply as a message (pure)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata

from graph.input_check import refusal
from memory.core.errors import InvalidInput

if TYPE_CHECKING:
    from memory.core.records import Turn

_BASE64 = ";base64,"
_NOT_OPENED = "Send the picture itself, in base64; addresses are not opened."


@dataclass(frozen=True)
class Unanswered:
    """A message of the person that another one of them follows, without a reply between.

    Attributes:
        text: Its words.
        pictures: Its pictures.
    """

    text: str
    pictures: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Said:
    """The new message of a client.

    Attributes:
        text: Its words.
        pictures: Its pictures; None: the message is a bare string, which says nothing about pictures.
        before: The id of the message before it; empty for the first one.
        instructions: The client's system prompts.
        history: The exchanges before it, as (message, reply), oldest first.
        unanswered: The messages right before it that have no reply, oldest first; they are in `history` too.
    """

    text: str
    pictures: tuple[bytes, ...] | None
    before: str = ""
    instructions: str = ""
    history: tuple[tuple[str, str], ...] = ()
    unanswered: tuple[Unanswered, ...] = ()


def said_in(messages: Sequence[BaseMessage]) -> Said:
    """Return what is new in a conversation: its last message, which has to be the person's.

    Raises:
        InvalidInput: The last message is not the person's, or has parts that are neither text nor a picture.
    """
    spoken = [one for one in messages if one.type != "system"]
    if not spoken or spoken[-1].type != "human":
        raise refusal("chat", "There is no new message to answer: the last one has to be the person's (role user).")
    last = spoken[-1].content
    pictures = None if isinstance(last, str) else tuple(_pictures(last))
    return Said(
        text=_text(last),
        pictures=pictures,
        before=(spoken[-2].id or "") if len(spoken) > 1 else "",
        instructions="\n\n".join(filter(None, (one.text for one in messages if one.type == "system"))),
        history=_exchanges(spoken[:-1]),
        unanswered=tuple(_unanswered(spoken[:-1])),
    )


def reply_of(turn: Turn, message_id: str | None) -> AIMessage:
    """Return the reply of a turn as a message that names the turn and the memories that were used, with its token counts."""
    used = [one.id for one in turn.trace.memories] if turn.trace else []
    return AIMessage(
        content=turn.reply,
        id=message_id,
        usage_metadata=usage_of(turn),
        response_metadata={"turn_id": turn.id if turn.seq else None, "memory_ids": used},
    )


def usage_of(turn: Turn) -> UsageMetadata | None:
    """Return a turn's token counts by LangChain's names; None if they are not known."""
    usage = turn.trace.usage if turn.trace else None
    if usage is None:
        return None
    return UsageMetadata(
        input_tokens=usage.prompt_tokens, output_tokens=usage.completion_tokens, total_tokens=usage.total_tokens
    )


def _exchanges(spoken: Sequence[BaseMessage]) -> tuple[tuple[str, str], ...]:
    """Return messages in pairs; several in a row of one role are one message."""
    exchanges: list[list[str]] = []
    last = ""
    for one in spoken:
        if one.type == "human" and last == "human":
            exchanges[-1][0] += f"\n{one.text}"
        elif one.type == "human":
            exchanges.append([one.text, ""])
        elif one.type == "ai" and exchanges:
            exchanges[-1][1] += one.text
        last = one.type
    return tuple((message, reply) for message, reply in exchanges)


def _unanswered(spoken: Sequence[BaseMessage]) -> list[Unanswered]:
    last = list(takewhile(lambda one: one.type == "human", reversed(spoken)))
    return [
        Unanswered(_text(one.content), () if isinstance(one.content, str) else tuple(_pictures(one.content)))
        for one in reversed(last)
    ]


def _text(content: str | list[str | dict[Any, Any]]) -> str:
    if isinstance(content, str):
        return content
    texts = [part if isinstance(part, str) else part.get("text") for part in content if _is_text(part)]
    return "\n".join(one for one in texts if isinstance(one, str))


def _is_text(part: str | Mapping[str, Any]) -> bool:
    return isinstance(part, str) or part.get("type") == "text"


def _pictures(content: Sequence[str | Mapping[str, Any]]) -> list[bytes]:
    pictures = []
    for part in content:
        match part:
            case str() | {"type": "text"}:
                continue
            case {"type": "image_url", "image_url": {"url": url}} | {"type": "image_url", "image_url": url}:
                pictures.append(_of_url(url))
            case {"type": "image", "source": {"data": data}} | {"type": "image", "data": data}:
                pictures.append(_decoded(data))
            case {"type": "image", "base64": data}:
                pictures.append(_decoded(data))
            case {"type": "image", "source": {"url": url}} | {"type": "image", "url": url}:
                pictures.append(_of_url(url))
            case {"type": "image"}:
                raise InvalidInput(f"A picture of the message has no data. {_NOT_OPENED}")
            case _:
                kind = part.get("type")
                raise InvalidInput(f"A part of type {kind!r} cannot be read. A message has text and pictures.")
    return pictures


def _of_url(url: object) -> bytes:
    if not isinstance(url, str) or not url.startswith("data:") or _BASE64 not in url:
        raise InvalidInput(_NOT_OPENED)
    return _decoded(url)


def _decoded(data: object) -> bytes:
    """Return the bytes of base64 text, with or without the beginning of a data URL."""
    if not isinstance(data, str):
        raise InvalidInput(f"A picture of the message has no data. {_NOT_OPENED}")
    text = data.partition(_BASE64)[2] if data.startswith("data:") else data
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput("A picture of the message is not valid base64.") from error
