"""Where several processes answer one person, a reply is written under the person's lease, in the order of the messages."""

from __future__ import annotations

import threading

import pytest

from app.events import AnswerDelta, events_of
from app.reply_order import Place
from app.service import PersonaService
from graph.context import MessageOptions
from memory.core import clock
from memory.core.errors import LeaseLost, StorageError
from memory.core.records import TurnState
from memory.memory import Memory
from memory.storage import fences
from memory.storage.work_queue import WorkQueue
from tests.fakes import NEUTRAL, ScriptedChat, ScriptedModels, WordEmbedder, answer, fact
from tests.unit.memory.storage.several import Process, share, unseen
from tests.unit.memory.stores.test_answered_elsewhere import received


@pytest.fixture
def memory(tmp_path, monkeypatch):
    monkeypatch.setattr("memory.storage.hosts._INTERVAL_S", 3600.0)
    with Memory(tmp_path / "data", WordEmbedder(), asks=False) as opened:
        share(opened)
        yield opened


@pytest.fixture
def other(memory, tmp_path):
    mine = memory._database.process_id
    process = Process.begin(memory._database, tmp_path / "other")
    memory._database.process_id = mine
    yield process
    process.end()


def place(memory, turn):
    return Place(memory, turn, lambda: False)


def test_it_waits_for_an_earlier_message_and_does_not_keep_the_lease_meanwhile(memory, other):
    first = received(memory, other)
    mine = place(memory, memory.receive("ada", "And now?"))
    assert not mine.may_start()
    lease = other.leases.take("ada", "reply")
    assert lease is not None
    assert not mine.may_start()
    memory.journal.finish(first.id, "Hello!")
    assert not mine.may_start(), "the other process still has the lease"
    other.leases.give_back(lease)
    assert mine.may_start()
    assert other.leases.take("ada", "reply") is None
    with mine.held():
        assert fences.held().purpose == "reply"
    assert fences.held() is None
    assert other.leases.take("ada", "reply") is not None


def test_a_message_that_nobody_answers_is_marked_and_does_not_hold_it_up(memory, other):
    first = received(memory, other)
    mine = place(memory, memory.receive("ada", "And now?"))
    assert not mine.may_start()
    unseen(memory._database, other, 13)
    assert mine.may_start()
    assert memory.journal.turn(first.id).state is TurnState.FAILED
    with mine.held():
        assert mine.answered is None


def test_a_message_that_was_answered_elsewhere_is_not_answered_twice(memory, other):
    lease = other.leases.take("ada", "reply")
    mine = place(memory, turn := memory.receive("ada", "Hello."))
    assert not mine.may_start()
    memory.journal.finish(turn.id, "Hello from there.")
    other.leases.give_back(lease)
    assert mine.may_start()
    with mine.held():
        assert mine.answered.reply == "Hello from there."


def test_a_program_that_ends_waits_for_nobody(memory, other):
    received(memory, other)
    assert Place(memory, memory.receive("ada", "And now?"), lambda: True).may_start()


def test_a_journal_that_does_not_answer_is_an_error_of_the_reply(memory, monkeypatch):
    mine = place(memory, memory.receive("ada", "Hello."))

    def down(*_: object) -> None:
        raise StorageError("It is down.")

    monkeypatch.setattr(memory.leases, "take", down)
    assert mine.may_start()
    with pytest.raises(StorageError, match="It is down"), mine.held():
        pass


@pytest.fixture
def service(memory):
    chat = ScriptedChat({"reasoning": answer("Good."), "semantic": fact("The user plays the cello.", "cello")})
    with PersonaService(memory, ScriptedModels(chat), work=False) as opened:
        yield opened


def test_every_node_of_a_reply_and_of_its_work_runs_under_the_lease(service, memory, monkeypatch):
    """Nodes run in threads of LangGraph: each of them writes only while the lease is still held."""
    written: list[str] = []
    asked: dict[str, str] = {}
    nodes: set[threading.Thread] = set()
    write = memory._database.write

    def purpose() -> str:
        lease = fences.held()
        return lease.purpose if lease else ""

    def noted(user_id: str | None = None):
        written.append(purpose())
        return write(user_id)

    def ask(step: str, says: str):
        def line(_prompt: str) -> str:
            asked[step] = purpose()
            nodes.add(threading.current_thread())
            return says

        return line

    chat = service.models.chat()
    chat.script |= {
        "reasoning": ask("reasoning", answer("Good.")),
        "personality": ask("personality", NEUTRAL),
        "semantic": ask("semantic", fact("The user plays the cello.", "cello")),
        "episodic": ask("episodic", '"topic_summary": "The user talked."\n"keywords": "talk"\n"source_dialog_indices": 0'),
        "core": ask("core", '"name": "Ada"'),
        "procedural": ask("procedural", "none"),
    }
    monkeypatch.setattr(memory._database, "write", noted)
    list(service.stream("ada", "I play the cello in a quartet."))
    assert "reply" in written
    memory.journal.end_session("ada")
    service.wait("ada")
    assert asked == {
        "reasoning": "reply", "personality": "work", "semantic": "work", "episodic": "work", "core": "work",
        "procedural": "work",
    }  # fmt: skip
    assert nodes - {threading.current_thread()}
    assert "work" in written
    assert memory.work.count() == 0


def test_a_reply_off_the_record_needs_no_lease(service, memory, other):
    assert other.leases.take("ada", "reply") is not None
    *_, last = service.stream("ada", "Hello.", options=MessageOptions(off_the_record=True))
    assert last.turn.reply == "Good."


def test_a_reply_that_lost_its_lease_says_so_and_can_be_sent_again(service, memory, monkeypatch):
    def lost(*_: object, **__: object) -> None:
        raise LeaseLost("Another host took over this conversation.")

    with monkeypatch.context() as patch:
        patch.setattr(memory.journal, "finish", lost)
        with pytest.raises(LeaseLost, match="took over"):
            list(service.stream("ada", "Hello."))
    assert memory.counts.total("leases_lost") == 1
    [turn] = memory.journal.turns("ada")
    assert turn.state is TurnState.FAILED
    *_, last = service.answer_again("ada", turn.id)
    assert last.turn.reply == "Good."


def test_a_step_that_lost_its_lease_is_no_failed_try(service, memory, monkeypatch):
    list(service.stream("ada", "I play the cello."))
    left: list[bool] = []

    def lost(*_: object, **__: object) -> bool:
        if not left:
            left.append(True)
            raise LeaseLost("Another host took over this conversation.")
        return commit(*_, **__)

    commit = memory.memories.commit_remember
    postponed: list[object] = []
    monkeypatch.setattr(memory.memories, "commit_remember", lost)
    monkeypatch.setattr(WorkQueue, "retry_later", lambda *given: postponed.append(given))
    # Nobody else does it here, so this process takes it up again.
    assert service.wait("ada") == 1
    assert not postponed
    assert memory.counts.total("leases_lost") == 1
    assert memory.refusals.count("ada") == 0


def test_all_work_is_done_only_when_that_of_others_is(service, memory, other):
    list(service.stream("ada", "I play the cello."))
    lease = other.leases.take("ada", "work")
    tried, done = threading.Event(), []
    take = memory.leases.take

    def noted(*given: str):
        tried.set()
        return take(*given)

    memory.leases.take = noted
    waiting = threading.Thread(target=lambda: done.append(service.wait()))
    waiting.start()
    assert tried.wait(600)
    tried.clear()
    # It asks again, so it has not reported that everything is done.
    assert tried.wait(600)
    assert not done
    other.leases.give_back(lease)
    waiting.join()
    assert done == [1]


def answered_elsewhere(memory, turn):
    """Another host answers the message, and this one may write nothing more of it."""
    memory.journal.finish(turn.id, "Hello from there.")
    raise LeaseLost("Another host took over this conversation.")


def test_a_reply_that_another_host_wrote_meanwhile_is_told(memory):
    turn = memory.receive("ada", "Hello.")
    told: list[object] = []

    found = place(memory, turn).reply(told.append, lambda _: answered_elsewhere(memory, turn))
    assert found.reply == "Hello from there."
    assert [event.text for event in told] == ["Hello from there."]
    assert memory.counts.total("leases_lost") == 1


def test_what_was_shown_of_a_reply_is_not_followed_by_another_one(memory):
    mine = place(memory, turn := memory.receive("ada", "Hello."))
    told: list[object] = []
    deliver = mine.noting(told.append)

    def lost(_turn):
        deliver(AnswerDelta("Good "))
        answered_elsewhere(memory, turn)

    with pytest.raises(LeaseLost):
        mine.reply(told.append, lost)
    assert [event.text for event in told] == ["Good "]


def test_a_lost_lease_without_a_reply_is_an_error(memory):
    def lost(_turn):
        raise LeaseLost("Another host took over this conversation.")

    with pytest.raises(LeaseLost):
        place(memory, memory.receive("ada", "Hello.")).reply(lambda _: None, lost)


PLACE = "ada's talk, after the first message"


def test_a_request_that_its_client_repeated_elsewhere_tells_the_reply_that_is_there(service, memory, other):
    arrived = clock.instant()
    *_, first = service.stream("ada", "I play the cello.", origin=PLACE)
    asked = len(service.models.chat().calls)
    events = events_of(lambda deliver: service.start(deliver, "ada", "I play the cello.", origin=PLACE, arrived=arrived))
    assert next(events).turn.id == first.turn.id
    assert [event.text for event in events if isinstance(event, AnswerDelta)] == ["Good."]
    assert len(service.models.chat().calls) == asked
    assert memory.journal.turns("ada") == [first.turn]


def test_stopping_such_a_request_leaves_the_reply_as_it_is(service, memory, other):
    arrived = clock.instant()
    *_, first = service.stream("ada", "I play the cello.", origin=PLACE)
    lease = other.leases.take("ada", "reply")
    events = events_of(lambda deliver: service.start(deliver, "ada", "I play the cello.", origin=PLACE, arrived=arrived))
    assert service.stop(next(events).turn.id)
    other.leases.give_back(lease)
    *_, last = events
    assert last.turn == first.turn
    assert memory.journal.turns("ada") == [first.turn]


def test_a_request_after_the_reply_is_answered_again(service, memory, other):
    *_, first = service.stream("ada", "I play the cello.", origin=PLACE)
    arrived = clock.instant()
    events = events_of(lambda deliver: service.start(deliver, "ada", "I play the cello.", origin=PLACE, arrived=arrived))
    assert next(events).turn.id != first.turn.id
    *_, last = events
    assert last.turn.state is TurnState.ANSWERED
    assert memory.journal.turn(first.turn.id).state is TurnState.REPLACED


def test_other_words_at_that_place_take_its_place(service, memory, other):
    arrived = clock.instant()
    *_, first = service.stream("ada", "I play the cello.", origin=PLACE)
    events = events_of(lambda deliver: service.start(deliver, "ada", "I play the viola.", origin=PLACE, arrived=arrived))
    *_, last = events
    assert last.turn.text == "I play the viola."
    assert memory.journal.turn(first.turn.id).state is TurnState.REPLACED
