"""Calls of a model over real HTTP on loopback, by a server that says byte by byte what it is told to."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import contextmanager, suppress
from itertools import takewhile

import pytest
import urllib3
from langchain_core.callbacks import BaseCallbackHandler, UsageMetadataCallbackHandler
from langchain_core.messages import HumanMessage

from app.models.chat import PersonaChat
from app.models.completions import Completions, RefusedError
from graph.calls.asking import stream_text
from graph.calls.tally import Tally
from memory.core.errors import MessageTooLong, ModelUnavailable

CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_CLOSED = b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


def event(text, reason=None, **more):
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
    return f"data: {json.dumps({'choices': [choice], **more})}\n\n".encode()


def chunk(data):
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


DONE = b"data: [DONE]\n\n"
HELLO = [CHUNKED, chunk(event("Hel")), chunk(event("lo", "stop")), chunk(DONE), LAST_CHUNK]


def refusal(status, words, headers=""):
    said = json.dumps({"error": {"message": words}}).encode()
    return [f"HTTP/1.1 {status} X\r\nContent-Length: {len(said)}\r\n{headers}\r\n".encode() + said]


class Script:
    """Answers requests one after another; each answer is bytes to send, seconds to wait, or None to hang up."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.connections = 0
        self.bodies = []
        self.first_lines = []
        self.heads = []
        self.reads_slowly = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection, connection.makefile("rb") as asked:
            while True:
                try:
                    head = list(takewhile(bytes.strip, iter(asked.readline, b"")))
                except OSError:
                    return
                if not head:
                    return
                self.first_lines.append(head[0].decode())
                self.heads.append(head)
                [size] = [int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length")]
                data = b""
                while len(data) < size:
                    part = asked.read(min(size - len(data), 1_000_000))
                    if not part:
                        return
                    data += part
                    time.sleep(0.1 * self.reads_slowly)
                self.bodies.append(json.loads(data))
                for part in self.answers.pop(0):
                    if part is None:
                        return
                    if isinstance(part, float):
                        time.sleep(part)
                        continue
                    if isinstance(part, threading.Event):
                        part.wait(600)
                        continue
                    try:
                        connection.sendall(part)
                    except OSError:
                        return

    def close(self):
        """Hang up on everybody: closing alone wakes no thread that waits."""
        for held in [self._listener, *self._open]:
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def serving(*answers):
    script = Script(*answers)
    try:
        yield script
    finally:
        script.close()


def go_on():
    """Waits as long as it takes."""


def completions(script, timeout_s=5.0, retries=1, *, proxied=False):
    return Completions(script.url, "key", timeout_s=timeout_s, retries=retries, proxied=proxied)


def texts(chunks):
    return [choice["delta"]["content"] for piece in chunks for choice in piece.get("choices", [])]


def test_pieces_come_as_they_are_written_and_the_connection_is_used_again():
    with serving(HELLO, HELLO) as script:
        server = completions(script)
        assert texts(server.chunks({"a": 1}, go_on)) == ["Hel", "lo"]
        assert texts(server.chunks({"a": 2}, go_on)) == ["Hel", "lo"]
        assert script.connections == 1
    assert [body["a"] for body in script.bodies] == [1, 2]


def test_events_may_be_cut_anywhere_and_stand_beside_comments():
    data = b": ping\n\n" + event("He") + b"event: x\r\n" + event("llo", "stop") + DONE
    cut = [chunk(data[place : place + 7]) for place in range(0, len(data), 7)]
    with serving([CHUNKED, *cut, LAST_CHUNK]) as script:
        assert texts(completions(script).chunks({}, go_on)) == ["He", "llo"]


def test_an_answer_that_ends_with_its_connection_is_read_to_its_last_line():
    with serving([UNTIL_CLOSED, event("He"), event("llo", "stop").rstrip(b"\n"), None]) as script:
        assert texts(completions(script).chunks({}, go_on)) == ["He", "llo"]


def test_a_server_that_does_not_hang_up_after_its_last_word_is_not_waited_for():
    hangs_up = threading.Event()
    with serving([CHUNKED, chunk(event("Hello", "stop")), chunk(DONE), hangs_up], HELLO) as script:
        server = completions(script)
        assert texts(server.chunks({}, go_on)) == ["Hello"]
        assert not hangs_up.is_set()
        hangs_up.set()
        assert texts(server.chunks({}, go_on)) == ["Hel", "lo"]


def test_whoever_waits_is_asked_and_can_end_it():
    with serving([CHUNKED, chunk(event("Hel")), 20.0], [20.0]) as script:
        asked = []

        class EnoughError(Exception):
            pass

        def twice():
            asked.append(1)
            if len(asked) == 2:
                raise EnoughError

        chunks = completions(script).chunks({}, twice)
        assert texts([next(chunks)]) == ["Hel"]
        with pytest.raises(EnoughError):
            next(chunks)
        asked.clear()
        # Before the first byte as well.
        with pytest.raises(EnoughError):
            completions(script).whole({}, twice, 1.0)


def test_silence_has_an_end():
    with serving([CHUNKED, chunk(event("Hel")), 20.0], [20.0]) as script:
        server = completions(script, timeout_s=0.5, retries=0)
        with pytest.raises(urllib3.exceptions.ReadTimeoutError):
            list(server.chunks({}, go_on))
        with pytest.raises(urllib3.exceptions.HTTPError, match="timed out"):
            list(server.chunks({}, go_on))


def test_a_request_on_a_slow_line_is_sent_for_as_long_as_it_goes_on(monkeypatch):
    monkeypatch.setattr("app.models.completions._CONNECT_S", 0.3)
    with serving(HELLO) as script:
        script.reads_slowly = True
        assert texts(completions(script).chunks({"picture": "x" * 12_000_000}, go_on)) == ["Hel", "lo"]


def test_an_answer_that_said_it_is_done_counts_however_its_connection_ends():
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    for answer in ([*HELLO[:-1], None], [long, event("Hel"), event("lo", "stop"), DONE, None]):
        with serving(answer) as script:
            assert texts(completions(script).chunks({}, go_on)) == ["Hel", "lo"]


def test_a_gateway_that_writes_every_field_has_not_refused():
    with serving([CHUNKED, chunk(event("Hello", "stop", error=None, usage=None)), chunk(DONE), LAST_CHUNK]) as script:
        assert texts(completions(script).chunks({}, go_on)) == ["Hello"]


def test_a_pause_before_the_second_try_can_be_ended_too(monkeypatch):
    class EnoughError(Exception):
        pass

    def enough():
        raise EnoughError

    with serving(refusal(503, "busy", "Retry-After: 20\r\n"), HELLO) as script, monkeypatch.context() as patched:
        paused: list[float] = []
        patched.setattr("app.models.cancellable.time.sleep", paused.append)
        with pytest.raises(EnoughError):
            list(completions(script).chunks({}, enough))
        assert sum(paused) < 5
    with serving(refusal(503, "busy", "Retry-After: soon\r\n"), HELLO) as script:
        assert texts(completions(script).chunks({}, go_on)) == ["Hel", "lo"]


def test_a_long_request_has_the_time_that_it_needs_after_an_answer_that_was_waited_for():
    with serving(HELLO, HELLO) as script:
        server = completions(script)
        list(server.chunks({}, go_on))
        # The server does not read for longer than a moment of waiting for an answer is.
        script.answers.insert(0, [CHUNKED, chunk(event("a", "stop")), chunk(DONE), LAST_CHUNK, 0.6])
        list(server.chunks({}, go_on))
        assert texts(server.chunks({"picture": "x" * 40_000_000}, go_on)) == ["Hel", "lo"]
        assert script.connections == 1


@pytest.mark.parametrize(("answer", "times"), [(refusal(503, "busy"), 2), (refusal(429, "busy", "Retry-After: 0\r\n"), 2)])
def test_a_server_that_may_answer_a_moment_later_is_asked_once_more(answer, times):
    with serving(answer, HELLO) as script:
        assert texts(completions(script).chunks({}, go_on)) == ["Hel", "lo"]
    assert len(script.bodies) == times


def test_what_stays_wrong_is_not_tried_again():
    with serving(refusal(400, "no such model"), HELLO) as script, pytest.raises(RefusedError, match="no such model"):
        list(completions(script).chunks({}, go_on))
    assert len(script.bodies) == 1


def test_a_proxy_of_the_environment_is_asked_where_the_server_is_elsewhere(monkeypatch):
    with serving(HELLO, HELLO) as script:
        monkeypatch.setenv("http_proxy", script.url.removesuffix("/v1"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        there = Completions("http://models.example/v1", "", timeout_s=5.0, retries=0, proxied=True)
        assert texts(there.chunks({}, go_on)) == ["Hel", "lo"]
        assert script.first_lines[0].startswith("POST http://models.example/v1/chat/completions")
        assert texts(completions(script).chunks({}, go_on)) == ["Hel", "lo"]
        assert script.first_lines[1].startswith("POST /v1/chat/completions")


def test_a_proxy_may_want_a_name_and_may_stand_without_a_scheme(monkeypatch):
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with serving(HELLO, HELLO) as script:
        host = script.url.removeprefix("http://").removesuffix("/v1")
        for proxy in (f"http://ada:secret@{host}", host):
            monkeypatch.setenv("http_proxy", proxy)
            there = Completions("http://models.example/v1", "", timeout_s=5.0, retries=0, proxied=True)
            assert texts(there.chunks({}, go_on)) == ["Hel", "lo"]
    said = [line for head in script.heads for line in head if line.lower().startswith(b"proxy-authorization")]
    assert [line.split()[-1] for line in said] == [b"YWRhOnNlY3JldA=="]
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:9")
    with pytest.raises(ModelUnavailable, match="NO_PROXY"):
        Completions("http://models.example/v1", "", timeout_s=5.0, retries=0, proxied=True)


def test_behind_a_proxy_the_secure_connection_has_its_time(monkeypatch):
    """The other end begins late, and with what is no TLS: that is said, not that it took too long."""
    proxy = socket.create_server(("127.0.0.1", 0))

    def tunnel():
        connection, _ = proxy.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            time.sleep(0.6)
            connection.sendall(b"no TLS at all\r\n" * 4)
            connection.recv(65_536)

    threading.Thread(target=tunnel, daemon=True).start()
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    there = Completions("https://models.example/v1", "", timeout_s=5.0, retries=0, proxied=True)
    with proxy, pytest.raises(urllib3.exceptions.HTTPError, match=r"(?i)ssl"):
        list(there.chunks({}, go_on))


def chat(script, **more):
    return PersonaChat(completions=completions(script, retries=0), url=script.url, model="m", **more)


def test_those_who_listen_to_a_run_hear_each_piece_and_what_was_counted():
    class Hears(BaseCallbackHandler):
        heard = ()

        def on_llm_new_token(self, token, **_):
            self.heard += (token,)

    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11, "prompt_tokens_details": {"cached_tokens": 4}}
    counted = chunk(f"data: {json.dumps({'choices': [], 'usage': usage})}\n\n".encode())
    answer = [*HELLO[:3], counted, *HELLO[3:]]
    with serving(answer, answer, answer) as script:
        model, hears, counts = chat(script, counts=True), Hears(), UsageMetadataCallbackHandler()
        alone = list(model.stream("Hi"))
        listened = list(model.stream("Hi", config={"callbacks": [hears, counts]}))
        whole = model.invoke("Hi")
    assert "".join(one.text for one in alone) == "".join(one.text for one in listened) == whole.text == "Hello"
    assert [text for text in hears.heard if text] == ["Hel", "lo"]
    assert counts.usage_metadata["m"]["total_tokens"] == 11
    [said] = [one.usage_metadata for one in alone if one.usage_metadata]
    assert (said["input_tokens"], said["input_token_details"]["cache_read"]) == (9, 4)
    assert script.bodies[0]["stream_options"] == {"include_usage": True}


def test_counts_that_come_with_each_piece_are_told_once():
    answer = [CHUNKED, *(
        chunk(event(text, reason, usage={"prompt_tokens": 9, "completion_tokens": written, "total_tokens": 9 + written}))
        for text, reason, written in (("Hel", None, 1), ("lo", "stop", 2))
    ), chunk(DONE), LAST_CHUNK]  # fmt: skip
    with serving(answer, answer) as script:
        whole, tally = chat(script).invoke("Hi"), Tally()
        assert "".join(stream_text(chat(script), [HumanMessage("Hi")], grammar=None, max_tokens=9, tally=tally)) == "Hello"
    assert whole.usage_metadata["total_tokens"] == 11
    assert (tally.usage.prompt_tokens, tally.usage.completion_tokens, tally.usage.estimated) == (9, 2, False)


@pytest.mark.parametrize("odd", ["nine", -9, None, 1e400, [9], {}])
def test_a_count_that_is_none_costs_no_reply(odd):
    counted = f'data: {{"choices": [], "usage": {json.dumps({"prompt_tokens": odd, "completion_tokens": odd})}}}\n\n'.encode()
    with serving([*HELLO[:3], chunk(counted), *HELLO[3:]]) as script:
        tally = Tally()
        assert "".join(stream_text(chat(script), [HumanMessage("Hi")], grammar=None, max_tokens=9, tally=tally)) == "Hello"
    assert tally.usage.estimated
    assert tally.usage.total_tokens > 0


@pytest.mark.parametrize("answer", [
    refusal(400, "maximum context length is 4096 tokens"),
    [CHUNKED, chunk(b'data: {"error": {"message": "the request exceeds the available context size", "code": 400}}\n\n')],
])  # fmt: skip
def test_a_prompt_that_does_not_fit_is_said_so(answer):
    with serving(answer) as script, pytest.raises(MessageTooLong, match="context"):
        list(chat(script).stream("Hi"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([CHUNKED, chunk(b"data: {oops\n\n"), LAST_CHUNK], "broke off"),
        ([CHUNKED, chunk(event("Hel")), LAST_CHUNK], "broke off in the middle"),
        ([CHUNKED, chunk(event("Hel")), None], "broke off"),
        ([b"what is this\r\n\r\n", None], "broke off"),
        ([None], "broke off"),
        (refusal(500, "out of memory"), "HTTP 500: out of memory"),
    ],
)
def test_every_other_way_to_fail_is_one_sentence(answer, words):
    with serving(answer) as script, pytest.raises(ModelUnavailable, match=words) as told:
        list(chat(script).stream("Hi"))
    assert "\n" not in told.value.message


def test_a_stopped_call_ends_quietly_for_those_who_listen_too():
    with serving([CHUNKED, 20.0]) as script:
        model = chat(script)
        assert (
            "".join(
                one.text for one in model.stream("Hi", config={"callbacks": [BaseCallbackHandler()]}, unwanted=lambda: True)
            )
            == ""
        )


def test_what_is_said_by_others_than_the_two_goes_along():
    from langchain_core.messages import AIMessageChunk, ChatMessage, HumanMessage

    with serving(HELLO) as script:
        list(chat(script).stream([HumanMessage("a"), AIMessageChunk("b"), ChatMessage("c", role="user")]))
    assert [(one["role"], one["content"]) for one in script.bodies[0]["messages"]] == [
        ("user", "a"),
        ("assistant", "b"),
        ("user", "c"),
    ]
