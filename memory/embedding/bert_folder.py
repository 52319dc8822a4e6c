"""A sentence-transformers folder with a BERT network, read without torch: network, pooling and tokenizer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from memory.embedding.onnx_runtime import Marks
from memory.embedding.token_vectors import Vectors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Pooling = Literal["mean", "cls"]

_WEIGHTS, _TOKENIZER = "model.safetensors", "tokenizer.json"
_LEGACY_POOLING = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
"""Pooling keys of sentence-transformers before version 6, each true or false, and the pooling mode that each means."""
_NORMALIZER = {"do_lower_case": "lowercase", "strip_accents": "strip_accents", "tokenize_chinese_chars": "handle_chinese_chars"}
"""Keys of `tokenizer_config.json` that override `tokenizer.json` in transformers, and their names in `tokenizer.json`."""
_SPECIAL = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token", "bos_token", "eos_token")


class NotBert(Exception):
    """The folder contains a model that this module does not know; the message is a clause that says why."""


class Damaged(Exception):
    """A file of the folder exists but cannot be read; the message is a clause that names the file."""


@dataclass(frozen=True)
class Bert:
    """A network of the BERT family, as described by its folder.

    Attributes:
        folder: The folder with `config.json`, weights and tokenizer.
        layers: Number of encoder layers.
        heads: Attention heads per layer.
        epsilon: The value that layer norms add to the variance.
        pooling: How the token vectors are combined into one vector.
        length: Most tokens of a text; the rest is cut off.
    """

    folder: Path
    layers: int
    heads: int
    epsilon: float
    pooling: Pooling
    length: int


def describe(folder: Path) -> Bert:
    """Return the description of the network in a sentence-transformers folder; no weights are read.

    Raises:
        NotBert: The network is not of the BERT family, or has a part that this module does not know.
        Damaged: A file of the folder cannot be read.
    """
    names = [(str(module["type"]).rsplit(".", 1)[-1], str(module["path"])) for module in _read(folder / "modules.json", list)]
    if [name for name, _ in names] not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        raise NotBert(f"its modules are {', '.join(name for name, _ in names)}")
    network, pooling = (folder / path for _, path in names[:2])
    config = _read(network / "config.json")
    if config.get("model_type") != "bert":
        raise NotBert(f"its model_type is {config.get('model_type')}")
    _refuse(config, {"hidden_act": "gelu", "position_embedding_type": "absolute", "is_decoder": False})
    _refuse(config, {"add_cross_attention": False, "quantization_config": None, "auto_map": None})
    reading = _read(network / "sentence_bert_config.json", default={})
    _refuse(reading, {"do_lower_case": False, "transformer_task": "feature-extraction"})
    prompts = _read(folder / "config_sentence_transformers.json", default={})
    if (prompts.get("prompts") or {}).get(prompts.get("default_prompt_name")):
        raise NotBert("it puts a prompt before each text")
    for name in (_WEIGHTS, _TOKENIZER):
        if not (network / name).is_file():
            raise NotBert(f"it has no {name}")
    most = int(config["max_position_embeddings"])
    stated = reading.get("max_seq_length") or _read(network / "tokenizer_config.json", default={}).get("model_max_length")
    return Bert(
        folder=network,
        layers=int(config["num_hidden_layers"]),
        heads=int(config["num_attention_heads"]),
        epsilon=float(config.get("layer_norm_eps", 1e-12)),
        pooling=_pooling(_read(pooling / "config.json")),
        length=min(most, int(stated or most)),
    )


class Weights:
    """The tensors of a network, read one at a time, because the file is as large as the network.

    Args:
        bert: The network.

    Raises:
        Damaged: The file cannot be read.
    """

    def __init__(self, bert: Bert) -> None:
        from safetensors import SafetensorError, safe_open

        try:
            self._file: Any = safe_open(bert.folder / _WEIGHTS, framework="numpy")
        except (OSError, SafetensorError) as error:
            raise Damaged(f"its {_WEIGHTS} cannot be read: {error}") from error
        self._names = frozenset[str](self._file.keys())  # type: ignore[no-untyped-call] # it has no types
        self._prefix = "bert." if "bert.embeddings.word_embeddings.weight" in self._names else ""

    def __call__(self, name: str) -> Vectors:
        """Return the tensor with this name as 32-bit floats.

        Raises:
            NotBert: There is no tensor with this name.
        """
        if self._prefix + name not in self._names:
            raise NotBert(f"its {_WEIGHTS} has no {name}")
        return np.asarray(self._file.get_tensor(self._prefix + name)).astype(np.float32, copy=False)


def tokenizer_of(bert: Bert) -> tuple[Tokenizer, Marks]:
    """Return the network's tokenizer, which truncates texts to the network's length, and its special tokens.

    Raises:
        NotBert: The tokenizer does not mark texts as BERT does, or has no padding token.
        Damaged: The tokenizer's file cannot be read.
    """
    from tokenizers import Tokenizer

    state, config = _read(bert.folder / _TOKENIZER), _read(bert.folder / "tokenizer_config.json", default={})
    if (state.get("normalizer") or {}).get("type") == "BertNormalizer":
        state["normalizer"] |= {ours: config[key] for key, ours in _NORMALIZER.items() if key in config}
    try:
        tokenizer: Tokenizer = Tokenizer.from_str(json.dumps(state))
    except Exception as error:  # tokenizers raises nothing more exact
        raise Damaged(f"its {_TOKENIZER} cannot be read: {error}") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(bert.length)
    named = _read(bert.folder / "special_tokens_map.json", default={}) | config
    words = {key: one["content"] if isinstance(one, dict) else one for key in _SPECIAL if (one := named.get(key))}
    added = [one["content"] for one in state.get("added_tokens") or () if one.get("special")]
    numbers = [tokenizer.token_to_id(word) for word in {*words.values(), *added}]
    special = frozenset(number for number in numbers if number is not None)
    pad = tokenizer.token_to_id(words["pad_token"]) if "pad_token" in words else None
    if pad is None:
        raise NotBert("its tokenizer names no token for padding")
    ends = tokenizer.encode("").ids
    if len(ends) != 2 or not special.issuperset(ends):  # noqa: PLR2004
        raise NotBert("its tokenizer does not mark where a text begins and ends")
    return tokenizer, Marks(special, pad)


def _pooling(config: dict[str, Any]) -> Pooling:
    stated = config.get("pooling_mode") or [name for name, on in config.items() if name.startswith("pooling_mode_") and on]
    modes = [stated] if isinstance(stated, str) else list(stated)
    mode = _LEGACY_POOLING.get(modes[0], modes[0]) if len(modes) == 1 else None
    if mode == "mean":
        return "mean"
    if mode == "cls":
        return "cls"
    raise NotBert(f"it pools by {', '.join(modes) or 'nothing'}")


def _refuse(config: dict[str, Any], known: dict[str, Any]) -> None:
    for key, value in known.items():
        if config.get(key, value) != value:
            raise NotBert(f"its {key} is {config[key]}")


def _read(path: Path, kind: type = dict, default: Any = None) -> Any:
    if default is not None and not path.is_file():
        return default
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotBert(f"it has no {path.name}") from error
    except (OSError, ValueError) as error:
        raise Damaged(f"its {path.name} cannot be read") from error
    if not isinstance(found, kind):
        raise Damaged(f"its {path.name} cannot be read")
    return found
