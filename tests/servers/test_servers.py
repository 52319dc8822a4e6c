"""The same promises with the journal on PostgreSQL and the vectors on a Chroma server, and several processes on them."""

from __future__ import annotations

import io
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from app.service import PersonaService
from memory.core.errors import FolderInUse, StorageError
from memory.memory import Memory
from memory.storage.host_schema import hosts
from tests.fakes import ScriptedChat, ScriptedModels, WordEmbedder, answer, fact, retrieve
from tests.servers.conftest import new_database

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[2]
PROCESSES, EACH = 3, 8


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def service(stores):
    chat = ScriptedChat({"core": '"name": "Ada"'})
    with PersonaService(stores.open(), ScriptedModels(chat), work=False) as opened:
        yield opened


def say(service: PersonaService, user: str, text: str, time: str, remembered: str, *images: bytes) -> None:
    chat = service.models.chat()
    chat.script["semantic"] = fact(remembered, *remembered.split()[-1:])
    chat.script["reasoning"] = answer(f"I see. {text}")
    list(service.stream(user, text, images, time=time))
    service.wait(user)


@pytest.mark.usefixtures("asking")
def test_a_whole_life(service, user, tmp_path):
    memory = service.memory
    say(service, user, "My heron is called Zazuquill.", "2026-03-01 09:00", "The user's heron is called Zazuquill.", picture())
    say(service, user, "I was diagnosed with diabetes.", "2026-03-02 09:00", "The user has diabetes.")
    say(service, user, "I live in Quito.", "2026-03-09 09:00", "The user lives in Quito.")
    assert memory.search(user, "heron", kind="semantic")[0].text == "The user's heron is called Zazuquill."
    chat = service.models.chat()
    chat.script["reasoning"] = [retrieve("heron"), answer("Zazuquill!")]
    list(service.stream(user, "What do I keep?", time="2026-03-10 09:00"))
    service.wait(user)
    assert "My heron is called Zazuquill." in chat.prompts("reasoning")[-1]
    assert "diabetes" not in str(memory.search(user, "diabetes"))
    memory.approvals.approve(user, memory.approvals.waiting(user)[0].turn_id)
    assert "diabetes" in str(memory.search(user, "diabetes"))

    file = tmp_path / "ada.zip"
    before = (
        [one.model_dump() for one in memory.memories.entries(user)],
        memory.personality.history(user),
        memory.journal.turns(user),
    )
    memory.export_user(user, file)
    memory.delete_user(user)
    assert not any(memory.left_of(user).values())
    memory.import_user(file)
    after = (
        [one.model_dump() for one in memory.memories.entries(user)],
        memory.personality.history(user),
        memory.journal.turns(user),
    )
    assert after == before

    heron = next(one for one in memory.memories.entries(user, kind="semantic") if "Zazuquill" in one.content)
    memory.forget(user, heron.id)
    assert "Zazuquill" not in str(memory.search(user, "heron"))
    memory.undo(user, heron.id)
    assert "Zazuquill" in str(memory.search(user, "heron"))
    receipt = memory.forget(user, heron.id, now=True)
    assert receipt.is_clean, receipt.found
    assert "Zazuquill" not in str(memory.search(user, "heron"))
    assert receipt.removed["pictures"] == 1


def test_what_postgres_cannot_keep_does_not_lose_the_message(service, user):
    say(service, user, "A\x00B", "2026-03-01 09:00", "The user said\x00 something.")
    assert memory_texts(service, user) == ["A\ufffdB"]


def memory_texts(service: PersonaService, user: str) -> list[str]:
    return [turn.text for turn in service.memory.journal.turns(user)]


def test_it_is_there_at_the_next_start(stores, user):
    for number in range(2):
        with PersonaService(stores.open(), ScriptedModels(ScriptedChat()), work=False) as service:
            say(service, user, f"Message {number}", f"2026-03-0{number + 1} 09:00", f"The user said {number}.")
            assert len(service.memory.memories.entries(user, kind="semantic")) == number + 1
            assert service.memory.search(user, "Message 0")


def test_several_processes_keep_everybodys_order(stores, user):
    people = [f"{user} {letter}" for letter in "ab"]
    arguments = [str(stores.folder), stores.database_url, stores.chroma_url]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.servers.driver", *arguments, str(number), str(EACH), *people],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(PROCESSES)
    ]  # fmt: skip
    for process in running:
        _, err = process.communicate()
        assert process.returncode == 0, err[-3000:]
    with PersonaService(stores.open(), ScriptedModels(ScriptedChat()), work=False) as service:
        memory = service.memory
        service.wait()
        for name in people:
            turns = memory.journal.turns(name)
            assert len(turns) == PROCESSES * EACH
            assert {turn.state.value for turn in turns} == {"answered"}
            assert [turn.seq for turn in turns] == list(range(1, len(turns) + 1))
            assert max(Counter(turn.text for turn in turns).values()) == 1
            points = memory.personality.history(name)
            assert [point.turn_id for point in points] == [turn.id for turn in turns]
            assert [point.m for point in points] == list(range(len(turns)))
            facts = memory.memories.entries(name, kind="semantic")
            assert sorted(one.turn_id for one in facts) == sorted(turn.id for turn in turns)
            memory.index(name)
            assert memory._indexes.search.ids(name) == {turn.id for turn in turns} | {
                one.id for one in memory.memories.entries(name)
            }
        assert memory.work.count() == 0


def test_a_folder_is_shared_only_with_those_who_share_it(stores):
    with Memory(stores.folder, WordEmbedder()), pytest.raises(FolderInUse):
        stores.open()


def test_servers_that_are_not_there_are_named(stores, tmp_path):
    with pytest.raises(StorageError, match="PERSONA_CHROMA_URL"):
        Memory(tmp_path / "x", WordEmbedder(), database_url=stores.database_url, chroma_url="http://127.0.0.1:9")
    with pytest.raises(StorageError, match="PERSONA_D"):
        Memory(tmp_path / "y", WordEmbedder(), database_url="postgresql+psycopg://x:secret@127.0.0.1:9/x")


def test_a_password_is_in_no_error(tmp_path):
    with pytest.raises(StorageError) as raised:
        Memory(tmp_path / "y", WordEmbedder(), database_url="postgresql+psycopg://x:hunter2@127.0.0.1:9/x")
    assert "hunter2" not in str(raised.value)


@pytest.fixture
def other_journal(stores, postgres, tmp_path):
    """Another service, which is set to the same Chroma."""
    return replace(stores, folder=tmp_path / "other", database_url=postgres.format(name=new_database(postgres)))


def test_another_journal_s_chroma_is_refused_until_it_is_taken_over(stores, other_journal):
    with stores.open() as memory:
        memory.receive("ada", "I play the cello.")
    with pytest.raises(StorageError, match="has the entries of another journal"):
        other_journal.open()
    with other_journal.open(fresh_index=True) as memory:
        memory.reindex()
    with other_journal.open():
        pass
    with pytest.raises(StorageError, match="has the entries of another journal"):
        stores.open()


def test_a_program_that_runs_copies_nothing_to_a_chroma_that_was_taken_over(stores, other_journal, user):
    with stores.open() as memory:
        with other_journal.open(fresh_index=True) as other:
            other.reindex()
        memory.journal.finish(memory.receive(user, "I play the cello.").id, "Since when?")
        assert memory.index(user) == 1
        assert memory._indexes.chroma.record_ids(user, "turn") == set()
        assert "cello" in str(memory.search(user, "cello"))
        with pytest.raises(StorageError, match="has the entries of another journal"):
            memory._indexes.indexer.drop_from_chroma(user)


def test_a_program_that_is_refused_leaves_no_host(stores, other_journal):
    with stores.open() as memory:
        memory.receive("ada", "I play the cello.")
    with pytest.raises(StorageError, match="has the entries of another journal"):
        other_journal.open()
    with other_journal.open(fresh_index=True) as memory, memory._database.read() as connection:
        assert list(connection.execute(select(hosts.c.id)).scalars()) == [memory.hosts.host_id]


def test_databases_of_one_chroma_are_apart(stores, other_journal, user):
    apart = replace(other_journal, chroma_url=f"{stores.chroma_url}.two")
    with stores.open() as one, apart.open() as two:
        for memory, text in ((one, "I play the cello."), (two, "I play the drums."), (two, "And the harp.")):
            # The ids of their first turns are the same.
            memory.journal.finish(memory.receive(user, text).id, "Since when?")
            memory.index(user)
        assert [len(memory._indexes.chroma.record_ids(user, "turn")) for memory in (one, two)] == [1, 2]


def test_a_folder_of_one_machine_does_not_use_another_s_chroma_server(stores, tmp_path):
    with stores.open(), pytest.raises(StorageError, match="has the entries of another journal"):
        Memory(tmp_path / "alone", WordEmbedder(), chroma_url=stores.chroma_url)
    own = f"{stores.chroma_url}.own"
    for _ in range(2):
        with Memory(tmp_path / "alone", WordEmbedder(), chroma_url=own) as alone:
            alone.receive("ada", "I play the cello.")
