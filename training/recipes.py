"""Recipes: the settings of a training run, loaded from YAML and checked as a whole before any model is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from memory.core.errors import InvalidInput

Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
_DEFAULT_MAX_TOKENS = 16_384
_LEAST_PIXELS, _MOST_PIXELS = 3_136, 230_400


def _listed(value: Any) -> Any:
    """Convert one tracker's name to a list; `none` to an empty list."""
    return [value] if isinstance(value, str) and value != "none" else () if value in ("none", None) else value


class _Strict(BaseModel):
    # A number in quotes, or a yes where a number belongs, is a mistake.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Lora(_Strict):
    """Low-rank adapters on the language model and the projector, instead of all of their weights.

    Attributes:
        rank: Rank of the adapters.
        alpha: Their scale.
        dropout: Share of their inputs that is dropped at random.
    """

    rank: Positive = 16
    alpha: Positive = 32
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0


class Recipe(_Strict):
    """The settings that both types of training share.

    Attributes:
        model: A folder or a name on the model hub.
        data: The file of samples.
        pictures: The folder that image paths are relative to; None: the folder of `data`.
        output: Where checkpoints, the plot and the model are written.
        lora: None: all weights of projector and language model.
        batch: Samples (GRPO: completions) per optimiser step, over all devices.
        per_device_batch: Samples on one device at once.
        devices: Number of processes that train together.
        epochs: Passes over the data.
        max_steps: Maximum optimiser steps; None: stop after the epochs.
        learning_rate: Its maximum.
        least_rate: Its minimum, as a share of the maximum.
        warmup: Share of the steps in which it rises.
        max_tokens: Maximum tokens of a whole sample.
        min_pixels: Smaller images are enlarged.
        max_pixels: Larger images are reduced.
        precision: Precision of the weights.
        attention: Which implementation, as transformers names it.
        gradient_checkpointing: Less memory for more time.
        save_steps: Steps between checkpoints.
        keep: Number of checkpoints to keep.
        logging_steps: Steps between lines of the log.
        report_to: Trackers, as transformers names them.
        seed: Random seed.
        chat_template: A file with `{% generation %}` marks, for a model whose template is not known to TRL.
    """

    model: str
    data: Path = Field(strict=False)
    pictures: Path | None = Field(default=None, strict=False)
    output: Path = Field(strict=False)
    lora: Lora | None = None
    batch: Positive
    per_device_batch: Positive = 1
    devices: Positive = 1
    epochs: Annotated[float, Field(gt=0)] = 1.0
    max_steps: Positive | None = None
    # YAML parses 2e-5, which has no dot, as a text.
    learning_rate: Annotated[float, Field(gt=0, lt=1, strict=False)]
    least_rate: Share = 0.0
    warmup: Share = 0.03
    max_tokens: Positive = _DEFAULT_MAX_TOKENS
    min_pixels: Positive = _LEAST_PIXELS
    max_pixels: Positive = _MOST_PIXELS
    precision: Literal["bf16", "fp32"] = "bf16"
    attention: Literal["sdpa", "eager", "flash_attention_2"] = "sdpa"
    gradient_checkpointing: bool = True
    save_steps: Positive = 200
    keep: Positive = 2
    logging_steps: Positive = 5
    report_to: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(default=(), strict=False)
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    chat_template: Path | None = Field(default=None, strict=False)

    @property
    def accumulation(self) -> int:
        """Return the passes on each device before an optimiser step."""
        return self.batch // (self.per_device_batch * self.devices)

    @model_validator(mode="after")
    def _whole(self) -> Recipe:
        if self.batch % (self.per_device_batch * self.devices):
            raise ValueError(
                f"batch: {self.batch} does not divide by per_device_batch {self.per_device_batch} × devices {self.devices}"
            )
        if self.min_pixels > self.max_pixels:
            raise ValueError(f"min_pixels: {self.min_pixels} is more than max_pixels {self.max_pixels}")
        for key in ("data", "pictures", "chat_template", "prompts"):
            path = getattr(self, key, None)
            if path is not None and not _there(path):
                raise ValueError(f"{key}: there is no {path}")
            if path is not None and path.is_dir() != (key == "pictures"):
                raise ValueError(f"{key}: {path} is {'a file' if key == 'pictures' else 'a folder'}")
        if looks_like_folder(self.model) and not Path(self.model).is_dir():
            raise ValueError(f"model: there is no folder {self.model}")
        return self


class SftRecipe(Recipe):
    """Supervised fine-tuning; published: lr 2e-5 with a cosine, warm-up 0.03, batch 64, one epoch, 16,384 tokens."""


Between = Annotated[tuple[int, int], Field(strict=False)]


class Judge(_Strict):
    """The judge's server, any with OpenAI's protocol; published: Qwen3-30B-A3B-Instruct-2507 on vLLM.

    Attributes:
        url: Its base URL, with `/v1`.
        model: The model's name on the server.
        key_from: The environment variable that contains its key; None: it needs none.
        timeout: Seconds a judgement may take.
        at_once: Maximum number of concurrent judgements.
    """

    url: str
    model: str
    key_from: str | None = None
    timeout: Annotated[float, Field(gt=0)] = 120.0
    at_once: Positive = 16


class Vllm(_Strict):
    """How rollouts are generated, if not by transformers.

    Attributes:
        mode: In the training processes, or in a server of TRL's (`trl vllm-serve`).
        memory: Share of each GPU's memory (colocate).
        tensor_parallel: GPUs that share one model (colocate).
        server: The server's URL.
    """

    mode: Literal["colocate", "server"]
    memory: Share = 0.4
    tensor_parallel: Positive = 1
    server: str | None = None

    @model_validator(mode="after")
    def _named(self) -> Vllm:
        if (self.mode == "server") != (self.server is not None):
            raise ValueError("server: give its URL with mode server, and only with it")
        return self


class GrpoRecipe(Recipe):
    """GRPO with rollouts through the real retriever; defaults as published.

    Attributes:
        judge: Scores the answers that are not letters.
        generations: Rollouts of one question.
        beta: Weight of the divergence from the initial model.
        temperature: Sampling temperature of the rollouts.
        top_p: Share of probability to sample from.
        top_k: Number of tokens to sample from.
        repetition_penalty: Penalty on tokens that occurred before.
        turns: Maximum model calls per rollout; all but the last may retrieve.
        turn_tokens: New tokens per call.
        episodic: Range of topics per retrieval, drawn for each rollout: from, to.
        semantic: The same for facts.
        vllm: None: transformers generate.
        embedder: Text embedder of the memories; None: the default one.
        layout: Layout of the prompts: `published` for PersonaVLM and models trained like it, `cache` for others.
        prompts: A file that replaces our wording, as PERSONA_PROMPTS names one; None: ours.
    """

    judge: Judge
    warmup: Share = 0.05
    least_rate: Share = 0.1
    generations: Annotated[int, Field(ge=2)] = 6
    beta: Annotated[float, Field(ge=0)] = 0.01
    temperature: Annotated[float, Field(gt=0)] = 1.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.9
    top_k: Annotated[int, Field(ge=0)] = 50
    repetition_penalty: Annotated[float, Field(gt=0)] = 1.05
    turns: Annotated[int, Field(ge=2)] = 4
    turn_tokens: Positive = 1_024
    episodic: Between = (2, 5)
    semantic: Between = (3, 6)
    vllm: Vllm | None = None
    embedder: str | None = None
    layout: Literal["published", "cache"] = "published"
    prompts: Path | None = Field(default=None, strict=False)

    @model_validator(mode="after")
    def _groups(self) -> GrpoRecipe:
        if self.batch % self.generations:
            raise ValueError(f"batch: {self.batch} completions do not divide by generations {self.generations}")
        for key in ("episodic", "semantic"):
            low, high = getattr(self, key)
            if not 0 <= low <= high:
                raise ValueError(f"{key}: {low} to {high} is not a range")
        return self


class _OnlyJudge(_Strict):
    judge: Judge


_Kind = TypeVar("_Kind", bound=Recipe)


def load_judge(path: Path) -> Judge:
    """Load the judge of a recipe alone: it can be tested before there are data and a model.

    Raises:
        InvalidInput: As `load`.
    """
    given = _read(path)
    try:
        return _OnlyJudge.model_validate({"judge": given.get("judge")}).judge
    except ValidationError as error:
        raise InvalidInput(f"{path}: {_problems(error, GrpoRecipe)}") from error


def load(path: Path, kind: type[_Kind]) -> _Kind:
    """Load a recipe; paths in it are relative to the working directory of the command.

    Raises:
        InvalidInput: It cannot be read or is wrong; names the key.
    """
    given = _read(path)
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise InvalidInput(f"{path}: {_problems(error, kind)}") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        given: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror}). Check --config.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidInput(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(given, dict):
        raise InvalidInput(f"{path} has no keys. A recipe is YAML of the form `key: value`.")
    return given


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        # No file can have this name.
        return False


def looks_like_folder(model: str) -> bool:
    """Return whether a model's name is a local path rather than a name on the hub."""
    return model.startswith((".", "/", "~")) or model.count("/") > 1 or Path(model).exists()


_PARTS: dict[str, type[BaseModel]] = {"lora": Lora, "judge": Judge, "vllm": Vllm}


def _problems(error: ValidationError, kind: type[Recipe]) -> str:
    problems = []
    for one in error.errors(include_url=False):
        key = ".".join(map(str, one["loc"]))
        match one["type"]:
            case "extra_forbidden":
                known = _PARTS.get(str(one["loc"][0]), kind) if len(one["loc"]) > 1 else kind
                problems.append(f"{key}: there is no such key. The keys are {', '.join(known.model_fields)}.")
            case "missing":
                problems.append(f"{key}: is missing.")
            case "value_error":
                problems.append(f"{key}{'.' if key else ''}{one['ctx']['error']}.")
            case _:
                problems.append(f"{key}: {one['msg']} (given: {one['input']!r}).")
    return " ".join(problems)
