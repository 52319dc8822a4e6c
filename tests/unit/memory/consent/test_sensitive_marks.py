"""What is sensitive is remembered by default, and marked; asked about, or never kept, where its person chose so."""

from __future__ import annotations

import json

import pytest

from app.cli.marked import notice_of
from memory.consent.modes import MODES
from memory.core.records import Episode, Procedure, ProfileEntry, SemanticMemory
from memory.forgetting.verify import files_with, rows_of
from memory.memory import Memory
from tests.fakes import ScriptedChat, WordEmbedder, fact

ILL = "I was diagnosed with diabetes last week."
KNOWN = "The user has diabetes."
KEY = "My wifi password is hunter2xyz."
TOPICS = '"topic_summary": "Ada told of {}."\n"keywords": "x"\n"source_dialog_indices": 0, 1'


@pytest.fixture
def life(serve):
    """Ada tells of an illness and of a bird, and the session ends."""
    chat = ScriptedChat({"semantic": [fact(KNOWN, "diabetes"), fact("The user has a heron.", "heron")]})
    chat.script["episodic"] = lambda prompt: TOPICS.format("diabetes and a heron" if "diabetes" in prompt else "a heron")
    chat.script["core"] = '"name": "Ada"\n"illness": "diabetes"\n"pet": "heron"'
    chat.script["procedural"] = '"feeding": "The user feeds the heron."\n"sugar": "The user measures diabetes."'
    service = serve(chat)
    list(service.stream("ada", ILL, time="2026-03-01 09:00"))
    list(service.stream("ada", "I keep a heron.", time="2026-03-01 09:05"))
    service.memory.journal.end_session("ada")
    service.wait("ada")
    return service


def marks(memory: Memory) -> dict[str, str | None]:
    """Return the mark of each memory, by a word of it."""
    found: dict[str, str | None] = {}
    for one in memory.memories.entries("ada", include_pending=True):
        match one:
            case SemanticMemory():
                found[one.content] = one.sensitive
            case Episode():
                found["topic"] = one.sensitive
            case Procedure() | ProfileEntry():
                found[one.key] = one.sensitive
    return found


def test_by_default_it_is_remembered_and_marked(life):
    assert not life.memory.approvals.waiting("ada")
    assert KNOWN in [one.text for one in life.memory.search("ada", "diabetes", kind="semantic")]
    [ill, bird] = life.memory.journal.turns("ada")
    assert (ill.sensitive, ill.held, bird.sensitive) == ("health", None, None)


def test_what_was_made_of_it_carries_the_mark(life):
    assert marks(life.memory) == {
        KNOWN: "health",
        "The user has a heron.": None,
        "topic": "health",
        "name": None,
        "illness": "health",
        "pet": None,
        "feeding": None,
        "sugar": "health",
    }


def test_an_archive_carries_the_marks_and_the_choice(life, tmp_path):
    life.memory.consent.choose("ada", "each")
    life.memory.export_user("ada", tmp_path / "ada.zip")
    with Memory(tmp_path / "other", WordEmbedder()) as other:
        other.import_user(tmp_path / "ada.zip")
        assert marks(other) == marks(life.memory)
        assert [turn.sensitive for turn in other.journal.turns("ada")] == ["health", None]
        assert other.consent.chosen("ada") == "each"


def test_a_forgotten_message_leaves_no_mark(life):
    life.memory.forget("ada", life.memory.journal.turns("ada")[0].id, now=True)
    assert all(turn.sensitive is None for turn in life.memory.journal.turns("ada"))


def test_undo_brings_the_mark_back(life):
    turn = life.memory.journal.turns("ada")[0]
    life.memory.forget("ada", turn.id)
    life.memory.undo("ada", turn.id)
    assert life.memory.journal.turn(turn.id).sensitive == "health"


def test_an_approved_one_keeps_its_mark(serve, asking):
    service = serve(ScriptedChat({"semantic": fact(KNOWN, "diabetes")}))
    list(service.stream("ada", ILL, time="2026-03-01 09:00"))
    service.wait("ada")
    [waiting] = service.memory.approvals.waiting("ada")
    service.memory.approvals.approve("ada", waiting.turn_id)
    [known] = service.memory.memories.entries("ada", kind="semantic")
    assert (known.held, known.sensitive) == (None, "health")
    assert service.memory.journal.turn(waiting.turn_id).sensitive == "health"


def test_what_a_person_writes_is_marked_too(life):
    memory = life.memory
    line = memory.set_profile("ada", "illness_of_old", "I had cancer.", memory.journal.last_time("ada"))
    assert line.sensitive == "health"
    [bird] = [one for one in memory.memories.entries("ada", kind="semantic") if not one.sensitive]
    assert memory.edit("ada", bird.id, "I have asthma.").sensitive == "health"


@pytest.mark.parametrize("mode", MODES)
def test_secrets_are_asked_about_whatever_is_chosen(serve, mode):
    service = serve(ScriptedChat({}))
    service.memory.consent.choose("ada", mode)
    list(service.stream("ada", KEY, time="2026-03-01 09:00"))
    service.wait("ada")
    assert [one.topic for one in service.memory.approvals.waiting("ada")] == ["credential"]
    assert not service.memory.search("ada", "wifi password")


def test_what_is_asked_about_goes_on_waiting_whatever_is_chosen_then(serve, asking):
    service = serve(ScriptedChat({}))
    list(service.stream("ada", ILL, time="2026-03-01 09:00"))
    service.memory.consent.choose("ada", "off")
    service.wait("ada")
    assert [one.text for one in service.memory.approvals.waiting("ada")] == [ILL]


@pytest.fixture
def keeping_none(serve):
    service = serve(ScriptedChat({"semantic": fact("The user has a heron.", "heron")}))
    service.memory.consent.choose("ada", "never-keep")
    list(service.stream("ada", "I keep a heron.", time="2026-03-01 09:00"))
    service.wait("ada")
    return service


def test_never_kept_is_in_no_row_or_file(keeping_none, tmp_path):
    with keeping_none.memory._database.read() as connection:
        before = rows_of(connection, "ada")
    turn = list(keeping_none.stream("ada", ILL, time="2026-03-01 09:05"))[-1].turn
    assert turn.reply
    assert (turn.seq, turn.sensitive) == (0, "health")
    assert "answered but not saved" in notice_of(keeping_none.memory, turn)
    keeping_none.wait()
    with keeping_none.memory._database.read() as connection:
        assert rows_of(connection, "ada") == before
    keeping_none.close()
    assert files_with(tmp_path, ["diagnosed with diabetes"]) == 0


def test_beside_what_is_never_kept_the_rest_is_remembered(keeping_none):
    assert [one.content for one in keeping_none.memory.memories.entries("ada", kind="semantic")] == ["The user has a heron."]


def test_never_kept_is_what_only_the_fact_shows_and_is_dropped_with_its_message(keeping_none, tmp_path):
    keeping_none.models._chat.script["semantic"] = fact("The user is being treated for depression.", "depression")
    turn = list(keeping_none.stream("ada", "The little green ones every morning, you know.", time="2026-03-01 09:05"))[-1].turn
    keeping_none.wait("ada")
    assert not keeping_none.memory.approvals.waiting("ada")
    assert keeping_none.memory.journal.turn(turn.id).text == ""
    assert keeping_none.memory.work.count("ada") == 0
    keeping_none.close()
    assert files_with(tmp_path, ["little green ones", "treated for depression"]) == 0


def test_a_transcript_is_taken_without_it(keeping_none, tmp_path):
    from app.importers.ingest import ingest_file

    lines = [("2026-02-01 09:00", ILL), ("2026-02-01 09:05", "I live in Ghent.")]
    told = [{"time": time, "user": text, "assistant": "I see."} for time, text in lines]
    (tmp_path / "old.jsonl").write_text("\n".join(map(json.dumps, told)))
    report = ingest_file(keeping_none.memory, tmp_path / "old.jsonl", "ada")
    assert report == {"added": 1, "skipped": 0, "not_kept": 1}
    assert ILL not in [turn.text for turn in keeping_none.memory.journal.turns("ada")]


def test_the_machine_wins_over_the_person(tmp_path):
    with Memory(tmp_path / "data", WordEmbedder(), asks="off") as memory:
        memory.consent.choose("ada", "each")
        assert (memory.consent.mode("ada"), memory.consent.chosen("ada")) == ("off", "each")
        assert memory.receive("ada", ILL).held is None


def test_the_choice_is_told_of_once_in_a_command(serve):
    service = serve(ScriptedChat({}))
    first = list(service.stream("ada", ILL, time="2026-03-01 09:00"))[-1].turn
    assert "`persona user consent ada --sensitive each`" in notice_of(service.memory, first)
    second = list(service.stream("ada", "I have cancer.", time="2026-03-01 09:05"))[-1].turn
    assert notice_of(service.memory, second) == ""
    plain = list(service.stream("ada", "I keep a heron.", time="2026-03-01 09:06"))[-1].turn
    assert notice_of(service.memory, plain) == ""


def test_nothing_of_it_becomes_a_lesson(life, tmp_path):
    from graph.prompts.briefing import Style
    from training.data.from_journal import Teacher
    from training.data.journal_questions import Examiner

    life.memory.consent.say("ada", training=True)
    chat = life.models._chat
    chat.script["core"] = '"name": "Ada"\n"illness": "diabetes"\n"pet": "heron"\n"wish": "a second heron"'
    chat.script["procedural"] = '"feeding": "The user feeds the heron."\n"sugar": "The user measures diabetes."'
    chat.script["semantic"] = fact("The user wants a second heron.", "heron")
    list(life.stream("ada", "I want a second heron.", time="2026-03-05 09:00"))
    life.memory.journal.end_session("ada")
    life.wait("ada")
    lessons = Teacher(life.memory, "ada", Style(), tmp_path / "pictures").lessons()
    texts = [message.text for lesson in lessons for message in lesson.messages]
    examiner = Examiner(life.memory, "ada", tmp_path / "history")
    texts += [str(examiner.history()), *map(str, examiner.questions())]
    assert any("second heron" in text for text in texts)
    assert not [text for text in texts if "diabetes" in text]
