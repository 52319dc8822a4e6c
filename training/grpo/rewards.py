"""The reward of a rollout: accuracy × consistency + 0.5 × format (published); the judge is passed in."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from graph.formats.protocol import Answer, Retrieve, parse_reasoning
from training.data.questions import letter

FORMAT_WEIGHT = 0.5
"""The weight of the format reward (published)."""
UNJUDGED = 0.5
"""The score that replaces a judgement after three failures (published)."""
_LINE = r'"(?:[^"\\\n]|\\.)*"'
_TIME = rf"(?:null|{_LINE})"
_ROUND = re.compile(
    r"\s*<think>(?:(?!</?think>|</?answer>|</?retrieve>).)+</think>\s*"
    r"(?:<answer>(?:(?!</?think>|</?answer>|</?retrieve>).)+</answer>|"
    rf"<retrieve>\s*\"keywords\":\s*{_LINE}\s*\"start_time\":\s*{_TIME}\s*\"end_time\":\s*{_TIME}\s*</retrieve>)\s*",
    re.DOTALL,
)
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
_SCORE = re.compile(r"[^\d.-]*(\d{1,2}(?:\.\d+)?)(?:\s*/\s*10)?[^\d]*")
_HIGHEST = 10

Judge = Callable[[str], Awaitable[float | None]]
"""Takes a prompt; returns a score from 0 to 1, or None if it failed."""


@dataclass(frozen=True)
class Rollout:
    """The text of one rollout.

    Attributes:
        question: The question.
        answer: The right answer.
        written: The model's rounds, word for word.
    """

    question: str
    answer: str
    written: tuple[str, ...]

    @property
    def last(self) -> str:
        """Return the last round."""
        return self.written[-1] if self.written else ""


@dataclass(frozen=True)
class Worth:
    """The reward of a rollout and its parts; `unjudged` counts failed judgements."""

    reward: float
    accuracy: float
    consistency: float
    format: float
    unjudged: int = 0


def well_formed(written: Sequence[str]) -> float:
    """Return 1 if every round has exactly its form, and all but the last retrieve; else 0."""
    if not written or not all(_ROUND.fullmatch(one) for one in written):
        return 0.0
    *retrievals, last = map(parse_reasoning, written)
    return float(isinstance(last, Answer) and all(isinstance(one, Retrieve) for one in retrievals))


def exact(given: str, answer: str) -> bool:
    """Return whether an answer is the right letter, and nothing else."""
    right = letter(answer)
    return right is not None and letter(given) == right


def combined(accuracy: float, consistency: float, form: float) -> float:
    """Return the total reward from its parts (published)."""
    return accuracy * consistency + FORMAT_WEIGHT * form


def score_of(text: str) -> float | None:
    """Parse a judge's score from 0 to 10 as 0 to 1; None if it wrote no such number, or several."""
    found = _SCORE.fullmatch(_THOUGHT.sub("", text))
    return float(found[1]) / _HIGHEST if found and float(found[1]) <= _HIGHEST else None


async def worth(rollout: Rollout, judge: Judge) -> Worth:
    """Return the reward of one rollout; it is 0 if an answer was never closed (published)."""
    form = well_formed(rollout.written)
    read = parse_reasoning(rollout.last)
    # A closing tag inside the thought closes nothing.
    closed = rollout.last.rfind("</answer>") > rollout.last.rfind("<answer>") >= 0
    if not closed or not isinstance(read, Answer):
        return Worth(0.0, 0.0, 0.0, form)
    accuracy: float | None = 1.0
    if not exact(read.text, rollout.answer):
        accuracy = await judge(accuracy_prompt(rollout.question, read.text, rollout.answer))
    consistency = await judge(consistency_prompt(rollout.question, read.think, read.text))
    unjudged = (accuracy is None) + (consistency is None)
    sure = UNJUDGED if accuracy is None else accuracy
    meant = UNJUDGED if consistency is None else consistency
    return Worth(combined(sure, meant, form), sure, meant, form, unjudged)


def accuracy_prompt(question: str, given: str, answer: str) -> str:
    """Return the prompt that asks how right an answer is."""
    return (
        "Grade an answer that a personal assistant gave, with a whole number from 0 to 10.\n"
        "Where one answer alone can be right (a letter, yes or no, a fact): 10 if it says the same as the right one, else 0.\n"
        "Otherwise: do its facts agree with the right one, does it make the same points, and does it meet the person in the "
        "same tone? 8 or more only if all three are so.\n\n"
        f"Question:\n{question}\n\nRight answer:\n{answer}\n\nAnswer to grade:\n{given}\n\nWrite the number alone."
    )


def consistency_prompt(question: str, thought: str, given: str) -> str:
    """Return the prompt that asks whether an answer follows from the thought before it."""
    return (
        "An assistant thought before it answered. Grade, with a whole number from 0 to 10, whether the answer follows from the "
        "thought: 10 if the thought leads to just this answer, 0 if it contradicts it or has nothing to do with it.\n\n"
        f"Question:\n{question}\n\nThought:\n{thought}\n\nAnswer:\n{given}\n\nWrite the number alone."
    )
