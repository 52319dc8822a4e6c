"""A request that names a thing by its kind finds the one message that tells of it, as a guess that the person confirms."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.service import PersonaService
from graph import forget_replies
from graph.context import MessageOptions
from memory.core.records import TurnState
from memory.forgetting.guess import may_be_guessed, may_tell, nearest, texts_for
from memory.memory import Memory
from tests.fakes import KindEmbedder, ScriptedChat, ScriptedModels, WordEmbedder, answer, fact

EARNS = "At the archive I earn 2,340 crowns."
SAID = (EARNS, "My thesis is about lighthouse keepers.", "I share a flat with two cellists.")
ASK = "Please forget my salary."
NOW = datetime(2026, 3, 9, 9, tzinfo=UTC)


@pytest.fixture
def serve_said(tmp_path):
    """Return a function that opens an assistant to whom Ada said these messages."""
    opened = []

    def open_service(*said, embedder=None, script=None, reply="I see."):
        memory = Memory(tmp_path / "memory", embedder or KindEmbedder(), asks=False)
        service = PersonaService(memory, ScriptedModels(ScriptedChat(script)), work=False)
        opened.append(service)
        for day, text in enumerate(said or SAID, start=1):
            memory.ingest_turn("ada", datetime(2026, 3, day, 9, tzinfo=UTC), text, reply)
        return service

    yield open_service
    for service in opened:
        service.close()


def ask(service, text=ASK, time="2026-03-09 09:00", **switches):
    return list(service.stream("ada", text, time=time, options=MessageOptions(**switches)))[-1].turn


def texts(service):
    return [turn.text for turn in service.memory.journal.turns("ada") if turn.state is not TurnState.FORGOTTEN]


def test_the_nearest_message_is_offered_as_a_guess_and_nothing_is_done_yet(serve_said):
    service = serve_said()
    turn = ask(service)
    offer = turn.trace.forget
    assert (offer.state, offer.guessed) == ("open", True)
    assert [entry.text for entry in offer.entries] == [EARNS]
    assert "no message with the words “my salary”" in turn.reply
    assert "a guess" in turn.reply
    assert "Is this what you mean?" in turn.reply
    assert EARNS in texts(service)


def test_a_yes_forgets_it_alone_and_undo_brings_it_back(serve_said):
    service = serve_said()
    ask(service)
    assert ask(service, "yes", "2026-03-09 09:01").reply.startswith("Forgotten (")
    assert not any(EARNS in found.text for found in service.memory.search("ada", "crowns at the archive"))
    assert set(SAID[1:]) <= set(texts(service))
    assert EARNS not in texts(service)
    ask(service, "undo", "2026-03-09 09:02")
    assert EARNS in texts(service)


def test_a_no_keeps_it_and_says_how_to_find_what_was_meant(serve_said):
    service = serve_said()
    ask(service)
    reply = ask(service, "no", "2026-03-09 09:01").reply
    assert reply.startswith("Nothing was forgotten: all of it is kept. Try the words that you used then")
    assert EARNS in texts(service)


def test_a_no_by_a_button_says_so_too(serve_said):
    service = serve_said()
    assert "Try the words that you used then" in service.keep_offered(ask(service))


def test_the_facts_of_that_message_are_offered_with_it(serve_said):
    script = {"semantic": fact("The user's landlady keeps bees and geese.", "landlady")}
    service = serve_said("I moved to 14 Quill Lane. My landlady keeps bees and geese.", script=script)
    service.wait("ada")
    offer = ask(service, "Could you please delete my address?").trace.forget
    assert offer.guessed
    assert [entry.kind for entry in offer.entries] == ["semantic", "turn"]


def test_what_has_the_persons_words_is_no_guess(serve_said):
    offer = ask(serve_said(*SAID, "My salary is too low.")).trace.forget
    assert not offer.guessed
    assert [entry.text for entry in offer.entries] == ["My salary is too low."]


def test_a_message_of_a_minute_ago_is_found(serve_said):
    service = serve_said(*SAID[1:], script={"reasoning": answer("Is it enough?")})
    ask(service, EARNS, "2026-03-09 08:59")
    assert [entry.text for entry in ask(service).trace.forget.entries] == [EARNS]


def test_off_the_record_it_is_a_guess_too(serve_said):
    service = serve_said()
    turn = ask(service, off_the_record=True)
    assert turn.trace.forget.guessed
    service.forget_offered(turn)
    assert EARNS not in texts(service)


@pytest.mark.parametrize(
    "said",
    [
        SAID[1:],  # nothing is near
        (EARNS, "At the museum they paid 2,340 crowns."),  # two are equally near
        ("What would they be paid there?", *SAID[1:]),  # a question tells nothing
        ("Can you delete what I am paid?", *SAID[1:]),  # an earlier request, which the model answered
    ],
)
def test_if_it_is_not_clear_nothing_is_offered(serve_said, said):
    offer = ask(serve_said(*said)).trace.forget
    assert offer.state == "nothing"


def test_a_reply_that_tells_of_it_makes_no_guess(serve_said):
    offer = ask(serve_said(*SAID[1:], reply="You earn crowns. " * 200)).trace.forget
    assert offer.state == "nothing"


def test_two_things_at_once_are_not_guessed(serve_said):
    assert ask(serve_said(), "Please forget my salary and my religion.").trace.forget.state == "nothing"


def test_an_embedder_that_was_not_measured_makes_no_guess(serve_said):
    class Unmeasured(KindEmbedder):
        name = WordEmbedder.name

    assert ask(serve_said(embedder=Unmeasured())).trace.forget.state == "nothing"


@pytest.mark.parametrize(
    ("subject", "may"),
    [
        ("my salary", True), ("the allergy", True), ("our home address", True), ("my brother's gambling", True),
        ("Bertoldo", False), ("bertoldo", False), ("the Bertoldo affair", False), ("my friend Bertoldo", False), ("my brother", False), ("my ex", False),
        ("last week", False), ("my mother is ill", False), ("my plan to sell the house next year", False), ("mein Gehalt", False), ("the", False), ("", False),
    ],
)  # fmt: skip
def test_only_the_kind_of_a_thing_is_guessed(subject, may):
    assert may_be_guessed(subject, NOW) is may


@pytest.mark.parametrize(
    ("text", "may"),
    [
        (EARNS, True), ("They fired me.", True), ("I earn 2,340. Is that enough?", True), ("Is 2,340 enough?", False),
        ("Hi there", False), ("", False), (ASK, False), ("Please delete what I said about the pay.", False),
    ],
)  # fmt: skip
def test_what_may_tell_of_a_thing(text, may):
    assert may_tell(text) is may


@pytest.mark.parametrize(
    ("cosines", "found"),
    [
        ({"a": 0.4, "b": 0.2}, "a"), ({"a": 0.26}, "a"), ({"a": 0.24}, None), ({"a": 0.24, "b": 0.1}, None), ({"a": 0.5, "b": 0.47}, None),
        ({"a": 0.3, "b": 0.23, "c": 0.22}, "a"), ({}, None),
    ],
)  # fmt: skip
def test_the_nearest_must_be_near_and_ahead_of_the_next(cosines, found):
    assert nearest(cosines) == found


def test_a_subject_is_compared_by_three_texts():
    assert texts_for("my salary") == ("salary", "This is about my salary.", "What is my salary?")


def test_where_there_is_one_line_the_question_says_that_it_is_a_guess(serve_said):
    offer = ask(serve_said()).trace.forget
    assert forget_replies.question(offer) == "Is this what you mean? Forget all of this?"
    assert forget_replies.question(offer.model_copy(update={"guessed": False})) == "Forget all of this?"
