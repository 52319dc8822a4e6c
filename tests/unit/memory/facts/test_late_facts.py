"""Facts of an earlier time that are remembered later: the end is that of remembering all in the order of their times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.formats import memory_formats
from memory.core import clock
from memory.core.query import Query, SearchLimits
from memory.core.records import Line
from tests.fakes import NOTHING, ScriptedChat, fact

BEGUN = datetime(2025, 3, 1, 9, 0, tzinfo=UTC)
BERLIN, LISBON, PORTO = (f"The user lives in {city}." for city in ("Berlin", "Lisbon", "Porto"))


def judge(prompt):
    """Say of each older fact whether it names the same town as the new one."""
    new, *older = prompt.rsplit("human: ", 1)[1].splitlines()
    towns = [line.rsplit(" ", 1)[1] for line in (new, *older)]
    return memory_formats.format_change(["same" if town == towns[0] else "changed" for town in towns[1:]])


def take(prompt):
    """Take what a message says as the fact."""
    said = prompt.rsplit("human: ", 1)[1]
    town = next((town for town in (BERLIN, LISBON, PORTO) if town in said), None)
    return fact(town, "home") if town else NOTHING


def script():
    return {"semantic": take, "change": judge}


def tell(service, text, time, user="ada"):
    service.memory.ingest(user, [Line(time=time, text=text, reply="I see.")])
    service.wait(user)


def facts(service, user="ada"):
    return service.memory.memories.entries(user, kind="semantic")


def ends(service, user="ada"):
    """How each fact ended, by its place in time, without ids."""
    there = facts(service, user)
    places = {one.id: place for place, one in enumerate(there)}
    return [
        (one.content, places.get(one.superseded_by), one.valid_until, places.get(one.same_as), one.strength) for one in there
    ]


def asked_to_change(chat):
    return [prompt.rsplit("human: ", 1)[1] for prompt in chat.prompts("change")]


def live_today_then_history(serve, chat=None):
    service = serve(chat or ScriptedChat(script()))
    list(service.stream("ada", LISBON))
    service.wait("ada")
    tell(service, BERLIN, BEGUN)
    return service


def test_what_is_ingested_of_last_year_is_what_was(serve):
    chat = ScriptedChat(script())
    service = live_today_then_history(serve, chat)
    old, new = facts(service)
    assert (old.content, old.superseded_by, old.valid_until) == (BERLIN, new.id, new.time)
    assert new.is_valid
    assert asked_to_change(chat) == [f"New: {LISBON}\n1: {BERLIN}"]
    later = clock.now("UTC") + timedelta(hours=3)
    best = service.memory.search_by_kind("ada", Query("Where do I live?", "", later), SearchLimits(semantic=1)).memories
    assert [one.text for one in best if one.kind == "semantic"] == [LISBON]
    list(service.stream("ada", "Where did I use to live?", time=later))
    prompt = chat.prompts("reasoning")[-1]
    assert f'"{BERLIN}" (No longer true since {new.time:%Y-%m-%d}.)' in prompt
    assert f'"{LISBON}" (No longer' not in prompt


def test_a_message_of_now_asks_what_it_asked_before(serve):
    chat = ScriptedChat(script())
    service = serve(chat)
    for day, town in enumerate((BERLIN, LISBON, PORTO)):
        tell(service, town, BEGUN + timedelta(days=day))
    assert asked_to_change(chat) == [f"New: {LISBON}\n1: {BERLIN}", f"New: {PORTO}\n1: {LISBON}"]


def test_what_excludes_nothing_is_not_asked_about(serve):
    chat = ScriptedChat(script())
    service = serve(chat)
    tell(service, LISBON, BEGUN + timedelta(days=9))
    chat.script["semantic"] = fact("The user likes red kites.", "kite")
    tell(service, "I like red kites.", BEGUN)
    chat.script["semantic"] = fact("The user lives beside the river.", "river")
    tell(service, "I live beside the river.", BEGUN - timedelta(days=1))
    assert asked_to_change(chat) == []


def test_at_most_three_of_a_later_time_are_asked_about(serve):
    chat = ScriptedChat(script())
    service = serve(chat)
    chat.script["change"] = lambda prompt: "\n".join(
        f'"{n}": "other"' for n in range(1, prompt.rsplit("New:", 1)[1].count("\n") + 1)
    )
    towns = ("Berlin", "Lisbon", "Porto", "Tartu", "Quito")
    for day, town in enumerate(towns):
        chat.script["semantic"] = fact(f"The user lives in {town}.", "home")
        tell(service, town, BEGUN + timedelta(days=day))
    chat.calls.clear()
    chat.script["semantic"] = fact("The user lives in Malta.", "home")
    tell(service, "Malta", BEGUN - timedelta(days=1))
    assert asked_to_change(chat) == [f"New: The user lives in {town}.\n1: The user lives in Malta." for town in towns[:3]]


@given(towns=st.lists(st.sampled_from([BERLIN, LISBON, PORTO]), min_size=3, max_size=3), order=st.permutations(range(3)))
@settings(max_examples=20, deadline=None)
def test_three_facts_end_alike_in_whatever_order_they_are_remembered(open_service, towns, order):
    assert end_of(open_service, towns, order) == end_of(open_service, towns, range(3))


def end_of(service, towns, order, _known={}):  # noqa: B006 - what was remembered before is not remembered once more
    key = (id(service), *towns, *order)
    if key not in _known:
        user = f"user {len(_known)}"
        for place in order:
            tell(service, towns[place], BEGUN + timedelta(days=place), user)
        _known[key] = ends(service, user)
    return _known[key]


@pytest.fixture(scope="module")
def open_service(tmp_path_factory):
    from app.service import PersonaService
    from memory.memory import Memory
    from tests.fakes import ScriptedModels, WordEmbedder

    memory = Memory(tmp_path_factory.mktemp("late"), WordEmbedder())
    service = PersonaService(memory, ScriptedModels(ScriptedChat(script())), work=False)
    yield service
    service.close()


@pytest.mark.parametrize("which", [0, 1])
def test_it_is_undone_from_either_side(serve, which):
    service = live_today_then_history(serve)
    service.memory.undo("ada", facts(service)[which].id)
    assert all(one.is_valid for one in facts(service))


def test_forgetting_the_newer_fact_lets_the_older_one_hold_and_undo_brings_back_both(serve):
    service = live_today_then_history(serve)
    before, new = ends(service), facts(service)[1].id
    service.memory.forget("ada", new)
    assert [(one.content, one.is_valid) for one in facts(service)] == [(BERLIN, True)]
    service.memory.undo("ada", new)
    assert ends(service) == before


def test_what_the_person_edited_is_never_superseded_nor_made_a_repetition(serve):
    service = serve(ScriptedChat(script()))
    tell(service, PORTO, BEGUN + timedelta(days=5))
    service.memory.edit("ada", facts(service)[0].id, LISBON)
    tell(service, LISBON, BEGUN)
    old, new = facts(service)
    assert (old.same_as, new.strength, new.is_valid, new.edited) == (new.id, 2, True, True)


@pytest.mark.parametrize("step", ["semantic", "change"])
def test_what_was_set_aside_and_is_done_again_is_compared_with_what_was_said_since(serve, step):
    service = serve(ScriptedChat(script()))
    tell(service, PORTO, BEGUN)
    tell(service, LISBON, BEGUN + timedelta(days=5))
    service.memory.ingest("ada", [Line(time=BEGUN + timedelta(days=2), text=BERLIN, reply="I see.")])
    late = service.memory.journal.turns("ada")[1]
    service.memory.refusals.note(
        "ada", "remember", late.id, step, cause="refused", status=400, reason="", most=1
    )  # fmt: skip
    service.wait("ada")
    assert [one.is_valid for one in facts(service)] == {"semantic": [False, True], "change": [False, True, True]}[step]
    assert service.memory.refusals.retry("ada") == 1
    service.wait("ada")
    first, second, third = facts(service)
    assert (first.superseded_by, first.valid_until) == (second.id, second.time)
    assert (second.superseded_by, second.valid_until) == (third.id, third.time)
    assert third.is_valid
    service.wait("ada")
    assert service.memory.work.count("ada") == 0


VOTES, NO_LONGER = "The user votes Labour.", "The user no longer votes Labour."


def vote(serve, *, newer_first):
    """Let Ada tell of two votes, the newer or the older one first, and approve of each."""
    service = serve(ScriptedChat({"change": '"1": "changed"'}))
    said = [("I voted for Labour.", VOTES, 0), ("I no longer vote Labour, my vote went to the Tories.", NO_LONGER, 5)]
    for text, content, day in reversed(said) if newer_first else said:
        service.models._chat.script["semantic"] = fact(content, "vote")
        tell(service, text, BEGUN + timedelta(days=day))
    assert (len(service.memory.approvals.waiting("ada")), facts(service)) == (2, [])
    return service


@pytest.mark.usefixtures("asking")
@pytest.mark.parametrize("newer_first", [False, True], ids=["in order", "newer first"])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["older approved first", "newer approved first"])
def test_what_is_held_is_compared_when_it_is_approved(serve, newer_first, order):
    service = vote(serve, newer_first=newer_first)
    waiting = service.memory.approvals.waiting("ada")
    for place in order:
        service.memory.approvals.approve("ada", waiting[place].turn_id)
        service.wait("ada")
    old, new = facts(service)
    assert (old.content, old.superseded_by, old.valid_until) == (VOTES, new.id, new.time)
    assert new.is_valid


@pytest.mark.usefixtures("asking")
def test_an_older_fact_that_is_held_is_superseded_when_it_is_approved(serve):
    service = serve(chat := ScriptedChat({"change": '"1": "changed"', "semantic": fact(NO_LONGER, "vote")}))
    tell(service, "I no longer vote Labour, my vote went to the Tories.", BEGUN + timedelta(days=5))
    service.memory.approvals.approve("ada", service.memory.approvals.waiting("ada")[0].turn_id)
    chat.script["semantic"] = fact(VOTES, "vote")
    tell(service, "I voted for Labour.", BEGUN)
    assert [one.is_valid for one in facts(service)] == [True]
    service.memory.approvals.approve("ada", service.memory.approvals.waiting("ada")[0].turn_id)
    old, new = facts(service)
    assert (old.superseded_by, old.valid_until) == (new.id, new.time)


class Killed(BaseException):
    """The process ends here."""


def test_after_a_crash_nothing_is_asked_again(serve, monkeypatch):
    chat = ScriptedChat(script())
    service = serve(chat)
    list(service.stream("ada", LISBON))
    service.wait("ada")
    service.memory.ingest("ada", [Line(time=BEGUN, text=BERLIN, reply="I see.")])

    def killed(*_args, **_more):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(service.memory.memories, "commit_remember", killed)
        with pytest.raises(Killed):
            service.wait("ada")
    assert len(facts(service)) == 1
    calls = chat.steps()
    assert calls.count("change") == 1
    service = serve(again := ScriptedChat(script()))
    service.wait("ada")
    assert not {"semantic", "personality", "change"} & set(again.steps())
    assert [one.is_valid for one in facts(service)] == [False, True]
