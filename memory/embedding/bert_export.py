"""Export of a BERT network to an `OnnxEmbedder` without torch: once per machine, in about a second."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from memory.embedding import bert_sources
from memory.embedding.bert_folder import Bert
from memory.embedding.bert_graph import CAREFUL, FAST, WHOLE, Precision, build
from memory.embedding.centring import UNRELATED, Centre, centre_of, centred
from memory.embedding.onnx_runtime import CENTRE, EXAMPLES, GRAPH, MARKS, NEAR, TOKENIZER, OnnxEmbedder
from memory.embedding.token_vectors import Embedding

_log = logging.getLogger(__name__)


def make(bert: Bert, folder: Path) -> OnnxEmbedder:
    """Build an embedder from a BERT network, save its files, and return it.

    Args:
        bert: The network.
        folder: The folder for the files; an existing one is replaced. If it cannot be written, the embedder is only in memory.

    Raises:
        NotBert: The network has a part that this module does not know.
        Damaged: A file of the network cannot be read.
    """
    weights, tokenizer, marks = bert_sources.read(bert)
    centre: Centre | None = None

    def made(precision: Precision) -> tuple[bytes, OnnxEmbedder]:
        graph = build(bert, weights, precision).SerializeToString()
        return graph, OnnxEmbedder(graph, tokenizer, marks, centre)

    # Only one graph is in memory at a time: the network in 32 bits is large.
    whole = made(WHOLE)[1].embed([*EXAMPLES, *UNRELATED])
    centre = centre_of(whole[len(EXAMPLES) :])
    graph, reader = _small(made, centred(whole[: len(EXAMPLES)], centre)) or made(WHOLE)
    files = {GRAPH: graph, TOKENIZER: tokenizer.to_str().encode(), MARKS: marks.to_json().encode()}
    if centre is not None:
        files[CENTRE] = centre.to_bytes()
    try:
        keep(files, folder)
    except OSError as error:
        _log.info("The text embedder's graph cannot be kept in %s (%s): it is made at each start", folder, error.strerror)
    return reader


def _small(
    made: Callable[[Precision], tuple[bytes, OnnxEmbedder]], expected: Sequence[Embedding]
) -> tuple[bytes, OnnxEmbedder] | None:
    """Return the 8-bit graph; None if its vectors differ too much, as on a processor that sums 8-bit products in few bits."""
    for precision in (FAST, CAREFUL):
        # Some builds of onnxruntime lack one of its own operators.
        with suppress(Exception):
            graph, reader = made(precision)
            if _nearness(reader.embed(EXAMPLES), expected) >= NEAR:
                return graph, reader
    return None


def keep(files: dict[str, bytes], folder: Path) -> None:
    """Write files into a new folder, all of them or none, and replace the folder that was there.

    Raises:
        OSError: The folder cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, suffix=".part") as scratch:
        new, old = Path(scratch) / "new", Path(scratch) / "old"
        new.mkdir()
        for name, data in files.items():
            (new / name).write_bytes(data)
        if folder.exists():
            # Moved, not deleted: another process may be reading the folder, or may replace it at the same time.
            shutil.move(folder, old)
        new.rename(folder)


def _nearness(found: Sequence[Embedding], expected: Sequence[Embedding]) -> float:
    return min(float(one.vector @ other.vector) for one, other in zip(found, expected, strict=True))
