"""Training for real, on a tiny random Qwen2.5-VL: SFT overfits, GRPO's reward rises, and the result answers through the graph."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest

from graph import respond
from graph.context import Context
from graph.prompts.briefing import Style
from memory.core.errors import InvalidInput
from memory.memory import Memory
from tests.fake_server import fake_server
from tests.fakes import WordEmbedder
from tests.training import material
from training.data import sft_data
from training.grpo import trainer as grpo
from training.recipes import GrpoRecipe, SftRecipe, load
from training.sft import trainer as sft
from training.vlm import is_eye, load_model, load_processor, merge

SEEDS = (0, 1, 2)
pytestmark = [
    pytest.mark.train,
    # TRL and transformers to each other: nothing of ours.
    pytest.mark.filterwarnings("ignore:`max_length` is ignored when:UserWarning"),
]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return material.make(tmp_path_factory.mktemp("training"))


@pytest.fixture(scope="session")
def taught(folder: Path) -> Path:
    """The folder, after SFT."""
    sft.run(load(folder / "sft.yaml", SftRecipe))
    return folder


def log(folder: Path, name: str) -> list[float]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [line[name] for line in lines if name in line]


def test_loss_is_on_what_the_assistant_says_and_nothing_else_token_by_token(folder):
    recipe = load(folder / "sft.yaml", SftRecipe)
    processor = load_processor(recipe)
    lessons = sft_data.read(recipe.data)
    trainer = sft.trainer_of(recipe, lessons, processor)
    tokenizer = processor.tokenizer
    for lesson, row in zip(lessons, trainer.train_dataset, strict=True):
        batch = trainer.data_collator([row])
        ids, labels = batch["input_ids"][0].tolist(), batch["labels"][0].tolist()
        learnt = [own for own, label in zip(ids, labels, strict=True) if label != -100]
        assert all(own == label for own, label in zip(ids, labels, strict=True) if label != -100)
        said = [message.text for message in lesson.messages if message.role == "assistant"]
        # TRL's template counts the line break that ends a turn to the turn.
        assert tokenizer.decode(learnt) == "".join(f"{text}<|im_end|>\n" for text in said)
    assert any("pixel_values" in trainer.data_collator([row]) for row in trainer.train_dataset)
    # Text alone and with pictures, in one batch.
    mixed = trainer.data_collator([trainer.train_dataset[0], trainer.train_dataset[2]])
    assert mixed["input_ids"].shape[0] == 2


@pytest.mark.long
def test_the_vision_tower_stays_and_everything_else_learns(taught):
    before = dict(load_model(load(taught / "sft.yaml", SftRecipe)).named_parameters())
    recipe = load(material.recipe(taught, "after", model=str(taught / "sft" / "model"), data=str(taught / "sft.json"), batch=4,
                                  learning_rate=0.1), SftRecipe)  # fmt: skip
    after = dict(load_model(recipe).named_parameters())
    for name, weight in after.items():
        moved = not bool((weight == before[name]).all())
        assert moved != is_eye(name), name


@pytest.mark.long
def test_sft_overfits_sixteen_mixed_samples(taught):
    samples = json.loads((taught / "sft.json").read_text())
    assert len(samples) == 16
    assert sum("image" in sample for sample in samples) == 8
    losses = log(taught / "sft", "loss")
    assert losses[-1] <= 0.2 * losses[0]
    assert (taught / "sft" / "curves.html").exists()
    assert (taught / "sft" / "data.html").exists()


def judged(body: dict) -> str:
    """A judge that finds every thought consistent, and no answer right that is not the letter itself."""
    return "10" if "follows from the thought" in str(body["messages"]) else "0"


@pytest.mark.long
def test_grpo_raises_the_reward_in_two_of_three_seeds(taught, monkeypatch):
    monkeypatch.setattr(grpo, "build_embedder", lambda _settings: WordEmbedder())
    rose = []
    with fake_server() as server:
        server.reply = judged
        for seed in SEEDS:
            path = material.recipe(
                taught, f"grpo{seed}", model=str(taught / "sft" / "model"), data=str(taught / "rl.jsonl"), batch=32,
                per_device_batch=32, generations=4, turns=3, turn_tokens=60, max_steps=16, learning_rate=0.0001, beta=0.0,
                seed=seed, prompts=str(taught / "prompts.toml"), judge={"url": server.url, "model": "judge"},
            )  # fmt: skip
            result = grpo.run(load(path, GrpoRecipe))
            assert result["judged"] > 0
            assert result["judgements failed"] == 0
            rewards = log(taught / f"grpo{seed}", "reward")
            assert len(rewards) == 16
            quarter = len(rewards) // 4
            rose.append(statistics.fmean(rewards[-quarter:]) - statistics.fmean(rewards[:quarter]))
            assert statistics.fmean(log(taught / f"grpo{seed}", "rewards/looks")) >= 1.0, "rollouts look into memory"
    assert sum(rise > 0 for rise in rose) >= 2, rose


@pytest.mark.long
def test_grpo_goes_on_where_it_stopped_and_counts_what_its_judge_failed(taught, monkeypatch, capsys):
    monkeypatch.setattr(grpo, "build_embedder", lambda _settings: WordEmbedder())
    with fake_server() as server:

        def recipe(steps: int) -> GrpoRecipe:
            path = material.recipe(
                taught, "again", model=str(taught / "sft" / "model"), data=str(taught / "rl.jsonl"), batch=8, per_device_batch=2,
                generations=2, turns=3, turn_tokens=60, max_steps=steps, learning_rate=0.0001, prompts=str(taught / "prompts.toml"),
                judge={"url": server.url, "model": "judge"}, lora={"rank": 4, "alpha": 8},
            )  # fmt: skip
            return load(path, GrpoRecipe).model_copy(update={"save_steps": 1})

        with pytest.raises(InvalidInput, match="a step takes 40"):
            grpo.run(recipe(1).model_copy(update={"batch": 80}))
        server.reply = lambda _body: "I would rather not say."
        result = grpo.run(recipe(1))
        assert result["judgements failed"] == result["judged"] > 0
        assert "failed three times and count as 0.5" in capsys.readouterr().err
        server.reply = judged
        result = grpo.run(recipe(2), resume=True)
        with pytest.raises(InvalidInput, match="Raise max_steps"):
            grpo.run(recipe(2), resume=True)
    assert result["steps"] == 2
    assert result["judgements failed"] == 0
    assert len(log(taught / "again", "reward")) == 2
    assert (taught / "again" / "data.html").exists()
    assert (taught / "again" / "model" / "adapter_config.json").exists()
    assert not list((taught / "again").glob("memory*")), "the memories of the rollouts are not left behind"


@pytest.mark.long
def test_the_result_answers_through_the_graph(taught, tmp_path):
    from tests.training.answering import Loaded

    chat = Loaded(taught / "sft" / "model")
    style = Style(
        prompts=material.load_prompts(taught / "prompts.toml"), layout="published", sees=True, max_retrievals=2,
        budgets=material.Budgets(window=2_048, output=60),
    )  # fmt: skip
    with Memory(tmp_path / "data", WordEmbedder()) as memory:
        (setting, *_) = grpo.planted(memory, material.questions.read(taught / "rl.jsonl"))
        context = Context(user_id=setting.user, time=setting.question.time, off_the_record=True)
        state = respond.build(chat, memory, style).invoke({"text": setting.question.text, "images": []}, context=context)
    assert state["turn"].reply in ("(a)", "(b)")
    assert [step.action for step in state["turn"].trace.steps] == ["retrieve", "answer"]


def test_adapters_go_on_from_a_checkpoint_and_become_a_whole_model(folder, tmp_path):
    keys = {
        "model": str(folder / "tiny"), "data": str(folder / "sft.json"), "batch": 8, "per_device_batch": 4,
        "learning_rate": 0.003, "lora": {"rank": 8, "alpha": 16}, "save_steps": 2,
    }  # fmt: skip
    sft.run(load(material.recipe(folder, "lora", max_steps=2, **keys), SftRecipe))
    recipe = load(material.recipe(folder, "lora", max_steps=4, **keys), SftRecipe)
    with pytest.raises(InvalidInput, match="--resume"):
        sft.run(recipe)
    assert sft.run(recipe, resume=True)["steps"] == 4
    whole = merge(folder / "lora" / "model", tmp_path / "whole")
    before = dict(load_model(recipe).named_parameters())
    recipe = load(material.recipe(folder, "whole", **{**keys, "model": str(whole), "lora": None}), SftRecipe)
    moved = [name for name, weight in load_model(recipe).named_parameters() if not bool((weight == before[name]).all())]
    assert moved
    assert not any(is_eye(name) for name in moved)
    assert any("merger" in name for name in moved)
    with pytest.raises(InvalidInput, match="not empty"):
        merge(folder / "lora" / "model", whole)
    with pytest.raises(InvalidInput, match="contains no adapters"):
        merge(whole, tmp_path / "again")
