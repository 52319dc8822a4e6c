"""What `persona serve` starts: the command, word by word, and what it says where there is nothing to start."""

from __future__ import annotations

import json
import shlex

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.models.model_server import seems_to_see
from memory.core.errors import InvalidInput, ModelMissing


def serve(*words):
    return CliRunner().invoke(app, ["serve", *words])


def option(words, name):
    return words[words.index(name) + 1]


def weights(folder, **config):
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_the_command_has_what_this_workload_needs():
    words = shlex.split(serve("qwen2.5-vl-7b", "--print", "--gpus", "2", "--window", "16384").stdout)
    assert option(words, "--model") == "Qwen/Qwen2.5-VL-7B-Instruct"
    assert option(words, "--host") == "127.0.0.1"
    assert option(words, "--max-model-len") == "16384"
    assert option(words, "--tensor-parallel-size") == "2"
    assert "--enable-prefix-caching" in words
    # Eight of the message, four of those before it, two with each of five looks.
    assert json.loads(option(words, "--limit-mm-per-prompt")) == {"image": 22, "video": 0}
    bounds = json.loads(option(words, "--mm-processor-kwargs"))["size"]
    assert bounds == {"shortest_edge": 3_136, "longest_edge": 230_400}
    assert json.loads(option(words, "--structured-outputs-config")) == {"backend": "xgrammar"}


def test_options_of_vllm_follow_two_dashes_with_and_without_a_model():
    for words in (["--print", "--", "--dtype", "half"], ["personavlm", "--print", "--", "--dtype", "half"]):
        command = shlex.split(serve(*words).stdout)
        assert option(command, "--served-model-name") == "personavlm"
        assert command[-2:] == ["--dtype", "half"]


@pytest.mark.parametrize(
    ("folder", "config", "name"),
    [
        ("checkpoint-10", {"model_type": "qwen2_5_vl", "vision_config": {}}, "qwen2_5_vl-checkpoint-10"),
        ("my-personavlm", {"model_type": "qwen2_5_vl", "vision_config": {}}, "my-personavlm"),
        ("words", {"model_type": "qwen2"}, "words"),
    ],
)
def test_a_folder_is_named_so_that_one_can_tell_whether_the_model_sees(tmp_path, monkeypatch, folder, config, name):
    path = weights(tmp_path / folder, **config)
    assert option(shlex.split(serve(str(path), "--print").stdout), "--served-model-name") == name
    assert seems_to_see(name) is ("vision_config" in config)
    monkeypatch.chdir(path)
    assert option(shlex.split(serve(".", "--print").stdout), "--served-model-name") == name


@pytest.mark.parametrize("model", ["", "nothing", "/nowhere", "owner/", "a/b/c", "../x"])
def test_what_is_no_model_is_said_to_be_none(tmp_path, monkeypatch, model):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert "OWNER/NAME" in serve(model, "--print").exception.message
    assert isinstance(serve(model, "--print").exception, InvalidInput)


def test_a_folder_without_weights_and_an_interpreter_that_is_none_are_said_to_be(tmp_path):
    assert "config.json" in serve(str(tmp_path), "--print").exception.message
    for python in (str(tmp_path), str(tmp_path / "python")):
        refused = serve("--python", python).exception
        assert isinstance(refused, ModelMissing)
        assert "--python" in refused.message


def test_two_models_are_a_wrong_call():
    assert serve("personavlm", "another", "--print").exit_code == 2
