"""The page of a run: it stands by itself, has the published figures beside ours, and what was said stays text."""

from __future__ import annotations

import re

import pytest

from evals.reports.page import render
from evals.reports.published import ASPECTS, COLUMNS, PERSONA_MME, PERSONAMEM
from evals.types import Shown
from tests.unit.evals.reports.test_report import case

pytestmark = pytest.mark.evals


def test_a_page_has_ours_the_published_ones_and_what_went_wrong():
    wrong = case(
        2, 0.0, reply="(b) <script>alert(1)</script>", answer="a", rounds=((Shown("mem_1", "semantic", "The mug is <red>.", (3,)),),),
        steps=({"action": "retrieve", "query": "mug", "memory_ids": ["tur_1"], "think": "Was it red?", "warning": None,
                "start_time": None, "end_time": "2026-03-01 09:00"},),
    )  # fmt: skip
    page = render("Persona-MME, 32k", [case(1, 1.0), wrong, case(1, 0.0, solver="none")], PERSONA_MME["32k"])
    text = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert "50.0<small>0.0 to 100.0, n = 2</small>" in text
    assert "PersonaVLM (RL) (published)" in text
    assert "71.48" in text
    assert text.count("<details") == 2
    assert "<td>ours</td><td>50%</td><td>0.50</td>" in text
    for said in (
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "Searched for mug from the beginning to 2026-03-01 09:00; found 1",
        "semantic, turn 3: The mug is &lt;red&gt;.",
    ):
        assert said in text
    assert "<script>alert" not in page


def test_a_page_says_what_a_question_took_and_what_remembering_took_a_turn():
    done = {"calls": 2.5, "prompt_tokens": 1234.0, "completion_tokens": 80.0, "seconds": 30.1, "processor_seconds": 41.2}
    page = render("PersonaMem", [case(1, 1.0, prompt_tokens=1_500, calls_to_first=1, first_seconds=2.5)], work=done)
    row = re.search(r"<tr><td>ours</td><td>1,500</td>.*?</tr>", page)[0]
    assert "<td>1.0</td><td>2.5</td>" in row
    assert "<td>2.5</td><td>1,234</td><td>80</td><td>30.1</td><td>41.2</td>" in page
    assert "remembering a turn" not in render("PersonaMem", [case(1, 1.0)])


def test_a_page_reaches_for_nothing_elsewhere():
    page = render("PersonaMem", [case(1, 1.0)], PERSONAMEM)
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=", page)
    assert "Nothing." in page


def test_tasks_costs_and_what_a_comparison_is_worth_stand_beside_ours():
    cases = [case(1, 1.0), case(1, 1.0, kind="chosen"), case(1, 0.0, kind="rejected")]
    page = render("persona_mini, 128k", cases, PERSONA_MME["128k"], note="Eight people, not a hundred.")
    text = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert "<th>all with alignment</th>" in text
    assert "66.7<small>" in text
    assert "<td>50.70</td>" in text, "the published figure of the task"
    assert "<td>2,170</td><td>10.18</td>" in text
    assert "Eight people, not a hundred." in text
    assert "Claude-3.7-Sonnet (published)" in text


def test_published_sums_come_out():
    """All cases alike: those of 13 tasks, and both questions of each alignment pair."""
    for context, cases, pairs, summed in (("128k", 905, 180, 77.08),):
        [row] = [row for row in PERSONA_MME[context] if row.name == "PersonaVLM (RL)"]
        assert set(row.right) >= set(COLUMNS)
        right = (cases * row.right["all"] + 2 * pairs * row.right["Alignment"]) / (cases + 2 * pairs)
        assert right == pytest.approx(summed, abs=0.05)
        by_task = {name: value for name, value in row.right.items() if " / " in name}
        assert len(by_task) == 14
    for rows in PERSONA_MME.values():
        assert all(set(ASPECTS) <= set(row.right) or len(row.right) <= 1 for row in rows)
