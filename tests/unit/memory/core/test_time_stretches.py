"""Stretches of time in German, French, Spanish, Chinese, Japanese and Hindi."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from memory.core.temporal import named_window
from memory.core.time_ranges import asked_window

ASKED = datetime(2025, 6, 11, 10, tzinfo=UTC)  # a Wednesday
NOW = ASKED.timestamp()


def day(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "Was war vom 3. bis 7. Mai?", "Qu'est-ce que j'ai fait du 3 au 7 mai ?", "¿Qué hice del 3 al 7 de mayo?",
        "5月3日到7日我做了什么？", "5月3日から7日まで何をした？", "Was war zwischen dem 3. und dem 7. Mai?", "Entre le 3 et le 7 mai, j'ai fait quoi ?", "¿Qué hice entre el 3 y el 7 de mayo?",
        "Was hat der Bruder von Tom vom 3. bis 7. Mai gemacht?", "¿Qué le dije entre el 3 y el 7 de mayo a Tom?",
        "Was war vom 03.05. bis 07.05.2025?", "Qu'ai-je fait du 03/05/2025 au 07/05/2025 ?",
    ],
)  # fmt: skip
def test_days_from_one_to_another(text):
    window = asked_window(text, ASKED)
    assert (window.start, window.end) == (day("2025-05-03"), day("2025-05-08"))


@pytest.mark.parametrize(
    "text",
    [
        "Was war zwischen März und Mai?", "Qu'ai-je fait entre mars et mai ?", "Qu'ai-je fait de mars à mai ?",
        "¿Qué hice entre marzo y mayo?", "我从三月到五月做了什么？", "三月到五月我在哪里？", "3月から5月まで何をした？",
        "मार्च से मई तक मैंने क्या किया?",
    ],
)  # fmt: skip
def test_months_from_one_to_another(text):
    window = asked_window(text, ASKED)
    assert (window.start, window.end) == (day("2025-03-01"), day("2025-06-01"))


@pytest.mark.parametrize("text", ["Was war vom 3. Mai bis 7. Mai 2023?", "¿Qué hice del 3 de mayo al 7 de mayo de 2023?"])
def test_a_year_at_the_end_is_that_of_both(text):
    window = asked_window(text, ASKED)
    assert (window.start, window.end) == (day("2023-05-03"), day("2023-05-08"))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("Was habe ich vor Weihnachten gemacht?", -math.inf, day("2024-12-24")),
        ("Qu'ai-je fait avant Noël ?", -math.inf, day("2024-12-24")),
        ("¿Qué hice antes de Navidad?", -math.inf, day("2024-12-24")),
        ("圣诞节之前我做了什么？", -math.inf, day("2024-12-24")),
        ("クリスマスの前に何をした？", -math.inf, day("2024-12-24")),
        ("Was war nach dem 4. Juni?", day("2025-06-05"), NOW),
        ("星期三之后发生了什么？", day("2025-06-05"), NOW),
        ("Was steht nach Montag an?", day("2025-06-17"), math.inf),
        ("Was habe ich seit Ostern gegessen?", day("2025-04-18"), NOW),
        ("Qu'ai-je fait depuis Noël ?", day("2024-12-24"), NOW),
        ("¿Qué he hecho desde Navidad?", day("2024-12-24"), NOW),
    ],
)
def test_a_stretch_with_one_end(text, start, end):
    window = asked_window(text, ASKED)
    assert (window.start, window.end) == (start, end)


def test_the_first_of_a_month_in_french():
    window = asked_window("Qu'ai-je fait du 1er au 7 mai ?", ASKED)
    assert (window.start, window.end) == (day("2025-05-01"), day("2025-05-08"))


def test_the_last_day_of_the_calendar_breaks_nothing():
    assert asked_window("Was war vor gestern?", datetime.max.replace(tzinfo=UTC)) is not None
    assert asked_window("Was ist nach heute?", datetime.max.replace(tzinfo=UTC)) is None


def test_a_stretch_whose_ends_are_the_wrong_way_round_is_no_time():
    # The last Monday was this week and the last Wednesday, which is not today, the week before.
    assert asked_window("Was war von Montag bis Mittwoch?", ASKED) is None


@pytest.mark.parametrize(
    "text",
    [
        "Was war vor drei Tagen nach der Arbeit?", "Was war nach der Schule am Montag?", "Was war am Tag vor Weihnachten?",
        "Was war im Zug von Oslo bis Rom am Montag?", "Où suis-je allé de Paris à Rome lundi ?", "Qu'ai-je fait avant hier ?",
        "¿Qué hice antes de ayer?", "¿Qué hice desde hace dos meses?", "三年以前我在哪里？", "两天之后有什么安排？",
        "昨天我从早上到晚上做了什么？", 'Was heißt "vor Weihnachten"?',
    ],
)  # fmt: skip
def test_other_words_are_read_as_before(text):
    assert asked_window(text, ASKED) == named_window(text, ASKED)
