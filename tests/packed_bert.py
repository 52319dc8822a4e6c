"""A tiny BERT in one file of 4-bit weights, and the same network in a folder as sentence-transformers lays it out."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from memory.embedding.packed_bert import FILE
from tests import tiny_bert

PIECES = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "\u2581the",
    "\u2581dog",
    "s",
    "\u2581",
    "\u2581Lisbon",
    "\u2581d",
    "o",
    "g",
    "\u2581AB",
    "é",
]
_PARTS = {
    "attention.self.query": "q", "attention.self.key": "k", "attention.self.value": "v", "attention.output.dense": "ao",
    "attention.output.LayerNorm": "aln", "intermediate.dense": "fi", "output.dense": "fo", "output.LayerNorm": "oln",
}  # fmt: skip


def blocks_of(values: Any) -> tuple[bytes, Any]:
    """Return a tensor in blocks of 4 bits, and the values that it has then."""
    rows = values.reshape(-1, 32)
    steps = (np.abs(rows).max(1) / 7).astype("<f2")
    levels = np.clip(np.rint(rows / steps.astype(np.float32)[:, None]), -8, 7).astype(np.int8)
    stored = (levels + 8).astype(np.uint8)
    made = b"".join(
        step.tobytes() + (row[:16] | row[16:] << 4).astype(np.uint8).tobytes() for step, row in zip(steps, stored, strict=True)
    )
    return made, (levels * steps.astype(np.float32)[:, None]).reshape(values.shape)


def tensors() -> tuple[dict[str, tuple[int, int, bytes]], dict[str, Any]]:
    """Return the file's tensors (type, number of values, bytes), and the network's weights as the file has them."""
    weights = tiny_bert.weights()
    weights["embeddings.word_embeddings.weight"] = weights["embeddings.word_embeddings.weight"][: len(PIECES)]
    packed, kept = {}, {}
    for name, value in weights.items():
        part, _, kind = name.rpartition(".")
        short = {"embeddings.word_embeddings": "emb.word", "embeddings.position_embeddings": "emb.pos",
                 "embeddings.token_type_embeddings": "emb.type"}.get(part)  # fmt: skip
        if part == "embeddings.LayerNorm":
            short = f"emb.ln.{kind[0]}"
        elif short is None:
            number, _, inner = part.removeprefix("encoder.layer.").partition(".")
            short = f"l{number}.{_PARTS[inner]}.{kind[0]}"
        if value.ndim == 2 and short not in {"emb.pos", "emb.type"}:
            data, kept[name] = blocks_of(value)
            packed[short] = (1, value.size, data)
        else:
            packed[short], kept[name] = (0, value.size, value.astype("<f4").tobytes()), value
    return packed, kept


def content(version: int = 1, block: int = 32, without: str = "", kind: int | None = None) -> bytes:
    """Return the content of the file; the arguments make it one that cannot be read."""
    config = tiny_bert.CONFIG
    head = struct.pack("<4sI", b"E5S1", version) + struct.pack(
        "<7if", config["hidden_size"], config["num_hidden_layers"], config["num_attention_heads"], config["intermediate_size"],
        len(PIECES), config["max_position_embeddings"], 2, config["layer_norm_eps"],
    ) + struct.pack("<i", block)  # fmt: skip
    texts = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0, *map(len, texts)]).astype("<u4").tobytes()
    scores = np.array([-float(place) for place in range(len(PIECES))], "<f4").tobytes()
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, texts))) + ends + scores + b"".join(texts)
    replaced = struct.pack("<IBI", 9, 1, 32)
    head += struct.pack("<iI", 1, len(replaced)) + replaced
    found = {name: one for name, one in tensors()[0].items() if name != without}
    size = len(head) + 4 + sum(2 + len(name) + 1 + 4 + 8 + 8 for name in found)
    entries, data = b"", b""
    for name, (its_kind, count, values) in found.items():
        its = its_kind if kind is None else kind
        entries += (
            struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", its, count, size + len(data), len(values))
        )
        data += values
    return head + struct.pack("<i", len(found)) + entries + data


def write(folder: Path, **changes: Any) -> Path:
    """Write the packed file into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(content(**changes))
    return folder


def write_folder(folder: Path) -> Path:
    """Write the same network and tokenizer as a sentence-transformers folder."""
    from safetensors.numpy import save_file

    tiny_bert.write(folder, sentence_bert_config={"max_seq_length": 40})
    save_file(tensors()[1], folder / "model.safetensors")
    tokenizer = Tokenizer(models.Unigram([(piece, -float(place)) for place, piece in enumerate(PIECES)], unk_id=3))
    tokenizer.add_special_tokens(PIECES[:4])
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "special_tokens_map.json").unlink()
    (folder / "tokenizer_config.json").write_text(json.dumps({"pad_token": "<pad>", "tokenizer_class": "XLMRobertaTokenizer"}))
    return folder
