"""People who talk to hosts behind a load balancer, each message with a token of its own; a failed message is sent again."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.servers.three_hosts import tokens
from tests.servers.three_hosts.hosts import BOUND_S, Host

CHAT_HEADER, USER_HEADER = "x-openwebui-chat-id", "X-OpenWebUI-User-Id"
_SILENCE_S = 30.0
"""After this long without a byte, or a word, a client takes its connection for lost."""
_PROBE_S = 0.5
_SLOW_S = 5.0
_THINGS = ("boat", "kite", "shed", "garden", "bicycle", "piano", "tent", "clock", "ladder", "lamp")


@dataclass
class Failure:
    """An answer that a client did not get.

    Attributes:
        host: Which host it asked.
        kind: What happened.
        seconds: After how long.
        at: When, on the test's clock.
    """

    host: str
    kind: str
    seconds: float
    at: float


@dataclass
class Person:
    """One person's conversation.

    Attributes:
        number: Which person.
        name: The name that the front end gives.
        history: Every message that was acknowledged, with its reply.
    """

    number: int
    name: str
    history: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Told:
    """What all people saw.

    Attributes:
        failures: Answers that did not come.
        slow: Answers whose first word came late.
        first_word_s: Of each answer, after how many seconds its first word came.
        answer_s: Of each message, how long it took with everything that failed before.
        wrong: Replies that do not name the message before theirs, or name somebody else's.
    """

    failures: list[Failure] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    first_word_s: list[float] = field(default_factory=list)
    answer_s: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Balancer:
    """Sends to any host that says that it is ready, as a load balancer does.

    Args:
        hosts: The hosts.
        seed: Decides who goes where.

    Attributes:
        ready: What each host said last.
        only: While this is a host, everybody goes there.
    """

    def __init__(self, hosts: Sequence[Host], seed: int) -> None:
        self._hosts = list(hosts)
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.ready: dict[str, bool] = {host.name: True for host in hosts}
        self.only: Host | None = None
        self._threads = [threading.Thread(target=self._probe, args=(host,), daemon=True) for host in hosts]
        for thread in self._threads:
            thread.start()

    def choose(self, but: str = "") -> Host:
        """Return a host that is ready, if possible another one than where it just failed."""
        if self.only is not None:
            return self.only
        with self._lock:
            ready = [host for host in self._hosts if self.ready[host.name]] or self._hosts
            return self._random.choice([host for host in ready if host.name != but] or ready)

    def close(self) -> None:
        """Stop asking."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _probe(self, host: Host) -> None:
        while not self._ended.wait(_PROBE_S):
            self.ready[host.name] = host.is_ready()


class Client:
    """Talks for the people.

    Args:
        balancer: Chooses the host.
        key: The key of the front end, which names the person in a header.
        seed: As in `tokens.token`.
    """

    def __init__(self, balancer: Balancer, key: str, seed: int) -> None:
        self.told = Told()
        self._balancer = balancer
        self._key = key
        self._seed = seed
        self._http = httpx.Client(
            timeout=httpx.Timeout(_SILENCE_S, connect=3.0), trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )
        self._lock = threading.Lock()

    def headers(self, person: Person) -> dict[str, str]:
        """Return what says who asks, and in which conversation."""
        return {"Authorization": f"Bearer {self._key}", USER_HEADER: person.name, CHAT_HEADER: f"chat of {person.name}"}

    def say(self, person: Person) -> str:
        """Say a person's next message until it is answered; returns the reply."""
        number = len(person.history)
        mine = tokens.token(self._seed, person.number, number)
        text = f"I have a {_THINGS[number % len(_THINGS)]} called {mine}."
        began, failed_at = time.monotonic(), ""
        while True:
            host = self._balancer.choose(failed_at)
            asked = time.monotonic()
            try:
                reply, first_word = self.ask(host, person, text)
                break
            except (httpx.HTTPError, _Failed) as error:
                failed_at, now = host.name, time.monotonic()
                kind = str(error) if isinstance(error, _Failed) else type(error).__name__
                with self._lock:
                    self.told.failures.append(Failure(host.name, kind, round(now - asked, 1), round(now, 1)))
                assert now - began < BOUND_S, self.told.failures[-20:]
                time.sleep(_PROBE_S)
        person.history.append((text, reply))
        expected = {tokens.token(self._seed, person.number, number - 1)} if number else set()
        if first_word > _SLOW_S:
            self.told.slow.append(f"{text} of {person.name} at {host.name} asked at {asked:.1f}: {first_word:.1f} s")
        with self._lock:
            self.told.first_word_s.append(first_word)
            self.told.answer_s.append(time.monotonic() - began)
            if set(tokens.found(reply)) != expected:
                self.told.wrong.append(f"{text} -> {reply}")
        return reply

    def ask(self, host: Host, person: Person, content: str | list[dict[str, Any]]) -> tuple[str, float]:
        """Send a host a person's conversation with a new message; returns the reply, and after how many seconds its first word came.

        Raises:
            httpx.HTTPError: The connection failed.
            _Failed: The host answered with an error, or not to the end.
        """
        body = {"model": "persona", "stream": True, "include_reasoning": False, "messages": self.messages(person, content)}
        said, first, done, began = "", 0.0, False, time.monotonic()
        heard = began
        with self._http.stream("POST", f"{host.url}/v1/chat/completions", json=body, headers=self.headers(person)) as answer:
            if answer.status_code != httpx.codes.OK:
                raise _Failed(f"{answer.status_code} {_code(answer.read())}")
            for line in answer.iter_lines():
                if not line.startswith("data: "):
                    # A comment keeps the connection open, also while the host can do nothing.
                    if time.monotonic() - heard >= _SILENCE_S:
                        raise _Failed("no word came")
                    continue
                if line == "data: [DONE]":
                    continue
                heard = time.monotonic()
                event = json.loads(line.removeprefix("data: "))
                if "error" in event:
                    raise _Failed(f"in the stream: {event['error'].get('code')}")
                for choice in event["choices"]:
                    if delta := choice["delta"].get("content"):
                        first = first or time.monotonic() - began
                        said += delta
                    done = done or choice["finish_reason"] == "stop"
        if not done:
            raise _Failed("the stream ended early")
        return said, first

    def messages(self, person: Person, content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return a person's whole conversation with a new message, as clients send it."""
        before = [(("user", said), ("assistant", reply)) for said, reply in person.history]
        messages: list[dict[str, Any]] = [{"role": role, "content": text} for pair in before for role, text in pair]
        return [*messages, {"role": "user", "content": content}]

    def get(self, host: Host, person: Person, path: str, method: str = "GET", **query: Any) -> Any:
        """Call a route of the REST API."""
        answer = self._http.request(method, f"{host.url}/api/v1{path}", params=query, headers=self.headers(person))
        assert answer.is_success, (host.name, answer.status_code, answer.text)
        return answer.json()

    def metric(self, host: Host, name: str) -> float:
        """Return a number that a host tells its monitor."""
        answer = self._http.get(f"{host.url}/metrics", headers={"Authorization": f"Bearer {self._key}"})
        return next(float(line.split()[-1]) for line in answer.text.splitlines() if line.startswith(f"{name} "))

    def photo(self, host: Host, person: Person) -> bytes:
        """Return a person's only photo."""
        [photo] = self.get(host, person, "/photos")["items"]
        answer = self._http.get(f"{host.url}/api/v1/photos/{photo['id']}/original", headers=self.headers(person))
        assert answer.is_success, answer.text
        return answer.content

    def close(self) -> None:
        """Close all connections."""
        self._http.close()


class _Failed(Exception):
    """A host answered with an error."""


def _code(data: bytes) -> str:
    try:
        error = json.loads(data)["error"]
    except (ValueError, KeyError, TypeError):
        return ""
    return str(error.get("code", ""))
