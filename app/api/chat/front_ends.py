"""What front ends send besides a person's messages: calls of their own, and messages wrapped in a template (pure).

Open WebUI (0.12.4) asks for titles, tags, follow-ups and more over the same route, without a mark. Those calls are one message
alone, and all but one kind are never streamed. They begin with the same heading as a message with a file or a web search. The
latter has the found passages in `<context>`, and ends with the person's own words. By default it also offers tools of its own
with every message; a model may leave them alone.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_HEADING = re.compile(r"\s*### Task:", re.IGNORECASE)
_QUERY = re.compile(r"\s*<user_query>(?P<words>.*)</user_query>\s*", re.DOTALL)
_FILES = re.compile(r"\s*<attached_files>(?P<names>.*?)</attached_files>", re.DOTALL)
_SUMMARY = re.compile(r"\s*### Task:\s+Summari[sz]e the conversation history\b", re.IGNORECASE)
_OTHER_CALLS = re.compile(
    r"\s*(?:Your task is to reflect the speaker['’]s likely facial expression"
    r"|You have been provided with a set of responses from various models)\b"
)
_OWN_TOOLS = frozenset(
    {
        "ask_user", "get_current_timestamp", "list_knowledge", "query_chat_files", "search_chats", "search_memories",
        "search_notes", "search_web", "view_chat", "view_skill",
    }
)  # fmt: skip
"""Some of the tools that Open WebUI (0.12.4) offers by itself; one of them is in every such offer."""
_THOUGHT = re.compile(
    r"<think>.*?</think>|<details\b[^>]*\btype=[\"']reasoning[\"'][^>]*>.*?</details>", re.DOTALL | re.IGNORECASE
)


def is_background_call(text: str, *, alone: bool, streamed: bool) -> bool:
    """Return whether a message is a front end's own call, such as for a title: it is answered without memory.

    A person's message that resembles one is journaled: it would otherwise be lost in silence.

    Args:
        text: The message as it was sent.
        alone: No other message of a person or an assistant was sent with it.
        streamed: The answer is streamed.
    """
    if not alone:
        return False
    if _OTHER_CALLS.match(text):
        # Merging several answers is the one call of its own that Open WebUI streams.
        return True
    if streamed or not _HEADING.match(text):
        return False
    history = _block(text, "chat_history")
    if history is None:
        return bool(_SUMMARY.match(text)) and _block(text, "context") is None
    # The conversation may quote a template; passages beside it make this a person's message.
    return _block(history.before + history.after, "context") is None


def own_words(text: str) -> tuple[str, str]:
    """Return the person's own words in a message, and the text that a front end attached to it.

    A message without a template is returned as it is, without anything attached.
    """
    words, attached = text, []
    if _HEADING.match(text) and (found := _block(text, "context")):
        words, attached = found.after, [found.inside.strip()]
    if query := _QUERY.fullmatch(words):
        words = query["words"]
    if files := _FILES.match(words):
        words, attached = words[files.end() :], [*attached, files["names"].strip()]
    return (words.strip(), "\n\n".join(attached)) if attached else (text, "")


class _Block(NamedTuple):
    before: str
    inside: str
    after: str


def _block(text: str, tag: str) -> _Block | None:
    """Return the text before, in and after a block, from its first opening to its last end; None if there is no closed one.

    Not by a regular expression: a long text with many openings would take minutes.
    """
    begin, end = f"<{tag}>", f"</{tag}>"
    start, stop = text.find(begin), text.rfind(end)
    if not 0 <= start < stop:
        return None
    return _Block(text[:start], text[start + len(begin) : stop], text[stop + len(end) :])


def are_own_tools(tools: object, choice: object) -> bool:
    """Return whether the tools of a request are a front end's own offer, which is honoured by calling none of them.

    Args:
        tools: The request's `tools`.
        choice: The request's `tool_choice`.
    """
    if not isinstance(tools, list) or choice not in (None, "auto", "none"):
        return False
    return any(_name_of(tool) in _OWN_TOOLS for tool in tools)


def _name_of(tool: Any) -> str:
    function = tool.get("function") if isinstance(tool, dict) else None
    return str(function.get("name", "")) if isinstance(function, dict) else ""


def visible(reply: str) -> str:
    """Return a reply as the person saw it: clients fold thoughts into it, and change the space around it."""
    return _THOUGHT.sub("", reply).strip()
