"""Making a `QuickReader` of a BERT network, without torch; once on a machine, in about a second."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from memory.embedding.bert_folder import Bert, Weights, tokenizer_of
from memory.embedding.bert_graph import CAREFUL, FAST, WHOLE, Precision, build
from memory.embedding.onnx_runtime import EXAMPLES, GRAPH, MARKS, NEAR, TOKENIZER, OnnxEmbedder
from memory.embedding.token_vectors import Reading

_log = logging.getLogger(__name__)


def make(bert: Bert, folder: Path) -> OnnxEmbedder:
    """Make what a `QuickReader` embeds with, and keep it.

    Args:
        bert: The network it is made of.
        folder: Where to keep it; replaced when it is there. Where nothing can be written, it is kept in memory alone.

    Raises:
        NotBert: The network has a part that is not known here.
        Damaged: One of its files cannot be read.
    """
    tokenizer, marks = tokenizer_of(bert)
    weights = Weights(bert)

    def made(precision: Precision) -> tuple[bytes, OnnxEmbedder]:
        graph = build(bert, weights, precision).SerializeToString()
        return graph, OnnxEmbedder(graph, tokenizer, marks)

    # Only one of them is in memory at a time: the network in 32 bits is large.
    expected = made(WHOLE)[1].read(EXAMPLES)
    graph, reader = _small(made, expected) or made(WHOLE)
    files = {GRAPH: graph, TOKENIZER: tokenizer.to_str().encode(), MARKS: marks.to_json().encode()}
    try:
        keep(files, folder)
    except OSError as error:
        _log.info("The text embedder's graph cannot be kept in %s (%s): it is made at each start", folder, error.strerror)
    return reader


def _small(
    made: Callable[[Precision], tuple[bytes, OnnxEmbedder]], expected: Sequence[Reading]
) -> tuple[bytes, OnnxEmbedder] | None:
    """Return the graph in 8 bits; None where it embeds too differently (a processor without wide enough sums may)."""
    for precision in (FAST, CAREFUL):
        # An onnxruntime may be built without one of its own operators.
        with suppress(Exception):
            graph, reader = made(precision)
            if _nearness(reader.read(EXAMPLES), expected) >= NEAR:
                return graph, reader
    return None


def keep(files: dict[str, bytes], folder: Path) -> None:
    """Write files into a folder of their own, all of them or none; what lay there is replaced.

    Raises:
        OSError: It cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, suffix=".part") as scratch:
        new, old = Path(scratch) / "new", Path(scratch) / "old"
        new.mkdir()
        for name, data in files.items():
            (new / name).write_bytes(data)
        if folder.exists():
            # Moved and not deleted: another process may be reading it, or put its own there meanwhile.
            shutil.move(folder, old)
        new.rename(folder)


def _nearness(found: Sequence[Reading], expected: Sequence[Reading]) -> float:
    return min(float(one.vector @ other.vector) for one, other in zip(found, expected, strict=True))
