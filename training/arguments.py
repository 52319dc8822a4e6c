"""What both trainers are told alike, and what is done after both."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import torch
from transformers import PrinterCallback

from memory.errors import InvalidInput
from training.recipes import Recipe

MODEL = "model"


def common(recipe: Recipe) -> dict[str, Any]:
    """Return the arguments of transformers' trainer for a recipe.

    Raises:
        InvalidInput: It was started with another number of processes than the recipe says.
    """
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if started != recipe.devices:
        raise InvalidInput(
            f"devices: the recipe is for {recipe.devices}, and {started} were started. Start it with `accelerate launch "
            f"--num_processes {recipe.devices} -m app.cli train …`, or change the recipe."
        )
    # TRL to transformers, once a step: nothing that whoever trains can change.
    warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
    falls = recipe.least_rate > 0
    return {
        "output_dir": str(recipe.output),
        "per_device_train_batch_size": recipe.per_device_batch,
        "gradient_accumulation_steps": recipe.accumulation,
        "learning_rate": recipe.learning_rate,
        "lr_scheduler_type": "cosine_with_min_lr" if falls else "cosine",
        "lr_scheduler_kwargs": {"min_lr_rate": recipe.least_rate} if falls else None,
        # Below one, it is a share of the steps.
        "warmup_steps": recipe.warmup,
        "num_train_epochs": recipe.epochs,
        "max_steps": recipe.max_steps or -1,
        "bf16": recipe.precision == "bf16",
        "activation_checkpointing": recipe.gradient_checkpointing,
        "save_steps": recipe.save_steps,
        "save_total_limit": recipe.keep,
        "logging_steps": recipe.logging_steps,
        "report_to": list(recipe.report_to) or "none",
        "seed": recipe.seed,
        "disable_tqdm": True,
        "dataloader_pin_memory": torch.cuda.is_available(),
        "log_level": "error",
    }


def checkpoint_of(output: Path, *, resume: bool) -> str | None:
    """Return the checkpoint to go on from.

    Raises:
        InvalidInput: There is one and going on was not asked for, or the other way round.
    """
    found = sorted(output.glob("checkpoint-*"), key=lambda path: int(path.name.rsplit("-", 1)[1])) if output.is_dir() else []
    if found and not resume:
        raise InvalidInput(f"output: {output} holds {found[-1].name}. Go on from it with --resume, or give another folder.")
    if resume and not found:
        raise InvalidInput(f"output: {output} holds no checkpoint to go on from. Leave --resume out.")
    return str(found[-1]) if found else None


def quiet(trainer: Any) -> None:
    """Let the trainer print nothing of its own: our callback shows how it goes."""
    trainer.remove_callback(PrinterCallback)


def save(trainer: Any, processor: Any, recipe: Recipe) -> dict[str, Any]:
    """Save the model with its processor, as a folder of its own; returns what the run came to."""
    folder = recipe.output / MODEL
    trainer.save_model(str(folder))
    if trainer.is_world_process_zero():
        processor.save_pretrained(folder)
    history = trainer.state.log_history
    losses = [line["loss"] for line in history if "loss" in line]
    rewards = [line["reward"] for line in history if "reward" in line]
    return {
        "steps": trainer.state.global_step,
        "loss": [losses[0], losses[-1]] if losses else [],
        "reward": [rewards[0], rewards[-1]] if rewards else [],
        "adapters" if recipe.lora else "model": str(folder),
    }
