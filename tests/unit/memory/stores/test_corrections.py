"""What the person edits wins wherever it is shown, and what was said before is marked as corrected since."""

from __future__ import annotations

import pytest

from memory.core import clock
from memory.core.records import Episode
from tests.fakes import NOTHING, ScriptedChat, WordEmbedder, answer, fact, retrieve

TIM, KIM = "The user's cat is called Tim.", "The user's cat is called Kim."
MARK = f"[corrected since by the user: {KIM}]"
TOPICS = '"topic_summary": "The user told of their cat Tim."\n"keywords": "cat, Tim"\n"source_dialog_indices": 0'


def script(**lines):
    """Let the model say the cat's old name in all that it writes; lists are used up, so each test has its own."""
    return {
        "semantic": [fact(TIM, "cat", "Tim"), NOTHING],
        "core": '"name": "unknown"\n"pets": "cat Tim, dog Rex"',
        "procedural": '"feeding": "The user feeds their cat Tim at six."',
        "episodic": TOPICS,
        "reasoning": [answer("Nice to meet Tim!"), answer("Sleep well."), retrieve("cat name")],
        "answer": answer("It is called Kim."),
    } | lines


def say(service, text, time):
    return list(service.stream("ada", text, time=time))[-1].turn


def known(service, kind="semantic"):
    return service.memory.memories.entries("ada", kind=kind)


@pytest.fixture
def taught(relive):
    """Somebody told of their cat a day ago; all of it was remembered and summed up; then the fact was put right."""
    return relive(_life, ScriptedChat(script()))


def _life(service, _chat):
    say(service, "My cat is called Tim.", "2026-03-01 09:00")
    say(service, "Good night.", "2026-03-02 09:00")
    service.wait()
    service.memory.edit("ada", known(service)[0].id, KIM)


def unmarked(text, name="Tim"):
    """Return the parts of a prompt that say a name, and are not followed by the mark before the next turn or entry."""
    blocks = text.replace("\n- [", "\n\n[").replace("\n[2", "\n\n[2").split("\n\n")
    return [block for block in blocks if name in block and "corrected since" not in block]


def test_no_prompt_says_the_old_name_without_a_mark(taught):
    say(taught, "What is my cat called?", "2026-03-05 09:00")
    chat = taught.models._chat
    prompts = chat.prompts("reasoning")[-1:] + chat.prompts("answer")[-1:]
    assert any("My cat is called Tim." in prompt for prompt in prompts)
    assert MARK in prompts[-1]
    assert [part for prompt in prompts for part in unmarked(prompt)] == []
    assert "pets: cat Kim, dog Rex" in prompts[0]


def test_recent_talk_is_marked_at_once(serve):
    service = serve(ScriptedChat(script()))
    say(service, "My cat is called Tim.", "2026-03-01 09:00")
    service.wait()
    service.memory.edit("ada", known(service)[0].id, KIM)
    say(service, "What is my cat called?", "2026-03-01 09:10")
    prompt = service.models._chat.prompts("reasoning")[-1]
    assert f"User: My cat is called Tim.\nAssistant: Nice to meet Tim!\n{MARK}" in prompt


def test_profile_topic_and_habit_say_the_new_name(taught):
    assert taught.memory.memories.profile("ada").values()["pets"] == "cat Kim, dog Rex"
    [topic] = [one for one in known(taught, "episodic") if isinstance(one, Episode) and "cat" in one.summary][:1]
    assert topic.summary == "The user told of their cat Kim."
    assert topic.corrected == (MARK,)
    assert [one.text for one in known(taught, "procedural")] == ["The user feeds their cat Kim at six."]


def test_the_message_is_marked_wherever_it_is_read(taught):
    [turn, later] = taught.memory.journal.turns("ada")
    assert turn.text == "My cat is called Tim."
    assert (turn.corrected, later.corrected) == ((MARK,), ())
    assert taught.memory.browse.turns_by_id("ada", [turn.id])[turn.id].corrected == (MARK,)


def test_a_search_for_the_old_name_brings_nothing_unmarked(taught):
    found = taught.memory.search("ada", "Tim")
    assert found
    assert [one.text for one in found if "Tim" in one.text and "corrected since" not in one.text] == []


def test_the_receipt_has_the_mark(taught):
    turn = say(taught, "What is my cat called?", "2026-03-05 09:00")
    said = [one.text for one in turn.trace.memories if one.kind == "turn"]
    assert any(MARK in text for text in said)
    # The marked words say it: the fact is no second line.
    assert KIM not in [one.text for one in turn.trace.memories if one.kind == "semantic"]


def test_a_later_rewrite_reads_the_correction_and_the_old_name_does_not_come_back(serve):
    service = serve(chat := ScriptedChat(script()))
    say(service, "My cat is called Tim.", "2026-03-01 09:00")
    service.wait()
    service.memory.edit("ada", known(service)[0].id, KIM)
    say(service, "Good night.", "2026-03-02 09:00")
    service.wait()
    for step in ("core", "procedural", "episodic"):
        assert MARK in chat.prompts(step)[0], step
    # The model wrote the old name all the same.
    assert service.memory.memories.profile("ada").values()["pets"] == "cat Kim, dog Rex"
    assert all("Tim" not in one.summary for one in known(service, "episodic"))


def test_of_two_edits_the_last_one_holds(taught):
    taught.memory.edit("ada", known(taught)[0].id, "The user's cat is called Kimberley.")
    [turn, _] = taught.memory.journal.turns("ada")
    assert turn.corrected == ("[corrected since by the user: The user's cat is called Kimberley.]",)
    assert taught.memory.memories.profile("ada").values()["pets"] == "cat Kimberley, dog Rex"
    taught.memory.edit("ada", known(taught)[0].id, TIM)
    assert taught.memory.journal.turns("ada")[0].corrected == ()
    assert taught.memory.memories.profile("ada").values()["pets"] == "cat Tim, dog Rex"


def test_another_of_that_name_is_left_alone(serve):
    neighbour = "The user's neighbour Tim plays the drums."
    service = serve(ScriptedChat(script(semantic=[fact(TIM, "cat"), fact(neighbour, "Tim"), NOTHING],
                                  core='"pets": "cat Tim"\n"neighbours": "Tim, who plays the drums"')))  # fmt: skip
    say(service, "My cat is called Tim.", "2026-03-01 09:00")
    say(service, "My neighbour Tim plays the drums.", "2026-03-02 09:00")
    say(service, "Tim came over for coffee.", "2026-03-03 09:00")
    say(service, "Good night.", "2026-03-04 09:00")
    service.wait()
    service.memory.edit("ada", known(service)[0].id, KIM)
    assert [one.told for one in known(service)] == [KIM, neighbour]
    assert [turn.corrected for turn in service.memory.journal.turns("ada")] == [(MARK,), (), (), ()]
    profile = service.memory.memories.profile("ada").values()
    assert (profile["pets"], profile["neighbours"]) == ("cat Kim", "Tim, who plays the drums")


def test_a_name_that_is_nobody_elses_is_marked_in_other_messages_too(serve):
    service = serve(ScriptedChat(script(semantic=[NOTHING, fact(TIM, "cat"), NOTHING])))
    say(service, "I took Tim to the vet.", "2026-03-01 09:00")
    say(service, "My cat is called Tim.", "2026-03-02 09:00")
    service.wait()
    service.memory.edit("ada", known(service)[0].id, KIM)
    say(service, "My new colleague is called Tim.", "2026-03-05 09:00")
    assert [bool(turn.corrected) for turn in service.memory.journal.turns("ada")] == [True, True, False]


def test_a_repetition_of_what_was_edited_is_marked(serve):
    again = "The user has a cat called Tim."
    service = serve(ScriptedChat(script(semantic=[fact(TIM, "cat"), fact(again, "cat"), NOTHING], change='"1": "same"')))
    say(service, "My cat is called Tim.", "2026-03-01 09:00")
    say(service, "As I said, my cat's name is Tim.", "2026-03-02 09:00")
    service.wait()
    service.memory.edit("ada", known(service)[0].id, KIM)
    assert known(service)[1].told == f"{again} {MARK}"
    assert all(turn.corrected == (MARK,) for turn in service.memory.journal.turns("ada"))


@pytest.mark.parametrize("kind", ["core", "procedural"])
def test_a_line_that_is_edited_marks_what_the_messages_and_facts_say(serve, kind):
    service = serve(ScriptedChat(script()))
    say(service, "My cat is called Tim.", "2026-03-01 09:00")
    say(service, "Good night.", "2026-03-02 09:00")
    service.wait()
    line = next(one for one in known(service, kind) if "Tim" in one.model_dump_json())
    text = line.value if kind == "core" else line.text
    service.memory.edit("ada", line.id, text.replace("Tim", "Kim"))
    assert service.memory.journal.turns("ada")[0].corrected
    assert "corrected since by the user" in known(service)[0].told
    assert [one for one in service.memory.search("ada", "Tim") if "Tim" in one.text and "corrected" not in one.text] == []


def test_a_line_that_is_written_over_counts_as_edited(serve):
    service = serve(ScriptedChat(script()))
    say(service, "My cat is called Tim.", "2026-03-01 09:00")
    say(service, "Good night.", "2026-03-02 09:00")
    service.wait()
    service.memory.set_profile("ada", "pets", "cat Kim", clock.parse_time("2026-03-03 09:00", "UTC"))
    assert service.memory.journal.turns("ada")[0].corrected == ("[corrected since by the user: pets: cat Kim]",)


def test_what_is_outdated_is_marked_in_its_message(taught):
    taught.memory.outdate("ada", known(taught)[0].id, clock.parse_time("2026-03-04 09:00", "UTC"))
    told = f"{KIM} (True until 2026-03-04, no longer.)"
    assert taught.memory.journal.turns("ada")[0].corrected == (f"[corrected since by the user: {told}]",)


def test_what_was_only_called_outdated_is_marked_and_undo_takes_the_mark_away(serve):
    service = serve(ScriptedChat(script()))
    say(service, "My cat is called Tim.", "2026-03-01 09:00")
    service.wait()
    service.memory.outdate("ada", known(service)[0].id, clock.parse_time("2026-03-04 09:00", "UTC"))
    marks = (f"[the user said since: {TIM} (True until 2026-03-04, no longer.)]",)
    assert service.memory.journal.turns("ada")[0].corrected == marks
    service.memory.undo("ada", known(service)[0].id)
    assert service.memory.journal.turns("ada")[0].corrected == ()


def test_export_and_import_keep_the_correction(taught, tmp_path):
    taught.memory.export_user("ada", tmp_path / "ada.zip")
    from memory.memory import Memory

    with Memory(tmp_path / "other", WordEmbedder()) as other:
        other.import_user(tmp_path / "ada.zip")
        assert other.journal.turns("ada")[0].corrected == (MARK,)
        assert other.memories.profile("ada").values()["pets"] == "cat Kim, dog Rex"


def test_what_is_forgotten_corrects_nothing_and_keeps_no_word(taught, tmp_path):
    taught.memory.forget("ada", known(taught)[0].id, now=True)
    assert all("Tim" not in one.model_dump_json() for kind in ("semantic", "core") for one in known(taught, kind))
    taught.close()
    assert b"Tim" not in (tmp_path / "data" / "journal.db").read_bytes()


@pytest.mark.parametrize(
    ("old", "new", "message", "marked"),
    [
        ("The user pays 640 euros of rent.", "The user pays 460 euros of rent.", "My rent is 640 euros.", True),
        ("The user likes tea.", "The user likes coffee.", "I like tea best.", True),
        ("Die Katze der Nutzerin heißt Tim.", "Die Katze der Nutzerin heißt Kim.", "Meine Katze heißt Tim.", True),
        ("用户的猫叫小白。", "用户的猫叫小黑。", "我的猫叫小白。", True),
        ("The user's sister Lena lives in Graz.", "The user's sister Lena lives in Linz.", "Lena lives in Graz.", True),
    ],
)
def test_other_values_and_languages(serve, old, new, message, marked):
    service = serve(ScriptedChat(script(semantic=[fact(old), NOTHING])))
    say(service, message, "2026-03-01 09:00")
    service.wait()
    service.memory.edit("ada", known(service)[0].id, new)
    assert bool(service.memory.journal.turns("ada")[0].corrected) is marked


def test_an_edit_that_only_adds_marks_nothing(taught):
    taught.memory.edit("ada", known(taught)[0].id, TIM)
    taught.memory.edit("ada", known(taught)[0].id, "The user's cat is called Tim, and is black.")
    assert taught.memory.journal.turns("ada")[0].corrected == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "right"),
    [
        ("The user lives in Graz.", "The user lives in Linz.", '"home": "Graz"', {"home": "Linz"}),
        ("The user is a nurse.", "The user is a teacher.", '"job": "nurse"', {"job": "teacher"}),
        ("The user is 41.", "The user is 42.", '"age": "41"', {"age": "42"}),
        ("The user's name is Tim.", "The user's name is Kim.", '"name": "Tim"', {"name": "Kim"}),
        ("The user likes tea.", "The user likes coffee.", '"likes": "tea, music"', {"likes": "coffee, music"}),
        ("The user pays 640 euros of rent.", "The user pays 460 euros of rent.", '"rent": "640 euros"', {"rent": "460 euros"}),
        ("The user has a cat and a dog.", "The user has a cat.", '"pets": "cat, dog"', {}),
        ("The user lives in Graz.", "The user lives in Linz.", '"travel": "a trip to Graz"', {"travel": "a trip to Graz"}),
        ("The user lives in Graz.", "The user lives in Linz.", '"family": "sister lives in Graz"', {"family": "sister lives in Graz"}),
        ("The user's cat is called Tim.", "The user's cat is called Kim.", '"friends": "Tim the neighbour"', {"friends": "Tim the neighbour"}),
        ("The user pays 640 euros of rent.", "The user pays 460 euros of rent.", '"insurance": "640 euros"', {"insurance": "640 euros"}),
    ],
)  # fmt: skip
def test_lines_of_the_profile_follow_a_fact_that_is_about_the_same(serve, old, new, line, right):
    service = serve(ScriptedChat(script(semantic=[fact(old), NOTHING], core=line)))
    say(service, f"Note this: {old}", "2026-03-01 09:00")
    say(service, "Good night.", "2026-03-02 09:00")
    service.wait()
    service.memory.edit("ada", known(service)[0].id, new)
    values = service.memory.memories.profile("ada").values()
    assert {key: values[key] for key in right} == right
    if not right:
        assert "dog" not in values["pets"] or "corrected since" in values["pets"]


def test_a_place_that_was_corrected_of_one_stays_with_another(serve):
    facts = [fact("The user's sister Lena lives in Graz."), fact("The user's brother Paul lives in Graz."), NOTHING]
    service = serve(ScriptedChat(script(semantic=facts)))
    for day, text in enumerate(("Lena lives in Graz.", "My brother Paul lives in Graz.", "I was in Graz last week."), start=1):
        say(service, text, f"2026-03-0{day} 09:00")
    service.wait()
    service.memory.edit("ada", known(service)[0].id, "The user's sister Lena lives in Linz.")
    assert [bool(turn.corrected) for turn in service.memory.journal.turns("ada")] == [True, False, False]
    assert known(service)[1].corrected == ()
