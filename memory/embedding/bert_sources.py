"""A network of the BERT family on disk: a sentence-transformers folder, or one packed file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from memory.embedding import bert_folder
from memory.embedding.bert_folder import Bert
from memory.embedding.onnx_runtime import Marks
from memory.embedding.packed_bert import FILE, PackedBert
from memory.embedding.token_vectors import Vectors

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def is_packed(folder: Path) -> bool:
    """Return whether the network of a folder is one packed file."""
    return (folder / FILE).is_file()


def describe(folder: Path) -> Bert:
    """Return the description of a network.

    Raises:
        NotBert: The network is not of the BERT family, or has a part that is not known here.
        Damaged: A file of the folder cannot be read.
    """
    return PackedBert(folder).bert if is_packed(folder) else bert_folder.describe(folder)


def read(bert: Bert) -> tuple[Callable[[str], Vectors], Tokenizer, Marks]:
    """Return the tensors of a network by their names in transformers, its tokenizer, and its special tokens.

    Raises:
        NotBert: As `describe`.
        Damaged: As `describe`.
    """
    if is_packed(bert.folder):
        packed = PackedBert(bert.folder)
        return packed, *packed.tokenizer()
    return bert_folder.Weights(bert), *bert_folder.tokenizer_of(bert)
