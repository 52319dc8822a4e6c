"""Days that a text names in German, French, Spanish, Chinese, Japanese and Hindi."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.core.temporal import named_window
from memory.core.time_phrases import days_of_phrase

TODAY = date(2026, 5, 20)  # a Wednesday
ALL = ["Montag", "lundi", "lunes", "周一", "月曜", "सोमवार"]


def _days(text, today=TODAY, prefer="past"):
    days = days_of_phrase(text, today, "", prefer)
    return days and (days[0].isoformat(), (days[1] - timedelta(days=1)).isoformat())


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        # Of several times the first counts, and of two readings at one place the longer one.
        ("Was war gestern und was war letzte Woche?", "2026-05-19", "2026-05-19"),
        ("Was war am Freitag, dem 3. April?", "2026-04-03", "2026-04-03"),
        ("Et lundi 4 mai, j'ai fait quoi ?", "2026-05-04", "2026-05-04"),
        ("¿Qué hice el lunes 4 de mayo?", "2026-05-04", "2026-05-04"),
        # A word that has a habit beside it does not hide a time that follows.
        ("Ich schwimme jeden Montag, aber was war am Dienstag?", "2026-05-19", "2026-05-19"),
        # Without accents, with umlauts in two letters, in full width.
        ("Was steht naechsten Montag an?", "2026-05-25", "2026-05-25"),
        ("que paso el sabado pasado", "2026-05-16", "2026-05-16"),
        ("３日前に何をした？", "2026-05-17", "2026-05-17"),
        ("上個禮拜五我做了什麼？", "2026-05-15", "2026-05-15"),
        ("पिछले हफ्ते क्या हुआ?", "2026-05-11", "2026-05-17"),
        # Numbers in words.
        ("Was war vor elf Tagen?", "2026-05-09", "2026-05-09"),
        ("十二天前发生了什么？", "2026-05-08", "2026-05-08"),
        ("二十一日前に何があった？", "2026-04-29", "2026-04-29"),
        ("Il y a onze jours, c'était quoi ?", "2026-05-09", "2026-05-09"),
        # What is due by a day lies ahead.
        ("Was war bis Freitag fällig?", "2026-05-22", "2026-05-22"),
        ("J'ai 28 copies à corriger d'ici jeudi", "2026-05-21", "2026-05-21"),
        ("Necesito el regalo para el viernes", "2026-05-22", "2026-05-22"),
        # Feasts and seasons by the rules for English.
        ("Qu'est-ce qu'on a mangé à Pâques ?", "2026-04-03", "2026-04-06"),
        ("¿Qué hicimos en Nochevieja?", "2025-12-31", "2025-12-31"),
        ("去年冬天我在哪里？", "2025-12-01", "2026-02-28"),
        # A year of its own.
        ("Was war im März 2024?", "2024-03-01", "2024-03-31"),
        ("¿Dónde estaba el 29 de febrero?", "2024-02-29", "2024-02-29"),
        ("Was war im Sommer 2023?", "2023-06-01", "2023-08-31"),
        ("Où étais-je en été 2023 ?", "2023-06-01", "2023-08-31"),
        ("Où étais-je pendant l'été 2023 ?", "2023-06-01", "2023-08-31"),
        ("¿Dónde estuve en el verano de 2023?", "2023-06-01", "2023-08-31"),
        ("2023年夏天我在哪里？", "2023-06-01", "2023-08-31"),
        ("2023年の夏はどこにいた？", "2023-06-01", "2023-08-31"),
        ("Was gab es letztes Jahr zu Weihnachten?", "2025-12-24", "2025-12-26"),
        ("Was gab es zu Ostern letzten Jahres?", "2025-04-18", "2025-04-21"),
        # Numeric dates begin with the day.
        ("Qu'est-ce que j'ai acheté le 03/05/2025 ?", "2025-05-03", "2025-05-03"),
        ("Qui a gagné le 3/5 ?", "2026-05-03", "2026-05-03"),
        ("¿Qué hice el 03/05/2025?", "2025-05-03", "2025-05-03"),
        ("¿Qué hice el 3-5-2025?", "2025-05-03", "2025-05-03"),
        ("Was war am 03.05.2025?", "2025-05-03", "2025-05-03"),
        ("Was war am 03/05/2025?", "2025-05-03", "2025-05-03"),
        ("Was war am 3.5.?", "2026-05-03", "2026-05-03"),
        ("Was war am 3.5.25?", "2025-05-03", "2025-05-03"),
        ("さきおとといは何をした？", "2026-05-17", "2026-05-17"),
        ("Was war heute vor einer Woche?", "2026-05-10", "2026-05-16"),
        ("mois d'avril, j'ai fait quoi ?", "2026-04-01", "2026-04-30"),
        # A quoted word hides no other time; a word of English in a title does not make a question English.
        ('Was hat Tom gestern zu "heute" gesagt?', "2026-05-19", "2026-05-19"),
        ("昨天我看了The What电影", "2026-05-19", "2026-05-19"),
        ("Wo war ich gestern, my friend?", "2026-05-19", "2026-05-19"),
        # Words that begin like a name.
        ("周三元旦放假吗？", "2026-05-13", "2026-05-13"),
        ("周一一起吃饭了吗？", "2026-05-18", "2026-05-18"),
        ("周五三点见了谁？", "2026-05-15", "2026-05-15"),
        ("今日子供と何をした？", "2026-05-20", "2026-05-20"),
        ("明日香港に行く？", "2026-05-21", "2026-05-21"),
        ("我周末做了什么？", "2026-05-16", "2026-05-17"),
    ],
)
def test_what_a_question_names(text, first, last):
    assert _days(text) == (first, last)


@pytest.mark.parametrize(
    ("behind", "ahead", "days"),
    [
        ("Was war am Montag?", "Was habe ich am Montag vor?", ("2026-05-18", "2026-05-25")),
        ("J'ai fait quoi lundi ?", "Je dois faire quoi lundi ?", ("2026-05-18", "2026-05-25")),
        ("¿Qué pasó el lunes?", "¿Qué tengo el lunes?", ("2026-05-18", "2026-05-25")),
        ("周一我做了什么？", "周一我要做什么？", ("2026-05-18", "2026-05-25")),
        ("月曜日に何をした？", "月曜日の予定は？", ("2026-05-18", "2026-05-25")),
        ("सोमवार को क्या हुआ?", "सोमवार को क्या करना है?", ("2026-05-18", "2026-05-25")),
        ("कल क्या हुआ था?", "कल क्या होगा?", ("2026-05-19", "2026-05-21")),
    ],
)
def test_a_bare_day_lies_on_the_side_that_the_question_looks_to(behind, ahead, days):
    assert (_days(behind)[0], _days(ahead)[0]) == days


def test_a_month_without_a_year_follows_what_is_preferred():
    months = [_days("Was ist im August?", prefer=prefer)[0] for prefer in ("past", "current_period", "future")]
    assert months == ["2025-08-01", "2026-08-01", "2026-08-01"]
    assert [_days("en mars", prefer=prefer)[0] for prefer in ("past", "current_period", "future")] == [
        "2026-03-01", "2026-03-01", "2027-03-01",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "Was ist für Juli geplant?", "Was habe ich im Juli vor?", "Qu'est-ce qui est prévu en juillet ?", "¿Qué tengo en julio?",
        "七月有什么安排？", "7月の予定は？", "जुलाई में क्या होगा?",
    ],
)  # fmt: skip
def test_a_month_of_plans_is_the_next_one(text):
    assert _days(text) == ("2026-07-01", "2026-07-31")


@pytest.mark.parametrize(
    "text",
    [
        # Words of one language that another one has too.
        "Was ist hier los?", "I'm april, and who are you?", "im august", "Was ist so schön daran?", "Je sais que ma sœur est là",
        "A ma chère sœur", "mi casa es su casa", "Il a été gentil", "Captain Morgan's rum", "morgen",
        # Habits, lengths of time, names.
        "Ich schwimme jeden Montag", "Je nage tous les lundis", "Le lundi, je nage", "Nado los lunes", "我每周一游泳", "毎週月曜に泳ぐ",
        "मैं हर सोमवार को तैरती हूँ", "zwei Wochen lang", "seit drei Jahren", "pendant trois jours", "desde hace dos meses", "住了三年",
        "दो दिन की छुट्टी", "Frau Sommer und Herr Freitag", "以前天天跑步", "周一到周五上班", "月曜から金曜まで", "आजकल मैं क्या करती हूँ",
        "明日香は何と言った？", "今日子さんに会った？", "五月さんは元気ですか？", "日曜大工が好きです", "金曜ロードショーを見た？",
        "周三元是谁？", "周六福的戒指多少钱？", "周日报社在哪里？", "周一一是我的朋友", "Mon ami s'appelle Vendredi",
        "我周末一般做什么？", "我通常周末做什么？",
        # Words that somebody asks about, and titles.
        'What does "mañana" mean?', 'What does "demain" mean?', "What does “heute” mean?", 'What does "今天" mean?',
        "What does mañana mean?", "What does 今天 mean?", "What does कल mean?", "I was in Ostern last week",
        "你喜欢《明天会更好》吗？", "我在「明天」餐厅吃饭了吗？", "『昨日』という映画は何？", "Que veut dire « demain » ?",
        # Numeric dates in English begin with the month: other rules read them.
        "What did I do on 03/05/2025?", "A trip to Los Angeles on 03/05/2025",
        # Days that the calendar does not have.
        "Was war am 31. April?", "le 30 février", "13月",
    ],
)  # fmt: skip
def test_where_no_time_is_named_there_is_none(text):
    assert _days(text) is None


def test_english_is_read_as_english():
    asked = datetime(2025, 6, 11, 10, tzinfo=UTC)
    for text, first in {
        "I was in Ostern last week": date(2025, 6, 1),
        'Did I say "gestern" yesterday?': date(2025, 6, 10),
        "What did I do on 03/05/2025?": date(2025, 3, 5),
        "Where was I letzten Freitag?": date(2025, 6, 6),
    }.items():
        assert datetime.fromtimestamp(named_window(text, asked).start, UTC).date() == first


def test_a_year_outside_the_calendar_is_no_time():
    assert _days("vor 999 Jahren", date(200, 1, 1)) is None
    assert _days("nächstes Jahr", date(9999, 6, 1)) is None


def test_summer_begins_in_december_in_the_south():
    asked = datetime(2026, 5, 20, 9, tzinfo=ZoneInfo("America/Santiago"))
    window = named_window("¿Dónde estuve el verano pasado?", asked)
    assert datetime.fromtimestamp(window.start, asked.tzinfo).date() == date(2025, 12, 1)


def test_days_are_whole_days_of_the_zone():
    asked = datetime(2026, 3, 30, 9, tzinfo=ZoneInfo("Europe/Berlin"))
    window = named_window("Was war gestern?", asked)
    assert window.end - window.start == 23 * 3600


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([*ALL, "am", "el", "letzten", "3", "vor", "前", "年", "को", "en", "20"]), max_size=8), st.dates()
)
def test_no_words_and_no_day_break_it(words, today):
    days = days_of_phrase(" ".join(words), today, "", "past")
    assert days is None or days[0] < days[1]


@settings(max_examples=50, deadline=None)
@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), st.sampled_from(["letzten Montag", "lundi dernier", "上周一"]))  # noqa: DTZ001 - a zone follows
def test_a_last_monday_is_a_monday_before_today(asked, text):
    window = named_window(f"{text}?", asked.replace(tzinfo=UTC))
    day = datetime.fromtimestamp(window.start, UTC).date()
    assert day.weekday() == 0
    assert timedelta(0) < asked.date() - day < timedelta(days=14)
