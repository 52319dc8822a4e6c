"""Figures of a search as the field reports them: by turns, and by the distinct sessions of its ranking."""

from __future__ import annotations

from datetime import UTC, datetime

from evals.components.retrieval import Scored, figures, measure
from evals.datasets.evidence import Asked, Conversation, Said
from tests.fakes import WordEmbedder

DAY = datetime(2024, 5, 1, tzinfo=UTC)
NEVER = float("inf")


def test_any_counts_a_question_with_one_answering_turn_and_recall_the_share():
    found = figures([Scored("a", (2.0, 15.0), 0.1), Scored("a", (30.0,), 0.1)])
    assert (found["questions"], found["recall@10"], found["any@10"], found["mrr"]) == (2, 0.25, 0.5, 0.2667)
    assert (found["any@4"], found["any@20"], found["recall@20"]) == (0.5, 0.5, 0.5)
    assert "session_any@10" not in found
    assert "tokens@10" not in found


def test_questions_of_which_only_the_sessions_are_known_count_by_sessions_alone():
    found = figures([Scored("a", (1.0,), 0.1, 10.0, 90), Scored("a", (), 0.1, 11.0, 40), Scored("a", (2.0,), 0.1, 2.0, 50)])
    assert (found["questions"], found["recall@4"]) == (2, 1.0)
    assert (found["session_questions"], found["session_any@5"], found["session_any@10"]) == (3, 0.3333, 0.6667)
    assert found["tokens@10"] == 50
    assert figures([Scored("a", (), 0.1, NEVER)])["session_any@10"] == 0.0
    assert figures([]) == {"questions": 0}


def _said(number, text, session):
    return Said(f"t{number}", DAY, text, "", session)


def test_sessions_are_counted_once_however_many_of_their_turns_come_first():
    # Twelve turns of one session rank before the answer's: it is beyond the first ten turns, and in the second session.
    loud = [_said(number, f"canoe canoe canoe {number}", "loud") for number in range(12)]
    talk = Conversation(
        "ada", (*loud, _said(12, "canoe and a very long tail of other words", "quiet")), (Asked("canoe", "x", ("t12",)),)
    )
    found = measure([talk], WordEmbedder(), ["dense"])["dense"]
    assert (found["any@10"], found["any@20"], found["session_any@10"]) == (0.0, 1.0, 1.0)
    assert found["by_category"]["x"]["session_any@5"] == 1.0


def test_the_sessions_that_a_format_names_come_before_those_of_the_turns():
    turns = (_said(0, "canoe", "near"), _said(1, "goat", "far"))
    named = Asked("canoe", "x", ("t0",), ("nowhere",))
    found = measure([Conversation("ada", turns, (named, Asked("canoe", "x", ("t0",))))], WordEmbedder(), ["dense"])["dense"]
    assert (found["recall@4"], found["session_any@10"]) == (1.0, 0.5)


def test_without_sessions_there_are_no_figures_of_sessions_and_tokens_are_of_ten_turns():
    turns = tuple(_said(number, "canoe" * 6, "") for number in range(12))
    found = measure([Conversation("ada", turns, (Asked("canoe", "x", ("t0",)),))], WordEmbedder(), ["bm25"])["bm25"]
    assert "session_any@10" not in found
    assert found["tokens@10"] == 10 * (30 // 3 + 1)


def test_a_question_is_asked_at_its_own_time(monkeypatch):
    asked_at = []

    def search(self, user_id, text, limit, *, asked, rule="hybrid"):
        asked_at.append(asked)
        return []

    monkeypatch.setattr("memory.search.retriever.Retriever.search_turns", search)
    told = datetime(2024, 7, 1, tzinfo=UTC)
    questions = (Asked("What did I sell last week?", "x", ("t0",), (), told), Asked("What did I sell?", "x", ("t0",)))
    found = measure([Conversation("ada", (_said(0, "I sold a canoe.", "one"),), questions)], WordEmbedder(), ["ours"])["ours"]
    assert asked_at == [told, datetime(2024, 5, 2, tzinfo=UTC)]
    assert (found["session_any@10"], found["mrr"]) == (0.0, 0.0)
