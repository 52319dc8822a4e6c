"""Export of any sentence-transformers model to an `OnnxEmbedder` with torch: its graph and its tokenizer, once per machine."""

from __future__ import annotations

import logging
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from memory.embedding.centring import UNRELATED, centre_of, centred
from memory.embedding.onnx_runtime import CENTRE, EXAMPLES, GRAPH, MARKS, NEAR, TOKENIZER, Marks, OnnxEmbedder
from memory.embedding.token_vectors import Embedding

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

_log = logging.getLogger(__name__)
_TOLERANCE = 1e-3
"""The graph is accepted if no value of the example vectors differs from the model's by more than this."""
_NOISY_LOGGERS = ("torch.onnx", "onnxscript", "onnx_ir", "root")


def make(model: SentenceTransformer, folder: Path, read: Callable[[Sequence[str]], list[Embedding]]) -> OnnxEmbedder | None:
    """Export a model, save its files, and return the embedder; None if the export fails, since torch can do the same work.

    Args:
        model: The model.
        folder: The folder for the files, which are as large as the model; an existing folder is replaced.
        read: Embeds texts with the model itself; the export has to give the same vectors for some examples.
    """
    part: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=folder.parent, suffix=".part"))
        _write_tokenizer(model, part)
        _export(model, part / GRAPH)
        expected = read(EXAMPLES)
        reader = OnnxEmbedder.load(part)
        if not _are_close(reader.embed(EXAMPLES), expected):
            raise ValueError("it reads otherwise than the model")  # noqa: TRY301 - one way out for all that may not work
        if (centre := centre_of(read(UNRELATED))) is not None:
            (part / CENTRE).write_bytes(centre.to_bytes())
            reader = OnnxEmbedder.load(part)
        reader = _in_8_bits(part, centred(expected, centre)) or reader
        if folder.exists():
            shutil.rmtree(folder)
        # Two processes may export the same model: each renames a complete folder, or finds the other's.
        part.rename(folder)
    except Exception as error:  # noqa: BLE001 - exporters fail in ways of their own
        _log.info("The text embedder runs on torch: it has no graph for ONNX Runtime (%s)", type(error).__name__)
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)
        return None
    return reader


def _in_8_bits(folder: Path, expected: Sequence[Embedding]) -> OnnxEmbedder | None:
    """Quantise the network's weights to 8 bits: it embeds more than twice as fast with the same results (docs/decisions/029).

    Args:
        folder: The folder with the network, which is replaced.
        expected: The model's own embeddings of the examples.

    Returns:
        The quantised embedder; None if its vectors differ too much, as on a processor that sums 8-bit products in few bits. The
        folder is then unchanged.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory(dir=folder.parent, suffix=".part") as small:
        shutil.copytree(folder, small, dirs_exist_ok=True, ignore=shutil.ignore_patterns(GRAPH))
        path = Path(small) / GRAPH
        with _quiet():
            quantize_dynamic(
                folder / GRAPH, path, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gemm"]
            )
        found = OnnxEmbedder.load(Path(small)).embed(EXAMPLES)
        near = [float(one.vector @ other.vector) for one, other in zip(found, expected, strict=True)]
        if min(near) < NEAR:
            return None
        path.replace(folder / GRAPH)
    return OnnxEmbedder.load(folder)


class _Whole(torch.nn.Module):
    """The network followed by the model's other modules, such as pooling."""

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        self._model = model

    def forward(self, features: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the vector of each text, and the vectors of its tokens."""
        made = dict(features)
        for module in self._model:
            made = module(made)
        return made["sentence_embedding"], made["token_embeddings"]


def _write_tokenizer(model: SentenceTransformer, folder: Path) -> None:
    tokenizer: Tokenizer = model.tokenizer.backend_tokenizer
    tokenizer.enable_truncation(int(model.max_seq_length or model.tokenizer.model_max_length))
    tokenizer.no_padding()
    tokenizer.save(str(folder / TOKENIZER))
    marks = Marks(frozenset(model.tokenizer.all_special_ids), int(model.tokenizer.pad_token_id))
    (folder / MARKS).write_text(marks.to_json(), encoding="utf-8")


def _export(model: SentenceTransformer, path: Path) -> None:
    given = model.preprocess(list(EXAMPLES[:2]))
    inputs = {name: value for name, value in given.items() if isinstance(value, torch.Tensor)}
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
    with warnings.catch_warnings(), _quiet():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Whole(model).eval(),
            (),
            path,
            kwargs={"features": inputs},
            input_names=list(inputs),
            dynamic_shapes={"features": {name: {0: batch, 1: length} for name in inputs}},
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def _are_close(found: Sequence[Embedding], expected: Sequence[Embedding]) -> bool:
    return all(
        one.words == other.words
        and np.allclose(one.vector, other.vector, atol=_TOLERANCE)
        and np.allclose(one.tokens, other.tokens, atol=_TOLERANCE)
        for one, other in zip(found, expected, strict=True)
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporters' log messages, which mean nothing to a user."""
    loggers = [logging.getLogger(name) for name in _NOISY_LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
