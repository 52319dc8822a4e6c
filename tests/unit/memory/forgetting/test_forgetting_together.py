"""Several things forgotten, brought back and purged in whatever order: each stays what the person last said of it."""

from __future__ import annotations

import threading

import pytest

from memory.core.errors import ModelUnavailable, NotFound, PersonaError
from memory.core.records import TurnState
from memory.forgetting.verify import files_with
from tests.fakes import ScriptedChat, answer, fact

TOPICS = '"topic_summary": "{}"\n"keywords": "talk"\n"source_dialog_indices": {}'
BIRD, HORSE = "Zazuquillinga", "Brombergius"


class Life:
    """Ada told of a bird and of a horse."""

    def __init__(self, service) -> None:
        self.service = service
        self.memory = service.memory
        self.chat = service.models.chat()

    def say(self, text, time, reply="ok", remembered=None, *, wait=True):
        self.chat.script["reasoning"] = answer(reply) if isinstance(reply, str) else reply
        if remembered:
            self.chat.script["semantic"] = fact(remembered, remembered.split()[-1])
        else:
            self.chat.script.pop("semantic", None)
        turn = list(self.service.stream("ada", text, time=time))[-1].turn
        if wait:
            self.service.wait("ada")
        return turn

    def bird(self, time="2026-03-01 09:00", reply="ok"):
        self.say(f"My parrot is called {BIRD}.", time, reply, f"The user has a parrot called {BIRD}.")
        return self.fact(BIRD)

    def horse(self, time="2026-03-03 09:00", reply="ok"):
        self.say(f"My horse is called {HORSE}.", time, reply, f"The user has a horse called {HORSE}.")
        return self.fact(HORSE)

    def fact(self, word):
        return next(
            one.id for one in self.memory.memories.entries("ada", kind="semantic", include_pending=True) if word in one.content
        )

    def forget(self, subject, *, now=False):
        return self.memory.forget("ada", subject, now=now)

    def undo(self, subject):
        self.memory.undo("ada", subject)

    def turns(self):
        return self.memory.journal.turns("ada")

    def shown(self):
        """All that anything shows of her."""
        memory = self.memory
        known = [*memory.memories.entries("ada", include_pending=True), *memory.journal.turns("ada")]
        found = memory.search("ada", f"{BIRD} {HORSE} parrot horse", limit=50)
        return "\n".join(one.model_dump_json() for one in (*known, *found))


@pytest.fixture
def life(serve):
    return Life(serve(ScriptedChat()))


def gone(life, tmp_path, word):
    life.service.close()
    return files_with(tmp_path / "data", [word]) == 0


def test_a_reply_that_tells_of_two_comes_back_when_both_do(life, tmp_path):
    bird, horse = life.bird(), life.horse()
    both = f"{BIRD} the parrot and {HORSE} the horse."
    asked = life.say("What are they called?", "2026-03-05 09:00", [answer(both)])
    life.forget(bird)
    life.forget(horse)
    life.undo(horse)
    assert BIRD not in life.shown()
    assert HORSE in life.shown()
    assert life.memory.journal.turn(asked.id).reply == ""
    life.undo(bird)
    assert life.memory.journal.turn(asked.id).reply == both
    life.forget(horse)
    receipt = life.forget(bird, now=True)
    assert receipt.is_clean
    life.undo(horse)
    assert HORSE in life.shown()
    assert gone(life, tmp_path, BIRD)


def test_what_was_made_of_two_stays_hidden_while_one_is_forgotten(life, tmp_path):
    life.chat.script |= {
        "core": f'"name": "Ada"\n"pets": "parrot {BIRD} and horse {HORSE}"',
        "procedural": f'"feed": "Feeds {BIRD} and {HORSE} at dawn."',
        "episodic": TOPICS.format(f"Ada told of {BIRD} and {HORSE}.", "0, 1"),
    }
    bird, horse = life.bird("2026-03-01 09:00"), life.horse("2026-03-01 09:10")
    life.say("Hello there", "2026-03-05 09:00")
    life.forget(bird)
    life.forget(horse)
    life.undo(bird)
    assert HORSE not in life.shown()
    assert HORSE not in str(life.memory.memories.profile("ada").values())
    life.chat.script |= {"core": '"name": "Ada"', "procedural": "none", "episodic": TOPICS.format("A bird.", "0")}
    assert life.forget(horse, now=True).is_clean
    life.service.wait()
    assert HORSE not in life.shown()
    assert gone(life, tmp_path, HORSE)


@pytest.mark.parametrize("by", ["the fact", "the message"])
def test_a_reply_set_aside_for_something_else_does_not_come_back_with_its_message(life, tmp_path, by):
    horse = life.horse("2026-03-01 09:00")
    bird = life.bird("2026-03-03 09:00", [answer(f"So {HORSE} has company.")])
    message = life.turns()[1].id
    life.forget(horse)
    life.forget(message)
    life.undo(bird if by == "the fact" else message)
    assert BIRD in life.shown()
    assert HORSE not in life.shown()
    assert life.forget(horse, now=True).is_clean
    assert gone(life, tmp_path, HORSE)


def test_a_purge_takes_its_words_out_of_what_another_forgetting_hides(life, tmp_path):
    life.chat.script["episodic"] = TOPICS.format(f"Ada told of {BIRD} and {HORSE}.", "0, 1")
    bird, horse = life.bird("2026-03-01 09:00"), life.horse("2026-03-01 09:10")
    life.say("Hello there", "2026-03-05 09:00")
    life.forget(bird)
    life.chat.script["episodic"] = TOPICS.format("A bird.", "0")
    assert life.forget(horse, now=True).is_clean
    life.undo(bird)
    life.service.wait()
    assert BIRD in life.shown()
    assert HORSE not in life.shown()
    assert gone(life, tmp_path, HORSE)


def test_a_purge_leaves_a_message_that_can_still_be_brought_back(life):
    bird = life.bird()
    said = "My sister Ottilie marries in June, what should I and the bird wear?"
    asked = life.say(said, "2026-03-05 09:00", [answer(f"Blue, and a ribbon for {BIRD}.")])
    life.forget(bird)
    life.forget(asked.id)
    life.forget(bird, now=True)
    life.undo(asked.id)
    back = life.memory.journal.turn(asked.id)
    assert (back.text, back.reply) == (said, "")
    assert BIRD not in life.shown()


def test_a_reply_that_was_merely_shown_the_purged_thing_comes_back(life):
    bird, horse = life.bird(), life.horse()
    asked = life.say("What is the bird called?", "2026-03-05 09:00", [answer(f"It is {BIRD}.")])
    life.forget(bird)
    life.forget(horse, now=True)
    life.undo(bird)
    back = life.memory.journal.turn(asked.id)
    assert back.reply == f"It is {BIRD}."
    assert HORSE not in life.shown()


@pytest.mark.parametrize("by", ["the fact", "the message"])
def test_what_was_brought_back_can_be_forgotten_for_good(life, tmp_path, by):
    bird = life.bird()
    message = life.turns()[0].id
    life.forget(message)
    life.undo(bird if by == "the fact" else message)
    assert life.memory.browse.undoable("ada") == []
    receipt = life.forget(message, now=True)
    assert receipt.is_clean
    assert receipt.removed["memories"] == 1
    assert life.turns()[0].state is TurnState.FORGOTTEN
    assert gone(life, tmp_path, BIRD)


@pytest.mark.usefixtures("asking")
def test_a_held_message_that_waits_again_can_be_refused_for_good(life, tmp_path):
    life.say("I have leukaemia, says doctor Wraxhamton.", "2026-03-01 09:00", "I see.", "The user has leukaemia (Wraxhamton).")
    held = life.fact("leuk")
    life.memory.reject("ada", held)
    life.undo(held)
    assert len(life.memory.approvals.waiting("ada")) == 1
    assert life.memory.reject("ada", held, now=True).is_clean
    assert life.memory.approvals.waiting("ada") == []
    assert gone(life, tmp_path, "Wraxhamton")


@pytest.mark.parametrize("kept", [False, True], ids=["being written", "kept from a failed try"])
def test_a_later_session_that_is_being_summed_up_does_not_bring_it_back(life, tmp_path, kept):
    profile = f'"name": "Ada"\n"home": "Quito"\n"pet": "a parrot called {BIRD}"'
    life.chat.script["core"] = profile
    bird = life.bird()
    life.say("I live in Quito.", "2026-03-05 09:00", "ok", "The user lives in Quito.")
    clean = '"name": "Ada"\n"home": "Quito"'
    receipts = []

    def core(_prompt: str) -> str:
        life.chat.script["core"] = clean
        receipts.append(life.forget(bird, now=True))
        return profile

    if kept:
        life.chat.script["procedural"] = ModelUnavailable("down")
        with pytest.raises(PersonaError):
            life.say("Hello", "2026-03-09 09:00")
        receipts.append(life.forget(bird, now=True))
        life.chat.script |= {"procedural": "none", "core": clean}
    else:
        life.say("Hello", "2026-03-09 09:00", wait=False)
        life.chat.script["core"] = core
    life.service.wait()
    assert life.memory.work.count() == 0
    assert receipts[0].is_clean or not kept
    assert life.memory.memories.profile("ada").values() == {"name": "Ada", "home": "Quito"}
    assert BIRD not in life.shown()
    assert gone(life, tmp_path, BIRD)


def test_an_undo_that_comes_first_is_said_in_a_sentence(life, monkeypatch):
    bird = life.bird()
    life.forget(bird)
    run = life.memory._indexes.indexer.run

    def after_an_undo(user_id, *rest, **how):
        monkeypatch.undo()
        other = threading.Thread(target=life.undo, args=(bird,))
        other.start()
        other.join()
        return run(user_id, *rest, **how)

    purge = life.memory._purge

    def slowly(due):
        monkeypatch.setattr(life.memory._indexes.indexer, "run", after_an_undo)
        return purge(due)

    monkeypatch.setattr(life.memory, "_purge", slowly)
    with pytest.raises(NotFound, match="brought back"):
        life.forget(bird, now=True)
    assert BIRD in life.shown()


def test_a_fact_and_its_repetitions_come_back_as_they_were(life):
    life.chat.script["change"] = '"1": "same"'
    for number in range(3):
        life.bird(f"2026-03-0{number + 1} 09:00")
    before = {one.id: (one.same_as, one.strength) for one in life.memory.memories.entries("ada", kind="semantic")}
    assert sorted(strength for _, strength in before.values()) == [1, 1, 3]
    for name in before:
        life.forget(name)
        life.undo(name)
        assert {one.id: (one.same_as, one.strength) for one in life.memory.memories.entries("ada", kind="semantic")} == before
