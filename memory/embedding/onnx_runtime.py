"""A text embedder that needs only ONNX Runtime and a tokenizer: it starts in a second, without torch and its 700 MB.

Its ONNX graph is exported once from a sentence-transformers model: from a BERT network by `memory.embedding.bert_export`, from
any other model with torch by `memory.embedding.onnx_export`; see docs/decisions/025 and 048.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import simsimd

from memory.embedding.centring import Centre, centred
from memory.embedding.token_vectors import Embedding, unit

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, RunOptions
    from tokenizers import Encoding, Tokenizer

GRAPH, TOKENIZER, MARKS, CENTRE = "model.onnx", "tokenizer.json", "marks.json", "centre.npy"
"""Files of an embedder's folder: the network with its pooling, the tokenizer with its limits, the special tokens, and what
is removed from the vectors, if anything is."""
_LAYOUT = 6
EXAMPLES = (
    "What did she say about the dog?",
    " Hello!",
    "Γειά σου, 私の犬の名前はポチです。 ÉTÉ",
    "",
    "A long walk by the sea, on the third of May. " * 200,
)
"""Texts for which a new graph has to give the same vectors as its model before it is saved."""
NEAR = 0.97
"""Least cosine between an example's 8-bit vector and the model's own vector; for MiniLM it is 0.99."""
_SLOW_OPTIMIZER = "SkipLayerNormFusion"
"""It joins a sum and its layer norm. On a CPU the joint operator takes 2.4 ms where both take 0.4 (onnxruntime 1.32)."""
_MAX_TEXTS_PER_PASS = 32
_MAX_TOKENS_PER_PASS = 2_048
"""A pass of 8,192 tokens takes 300 MB and is no faster for each token."""
_MAX_LENGTH_RATIO, _EXTRA_TOKENS = 1.1, 2
"""A pass takes texts of up to 1.1 times the length of its shortest text, plus 2 tokens."""


@dataclass(frozen=True)
class Marks:
    """The special tokens of a tokenizer, which carry no content.

    Attributes:
        special: Ids of the tokens for beginning, end, padding, unknown word and mask.
        pad: Id of the padding token, which fills a text up to the longest of its pass.
    """

    special: frozenset[int]
    pad: int

    def to_json(self) -> str:
        """Return the content of the file `MARKS`."""
        return json.dumps({"special": sorted(self.special), "pad": self.pad})

    @classmethod
    def from_json(cls, text: str) -> Marks:
        """Parse the output of `to_json`."""
        found = json.loads(text)
        return cls(frozenset(found["special"]), found["pad"])


class OnnxEmbedder:
    """Embeds texts with ONNX Runtime.

    Args:
        graph: The network: a file, or the content of one.
        tokenizer: Splits texts into tokens and truncates long ones; it does not pad.
        marks: The special tokens.
        centre: What is subtracted from all vectors.

    Raises:
        Exception: The graph is damaged; onnxruntime has several types of exceptions.
    """

    def __init__(self, graph: Path | bytes, tokenizer: Tokenizer, marks: Marks, centre: Centre | None = None) -> None:
        self.graph = graph
        self._centre = centre
        self._tokenizer = tokenizer
        self._pad = marks.pad
        self._special = marks.special
        self._session = open_session(graph)
        self._inputs = [one.name for one in self._session.get_inputs()]

    @classmethod
    def load(cls, folder: Path) -> OnnxEmbedder:
        """Open an exported embedder.

        Raises:
            Exception: The folder is missing or damaged; the libraries have several types of exceptions.
        """
        from tokenizers import Tokenizer

        marks = Marks.from_json((folder / MARKS).read_text(encoding="utf-8"))
        centre = Centre.load(folder / CENTRE) if (folder / CENTRE).exists() else None
        return cls(folder / GRAPH, Tokenizer.from_file(str(folder / TOKENIZER)), marks, centre)

    def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Return the embedding of each text; texts of similar length share a pass, since padding takes as long as content."""
        read: dict[int, Embedding] = {}
        for places, encodings in self.passes(texts):
            read |= zip(places, self.embed_pass(encodings, self._session), strict=True)
        return [read[place] for place in range(len(texts))]

    def passes(self, texts: Sequence[str]) -> Iterator[tuple[list[int], list[Encoding]]]:
        """Yield the passes for some texts: places in `texts`, with the texts in tokens."""
        encodings = self._tokenizer.encode_batch([text.strip() for text in texts])
        for places in together([len(one.ids) for one in encodings]):
            yield places, [encodings[place] for place in places]

    def embed_pass(
        self, encodings: Sequence[Encoding], session: InferenceSession, options: RunOptions | None = None
    ) -> list[Embedding]:
        """Return the embeddings of one pass, computed by a session of this embedder's graph."""
        longest = max(len(one.ids) for one in encodings)
        given = {
            "input_ids": [_filled(one.ids, longest, self._pad) for one in encodings],
            "attention_mask": [_filled(one.attention_mask, longest, 0) for one in encodings],
            "token_type_ids": [_filled(one.type_ids, longest, 0) for one in encodings],
        }
        fed = {name: np.asarray(given[name], dtype=np.int64) for name in self._inputs}
        wholes, tokens = session.run(None, fed, options)
        found = []
        for encoding, whole, rows in zip(encodings, wholes, tokens, strict=True):
            inner = [place for place, number in enumerate(encoding.ids) if number not in self._special]
            found.append(Embedding(unit(whole[None])[0], tuple(encoding.tokens[place] for place in inner), unit(rows[inner])))
        return centred(found, self._centre)


def together(lengths: Sequence[int]) -> list[list[int]]:
    """Group texts of similar length into passes of bounded size; returns indices into `lengths` (in tokens)."""
    passes: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        if (
            passes
            and len(passes[-1]) < min(_MAX_TEXTS_PER_PASS, _MAX_TOKENS_PER_PASS // max(lengths[place], 1))
            and lengths[place] <= _MAX_LENGTH_RATIO * lengths[passes[-1][0]] + _EXTRA_TOKENS
        ):
            passes[-1].append(place)
        else:
            passes.append([place])
    return passes


def _filled(numbers: Sequence[int], length: int, with_: int) -> list[int]:
    return [*numbers, *[with_] * (length - len(numbers))]


def fingerprint(model: Path) -> str:
    """Return a graph's folder name, derived from its model's files and this processor's capabilities (100 ms for 90 MB).

    Processors that sum 8-bit products in fewer bits give other vectors, so each kind of processor needs a graph tested on it.
    """
    able = sorted(name for name, has in simsimd.get_capabilities().items() if has)
    digest = hashlib.sha256(f"{_LAYOUT} {platform.machine()} {able}".encode())
    for path in sorted(one for one in model.rglob("*") if one.is_file()):
        with path.open("rb") as file:
            digest.update(f"{path.relative_to(model)} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()[:32]


def open_session(graph: Path | bytes, threads: int = 0) -> InferenceSession:
    """Open a graph.

    Args:
        graph: The network: a file, or the content of one.
        threads: Threads that share one pass; 0: one for each core.
    """
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options: Any = onnxruntime.SessionOptions()
    # Threads that spin while they wait would take the cores from the work that follows.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(
        graph, options, providers=["CPUExecutionProvider"], disabled_optimizers=[_SLOW_OPTIMIZER]
    )
