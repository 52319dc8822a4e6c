"""A tiny BERT with random weights, in a folder as sentence-transformers lays it out; and what it makes of tokens, in plain numpy."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "the",
    "dog",
    "sea",
    "walk",
    "##s",
    "ran",
    "by",
    "a",
    "I",
    "Lisbon",
    "café",
    "cafe",
]
CONFIG = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": 128,
    "intermediate_size": 256,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 40,
    "num_attention_heads": 4,
    "num_hidden_layers": 3,
    "type_vocab_size": 2,
    "vocab_size": len(WORDS),
}
_erf = np.vectorize(math.erf)


def weights(seed: int = 0) -> dict[str, Any]:
    draw = np.random.default_rng(seed)
    size, wide = CONFIG["hidden_size"], CONFIG["intermediate_size"]
    made = {}

    def linear(name: str, rows: int, columns: int) -> None:
        made[f"{name}.weight"] = draw.normal(0, 0.08, (rows, columns))
        made[f"{name}.bias"] = draw.normal(0, 0.05, rows)

    def norm(name: str) -> None:
        made[f"{name}.weight"] = draw.uniform(0.3, 1.5, size)
        made[f"{name}.bias"] = draw.normal(0, 0.1, size)

    for name, rows in (("word", len(WORDS)), ("position", CONFIG["max_position_embeddings"]), ("token_type", 2)):
        made[f"embeddings.{name}_embeddings.weight"] = draw.normal(0, 0.2, (rows, size))
    norm("embeddings.LayerNorm")
    for number in range(CONFIG["num_hidden_layers"]):
        layer = f"encoder.layer.{number}."
        for part in ("query", "key", "value"):
            linear(f"{layer}attention.self.{part}", size, size)
        linear(f"{layer}attention.output.dense", size, size)
        norm(f"{layer}attention.output.LayerNorm")
        linear(f"{layer}intermediate.dense", wide, size)
        linear(f"{layer}output.dense", size, wide)
        norm(f"{layer}output.LayerNorm")
    return {name: value.astype(np.float32) for name, value in made.items()}


def write(folder: Path, *, pooling: str = "mean", prefix: str = "", **files: Any) -> Path:
    """Write the folder; `files` are merged into the JSON files of these names (`modules` takes the place of its file)."""
    from safetensors.numpy import save_file

    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    kinds = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (path, kind) in enumerate(kinds)
    ]
    contents = {
        "config": CONFIG,
        "sentence_bert_config": {"max_seq_length": 32, "do_lower_case": False},
        "tokenizer_config": {
            "pad_token": "[PAD]",
            "do_lower_case": True,
            "strip_accents": None,
            "tokenizer_class": "BertTokenizer",
        },
        "special_tokens_map": {
            name: f"[{name[:-6].upper()}]" for name in ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
        },
    }
    for name, content in contents.items():
        (folder / f"{name}.json").write_text(json.dumps(content | files.get(name, {})))
    (folder / "modules.json").write_text(json.dumps(files.get("modules", modules)))
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps(
            {
                "word_embedding_dimension": 128,
                "pooling_mode_mean_tokens": pooling == "mean",
                "pooling_mode_cls_token": pooling == "cls",
            }
        )
    )
    tokenizer = Tokenizer(models.WordPiece({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    save_file({prefix + name: value for name, value in weights().items()}, folder / "model.safetensors")
    return folder


def tokens(ids: list[int]) -> Any:
    """Return the vectors of a text's tokens, as BERT is defined."""
    w, config = weights(), CONFIG
    heads = config["num_attention_heads"]

    def linear(name: str, x: Any) -> Any:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def norm(name: str, x: Any) -> Any:
        even = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + config["layer_norm_eps"])
        return even * w[f"{name}.weight"] + w[f"{name}.bias"]

    def apart(x: Any) -> Any:
        return x.reshape(len(x), heads, -1).transpose(1, 0, 2)

    x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm("embeddings.LayerNorm", x + w["embeddings.token_type_embeddings.weight"][0])
    for number in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{number}."
        query, key, value = (apart(linear(f"{layer}attention.self.{part}", x)) for part in ("query", "key", "value"))
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        attended = (shares / shares.sum(-1, keepdims=True)) @ value
        x = norm(
            f"{layer}attention.output.LayerNorm",
            x + linear(f"{layer}attention.output.dense", attended.transpose(1, 0, 2).reshape(x.shape)),
        )
        wide = linear(f"{layer}intermediate.dense", x)
        x = norm(f"{layer}output.LayerNorm", x + linear(f"{layer}output.dense", wide * 0.5 * (1 + _erf(wide / math.sqrt(2)))))
    return x


def write_with_sentence_pieces(folder: Path) -> Path:
    """Write the folder with the other kind of tokenizer that the family has: pieces of sentences, and marks of XLM-R."""
    write(folder)
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "\u2581the", "\u2581dog", "s", "\u2581", "\u2581Lisbon", "<mask>"]
    tokenizer = Tokenizer(models.Unigram([(piece, -float(place)) for place, piece in enumerate(pieces)], unk_id=3))
    tokenizer.add_special_tokens([*pieces[:4], "<mask>"])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "special_tokens_map.json").unlink()
    pad = {"content": "<pad>", "lstrip": False, "normalized": False}
    (folder / "tokenizer_config.json").write_text(json.dumps({"pad_token": pad, "tokenizer_class": "XLMRobertaTokenizer"}))
    return folder
