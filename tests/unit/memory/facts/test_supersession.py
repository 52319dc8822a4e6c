"""Facts that change: what a newer one makes untrue, what is only said again, and how it is taken back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.formats import memory_formats
from memory.core import clock
from memory.core.errors import InvalidInput, NotFound
from memory.core.query import Query, SearchLimits
from memory.core.records import PersonalityPoint, SemanticMemory, make_id
from memory.core.time_window import TimeWindow
from memory.facts.acceptance import Changes, decide, worth_asking
from memory.facts.change_words import asks_about_the_past
from tests.fakes import NOTHING, ScriptedChat, answer, fact, retrieve

HATES, LOVES = "The user hates coriander in soup.", "The user loves coriander in soup."


def say(service, text, time):
    return list(service.stream("ada", text, time=time))[-1].turn


def facts(service):
    return service.memory.memories.entries("ada", kind="semantic")


def teach(serve, *contents, relations):
    """Let a turn a week say each of the contents, and the model judge as given."""
    service = serve(ScriptedChat({"semantic": [fact(text, "coriander") for text in contents], "change": list(relations)}))
    for week, content in enumerate(contents):
        say(service, content, f"2026-03-0{1 + week} 09:00")
    service.wait()
    return service


def look(service, message, since=None, until=None):
    query = Query(message, "", clock.parse_time("2026-06-01 09:00", "UTC"), TimeWindow.between(since, until))
    return [found.text for found in service.memory.search_by_kind("ada", query).memories if found.kind == "semantic"]


def test_a_newer_fact_makes_an_older_one_untrue_from_its_own_day_on(serve):
    service = teach(serve, HATES, LOVES, relations=['"1": "changed"'])
    old, new = facts(service)
    assert (old.superseded_by, old.valid_until, old.is_valid) == (new.id, new.time, False)
    assert (new.superseded_by, new.valid_until, new.is_valid) == (None, None, True)


def test_what_holds_is_recalled_before_what_held_and_asking_for_the_past_finds_both_with_dates(serve):
    service = teach(serve, HATES, LOVES, *(f"The user likes soup number {n} with coriander." for n in range(4)),
                    relations=['"1": "changed"', '"1": "other"\n"2": "other"\n"3": "other"'])  # fmt: skip
    now = look(service, "Do I like coriander in soup?")
    assert LOVES in now
    assert not any(HATES in text for text in now)
    past = look(service, "Did I use to like coriander in soup?")
    assert LOVES in past
    assert f"{HATES} (True until 2026-03-02, no longer.)" in past


def test_what_held_at_the_time_that_the_message_names_is_not_put_behind(serve):
    service = teach(serve, HATES, LOVES, *(f"The user likes soup number {n} with coriander." for n in range(4)),
                    relations=['"1": "changed"', '"1": "other"\n"2": "other"\n"3": "other"'])  # fmt: skip
    assert f"{HATES} (True until 2026-03-02, no longer.)" in look(service, "Did I like coriander in soup on 1 March?")
    assert not any(HATES in text for text in look(service, "Did I like coriander in soup on 3 March?"))


def test_a_window_brings_what_was_said_in_it_and_not_what_replaced_it_later(serve):
    service = teach(serve, HATES, LOVES, relations=['"1": "changed"'])
    first, second = (clock.parse_time(f"2026-03-0{day} 00:00", "UTC") for day in (1, 2))
    for message in ("coriander", "Did I use to like coriander?"):
        assert look(service, message, until=second) == [f"{HATES} (True until 2026-03-02, no longer.)"]
        assert look(service, message, since=second) == [LOVES]
        assert len(look(service, message, since=first)) == 2


def test_a_question_of_what_was_leaves_out_what_the_prompt_shows_of_the_last_hour(serve):
    service = teach(serve, HATES, LOVES, relations=['"1": "changed"'])
    shown = frozenset({service.memory.journal.turns("ada")[-1].id})
    query = Query("Did I use to like coriander?", "", clock.parse_time("2026-03-02 09:30", "UTC"), prompt_turns=shown)
    assert [found.text[:24] for found in service.memory.search_by_kind("ada", query).memories if found.kind == "semantic"] == [
        HATES[:24]
    ]


def test_what_no_longer_holds_is_found_where_nothing_else_is(serve):
    service = teach(serve, HATES, LOVES, relations=['"1": "changed"'])
    assert set(look(service, "coriander")) == {LOVES, f"{HATES} (True until 2026-03-02, no longer.)"}


def test_saying_it_again_strengthens_the_old_one_and_is_not_recalled_twice(serve):
    service = teach(serve, HATES, "The user hates coriander in soup!", relations=['"1": "same"'])
    old, again = facts(service)
    assert (old.strength, old.is_valid, again.same_as) == (2, True, old.id)
    assert look(service, "coriander soup") == [HATES]


@pytest.mark.parametrize("which", [0, 1])
def test_a_change_is_undone_from_either_side_and_nothing_was_deleted(serve, which):
    service = teach(serve, HATES, LOVES, relations=['"1": "changed"'])
    before = [(one.id, one.content, one.time) for one in facts(service)]
    service.memory.undo("ada", facts(service)[which].id)
    assert all(one.is_valid for one in facts(service))
    assert [(one.id, one.content, one.time) for one in facts(service)] == before
    assert set(look(service, "coriander")) == {HATES, LOVES}


def test_a_repetition_is_undone_and_stands_for_itself(serve):
    service = teach(serve, HATES, "The user hates coriander in soup!", relations=['"1": "same"'])
    service.memory.undo("ada", facts(service)[1].id)
    assert [(one.strength, one.same_as) for one in facts(service)] == [(1, None), (1, None)]
    assert len(look(service, "coriander soup")) == 2


def test_of_two_that_fit_alike_the_one_that_was_said_again_comes_first(serve):
    one, two = "The user likes green soup.", "The user likes brown soup."
    service = teach(serve, one, two, relations=['"1": "other"'])
    query = Query("What soup do I like?", "", clock.parse_time("2026-06-01 09:00", "UTC"))

    def best():
        found = service.memory.search_by_kind("ada", query, SearchLimits(semantic=1)).memories
        return next(entry.text for entry in found if entry.kind == "semantic")

    second = ({one, two} - {best()}).pop()
    service.models._chat.script = {"semantic": fact(second.replace(".", "!")), "change": '"1": "same"\n"2": "other"'}
    say(service, f"As I said: {second}", "2026-03-09 09:00")
    service.wait()
    assert best() == second


def test_the_profile_loses_what_is_untrue_at_once_and_gets_it_back_by_undo(serve):
    script = {"semantic": [fact(HATES), fact(LOVES)], "change": '"1": "changed"', "core": '"dislikes": "coriander, olives"'}
    service = serve(chat := ScriptedChat(script))
    for text, time in ((HATES, "2026-03-01 09:00"), (LOVES, "2026-03-02 09:00")):
        say(service, text, time)
        service.wait()
    profile = service.memory.memories.profile
    assert profile("ada").values() == {"name": "unknown", "dislikes": "olives"}
    say(service, "What are my dislikes: coriander, olives?", "2026-03-02 09:10")
    assert "(profile) dislikes: olives" in chat.prompts("reasoning")[-1]
    service.memory.undo("ada", facts(service)[0].id)
    assert profile("ada").values() == {"name": "unknown", "dislikes": "coriander, olives"}


def test_undo_of_nothing_says_so(serve):
    service = teach(serve, HATES, relations=[])
    with pytest.raises(InvalidInput, match="Nothing that was done"):
        service.memory.undo("ada", facts(service)[0].id)
    with pytest.raises(NotFound):
        service.memory.undo("ada", "sem_none")


def test_forgetting_a_fact_takes_its_repetitions_along(serve):
    service = teach(serve, HATES, "The user hates coriander in soup!", relations=['"1": "same"'])
    first = facts(service)[0]
    service.memory.forget("ada", first.id)
    assert facts(service) == []
    service.memory.undo("ada", first.id)
    assert len(facts(service)) == 2
    service.memory.forget("ada", first.id, now=True)
    assert facts(service) == []
    assert service.memory._edits.hidden() == []


def test_what_the_person_wrote_is_not_overruled(serve):
    service = teach(serve, HATES, relations=[])
    service.memory.edit("ada", facts(service)[0].id, "The user hates coriander in soup and salad.")
    service.models._chat.script = {"semantic": fact(LOVES, "coriander"), "change": '"1": "changed"'}
    say(service, LOVES, "2026-03-09 09:00")
    service.wait()
    assert all(one.is_valid for one in facts(service))


def test_another_subject_and_something_far_are_never_asked_about(serve):
    texts = ("The user lives in Tartu.", "The user's sister lives in Quito.", "A zebra slept.")
    chat = ScriptedChat({"semantic": [fact(text) for text in texts]})
    service = serve(chat)
    for day, text in enumerate(texts, start=1):
        say(service, text, f"2026-03-0{day} 09:00")
    service.wait()
    assert "change" not in chat.steps()


def test_a_judgement_that_cannot_be_read_changes_nothing(serve):
    service = teach(serve, HATES, LOVES, relations=["I think both are lovely."])
    assert all(one.is_valid for one in facts(service))


def test_asking_ten_times_what_is_known_adds_nothing(serve):
    # A model that would take a recalled name for something new, if it were shown one.
    chat = ScriptedChat(
        {
            "semantic": lambda prompt: fact("The user has a dog called Biscuit.", "dog") if "Biscuit" in prompt else NOTHING,
            "reasoning": retrieve("dog"),
            "answer": answer("Your dog is called Biscuit!"),
        }
    )
    service = serve(chat)
    say(service, "My dog is called Biscuit", "2026-03-01 09:00")
    for day in range(2, 12):
        say(service, "What do you remember about my dog?", f"2026-03-{day:02} 09:00")
    service.wait()
    [known] = facts(service)
    assert known.strength == 1


def memory(number, content, day=1, **fields):
    return SemanticMemory(
        id=f"sem_{number}", turn_id=f"t{number}", time=datetime(2026, 3, day, tzinfo=UTC), content=content, **fields
    )


def test_at_most_three_are_asked_about_and_at_most_two_replaced():
    new = memory(0, "The user moved to Quito.", day=9)
    older = [(memory(n, f"The user lives in town {n}."), 0.5 + n / 100) for n in range(1, 9)]
    asked = worth_asking(new, older)
    assert [old.id for old, _ in asked] == ["sem_8", "sem_7", "sem_6"]
    assert decide(new, asked, {old.id: "changed" for old, _ in asked}) == Changes(supersedes=("sem_8", "sem_7"))


@pytest.mark.parametrize(
    "older",
    [
        (memory(1, "The user lives in Tartu.", day=10), 0.9),
        (memory(1, "The user lives in Tartu.", superseded_by="sem_2"), 0.9),
        (memory(1, "The user lives in Tartu.", same_as="sem_2"), 0.9),
        (memory(1, "The user's sister lives in Tartu."), 0.9),
        (memory(1, "The user lives in Tartu."), 0.19),
        (memory(1, "The user likes Tartu."), 0.39),
        (memory(0, "The user lives in Tartu."), 0.9),
    ],
)
def test_newer_untrue_far_or_others_facts_are_left_alone(older):
    assert worth_asking(memory(0, "The user moved to Quito.", day=9), [older]) == []


@pytest.mark.parametrize(
    ("older", "newer", "replaced"),
    [
        ("The user can't stand coriander.", "The user loves coriander.", True),
        ("The user lives in Berlin.", "The user moved to Lisbon on 2026-03-09.", True),
        ("The user lives in Berlin.", "The user lives in Lisbon.", True),
        ("The user works as a nurse.", "The user is a teacher now.", True),
        ("The user is 41.", "The user is 42.", True),
        ("The user eats meat.", "The user doesn't eat meat.", True),
        ("The user sees the dentist on 2026-03-04.", "The user's visit to the dentist has moved to 2026-03-11.", True),
        ("Die Nutzerin wohnt in Berlin.", "Die Nutzerin wohnt in Lissabon.", True),
        ("The user has a dog called Biscuit.", "The user has a cat called Miso.", False),
        ("The user likes coffee.", "The user likes tea.", False),
        ("The user went to Rome in May.", "The user went to Paris in June.", False),
        ("The user likes pottery.", "The user takes a pottery class every Tuesday.", False),
        ("The user has a ticket for 2026-05-02.", "The user has a ticket for 2026-06-09.", False),
    ],
)
def test_a_model_that_always_sees_a_change_is_believed_where_the_words_allow_one(older, newer, replaced):
    asked = [(memory(1, older), 0.8)]
    assert decide(memory(0, newer, day=9), asked, {"sem_1": "changed"}) == Changes(supersedes=("sem_1",) if replaced else ())


def test_other_numbers_are_never_the_same_fact():
    new = memory(0, "The user sees the dentist on 2026-09-01.", day=9)
    asked = [(memory(1, "The user sees the dentist on 2026-03-04."), 0.99)]
    assert decide(new, asked, {"sem_1": "same"}) == Changes()


@pytest.mark.parametrize(
    ("message", "past"),
    [
        ("What did I use to like?", True),
        ("Where did I live before?", True),
        ("What am I no longer eating?", True),
        ("What do I like?", False),
        ("Is the shop open before nine?", False),
    ],
)
def test_a_question_about_what_was(message, past):
    assert asks_about_the_past(message) is past


@given(st.lists(st.sampled_from(["same", "changed", "other"]), min_size=1, max_size=3))
def test_a_judgement_is_read_as_it_was_written(relations):
    assert memory_formats.parse_change(memory_formats.format_change(relations), len(relations)) == relations


@given(st.text(max_size=80), st.integers(1, 3))
def test_no_judgement_makes_the_parser_fail(text, count):
    parsed = memory_formats.parse_change(text, count)
    assert parsed is None or len(parsed) == count


def test_a_forgotten_change_lets_the_older_fact_stand_again_and_undo_takes_it_back(serve):
    service = teach(serve, HATES, LOVES, relations=['"1": "changed"'])
    old, new = facts(service)
    service.memory.forget("ada", new.id)
    assert [(one.id, one.is_valid) for one in facts(service)] == [(old.id, True)]
    service.memory.undo("ada", new.id)
    assert [(one.id, one.is_valid, one.superseded_by) for one in facts(service)] == [
        (old.id, False, new.id),
        (new.id, True, None),
    ]
    service.memory.forget("ada", new.id, now=True)
    assert [(one.id, one.is_valid) for one in facts(service)] == [(old.id, True)]


def test_a_repetition_stands_for_itself_once_what_it_repeated_is_gone(serve):
    again = "The user hates coriander in soup!"
    service = teach(serve, HATES, again, relations=['"1": "same"'])
    old, repeated = facts(service)
    service.memory.forget("ada", repeated.id)
    assert [one.strength for one in facts(service)] == [1]
    service.memory.undo("ada", repeated.id)
    assert [one.strength for one in facts(service)] == [2, 1]
    service.memory.forget("ada", old.id)
    assert facts(service) == []
    service.memory.undo("ada", repeated.id)
    assert look(service, "coriander soup") == [again]


def test_a_repetition_that_is_edited_says_something_of_its_own(serve):
    service = teach(serve, HATES, "The user hates coriander in soup!", relations=['"1": "same"'])
    service.memory.edit("ada", facts(service)[-1].id, "The user has a parrot called Kiwi.")
    assert "The user has a parrot called Kiwi." in look(service, "parrot Kiwi")


def test_what_was_forgotten_by_itself_stays_forgotten_when_the_other_comes_back(serve):
    service = teach(serve, HATES, "The user hates coriander in soup!", relations=['"1": "same"'])
    old, repeated = facts(service)
    service.memory.forget("ada", repeated.id)
    service.memory.forget("ada", old.id)
    service.memory.undo("ada", old.id)
    assert [one.id for one in facts(service)] == [old.id]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("The user eats meat.", "The user no longer eats meat."),
        ("The user loves coriander.", "The user hates coriander."),
        ("The user is married.", "The user is divorced."),
        ("The user has two dogs.", "The user has three dogs."),
        ("The user drinks coffee.", "The user gave up coffee."),
    ],
)
def test_opposites_are_never_the_same_whatever_the_model_says(older, newer):
    old, new = memory(1, older), memory(2, newer, day=9)
    assert decide(new, [(old, 0.95)], {old.id: "same"}).same_as is None


def test_names_that_hold_the_mark_between_parts_are_nobody_elses(serve):
    memory = serve(ScriptedChat()).memory
    time = clock.parse_time("2026-03-01 09:00", "UTC")
    memory.set_profile("x\x1fcore\x1fa", "b", "theirs", time)
    memory.set_profile("x", "a\x1fcore\x1fb", "mine", time)
    assert memory.memories.profile("x\x1fcore\x1fa").values()["b"] == "theirs"
    assert memory.memories.profile("x").values()["a\x1fcore\x1fb"] == "mine"


def test_what_changed_a_hundred_times_is_found_as_it_is_today(serve):
    memory = serve(ScriptedChat()).memory
    last = None
    for number in range(40):
        time = clock.parse_time(f"2026-03-01 09:{number:02}", "UTC")
        turn = memory.ingest_turn("ada", time, f"I weigh {80 + number / 10:.1f} kg", "")
        new = SemanticMemory(
            id=make_id("ada", "semantic", turn.id),
            turn_id=turn.id,
            time=time,
            content=f"The user weighs {80 + number / 10:.1f} kg.",
        )
        changes = Changes(supersedes=(last,)) if last else Changes()
        memory.memories.commit_remember("ada", turn.id, PersonalityPoint(turn_id=turn.id, time=time), new, changes)
        last = new.id
        if number % 10 == 0:
            memory.index("ada")
    query = Query("How much do I weigh?", "weight kg", clock.parse_time("2026-06-01 09:00", "UTC"))
    assert "The user weighs 83.9 kg." in [entry.text for entry in memory.search_by_kind("ada", query).memories]
    assert memory.search("ada", "how much does the user weigh", kind="semantic", limit=3)[0].text == "The user weighs 83.9 kg."
    memory.undo("ada", last)
    found = [entry.text for entry in memory.search_by_kind("ada", query).memories if entry.kind == "semantic"]
    assert {"The user weighs 83.8 kg.", "The user weighs 83.9 kg."} <= set(found)


@pytest.mark.parametrize(
    "message",
    [
        "What was my previous job?",
        "My former address?",
        "Where was my old flat?",
        "What was my job until March?",
        "What did I eat earlier?",
    ],
)
def test_the_usual_words_for_what_was_are_known(message):
    assert asks_about_the_past(message)


@pytest.mark.parametrize("message", ["How old am I?", "What is my job?", "What do I like?"])
def test_a_question_about_today_is_not_one_of_what_was(message):
    assert not asks_about_the_past(message)


def test_a_name_or_a_colour_that_is_new_is_not_lost_in_a_repetition(serve):
    service = teach(serve, "The user has a mug.", "The user has a red mug.", relations=['"1": "same"'])
    assert [one.same_as for one in facts(service)] == [None, None]


def test_words_that_are_all_there_already_are_a_repetition_whatever_a_model_says(serve):
    service = teach(serve, "The user has a red mug.", "The user has a red mug!", relations=['"1": "other"'])
    assert [bool(one.same_as) for one in facts(service)] == [False, True]


def test_a_model_is_not_asked_about_what_its_answer_could_not_change(serve):
    service = teach(serve, "The user likes green soup.", "The user likes two spoons.", relations=['"1": "changed"'])
    assert "change" not in service.models._chat.steps()
