"""A run of questions: every one is asked once, of a person who has lived up to it, and what is done is not done again."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evals.baselines import Baseline, FullContext, Rag
from evals.cli.answers import of_most, part_of
from evals.runner import Log, run
from evals.solvers import Ours, Reply, user_of
from evals.types import Person, Question, Said
from graph.prompts.briefing import Style
from graph.prompts.budgets import Budgets
from memory.core.errors import InvalidInput, MessageTooLong, ModelUnavailable
from tests.fakes import NOTHING, ScriptedChat, WordEmbedder, answer, fact

BEGIN = datetime(2026, 3, 1, 9, tzinfo=UTC)


def person(name, *said):
    turns = [Said(BEGIN + timedelta(days=day), text, "I see.", ()) for day, text in enumerate(said)]
    return Person(name, tuple(turns))


def question(number, of="50/1", **fields):
    given = {"task": "Visual Detail Recall", "text": f"Question {number}?", "answer": "b", "choices": {"a": "tea", "b": "jazz"}}
    return Question(id=str(number), person=of, aspect="Memory Recall", **{**given, **fields})


class Notes:
    """Answers (b), and notes what it was asked after how much; may break off, or wait until others are asked as well."""

    def __init__(self, breaks_at=None, error=None, together=None):
        self.asked, self.lived = [], []
        self.most, self._now, self._lock = 0, 0, threading.Lock()
        self._breaks_at, self._error, self._together = breaks_at, error, together

    def replay(self, who, upto):
        self.lived.append((who.id, upto))

    def answer(self, who, asked, text):
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        if self._together is not None:
            self._together.wait(600)
        with self._lock:
            self._now -= 1
            self.asked.append((who.id, asked.id, text))
        if len(self.asked) == self._breaks_at:
            raise self._error
        return Reply("(b)", tokens=10, seconds=0.5)


PEOPLE = [person(f"50/{number}", "I like jazz.", "I have a dog.") for number in range(4)]
QUESTIONS = [question(10 * number + place, f"50/{number}", after=2 - place) for number in range(4) for place in range(2)]


def test_questions_are_asked_after_the_history_before_them(tmp_path):
    notes = Notes()
    cases = run(PEOPLE, QUESTIONS, {"it": notes}, Log(tmp_path / "log.jsonl"))
    assert [case.question for case in cases] == [one.id for one in QUESTIONS]
    assert notes.lived[:2] == [("50/0", 1), ("50/0", 2)]
    assert "Question 1?\n\n(a) tea\n(b) jazz" in notes.asked[0][2]
    assert {(case.score, case.strict, case.tokens) for case in cases} == {(1.0, 1.0, 10)}


def test_a_pair_of_replies_is_two_questions_of_yes_and_no(tmp_path):
    notes = Notes()
    pair = question(0, alignment=("Great!", "Meh."))
    cases = run([person("50/1", "Hi")], [pair], {"it": notes}, Log(tmp_path / "log.jsonl"))
    assert [(case.kind, case.answer, case.score) for case in cases] == [
        ("choice", "b", 1.0), ("chosen", "a", 0.0), ("rejected", "b", 1.0),
    ]  # fmt: skip
    assert "Great!" in cases[1].asked


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_run_that_broke_off_goes_on_where_it_was_to_the_same_result(tmp_path, concurrency):
    whole = run(PEOPLE, QUESTIONS, {"it": Notes()}, Log(tmp_path / "whole.jsonl"))
    path = tmp_path / "log.jsonl"
    first, second = Notes(5, ModelUnavailable("The server is gone.")), Notes()
    with pytest.raises(ModelUnavailable):
        run(PEOPLE, QUESTIONS, {"it": first}, Log(path), concurrency=concurrency)
    # As a crash leaves it: a line that is not whole.
    path.write_text(path.read_text() + '{"solver": "it", "ques')
    kept = len(Log(path).cases)
    again = run(PEOPLE, QUESTIONS, {"it": second}, Log(path), concurrency=concurrency)
    assert again == whole
    assert len(second.asked) == len(QUESTIONS) - kept
    assert 4 <= kept < len(QUESTIONS)


@pytest.mark.parametrize(("rule", "score"), [("letter", 1.0), ("letters", 0.0)])
def test_each_benchmark_has_its_rule(tmp_path, rule, score):
    class Both(Notes):
        def answer(self, who, asked, text):
            return Reply("(b), for (a) is about tea")

    [case] = run(PEOPLE[:1], [question(0, "50/0", rule=rule)], {"it": Both()}, Log(tmp_path / "log.jsonl"))
    assert (case.score, case.strict) == (score, 1.0)


def test_people_are_in_flight_side_by_side_and_each_in_order(tmp_path):
    notes = Notes(together=threading.Barrier(4))
    run(PEOPLE, QUESTIONS, {"it": notes}, Log(tmp_path / "log.jsonl"), concurrency=4)
    assert notes.most == 4
    for number in range(4):
        assert [asked for who, asked, _ in notes.asked if who == f"50/{number}"] == [f"{10 * number + 1}", f"{10 * number}"]


def test_a_question_that_is_too_long_counts_as_wrong_and_says_why(tmp_path):
    notes = Notes(1, MessageTooLong("The message is too long."))
    first, *rest = run(PEOPLE[:1], QUESTIONS[:2], {"it": notes}, Log(tmp_path / "log.jsonl"))[::-1]
    assert (first.score, first.error) == (0.0, "The message is too long.")
    assert rest[0].error is None


def test_a_file_that_is_no_log_is_not_written_to(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("buy milk\n")
    with pytest.raises(InvalidInput, match="line 1"):
        Log(path)
    assert path.read_text() == "buy milk\n"


def test_ours_remembers_the_history_and_nothing_of_a_question(memory):
    chat = ScriptedChat({"semantic": [fact("The user likes jazz.", "jazz"), NOTHING], "reasoning": answer("(b)")})
    solver, who = Ours(chat, memory, Style()), person("50/1", "I like jazz.", "I have a dog.")
    solver.replay(who, 2)
    solver.replay(who, 2)
    reply = solver.answer(who, question(0), "What do I like? (a) tea (b) jazz")
    assert reply.text == "(b)"
    assert reply.steps[0]["query"] == "What do I like? (a) tea (b) jazz"
    turns = memory.journal.turns(user_of(who))
    assert [turn.text for turn in turns] == ["I like jazz.", "I have a dog."]
    [look] = reply.rounds
    assert {place for shown in look for place in shown.turns} <= {0, 1}
    [told] = [shown for shown in look if "jazz" in shown.text]
    assert (told.kind, told.turns) == ("turn", (0,))
    assert memory.work.count(user_of(who)) == 0


def test_baselines_are_shown_nothing_all_that_fits_or_what_is_nearest():
    who = person("50/1", *(f"Day {number}: I saw a {animal}." for number, animal in enumerate(("dog", "cat", "owl") * 4)))
    style = Style(budgets=Budgets(window=4_000, output=512))
    shown = {}
    for name, solver in {
        "none": Baseline(ScriptedChat({"direct": "(a)"}), style),
        "full": FullContext(ScriptedChat({"direct": "(a)"}), style),
        "rag": Rag(ScriptedChat({"direct": "(a)"}), style, WordEmbedder()),
    }.items():
        assert solver.answer(who, question(0), "Which owl did I see?").text == "(a)"
        places = solver.choose(who.turns, question(0), "Which owl did I see?")
        shown[name] = [who.turns[place].user for place in places]
    assert shown["none"] == []
    assert shown["full"][-1] == "Day 11: I saw a owl."
    assert len(shown["rag"]) == 5
    assert sum("owl" in text for text in shown["rag"]) == 4


def test_nothing_that_was_said_later_helps_with_an_earlier_question(memory):
    solver, who = Ours(ScriptedChat(), memory, Style()), person("50/1", "I like jazz.", "I have a dog.")
    solver.replay(who, 2)
    with pytest.raises(InvalidInput, match="50/1 has lived through 2 turns, and a question is asked after 1"):
        solver.replay(who, 1)


def test_a_reply_that_says_nothing_is_wrong_and_the_run_goes_on(tmp_path, memory):
    who = person("50/1", "I like jazz.")
    solver = Ours(ScriptedChat({"reasoning": "", "retrieve": "", "answer": ""}), memory, Style())
    cases = run([who], [question(0), question(1)], {"ours": solver}, Log(tmp_path / "log.jsonl"))
    assert [(case.score, case.reply) for case in cases] == [(0.0, ""), (0.0, "")]
    assert "wrote nothing" in cases[0].error


@pytest.mark.evals
def test_thoughts_are_no_words_of_an_answer(tmp_path):
    class Thinks(Notes):
        def answer(self, who, asked, text):
            return Reply("<think>Is it not mentioned? It was in May, June or July.</think>7 May 2023")

    asked = question(0, rule="words", answer="7 May, 2023", task="2 temporal")
    never = question(1, rule="words", answer="not mentioned", task="5 adversarial")
    cases = run(
        [PEOPLE[0]], [replace(asked, person="50/0"), replace(never, person="50/0")], {"it": Thinks()}, Log(tmp_path / "l")
    )
    assert [(case.score, case.strict) for case in cases] == [(1.0, 1.0), (0.0, 0.0)]


def test_the_people_of_whom_most_is_asked_can_be_asked_alone():
    asked = [question(number, of) for number, of in enumerate(("50/1", "50/2", "50/2", "50/3", "50/3"))]
    assert [one.person for one in of_most(asked, 1)] == ["50/2", "50/2"]
    assert [one.id for one in of_most(asked, 2)] == ["1", "2", "3", "4"]
    assert of_most(asked, None) == asked
    assert (part_of(None, None), part_of(2, None), part_of(2, 30)) == ("", "-of-2", "-of-2-30")
