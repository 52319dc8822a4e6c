"""What is in the way of a reply, where no server is set: a model that is missing. Nothing is loaded to find out."""

from __future__ import annotations

import pytest

from app.models.model_server import ModelServer
from app.settings import Settings


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "tiny.gguf"
    path.write_bytes(b"GGUF")
    return path


def test_weights_that_are_there_are_enough(weights):
    server = ModelServer(Settings(llm_model=str(weights)))
    assert server.obstacle() == ""
    assert server.loaded is None


def test_a_missing_model_is_named_without_its_path():
    obstacle = ModelServer(Settings(llm_model="/home/ada/none.gguf")).obstacle()
    assert obstacle == "No chat model is on this machine. Run `persona models pull`, or set PERSONA_LLM_BASE_URL."


def test_a_model_that_is_fetched_on_first_use_is_no_obstacle():
    assert ModelServer(Settings(llm_model="/home/ada/none.gguf"), fetching=object()).obstacle() == ""


def test_a_text_that_is_no_url_is_told():
    assert "is not a URL" in ModelServer(Settings(llm_base_url="http://:x/")).obstacle()
