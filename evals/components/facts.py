"""Which details of a message reach the stored fact: messages of our own, with what the fact must and must not contain."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING, Any

from langchain_core.messages import SystemMessage

from evals.scoring.scorers import holds
from graph.calls.asking import Asker
from graph.extraction.fidelity import names_something
from graph.extraction.own_fact import fact_of
from graph.formats.memory_formats import DECISION_GRAMMAR, SEMANTIC_GRAMMAR, parse_decision, parse_semantic
from graph.language.language import language_of
from graph.language.statements import statements
from graph.prompts.sections import human, rounds_of
from graph.remember import extraction_prompt, message_prompt
from memory.core.records import Turn

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from graph.prompts.briefing import Style

SETS = ("facts", "facts_unseen")
"""Sets of messages in `evals/data`: the rules were written with the first; the second was tried once, afterwards."""

FIGURES = ("telling", "kept", "whole", "wrong", "nothing", "kept all the same")
_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
_MAX_TOKENS = 320


@dataclass(frozen=True)
class Row:
    """A message.

    Attributes:
        language: Its language, in two letters.
        shows: `plain`: it shows no trait of its writer; `trait`: it may.
        text: The message, written on Monday 2026-03-02.
        holds: What the fact must contain, as in `evals.scoring.scorers.holds`; empty: there is nothing to remember.
        never: What it must not contain.
    """

    language: str
    shows: str
    text: str
    holds: tuple[str, ...]
    never: tuple[str, ...]


def rows(name: str) -> list[Row]:
    """Return one of `SETS`."""
    text = (resources.files("evals") / "data" / f"{name}.tsv").read_text(encoding="utf-8")
    return [_row(line) for line in text.splitlines()]


def lost(row: Row, fact: str) -> list[str]:
    """Return what a fact should contain and does not."""
    # Chinese has no spaces between words.
    if row.language == "zh":
        return [one for one in row.holds if not any(part in fact for part in one.split("|"))]
    return [one for one in row.holds if not holds(fact, (one,))]


def wrong(row: Row, fact: str) -> list[str]:
    """Return what a fact contains and must not."""
    return [one for one in row.never if one.lower() in fact.lower()]


def measure(asked: Iterable[Row], fact_of: Callable[[Row], str]) -> dict[str, Any]:
    """Return how many messages are stored correctly.

    Args:
        asked: The messages.
        fact_of: Returns the fact of a message; empty if nothing is kept.

    Returns:
        `telling`, `kept`, `whole` (kept with everything required and nothing wrong) and `wrong` (kept with a wrong detail);
        messages with `nothing` to remember, and how many of these were `kept all the same`; the texts of the wrong ones.
    """
    found: dict[str, Any] = {**dict.fromkeys(FIGURES, 0), "not right": []}
    for row in asked:
        fact = fact_of(row)
        if not row.holds:
            found["nothing"] += 1
            found["kept all the same"] += bool(fact)
        else:
            found["telling"] += 1
            found["kept"] += bool(fact)
            found["whole"] += bool(fact) and not lost(row, fact) and not wrong(row, fact)
            found["wrong"] += bool(fact) and bool(wrong(row, fact))
        if bool(fact) != bool(row.holds) or (fact and (lost(row, fact) or wrong(row, fact))):
            found["not right"].append(f"{row.text} -> {fact}")
    return found


def in_own_words(row: Row) -> str:
    """Return a fact of everything that a message states, as if all of it were worth keeping."""
    return fact_of(row.text, _AT, "") if statements(row.text) else ""


def by_model(chat: BaseChatModel, style: Style) -> Callable[[Row], str]:
    """Return a function that makes a fact as REMEMBER does, with a model that decides (small) or writes (large)."""
    prompts = style.prompts
    asker = Asker(chat, prompts.malformed, style.budgets.window)

    def _fact(row: Row) -> str:
        stated = statements(row.text)
        if style.is_small and not stated:
            return ""
        if style.is_small and names_something(stated) and language_of(row.text) != "other":
            return fact_of(row.text, _AT, "")
        turn = Turn(id="turn", user_id="somebody", seq=1, session=1, time=_AT, text=row.text)
        if style.is_small:
            asked = [SystemMessage(prompts.worth), *rounds_of(prompts.decided), human(message_prompt(turn), [])]
            _, found = asker.ask(asked, parse_decision, grammar=DECISION_GRAMMAR, max_tokens=_MAX_TOKENS)
        else:
            asked = [SystemMessage(prompts.semantic), human(extraction_prompt(turn, prompts), [])]
            _, found = asker.ask(asked, parse_semantic, grammar=SEMANTIC_GRAMMAR, max_tokens=_MAX_TOKENS)
        return fact_of(row.text, _AT, found.content, small=style.is_small) if found and found.decision else ""

    return _fact


def _row(line: str) -> Row:
    language, shows, text, required, never = line.split("\t")
    return Row(language, shows, text, tuple(filter(None, required.split(";"))), tuple(filter(None, never.split("|"))))
