"""The model to train: how it is loaded, and which of its weights are trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from memory.core.errors import InvalidInput

if TYPE_CHECKING:
    from peft import LoraConfig
    from transformers import PreTrainedModel, ProcessorMixin

    from training.recipes import Recipe

_VISION_TOWER_NAMES = ("visual.", "vision_tower.", "vision_model.")
"""Names of the vision tower in the model families that transformers supports."""
_PROJECTOR_NAMES = ("merger.", "multi_modal_projector.", "connector.")
_HEAD = "lm_head"


def load_processor(recipe: Recipe) -> ProcessorMixin:
    """Load tokenizer and image processor, with the recipe's bounds for images.

    Raises:
        InvalidInput: There is none, or it takes no images.
    """
    processor: Any = processor_of(recipe.model, recipe.chat_template)
    # transformers calls these bounds edges.
    processor.image_processor.size = {"shortest_edge": recipe.min_pixels, "longest_edge": recipe.max_pixels}
    return cast("ProcessorMixin", processor)


def processor_of(model: str, template: Path | None = None) -> ProcessorMixin:
    """Load a model's processor as it is.

    Raises:
        InvalidInput: There is none, or it takes no images.
    """
    from transformers import AutoProcessor

    loader: Any = AutoProcessor
    try:
        processor: Any = loader.from_pretrained(model)
    except (OSError, ValueError) as error:
        raise InvalidInput(f"model: the processor of {model} cannot be loaded ({error}).") from error
    if getattr(processor, "image_processor", None) is None:
        raise InvalidInput(f"model: {model} takes no pictures. PersonaVLM is trained from a vision model.")
    if template is not None:
        try:
            processor.chat_template = template.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(f"chat_template: {template} cannot be read ({error}).") from error
    # Some models keep the template with the tokenizer alone; the two have to agree.
    processor.chat_template = processor.tokenizer.chat_template = processor.chat_template or processor.tokenizer.chat_template
    if processor.chat_template is None:
        raise InvalidInput(f"model: {model} has no chat template. Give chat_template a file of one.")
    return cast("ProcessorMixin", processor)


def load_model(recipe: Recipe) -> PreTrainedModel:
    """Load the weights.

    Raises:
        InvalidInput: No weights can be loaded.
    """
    import torch
    from transformers import AutoModelForImageTextToText

    kind = torch.bfloat16 if recipe.precision == "bf16" else torch.float32
    try:
        model = AutoModelForImageTextToText.from_pretrained(recipe.model, dtype=kind, attn_implementation=recipe.attention)
    except (OSError, ValueError) as error:
        raise InvalidInput(f"model: the weights of {recipe.model} cannot be loaded ({error}).") from error
    if recipe.lora is None:
        freeze_eyes(model)
    return model


def freeze_eyes(model: Any) -> None:
    """Freeze the vision tower; projector and language model are trained (published)."""
    for name, weight in model.named_parameters():
        weight.requires_grad_(not is_eye(name))


def is_eye(name: str) -> bool:
    """Return whether a weight belongs to the vision tower, and not to its projector."""
    return any(part in name for part in _VISION_TOWER_NAMES) and not any(part in name for part in _PROJECTOR_NAMES)


def adapters(recipe: Recipe, model: Any) -> LoraConfig | None:
    """Return adapters on every linear layer of language model and projector; None if all weights are trained."""
    if recipe.lora is None:
        return None
    from peft import LoraConfig
    from torch import nn

    linear = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    learning = [name for name in linear if not is_eye(f"{name}.") and _HEAD not in name]
    return LoraConfig(
        r=recipe.lora.rank,
        lora_alpha=recipe.lora.alpha,
        lora_dropout=recipe.lora.dropout,
        target_modules=learning,
        task_type="CAUSAL_LM",
    )


def merge(adapter: Path, output: Path) -> Path:
    """Merge adapters into the weights that they were trained on, and save the result as a model that `persona serve` takes.

    Raises:
        InvalidInput: The folder contains no adapters, or `output` is not empty.
    """
    if not (adapter / "adapter_config.json").is_file():
        raise InvalidInput(f"{adapter} contains no adapters (adapter_config.json). A run with `lora` writes them.")
    if output.is_file() or (output.exists() and any(output.iterdir())):
        raise InvalidInput(f"{output} is not empty. Give another --out.")
    if not list(adapter.glob("adapter_model.*")):
        raise InvalidInput(f"{adapter} contains no adapter weights (adapter_model.safetensors). Copy them there.")
    from peft import PeftConfig, PeftModel
    from transformers import AutoModelForImageTextToText, AutoProcessor

    loader = cast("Any", AutoProcessor)
    try:
        base = PeftConfig.from_pretrained(str(adapter)).base_model_name_or_path
        if base is None:
            raise InvalidInput(f"{adapter} does not say which model its adapters belong to.")
        # Do everything that can fail before anything is written: half a model is useless.
        processor = loader.from_pretrained(adapter)
        model = AutoModelForImageTextToText.from_pretrained(base, dtype="auto")
        whole = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise InvalidInput(f"{adapter} cannot be merged ({' '.join(str(error).split())[:300]}).") from error
    try:
        whole.save_pretrained(output)
        processor.save_pretrained(output)
    except OSError as error:
        raise InvalidInput(f"{output} cannot be written ({error.strerror}). Give another --out.") from error
    return output
