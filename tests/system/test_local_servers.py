"""Servers that run on this machine are found by what they answer; made-up ones on free ports stand in for them."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from typer.testing import CliRunner

from app import settings
from app.cli import app
from app.models import local_servers
from app.models.local_servers import Served, detect_servers
from app.settings import Settings
from tests.scripted_servers import Behaviour, listing, scripted

Page = tuple[int, Any]
MISSING: Page = (404, {"detail": "Not Found"})


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other tests answers late."""
    monkeypatch.setattr(local_servers, "_PROBE_S", 20)
    monkeypatch.setattr(local_servers, "_TOTAL_S", 20)


@contextmanager
def answering(pages: Callable[[str], Page], posted: Page = (501, "")) -> Iterator[int]:
    """A server that answers each path so, and whatever is posted with one answer; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(*pages(self.path))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(*posted)

        def answer(self, status: int, said: Any) -> None:
            text = said if isinstance(said, str) else json.dumps(said)
            self.send_response(status)
            if status in {301, 302}:
                self.send_header("Location", text)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def raw(greets: bytes, *, goes_on: bool = False) -> Iterator[int]:
    """A server that takes connections, says this, and then nothing or a byte now and then."""
    end = threading.Event()

    def serve(listener: socket.socket) -> None:
        with ExitStack() as held:
            while True:
                try:
                    connection, _address = listener.accept()
                except OSError:
                    return
                held.enter_context(connection)
                connection.sendall(greets)
                if goes_on:
                    threading.Thread(target=trickle, args=(connection,), daemon=True).start()

    def trickle(connection: socket.socket) -> None:
        while not end.wait(0.05):
            try:
                connection.sendall(b" ")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]
        end.set()
        listener.shutdown(socket.SHUT_RDWR)


def tag(name: str, family: str = "qwen3", **more: Any) -> dict[str, Any]:
    return {"name": name, "model": name, "size": 1, "digest": "d1", "details": {"family": family}, **more}


OLLAMA = {
    "/api/tags": (
        200,
        {
            "models": [
                tag("qwen3:8b"),
                tag("gemma3:4b", "gemma3", capabilities=["completion", "vision"]),
                tag("nomic-embed-text:latest", "nomic-bert"),
                tag("all-minilm:latest", "bert"),
                tag("mxbai:latest", "bert"),
                tag("ranker", capabilities=["embedding"]),
                tag("gpt-oss:120b-cloud", remote_model="gpt-oss:120b", remote_host="https://ollama.com:443"),
            ]
        },
    ),
    "/v1/models": (200, listing("qwen3:8b", "gpt-oss:120b-cloud", owner="library")),
}


def test_ollama_is_known_by_its_tags() -> None:
    with answering(lambda path: OLLAMA.get(path, MISSING)) as port:
        assert detect_servers({port: "Ollama"}) == [
            Served("Ollama", f"http://127.0.0.1:{port}/v1", "qwen3:8b", sees=False),
            Served("Ollama", f"http://127.0.0.1:{port}/v1", "gemma3:4b", sees=True),
        ], "neither what embeds nor what is passed on to another machine"


@pytest.mark.parametrize(
    ("ids", "owner", "server", "shown"),
    [
        (["qwen3-4b", "text-embedding-nomic-embed-text-v1.5"], "organization_owner", "LM Studio", ["qwen3-4b"]),
        (["Qwen3-8B-Q4_K_M.gguf"], "llamacpp", "llama.cpp", ["Qwen3-8B-Q4_K_M.gguf"]),
        (["Qwen/Qwen2.5-VL-7B-Instruct"], "vllm", "vLLM", ["Qwen/Qwen2.5-VL-7B-Instruct"]),
        (["gpt-4", "whisper-1", "tts-1", "stablediffusion", "bge-m3", "intfloat/e5-small"], "", "LM Studio", ["gpt-4"]),
        (["multilingual-e5-small", "jina-reranker-v2"], "", "LM Studio", []),
    ],
)
def test_others_are_known_by_their_list(ids: list[str], owner: str, server: str, shown: list[str]) -> None:
    with scripted(Behaviour(models=listing(*ids, owner=owner))) as running:
        port = running.server_address[1]
        found = detect_servers({port: "LM Studio"})
    assert [one.model for one in found] == shown
    assert {(one.server, one.url) for one in found} <= {(server, f"http://127.0.0.1:{port}/v1")}


def test_what_a_server_says_of_itself_counts_before_names() -> None:
    says = {"architecture": {"input_modalities": ["text"]}, "owned_by": None}
    with scripted(Behaviour(models=listing("gemma-3-4b", "qwen3-vl-8b", **says))) as running:
        assert not any(one.sees for one in detect_servers({running.server_address[1]: "a server"}))


def test_one_that_answers_as_ollama_does_keeps_its_name() -> None:
    pages = {
        "/api/tags": (200, {"models": [tag("koboldcpp/tiny")]}),
        "/v1/models": (200, listing("koboldcpp/tiny", owner="koboldcpp")),
    }
    with answering(lambda path: pages.get(path, MISSING)) as port:
        assert [(one.server, one.model) for one in detect_servers({port: "KoboldCpp"})] == [("KoboldCpp", "koboldcpp/tiny")]


LOOKALIKES: dict[str, Callable[[str], Page]] = {
    "Chroma": lambda _path: MISSING,
    "a web page at every path": lambda _path: (200, "<!doctype html><title>My app</title>"),
    "JSON at every path": lambda _path: (200, {"status": "ok"}),
    "LM Studio without such a path": lambda _path: (200, {"error": "Unexpected endpoint or method."}),
    "a list of other things": lambda _path: (200, {"object": "list", "data": [{"id": "a", "object": "file"}]}),
    "numbers for names": lambda _path: (200, {"data": [{"id": 1}], "models": [{"name": 2}]}),
    "a list of words": lambda _path: (200, ["a", "b"]),
    "other models": lambda _path: (200, {"models": ["car", "bike"], "data": "none"}),
    "nothing loaded": lambda _path: (200, {"object": "list", "data": []}),
    "one that wants a key": lambda _path: (401, {"error": {"message": "No API key"}}),
    "one that fails": lambda _path: (500, listing("m")),
    "one that sends away": lambda _path: (302, "http://127.0.0.1:1/v1/models"),
    "a nested word": lambda _path: (200, "[" * 100_000),
    "a list without an end": lambda _path: (200, {"data": [{"id": "m" * 2_000_000}]}),
}


@pytest.mark.parametrize("kind", LOOKALIKES)
def test_what_only_looks_like_one_is_left_out(kind: str) -> None:
    with answering(LOOKALIKES[kind]) as port:
        assert detect_servers({port: "vLLM"}) == []


def test_silent_and_slow_ones_do_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_servers, "_TOTAL_S", 2)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    with (
        raw(b"") as silent,
        raw(b"SSH-2.0-OpenSSH_9.2\r\n") as other,
        raw(head + b"fffff\r\n{", goes_on=True) as trickling,
        scripted(Behaviour(models=listing("here"))) as running,
        socket.create_server(("127.0.0.1", 0)) as closed,
    ):
        gone = closed.getsockname()[1]
        closed.close()
        ports = dict.fromkeys((silent, other, trickling, gone, running.server_address[1]), "a server")
        assert [one.model for one in detect_servers(ports)] == ["here"]


def test_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with scripted(Behaviour(models=listing("here"))) as running:
        assert detect_servers({running.server_address[1]: "a server"})


class TestUse:
    """`persona models use`."""

    def use(self, *words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["models", "use", *words])
        return result.exit_code, result.output or str(getattr(result.exception, "message", ""))

    def test_a_url_is_asked_and_kept_as_it_is_put_right(self) -> None:
        with scripted(Behaviour(models=listing("first", "second"))) as server:
            assert self.use(f"{server.root}/v1/chat/completions")[0] == 0
            assert (Settings().llm_base_url, Settings().llm_model) == (f"{server.root}/v1", "first")
            assert self.use(server.root.removeprefix("http://"), "--model", "second")[0] == 0
            assert Settings().llm_model == "second"

    def test_a_url_without_a_server_changes_nothing(self) -> None:
        code, said = self.use("http://127.0.0.1:1/v1")
        assert code == 1
        assert "No model server answers" in said
        assert not settings.settings_file().exists()

    @pytest.mark.parametrize("ids", [["bge-m3"], ["nomic-embed-text", "whisper-1", "intfloat/e5-small"], ["all-minilm:latest"]])
    def test_a_server_without_a_chat_model_is_refused(self, ids: list[str]) -> None:
        with scripted(Behaviour(models=listing(*ids))) as server:
            code, said = self.use(server.root)
            assert code == 1
            assert f"seems to have no chat model. Its models are: {', '.join(ids)}. Load a chat model there" in said
            assert not settings.settings_file().exists()
            assert self.use(server.root, "--model", ids[0])[0] == 0, "who names one knows"

    @pytest.mark.parametrize("status", [200, 201, 302, 400, 403, 422, 429])
    @pytest.mark.parametrize("words", ["", "Bad request", "<!doctype html><title>My app</title>"])
    def test_a_website_is_no_model_server(self, status: int, words: str) -> None:
        with answering(lambda _path: (200, "<!doctype html><title>My app</title>"), posted=(status, words)) as port:
            code, said = self.use(f"http://127.0.0.1:{port}")
        assert code == 1
        assert f"There is no model server at http://127.0.0.1:{port}" in said
        assert "it answers with a web page or plain text" in said
        assert not settings.settings_file().exists()

    def test_the_name_of_a_served_model(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            local_servers, "detect_servers", lambda: [Served("Ollama", "http://127.0.0.1:11434/v1", "qwen3:latest", sees=False)]
        )
        code, said = self.use("qwen3")
        assert code == 0
        assert "qwen3:latest on Ollama answers from now on (saved in" in said
        assert "OLLAMA_CONTEXT_LENGTH" in said
        assert Settings().llm_model == "qwen3:latest"
        code, said = self.use("gpt-9")
        assert code == 1
        assert "of a server on this machine: qwen3:latest" in said

    def test_a_file_and_the_embedded_one_again(self, tmp_path) -> None:
        (tmp_path / "own.gguf").touch()
        assert self.use(str(tmp_path / "own.gguf"))[0] == 0
        assert Settings().llm_model == str(tmp_path / "own.gguf")
        assert self.use("embedded")[0] == 0
        assert (Settings().llm_base_url, Settings().llm_model) == ("", "")

    def test_a_catalogue_model_has_to_be_here(self, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
        monkeypatch.setenv("PERSONA_CACHE_DIR", str(tmp_path))
        assert "run `persona models pull qwen3-vl-4b` first" in self.use("qwen3-vl-4b")[1]
        assert "is not a chat model" in self.use("clip-vit-b-32")[1]

    def test_what_counts_first_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PERSONA_LLM_MODEL", "another")
        with scripted(Behaviour(models=listing("first"))) as server:
            assert "But the model is set in the environment: PERSONA_LLM_MODEL, which has priority." in self.use(server.root)[1]
        assert Settings().llm_base_url == ""
