"""What a message is: asking or telling, about the person or about the world."""

from __future__ import annotations

import pytest

from graph.language.message_kind import asks, asks_memory, may_ask_about_their_life, only_asks
from graph.prompts import recall_examples
from graph.prompts.evidence_lines import informative
from graph.prompts.shown_replies import SHOWN
from memory.core import clock
from memory.core.records import Recalled, Spoken
from memory.search.asked_relation import relation_asked

NOW = clock.parse_time("2026-03-01 10:00", "UTC")


def note(text: str, reply: str = "") -> Recalled:
    return Recalled(id=text, kind="turn", text=text, time=NOW, talk=(Spoken(time=NOW, text=text, reply=reply),))


@pytest.mark.parametrize(
    "message",
    [
        "where did I say we're off to", "hey whats my aunts name", "how late was I yesterday?", "a que hora era la cita?",
        "me recuerdas donde vive mi prima?", "wann war nochmal das konzert", "我几点开会来着", "早！我的狗叫什么？",
        "suggest something for supper", "dame una idea para cenar", "推荐一本书吧",
    ],
)  # fmt: skip
def test_a_message_asks(message: str) -> None:
    assert asks(message)
    assert only_asks(message)


@pytest.mark.parametrize(
    "message",
    [
        "my aunt painted this for me, isn't it lovely?", "when Nils is away we get his parrot", "when i was ten we moved to Hull",
        "what a day", "que tarde mas larga... Lola no ha venido", "wo ich wohne, ist es laut", "给你看看我的狗",
        "guess what, we won! so the cup is ours",
    ],
)  # fmt: skip
def test_a_message_tells(message: str) -> None:
    assert not asks(message)
    assert not only_asks(message)


@pytest.mark.parametrize(
    ("message", "memory", "life"),
    [
        ("What does 'littoral' mean?", False, False),
        ("kannst du mir kurz erklären was ein Relais macht?", False, False),
        ("what's the difference between sleet and hail", False, False),
        ("¿qué significa 'deadline'?", False, False),
        ("Do you like rain?", True, False),
        ("can you suggest a snack?", True, False),
        ("what should I eat tonight?", True, True),
        ("when is the concert?", True, True),
        ("repeat exactly what I said about the bus", False, True),
        ("translate 'my bus was late' please", False, False),
    ],
)
def test_what_memory_is_asked_for(message: str, memory: bool, life: bool) -> None:
    assert asks_memory(message) is memory
    assert may_ask_about_their_life(message) is (life and "repeat" not in message)


def test_a_note_that_only_asks_tells_nothing_unless_its_reply_is_shown() -> None:
    told, asked, answered = note("I keep bees"), note("what do I keep?"), note("what do I keep?", "You keep bees.")
    assert informative("anything", [told, asked, answered]) == [told, answered]


@pytest.mark.parametrize(
    ("question", "told", "is_told"),
    [
        ("whats my dog called", "married to Jo, two boys", False),
        ("hey whats my wifes name, testing you", "married to Jo, two boys", True),
        ("What's the name of my supervisor?", "my supervisor Dr Ash was late", True),
        ("what was my old flat's name", "my flat is called Seaview", True),
        ("wie heißt eigentlich meine katze?", "meine chefin war heute da", False),
        ("wie heißt meine Band?", "am samstag spielt meine Band Ebbe", True),
        ("como se llama mi marido?", "tengo dos hijos, Leo y Ana", False),
        ("我妹妹叫什么名字？", "养了一只猫叫豆包", False),
        ("我的猫叫什么？", "养了一只猫叫豆包", True),
        ("what do I call home?", "I live in Hull", True),
    ],
)
def test_a_name_is_told_only_where_a_note_tells_of_its_owner(question: str, told: str, is_told: bool) -> None:
    assert informative(question, [note(told)]) == ([note(told)] if is_told else [])


def test_a_question_for_no_name_asks_for_none() -> None:
    assert relation_asked("what is my plan for tomorrow?") is None


def test_every_language_of_the_shown_replies_but_english_has_an_example() -> None:
    assert {*recall_examples.EXAMPLES, "en"} == set(SHOWN)
    assert recall_examples.example("en") == recall_examples.example("") == []
    assert "Jule" in str(recall_examples.example("de")[-1].content)
