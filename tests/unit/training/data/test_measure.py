"""How much there is to learn is counted before training: as many tokens as the model will really read."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from app.cli import main
from training.data.lessons import Lesson, Message, conversation
from training.data.measure import Sample, counts, of_lessons, of_questions, plot
from training.data.questions import Question


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.new("RGB", (120, 84), "red").save(tmp_path / "a.png")
    return tmp_path / "a.png"


@pytest.mark.train
def test_tokens_are_those_that_the_model_reads_pictures_included(processor, picture):
    lesson = Lesson("semantic", (Message("user", "<image>\nWhat is this?"), Message("assistant", "A red card.")), (picture,))
    plain = Lesson("core", (Message("user", "Hello."), Message("assistant", "Hi.")))
    measured = of_lessons([lesson, plain], processor)
    for one, sample in zip((lesson, plain), measured, strict=True):
        text = processor.apply_chat_template(conversation(one), tokenize=False)
        images = [Image.open(path) for path in one.images] or None
        assert sample.tokens == processor(text=[text], images=images, return_tensors="pt")["input_ids"].shape[1]


@pytest.mark.train
def test_questions_are_counted_by_how_they_are_answered(processor, picture):
    asked = [
        Question("Which?\n\n(a) x\n(b) y", "(a)", "choice", "2026-03-20 10:00", picture, images=(picture,)),
        Question("Is it so?", "yes", "yes/no", "2026-03-20 10:00", picture),
        Question("Say something.", "Well.", "open", "2026-03-20 10:00", picture),
    ]
    samples = of_questions(asked, processor)
    assert [row["kind"] for row in counts(samples)] == ["choice", "yes/no", "open", "all"]
    assert samples[0].pictures == 1
    assert samples[0].tokens > samples[1].tokens > 0


@pytest.mark.train
def test_the_drawing_holds_every_sample_and_the_limit():
    drawn = plot([Sample("core", 0, 10), Sample("choice", 0, 20), Sample("core", 0, 30)], 25)
    assert {trace.name: list(trace.x) for trace in drawn.data} == {"core (2)": [10, 30], "choice (1)": [20]}
    assert drawn.layout.annotations[0].text == "max_tokens 25"


@pytest.mark.train
def test_the_command_counts_and_draws_questions_too(tiny, tmp_path, monkeypatch, capsys):
    (tmp_path / "ana.json").write_text(json.dumps({"turns": [{"time": "2026-03-01 10:00", "user": "I have a cat."}]}))
    asked = {"text": "What do I have?", "answer": "A cat.", "time": "2026-03-20 10:00", "memory": "ana.json"}
    (tmp_path / "rl.jsonl").write_text(json.dumps(asked))
    words = [
        "train",
        "data",
        str(tmp_path / "rl.jsonl"),
        "--model",
        str(tiny),
        "--max-tokens",
        "3",
        "--out",
        str(tmp_path),
        "--json",
    ]
    monkeypatch.setattr(sys, "argv", ["persona", *words])
    with pytest.raises(SystemExit, match="0"):
        main()
    said = capsys.readouterr()
    rows = json.loads(said.out)
    assert [row["kind"] for row in rows] == ["open", "all"]
    assert rows[0]["tokens, most"] > 3
    assert "Longer than 3 tokens: 1 of 1." in said.err
    assert "open (1)" in (tmp_path / "data.html").read_text()
