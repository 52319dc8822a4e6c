"""A network of the BERT family is read from its folder and run without torch; what is not of the family is named."""

from __future__ import annotations

import json

import numpy as np
import pytest
import simsimd
from hypothesis import given
from hypothesis import strategies as st

from memory.core.errors import ExtraMissing, ModelMissing
from memory.embedding.bert_folder import Damaged, NotBert, Weights, describe, tokenizer_of
from memory.embedding.bert_graph import CAREFUL, FAST, WHOLE, build
from memory.embedding.onnx_runtime import OnnxEmbedder, fingerprint
from memory.embedding.text_embedder import TextEmbedder
from memory.embedding.token_vectors import unit
from tests import tiny_bert

FILES = ("modules.json", "config.json", "model.safetensors", "tokenizer.json", "1_Pooling/config.json")
OF_ANOTHER_KIND = {("config.json", b"{}"), ("1_Pooling/config.json", b"{}")}
TEXTS = ["the dogs ran", "", "A walk by the sea", "what?", "the dog " * 40, "Lisbon"]


def reader(folder, precision):
    bert = describe(folder)
    return OnnxEmbedder(build(bert, Weights(bert), precision).SerializeToString(), *tokenizer_of(bert))


def expected(folder, text, pooling):
    tokenizer, marks = tokenizer_of(describe(folder))
    ids = tokenizer.encode(text.strip()).ids
    rows = tiny_bert.tokens(ids)
    inner = [place for place, number in enumerate(ids) if number not in marks.special]
    return unit((rows[0] if pooling == "cls" else rows.mean(0))[None])[0], unit(rows[inner])


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize(("precision", "near"), [(WHOLE, 0.999999), (FAST, 0.98), (CAREFUL, 0.99)])
@pytest.mark.parametrize("together", [True, False])
def test_vectors_and_those_of_the_tokens_are_those_of_the_definition(tmp_path, pooling, precision, near, together):
    folder = tiny_bert.write(tmp_path, pooling=pooling)
    embedder = reader(folder, precision)
    embeddings = embedder.embed(TEXTS) if together else [embedder.embed([text])[0] for text in TEXTS]
    for text, found in zip(TEXTS, embeddings, strict=True):
        vector, rows = expected(folder, text, pooling)
        assert float(found.vector @ vector) > near
        assert len(found.words) == len(found.tokens) == len(rows)
        assert np.all(np.sum(found.tokens * rows, axis=1) > near - 0.01)


def test_words_are_the_tokens_that_say_something_and_long_texts_are_cut_off(tmp_path):
    found = reader(tiny_bert.write(tmp_path), FAST).embed(["The dogs, and CAFÉ", "dog " * 99])
    assert found[0].words == ("the", "dog", "##s", "cafe")
    assert len(found[1].words) == 30, "32 with the two that mark its ends"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, ("cafe",)),
        ({"tokenizer_config": {"strip_accents": False}}, ("café",)),
        ({"tokenizer_config": {"do_lower_case": False}}, ()),
    ],
)
def test_what_the_tokenizer_s_settings_say_is_held_above_its_file(tmp_path, files, words):
    assert reader(tiny_bert.write(tmp_path, **files), FAST).embed(["CAFÉ"])[0].words == words


def test_a_tokenizer_of_sentence_pieces_is_read_too(tmp_path):
    embedder = reader(tiny_bert.write_with_sentence_pieces(tmp_path), FAST)
    alone, beside = embedder.embed(["the dogs"])[0], embedder.embed(["the dogs", "the dogs Lisbon"])[0]
    assert alone.words == ("\u2581the", "\u2581dog", "s")
    assert float(alone.vector @ beside.vector) > 0.99, "what fills it up counts for nothing"


def test_weights_of_a_larger_model_around_it_are_found(tmp_path):
    plain, around = (
        reader(tiny_bert.write(tmp_path / name, prefix=name), WHOLE).embed(["the dog"])[0].vector for name in ("", "bert.")
    )
    assert np.array_equal(plain, around)


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_weights_in_16_bits_are_read(tmp_path, precision):
    import ml_dtypes
    from safetensors.numpy import save_file

    folder = tiny_bert.write(tmp_path)
    whole = reader(folder, WHOLE).embed(["the dog"])[0].vector
    kind = np.float16 if precision == "float16" else ml_dtypes.bfloat16
    save_file({name: value.astype(kind) for name, value in tiny_bert.weights().items()}, folder / "model.safetensors")
    assert float(reader(folder, WHOLE).embed(["the dog"])[0].vector @ whole) > 0.999


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"config": {"model_type": "mpnet"}}, "its model_type is mpnet"),
        ({"config": {"hidden_act": "relu"}}, "its hidden_act is relu"),
        ({"config": {"position_embedding_type": "relative_key"}}, "its position_embedding_type is relative_key"),
        ({"config": {"auto_map": {"AutoModel": "own.Code"}}}, "its auto_map is"),
        ({"sentence_bert_config": {"do_lower_case": True}}, "its do_lower_case is True"),
        (
            {"modules": [{"type": "sentence_transformers.models.StaticEmbedding", "path": ""}]},
            "its modules are StaticEmbedding",
        ),
        ({"pooling": "max"}, "it pools by nothing"),
    ],
)
def test_what_is_not_of_the_family_is_said_and_not_guessed(tmp_path, files, reason):
    with pytest.raises(NotBert, match=reason):
        describe(tiny_bert.write(tmp_path, **files))


def test_a_prompt_before_each_text_is_not_left_out(tmp_path):
    folder = tiny_bert.write(tmp_path)
    stated = {"prompts": {"query": "query: "}, "default_prompt_name": "query"}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(stated))
    with pytest.raises(NotBert, match="prompt"):
        describe(folder)
    (folder / "config_sentence_transformers.json").write_text(json.dumps(stated | {"default_prompt_name": None}))
    assert describe(folder).pooling == "mean"


@pytest.mark.parametrize("name", FILES)
def test_a_folder_that_lacks_a_file_says_which(tmp_path, name):
    folder = tiny_bert.write(tmp_path)
    (folder / name).unlink()
    with pytest.raises(NotBert, match=name.rsplit("/")[-1]):
        describe(folder)


@given(st.binary(max_size=60))
def test_weights_that_are_cut_or_garbage_are_said_to_be(tmp_path_factory, data):
    folder = tiny_bert.write(tmp_path_factory.mktemp("bert"))
    (folder / "model.safetensors").write_bytes(data)
    with pytest.raises(Damaged, match=r"model\.safetensors"):
        reader(folder, FAST)


@pytest.mark.parametrize(
    ("name", "data"),
    [(name, data) for name in FILES for data in (b"", b"{", b'"\xff"', b"7", b"{}") if (name, data) not in OF_ANOTHER_KIND],
)
def test_a_damaged_file_of_a_model_is_one_sentence_that_says_what_to_do(tmp_path, name, data):
    folder = tiny_bert.write(tmp_path / "model")
    (folder / name).write_bytes(data)
    embedder = TextEmbedder(str(folder), "mine", tmp_path / "graphs")
    with pytest.raises(ModelMissing, match=r"^The text embedder mine cannot be loaded \(its .* cannot be read.*Fetch it again"):
        embedder.embed(["hello"])
    if name in {"modules.json", "config.json", "1_Pooling/config.json"}:
        with pytest.raises(ModelMissing, match=r"cannot be loaded \(its .* cannot be read"):
            embedder.check()
    else:
        embedder.check()


def test_a_tensor_that_is_not_there_is_named(tmp_path):
    from safetensors.numpy import save_file

    folder = tiny_bert.write(tmp_path)
    save_file(
        {name: value for name, value in tiny_bert.weights().items() if "layer.2" not in name}, folder / "model.safetensors"
    )
    with pytest.raises(NotBert, match=r"no encoder\.layer\.2"):
        reader(folder, FAST)


def test_without_the_extra_another_kind_says_which_it_wants_before_the_first_turn(tmp_path):
    folder = tiny_bert.write(tmp_path / "model", config={"model_type": "mpnet"})
    embedder = TextEmbedder(str(folder), "my-mpnet", tmp_path / "graphs")
    for call in (embedder.check, lambda: embedder.embed(["hello"])):
        with pytest.raises(
            ExtraMissing, match=r"^The text embedder my-mpnet \(its model_type is mpnet\) needs the extra \[embedders\]"
        ):
            call()


def test_one_of_the_family_wants_no_extra(tmp_path):
    embedder = TextEmbedder(str(tiny_bert.write(tmp_path / "model")), "my-bert", tmp_path / "graphs")
    embedder.check()
    assert embedder.embed(["the dog"])[0].words == ("the", "dog")


def test_a_graph_that_torch_made_before_is_used_without_the_extra(tmp_path, monkeypatch):
    folder = tiny_bert.write(tmp_path / "model")
    TextEmbedder(str(folder), "mine", tmp_path / "graphs").embed(["the dog"])
    monkeypatch.setattr(
        "memory.embedding.text_embedder.describe", lambda _folder: (_ for _ in ()).throw(NotBert("its model_type is other"))
    )
    embedder = TextEmbedder(str(folder), "mine", tmp_path / "graphs")
    embedder.check()
    assert embedder.embed(["the dog"])[0].words == ("the", "dog")


def test_a_processor_of_another_kind_makes_a_graph_of_its_own(tmp_path, monkeypatch):
    folder = tiny_bert.write(tmp_path)
    here = fingerprint(folder)
    assert fingerprint(folder) == here
    others = {name: not has for name, has in simsimd.get_capabilities().items()}
    monkeypatch.setattr("simsimd.get_capabilities", lambda: others)
    assert fingerprint(folder) != here


def test_a_name_of_the_hub_is_fetched_and_run_without_the_extra(tmp_path, monkeypatch):
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    folder = tiny_bert.write(tmp_path / "model")
    asked = []

    def download(name, *, local_files_only=False, allow_patterns=()):
        if local_files_only:
            raise LocalEntryNotFoundError(name)
        asked.append((name, "*.safetensors" in allow_patterns))
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    embedder = TextEmbedder("intfloat/e5-small-v2", "intfloat/e5-small-v2", tmp_path / "graphs")
    with pytest.raises(ModelMissing, match="is not on this machine yet"):
        embedder.check()
    assert asked == []
    assert embedder.embed(["the dog"])[0].words == ("the", "dog")
    assert asked == [("intfloat/e5-small-v2", True)]


@pytest.mark.parametrize("name", ["/no/such/folder", "nobody/nothing"])
def test_a_name_that_is_nowhere_is_one_sentence(tmp_path, monkeypatch, name):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelMissing, match=r"^The text embedder .* is no folder on this machine"):
        TextEmbedder(name, name, tmp_path).embed(["hello"])
