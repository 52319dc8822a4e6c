"""A text embedder run by ONNX Runtime and a tokenizer alone: it starts in a second, and needs neither torch nor its 700 MB.

What it reads with is made of a sentence-transformers model once (`memory.encoder`); see docs/decisions/025.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from memory.reading import Reading, Vectors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

GRAPH, TOKENIZER, SPECIAL = "model.onnx", "tokenizer.json", "special.json"
"""What lies in its folder: the network with its pooling, the tokenizer with its limits, the tokens that say nothing."""
_LAYOUT = 3
_AT_ONCE = 32
_LONGER, _MORE = 1.1, 2
"""Texts are read in one pass up to so many times, and tokens more than, the length of the shortest."""


class QuickReader:
    """Reads texts.

    Args:
        folder: What `memory.encoder.make` made.

    Raises:
        Exception: The folder is not there or damaged; of the libraries' many kinds.
    """

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer: Tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._pad = (self._tokenizer.padding or {}).get("pad_id", 0)
        self._tokenizer.no_padding()
        self._special = frozenset(json.loads((folder / SPECIAL).read_text()))
        self._session = _session(folder / GRAPH)
        self._inputs = [one.name for one in self._session.get_inputs()]

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """Read texts; those of about one length in one pass: what is filled up takes as long as what is said."""
        encodings = self._tokenizer.encode_batch([text.strip() for text in texts])
        lengths = [len(one.ids) for one in encodings]
        read: dict[int, Reading] = {}
        for places in together(lengths):
            read |= zip(places, self._pass([encodings[place] for place in places]), strict=True)
        return [read[place] for place in range(len(texts))]

    def _pass(self, encodings: Sequence[Encoding]) -> list[Reading]:
        longest = max(len(one.ids) for one in encodings)
        given = {
            "input_ids": [_filled(one.ids, longest, self._pad) for one in encodings],
            "attention_mask": [_filled(one.attention_mask, longest, 0) for one in encodings],
            "token_type_ids": [_filled(one.type_ids, longest, 0) for one in encodings],
        }
        fed = {name: np.asarray(given[name], dtype=np.int64) for name in self._inputs}
        wholes, tokens = self._session.run(None, fed)
        found = []
        for encoding, whole, rows in zip(encodings, wholes, tokens, strict=True):
            inner = [place for place, number in enumerate(encoding.ids) if number not in self._special]
            found.append(Reading(unit(whole[None])[0], tuple(encoding.tokens[place] for place in inner), unit(rows[inner])))
        return found


def together(lengths: Sequence[int]) -> list[list[int]]:
    """Part texts into passes: places in `lengths` (tokens), those of about one length together, at most 32."""
    passes: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        if passes and len(passes[-1]) < _AT_ONCE and lengths[place] <= _LONGER * lengths[passes[-1][0]] + _MORE:
            passes[-1].append(place)
        else:
            passes.append([place])
    return passes


def _filled(numbers: Sequence[int], length: int, with_: int) -> list[int]:
    return [*numbers, *[with_] * (length - len(numbers))]


def unit(rows: Vectors) -> Vectors:
    """Return rows of length 1; what is all zeros stays so."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    made: Vectors = (rows / np.maximum(lengths, 1e-9)).astype(np.float32)
    return made


def fingerprint(model: Path) -> str:
    """Name a model's folder by what is in it (a tenth of a second for 90 MB)."""
    digest = hashlib.sha256(f"{_LAYOUT}".encode())
    for path in sorted(one for one in model.rglob("*") if one.is_file()):
        with path.open("rb") as file:
            digest.update(f"{path.relative_to(model)} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()[:32]


def _session(path: Path) -> InferenceSession:
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options: Any = onnxruntime.SessionOptions()
    # Threads that wait by spinning take the cores from whatever comes next.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
