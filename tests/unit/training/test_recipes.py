"""A recipe is checked as a whole before any model is loaded, and what is wrong is named by its key."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from memory.core.errors import InvalidInput
from training.recipes import GrpoRecipe, Recipe, SftRecipe, load, load_judge

JUDGE = {"url": "http://127.0.0.1:9/v1", "model": "judge"}


@pytest.fixture
def given(tmp_path: Path) -> dict:
    (tmp_path / "data.json").write_text("[]")
    return {
        "model": "owner/name", "data": str(tmp_path / "data.json"), "output": str(tmp_path / "out"), "batch": 64,
        "learning_rate": 2e-5,
    }  # fmt: skip


def read(tmp_path: Path, given: dict, kind: type[Recipe] = SftRecipe) -> Recipe:
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(given))
    return load(path, kind)


def test_what_is_left_out_is_as_published(tmp_path, given):
    sft = read(tmp_path, given)
    assert (sft.epochs, sft.warmup, sft.max_tokens, sft.min_pixels, sft.max_pixels) == (1.0, 0.03, 16_384, 3_136, 230_400)
    assert sft.precision == "bf16"
    grpo = read(tmp_path, {**given, "batch": 72, "judge": JUDGE}, GrpoRecipe)
    assert (grpo.generations, grpo.beta, grpo.temperature, grpo.top_p, grpo.top_k) == (6, 0.01, 1.0, 0.9, 50)
    assert (grpo.repetition_penalty, grpo.turns, grpo.turn_tokens) == (1.05, 4, 1_024)
    assert (grpo.episodic, grpo.semantic) == ((2, 5), (3, 6))


def test_a_rate_without_a_dot_is_a_number(tmp_path, given):
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump({**given, "learning_rate": 1}).replace("learning_rate: 1", "learning_rate: 2e-5"))
    assert load(path, SftRecipe).learning_rate == 2e-5


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"learning_rat": 1e-5}, "learning_rat: there is no such key"),
        ({"learning_rate": "fast"}, "learning_rate:"),
        ({"learning_rate": 0.0}, "learning_rate:"),
        ({"batch": "64"}, "batch:"),
        ({"batch": True}, "batch:"),
        ({"batch": 6.5}, "batch:"),
        ({"batch": 0}, "batch:"),
        ({"batch": 65, "per_device_batch": 2}, "batch: 65 does not divide"),
        ({"batch": 64, "devices": 6}, "batch: 64 does not divide"),
        ({"epochs": 0}, "epochs:"),
        ({"precision": "int8"}, "precision:"),
        ({"epochs": float("inf")}, "epochs:"),
        ({"seed": -1}, "seed:"),
        ({"lora": {"dropout": 1.0}}, "lora.dropout:"),
        ({"lora": {"r": 8}}, "The keys are rank, alpha, dropout."),
        ({"chat_template": "/"}, "chat_template: / is a folder"),
        ({"data": "/" + "x" * 300}, "data: there is no"),
        ({"lora": {"rank": 8, "alhpa": 3}}, "lora.alhpa: there is no such key"),
        ({"lora": {"rank": 0}}, "lora.rank:"),
        ({"data": "/nowhere/data.json"}, "data: there is no /nowhere/data.json"),
        ({"pictures": "/nowhere"}, "pictures: there is no /nowhere"),
        ({"model": "/nowhere/model"}, "model: there is no folder"),
        ({"min_pixels": 9_000, "max_pixels": 400}, "min_pixels:"),
        ({"chat_template": "/nowhere"}, "chat_template: there is no /nowhere"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(tmp_path, given, change, named):
    with pytest.raises(InvalidInput, match=r"recipe\.yaml") as caught:
        read(tmp_path, {**given, **change})
    assert named in caught.value.message


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({}, "judge: is missing"),
        ({"judge": {**JUDGE, "ur": 1}}, "judge.ur: there is no such key"),
        ({"judge": JUDGE, "batch": 64}, "batch: 64 completions do not divide by generations 6"),
        ({"judge": JUDGE, "generations": 1}, "generations:"),
        ({"judge": JUDGE, "semantic": [6, 3]}, "semantic: 6 to 3 is not a range"),
        ({"judge": JUDGE, "vllm": {"mode": "server"}}, "vllm.server: give its URL"),
        ({"judge": JUDGE, "vllm": {"mode": "remote"}}, "vllm.mode:"),
        ({"judge": JUDGE, "turns": 1}, "turns:"),
    ],
)
def test_what_is_wrong_with_grpo_is_named_by_its_key(tmp_path, given, change, named):
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, {**given, "batch": 72, **change}, GrpoRecipe)
    assert named in caught.value.message


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "a: [1\n", "just words"])
def test_what_is_no_recipe_is_said_to_be_none(tmp_path, text):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=r"recipe\.yaml"):
        load(path, SftRecipe)
    with pytest.raises(InvalidInput, match="--config"):
        load(tmp_path / "nothing.yaml", SftRecipe)


def test_a_batch_is_spread_over_devices(tmp_path, given):
    assert read(tmp_path, {**given, "devices": 8, "per_device_batch": 2}).accumulation == 4


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[3] / "training" / "recipes").glob("*_*.yaml")), ids=lambda path: path.stem
)
def test_the_recipes_that_come_with_it_are_whole(tmp_path, path):
    """But for the paths, which are the reader's."""
    given = yaml.safe_load(path.read_text())
    (tmp_path / "data").touch()
    (tmp_path / "model").mkdir()
    given |= {"data": str(tmp_path / "data"), "model": str(tmp_path / "model")}
    recipe = read(tmp_path, given, GrpoRecipe if path.stem.startswith("grpo") else SftRecipe)
    assert recipe.accumulation >= 1


def test_one_tracker_needs_no_list(tmp_path, given):
    assert read(tmp_path, {**given, "report_to": "wandb"}).report_to == ("wandb",)
    assert read(tmp_path, {**given, "report_to": "none"}).report_to == ()


def test_the_judge_of_a_recipe_is_read_without_its_data(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump({"data": "/nowhere", "judge": JUDGE}))
    assert load_judge(path).model == "judge"
    path.write_text(yaml.safe_dump({"judge": {"url": "x"}}))
    with pytest.raises(InvalidInput, match=r"judge\.model: is missing"):
        load_judge(path)
