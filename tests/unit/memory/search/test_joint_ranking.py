"""What of all kinds a search with the message brings: words before what was made of them, few where few are good."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from graph.prompts.briefing import Style
from memory.core import clock
from memory.core.query import Query, SearchBudget
from memory.core.records import Turn
from memory.search.notes import Asked, note_of, whole_note
from tests.fakes import ScriptedChat, answer, fact

LATER = clock.parse_time("2026-06-01 09:00", "UTC")


def live(serve, *talk, consolidate=False, **script):
    """Let somebody say things on consecutive days, each with the fact that is extracted from it."""
    chat = ScriptedChat({"reasoning": answer("I see."), **script})
    service = serve(chat)
    for day, (said, extracted) in enumerate(talk, start=1):
        chat.script["semantic"] = fact(extracted, "words") if extracted else chat.script.get("none", "")
        if not extracted:
            chat.script.pop("semantic")
        list(service.stream("ada", said, time=f"2026-03-{day:02} 09:00"))
        service.wait("ada")
    if consolidate:
        service.memory.journal.end_session("ada")
        service.wait("ada")
    return service


def found(service, message, room=None, **query):
    return service.memory.search_jointly("ada", Query(message, "", LATER, **query), room).memories


def test_a_fact_brings_the_words_that_it_came_from_and_no_second_line(serve):
    service = live(serve, ("my flatmate got into the orchestra", "The user got into the orchestra."))
    [one] = found(service, "Who got into the orchestra?")
    assert (one.kind, one.talk[0].text) == ("turn", "my flatmate got into the orchestra")


def test_a_fact_that_was_edited_is_shown_as_its_person_wrote_it(serve):
    service = live(serve, ("my cat is called Tim", "The user has a cat called Tim."))
    [entry] = service.memory.memories.entries("ada", kind="semantic")
    service.memory.edit("ada", entry.id, "The user has a cat called Zorro.")
    texts = " ".join(one.text for one in found(service, "What is my cat called?"))
    assert "Zorro" in texts


def test_words_that_a_newer_fact_made_untrue_are_marked(serve):
    service = live(
        serve,
        ("I hate coriander in soup", "The user hates coriander in soup."),
        ("I love coriander in soup now", "The user loves coriander in soup."),
        change='"1": "changed"',
    )
    [old, new] = found(service, "Do I like coriander in soup?")
    assert "(No longer true since 2026-03-02.)" in old.text
    assert "No longer" not in new.text


def test_a_habit_that_shown_words_tell_already_is_left_out_and_another_is_shown(serve):
    habits = '"swim": "The user swims every Thursday."\n"tea": "The user drinks rooibos tea every evening."'
    service = live(
        serve, ("I swim every Thursday, rain or shine", None), ("I like trams", None), consolidate=True, procedural=habits
    )
    kinds = {
        one.kind: one.text for one in found(service, "What do I do every Thursday, and every evening?") if one.kind != "turn"
    }
    assert kinds == {"procedural": "The user drinks rooibos tea every evening."}


def test_a_line_of_the_profile_competes_and_the_name_does_not(serve):
    service = live(serve, ("I'm Ada from Quito", None), consolidate=True, core='"name": "Ada"\n"home": "Quito"')
    shown = found(service, "Is my home Quito?")
    assert [(one.kind, one.text) for one in shown if one.kind == "core"] == [("core", "home: Quito")]
    assert not [one for one in found(service, "Is my name Ada?") if one.text.startswith("name")]


def test_few_are_shown_where_few_are_good_and_never_more_than_fit(serve):
    talk = [("my dog Rex likes sausages", None), *((f"I saw tram number {number} today", None) for number in range(9))]
    service = live(serve, *talk)
    assert len(found(service, "What does my dog Rex like?", SearchBudget(least=1))) == 1
    assert len(found(service, "Which tram number did I see?", SearchBudget(least=1, most=5))) == 5
    assert sum(len(one.text.encode()) for one in found(service, "Which tram number did I see?", SearchBudget(size=200))) <= 200


def test_who_is_asked_about_by_name_is_told_of_and_nobody_else(serve):
    service = live(serve, ("Greta is our conductor", None), ("Leopold just waves", None))
    assert [one.talk[0].text for one in found(service, "Who is Greta?")] == ["Greta is our conductor"]
    assert found(service, "Who is Ottilie?") == ()


def test_a_small_history_is_shown_whole_where_that_is_wanted(serve):
    service = live(serve, ("I like trams", None), ("my sister is a vet", None))
    assert [one.talk[0].text for one in found(service, "Anything?", SearchBudget(whole=1_000))] == [
        "I like trams",
        "my sister is a vet",
    ]
    assert len(found(service, "vet", SearchBudget(whole=50))) <= 1


@pytest.mark.parametrize(("whole", "shown"), [(1_500, True), (0, False)])
def test_the_style_says_whether_a_small_history_is_whole_in_the_prompt(serve, whole, shown):
    chat = ScriptedChat({"direct": "Ok."})
    service = serve(chat, style=Style(size="small", whole=whole, room=SearchBudget(floor=0.9)))
    list(service.stream("ada", "zebra crossing", time="2026-03-01 09:00"))
    list(service.stream("ada", "What shall I cook?", time="2026-03-05 09:00"))
    assert ("zebra" in chat.prompts("direct")[-1]) is shown


def turn(text, reply):
    time = datetime(2026, 3, 1, 9, tzinfo=UTC)
    return Turn(id="t1", user_id="ada", seq=1, session=1, time=time, text=text, reply=reply)


def asked(message, words, parts=()):
    return Asked(message, dict.fromkeys(words, 1.0), {}, frozenset(parts))


class TestNotes:
    def test_the_reply_is_shown_where_it_is_what_matched(self):
        one = turn("What could I cook tonight?", "Lentils with spinach.")
        assert (
            note_of(one, 1.0, asked("When was it lentils?", ["lentil"]), SearchBudget()).talk[0].reply
            == "Lentils with spinach."
        )
        assert note_of(one, 1.0, asked("What did you suggest I cook?", ["cook"]), SearchBudget()).talk[0].reply
        assert note_of(one, 1.0, asked("What did I cook?", ["cook"]), SearchBudget()).talk[0].reply == ""

    def test_what_was_not_shown_of_a_turn_is_found_later_and_nothing_twice(self):
        one = turn("What could I cook tonight?", "Lentils with spinach.")
        first = note_of(one, 1.0, asked("What did I cook?", ["cook"]), SearchBudget())
        second = note_of(one, 1.0, asked("Lentils?", ["lentil"], first.parts), SearchBudget())
        assert (second.talk[0].text, second.talk[0].reply) == ("[…]", "Lentils with spinach.")
        assert note_of(one, 1.0, asked("Lentils?", ["lentil"], {*first.parts, *second.parts}), SearchBudget()) is None

    def test_of_a_long_message_the_best_part_is_shown(self):
        one = turn("It rained a lot today. " * 100 + "The garden code is zanzibar. " + "It rained a lot today. " * 100, "Oh.")
        note = note_of(one, 1.0, asked("zanzibar?", ["zanzibar"]), SearchBudget(note=500))
        assert "zanzibar" in note.text
        assert note.talk[0].excerpt
        assert len(note.text.encode()) < 800

    def test_a_whole_note_has_the_message_alone(self):
        assert whole_note(turn("I like trams", "Nice.")).talk[0].reply == ""
