"""Questions of RL and the histories they are asked over: ours, and the published form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from memory.core.errors import InvalidInput
from memory.core.query import Query
from memory.memory import Memory
from training.data.histories import plant
from training.data.histories import read as read_history
from training.data.questions import letter, read

TURNS = [
    {
        "time": "2026-03-01 10:00",
        "user": "My parrot is called Zazu.",
        "assistant": "Nice.",
        "fact": "The user's parrot is Zazu.",
    },
    {"time": "2026-03-02 10:00", "user": "I live in Quito.", "assistant": "I see.", "fact": "The user lives in Quito."},
    {"time": "2026-03-05 10:00", "user": "What a day!", "assistant": "Tell me."},
]
ASKED = {"text": "Where do I live?\n\n(a) Tartu\n(b) Quito", "answer": "(b)", "time": "2026-03-20 10:00", "memory": "ana.json"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    topics = [{"summary": "The user's parrot is called Zazu.", "turns": [0]}]
    history = {"turns": TURNS, "topics": topics, "habits": {"run": "The user runs."}, "profile": {"name": "Ana"}}
    (tmp_path / "ana.json").write_text(json.dumps(history))
    Image.new("RGB", (30, 20), "red").save(tmp_path / "a.png")
    return tmp_path


def file(folder: Path, *lines: object) -> Path:
    path = folder / "rl.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_our_form_is_read(folder):
    first, second, third = read(
        file(
            folder,
            ASKED,
            {**ASKED, "text": "Do I live in Quito?", "answer": "Yes", "upto": 2, "images": ["a.png"]},
            {**ASKED, "text": "Tell me about my parrot.", "answer": "Zazu is your parrot."},
        )
    )
    assert [one.kind for one in (first, second, third)] == ["choice", "yes/no", "open"]
    assert (second.upto, second.images) == (2, (folder / "a.png",))
    assert first.memory == folder / "ana.json"


def published(folder: Path, **changes: object) -> Path:
    prompt = (
        "You are an assistant.\n\n# Input\nUser Profile:\n{'name': 'Ana'}\n\nUser Input:\n"
        "{'time': '2026-03-20 10:00 (Friday)', 'query': 'Where do I live?\\nOptions:\\n(a) Tartu\\n(b) Quito'}\n\n# Rules\n1. Be kind."
    )
    (folder / "USER_PATH_DICT.json").write_text(json.dumps({prompt: "ana"}))
    (folder / "ana").mkdir()
    session = [{"time": turn["time"], "user": turn["user"], "assistant": turn["assistant"]} for turn in TURNS]
    (folder / "ana" / "1.json").write_text(json.dumps({"sessions": [session], "profile": {"name": "Ana", "traits": {}}}))
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": prompt}]
    return file(folder, {"messages": messages, "images": [], "solution": "(b)", **changes})


def test_the_published_form_is_read(folder):
    (question,) = read(published(folder))
    assert question.text == "Where do I live?\nOptions:\n(a) Tartu\n(b) Quito"
    assert (question.time, question.answer, question.kind) == ("2026-03-20 10:00", "(b)", "choice")
    assert [turn.user for turn in read_history(question.memory).turns] == [turn["user"] for turn in TURNS]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"answer": ""}, "no answer"),
        ({"memory": "ben.json"}, "there is no history"),
        ({"memory": None}, "whose memory"),
        ({"time": "some day"}, "time"),
        ({"time": None}, "time"),
        ({"images": ["b.png"]}, "there is no picture"),
        ({"kind": "essay"}, "kind"),
        ({"upto": 0}, "upto"),
        ({"text": None}, "neither text nor a message"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(folder, change, named):
    with pytest.raises(InvalidInput, match=r"rl\.jsonl, line 2") as caught:
        read(file(folder, ASKED, {**ASKED, **change}))
    assert named in caught.value.message


def test_a_published_prompt_without_its_input_is_named(folder):
    path = published(folder, messages=[{"role": "user", "content": "Just words."}])
    with pytest.raises(InvalidInput, match="line 1: the prompt has no input"):
        read(path)


def test_what_is_no_json_is_named(folder):
    path = folder / "rl.jsonl"
    path.write_text(json.dumps(ASKED) + "\n{oops\n")
    with pytest.raises(InvalidInput, match="line 2: this is not valid JSON"):
        read(path)
    path.write_text("\n")
    with pytest.raises(InvalidInput, match="no questions"):
        read(path)


@pytest.mark.parametrize(
    ("text", "found"), [("(b)", "b"), ("B", "b"), ("b.", "b"), ("yes", None), ("(b) Quito", None), ("", None)]
)
def test_a_letter_is_a_letter_alone(text, found):
    assert letter(text) == found


def test_a_history_is_remembered_without_a_model(folder, memory: Memory):
    plant(memory, "ana", read_history(folder / "ana.json"))
    assert memory.work.count("ana") == 0
    assert memory.memories.profile("ana").values() == {"name": "Ana"}
    found = memory.search_by_kind("ana", Query("parrot", "parrot", memory.journal.turns("ana")[-1].time.replace(day=20)))
    assert any("Zazu" in entry.text for entry in found.memories)
    plant(memory, "ana", read_history(folder / "ana.json"))
    assert len(memory.journal.turns("ana")) == len(TURNS)


def test_what_was_said_later_is_not_known_yet(folder, memory: Memory):
    plant(memory, "early", read_history(folder / "ana.json"), upto=1)
    assert [turn.text for turn in memory.journal.turns("early")] == [TURNS[0]["user"]]
    assert memory.memories.profile("early").values() == {"name": "unknown"}
    assert [entry.content for entry in memory.memories.entries("early", kind="semantic")] == [TURNS[0]["fact"]]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"turns": []}, "no turns"),
        ({"turns": [TURNS[1], TURNS[0]]}, "before the turn before it"),
        ({"turns": [{**TURNS[0], "time": "soon"}]}, "turns.0"),
        ({"turns": [{**TURNS[0], "images": ["c.png"]}]}, "there is no picture"),
        ({"topics": [{"summary": "x", "turns": [7]}]}, "there is no turn 7"),
        ({"turns": "many"}, "turns"),
    ],
)
def test_a_history_that_is_wrong_is_named_with_its_line(folder, change, named):
    path = folder / "wrong.json"
    path.write_text(json.dumps({"turns": TURNS, **change}, indent=1))
    with pytest.raises(InvalidInput, match=r"wrong\.json, line \d+") as caught:
        read_history(path)
    assert named in caught.value.message


def test_letters_that_some_take_for_the_end_of_a_line_are_letters(folder):
    path = folder / "rl.jsonl"
    path.write_text(json.dumps({**ASKED, "text": "Where\u2028do I live?\x85"}, ensure_ascii=False) + "\n", encoding="utf-8-sig")
    assert read(path)[0].text == "Where\u2028do I live?"


def test_a_picture_is_read_to_its_end(folder):
    Image.effect_noise((200, 200), 90).save(folder / "cut.jpg")
    whole = (folder / "cut.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InvalidInput, match=r"line 1, images: .*cut\.jpg is no picture"):
        read(file(folder, {**ASKED, "images": ["cut.jpg"]}))


@pytest.mark.parametrize(
    ("turns", "topics", "said"),
    [
        ([TURNS[0], TURNS[0]], [], "turn 1 is said at .* already"),
        (TURNS, [{"summary": "x", "turns": [-1]}], "greater than or equal to 0"),
        ([TURNS[0], {**TURNS[1], "replaces": [1]}], [], "not before it"),
        ([TURNS[0], {**TURNS[1], "replaces": [-9]}], [], "greater than or equal to 0"),
        ([{**TURNS[0], "user": "   "}], [], "turn 0: "),
        ([{**TURNS[0], "fact": "A <|image_pad|>."}], [], "chat-template mark"),
    ],
)
def test_a_history_that_would_be_planted_wrongly_is_refused(folder, turns, topics, said):
    (folder / "ana.json").write_text(json.dumps({"turns": turns, "topics": topics}))
    with pytest.raises(InvalidInput, match=said):
        read_history(folder / "ana.json")


def test_a_mark_of_chat_templates_is_no_question(folder):
    with pytest.raises(InvalidInput, match=r"line 1: <.image_pad.> is a chat-template mark"):
        read(file(folder, {**ASKED, "text": "What is <|image_pad|>?"}))
