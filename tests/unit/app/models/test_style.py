"""Which prompts a model gets: by its size and its name, and what a setting changes of that."""

from __future__ import annotations

import pytest

from app.models.endpoint import Endpoint
from app.models.model_server import ModelServer
from app.settings import Settings


def style(monkeypatch, parameters, model="some-model", **settings):
    server = ModelServer(Settings(**settings))
    url = "http://127.0.0.1:9/v1"
    endpoint = Endpoint(url, model, kind="vllm", window=16_384, sees=False, embedded=False, parameters=parameters)
    monkeypatch.setattr(server, "endpoint", lambda: endpoint)
    return server.style()


@pytest.mark.parametrize(("parameters", "small"), [(1.5e9, True), (2.9e9, True), (3e9, False), (7e9, False), (None, False)])
def test_a_model_under_three_billion_parameters_answers_directly_from_less(monkeypatch, parameters, small):
    made = style(monkeypatch, parameters)
    assert made.is_small is small
    assert made.budgets.evidence == (550 if small else 900)
    assert made.whole == (500 if small else 1_500)


def test_the_published_weights_keep_their_layout_whatever_their_size(monkeypatch):
    made = style(monkeypatch, 1e9, model="PersonaVLM-tiny")
    assert (made.layout, made.is_small) == ("published", False)


@pytest.mark.parametrize("parameters", [1.5e9, 7e9])
@pytest.mark.parametrize("tokens", [0, 700])
def test_a_setting_says_up_to_where_a_history_is_shown_whole(monkeypatch, parameters, tokens):
    monkeypatch.setenv("PERSONA_WHOLE_HISTORY", str(tokens))
    assert style(monkeypatch, parameters).whole == tokens
