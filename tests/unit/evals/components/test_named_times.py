"""Named times in six languages: what the sets hold, how a text is judged, and that the rules understand them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import pytest

from evals.components import named_times
from evals.datasets.own_talk import NamedTime

NOW = datetime(2026, 5, 20, 18, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("name", "each"), [("named_times", {"en": 12} | dict.fromkeys(("de", "fr", "es", "zh", "ja", "hi"), 25)),
                       ("named_times_later", dict.fromkeys(("de", "fr", "es", "zh", "ja", "hi"), 15))],
)  # fmt: skip
def test_each_language_has_its_phrases_and_its_traps(name, each):
    rows = named_times.phrases(name)
    assert Counter(row.language for row in rows) == each
    assert len({row.text for row in rows}) == len(rows)
    for language in each:
        assert sum(row.days is None for row in rows if row.language == language) >= 3


def test_a_text_is_right_missed_on_other_days_or_invented():
    yesterday = (date(2026, 5, 19), date(2026, 5, 19))
    texts = {"yesterday": yesterday, "a goat": yesterday, "last year": yesterday, "last month": None, "a well": None}
    report = named_times.judged([NamedTime("en", NOW, text, days) for text, days in texts.items()])
    assert report["by_language"] == {"en": {"right": 2, "missed": 1, "other_days": 1, "invented": 1}}
    assert report["wrong"] == [
        "en, 2026-05-20, a goat: no time, not 2026-05-19 to 2026-05-19",
        "en, 2026-05-20, last year: 2025-01-01 to 2025-12-31, not 2026-05-19 to 2026-05-19",
        "en, 2026-05-20, last month: 2026-04-01 to 2026-04-30, not no time",
    ]


def test_every_phrase_and_question_is_understood():
    assert {name: report["wrong"] for name, report in named_times.measure().items()} == {
        "named_times": [],
        "named_times_later": [],
        "questions": [],
    }
