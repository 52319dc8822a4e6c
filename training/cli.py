"""`persona train …`: train the model that remembers and answers, from published data or your own conversations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.console import AsJson, print_json, print_table, progress
from memory.core import extras
from memory.core.errors import InvalidInput
from training import cli_data

app = typer.Typer(no_args_is_help=True, help="Train a model of your own: SFT, then GRPO.")
app.command("data")(cli_data.data)
_HIGH = 0.5
Config = Annotated[Path, typer.Option("--config", help="The recipe (YAML); examples are in training/recipes.")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue from the newest checkpoint in the recipe's output.")]


@app.command()
def sft(config: Config, resume: Resume = False, as_json: AsJson = False) -> None:
    """Train the model on samples of the six tasks (supervised fine-tuning)."""
    extras.require("train")
    from training.recipes import SftRecipe, load

    recipe = load(config, SftRecipe)
    from training.sft.trainer import run

    _done(run(recipe, resume=resume), as_json=as_json)


@app.command()
def grpo(config: Config, resume: Resume = False, as_json: AsJson = False) -> None:
    """Train by rewards (GRPO); trial replies use the real memory search."""
    extras.require("train")
    from training.recipes import GrpoRecipe, load

    recipe = load(config, GrpoRecipe)
    from training.grpo.trainer import run

    _done(run(recipe, resume=resume), as_json=as_json)


@app.command("judge-check")
def judge_check(config: Config, as_json: AsJson = False) -> None:
    """Test a recipe's judge on answers that are plainly right and plainly wrong."""
    import asyncio

    extras.require("train", "The judge of training")
    from training.grpo.judge import check
    from training.recipes import load_judge

    found = asyncio.run(check(load_judge(config)))
    if as_json:
        print_json(found)
    else:
        print_table(("asked", "expected", "scored"), [[str(value) for value in one.values()] for one in found])
    if any(one["scored"] is None for one in found):
        raise InvalidInput("The judge did not answer with a number from 0 to 10. Check judge.url and judge.model.")
    right, wrong, follows = (one["scored"] for one in found)
    if not right >= _HIGH > wrong:
        raise InvalidInput("The judge cannot tell a right answer from a wrong one. Give another judge.model.")
    if follows < _HIGH:
        raise InvalidInput("The judge does not see that an answer follows from its thought. Give another judge.model.")


@app.command()
def merge(
    adapters: Annotated[Path, typer.Argument(help="The folder of adapters from a run with `lora`.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the merged model.")],
) -> None:
    """Merge trained adapters into their base model, the form that `persona serve` can load."""
    extras.require("train", "Adding adapters to a model")
    from training.vlm import merge as add

    progress(f"The model is in {add(adapters, out)}. Serve it with `persona serve {out}`.")


def _done(result: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(result)
    else:
        print_table(("what", "value"), [(name, str(value)) for name, value in result.items()])
