"""GRPO: a TRL trainer configured by a recipe, with rollouts through the real retriever."""

from __future__ import annotations

import base64
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from trl import GRPOConfig

from app.console import progress
from app.factory import build_embedder
from app.settings import Settings
from graph.prompts.briefing import Style
from graph.prompts.budgets import Budgets
from graph.prompts.texts import load_prompts
from memory.core.errors import InvalidInput
from memory.memory import Memory
from training.arguments import checkpoint_of, common, quiet, save, train
from training.curves import Curves
from training.data import histories, measure, questions
from training.data.chat_messages import chat_of
from training.grpo.judge import JudgeClient
from training.grpo.pictured import PicturedTrainer
from training.grpo.rewards import Rollout, worth
from training.grpo.rollout import Rollouts, Setting, Tokens
from training.recipes import GrpoRecipe
from training.vlm import adapters, load_model, load_processor

if TYPE_CHECKING:
    from datasets import Dataset
    from langchain_core.messages import BaseMessage

    from training.data.questions import Question
    from training.grpo.waves import Ids

_ROLLOUT, _RETRIEVALS = "rollout", "looks"
# TRL's version is pinned because `rollout_func` may change (decision 019).
os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")


def run(recipe: GrpoRecipe, *, resume: bool = False) -> dict[str, Any]:
    """Train, and save the model.

    Args:
        recipe: The recipe.
        resume: Resume from the newest checkpoint of `output`.

    Returns:
        Steps, the first and last reward of the log, failed judgements, and the path of the model.

    Raises:
        InvalidInput: Data, model, judge or output cannot be used; raised before any weight is loaded where possible.
    """
    begun = checkpoint_of(recipe.output, resume=resume)
    asked = questions.read(recipe.data, recipe.pictures)
    least = recipe.batch // recipe.generations
    if len(asked) < least:
        raise InvalidInput(
            f"data: {recipe.data} holds {len(asked)} questions; with batch {recipe.batch} and generations {recipe.generations} "
            f"a step takes {least}. Give more questions, or a smaller batch."
        )
    judge = JudgeClient(recipe.judge)
    processor = load_processor(recipe)
    settings = Settings(**({"text_embedder": recipe.embedder} if recipe.embedder else {}))
    recipe.output.mkdir(parents=True, exist_ok=True)
    # Each process builds its memory at each start: leftovers of a stopped run, or other data, are never used as the memory.
    with (
        tempfile.TemporaryDirectory(prefix="memory-", dir=recipe.output) as folder,
        Memory(Path(folder), build_embedder(settings), asks=False) as memory,
    ):
        where = planted(memory, asked)
        style = Style(
            prompts=load_prompts(recipe.prompts),
            layout=recipe.layout,
            sees=True,
            max_retrievals=recipe.turns - 1,
            budgets=Budgets(window=recipe.max_tokens, output=recipe.turn_tokens),
        )
        rollouts = Rollouts(memory, style, recipe.episodic, recipe.semantic, recipe.seed)
        trainer = trainer_of(recipe, where, rollouts, judge, processor)
        train(trainer, begun)
        result = save(trainer, processor, recipe)
    if judge.failed:
        progress(f"{judge.failed} of {judge.asked} judgements failed three times and count as 0.5: {judge.last_error}")
    if not any(line.get("reward") for line in trainer.state.log_history):
        progress("No rollout reached an answer. Start from a model that SFT has taught the formats, or raise turn_tokens.")
    return {**result, "judged": judge.asked, "judgements failed": judge.failed}


def planted(memory: Memory, asked: Sequence[Question]) -> list[Setting]:
    """Put every question's person into the memory, as of the time of the question, with its images."""
    known: dict[Path, histories.Known] = {}
    settings = []
    for question in asked:
        if question.memory not in known:
            known[question.memory] = histories.read(question.memory)
        history = known[question.memory]
        user = f"{list(known).index(question.memory)}-{question.upto or 'all'}"
        histories.plant(memory, user, history, question.upto)
        images = tuple(memory.photos.receive(user, path.read_bytes()) for path in question.images)
        settings.append(Setting(question, user, images))
    return settings


def trainer_of(
    recipe: GrpoRecipe, where: Sequence[Setting], rollouts: Rollouts, judge: JudgeClient, processor: Any
) -> PicturedTrainer:
    """Return TRL's trainer for a recipe."""
    generation: dict[str, Any] = {}
    if vllm := recipe.vllm:
        generation = {
            "vllm_mode": vllm.mode,
            "vllm_gpu_memory_utilization": vllm.memory,
            "vllm_max_model_length": recipe.max_tokens,
            "vllm_tensor_parallel_size": vllm.tensor_parallel,
            "vllm_server_base_url": vllm.server,
        }
    arguments = GRPOConfig(
        num_generations=recipe.generations,
        max_completion_length=recipe.turn_tokens,
        beta=recipe.beta,
        temperature=recipe.temperature,
        top_p=recipe.top_p,
        top_k=recipe.top_k,
        repetition_penalty=recipe.repetition_penalty,
        remove_unused_columns=False,
        use_vllm=recipe.vllm is not None,
        **generation,
        **common(recipe),
    )
    openings = [rollouts.opening(setting) for setting in where]
    by_prompt: dict[str, Setting] = {}
    rows = dataset(where, openings, by_prompt)
    samples = measure.measured(
        [setting.question.kind for setting in where],
        [chat_of(messages) for messages in openings],
        [_pictures(messages) for messages in openings],
        processor,
    )
    measure.show(samples, recipe.max_tokens, recipe.output)
    model = load_model(recipe)
    trainer = PicturedTrainer(
        model=model,
        reward_funcs=[reward_of(judge)],
        args=arguments,
        train_dataset=rows,
        processing_class=processor,
        peft_config=adapters(recipe, model),
        rollout_func=rollout_of(rollouts, by_prompt),
        callbacks=[Curves(recipe.output)],
    )
    quiet(trainer)
    return trainer


def dataset(where: Sequence[Setting], openings: Sequence[list[BaseMessage]], by_prompt: dict[str, Setting]) -> Dataset:
    """Return the rows of the trainer: the first prompt of each question, its images, and the right answer.

    Args:
        where: The questions.
        openings: The first messages of each; none if the question is longer than the window.
        by_prompt: Filled with the setting of each prompt: the trainer passes prompts to rollouts, and nothing else.

    Raises:
        InvalidInput: A question is too long, or asked in the same words over two memories.
    """
    from datasets import Dataset, Features, Image, List, Value

    part = {"type": Value("string"), "text": Value("string")}
    features = Features(
        {
            "prompt": List({"role": Value("string"), "content": List(part)}),
            "images": List(Image()),
            "question": Value("string"),
            "answer": Value("string"),
        }
    )
    rows = []
    for setting, messages in zip(where, openings, strict=True):
        if not messages:
            raise InvalidInput(
                f"{setting.question.place}: the question does not fit into max_tokens. Shorten it, or raise them."
            )
        prompt = chat_of(messages)
        named = _key(prompt)
        if by_prompt.setdefault(named, setting).user != setting.user:
            raise InvalidInput(
                f"{setting.question.place}: the same words are asked over another memory; say more in one of them."
            )
        written = [
            {**message, "content": [{"type": one["type"], "text": one.get("text")} for one in message["content"]]}
            for message in prompt
        ]
        asked = setting.question
        shown = [{"bytes": data, "path": None} for data in _pictures(messages)]
        rows.append({"prompt": written, "images": shown, "question": asked.text, "answer": asked.answer})
    return Dataset.from_list(rows, features=features)


def rollout_of(rollouts: Rollouts, by_prompt: Mapping[str, Setting]) -> Any:
    """Return TRL's `rollout_func`: prompts in, tokens and masks out."""

    def rollout(prompts: list[list[dict[str, Any]]], trainer: Any) -> dict[str, Any]:
        tool = trainer.processing_class
        first = trainer._tokenize_prompts(prompts)[0]  # noqa: SLF001 - TRL has no public door to its own generation
        logs: dict[int, list[float]] = {number: [] for number in range(len(prompts))}

        def write(wave: Mapping[int, Ids]) -> Mapping[int, Ids]:
            # A process that has nothing left to generate still generates with the others.
            mine = dict(wave) or {0: first[0]}
            numbers = list(mine)
            fields, images = _image_inputs(
                trainer, [prompts[number] for number in numbers], [len(mine[number]) for number in numbers]
            )
            new, scores = trainer._generate_single_turn([mine[number] for number in numbers], images, fields, 1)  # noqa: SLF001 - as above
            for number, ids, each in zip(numbers, new, scores or [[]] * len(new), strict=True):
                if number in wave:
                    told = len(wave[number]) - len(first[number]) - len(logs[number])
                    logs[number] += [0.0] * told + (each if scores else [0.0] * len(ids))
            return {number: ids for number, ids in zip(numbers, new, strict=True) if number in wave}

        several = trainer.accelerator.num_processes > 1

        def anyone(here: bool) -> bool:  # noqa: FBT001 - as Waves asks
            mine = torch.tensor([int(here)], device=trainer.accelerator.device)
            return bool(trainer.accelerator.gather(mine).sum()) if several else here

        tokens = rollouts.run(
            [by_prompt[_key(prompt)] for prompt in prompts], first, tool, write, trainer.state.global_step, anyone
        )
        return {
            "prompt_ids": [one.prompt for one in tokens],
            "completion_ids": [one.completion for one in tokens],
            "logprobs": [logs[number] for number in range(len(tokens))] if trainer.use_vllm else None,
            "env_mask": [one.mask for one in tokens],
            _ROLLOUT: [json.dumps(one.written) for one in tokens],
            _RETRIEVALS: [_retrievals(one) for one in tokens],
        }

    return rollout


def reward_of(judge: JudgeClient) -> Any:
    """Return the reward function that the trainer calls with a batch of rollouts."""

    async def reward(
        question: Sequence[str], answer: Sequence[str], rollout: Sequence[str], looks: Sequence[int], log_metric: Any, **_: Any
    ) -> list[float]:
        import asyncio

        played = [
            Rollout(asked, right, tuple(json.loads(written)))
            for asked, right, written in zip(question, answer, rollout, strict=True)
        ]
        found = await asyncio.gather(*(worth(one, judge) for one in played))
        for name in ("accuracy", "consistency", "format", "unjudged"):
            log_metric(f"rewards/{name}", sum(getattr(one, name) for one in found) / len(found))
        log_metric(f"rewards/{_RETRIEVALS}", sum(looks) / len(looks))
        return [one.reward for one in found]

    return reward


def _retrievals(tokens: Tokens) -> int:
    """Return the number of retrievals: the results of each are between two rounds of the model."""
    return max(0, len(tokens.written) - 1)


def _image_inputs(trainer: Any, prompts: Sequence[Any], lengths: Sequence[int]) -> tuple[dict[str, Any], Any]:
    """Return the image inputs of these prompts, extended to the current length of their rollouts."""
    pictured = any(part["type"] == "image" for prompt in prompts for message in prompt for part in message["content"])
    if not pictured:
        return {}, None
    _, images, fields = trainer._tokenize_prompts(list(prompts))  # noqa: SLF001 - as in rollout_of
    stretched = {
        name: [list(row) + [0] * (length - len(row)) for row, length in zip(value, lengths, strict=True)]
        if isinstance(value, list) and value and isinstance(value[0], list)
        else value
        for name, value in fields.items()
    }
    return stretched, images


def _key(prompt: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps([[part["text"] for part in message["content"] if part["type"] == "text"] for message in prompt])


def _pictures(messages: Sequence[BaseMessage]) -> list[bytes]:
    found = []
    for message in messages:
        for part in message.content if isinstance(message.content, list) else []:
            if isinstance(part, dict) and part.get("type") == "image_url":
                data = part["image_url"]["url"].split(",", 1)[1]
                found.append(base64.b64decode(data))
    return found
