"""A network in one file of 4-bit weights is read as the same network in a folder is, and a file that is not whole is named."""

from __future__ import annotations

import numpy as np
import pytest

from memory.core.errors import ModelMissing
from memory.embedding import bert_sources
from memory.embedding.bert_folder import Damaged, NotBert
from memory.embedding.bert_graph import FAST, WHOLE, build
from memory.embedding.onnx_runtime import OnnxEmbedder
from memory.embedding.packed_bert import FILE, PackedBert
from memory.embedding.text_embedder import TextEmbedder
from tests import packed_bert

TEXTS = ["the dogs", "Lisbon", "", "the dog " * 40, "the\u200bdogs \u2581 Lisbon"]


def reader(folder, precision=WHOLE):
    bert = bert_sources.describe(folder)
    weights, tokenizer, marks = bert_sources.read(bert)
    return OnnxEmbedder(build(bert, weights, precision).SerializeToString(), tokenizer, marks)


def test_every_tensor_has_its_values_and_shape(tmp_path):
    packed = PackedBert(packed_bert.write(tmp_path))
    for name, value in packed_bert.tensors()[1].items():
        assert np.allclose(packed(name), value, atol=1e-6), name
        assert packed(name).shape == value.shape, name


@pytest.mark.parametrize(("precision", "near"), [(WHOLE, 0.999999), (FAST, 0.98)])
def test_it_embeds_as_the_folder_of_the_model_hub_does(tmp_path, precision, near):
    packed, folder = packed_bert.write(tmp_path / "packed"), packed_bert.write_folder(tmp_path / "folder")
    expected = reader(folder).embed(TEXTS[:4])
    for found, one in zip(reader(packed, precision).embed(TEXTS[:4]), expected, strict=True):
        assert found.words == one.words
        assert float(found.vector @ one.vector) > near
        assert np.all(np.sum(found.tokens * one.tokens, axis=1) > near - 0.01)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the dogs", ("\u2581the", "\u2581dog", "s")),
        ("the\u200bdog", ("\u2581the", "\u2581dog")),
        ("\u2581 the\u2028dog\t", ("\u2581the", "\u2581dog")),
        ("\x01the\x7f dog", ("\u2581the", "\u2581dog")),
        ("\uff21\uff22", ("\u2581AB",)),
        ("the e\u0301", ("\u2581the", "\u2581", "é")),
        ("", ()),
    ],
)
def test_its_tokenizer_replaces_characters_as_the_model_was_trained(tmp_path, text, words):
    assert reader(packed_bert.write(tmp_path)).embed([text])[0].words == words


def test_long_texts_are_cut_off_at_the_length_of_the_network(tmp_path):
    assert len(reader(packed_bert.write(tmp_path)).embed(["the dog " * 40])[0].words) == 38, (
        "40 with the two that mark its ends"
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 2}, "has another format"),
        ({"block": 64}, "has blocks of 64 values"),
        ({"kind": 7}, "has tensors of type 7"),
    ],
)
def test_another_format_is_said_and_not_guessed(tmp_path, changes, reason):
    with pytest.raises(NotBert, match=reason):
        bert_sources.describe(packed_bert.write(tmp_path, **changes))


def test_a_missing_tensor_is_named(tmp_path):
    with pytest.raises(NotBert, match=r"has no encoder.layer.1.output.dense.bias$"):
        reader(packed_bert.write(tmp_path, without="l1.fo.b"))


@pytest.mark.parametrize("share", [0.0, 0.00001, 0.001, 0.01, 0.5, 0.999999])
def test_a_file_that_is_cut_off_is_damaged_and_says_how_to_fetch_it_again(tmp_path, share):
    folder = packed_bert.write(tmp_path / "model")
    whole = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(Damaged, match=rf"^its {FILE} cannot be read$"):
        reader(folder)
    with pytest.raises(ModelMissing, match=r"Fetch it again: `persona models pull mine`"):
        TextEmbedder(str(folder), "mine", tmp_path / "graphs").embed(["the dog"])


def test_it_needs_no_other_file_and_its_graph_is_made_once(tmp_path):
    folder = packed_bert.write(tmp_path / "model")
    embedder = TextEmbedder(str(folder), "mine", tmp_path / "graphs")
    embedder.check()
    assert not embedder.is_made
    vector = embedder.embed(["the dogs"])[0].vector
    assert embedder.is_made
    again = TextEmbedder(str(folder), "mine", tmp_path / "graphs").embed(["the dogs"])[0].vector
    assert np.array_equal(vector, again)
