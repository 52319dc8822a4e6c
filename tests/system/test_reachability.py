"""Whether a model server could answer now, over real HTTP on loopback: no model is asked, and nobody waits long."""

from __future__ import annotations

import socket

import pytest

from app.models import reachability
from app.models.model_server import ModelServer
from app.settings import Settings
from tests.fake_server import fake_server


@pytest.fixture
def server():
    with fake_server() as running:
        yield running


def obstacle(url):
    return ModelServer(Settings(llm_base_url=url)).obstacle()


def test_a_server_that_answers_is_no_obstacle_and_no_model_is_asked(server):
    assert obstacle(server.url) == obstacle(server.url.removesuffix("/v1")) == ""
    assert server.bodies == []


def test_a_server_that_is_down_is_told_without_its_address():
    with fake_server() as gone:
        url = gone.url
    assert obstacle(url) == "No model server answers. Start it, or correct PERSONA_LLM_BASE_URL."


def test_a_server_that_says_nothing_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(reachability, "_WAIT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert obstacle(f"http://127.0.0.1:{silent.getsockname()[1]}/v1").startswith("No model server answers.")


@pytest.mark.parametrize(
    ("status", "told"),
    [(200, ""), (404, ""), (501, ""), (429, ""), (401, "rejects the key"), (403, "rejects the key"), (500, "not ready"),
     (503, "The model server is not ready (HTTP 503).")],
)  # fmt: skip
def test_what_a_server_answers_decides(server, status, told):
    server.models_status = status
    found = obstacle(server.url)
    assert told in found
    assert bool(found) == bool(told)
