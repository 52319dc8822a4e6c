"""The output of a scripted model: well-formed, the same each time, and one retrieval for every question (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from graph.formats import memory_formats, protocol
from graph.formats.memory_formats import Extraction, format_semantic
from memory.core.records import TRAITS

STAGES = {
    protocol.REASONING_GRAMMAR: "reason",
    protocol.RETRIEVE_GRAMMAR: "reason",
    protocol.ANSWER_GRAMMAR: "answer",
    memory_formats.PERSONALITY_GRAMMAR: "personality",
    memory_formats.SEMANTIC_GRAMMAR: "semantic",
    memory_formats.EPISODIC_GRAMMAR: "episodic",
    memory_formats.PROCEDURAL_GRAMMAR: "procedural",
    memory_formats.CORE_GRAMMAR: "core",
}
"""The call of a turn that a grammar belongs to; any other is the judgement of a fact that may have changed."""
BEFORE_REPLY = ("reason", "reason again", "answer")
BACKGROUND = ("personality", "semantic", "change")
SESSION_END = ("episodic", "procedural", "core")
_ANSWERED = "So it was, as far as I can tell from what you told me: it comes back to me now that you say it, and gladly so."
_THOUGHT = "This is about their own life, so memory may know."
_SAYS = {
    "answer": protocol.format_reasoning(protocol.Answer(_ANSWERED, _THOUGHT)),
    "personality": "\n".join(f'"{trait}": {score}' for trait, score in zip(TRAITS, (4, 3, 2, 3, 3), strict=True)),
    "reason again": protocol.format_reasoning(protocol.Answer(_ANSWERED, _THOUGHT)),
    "procedural": "\n".join(f'"habit {number}": "The user does thing {number} every week."' for number in range(5)),
    "core": '"name": "Ada"\n' + "\n".join(f'"trait {number}": "something short, and another thing"' for number in range(11)),
}
_SAID = re.compile(r"## User Input\n\[[^\]]*\]\n(.*?)(?:\n\n|\Z)", re.DOTALL)
_KEPT_WORDS = 8
"""Number of words of a message that are remembered."""


def stage_of(grammar: str | None, messages: Sequence[Mapping[str, Any]]) -> str:
    """Return which call of a turn this is.

    Args:
        grammar: The grammar of the output.
        messages: The prompt, in the OpenAI format.
    """
    stage = STAGES.get(grammar or "", "change")
    # Layout `cache` begins with rules and message; `published` with the message and the search that begins a turn.
    first = 2 if len(messages) % 2 == 0 else 3
    return "reason again" if stage == "reason" and len(messages) > first else stage


def says(stage: str, messages: Sequence[Mapping[str, Any]]) -> str:
    """Return the scripted model's output."""
    if stage in _SAYS:
        return _SAYS[stage]
    told = "\n\n".join(str(message["content"]) for message in messages) if stage == "reason" else str(messages[-1]["content"])
    return {"reason": _reasoned, "semantic": _extracted, "episodic": _divided, "change": _judged}[stage](told)


def _reasoned(told: str) -> str:
    said = _SAID.findall(told)[-1].strip()
    if not said.endswith("?"):
        return _SAYS["answer"]
    return protocol.format_reasoning(protocol.Retrieve(", ".join(re.findall(r"\w+", said)[-3:]), think=_THOUGHT))


def _divided(told: str) -> str:
    turns = len(re.findall(r"^\d+ \[", told, re.MULTILINE))
    halves = (range(turns // 2), range(turns // 2, turns))
    return "\n".join(
        f'"topic_summary": "The user talked of part {part}."\n"keywords": "part, talk"\n"source_dialog_indices": '
        + ", ".join(map(str, indices))
        for part, indices in enumerate(halves)
        if indices
    )


def _judged(told: str) -> str:
    return "\n".join(f'"{number}": "other"' for number in range(1, told.count("\n") + 1))


def _extracted(told: str) -> str:
    said = told.partition("\n")[2].strip()
    if said.endswith("?"):
        return format_semantic(Extraction(False, reason="It asks a question."))
    words = re.findall(r"\w+", said)[:_KEPT_WORDS]
    return format_semantic(Extraction(True, f"The user {' '.join(words)}.", tuple(words[:3]), "It tells of something."))
