"""The arguments that both trainers share, and the steps after training."""

from __future__ import annotations

import json
import os
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from transformers import PrinterCallback
from transformers.integrations.integration_utils import get_available_reporting_integrations

from memory.core.errors import InvalidInput, PersonaError
from training.recipes import Recipe

MODEL = "model"
_WRITE_TEST_FILE = ".tried"


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
    # A warning from TRL about transformers, at every step: the person who trains cannot act on it.
    warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
    _available(recipe)
    falls = recipe.least_rate > 0
    return {
        "output_dir": str(recipe.output),
        "per_device_train_batch_size": recipe.per_device_batch,
        "gradient_accumulation_steps": recipe.accumulation,
        "learning_rate": recipe.learning_rate,
        "lr_scheduler_type": "cosine_with_min_lr" if falls else "cosine",
        "lr_scheduler_kwargs": {"min_lr_rate": recipe.least_rate} if falls else None,
        # A value below one is a share of the steps.
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
    """Return the checkpoint to resume from.

    Raises:
        InvalidInput: There is a checkpoint and `resume` is off, or the reverse; or the folder cannot be written.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        (output / _WRITE_TEST_FILE).touch()
        (output / _WRITE_TEST_FILE).unlink()
    except OSError as error:
        raise InvalidInput(f"output: {output} cannot be written ({error.strerror}). Give another folder.") from error
    steps = {path.name.rpartition("-")[2]: path for path in output.glob("checkpoint-*")}
    found = [steps[step] for step in sorted(filter(str.isdecimal, steps), key=int)]
    if found and not resume:
        raise InvalidInput(f"output: {output} has {found[-1].name}. Continue from it with --resume, or give another folder.")
    if resume and not found:
        raise InvalidInput(f"output: {output} contains no checkpoint to continue from. Leave --resume out.")
    return str(found[-1]) if found else None


def train(trainer: Any, begun: str | None) -> None:
    """Train to the end.

    Raises:
        InvalidInput: The checkpoint is not of this recipe, is damaged, or was the last one.
    """
    if begun is None:
        trainer.train()
        return
    before = f"{begun} cannot be gone on from"
    try:
        done = json.loads((Path(begun) / "trainer_state.json").read_text(encoding="utf-8"))["global_step"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"{before}: its trainer_state.json is damaged. Move it away; an older one may be whole.") from error
    if 0 < trainer.args.max_steps <= done:
        raise InvalidInput(
            f"{before}: its {done} steps are all that the recipe asks for. Raise max_steps, or give another output."
        )
    try:
        trainer.train(resume_from_checkpoint=begun)
    except Exception as error:
        if trainer.state.global_step > done or isinstance(error, PersonaError):
            raise
        why = " ".join(str(error).split())[:200]
        raise InvalidInput(
            f"{before} ({why}). It is damaged, or of another recipe. Move it away, or put the recipe back as it was."
        ) from error


def _available(recipe: Recipe) -> None:
    """Raise an error for missing packages that a recipe names, before anything is loaded."""
    there = get_available_reporting_integrations()  # type: ignore[no-untyped-call] # it has no types
    for tracker in recipe.report_to:
        if tracker not in there:
            known = ", ".join(there) or "none"
            raise InvalidInput(f"report_to: {tracker!r} is not an installed tracker (installed: {known}).")
    if recipe.attention == "flash_attention_2" and find_spec("flash_attn") is None:
        raise InvalidInput("attention: flash_attention_2 needs the package flash-attn, which is not installed. Use sdpa.")


def quiet(trainer: Any) -> None:
    """Silence the trainer's own output: our callback shows the progress."""
    trainer.remove_callback(PrinterCallback)


def save(trainer: Any, processor: Any, recipe: Recipe) -> dict[str, Any]:
    """Save the model and its processor in a folder; returns a summary of the run."""
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
