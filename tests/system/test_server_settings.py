"""A model server under its settings: each way to be refused is a sentence of its own, and what can be put right is."""

from __future__ import annotations

import socket

import pytest

from app.models.model_server import ModelServer
from app.service import PersonaService
from app.settings import Settings
from memory.core.errors import ModelRefused, ModelUnavailable
from memory.core.records import TurnState
from memory.memory import Memory
from tests.fakes import WordEmbedder
from tests.scripted_servers import Behaviour, error, listing, scripted


def models(url, model="", key=""):
    return ModelServer(Settings(llm_base_url=url, llm_model=model, llm_api_key=key, llm_timeout_s=5))


def sentence(url, model="", key=""):
    with pytest.raises(ModelUnavailable) as told:
        models(url, model, key).endpoint()
    assert "\n" not in told.value.message
    return told.value.message


def say(server_models, text="Hi"):
    return "".join(chunk.text for chunk in server_models.chat().stream(text))


@pytest.fixture
def opened(tmp_path):
    services = []

    def open_(server_models):
        services.append(PersonaService(Memory(tmp_path / "data", WordEmbedder()), server_models, work=False))
        return services[-1]

    yield open_
    for one in services:
        one.close()


class TestTheAddress:
    @pytest.mark.parametrize(
        "written",
        [
            "{}/v1",
            "{}",
            "{}/",
            " {}/v1/ ",
            "{}/v1/chat/completions",
            "{}/v1/models",
            "{}/chat/completions",
            "'{}/v1'",
            "{}/api",
        ],
    )
    def test_it_is_put_right_and_said(self, written):
        with scripted() as server:
            endpoint = models(written.format(server.root)).endpoint()
            assert (endpoint.url, endpoint.model) == (f"{server.root}/v1", "fake-model")
            assert say(models(written.format(server.root))).endswith("Hello!</answer>")

    def test_a_server_without_v1_is_found_too(self):
        for base in ("", "/llm"):
            with scripted(Behaviour(base=base)) as server:
                assert models(f"{server.root}{base}").endpoint().url == f"{server.root}{base}"

    def test_a_path_of_ones_own_may_lack_v1(self):
        with scripted(Behaviour(base="/llm/v1")) as server:
            assert models(f"{server.root}/llm").endpoint().url == f"{server.root}/llm/v1"

    def test_a_server_that_is_none_of_models_says_where_it_was_looked_for(self):
        for missing in ((404, {"detail": "Not Found"}), (404, "<html><title>Nothing here</title>"), (405, error("no"))):
            with scripted(Behaviour(base="/elsewhere", missing=missing)) as server:
                for url in (server.root, f"{server.root}/other"):
                    for model in ("", "m"):
                        said = sentence(url, model)
                        assert "accepts no chats there" in said
                        assert "PERSONA_LLM_BASE_URL" in said
                        assert "/v1/models" in said
                        assert "Start it" not in said

    def test_none_at_all_is_to_be_started(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        assert "No model server answers" in sentence(f"http://127.0.0.1:{port}/v1")
        assert "is not a URL" in sentence("http://[/v1")

    def test_one_that_has_moved_says_where_to(self):
        pages = {"error": "moved"}
        with scripted(Behaviour(models=None, missing=(301, pages))) as server:
            assert "has moved (HTTP 301" in sentence(f"{server.root}/v1")

    def test_a_page_in_place_of_the_api_is_said_in_mid_talk(self):
        with scripted(Behaviour(events=lambda _text, _body: [b"<!doctype html><title>Sign in</title>"])) as server:
            with pytest.raises(ModelRefused, match=r"web page answers at .* \(Sign in\)") as told:
                say(models(server.root))
            assert told.value.fault == "settings"


class TestTheModels:
    @pytest.mark.parametrize(
        "missing", [(404, {"detail": "Not Found"}), (405, error("Method Not Allowed")), (404, "<html>"), (501, error("no"))]
    )
    def test_a_server_that_lists_none_works_where_the_model_is_named(self, missing):
        with scripted(Behaviour(models=None, missing=missing)) as server:
            for url in (f"{server.root}/v1", server.root):
                assert say(models(url, "m")).endswith("Hello!</answer>")
                assert {body["model"] for body in server.bodies} == {"m"}
                said = sentence(url)
                assert "PERSONA_LLM_MODEL" in said
                assert "does not list its models" in said

    @pytest.mark.parametrize("listed", [{"data": None}, {"data": [{}]}, {}, "models", {"data": []}, [], None])
    def test_one_that_lists_them_oddly_too(self, listed):
        with scripted(Behaviour(models=listed)) as server:
            assert say(models(f"{server.root}/v1", "m")).endswith("Hello!</answer>")
            assert "PERSONA_LLM_MODEL" in sentence(f"{server.root}/v1")

    @pytest.mark.parametrize(
        ("listed", "named", "used"),
        [
            (listing("qwen3:latest"), "qwen3", "qwen3:latest"),
            (listing("models/gemini-x"), "gemini-x", "models/gemini-x"),
            (listing("Qwen/Qwen3"), "qwen/qwen3", "Qwen/Qwen3"),
            (listing("*"), "anything", "anything"),
            (listing("text-embedding-nomic", "qwen3"), "", "qwen3"),
            ([{"id": "a"}], "", "a"),
        ],
    )
    def test_names_are_met_half_way(self, listed, named, used):
        with scripted(Behaviour(models=listed)) as server:
            assert models(server.root, named).endpoint().model == used

    def test_a_model_that_is_not_there_is_named_with_those_that_are(self):
        with scripted(Behaviour(models=listing(*(f"m{n}" for n in range(20))))) as server:
            said = sentence(server.root, "other")
            assert "has no model 'other'; it has: m0, " in said
            assert said.count("m1") < 20
            assert "8 more" in said

    @pytest.mark.parametrize(
        "refusal",
        [
            (404, error("The model `m` does not exist or you do not have access to it.", code="model_not_found")),
            (404, error("model 'm' not found, try pulling it first")),
            (400, error("Invalid model name passed in model=m")),
            (404, error("The API deployment for this resource does not exist.", code="DeploymentNotFound")),
        ],
    )
    def test_one_that_is_refused_later_is_said(self, refusal):
        with scripted(Behaviour(models=None, refuses=lambda _body: refusal)) as server:
            with pytest.raises(ModelRefused, match=r"the model 'm' does not exist there.*PERSONA_LLM_MODEL") as told:
                say(models(f"{server.root}/v1", "m"))
            assert told.value.fault == "settings"


class TestTheKey:
    def test_a_wrong_one_and_none_say_so(self):
        with scripted(Behaviour(key=("Authorization", "Bearer right"))) as server:
            for key in ("", "wrong"):
                said = sentence(server.root, key=key)
                assert "HTTP 401: Incorrect API key" in said
                assert "PERSONA_LLM_API_KEY" in said
                assert "Start it" not in said
            assert say(models(server.root, key="right")).endswith("Hello!</answer>")

    def test_one_that_may_not_list_models_may_talk(self):
        forbidden = (403, error("You have insufficient permissions. Missing scopes: api.model.read"))
        with scripted(Behaviour(models=None, missing=forbidden)) as server:
            assert say(models(f"{server.root}/v1", "m")).endswith("Hello!</answer>")
            said = sentence(f"{server.root}/v1")
            assert "HTTP 403" in said
            assert "not allowed" in said

    def test_it_stands_in_no_sentence(self):
        echoed = (401, error("Incorrect API key provided: sk-very-secret. Find yours."))
        with scripted(Behaviour(refuses=lambda _body: echoed)) as server:
            with pytest.raises(ModelRefused, match="HTTP 401") as told:
                say(models(server.root, key="sk-very-secret"))
            assert "very-secret" not in told.value.message + told.value.reason


@pytest.mark.parametrize(
    ("status", "words", "fault"),
    [
        (401, "PERSONA_LLM_API_KEY", "settings"),
        (402, "payment", "settings"),
        (403, "not allowed", "settings"),
        (404, "PERSONA_LLM_BASE_URL", "settings"),
        (405, "PERSONA_LLM_BASE_URL", "settings"),
        (429, "too many requests", "passing"),
        (500, "log", "prompt"),
        (503, "not ready", "passing"),
        (418, "PERSONA_LLM_MODEL", "prompt"),
    ],
)
def test_each_refusal_of_a_call_has_its_own_sentence(status, words, fault, opened):
    with scripted(Behaviour(refuses=lambda _body: (status, error("no.")))) as server:
        service = opened(models(server.root))
        with pytest.raises(ModelRefused, match=rf"HTTP {status}: no\..*{words}.*The message is saved") as told:
            list(service.stream("ada", "Hi"))
        assert told.value.fault == fault
        assert service.memory.journal.turns("ada")[-1].state == TurnState.FAILED


def test_a_server_that_is_still_loading_is_not_taken_for_a_wrong_address():
    with scripted(Behaviour(models=None, missing=(503, error("Loading model")))) as server:
        said = sentence(f"{server.root}/v1", "m")
        assert "HTTP 503: Loading model" in said
        assert "not ready" in said
