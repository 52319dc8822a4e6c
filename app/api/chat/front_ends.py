"""What front ends send besides a person's messages: calls of their own, and messages wrapped in a template (pure).

Open WebUI (0.12.4) asks for titles, tags, follow-ups and more over the same route, without a mark. Those calls, and a message
with a file or a web search, begin with the same heading. The latter has the found passages in `<context>`, and ends with the
person's own words. By default it also offers tools of its own with every message; a model may leave them alone.
"""

from __future__ import annotations

import re
from typing import Any

_HEADING = re.compile(r"\s*### Task:", re.IGNORECASE)
_CONTEXT = re.compile(r"<context>(?P<passages>.*)</context>(?P<words>.*)", re.DOTALL)
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


def is_background_call(text: str) -> bool:
    """Return whether a message is a front end's own call, such as for a title: it is answered without memory."""
    if _OTHER_CALLS.match(text):
        return True
    if not _HEADING.match(text) or _CONTEXT.search(text):
        return False
    return "<chat_history>" in text or bool(_SUMMARY.match(text))


def own_words(text: str) -> tuple[str, str]:
    """Return the person's own words in a message, and the text that a front end attached to it.

    A message without a template is returned as it is, without anything attached.
    """
    words, attached = text, []
    if _HEADING.match(text) and (found := _CONTEXT.search(text)):
        words, attached = found["words"], [found["passages"].strip()]
    if query := _QUERY.fullmatch(words):
        words = query["words"]
    if files := _FILES.match(words):
        words, attached = words[files.end() :], [*attached, files["names"].strip()]
    return (words.strip(), "\n\n".join(attached)) if attached else (text, "")


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
