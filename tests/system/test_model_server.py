"""The model behind a URL, over real HTTP on loopback: grammar in each server's words, and every way to fail as one sentence."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

from app.models.model_server import ModelServer
from app.service import PersonaService
from app.settings import Settings
from graph.context import MessageOptions
from graph.formats import protocol
from memory.core.errors import ModelUnavailable
from memory.core.records import TurnState
from memory.memory import Memory
from tests.fake_server import fake_server
from tests.fakes import WordEmbedder


@pytest.fixture
def server():
    with fake_server() as running:
        yield running


@pytest.fixture
def service(server, tmp_path):
    settings = Settings(llm_base_url=server.url, llm_timeout_s=0.5)
    with PersonaService(Memory(tmp_path / "data", WordEmbedder()), ModelServer(settings), work=False) as opened:
        yield opened


def say(service, text="Hi", time=None, **switches):
    return list(service.stream("ada", text, time=time, options=MessageOptions(**switches)))[-1].turn


def last(service):
    return service.memory.journal.turns("ada")[-1]


@pytest.mark.parametrize(
    ("owner", "given"),
    [
        ("vllm", {"structured_outputs": {"grammar": protocol.REASONING_GRAMMAR}}),
        ("llamacpp", {"grammar": protocol.REASONING_GRAMMAR}),
        ("someone", {}),
    ],
)
def test_the_grammar_is_handed_over_in_the_servers_own_words(server, service, owner, given):
    server.owner = owner
    assert say(service).reply == "Hello!"
    [body] = server.bodies
    assert {name: body[name] for name in ("grammar", "structured_outputs") if name in body} == given
    assert (body["temperature"], body["max_tokens"], body["model"]) == (0, 1024, "fake-model")


def test_a_server_without_grammar_gets_a_second_chance(server, service):
    replies = iter(["Sure, hello!", "<think>Right.</think><answer>Hello there.</answer>"])
    server.reply = lambda _body: next(replies)
    assert say(service).reply == "Hello there."
    assert "neither <answer>" in server.bodies[1]["messages"][-1]["content"]


def test_down_at_the_first_message_then_up_again(tmp_path):
    with fake_server() as gone:
        url = gone.url
    with PersonaService(
        Memory(tmp_path / "data", WordEmbedder()), ModelServer(Settings(llm_base_url=url)), work=False
    ) as service:
        with pytest.raises(ModelUnavailable, match=r"No model server answers at http.*Start it"):
            say(service)
        assert last(service).state == TurnState.FAILED
        assert last(service).text == "Hi"
        with fake_server() as back:
            service.models._settings.llm_base_url = back.url
            assert say(service, "Again").reply == "Hello!"


def test_going_down_in_between(server, service):
    say(service)
    server.shutdown()
    server.server_close()
    with pytest.raises(ModelUnavailable, match="The message is saved") as told:
        say(service, "Still there?")
    assert "\n" not in told.value.message
    assert (last(service).state, last(service).text) == (TurnState.FAILED, "Still there?")


def test_cut_in_the_middle_of_the_answer(server, service):
    server.cut_after = 4
    with pytest.raises(ModelUnavailable, match="broke off"):
        say(service, "Tell me")
    assert (last(service).state, last(service).reply) == (TurnState.FAILED, "")
    server.cut_after = None
    assert say(service, "And now?").reply == "Hello!"
    assert service.wait() == 1


def test_too_slow(server, service):
    server.pause_s = 1.5
    service.models._settings.llm_timeout_s = 0.5
    with pytest.raises(ModelUnavailable, match="did not answer in time"):
        say(service)
    server.pause_s = 0.0
    assert say(service).reply == "Hello!"


def test_refused_by_the_server(server, service):
    server.status = 401
    with pytest.raises(ModelUnavailable, match=r"rejected the call \(HTTP 401"):
        say(service)
    assert last(service).state == TurnState.FAILED


def test_a_model_that_the_server_does_not_have(server):
    with pytest.raises(ModelUnavailable, match="it has: fake-model"):
        ModelServer(Settings(llm_base_url=server.url, llm_model="another")).endpoint()


def test_pictures_travel_to_a_model_that_sees(server, tmp_path):
    import io

    from PIL import Image

    data = io.BytesIO()
    Image.new("RGB", (3000, 1000), "red").save(data, "PNG")
    models = ModelServer(Settings(llm_base_url=server.url))
    with PersonaService(Memory(tmp_path / "seeing", WordEmbedder()), models, work=False) as service:
        from dataclasses import replace

        models._endpoint = replace(models.endpoint(), sees=True)
        list(service.stream("ada", "Look", images=[data.getvalue()], time="2026-03-01 09:00"))
        list(service.stream("ada", "What colour is it?", time="2026-03-01 09:01"))
    for body in server.bodies:
        parts = body["messages"][-1]["content"]
        assert [part["type"] for part in parts] == ["image_url", "text"]
        assert parts[0]["image_url"]["url"].startswith("data:image/jpeg;base64,")


def test_a_background_call_gives_way_to_a_reply(server, tmp_path):
    """On an embedded model: the reply is written while the background call waits; nobody's work is lost."""
    import threading

    from memory.core.priority import ReplyFirst

    order: list[str] = []
    started = threading.Event()

    def reply(body):
        said = str(body["messages"])
        if "Decide whether" in said or '"decision"' in said:
            started.set()
            return '"reason": "' + "x" * 2000 + '"\n"decision": false\n"content": null\n"keywords": null'
        if "five lines" in said or '"openness"' in said:
            return "\n".join(f'"{trait}": 3' for trait in TRAITS)
        order.append("reply")
        return "<think>Plain.</think>\n<answer>Hello!</answer>"

    from memory.core.records import TRAITS

    server.reply, server.pause_s = reply, 0.01
    models = ModelServer(Settings(llm_base_url=server.url))
    models.priority = ReplyFirst()
    with PersonaService(Memory(tmp_path / "busy", WordEmbedder()), models, work=True) as service:
        say(service, "One")
        assert started.wait(600)
        semantic_before = len(server.bodies)
        say(service, "Two")
        assert service.memory.work.count() == 2  # the first one's background call had to begin again
        service.wait()
        assert service.memory.work.count() == 0
    asked = [str(body["messages"]) for body in server.bodies[semantic_before:]]
    assert sum('"decision"' in said for said in asked) >= 2


@pytest.mark.parametrize(
    "said",
    [
        [], {}, {"data": None}, {"data": [{}]}, {"data": [{"id": 7}]}, {"data": []}, "models",
        {"data": [{"id": "m", "max_model_len": 12}]}, {"data": [{"id": "m", "meta": {"n_ctx": -1}}]},
    ],
)  # fmt: skip
def test_a_server_that_lists_its_models_oddly_is_a_sentence(server, said):
    server.models = said
    with pytest.raises(ModelUnavailable, match="PERSONA_LLM"):
        ModelServer(Settings(llm_base_url=server.url)).endpoint()


def test_a_server_that_says_null_for_what_it_does_not_know_is_used(server, service):
    server.models = {"data": [{"id": "m", "meta": None, "architecture": None, "owned_by": None, "max_model_len": None}]}
    assert say(service).reply == "Hello!"


def test_a_proxy_of_the_environment_is_not_asked_on_the_way_to_the_embedded_model(server, monkeypatch):
    from app.models.model_server import _describe

    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    models = ModelServer(Settings(llm_base_url=""))
    models._endpoint = _describe(server.url, "fake-model", "", Settings(), embedded=True)
    assert "".join(chunk.text for chunk in models.chat().stream("Hi")).endswith("Hello!</answer>")


def test_a_picture_whose_file_is_gone_does_not_keep_the_next_turns_from_being_answered(server, tmp_path):
    import io
    import shutil
    from dataclasses import replace

    from PIL import Image

    data = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(data, "PNG")
    models = ModelServer(Settings(llm_base_url=server.url))
    with PersonaService(Memory(tmp_path / "seeing", WordEmbedder()), models, work=False) as service:
        models._endpoint = replace(models.endpoint(), sees=True)
        list(service.stream("ada", "Look", images=[data.getvalue()], time="2026-03-01 09:00"))
        shutil.rmtree(tmp_path / "seeing" / "photos")
        assert say(service, "What was it?", time="2026-03-01 09:01").reply == "Hello!"


def test_stopping_does_not_wait_for_a_server_that_says_nothing(server, service, monkeypatch):
    from app.events import Received
    from app.models import chat

    monkeypatch.setattr(chat, "_LAST_WHOLE_S", 0.5)
    server.pause_s = 30.0
    service.models._settings.llm_timeout_s = 60
    events = service.stream("ada", "Hello", time="2026-03-01 09:00")
    for event in events:
        if isinstance(event, Received):
            while not server.bodies:
                time.sleep(0.01)
            service.stop(event.turn.id)
    assert last(service).state == TurnState.STOPPED
    # Remembering it asks the same silent server: a program that ends gives it up, and the work waits.
    worker = threading.Thread(target=_tried, args=(service,), daemon=True)
    worker.start()
    while len(server.bodies) < 2:
        time.sleep(0.01)
    service.models.wind_down()
    worker.join(600)
    assert not worker.is_alive()
    assert service.memory.work.count() == 1


def _tried(service):
    with contextlib.suppress(ModelUnavailable):
        service.wait()
