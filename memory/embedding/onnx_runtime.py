"""A text embedder run by ONNX Runtime and a tokenizer alone: it starts in a second, and needs neither torch nor its 700 MB.

Its ONNX graph is exported once from a sentence-transformers model: from a BERT network by `memory.embedding.bert_export`, from
any other with torch by `memory.embedding.onnx_export`; see docs/decisions/025 and 048.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import simsimd

from memory.embedding.token_vectors import Reading, Vectors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

GRAPH, TOKENIZER, MARKS = "model.onnx", "tokenizer.json", "marks.json"
"""What lies in its folder: the network with its pooling, the tokenizer with its limits, the tokens that only mark something."""
_LAYOUT = 4
EXAMPLES = (
    "What did she say about the dog?",
    " Hello!",
    "Γειά σου, 私の犬の名前はポチです。 ÉTÉ",
    "",
    "A long walk by the sea, on the third of May. " * 200,
)
"""What a graph has to embed as its model does before it is kept."""
NEAR = 0.97
"""In 8 bits, each vector of the examples is at least so near (cosine) to the model's own; MiniLM's are at 0.99."""
_AT_ONCE = 32
_LONGER, _MORE = 1.1, 2
"""Texts are read in one pass up to so many times, and tokens more than, the length of the shortest."""


@dataclass(frozen=True)
class Marks:
    """Tokens that say nothing.

    Attributes:
        special: Those that mark a beginning, an end, padding, an unknown word, a gap.
        pad: The one that fills a text up to the longest of its pass.
    """

    special: frozenset[int]
    pad: int

    def to_json(self) -> str:
        """Return it as its file keeps it."""
        return json.dumps({"special": sorted(self.special), "pad": self.pad})

    @classmethod
    def from_json(cls, text: str) -> Marks:
        """Read what `to_json` wrote."""
        found = json.loads(text)
        return cls(frozenset(found["special"]), found["pad"])


class OnnxEmbedder:
    """Embeds texts.

    Args:
        graph: The network for ONNX Runtime: a file, or what would stand in one.
        tokenizer: Cuts texts into tokens, and off where they are too long; it does not pad.
        marks: The tokens that say nothing.

    Raises:
        Exception: The graph is damaged; of onnxruntime's many kinds.
    """

    def __init__(self, graph: Path | bytes, tokenizer: Tokenizer, marks: Marks) -> None:
        self._tokenizer = tokenizer
        self._pad = marks.pad
        self._special = marks.special
        self._session = _session(graph)
        self._inputs = [one.name for one in self._session.get_inputs()]

    @classmethod
    def load(cls, folder: Path) -> OnnxEmbedder:
        """Open what was made before.

        Raises:
            Exception: The folder is not there or damaged; of the libraries' many kinds.
        """
        from tokenizers import Tokenizer

        marks = Marks.from_json((folder / MARKS).read_text(encoding="utf-8"))
        return cls(folder / GRAPH, Tokenizer.from_file(str(folder / TOKENIZER)), marks)

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
    """Name a graph by the files of its model and by what this processor has (a tenth of a second for 90 MB).

    A graph is tried where it is made: a processor that adds 8-bit products up in fewer bits has to try its own.
    """
    able = sorted(name for name, has in simsimd.get_capabilities().items() if has)
    digest = hashlib.sha256(f"{_LAYOUT} {platform.machine()} {able}".encode())
    for path in sorted(one for one in model.rglob("*") if one.is_file()):
        with path.open("rb") as file:
            digest.update(f"{path.relative_to(model)} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()[:32]


def _session(graph: Path | bytes) -> InferenceSession:
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options: Any = onnxruntime.SessionOptions()
    # Threads that wait by spinning take the cores from whatever comes next.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
