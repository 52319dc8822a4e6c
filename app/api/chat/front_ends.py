"""What front ends send besides a person's messages: calls of their own, and messages wrapped in a template (pure).

Open WebUI (0.12.4) asks for titles, tags, follow-ups and more over the same route, without a mark. Those calls, and a message
with a file or a web search, begin with the same heading. The latter has the found passages in `<context>`, and ends with the
person's own words.
"""

from __future__ import annotations

import re

_HEADING = re.compile(r"\s*### Task:", re.IGNORECASE)
_CONTEXT = re.compile(r"<context>(?P<passages>.*)</context>(?P<words>.*)", re.DOTALL)
_QUERY = re.compile(r"\s*<user_query>(?P<words>.*)</user_query>\s*", re.DOTALL)
_SUMMARY = re.compile(r"\s*### Task:\s+Summari[sz]e the conversation history\b", re.IGNORECASE)
_OTHER_CALLS = re.compile(
    r"\s*(?:Your task is to reflect the speaker['’]s likely facial expression"
    r"|You have been provided with a set of responses from various models)\b"
)
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
    found = _CONTEXT.search(text) if _HEADING.match(text) else None
    if found is None:
        return text, ""
    words = found["words"]
    if query := _QUERY.fullmatch(words):
        words = query["words"]
    return words.strip(), found["passages"].strip()


def visible(reply: str) -> str:
    """Return a reply as the person saw it: clients fold thoughts into it, and change the space around it."""
    return _THOUGHT.sub("", reply).strip()
