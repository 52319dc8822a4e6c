"""Forgetting one thing forgets all that tells of it, at once; undo brings it back; the purge leaves nothing in any file."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from memory.core import clock
from memory.core.errors import InvalidInput, NotFound
from memory.core.records import TurnState
from memory.forgetting.verify import files_with
from memory.index import chroma_files
from tests.fakes import ScriptedChat, answer, fact, retrieve

TOPICS = '"topic_summary": "{}"\n"keywords": "talk"\n"source_dialog_indices": 0, 1'
PARROT = "The user has a parrot called Zazuquill."


@pytest.fixture
def talked(relive):
    """Ada told of her parrot, talked of it again, and of other things; Bob has a parrot of the same name."""
    chat = ScriptedChat({"core": '"name": "Ada"\n"pet": "a parrot called Zazuquill"\n"home": "Quito"'})
    chat.script["episodic"] = TOPICS.format("Ada told of Zazuquill and of Quito.")
    chat.script["procedural"] = '"bird": "Feeds Zazuquill at dawn."\n"run": "Runs on Sundays."'
    return relive(_life, chat)


def _life(service, chat):
    def say(user: str, text: str, time: str, reply: str | list[str], remembered: str | None = None) -> None:
        chat.script["reasoning"] = reply if isinstance(reply, list) else answer(reply)
        if remembered:
            chat.script["semantic"] = fact(remembered, *remembered.split()[-1:])
        else:
            chat.script.pop("semantic", None)
        list(service.stream(user, text, time=time))
        service.wait(user)

    say("ada", "My parrot is called Zazuquill.", "2026-03-01 09:00", "What a name, Zazuquill!", PARROT)
    say("ada", "I live in Quito.", "2026-03-01 09:05", "High up, for Zazuquill too.", "The user lives in Quito.")
    chat.script["core"] = '"name": "Ada"\n"pet": "a parrot called Zazuquill"\n"home": "Quito"'
    say("ada", "What is my parrot called?", "2026-03-09 09:00", [retrieve("parrot"), answer("It is Zazuquill.")])
    say("ada", "I run on Sundays.", "2026-03-20 09:00", "Sporty.", "The user runs on Sundays.")
    say("bob", "My parrot is called Zazuquill.", "2026-03-01 09:00", "Well.", PARROT)


def parrot(service, user: str = "ada"):
    return next(one for one in service.memory.memories.entries(user, kind="semantic") if "Zazuquill" in one.content)


def told(service, user: str = "ada") -> str:
    """All that anything shows or finds of a user."""
    memory = service.memory
    found = memory.search(user, "parrot Zazuquill bird pet", limit=50)
    return "\n".join(
        [
            *(one.model_dump_json() for one in memory.memories.entries(user)),
            *(turn.model_dump_json() for turn in memory.journal.turns(user)),
            *(one.model_dump_json() for one in found),
        ]
    )


def test_all_that_tells_of_it_is_hidden_at_once_and_the_rest_stays(talked):
    talked.memory.forget("ada", parrot(talked).id)
    assert "zazuquill" not in told(talked).lower()
    assert "Quito" in told(talked)
    assert talked.memory.memories.profile("ada").values() == {"name": "Ada", "home": "Quito"}
    states = [turn.state for turn in talked.memory.journal.turns("ada")]
    assert states == [TurnState.FORGOTTEN, TurnState.ANSWERED, TurnState.ANSWERED, TurnState.ANSWERED]
    asked = talked.memory.journal.turns("ada")[2]
    assert asked.text == "What is my parrot called?", "the person's own question stays"
    assert "Zazuquill" in told(talked, "bob"), "another's memory is another's"


def test_undo_brings_all_of_it_back(talked):
    before = told(talked)
    name = parrot(talked).id
    talked.memory.forget("ada", name)
    talked.memory.undo("ada", name)
    assert told(talked) == before


def test_a_purge_leaves_nothing_in_any_file_and_says_so(talked, tmp_path):
    talked.memory.delete_user("bob")
    receipt = talked.memory.forget("ada", parrot(talked).id, now=True)
    assert receipt.is_clean, receipt
    assert receipt.removed["messages"] == 1
    assert "azuquill" not in receipt.model_dump_json()
    assert files_with(tmp_path / "data", ["Zazuquill"]) == 0
    assert files_with(tmp_path / "data", ["I live in Quito"]) > 0
    assert talked.memory.receipts("ada") == [receipt]
    with pytest.raises(NotFound, match="was purged"):
        talked.memory.undo("ada", receipt.subject)
    chat = talked.models.chat()
    chat.script |= {
        "core": '"name": "Ada"',
        "procedural": '"run": "Runs on Sundays."',
        "episodic": TOPICS.format("Ada talked."),
    }
    talked.wait("ada")
    talked.close()
    assert files_with(tmp_path / "data", ["Zazuquill"]) == 0


def test_what_was_made_from_it_is_made_anew_without_it(talked):
    chat = talked.models.chat()
    talked.memory.forget("ada", parrot(talked).id, now=True)
    assert [one for one in talked.memory.memories.entries("ada", kind="episodic") if one.session == 1] == []
    chat.calls.clear()
    chat.script["episodic"] = '"topic_summary": "Ada told where she lives."\n"keywords": "home"\n"source_dialog_indices": 0'
    talked.wait("ada")
    assert chat.steps()[0] == "episodic"
    assert sorted(chat.steps()[1:]) == ["core", "episodic", "procedural"], "the later session alone rewrites profile and habits"
    assert "azuquill" not in str(chat.calls)
    [topic] = [one for one in talked.memory.memories.entries("ada", kind="episodic") if one.session == 1]
    assert topic.summary == "Ada told where she lives."
    assert topic.turn_ids == (talked.memory.journal.turns("ada")[1].id,)


def test_a_message_a_topic_or_a_picture_can_be_forgotten_too(talked):
    second = talked.memory.journal.turns("ada")[1]
    receipt = talked.memory.forget("ada", second.id, now=True)
    assert receipt.kind == "turn"
    assert "Quito" not in told(talked)
    with pytest.raises(NotFound):
        talked.memory.forget("ada", second.id)
    with pytest.raises(NotFound):
        talked.memory.forget("bob", parrot(talked).id)


def test_a_reply_that_knew_it_from_the_profile_is_forgotten_too(talked):
    chat = talked.models.chat()
    chat.script["reasoning"] = answer("Good evening, and to Zazuquill.")
    list(talked.stream("ada", "Good evening.", time="2026-04-01 20:00"))
    line = next(one for one in talked.memory.memories.entries("ada", kind="core") if one.key == "pet")
    reach = talked.memory.forget("ada", line.id)
    assert talked.memory.journal.turns("ada")[-1].reply == ""
    assert parrot(talked).id in reach.mentioned, "what the person said of it is theirs to forget"
    talked.memory.undo("ada", line.id)
    assert talked.memory.journal.turns("ada")[-1].reply == "Good evening, and to Zazuquill."


def test_what_the_person_says_of_it_elsewhere_stays_and_is_named(serve):
    chat = ScriptedChat({"semantic": [fact("The user has a zebra called Momo.", "zebra"), fact("Momo is ill.", "Momo")]})
    service = serve(chat)
    list(service.stream("ada", "My zebra is called Momo.", time="2026-03-01 09:00"))
    list(service.stream("ada", "Today Momo is ill.", time="2026-03-05 09:00"))
    service.wait()
    first = service.memory.memories.entries("ada", kind="semantic")[0]
    receipt = service.memory.forget("ada", first.id, now=True)
    later = service.memory.journal.turns("ada")[1]
    assert later.text == "Today Momo is ill."
    assert later.id in receipt.mentioned


def test_an_interrupted_purge_is_done_to_its_end(talked, tmp_path, monkeypatch):
    name = parrot(talked).id
    talked.memory.delete_user("bob")
    monkeypatch.setattr(type(talked.memory._indexes.chroma), "rewrite", lambda *_: (_ for _ in ()).throw(OSError("power")))
    with pytest.raises(OSError, match="power"):
        talked.memory.forget("ada", name, now=True)
    monkeypatch.undo()
    assert talked.memory.purge_due() == 1
    [receipt] = talked.memory.receipts("ada")
    assert not any(receipt.found.values())
    assert files_with(tmp_path / "data", ["Zazuquill"]) == 0


def test_a_receipt_says_what_is_left(talked, tmp_path):
    (tmp_path / "data" / "notes.txt").write_text(json.dumps({"copied": PARROT}))
    talked.memory.delete_user("bob")
    receipt = talked.memory.forget("ada", parrot(talked).id, now=True)
    assert receipt.found["files"] == 1
    assert not receipt.is_clean


def test_a_message_that_is_being_answered_is_not_forgotten_midway(talked):
    turn = talked.memory.receive("ada", "Wait")
    with pytest.raises(InvalidInput, match="being answered"):
        talked.memory.forget("ada", turn.id)


@pytest.mark.parametrize("asked", ["2026-04-01 09:00", "2026-03-01 09:10"], ids=["shown by a look", "said in the same hour"])
@pytest.mark.parametrize("now", [True, False], ids=["purged", "hidden"])
def test_a_reply_that_is_being_written_meanwhile_does_not_keep_it(serve, tmp_path, asked, now):
    chat = ScriptedChat({"semantic": fact("The user has a parrot called Zazuquill.", "parrot")})
    service = serve(chat)
    list(service.stream("ada", "My parrot is called Zazuquill.", time="2026-03-01 09:00"))
    service.wait()
    name = parrot(service).id

    def forget_first(_prompt: str) -> str:
        service.memory.forget("ada", name, now=now)
        return answer("A fine bird, your Zazuquill!")

    chat.script["reasoning"] = forget_first
    list(service.stream("ada", "How is my bird?", time=asked))
    assert "Zazuquill" not in told(service)
    assert service.memory.journal.turns("ada")[-1].text == "How is my bird?"
    if now:
        service.close()
        assert files_with(tmp_path / "data", ["Zazuquill"]) == 0
    else:
        service.memory.undo("ada", name)
        assert service.memory.journal.turns("ada")[-1].reply == "A fine bird, your Zazuquill!"


def test_a_reply_of_something_else_stays_whatever_is_forgotten_meanwhile(talked, serve):
    subject = parrot(talked).id
    chat = talked.models.chat()

    def forget_first(_prompt: str) -> str:
        talked.memory.forget("ada", subject, now=True)
        return answer("Good morning.")

    talked.memory.set_profile("ada", "pet", "none", clock.parse_time("2026-04-01 08:00"))
    chat.script["reasoning"] = forget_first
    list(talked.stream("ada", "Good morning!", time="2026-04-01 09:00"))
    assert talked.memory.journal.turns("ada")[-1].reply == "Good morning."


def test_words_in_files_are_found_however_they_are_written(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"\x00" * 100 + "Grüße aus Kürten".encode() + b"\x00")
    (tmp_path / "b").write_text(json.dumps("Grüße aus Kürten"))
    assert files_with(tmp_path, ["Grüße aus Kürten"]) == 2
    assert files_with(tmp_path, []) == 0


def test_room_that_an_index_does_not_use_holds_no_words(tmp_path):
    folder = tmp_path / "chroma"
    with_room = folder / "5f41f46d-7113-49c2-a188-fd0c72b9998e"
    with_room.mkdir(parents=True)
    (with_room / "header.bin").write_bytes(struct.pack("<i4Q", 1, 0, 4, 1, 8) + bytes(60))
    (with_room / "data_level0.bin").write_bytes(b"vector-1" + b"Zazuquill, said Ada, so-")
    chroma_files.blank(folder)
    assert (with_room / "data_level0.bin").read_bytes() == b"vector-1" + bytes(24)


def test_a_deleted_user_is_in_no_store_and_no_file(talked, tmp_path):
    talked.memory.delete_user("ada")
    talked.memory.delete_user("bob")
    assert talked.memory.left_of("ada") == {"journal": 0, "vectors": 0, "words": 0, "pictures": 0}
    assert files_with(tmp_path / "data", ["Zazuquill", "Sundays"]) == 0


def test_a_transcript_that_is_replayed_does_not_bring_it_back(serve):
    service = serve(ScriptedChat({"semantic": fact("The user has a zebra.", "zebra")}))
    memory, journal, time = service.memory, service.memory.journal, clock.parse_time("2026-03-01 09:00", "UTC")
    turn = memory.ingest_turn("ada", time, "I have a zebra.", "Nice.")
    service.wait("ada")
    service.memory.forget("ada", turn.id)
    assert memory.ingest_turn("ada", time, "I have a zebra.", "Nice.") is None
    service.memory.undo("ada", turn.id)
    assert journal.turn(turn.id).text == "I have a zebra."
    service.memory.forget("ada", turn.id, now=True)
    assert memory.ingest_turn("ada", time, "I have a zebra.", "Nice.") is None
    assert memory.ingest_turn("ada", time, "I have a cat.", "Nice.") is not None
    with pytest.raises(NotFound, match="forgotten"):
        service.answer_again("ada", turn.id)


@pytest.mark.parametrize("step", ["semantic", "episodic", "core"])
def test_what_is_forgotten_while_the_model_is_asked_about_it_does_not_come_back(serve, tmp_path, step):
    chat = ScriptedChat({"semantic": fact("The user has a zebra called Momoquill.", "zebra")})
    chat.script |= {"episodic": TOPICS.format("Momoquill."), "core": '"name": "Ada"\n"pet": "a zebra called Momoquill"'}
    service = serve(chat)
    list(service.stream("ada", "My zebra is called Momoquill.", time="2026-03-01 09:00"))
    [turn] = service.memory.journal.turns("ada")
    says = chat.script[step]

    def forget_first(_prompt: str) -> str:
        chat.script[step] = '"name": "Ada"' if step == "core" else says
        service.memory.forget("ada", turn.id, now=True)
        return says

    if step != "semantic":
        service.wait()
        service.memory.journal.end_session("ada")
    chat.script[step] = forget_first
    service.wait()
    assert service.memory.work.count() == 0
    assert "omoquill" not in told(service)
    service.close()
    assert files_with(tmp_path / "data", ["Momoquill"]) == 0


def test_what_was_forgotten_a_moment_ago_can_be_purged_without_waiting(talked):
    subject = parrot(talked).id
    talked.memory.forget("ada", subject)
    receipt = talked.memory.forget("ada", subject, now=True)
    assert receipt.is_clean
    assert [one.subject for one in talked.memory.receipts("ada")] == [subject]
