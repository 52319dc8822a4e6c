"""The body of a chat completion, and what of it a turn needs: the new message, the history, and the client's own text."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.api.chat.front_ends import are_own_tools, own_words
from graph.chat_messages import Unanswered
from memory.core.errors import InvalidInput

MODEL = "persona"
OFF_THE_RECORD_MODEL = "persona-off-the-record"
MODELS = (MODEL, OFF_THE_RECORD_MODEL)
_INSTRUCTING_ROLES = ("system", "developer")
_TOOL_ROLES = ("tool", "function")
"""What a tool said to another model, in a conversation that began elsewhere."""
_PICTURE_PREFIX = "data:"
_UNSUPPORTED = {
    "tools": "Tools are not supported: memory is searched by the assistant itself.",
    "functions": "Functions are not supported: memory is searched by the assistant itself.",
    "logprobs": "Log probabilities are not supported.",
    "top_logprobs": "Log probabilities are not supported.",
    "audio": "Audio is not supported. Send text and pictures.",
    "modalities": "Only text can be asked for.",
    "response_format": "Only plain text can be asked for.",
}


class UnsupportedParameter(InvalidInput):
    """A parameter that cannot be honoured; `parameter` names it."""

    code = "unsupported_parameter"

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(f"{parameter}: {message}")
        self.parameter = parameter


class UnknownModel(InvalidInput):
    """There is no such model."""

    code = "model_not_found"
    http_status = 404
    parameter = "model"


class Message(BaseModel):
    """One message of the client's conversation."""

    model_config = ConfigDict(extra="allow")

    role: str
    content: str | list[dict[str, Any]] | None = None


class StreamOptions(BaseModel):
    """Options of a streamed answer."""

    model_config = ConfigDict(extra="allow")

    include_usage: bool = False


class ChatRequest(BaseModel):
    """A chat completion in OpenAI's form. Sampling parameters are accepted, and the assistant's own are used."""

    model_config = ConfigDict(extra="allow")

    model: str = Field(default=MODEL, description="`persona`, or `persona-off-the-record`, which saves nothing.")
    messages: Annotated[list[Message], Field(min_length=1, description="The conversation; the last message is the new one.")]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    user: str | None = Field(default=None, description="The person, on a machine without API keys; `me` if it is missing.")
    include_reasoning: bool = Field(default=True, description="Send thoughts and searches as `reasoning_content`.")
    n: int | None = 1
    metadata: dict[str, Any] | None = None


@dataclass(frozen=True)
class Asked:
    """What a turn needs of a request.

    Attributes:
        text: The person's own words.
        pictures: The pictures of the new message.
        attached: Text that the client attached to the message.
        instructions: The client's system prompts.
        history: The exchanges before the message, as (message, reply), oldest first.
        unanswered: The messages right before the new one that have no reply, oldest first; they are in `history` too.
    """

    text: str
    pictures: tuple[bytes, ...] = ()
    attached: str = ""
    instructions: str = ""
    history: tuple[tuple[str, str], ...] = ()
    unanswered: tuple[Unanswered, ...] = ()


def check(request: ChatRequest) -> None:
    """Refuse what cannot be honoured.

    Raises:
        UnknownModel: The model is none of `MODELS`.
        UnsupportedParameter: A parameter asks for something that is not supported.
    """
    if request.model not in MODELS:
        raise UnknownModel(f"There is no model {request.model!r}. Use {MODEL} or {OFF_THE_RECORD_MODEL}.")
    if request.n not in (None, 1):
        raise UnsupportedParameter("n", "Only one answer can be asked for.")
    more = request.model_extra or {}
    for name, why in _UNSUPPORTED.items():
        if name == "tools" and are_own_tools(more.get("tools"), more.get("tool_choice")):
            continue
        if _asks(name, more.get(name)):
            raise UnsupportedParameter(name, why)


def asked(messages: Sequence[Message]) -> Asked:
    """Return what a turn needs of a client's messages.

    Raises:
        InvalidInput: The last message is not the person's, or a message has a form that is not supported.
    """
    instructions = [_text(one, place) for place, one in enumerate(messages) if one.role in _INSTRUCTING_ROLES]
    others = (*_INSTRUCTING_ROLES, *_TOOL_ROLES)
    spoken = [(place, one) for place, one in enumerate(messages) if one.role not in others]
    for place, one in spoken:
        if one.role not in ("user", "assistant"):
            raise UnsupportedParameter(f"messages[{place}].role", f"The role {one.role!r} is not supported.")
    if not spoken or spoken[-1][1].role != "user":
        raise InvalidInput("The last message must be the person's (role user).")
    place, last = spoken[-1]
    words, attached = own_words(_text(last, place))
    pictures = tuple(_pictures(last, place))
    return Asked(
        words, pictures, attached, "\n\n".join(filter(None, instructions)), _exchanges(spoken[:-1]),
        tuple(_unanswered(spoken[:-1])),
    )  # fmt: skip


def _asks(name: str, value: Any) -> bool:
    match name:
        case "response_format":
            return value is not None and value not in ({}, {"type": "text"})
        case "modalities":
            return value not in (None, [], ["text"])
        case _:
            return bool(value)


def _exchanges(spoken: Sequence[tuple[int, Message]]) -> tuple[tuple[str, str], ...]:
    """Return the messages before the new one in pairs; several in a row of one role are one message."""
    exchanges: list[list[str]] = []
    last: Literal["user", "assistant", ""] = ""
    for place, one in spoken:
        text = _text(one, place)
        if one.role == "user":
            if last == "user" and exchanges:
                exchanges[-1][0] += f"\n{own_words(text)[0]}"
            else:
                exchanges.append([own_words(text)[0], ""])
            last = "user"
        elif exchanges:
            exchanges[-1][1] += text
            last = "assistant"
    return tuple((said, reply) for said, reply in exchanges)


def _unanswered(spoken: Sequence[tuple[int, Message]]) -> list[Unanswered]:
    last = list(takewhile(lambda one: one[1].role == "user", reversed(spoken)))
    return [Unanswered(own_words(_text(one, place))[0], tuple(_pictures(one, place))) for place, one in reversed(last)]


def _text(message: Message, place: int) -> str:
    if isinstance(message.content, str):
        return _whole(message.content)
    texts = []
    for number, part in enumerate(message.content or ()):
        kind = part.get("type")
        if kind == "text" and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif kind == "refusal" and isinstance(part.get("refusal"), str):
            texts.append(part["refusal"])
        elif kind != "image_url":
            raise UnsupportedParameter(f"messages[{place}].content[{number}]", "Only text and image_url parts are supported.")
    return _whole("\n".join(texts))


def _whole(text: str) -> str:
    """Return a text that can be stored: JSON can spell half of a surrogate pair."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _pictures(message: Message, place: int) -> list[bytes]:
    if not isinstance(message.content, list):
        return []
    pictures = []
    for number, part in enumerate(message.content):
        if part.get("type") == "image_url":
            given = part.get("image_url")
            url = given.get("url") if isinstance(given, dict) else given
            pictures.append(_bytes_of(url, f"messages[{place}].content[{number}].image_url"))
    return pictures


def _bytes_of(url: object, where: str) -> bytes:
    if not isinstance(url, str) or not url.startswith(_PICTURE_PREFIX) or ";base64," not in url:
        raise UnsupportedParameter(where, "Send the picture itself, as a data URL in base64; addresses are not opened.")
    try:
        return base64.b64decode(url.partition(";base64,")[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnsupportedParameter(where, "The picture is not valid base64.") from error
