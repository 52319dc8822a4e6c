"""How often a newer fact that replaces an older one is believed, and how often one that does not, on pairs of our own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

from langchain_core.messages import HumanMessage, SystemMessage

from graph.calls.asking import Asker
from graph.formats import memory_formats
from graph.prompts.texts import Prompts
from memory.core.records import SemanticMemory
from memory.facts.acceptance import Relation, decide, worth_asking

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from memory.embedding.text_embedder import Embedder

SETS = ("changes", "changes_unseen", "changes_later", "changes_fresh", "changes_fresh2", "changes_fresh3", "changes_fresh4")
"""Sets of pairs in `evals/data`: the first was written before the rules of `memory.facts`, the others after them."""
_SAID, _LATER = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 23, 9, tzinfo=UTC)
_MAX_TOKENS = 60
_ASSUMED_COSINE = 0.7
"""Cosine of a pair if none is measured: near enough to ask about the older fact, too far to be a repetition."""

Judge = Callable[[str, str], Relation]
"""Takes (older, newer); returns how the older fact relates to the newer one."""


@dataclass(frozen=True)
class Pair:
    """Two facts about one person, the older one said first.

    Attributes:
        kind: `change`: the newer fact replaces the older one; `both`: both are true.
        area: Their topic: work, home, …
        older: The older fact.
        newer: The newer fact.
    """

    kind: Literal["change", "both"]
    area: str
    older: str
    newer: str


def pairs(name: str) -> list[Pair]:
    """Return one of `SETS`: half of the pairs are changes, over ten areas of everyday life."""
    text = (resources.files("evals") / "data" / f"{name}.tsv").read_text(encoding="utf-8")
    return [Pair(*line.split("\t")) for line in text.splitlines()]  # type: ignore[arg-type] # checked by the test of the data


def always_changed(_older: str, _newer: str) -> Relation:
    """Judge like a model that sees a change in every pair: the rules alone then decide."""
    return "changed"


def judged_by(chat: BaseChatModel, window: int, prompts: Prompts | None = None) -> Judge:
    """Return a judge that asks a model, with the prompt and the grammar of REMEMBER; unreadable output is `other`."""
    texts = prompts or Prompts()
    asker = Asker(chat, texts.malformed, window)

    def _judge(older: str, newer: str) -> Relation:
        messages = [SystemMessage(texts.change), HumanMessage(f"New: {newer}\n1: {older}")]
        _, said = asker.ask(
            messages,
            lambda text: memory_formats.parse_change(text, 1),
            grammar=memory_formats.change_grammar(1),
            max_tokens=_MAX_TOKENS,
        )
        return said[0] if said else "other"

    return _judge


def measure(rows: Sequence[Pair], judge: Judge = always_changed, embedder: Embedder | None = None) -> dict[str, Any]:
    """Return which changes are believed, and which facts that are still true are superseded.

    Args:
        rows: The pairs.
        judge: The model, or a stand-in for one.
        embedder: Decides whether the older fact is near enough to be asked about; None: every one is.

    Returns:
        `changes` and `believed` (counts), `share`, `both` and `superseded` (counts), by area `missed`, and the pairs with
        wrong results: `missed` changes and `wrongly` superseded facts.
    """
    missed, wrongly = [], []
    for row in rows:
        superseded = _superseded(row, judge, embedder)
        if row.kind == "change" and not superseded:
            missed.append(row)
        if row.kind == "both" and superseded:
            wrongly.append(row)
    changes = sum(row.kind == "change" for row in rows)
    return {
        "changes": changes,
        "believed": changes - len(missed),
        "share": round(1 - len(missed) / changes, 3),
        "both": len(rows) - changes,
        "superseded": len(wrongly),
        "missed": [f"{row.area}: {row.older} -> {row.newer}" for row in missed],
        "wrongly": [f"{row.area}: {row.older} -> {row.newer}" for row in wrongly],
    }


def _superseded(row: Pair, judge: Judge, embedder: Embedder | None) -> bool:
    old = SemanticMemory(id="sem_old", turn_id="old", time=_SAID, content=row.older)
    new = SemanticMemory(id="sem_new", turn_id="new", time=_LATER, content=row.newer)
    cosine = _ASSUMED_COSINE
    if embedder is not None:
        one, other = embedder.embed([row.older, row.newer])
        cosine = float(one.vector @ other.vector)
    asked = worth_asking(new, [(old, cosine)])
    if not asked:
        return False
    return bool(decide(new, asked, {old.id: judge(row.older, row.newer)}).supersedes)
