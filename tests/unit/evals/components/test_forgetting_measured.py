"""What is left after a request to forget is measured with the real graph; the scenes are as they are described."""

from __future__ import annotations

import json

import pytest

from app.service import PersonaService
from evals.cli.forgetting import SCENES
from evals.components.forgetting import Left, figures, is_in_files, measure
from evals.datasets.forgetting import Scene, load
from memory.core.errors import InvalidInput
from memory.memory import Memory
from tests.fakes import ScriptedChat, ScriptedModels, WordEmbedder, answer, fact

SCENE = {
    "id": "one",
    "history": [["My parrot is called Zazzaroon.", "A fine name."], ["My canoe is made of cedar.", "It must smell good."]],
    "ask": "Please forget what I told you about Zazzaroon.",
    "marks": ["Zazzaroon"],
    "question": "What is my parrot called?",
    "near": "What is my canoe made of?",
    "near_marks": ["cedar"],
}


def _measured(tmp_path, scene, script=None, **how):
    memory = Memory(tmp_path / "memory", WordEmbedder(), asks=False)
    with PersonaService(memory, ScriptedModels(ScriptedChat(script)), work=False) as service:
        [outcome] = measure(service, [Scene.model_validate(scene)], **how)
    return outcome


def test_a_request_that_is_granted_leaves_the_thing_nowhere_and_what_is_near_there(tmp_path):
    outcome = _measured(tmp_path, SCENE)
    assert outcome.granted, outcome.reply
    assert outcome.before == Left(retrieved=True, on_disk=True, near_retrieved=True)
    assert outcome.after == Left(retrieved=False, on_disk=True, near_retrieved=True)
    assert outcome.purged == Left(retrieved=False, on_disk=False, near_retrieved=True)
    assert figures([outcome])["after the purge"] == {
        "answered": None, "retrieved": 0, "on_disk": 0, "near_answered": None, "near_retrieved": 1,
    }  # fmt: skip


def test_a_request_that_finds_nothing_leaves_everything(tmp_path):
    outcome = _measured(tmp_path, {**SCENE, "ask": "Please forget what I told you about my tractor."})
    assert not outcome.granted
    assert outcome.purged == outcome.before


def test_what_the_model_remembers_is_forgotten_too_and_what_it_answers_is_read(tmp_path):
    def says(prompt):
        return answer("It is called Zazzaroon." if "Zazzaroon" in prompt else "It is of cedar.")

    script = {"reasoning": says, "semantic": fact("The user's parrot is called Zazzaroon.", "parrot")}
    outcome = _measured(tmp_path, SCENE, script, remembers=True, answers=True)
    assert outcome.granted, outcome.reply
    assert (outcome.before.answered, outcome.after.answered, outcome.purged.answered) == (True, False, False)
    assert (outcome.purged.retrieved, outcome.purged.on_disk, outcome.purged.near_answered) == (False, False, True)


def test_a_word_is_found_in_any_file_and_case(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "x.bin").write_bytes(b"\x00\x01PHILOM\xc3\x88NE" + "Quill".encode("utf-16-le"))
    assert is_in_files(tmp_path, ["Philomène"])
    assert is_in_files(tmp_path, ["quill"])
    assert not is_in_files(tmp_path, ["Bertoldo"])


def test_there_are_thirty_scenes_in_several_languages():
    scenes = load(SCENES)
    assert len(scenes) == 30
    assert len({scene.ask for scene in scenes}) == 30
    # All scenes share one folder, in which the marks are looked for.
    for scene in scenes:
        others = " ".join(other.model_dump_json() for other in scenes if other is not scene).casefold()
        assert not any(mark.casefold() in others for mark in scene.marks), scene.id


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"marks": ["Bolero"]}, "line 1: its history does not contain all of its marks"),
        ({"question": "Who is Zazzaroon?"}, "line 1: its question already says a mark"),
        ({"marks": ["élan"], "history": [["élan", ""], ["cedar", ""]]}, "line 1: one of its marks does not begin"),
        ({"history": [["Zazzaroon, cedar", ""]]}, "line 1, history"),
        ({"more": 1}, "line 1, more"),
    ],
)
def test_a_malformed_scene_is_named_by_its_line(tmp_path, changed, said):
    (tmp_path / "scenes.jsonl").write_text(json.dumps({**SCENE, **changed}))
    with pytest.raises(InvalidInput, match=said):
        load(tmp_path / "scenes.jsonl")
