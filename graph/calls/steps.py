"""Run one step of background work: ask once, store the output before using it, and set refused steps aside."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeVar

from langchain_core.messages import BaseMessage

from graph.calls.asking import Asker, ThoughtTooLong
from memory.core.errors import MessageTooLong, ModelRefused, ModelUnavailable
from memory.core.retry import MOST_TRIES, Refused

if TYPE_CHECKING:
    from memory.core.retry import RefusalCause
    from memory.memory import Memory

Parsed = TypeVar("Parsed")
_log = logging.getLogger(__name__)
_PER_PROMPT_STATUSES = frozenset({403, 500, 501, 502, 503})
"""HTTP statuses that may concern one prompt alone (403: moderation), though they mostly concern all calls."""


@dataclass(frozen=True)
class Work:
    """A work item whose steps are run.

    Attributes:
        user_id: Whose work it is.
        kind: The type of work.
        subject: A turn's id, or a session's number as text.
        outputs: What the model wrote before the work was interrupted, by step.
        refused: What is known of refused steps.
        begun: When the data in the prompt was loaded, where it may be forgotten in the meantime.
    """

    user_id: str
    kind: Literal["remember", "consolidate"]
    subject: str
    outputs: Mapping[str, str]
    refused: Refused
    begun: datetime | None = None


class Steps:
    """Runs the steps of background work.

    Args:
        asker: Asks the model.
        memory: Where outputs and refusals are stored.
    """

    def __init__(self, asker: Asker, memory: Memory) -> None:
        self._asker = asker
        self._memory = memory

    def do(
        self,
        work: Work,
        step: str,
        messages: Sequence[BaseMessage],
        parse: Callable[[str], Parsed | None],
        *,
        grammar: str,
        max_tokens: int,
        without: str,
    ) -> tuple[Parsed | None, list[str]]:
        """Ask for one step unless it was asked before.

        Args:
            work: The work item.
            step: The step's name; its first word is the question.
            messages: The prompt.
            parse: Parses the output.
            grammar: As in `Asker.ask`.
            max_tokens: As in `Asker.ask`.
            without: What happens to the work without this step, as the end of a sentence.

        Returns:
            The parsed output and the warnings; None if there is no output, and the warnings then say why.

        Raises:
            PersonaError: The server does not answer; the work waits.
        """
        question = step.split(maxsplit=1)[0]
        output = work.outputs.get(step)
        if output is not None:
            return parse(output), []
        aside = question in work.refused.set_aside
        while not aside:
            try:
                output, parsed = self._asker.ask(messages, parse, grammar=grammar, max_tokens=max_tokens)
            except MessageTooLong as error:
                # It will be just as long at the next try.
                aside = self._note(work, question, "too_long", None, error.message, most=1)
            except ThoughtTooLong:
                aside = self._note(work, question, "thought", None, "", most=1)
            except ModelRefused as error:
                if not self._is_of_this_prompt(error):
                    raise
                aside = self._note(work, question, "refused", error.status, error.reason, most=MOST_TRIES)
            except ModelUnavailable as error:
                # A server may hang up on this prompt alone, for instance if it crashes on it.
                if not (error.broke_off and self._asker.answers()):
                    raise
                aside = self._note(work, question, "refused", None, error.message, most=MOST_TRIES)
            else:
                self._memory.work.save_output(work.user_id, work.subject, step, output, begun=work.begun)
                warning = f"The {question} output was not in its form twice; {without}."
                return parsed, [] if parsed is not None else [warning]
        return None, [f"The {question} step is set aside; {without}."]

    def set_aside(self, work: Work, question: str, cause: RefusalCause) -> None:
        """Set a step aside without asking the model."""
        self._note(work, question, cause, None, "", most=1)

    def _is_of_this_prompt(self, error: ModelRefused) -> bool:
        """Return whether the server refuses this call alone; False if it answers no other call either."""
        may_be = error.fault == "prompt" or (error.status in _PER_PROMPT_STATUSES and not error.told_to_wait)
        return may_be and self._asker.answers()

    def _note(self, work: Work, question: str, cause: RefusalCause, status: int | None, reason: str, *, most: int) -> bool:
        aside = self._memory.refusals.note(
            work.user_id, work.kind, work.subject, question,
            cause=cause, status=status, reason=reason, most=most, begun=work.begun,
        )  # fmt: skip
        if aside:
            # Log neither a user's words nor the server's, which may repeat them; the page and the command line show them to the
            # user.
            _log.info("the %s step of one message or session is set aside (%s, HTTP status %s)", question, cause, status)
        return aside
