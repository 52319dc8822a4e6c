"""Building the ONNX Runtime graph of a BERT network from its weights, in 32 or 8 bits (docs/decisions/048)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memory.embedding.bert_folder import Bert
from memory.embedding.token_vectors import Vectors

if TYPE_CHECKING:
    from onnx import ModelProto

_MICROSOFT = "com.microsoft"
_OPSET, _IR = 20, 10
"""Operator set and IR version for onnxruntime 1.23, the oldest version that we support."""
_FLOAT = 1
"""`TensorProto.FLOAT`, as a number: onnx is imported only when a graph is built."""
_MAX_LEVEL = 127.0
_BLOCK_VALUES = 128
"""In block-wise quantisation, this many values share a quantisation step; otherwise a whole row does."""
_MANY_WORDS = 100_000
_REACH_IN_WEIGHTS = 3.0
"""A layer-normed value is assumed to reach at most this many times its norm weight; few values reach further."""


@dataclass(frozen=True)
class Precision:
    """The numeric precision of a graph.

    Attributes:
        small: Whether weights and products have 8 bits; otherwise they have 32.
        blocks: The share of layers, counted from the first, whose widest product has one quantisation step per 128 values.
        all_blocks: Whether every product has such steps; then no processor support for 32-bit sums of 8-bit products is needed.
    """

    small: bool = True
    blocks: float = 0.5
    all_blocks: bool = False


FAST = Precision()
CAREFUL = Precision(all_blocks=True)
WHOLE = Precision(small=False)


def build(bert: Bert, weights: Callable[[str], Vectors], precision: Precision) -> ModelProto:
    """Return the ONNX model of a BERT network.

    Inputs: `input_ids` and `attention_mask`, shape (texts, tokens). Outputs: `sentence_embedding`, shape (texts, size), not
    normalised; `token_embeddings`, shape (texts, tokens, size).

    Args:
        bert: The network.
        weights: Returns a tensor by its name in transformers.
        precision: The numeric precision of the graph.
    """
    return _Builder(bert, weights, precision).build()


class _Builder:
    def __init__(self, bert: Bert, weights: Callable[[str], Vectors], precision: Precision) -> None:
        self._bert, self._weights, self._precision = bert, weights, precision
        # Nodes and weights are added to the model directly: onnx's helpers that assemble a graph copy all weights twice.
        from onnx import ModelProto

        self._model = ModelProto(ir_version=_IR)
        self._graph = self._model.graph

    def build(self) -> ModelProto:
        from onnx import TensorProto, helper

        mask = self._add("Cast", "attention_mask", to=TensorProto.INT32)
        tokens = self._embeddings()
        for number in range(self._bert.layers):
            tokens = self._layer(number, tokens, mask)
        self._add("Identity", tokens, out="token_embeddings")
        self._pool(tokens)
        self._graph.name = "bert"
        size: int | str = len(self._weights("embeddings.LayerNorm.weight"))
        shape: list[int | str] = ["texts", "tokens"]
        for name in ("input_ids", "attention_mask"):
            self._graph.input.append(helper.make_tensor_value_info(name, TensorProto.INT64, shape))
        for name, axes in (("sentence_embedding", [shape[0], size]), ("token_embeddings", [*shape, size])):
            self._graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, axes))
        self._model.opset_import.extend([helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)])
        return self._model

    def _embeddings(self) -> str:
        words = self._weights("embeddings.word_embeddings.weight")
        # Word vectors lose next to nothing in 8 bits, and those of many languages would be 400 MB in a graph of 32 bits.
        if self._precision.small or len(words) > _MANY_WORDS:
            steps = _steps(words, axis=1)
            found = self._add("Gather", self._constant("words", _rounded(words, steps)), "input_ids")
            found = self._add("Cast", found, to=_FLOAT)
            found = self._add("Mul", found, self._add("Gather", self._constant("words.step", steps), "input_ids"))
        else:
            found = self._add("Gather", self._constant("words", words), "input_ids")
        # Every token belongs to the first text, so its token type embedding is added to the position embeddings beforehand.
        first = self._weights("embeddings.token_type_embeddings.weight")[0]
        places = self._constant("places", self._weights("embeddings.position_embeddings.weight") + first)
        zero = self._constant("zero", np.zeros(1, np.int64))
        there = self._add("Slice", places, zero, self._add("Shape", "input_ids", start=1, end=2), zero)
        summed = self._add("Add", found, there)
        return self._add("LayerNormalization", summed, *self._norm("embeddings.LayerNorm"), epsilon=self._bert.epsilon)

    def _layer(self, number: int, tokens: str, mask: str) -> str:
        name = f"encoder.layer.{number}."
        attended = self._attention(name + "attention.self.", tokens, mask)
        made = self._linear(name + "attention.output.dense", attended)
        tokens = self._add_norm(name + "attention.output.LayerNorm", made, tokens)
        made = self._linear(name + "intermediate.dense", tokens, after=name + "attention.output.LayerNorm")
        made = self._add("Gelu", made, domain=_MICROSOFT)
        in_blocks = number < math.ceil(self._precision.blocks * self._bert.layers)
        made = self._linear(name + "output.dense", made, in_blocks=in_blocks)
        return self._add_norm(name + "output.LayerNorm", made, tokens)

    def _attention(self, name: str, tokens: str, mask: str) -> str:
        parts = [self._parts(name + part) for part in ("query", "key", "value")]
        weight, bias = (np.concatenate(both, axis=-1) for both in zip(*parts, strict=True))
        more: dict[str, Any] = {"num_heads": self._bert.heads, "domain": _MICROSOFT}
        if self._precision.small and not self._precision.all_blocks:
            steps = _steps(weight, axis=0)
            packed = self._constant(name + "8", _rounded(weight, steps))
            step, zeros = self._constant(name + "step", steps[0]), self._constant(name + "0", np.zeros(len(bias), np.int8))
            small = [name + one for one in ("in", "in.step", "in.zero")]
            self._add("DynamicQuantizeLinear", tokens, out=small)
            biased = self._constant(name + "bias", bias)
            return self._add("QAttention", small[0], packed, biased, small[1], step, mask, small[2], zeros, **more)
        made = self._product(name, tokens, weight, bias, in_blocks=True)
        three = [name + one for one in ("q", "k", "v")]
        self._add("Split", made, out=three, axis=-1, num_outputs=3)
        return self._add("MultiHeadAttention", *three, "", mask, **more)

    def _linear(self, name: str, made: str, *, after: str = "", in_blocks: bool = False) -> str:
        weight, bias = self._parts(name)
        if after and self._precision.small:
            # The weights of the preceding norm make some values much larger than others; with one common step the small ones
            # would be rounded to nothing. So the values are scaled to a similar size, and the weights inversely.
            reach = np.abs(self._weights(after + ".bias")) + _REACH_IN_WEIGHTS * np.abs(self._weights(after + ".weight"))
            reach = np.maximum(reach, reach.mean() / 1e3)
            made = self._add("Mul", made, self._constant(name + ".even", 1 / reach))
            weight = weight * reach[:, None]
        return self._product(name, made, weight, bias, in_blocks=in_blocks)

    def _product(self, name: str, made: str, weight: Vectors, bias: Vectors, *, in_blocks: bool) -> str:
        biased = self._constant(name + ".bias", bias)
        if not self._precision.small:
            return self._add("Add", self._add("MatMul", made, self._constant(name + ".weight", weight)), biased)
        rows, columns = weight.shape
        if (in_blocks or self._precision.all_blocks) and rows % _BLOCK_VALUES == 0:
            blocks = np.ascontiguousarray(weight.T).reshape(columns, rows // _BLOCK_VALUES, _BLOCK_VALUES)
            steps = _steps(blocks, axis=2)
            packed = (_rounded(blocks, steps).astype(np.int16) + 128).astype(np.uint8)
            names = [self._constant(name + ".8", packed), self._constant(name + ".step", steps[..., 0])]
            how = {"K": rows, "N": columns, "bits": 8, "block_size": _BLOCK_VALUES, "accuracy_level": 4}
            return self._add("MatMulNBits", made, *names, "", "", biased, domain=_MICROSOFT, **how)
        steps = _steps(weight, axis=0)
        names = [self._constant(name + ".8", _rounded(weight, steps)), self._constant(name + ".step", steps[0])]
        zeros = self._constant(name + ".0", np.zeros(columns, np.int8))
        return self._add("DynamicQuantizeMatMul", made, *names, zeros, biased, domain=_MICROSOFT)

    def _pool(self, tokens: str) -> None:
        if self._bert.pooling == "cls":
            first = self._constant("first", np.zeros((), np.int64))
            self._add("Gather", tokens, first, out="sentence_embedding", axis=1)
            return
        # A sum instead of the mean: the embedder normalises its length to 1.
        second = self._constant("second", np.ones(1, np.int64))
        mask = self._add("Unsqueeze", self._add("Cast", "attention_mask", to=_FLOAT), second)
        self._add("Squeeze", self._add("MatMul", mask, tokens), second, out="sentence_embedding")

    def _add_norm(self, name: str, made: str, tokens: str) -> str:
        # Not onnxruntime's operator for both, which takes six times as long: see `open_session`.
        return self._add("LayerNormalization", self._add("Add", made, tokens), *self._norm(name), epsilon=self._bert.epsilon)

    def _norm(self, name: str) -> tuple[str, str]:
        weight, bias = f"{name}.weight", f"{name}.bias"
        return self._constant(weight, self._weights(weight)), self._constant(bias, self._weights(bias))

    def _parts(self, name: str) -> tuple[Vectors, Vectors]:
        return self._weights(f"{name}.weight").T, self._weights(f"{name}.bias")

    def _add(self, kind: str, *given: str, out: str | list[str] = "", domain: str = "", **how: Any) -> str:
        from onnx import helper

        outs = [out or f"{kind}.{len(self._graph.node)}"] if isinstance(out, str) else out
        self._graph.node.append(helper.make_node(kind, given, outs, domain=domain, **how))
        return outs[0]

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self._graph.initializer.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name


def _steps(weight: Vectors, axis: int) -> Vectors:
    reach = np.maximum(weight.max(axis=axis, keepdims=True), -weight.min(axis=axis, keepdims=True))
    most: Vectors = np.maximum(reach, np.float32(1e-9)) / np.float32(_MAX_LEVEL)
    return most


def _rounded(weight: Vectors, steps: Vectors) -> NDArray[np.int8]:
    # In place: the word vectors of many languages are 400 MB.
    levels = weight / steps
    np.rint(levels, out=levels)
    np.clip(levels, -_MAX_LEVEL, _MAX_LEVEL, out=levels)
    made: NDArray[np.int8] = levels.astype(np.int8)
    return made
