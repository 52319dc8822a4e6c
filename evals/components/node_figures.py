"""How well each node of the graphs works, judged by the known content of a history (pure functions)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from evals.components.remembered import Kept
from evals.runner import Case
from evals.scoring.scorers import holds
from evals.types import Person, Question
from memory.core.records import TRAITS, BigFive
from memory.personality.pem import NEUTRAL

Figures = dict[str, float]


def reason(cases: Sequence[Case], questions: Mapping[str, Question]) -> Figures:
    """Return whether the model retrieves if the answer is in the past, and answers at once if it is not.

    Returns:
        | Figure | Share of |
        |---|---|
        | `looks when it must`, `answers when it can` | cases of that type with the right decision |
        | `decision` | the mean of these two |
        | `right unlooked` | correct replies among the cases that needed a retrieval and had none |
        | `looks` | retrievals per case |
        | `malformed` | cases in which the model broke the format at least once |
        | `window left out` | cases with an invalid time window |
        | `no reply` | cases without a reply, which count as no decision |
    """
    silent = sum(case.error is not None for case in cases) / len(cases) if cases else 0.0
    cases = [case for case in cases if case.error is None]
    must = [case for case in cases if questions[case.question].evidence]
    can = [case for case in cases if not questions[case.question].evidence]
    figures: Figures = {}
    if must:
        unretrieved = [case for case in must if not _retrievals(case)]
        figures["looks when it must"] = 1 - len(unretrieved) / len(must)
        if unretrieved:
            figures["right unlooked"] = _mean(case.score for case in unretrieved)
    if can:
        figures["answers when it can"] = _mean(not _retrievals(case) for case in can)
    if must and can:
        figures["decision"] = (figures["looks when it must"] + figures["answers when it can"]) / 2
    return figures | {
        "looks": _mean(_retrievals(case) for case in cases),
        "malformed": _mean(_warned(case, "Malformed") for case in cases),
        "window left out": _mean(_warned(case, "The window was left out") for case in cases),
        "no reply": silent,
    }


def answer(cases: Sequence[Case], questions: Mapping[str, Question]) -> Figures:
    """Return the share of correct replies.

    Returns:
        `right`, of the questions about the past; `right when shown`, of those with all evidence shown; `right direct`, of
        the other questions.
    """
    past = [case for case in cases if questions[case.question].evidence]
    shown = [case for case in past if set(questions[case.question].evidence) <= _places(case)]
    direct = [case for case in cases if not questions[case.question].evidence]
    return {
        name: _mean(case.score for case in of)
        for name, of in (("right", past), ("right when shown", shown), ("right direct", direct))
    }


def retrieve(cases: Sequence[Case], questions: Mapping[str, Question]) -> list[Figures]:
    """Return for each round how good its results are, over the cases that reached it.

    Returns:
        `cases`; `precision`, the share of shown memories made from turns that come from a turn with the answer; `recall`,
        the share of turns with the answer that this round or an earlier one showed; `empty`, the share of rounds that showed
        nothing.
    """
    rounds: list[Figures] = []
    asked = [(case, set(questions[case.question].evidence)) for case in cases if questions[case.question].evidence]
    for number in range(max((len(case.rounds) for case, _ in asked), default=0)):
        here = [(case.rounds[: number + 1], evidence) for case, evidence in asked if len(case.rounds) > number]
        precise = [bool(evidence & set(one.turns)) for so_far, evidence in here for one in so_far[-1] if one.turns]
        found = [
            len(evidence & {place for shown in so_far for one in shown for place in one.turns}) / len(evidence)
            for so_far, evidence in here
        ]
        empty = _mean(not so_far[-1] for so_far, _ in here)
        rounds.append({"cases": len(here), "precision": _mean(precise), "recall": _mean(found), "empty": empty})
    return rounds


def extract(people: Sequence[tuple[Person, Kept]]) -> Figures:
    """Return whether exactly the facts of the turns are remembered.

    Returns:
        `recall`, the share of all facts that the memory of their turn contains; `precision`, the share of memories that
        contain a fact of their turn; `decision`, the share of turns with a memory if there is a fact, and none if there is
        not.
    """
    recalled: list[bool] = []
    precise: list[bool] = []
    decided: list[bool] = []
    for person, left in people:
        for place, said in enumerate(person.turns):
            if said.facts is None:
                continue
            texts = [one.text for one in left.facts if place in one.turns]
            contained = [any(holds(text, fact) for text in texts) for fact in said.facts]
            recalled += contained
            precise += [any(holds(text, fact) for fact in said.facts) for text in texts]
            decided.append(bool(texts) == bool(said.facts))
    return {"recall": _mean(recalled), "precision": _mean(precise), "decision": _mean(decided)}


def summarize(people: Sequence[tuple[Person, Kept]]) -> Figures:
    """Return `recall`, the share of facts that the summary of their turn's topic contains; and `topics` per person."""
    contained = [
        any(holds(one.text, fact) for one in left.topics if place in one.turns)
        for person, left in people
        for place, said in enumerate(person.turns)
        for fact in said.facts or ()
    ]
    return {"recall": _mean(contained), "topics": _mean(len(left.topics) for _, left in people)}


def core(people: Sequence[tuple[Person, Kept]]) -> Figures:
    """Return `recall`, the share of the expected profile that it contains; and `entries` per profile."""
    contained = [
        any(holds(f"{key}: {value}", fact) for key, value in left.profile) for person, left in people for fact in person.core
    ]
    return {"recall": _mean(contained), "entries": _mean(len(left.profile) for _, left in people)}


def procedures(people: Sequence[tuple[Person, Kept]]) -> Figures:
    """Return `recall`, the share of known habits and goals that are remembered; and `entries` per person."""
    contained = [any(holds(text, fact) for text in left.procedures) for person, left in people for fact in person.procedures]
    return {"recall": _mean(contained), "entries": _mean(len(left.procedures) for _, left in people)}


def personality(people: Sequence[tuple[Person, Kept]]) -> Figures:
    """Return mean absolute errors of the personality scores, in points from 1 to 5.

    Returns:
        `inferred`, for the traits that a turn is known to show; `evolved`, for the final scores; `neutral`, for a guess of 3
        for everyone.
    """
    shown: list[float] = []
    evolved: list[float] = []
    neutral: list[float] = []
    for person, left in people:
        if person.personality is None or left.personality is None:
            continue
        true = dict(person.personality.items())
        shown += [abs(score - true[trait]) for point in left.inferred for trait, score in point.items() if score != NEUTRAL]
        evolved += _errors(left.personality, true)
        neutral += _errors(BigFive(), true)
    return {"inferred": _mean(shown), "evolved": _mean(evolved), "neutral": _mean(neutral)}


def _errors(scores: BigFive, true: Mapping[str, float]) -> list[float]:
    return [abs(getattr(scores, trait) - true[trait]) for trait in TRAITS]


def _places(case: Case) -> set[int]:
    return {place for shown in case.rounds for one in shown for place in one.turns}


def _retrievals(case: Case) -> int:
    return sum(step["action"] == "retrieve" for step in case.steps)


def _warned(case: Case, beginning: str) -> bool:
    return any((step["warning"] or "").startswith(beginning) for step in case.steps)


def _mean(values: Iterable[float]) -> float:
    given = list(values)
    return sum(given) / len(given) if given else float("nan")
