"""The prompts of a case, and the score of a reply to them (pure functions)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evals.datasets.locomo import CATEGORIES
from evals.scoring import rubric
from evals.scoring.letters import answered, letter_published, letter_strict, letters_in
from evals.scoring.scorers import holds, locomo_score, token_f1
from evals.types import Question

Kind = Literal["choice", "chosen", "rejected", "open"]
YES, NO = "a", "b"
_ALIGNMENT = (
    "Somebody drafted this reply to the person:\n\n{reply}\n\nDoes it fit the person's personality?\n(a) yes\n(b) no\n\n"
    "Answer with the letter in brackets, for example (a)."
)
_CHOICE = "{question}\n\n{choices}\n\nAnswer with the letter of the best option in brackets, for example ({first})."
_OPEN = ("words", "holds", "says", "rubric", "order")


@dataclass(frozen=True)
class Asked:
    """One text that a model is asked, the right answer, and the letters that it may choose from."""

    kind: Kind
    text: str
    answer: str
    letters: tuple[str, ...] = ()


def all_asked(question: Question) -> list[Asked]:
    """Return the prompts of a case: the question itself, and whether two replies fit the person."""
    if question.rule in _OPEN:
        return [Asked("open", question.text, question.answer)]
    letters = tuple(question.choices)
    listed = "\n".join(f"({letter}) {text}" for letter, text in question.choices.items())
    text = _CHOICE.format(question=question.text, choices=listed, first=letters[0])
    asked = [Asked("choice", text, question.answer, letters)]
    if question.alignment is not None:
        chosen, rejected = question.alignment
        asked.append(Asked("chosen", _ALIGNMENT.format(reply=chosen), YES, (YES, NO)))
        asked.append(Asked("rejected", _ALIGNMENT.format(reply=rejected), NO, (YES, NO)))
    return asked


def scores(question: Question, asked: Asked, said: str) -> dict[str, float]:
    """Return the score of a reply by the published rule (`score`) and by ours (`strict`), from 0 to 1.

    A rubric is scored by words here; a judge scores the replies of a finished run (`evals.judging`).
    """
    match question.rule:
        case "words":
            said, category = answered(said), int(question.task.split(" ", 1)[0])
            score = locomo_score(said, asked.answer, category)
            # Strict: all of the words and no others; both rules treat a missing answer the same way.
            return {"score": score, "strict": float(token_f1(said, asked.answer) == 1.0) if category in CATEGORIES else score}
        case "holds":
            right = float(holds(answered(said), [asked.answer]))
            return {"score": right, "strict": right}
        case "says" if question.says is not None:
            right = float(question.says.right(answered(said)))
            return {"score": right, "strict": right}
        case "rubric":
            verdicts = [rubric.by_words(question.text, item, answered(said)) for item in question.rubric]
            return {"score": rubric.share(verdicts), "strict": float(all(verdict == 1.0 for verdict in verdicts))}
        case "order":
            found = rubric.order(
                question.rubric,
                rubric.lines_of(answered(said)),
                lambda event, line: rubric.by_words(question.text, event, line) > 0,
            )
            return {"score": found.tau, "strict": found.tau * found.f1}
        case "letters":
            right = letters_in(said, asked.letters) == {asked.answer}
        case _:
            right = letter_published(said) == asked.answer
    return {"score": float(right), "strict": float(letter_strict(said, asked.letters) == asked.answer)}
