"""What follows a reply: remembered and consolidated once, in order, whatever the model writes."""

from __future__ import annotations

import threading
import time

import pytest

from memory.core import clock
from memory.core.errors import ModelUnavailable
from memory.core.records import BigFive, Episode, Procedure, ProfileEntry, SemanticMemory
from memory.personality.pem import evolve
from tests.fakes import ScriptedChat, answer, fact

OPEN_5 = "\n".join(f'"{trait}": {score}' for trait, score in zip(
    ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"), (5, 3, 3, 3, 1), strict=True))  # fmt: skip


def say(service, text, time=None, user="ada"):
    return list(service.stream(user, text, time=time))[-1].turn


def records(service, kind, user="ada"):
    return service.memory.memories.entries(user, kind=kind)


def test_a_turn_costs_two_calls_after_its_reply_and_a_session_three(serve):
    chat = ScriptedChat()
    service = serve(chat)
    say(service, "Hi", "2026-03-01 09:00")
    service.wait()
    assert sorted(chat.steps()[1:]) == ["personality", "semantic"]
    chat.calls.clear()
    say(service, "Hi", "2026-03-02 09:00")
    service.wait()
    assert chat.steps()[0] == "reasoning"
    assert sorted(chat.steps()[1:4]) == ["core", "episodic", "procedural"]
    assert sorted(chat.steps()[4:]) == ["personality", "semantic"]


def test_a_fact_is_remembered_with_its_turn_and_found(serve):
    chat = ScriptedChat({"semantic": fact("The user has a dog called Rex.", "dog", "Rex")})
    service = serve(chat)
    turn = say(service, "I got a dog, Rex!", "2026-03-01 09:00")
    service.wait()
    [memory] = records(service, "semantic")
    assert isinstance(memory, SemanticMemory)
    assert (memory.content, memory.keywords, memory.turn_id) == ("The user has a dog called Rex.", ("dog", "Rex"), turn.id)
    assert service.memory.search("ada", "Rex", kind="semantic")[0].id == memory.id
    assert service.memory.journal.turn(turn.id).pending is False


def test_extraction_reads_the_persons_own_words_and_no_memory(serve):
    chat = ScriptedChat({"semantic": [fact("The user has a dog called Rex.", "dog")], "reasoning": answer("Rex the recalled!")})
    service = serve(chat)
    for day in range(1, 4):
        say(service, "What do you know?", f"2026-03-0{day} 09:00")
    service.wait()
    for prompt in chat.prompts("semantic") + chat.prompts("personality") + chat.prompts("core") + chat.prompts("procedural"):
        assert "Rex the recalled" not in prompt
        assert "dog called Rex" not in prompt


def test_personality_moves_by_pem_and_counts_remembered_turns(serve):
    chat = ScriptedChat({"personality": OPEN_5})
    service = serve(chat)
    for minute in range(3):
        say(service, "Let's try something new", f"2026-03-01 09:0{minute}")
    service.wait()
    expected = BigFive()
    evidence = BigFive(openness=5, neuroticism=1)
    for m in range(3):
        expected = evolve(expected, evidence, m)
    points = service.memory.personality.history("ada")
    assert [point.m for point in points] == [0, 1, 2]
    assert points[-1].scores == expected
    assert points[-1].scores.extraversion == 3.0


def test_reset_begins_anew_and_a_pinned_trait_does_not_move(serve):
    chat = ScriptedChat({"personality": OPEN_5})
    service = serve(chat)
    say(service, "One", "2026-03-01 09:00")
    service.wait()
    service.memory.personality.pin("ada", "openness", 2.0, clock.now())
    say(service, "Two", "2026-03-01 09:01")
    service.wait()
    newest = service.memory.personality.newest("ada")
    assert (newest.scores.openness, newest.m) == (2.0, 1)
    assert newest.scores.neuroticism < 3
    service.memory.personality.reset("ada", clock.now())
    say(service, "Three", "2026-03-01 09:02")
    service.wait()
    newest = service.memory.personality.newest("ada")
    assert newest.m == 0
    assert newest.scores.openness == 4.0


def test_a_session_ends_after_sixty_minutes_and_not_before(serve):
    service = serve(ScriptedChat())
    sessions = [say(service, "Hi", f"2026-03-01 {at}").session for at in ("09:00", "09:59", "10:58", "11:58", "12:58")]
    assert sessions == [1, 1, 1, 2, 3]


def test_an_ended_session_becomes_topics_habits_and_profile(serve):
    chat = ScriptedChat(
        {
            "episodic": '"topic_summary": "The user moved."\n"keywords": "move"\n"source_dialog_indices": 0\n'
            '"topic_summary": "The user swims."\n"keywords": "sport"\n"source_dialog_indices": 1',
            "procedural": '"swimming": "The user swims every Friday."',
            "core": '"name": "Ada"\n"home": "Lisbon"\n"pets": ["Rex", "Tom"]',
        }
    )
    service = serve(chat)
    first = say(service, "I moved to Lisbon", "2026-03-01 09:00")
    second = say(service, "I swim every Friday", "2026-03-01 09:10")
    third = say(service, "And I rest", "2026-03-01 09:20")
    say(service, "Hello", "2026-03-02 09:00")
    service.wait()
    topics = records(service, "episodic")
    assert all(isinstance(topic, Episode) for topic in topics)
    assert {topic.summary: topic.turn_ids for topic in topics} == {
        "The user moved.": (first.id, third.id),  # a turn in no topic joins the first
        "The user swims.": (second.id,),
    }
    assert [(entry.key, entry.text) for entry in records(service, "procedural") if isinstance(entry, Procedure)] == [
        ("swimming", "The user swims every Friday.")
    ]
    assert service.memory.memories.profile("ada").values() == {"name": "Ada", "home": "Lisbon", "pets": "Rex, Tom"}
    found = service.memory.search("ada", "moved", kind="episodic")
    assert found[0].text == "The user moved."


def test_malformed_consolidation_keeps_what_there_was(serve):
    chat = ScriptedChat(
        {"core": ['"name": "Ada"', "???"], "procedural": ['"tea": "The user drinks tea."', "???"], "episodic": "???"}
    )
    service = serve(chat)
    for day in (1, 2, 3):
        say(service, f"Day {day}", f"2026-03-0{day} 09:00")
    service.wait()
    assert service.memory.memories.profile("ada").values()["name"] == "Ada"
    assert len(records(service, "procedural")) == 1
    assert [topic.summary for topic in records(service, "episodic")] == ["The user said: Day 1", "The user said: Day 2"]


def test_a_rewrite_keeps_what_the_person_edited_or_forgot(serve):
    chat = ScriptedChat(
        {"core": ['"name": "Ada"\n"home": "Lisbon"\n"job": "baker"', '"name": "Bob"\n"home": "Porto"\n"job": "baker"']}
    )
    service = serve(chat)
    say(service, "One", "2026-03-01 09:00")
    say(service, "Two", "2026-03-02 09:00")
    service.wait()
    by_key = {entry.key: entry for entry in records(service, "core") if isinstance(entry, ProfileEntry)}
    service.memory.edit("ada", by_key["name"].id, "Ada Lovelace")
    service.memory.forget("ada", by_key["job"].id)
    say(service, "Three", "2026-03-03 09:00")
    service.wait()
    assert service.memory.memories.profile("ada").values() == {"name": "Ada Lovelace", "home": "Porto"}


def test_forgetting_hides_at_once_can_be_undone_and_then_purged(serve):
    chat = ScriptedChat({"semantic": fact("The user has a zebra.", "zebra")})
    service = serve(chat)
    say(service, "I have a zebra", "2026-03-01 09:00")
    service.wait()
    [memory] = records(service, "semantic")
    service.memory.forget("ada", memory.id)
    assert records(service, "semantic") == []
    assert service.memory.search("ada", "zebra") == [], "nor the message that it was taken from"
    service.memory.undo("ada", memory.id)
    assert service.memory.search("ada", "zebra", kind="semantic")
    service.memory.forget("ada", memory.id, now=True)
    with pytest.raises(Exception, match="was purged"):
        service.memory.undo("ada", memory.id)


def test_an_edited_memory_is_found_by_its_new_words_alone(serve):
    chat = ScriptedChat({"semantic": fact("The user has a zebra.", "animal")})
    service = serve(chat)
    say(service, "Hello there", "2026-03-01 09:00")
    service.wait()
    [memory] = records(service, "semantic")
    service.memory.edit("ada", memory.id, "The user has a giraffe.")
    assert service.memory.search("ada", "giraffe", kind="semantic")[0].text == "The user has a giraffe."
    assert "zebra" not in str(service.memory.search("ada", "zebra"))


def test_work_done_again_asks_the_model_nothing_and_doubles_nothing(serve):
    chat = ScriptedChat({"semantic": fact("The user has a dog.", "dog")})
    service = serve(chat)
    turn = say(service, "I have a cat", "2026-03-01 09:00")
    service.memory.work.save_output("ada", turn.id, "semantic", fact("The user has a cat.", "cat"))
    service.wait()
    assert "semantic" not in chat.steps()
    assert [memory.content for memory in records(service, "semantic")] == ["The user has a cat."]
    _, remembering, _ = service._loading.graphs(lambda: False)
    from graph.context import Context

    remembering.invoke({"turn_id": turn.id}, context=Context(user_id="ada"))
    assert len(records(service, "semantic")) == 1
    assert len(service.memory.personality.history("ada")) == 1


def test_a_model_that_is_down_leaves_the_work_pending_and_it_is_done_later(serve):
    chat = ScriptedChat({"semantic": [ModelUnavailable("No model server answers."), fact("The user has a dog.", "dog")]})
    service = serve(chat)
    say(service, "I have a dog", "2026-03-01 09:00")
    with pytest.raises(ModelUnavailable):
        service.wait()
    assert service.memory.work.count("ada") == 1
    service = serve(chat)
    service.wait()
    assert len(records(service, "semantic")) == 1
    assert service.memory.work.count() == 0


def test_a_users_work_is_done_in_order(serve):
    chat = ScriptedChat()
    service = serve(chat)
    for day in range(1, 5):
        say(service, f"Message {day}", f"2026-03-0{day} 09:00")
    service.wait()
    order = [prompt.split("Message ")[1][0] for step, prompt in chat.calls if step in ("semantic", "episodic")]
    assert order == ["1", "1", "2", "2", "3", "3", "4"]


def test_a_second_message_is_answered_while_the_first_is_being_remembered(serve):
    held, go = threading.Event(), threading.Event()

    def slow(_prompt):
        held.set()
        assert go.wait(600)
        return fact("The user has a dog.", "dog")

    chat = ScriptedChat({"semantic": slow})
    service = serve(chat, work=True)
    say(service, "I have a dog", "2026-03-01 09:00")
    assert held.wait(600)
    assert say(service, "And a cat", "2026-03-01 09:01").reply == "Hello!"
    assert service.memory.work.count("ada") == 2
    go.set()
    service.wait("ada")
    assert service.memory.work.count("ada") == 0


def test_a_session_that_nobody_comes_back_to_ends_after_sixty_real_minutes(serve):
    from datetime import UTC, datetime, timedelta

    chat = ScriptedChat()
    service = serve(chat)
    say(service, "Bye")
    say(service, "Bye", "2026-03-01 09:00", user="told")
    now = datetime.now(UTC)
    assert service.memory.journal.end_stale_sessions(now + timedelta(minutes=59)) == 0
    assert service.memory.journal.end_stale_sessions(now + timedelta(minutes=61)) == 1
    assert service.memory.journal.end_stale_sessions(now + timedelta(minutes=99)) == 0
    service.wait()
    assert len(records(service, "episodic")) == 1
    assert records(service, "episodic", "told") == []


def test_closing_finishes_the_running_step_and_leaves_the_rest(serve):
    held = threading.Event()

    def slow(_prompt):
        held.set()
        while not service._worker._closing:
            time.sleep(0.01)
        return fact("The user talks.", "talk")

    chat = ScriptedChat({"semantic": slow})
    service = serve(chat)
    for minute in range(3):
        say(service, "Hi", f"2026-03-01 09:0{minute}")
    service = serve(chat, work=True)
    assert held.wait(600)
    service = serve(chat)
    assert len(records(service, "semantic")) == 1
    assert service.memory.work.count("ada") == 2


def test_on_an_embedded_model_background_calls_wait_for_replies():
    from memory.core.priority import ReplyFirst

    gate = ReplyFirst()
    with gate.reply():
        assert gate.wanted
        assert gate.wait(0.05) is False
    assert gate.wait(0.05) is True


def test_pictures_are_tied_to_what_was_said_of_them(serve):
    import io

    from PIL import Image

    data = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(data, "PNG")
    chat = ScriptedChat({"semantic": fact("The user has a mug (Image Object: mug).", "mug")})
    service = serve(chat)
    turn = list(service.stream("ada", "My mug", images=[data.getvalue()]))[-1].turn
    service.wait()
    [memory] = records(service, "semantic")
    assert memory.photo_ids == turn.images
    assert service.memory.photos.original("ada", turn.images[0]) == data.getvalue()
    assert "[picture: this model cannot see it]" in chat.prompts("reasoning")[0]


def test_a_user_deleted_while_being_remembered_does_not_come_back(serve):
    held, go = threading.Event(), threading.Event()

    def slow(_prompt):
        held.set()
        assert go.wait(600)
        return fact("The user has a dog.", "dog")

    service = serve(ScriptedChat({"semantic": slow}), work=True)
    say(service, "I have a dog", "2026-03-01 09:00")
    assert held.wait(600)
    service.memory.delete_user("ada")
    go.set()
    service.wait()
    assert records(service, "semantic") == []
    assert service.memory.personality.history("ada") == []
    assert service.memory.search("ada", "dog") == []
    assert service.memory.work.count() == 0


def test_a_message_too_long_to_be_remembered_holds_nothing_back(serve):
    from memory.core.errors import MessageTooLong

    chat = ScriptedChat({"semantic": [MessageTooLong("too long"), fact("The user has a dog.", "dog")]})
    service = serve(chat)
    say(service, "Something endless", "2026-03-01 09:00")
    say(service, "I have a dog", "2026-03-01 09:01")
    service.wait()
    assert len(records(service, "semantic")) == 1
    assert service.memory.work.count() == 0


def test_a_session_that_fits_no_prompt_is_one_topic_and_asks_nothing(serve):
    from graph.prompts.briefing import Style
    from graph.prompts.budgets import Budgets

    chat = ScriptedChat()
    service = serve(chat, style=Style(budgets=Budgets(session=10, window=40)))
    service.memory.ingest_turn("ada", clock.parse_time("2026-03-01 09:00"), "word " * 3_900, "Ok")
    service.memory.journal.end_session("ada")
    service.wait()
    assert not {"core", "procedural", "episodic"} & set(chat.steps())
    assert len(records(service, "episodic")) == 1
