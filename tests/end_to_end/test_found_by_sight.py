"""Photos are found by what they show: real open_clip, Chroma, SQLite and MiniLM, with a small CLIP that knows drawn shapes."""

from __future__ import annotations

import io
import json
import random
from statistics import mean

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.factory import build_picture_embedder, build_sight
from app.service import PersonaService
from app.settings import Settings
from memory.memory import Memory
from tests.fakes import ScriptedChat, ScriptedModels, answer, retrieve
from tests.tiny_clip import GALLERIES, SEEN, UNSEEN, drawn, recall_at_1

pytestmark = pytest.mark.photos

SHOWN = {
    ("red", "star"): "the sign of our choir",
    ("blue", "ring"): "the lid of my grandmother's pot",
    ("green", "cross"): "what hangs at the pharmacy",
    ("yellow", "triangle"): "a warning in the lab",
    ("purple", "square"): "my favourite tile",
    ("orange", "circle"): "the cat's ball",
    ("black", "cross"): "a mark on the map",
}


def picture(pair, seed):
    out = io.BytesIO()
    drawn(*pair, random.Random(seed)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def sight(monkeypatch, tiny_clip):
    monkeypatch.setenv("PERSONA_IMAGE_EMBEDDER", str(tiny_clip))
    return build_sight(Settings())


@pytest.fixture
def service(tmp_path, embedder, sight):
    """Someone who has shown seven things in March."""
    chat = ScriptedChat({"reasoning": [*(answer("I see.") for _ in SHOWN), retrieve("it"), answer("Yes.")]})
    with PersonaService(Memory(tmp_path / "data", embedder, sight=sight), ScriptedModels(chat), work=False) as opened:
        for day, (pair, name) in enumerate(SHOWN.items(), start=1):
            list(opened.stream("ada", f"This is {name}", [picture(pair, day)], f"2026-03-{day:02} 09:00"))
        opened.wait()
        yield opened


def recalled(service, text, images=()):
    turn = list(service.stream("ada", text, images, "2026-06-01 09:00"))[-1].turn
    photos = [entry for entry in turn.trace.memories if entry.kind == "photo"]
    return [entry.text for entry in sorted(photos, key=lambda entry: -entry.score)]


def test_words_find_drawings_and_drawings_their_words(sight):
    embedder = build_picture_embedder(Settings())
    assert mean(recall_at_1(embedder, SEEN, GALLERIES)) >= 0.9
    assert mean(recall_at_1(embedder, UNSEEN, GALLERIES)) >= 0.8


@pytest.mark.parametrize("pair", SHOWN)
def test_a_thing_is_known_again_in_another_picture(service, pair):
    assert recalled(service, "Do you know this?", [picture(pair, 99)])[0] == f"A picture was shown: This is {SHOWN[pair]}"


@pytest.mark.parametrize("pair", SHOWN)
def test_a_thing_is_found_by_words_that_nobody_said_of_it(service, pair):
    assert recalled(service, f"a {pair[0]} {pair[1]}")[0] == f"A picture was shown: This is {SHOWN[pair]}"


def test_words_about_something_else_bring_no_picture(service):
    assert recalled(service, "How long does bread keep?") == []


def test_the_threshold_is_calibrated_and_kept_beside_the_weights(tmp_path, tiny_clip, monkeypatch):
    folder = tmp_path / "clip"
    folder.mkdir()
    for path in tiny_clip.iterdir():
        if path.name != "persona.json":
            (folder / path.name).write_bytes(path.read_bytes())
    monkeypatch.setenv("PERSONA_IMAGE_EMBEDDER", str(folder))
    lines = []
    for number, pair in enumerate(SEEN[:12]):
        (tmp_path / f"{number}.png").write_bytes(picture(pair, number))
        lines.append(json.dumps({"image": f"{number}.png", "text": " ".join(pair)}))
    data = tmp_path / "pairs.jsonl"
    data.write_text("\n".join(lines))
    done = CliRunner().invoke(app, ["eval", "pictures", "--data", str(data), "--write", "--json"])
    report = json.loads(done.stdout)
    assert report["pairs"] == 12
    assert min(report["picture_to_words"], report["words_to_picture"], report["found"], report["left_out"]) >= 0.9
    assert build_picture_embedder(Settings()).words_threshold == report["threshold"]
    data.write_text('{"image": "0.png"}')
    assert "Line 1" in str(CliRunner().invoke(app, ["eval", "pictures", "--data", str(data)]).exception)
