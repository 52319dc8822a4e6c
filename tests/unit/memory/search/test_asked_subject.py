"""A question about somebody is answered with what tells of them, and with nothing where nothing does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.core import clock
from memory.core.query import Query
from memory.core.records import PersonalityPoint, SemanticMemory, make_id
from memory.search.asked_subject import name_in, subject_of
from tests.fakes import ScriptedChat, answer, retrieve

often = settings(deadline=None, max_examples=200)
SAID = (
    ("2026-03-01 09:00", "Jonas from upstairs carried my boxes.", "The user's neighbour Jonas carried the boxes."),
    ("2026-03-02 09:00", "Jonas plays the cello in an orchestra.", "Jonas plays the cello in an orchestra."),
    ("2026-03-03 09:00", "I know a lot about wine, and I like to tell people of it.", "The user knows a lot about wine."),
    ("2026-03-04 09:00", "What I do know is my job: I am a baker.", "The user is a baker and knows the job."),
    ("2026-03-05 09:00", "My sister Maya moved to Porto.", "The user's sister Maya moved to Porto."),
    ("2026-03-06 09:00", "Maya has told me about a new dog.", "Maya told the user about a new dog."),
    ("2026-03-07 09:00", "I told you about my knee: it hurts.", "The user's knee hurts."),
    ("2026-03-08 09:00", "My parrot Zazu knows me well.", "The user has a parrot called Zazu."),
)
ASKED = "2026-06-01 09:00"


@pytest.fixture
def life(serve):
    memory = serve(ScriptedChat()).memory
    for time, text, content in SAID:
        turn = memory.ingest_turn("ada", clock.parse_time(time, "UTC"), text, "I see.")
        record = SemanticMemory(id=make_id("ada", "semantic", turn.id), turn_id=turn.id, time=turn.time, content=content)
        memory.memories.commit_remember("ada", turn.id, PersonalityPoint(turn_id=turn.id, time=turn.time), record)
        memory.journal.end_session("ada")
    return memory


def found(life, question: str, keywords: str = "") -> list[str]:
    memories = life.search_by_kind("ada", Query(question, keywords, clock.parse_time(ASKED, "UTC"))).memories
    return [entry.text for entry in memories]


@pytest.mark.parametrize(
    "question",
    [
        "What do you know about Jonas?",
        "Tell me about Jonas.",
        "Who is Jonas?",
        "Do you remember Jonas?",
        "What have I told you about Jonas?",
        "Was weißt du über Jonas?",
        "Wer ist Jonas?",
        "Que sais-tu de Jonas ?",
        "¿Qué sabes de Jonas?",
        "Chi è Jonas?",
        "Wat weet je over Jonas?",
        "Co wiesz o Jonasie?",
        "what do you know about JONAS",
    ],
)
def test_who_is_asked_about_is_told_of_and_nobody_else(life, question):
    texts = found(life, question, "Jonas, facts, history, know")
    assert {SAID[0][2], SAID[1][2]} <= set(texts)
    assert all("Jonas" in text for text in texts)


@pytest.mark.parametrize(
    ("question", "name"),
    [("What do you know about Viktor?", "Viktor"), ("Who is Clara?", "Clara"), ("Erzähl mir von Kim.", "Kim")],
)
def test_of_a_name_that_was_never_said_nothing_is_told(life, question, name):
    assert found(life, question, f"{name}, facts, history, know") == []


def test_a_word_for_somebody_brings_what_is_said_under_their_name_too(life):
    texts = found(life, "What have I told you about my sister?", "sister, told")
    assert {SAID[4][2], SAID[5][2]} <= set(texts)
    assert all("sister" in text or "Maya" in text for text in texts)


def test_a_word_that_nothing_holds_is_looked_for_by_its_meaning(life):
    assert found(life, "What do you know about my pets?", "pets, parrot")
    assert found(life, "What do you know about my brother?", "brother")


def test_a_question_that_names_somebody_ranks_what_holds_the_name_first(life):
    texts = [
        text for text in found(life, "What do I know of the job that Maya has?", "know job") if text in {one[2] for one in SAID}
    ]
    assert {SAID[4][2], SAID[5][2]} <= set(texts)


def test_the_model_is_told_that_nothing_is_known_of_an_unknown_name(serve):
    chat = ScriptedChat({"reasoning": answer("I see."), "answer": answer("I don't know.")})
    service = serve(chat)
    list(service.stream("ada", "I am a baker and I know a lot about wine.", time="2026-03-01 09:00"))
    chat.script["reasoning"] = retrieve("Viktor, facts")
    turn = list(service.stream("ada", "What do you know about Viktor?", time=ASKED))[-1].turn
    assert turn.trace.memories == ()
    assert "Memory holds nothing more about this." in chat.prompts("answer")[-1]
    assert "wine" not in chat.prompts("answer")[-1]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Who is Lena?", ("lena",)),
        ("Who is April?", ("april",)),
        ("Tell me about the red mug.", ("red", "mug")),
        ("What do you know about Aunt Rosa?", ("rosa",)),
        ("你知道豆豆什么？", ("豆豆",)),
        ("さくらについて教えて", ("さくら",)),
        ("When is Maya's birthday?", ("maya",)),
        ("¿Qué sabes de José?", ("jose",)),
    ],
)
def test_the_subject_is_read_from_the_question(message, words):
    assert subject_of(message).words == words


@pytest.mark.parametrize(
    "message",
    [
        "What do you know about me?",
        "Who are you?",
        "Do you remember what I said?",
        "What did I do in March?",
        "How are you?",
        "",
        "I was tired.",
    ],
)
def test_what_names_nothing_has_no_subject(message):
    assert subject_of(message) is None


@often
@given(st.text(max_size=250))
def test_any_message_is_read(message):
    subject = subject_of(message)
    assert subject is None or all(subject.words)


@pytest.mark.parametrize("sign", ["what about ", "know ", " ", "tell me about ", "A", "my "])
def test_a_message_of_any_length_costs_little(sign):
    subject_of((sign * 200)[:200])
    assert subject_of(sign * 5_000) is None


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("What do you know about Jonas?", "Jonas"),
        ("Was weißt du über Jonas?", "Jonas"),
        ("Who is Clara?", "Clara"),
        ("What have I told you about my sister?", None),
        ("What does Jonas play?", None),
        ("Good morning!", None),
    ],
)
def test_the_name_that_is_asked_about_as_a_whole_is_given_as_it_was_written(asked, name):
    assert name_in(asked) == name


def test_the_model_is_told_once_more_whom_they_ask_about(serve):
    chat = ScriptedChat({"reasoning": retrieve("somebody")})
    service = serve(chat)
    list(service.stream("ada", "Jonas plays the cello.", time="2026-03-01 09:00"))
    service.wait("ada")
    for asked, said in (
        ("Who is Jonas?", "what memory holds about Jonas."),
        ("Who is Clara?", "told you nothing yet about Clara."),
    ):
        chat.calls.clear()
        list(service.stream("ada", asked, time="2026-03-09 09:00"))
        assert said in chat.prompts("answer")[-1]
