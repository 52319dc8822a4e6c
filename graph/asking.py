"""Asking the chat model: a stream of text, and one retry where the output is not in its form."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

Parsed = TypeVar("Parsed")


def stream_text(
    chat: BaseChatModel,
    messages: Sequence[BaseMessage],
    *,
    grammar: str | None,
    max_tokens: int,
    unwanted: Callable[[], bool] | None = None,
) -> Generator[str]:
    """Yield the model's text as it comes; an empty piece is a sign of life.

    Args:
        chat: Any chat model that takes (or ignores) the keywords `grammar`, `max_tokens` and `unwanted`.
        messages: The prompt.
        grammar: GBNF that the output has to follow, where the server can hold it.
        max_tokens: At most so many new tokens.
        unwanted: Says whether nobody waits any more; a model that can asks it while its server is silent, and ends there.
    """
    asked: dict[str, Any] = {} if unwanted is None else {"unwanted": unwanted}
    for chunk in chat.stream(list(messages), grammar=grammar, max_tokens=max_tokens, **asked):
        # Half a surrogate pair is no text: nothing could store or show it.
        yield chunk.text.encode(errors="replace").decode()


def ask(
    chat: BaseChatModel,
    messages: Sequence[BaseMessage],
    parse: Callable[[str], Parsed | None],
    *,
    grammar: str,
    max_tokens: int,
    malformed: str,
) -> tuple[str, Parsed | None]:
    """Ask for an output in a form; ask once more, saying so, when it is not.

    Args:
        chat: As in `stream_text`.
        messages: The prompt.
        parse: Reads the output; None: not in its form.
        grammar: As in `stream_text`.
        max_tokens: As in `stream_text`.
        malformed: What the model is told before its second try.

    Returns:
        The last raw output, and what `parse` made of it.
    """
    output = "".join(stream_text(chat, messages, grammar=grammar, max_tokens=max_tokens))
    parsed = parse(output)
    if parsed is not None:
        return output, parsed
    # An empty assistant message is refused by some servers.
    again = [*messages, AIMessage(output or "(nothing)"), HumanMessage(malformed)]
    output = "".join(stream_text(chat, again, grammar=grammar, max_tokens=max_tokens))
    return output, parse(output)
