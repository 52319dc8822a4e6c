"""The published SFT format is read, and what is wrong with it is named with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from graph.formats import memory_formats, protocol
from graph.formats.memory_formats import Extraction, TopicLines
from memory.core.errors import InvalidInput
from memory.core.records import BigFive
from training.data.lessons import Lesson, Message, conversation, dataset, kind_of
from training.data.measure import Sample, counts, of_lessons
from training.data.sft_data import read, written


def said(*texts: str) -> list[dict]:
    return [{"from": "human" if number % 2 == 0 else "gpt", "value": text} for number, text in enumerate(texts)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.new("RGB", (30, 20), "red").save(tmp_path / "a.png")
    Image.new("RGB", (20, 30), "blue").save(tmp_path / "b.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    return tmp_path


def file(folder: Path, samples: object) -> Path:
    path = folder / "sft.json"
    path.write_text(json.dumps(samples, indent=1))
    return path


@pytest.mark.train
def test_text_and_pictures_stand_in_one_list(folder):
    lessons = read(
        file(
            folder,
            [
                {"conversations": said("Hello!", protocol.format_reasoning(protocol.Answer("Hi!", "A greeting.")))},
                {"conversations": said("<image>\nand <image> mine?", "Yes.", "Sure?", "Sure."), "image": ["a.png", "b.png"]},
            ],
        )
    )
    assert [lesson.kind for lesson in lessons] == ["reasoning", "other"]
    assert [message.role for message in lessons[1].messages] == ["user", "assistant", "user", "assistant"]
    assert [path.name for path in lessons[1].images] == ["a.png", "b.png"]
    content = conversation(lessons[1])[0]["content"]
    assert [part["type"] for part in content] == ["image", "text", "image", "text"]
    assert content[3]["text"] == " mine?"
    rows = dataset(lessons)
    assert rows[0]["images"] == []
    assert [picture.size for picture in rows[1]["images"]] == [(30, 20), (20, 30)]


def test_kinds_are_told_by_what_the_assistant_writes():
    assert kind_of(protocol.format_reasoning(protocol.Retrieve("a boat", think="I look."))) == "reasoning"
    assert kind_of("<think>So.</think><answer>Yes</answer>") == "reasoning"
    assert kind_of(memory_formats.format_personality(BigFive())) == "personality"
    assert kind_of(memory_formats.format_semantic(Extraction(True, "The user sails.", ("boat",), "It lasts."))) == "semantic"
    # As the published samples write it.
    assert kind_of('"reason": It lasts.\n"decision": True\n"content": Sails.\n"keywords": boat') == "semantic"
    assert kind_of(memory_formats.format_mapping({"name": "Odile", "home": "Tartu"})) == "core"
    assert kind_of('"name": Odile\n"home": Tartu') == "core"
    assert kind_of(memory_formats.format_mapping({"oboe": "The user practises."})) == "procedural"
    assert kind_of(memory_formats.format_topics([TopicLines("They sail.", ("boat",), (0,))])) == "episodic"
    assert kind_of("Just words.") == "other"


def test_what_is_written_is_read_back(folder):
    lessons = [
        Lesson("core", (Message("system", "Keep it."), Message("user", "I moved."), Message("assistant", '"name": "Odile"'))),
        Lesson("reasoning", (Message("user", "<image>\nMine."), Message("assistant", "Yours."))),
    ]
    lessons[1] = Lesson("reasoning", lessons[1].messages, (folder / "a.png",))
    again = read(file(folder, written(lessons)))
    assert [(one.kind, one.messages, one.images) for one in again] == [(one.kind, one.messages, one.images) for one in lessons]


@pytest.mark.parametrize(
    ("sample", "named"),
    [
        ({"conversations": said("Hello!")}, "conversations"),
        ({"conversation": said("Hello!", "Hi!")}, "conversations"),
        ({"conversations": said("Hello!", "Hi!", "And?")}, "has to end with the assistant"),
        ({"conversations": [*said("Hello!", "Hi!"), {"from": "gpt", "value": "x"}]}, "here 'human' has to speak"),
        ({"conversations": [{"from": "user", "value": "x"}, {"from": "gpt", "value": "y"}]}, "from"),
        ({"conversations": said("Hello!", " ")}, "says nothing"),
        ({"conversations": said("Hello!", "<image>"), "image": ["a.png"]}, "shows no pictures"),
        ({"conversations": said("<image>", "A red one.")}, "1 <image> marks for 0 pictures"),
        ({"conversations": said("What?", "A red one."), "image": "a.png"}, "0 <image> marks for 1 pictures"),
        ({"conversations": said("<image>", "A red one."), "image": ["c.png"]}, "there is no picture"),
        ({"conversations": said("<image>", "A red one."), "image": ["broken.png"]}, "no picture that can be read"),
        ("words", "dictionary"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(folder, sample, named):
    good = {"conversations": said("Hello!", "Hi!")}
    path = file(folder, [good, sample])
    begins = len(json.dumps([good], indent=1).splitlines())
    with pytest.raises(InvalidInput, match=r"sft\.json, line \d+") as caught:
        read(path)
    assert named in caught.value.message
    line = int(caught.value.message.split("line ")[1].split(" ")[0].strip("():,"))
    assert line >= begins


@pytest.mark.parametrize("samples", [{}, [], "x"])
def test_a_file_without_samples_is_refused(folder, samples):
    with pytest.raises(InvalidInput, match="not a list of samples"):
        read(file(folder, samples))


def test_counts_are_shown_by_kind():
    lessons = [
        Lesson("core", (Message("user", "a"), Message("assistant", "b"))),
        Lesson("reasoning", (Message("user", "<image>"), Message("assistant", "b")), (Path("x.png"),)),
    ]
    assert of_lessons(lessons) == [Sample("core", 0), Sample("reasoning", 1)]
    rows = counts([Sample("core", 0, 10), Sample("reasoning", 1, 30)])
    assert [row["kind"] for row in rows] == ["reasoning", "core", "all"]
    assert rows[0] == {
        "kind": "reasoning", "samples": 1, "with pictures": 1, "tokens, median": 30, "tokens, 99%": 30, "tokens, most": 30,
    }  # fmt: skip
    assert rows[2]["samples"] == 2
