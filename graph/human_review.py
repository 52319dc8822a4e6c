"""Questions to the person in LangChain's human-in-the-loop schema, which chat front ends show as buttons (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

APPROVE, REJECT = "approve", "reject"
_APPROVALS = ("approve", "accept", "yes", "forget")
_REJECTIONS = ("reject", "no", "keep")


def request(name: str, question: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of an interrupt that asks whether an action may be done.

    Args:
        name: The action.
        question: What the person is asked.
        args: What the action is about.
    """
    return {
        "action_requests": [{"name": name, "args": dict(args), "description": question}],
        "review_configs": [{"action_name": name, "allowed_decisions": [APPROVE, REJECT]}],
    }


def decision(answer: object) -> str | None:
    """Return the decision that an interrupt was resumed with; None: the question stays open.

    A front end answers `{"decisions": [{"type": "approve"}]}`; a bare word or the list alone are understood, too.
    """
    if isinstance(answer, Mapping):
        answer = answer.get("decisions", answer.get("type"))
    if isinstance(answer, Sequence) and not isinstance(answer, str):
        answer = answer[0] if answer else None
        if isinstance(answer, Mapping):
            answer = answer.get("type")
    word = answer.strip().lower() if isinstance(answer, str) else ""
    return APPROVE if word in _APPROVALS else REJECT if word in _REJECTIONS else None
