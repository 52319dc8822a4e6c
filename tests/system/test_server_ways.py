"""What servers refuse to be told, which way calls take, and prompts that are cut: no turn is lost, and what matters is said once."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.models.model_server import ModelServer
from app.service import PersonaService
from app.settings import Settings
from memory.core.errors import ModelRefused
from memory.core.records import TurnState
from memory.memory import Memory
from tests.fakes import WordEmbedder
from tests.scripted_servers import Behaviour, error, listing, pieces, scripted

NEUTRAL = "\n".join(
    f'"{trait}": 3' for trait in ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
)
PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def background(body):
    """The model's text for any call: a reply, scores, or that nothing is worth remembering."""
    said = str(body["messages"])
    if '"decision"' in said:
        return '"reason": "A greeting."\n"decision": false\n"content": null\n"keywords": null'
    return NEUTRAL if '"openness"' in said else "<think>Plain.</think>\n<answer>Hello!</answer>"


@pytest.fixture
def open_(tmp_path):
    services = []

    def open_service(url, **settings):
        models = ModelServer(Settings(llm_base_url=url, llm_timeout_s=5, **settings))
        services.append(PersonaService(Memory(tmp_path / "data", WordEmbedder()), models, work=False))
        return services[-1]

    yield open_service
    for one in services:
        one.close()


def say(service, text="Hi"):
    return list(service.stream("ada", text))[-1].turn


def refusing(rules):
    """Refuse as the first rule says whose parameter a request has."""

    def refuses(body):
        for name, words in rules.items():
            if name in body and not (name == "stream" and not body["stream"]):
                return 400, error(words, param=name)
        return None

    return refuses


OPENAI = {
    "max_tokens": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    "temperature": "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.",
}


class TestWhatAServerIsNotTold:
    def test_it_is_found_once_and_kept_for_the_server(self, open_):
        with scripted(Behaviour(refuses=refusing(OPENAI))) as server:
            server.reply = background
            service = open_(server.root)
            assert say(service).reply == "Hello!"
            asked = len(server.asked)
            assert asked == 1 + 3, "the models, two refusals, and the call"
            assert say(service, "Again").reply == "Hello!"
            assert service.wait("ada") == 2
            assert len(server.asked) - asked == 1 + 2 * 2, "nothing is refused again, in the background neither"
        for body in server.bodies:
            assert body["max_completion_tokens"] > 0
            assert not {"max_tokens", "temperature"} & set(body)

    @pytest.mark.parametrize("owner", ["someone", "vllm", "llamacpp"])
    def test_each_field_that_we_send_may_be_refused(self, owner, open_):
        fields = ["temperature", "max_tokens", "max_completion_tokens", "stream_options", "grammar", "structured_outputs"]
        rules = {name: f"{name}: Extra inputs are not permitted" for name in [*fields, "cache_prompt", "return_progress"]}
        rules["reasoning_format"] = "Unknown field reasoning_format"
        with scripted(Behaviour(models=listing("m", owner=owner), refuses=refusing(rules))) as server:
            assert say(open_(server.root)).reply == "Hello!"
            assert set(server.bodies[-1]) == {"model", "messages", "stream"}

    def test_a_server_that_cannot_stream_is_asked_for_the_whole(self, open_):
        words = "Your organization must be verified to stream this model."
        with scripted(Behaviour(refuses=refusing({"stream": words}))) as server:
            service = open_(server.root)
            assert say(service).reply == say(service).reply == "Hello!"
            assert len(server.asked) == 1 + 2 + 1

    def test_another_400_stays_an_error_in_the_servers_words(self, open_):
        with scripted(Behaviour(refuses=lambda _body: (400, error("Sorry, the temperature is wrong today.")))) as server:
            service = open_(server.root)
            with pytest.raises(
                ModelRefused, match=r"HTTP 400: Sorry, the temperature is wrong today\..*The message is saved"
            ) as told:
                say(service)
            assert told.value.fault == "prompt"
            assert service.memory.journal.turns("ada")[-1].state == TurnState.FAILED
            assert len(server.asked) < 10
            server.behaviour.refuses = lambda _body: None
            assert say(service).reply == "Hello!"
            assert "temperature" in server.bodies[-1], "what did not help is not kept"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_proxy_sees_nothing_of_calls_to_this_machine(host, open_, monkeypatch):
    with scripted() as server, scripted() as proxy:
        for name in PROXIES:
            monkeypatch.setenv(name, proxy.root)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        url = server.root.replace("127.0.0.1", host)
        assert say(open_(url)).reply == "Hello!"
        monkeypatch.setenv("PERSONA_LLM_BASE_URL", url)
        said = CliRunner().invoke(app, ["doctor", "--json"]).stdout
        assert f"fake-model at {url}/v1 (corrected from {url})" in said
        assert proxy.asked == []


def test_others_go_through_it(monkeypatch):
    with scripted() as proxy:
        monkeypatch.setenv("http_proxy", proxy.root)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        endpoint = ModelServer(Settings(llm_base_url="http://models.example/v1")).endpoint()
        assert (endpoint.url, proxy.asked) == ("http://models.example/v1", ["GET http://models.example/v1/models"])


def test_chroma_on_this_machine_is_reached_past_a_proxy(monkeypatch):
    import httpx

    from memory.core.loopback import spare_from_proxies

    with scripted() as server, scripted() as proxy:
        for name in PROXIES:
            monkeypatch.setenv(name, proxy.root)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        spare_from_proxies(server.root)
        with httpx.Client() as client:
            assert client.get(f"{server.root}/v1/models").status_code == 200
        assert (len(server.asked), proxy.asked) == (1, [])


class TestAPromptThatIsCut:
    LONG = "word " * 3_500

    def test_it_is_said_once_with_the_reply(self, open_):
        with scripted(Behaviour(window=2_048, events=lambda text, body: pieces(text, body, window=2_048))) as server:
            service = open_(server.root)
            assert say(service).trace.notes == ()
            [note] = say(service, self.LONG).trace.notes
            assert "read only 2,048 tokens" in note
            assert "OLLAMA_CONTEXT_LENGTH=16384" in note
            assert say(service, self.LONG).trace.notes == ()
            assert service.models.notices == (note,)

    def test_the_command_line_says_it_and_doctor_finds_it(self, monkeypatch):
        with scripted(Behaviour(window=2_048, events=lambda text, body: pieces(text, body, window=2_048))) as server:
            monkeypatch.setenv("PERSONA_LLM_BASE_URL", server.root)
            said = CliRunner().invoke(app, ["doctor", "--try", "--json"])
            assert "a long prompt" in said.stdout
            assert "read only 2,048 tokens" in said.stdout
        with scripted() as server:
            monkeypatch.setenv("PERSONA_LLM_BASE_URL", server.root)
            assert "5,000 words in" in CliRunner().invoke(app, ["doctor", "--try", "--json"]).stdout

    def test_a_server_that_counts_nothing_is_not_accused(self, open_):
        with scripted(Behaviour(refuses=refusing({"stream_options": "Unknown field stream_options"}))) as server:
            assert say(open_(server.root), self.LONG).trace.notes == ()
