"""The page of a run: it stands by itself, has the published figures beside ours, and what was said stays text."""

from __future__ import annotations

import re

from evals.cases import Shown
from evals.page import render
from evals.published import COLUMNS, PERSONA_MME, PERSONAMEM
from tests.unit.test_report import case


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
    assert "ours looked into memory in 50% of its cases, 0.50 times a case" in text
    for said in (
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "Looked for mug from the beginning to 2026-03-01 09:00; found 1",
        "semantic, turn 3: The mug is &lt;red&gt;.",
    ):
        assert said in text
    assert "<script>alert" not in page


def test_a_page_reaches_for_nothing_elsewhere():
    page = render("PersonaMem", [case(1, 1.0)], PERSONAMEM, ("all",))
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=", page)
    assert "Nothing." in page


def test_published_rows_have_a_figure_for_every_column():
    for rows in PERSONA_MME.values():
        assert {len(values) for _, values in rows} == {len(COLUMNS)}
