"""A judge's verdicts are read, kept and not asked for again; hand-made labels are as they are described."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel

from evals.cli.beam import LABELS
from evals.components.judge import FILE, Judge, Judgements, judged, opened
from evals.datasets import judged as labelled
from evals.runner import Case
from evals.types import Question
from memory.core.errors import InvalidInput

QUESTION = Question("1", "p", "BEAM", "x", "What leaks?", "", rule="rubric", rubric=("the canoe", "at the bow"))
ORDER = Question("2", "p", "BEAM", "event ordering", "In which order?", "", rule="order", rubric=("the leak", "the paint"))


class Counting(FakeListChatModel):
    """Counts what it is asked."""

    asked: int = 0

    def _stream(self, *args: Any, **kwargs: Any) -> Any:
        self.asked += 1
        return super()._stream(*args, **kwargs)


def _judge(path, *says):
    chat = Counting(responses=list(says))
    return chat, Judge(chat, "scripted", 4_096, Judgements(path))


def _case(question, reply, **more):
    return Case(
        solver="ours", question=question.id, kind="open", person="p", aspect="BEAM", task=question.task, asked=question.text,
        answer="", reply=reply, score=0.25, strict=0.0, tokens=1, seconds=1.0, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("says", "verdict"),
    [('"verdict": 1', 1.0), ('"verdict": 0.5', 0.5), ("Verdict: 0", 0.0), ("1.0", 1.0), (".5", 0.5), ("It is fine.", None),
     ('"verdict": 7', None), ("10", None)],
)  # fmt: skip
def test_a_verdict_is_read_in_the_forms_that_models_write(says, verdict):
    _, judge = _judge(None, says)
    assert judge.verdict("What leaks?", "the canoe", "The canoe.") == verdict
    assert judge.unread == (verdict is None)


def test_replies_are_scored_by_the_judge_and_a_second_run_asks_nothing(tmp_path):
    chat, judge = _judge(tmp_path / FILE, '"verdict": 1', '"verdict": 0.5')
    [case] = judged([_case(QUESTION, "The canoe.")], [QUESTION], judge)
    assert (case.score, case.strict, chat.asked) == (0.75, 0.0, 2)
    again, judge = _judge(tmp_path / FILE, '"verdict": 0')
    assert judged([_case(QUESTION, "The canoe.")], [QUESTION], judge) == [case]
    assert again.asked == 0


def test_another_judge_is_asked_itself(tmp_path):
    _judge(tmp_path / FILE, '"verdict": 1')[1].verdict("What leaks?", "the canoe", "The canoe.")
    other = Judge(FakeListChatModel(responses=['"verdict": 0']), "another", 4_096, Judgements(tmp_path / FILE))
    assert other.verdict("What leaks?", "the canoe", "The canoe.") == 0.0


def test_no_reply_is_judged_without_asking_and_what_is_unread_is_left_out():
    chat, judge = _judge(None, "Hm.")
    [silent] = judged([_case(QUESTION, "", error="It does not fit.")], [QUESTION], judge)
    assert (silent.score, chat.asked) == (0.0, 0)
    assert judged([_case(QUESTION, "The canoe.")], [QUESTION], judge) == []


def test_events_are_compared_one_by_one():
    # The first line is the first event; the second line is compared with the event that is left.
    chat, judge = _judge(None, '"verdict": 1', '"verdict": 1')
    [case] = judged([_case(ORDER, "a leak\nsome paint")], [ORDER], judge)
    assert (case.score, case.strict, chat.asked) == (1.0, 1.0, 2)


def test_a_line_that_a_crash_cut_off_is_dropped_and_another_file_is_refused(tmp_path):
    path = tmp_path / FILE
    Judgements(path).add("k", "asked", 1.0)
    path.write_bytes(path.read_bytes() + b'{"of": "x"')
    assert Judgements(path).get("k") == 1.0
    path.write_text("no judgement\n")
    with pytest.raises(InvalidInput, match=r"judgements\.jsonl, line 1"):
        Judgements(path)


def test_a_key_that_is_not_set_is_named(monkeypatch):
    monkeypatch.delenv("JUDGE_KEY", raising=False)
    with (
        pytest.raises(InvalidInput, match="JUDGE_KEY is not set"),
        opened("http://127.0.0.1:9/v1", "m", "JUDGE_KEY", Judgements()),
    ):
        pass


def test_a_hundred_replies_were_judged_by_hand():
    rows = labelled.load(LABELS)
    assert len(rows) == 100
    assert len({(row.item, row.reply) for row in rows}) == 100
    assert min(Counter(row.verdict for row in rows).values()) >= 20


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind\tquestion\n", "line 1: the columns are not"),
        ("kind\tquestion\titem\treply\tverdict\n", "no judged reply"),
        ("kind\tquestion\titem\treply\tverdict\na\tb\tc\t\t1\n", "line 2: it does not have 5 cells"),
        ("kind\tquestion\titem\treply\tverdict\na\tb\tc\td\t2\n", "line 2: the verdict is '2'"),
    ],
)
def test_a_malformed_row_is_named_by_its_line(tmp_path, text, said):
    (tmp_path / "labels.tsv").write_text(text)
    with pytest.raises(InvalidInput, match=said):
        labelled.load(tmp_path / "labels.tsv")
