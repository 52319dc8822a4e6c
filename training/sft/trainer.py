"""Supervised fine-tuning: a TRL trainer configured by a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trl import SFTConfig, SFTTrainer

from app.console import progress
from memory.core.errors import InvalidInput
from training.arguments import checkpoint_of, common, quiet, save, train
from training.curves import Curves
from training.data import measure, sft_data
from training.data.lessons import Lesson, dataset
from training.recipes import SftRecipe
from training.vlm import adapters, load_model, load_processor


def run(recipe: SftRecipe, *, resume: bool = False) -> dict[str, Any]:
    """Train, and save the model.

    Args:
        recipe: The recipe.
        resume: Resume from the newest checkpoint of `output`.

    Returns:
        Steps, the first and last loss of the log, and the path of the model.

    Raises:
        InvalidInput: Data, model or output cannot be used; raised before any weight is loaded where possible.
    """
    begun = checkpoint_of(recipe.output, resume=resume)
    lessons = sft_data.read(recipe.data, recipe.pictures)
    processor = load_processor(recipe)
    lessons = fitting(lessons, processor, recipe.max_tokens, recipe.output)
    trainer = trainer_of(recipe, lessons, processor)
    train(trainer, begun)
    return save(trainer, processor, recipe)


def trainer_of(recipe: SftRecipe, lessons: Sequence[Lesson], processor: Any) -> SFTTrainer:
    """Return TRL's trainer for a recipe: loss on the assistant's messages alone, the vision tower frozen."""
    arguments = SFTConfig(max_length=recipe.max_tokens, assistant_only_loss=True, packing=False, **common(recipe))
    model = load_model(recipe)
    try:
        trainer = SFTTrainer(
            model=model,
            args=arguments,
            train_dataset=dataset(lessons),
            processing_class=processor,
            peft_config=adapters(recipe, model),
            callbacks=[Curves(recipe.output)],
        )
    except ValueError as error:
        if "template" not in str(error):
            raise
        raise InvalidInput(
            f"model: TRL does not know where the assistant speaks in the chat template of {recipe.model}. Give chat_template a "
            "file of it with {% generation %} and {% endgeneration %} around what the assistant says."
        ) from error
    quiet(trainer)
    return trainer


def fitting(lessons: Sequence[Lesson], processor: Any, most: int, output: Path) -> list[Lesson]:
    """Leave out samples longer than `most` tokens, with a message; show counts and lengths, and plot them into `output`."""
    samples = measure.of_lessons(lessons, processor)
    measure.show(samples, most, output)
    fits = [(one.tokens or 0) <= most for one in samples]
    kept = [lesson for lesson, fit in zip(lessons, fits, strict=True) if fit]
    if len(kept) < len(lessons):
        first = next(lesson for lesson, fit in zip(lessons, fits, strict=True) if not fit)
        left = len(lessons) - len(kept)
        progress(f"Longer than {most:,} tokens, and left out: {left} of {len(lessons)}; the first: {first.place}.")
    if not kept:
        raise InvalidInput(f"max_tokens: every sample is longer than {most:,} tokens.")
    return kept
