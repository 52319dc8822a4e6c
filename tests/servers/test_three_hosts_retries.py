"""One message that reaches several hosts, because a client or a proxy lost patience: one reply, and the one that was seen stays."""

from __future__ import annotations

import json
import signal
import socket
import threading
from contextlib import contextmanager
from itertools import count

import pytest

from memory.core.records import TurnState
from tests.servers.three_hosts import tokens, verdict
from tests.servers.three_hosts.cluster import running
from tests.servers.three_hosts.hosts import BOUND_S, Host
from tests.servers.three_hosts.people import Balancer, Client, Person
from tests.servers.three_hosts.records import Records, until
from tests.servers.three_hosts.servers import new_servers

pytestmark = [pytest.mark.server, pytest.mark.api, pytest.mark.hosts]

SEED = 5
_NUMBERS = count()


@pytest.fixture(scope="module")
def cluster(postgres, chroma, s3, tmp_path_factory):
    with running(tmp_path_factory.mktemp("hosts"), new_servers(postgres, chroma, s3)) as started:
        yield started


@pytest.fixture
def records(cluster):
    opened = Records(cluster.servers.database_url)
    yield opened
    opened.close()


@pytest.fixture
def client(cluster):
    balancer = Balancer(cluster.hosts, SEED)
    opened = Client(balancer, cluster.key, SEED)
    yield opened
    opened.close()
    balancer.close()


@pytest.fixture
def ada(tmp_path, client):
    person = Person(next(_NUMBERS), f"ada of {tmp_path.name}")
    client.say(person)
    return person


@pytest.fixture
def message(ada):
    return f"I have a kite called {tokens.token(SEED, ada.number, 1)}."


@contextmanager
def held(cluster, step: str):
    """Let the model answer no call of a step."""
    hold = cluster.calls.parent / f"hold-{step}"
    hold.touch()
    try:
        yield
    finally:
        hold.unlink(missing_ok=True)


class Asking(threading.Thread):
    """A client that waits for its reply."""

    def __init__(self, client: Client, host: Host, person: Person, text: str) -> None:
        super().__init__(daemon=True)
        self.said = ""
        self._ask = lambda: client.ask(host, person, text)[0]
        self.start()

    def run(self) -> None:
        self.said = self._ask()


def sent(client: Client, host: Host, person: Person, text: str) -> socket.socket:
    """Send a message over a connection of its own, and read nothing."""
    body = json.dumps({"model": "persona", "stream": True, "messages": client.messages(person, text)}).encode()
    headers = {
        **client.headers(person),
        "Host": host.address,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    }
    opened = socket.create_connection((host.address, host.port))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    opened.sendall(f"POST /v1/chat/completions HTTP/1.1\r\n{head}\r\n".encode() + body)
    return opened


def asked(cluster, message: str) -> int:
    """Return how many calls for a reply had this message."""
    [mine] = tokens.found(message)
    calls = [json.loads(line) for line in cluster.calls.read_text().splitlines()]
    return sum(one["step"] == "reasoning" and mine in one["tokens"] for one in calls)


def there(records: Records, person: Person) -> list[tuple[str, str, str]]:
    return [(row.text, row.reply, row.state) for row in records.said(verdict.user_of(person))]


def expected(ada: Person, message: str) -> list[tuple[str, str, str]]:
    """Return what the journal has once the message was answered."""
    [before] = tokens.found(ada.history[0][0])
    reply = f"Before that you told me of {before}."
    return [(*ada.history[0], TurnState.ANSWERED), (message, reply, TurnState.ANSWERED)]


def test_both_hosts_that_get_a_message_tell_the_one_reply(cluster, client, records, ada, message):
    one, _, three = cluster.hosts
    with held(cluster, "reasoning"):
        first = Asking(client, one, ada, message)
        until(lambda: asked(cluster, message) == 1, BOUND_S)
        second = Asking(client, three, ada, message)
        until(lambda: client.metric(three, "persona_replies_in_progress") == 1, BOUND_S)
    for client_ in (first, second):
        client_.join()
    wanted = expected(ada, message)
    assert [first.said, second.said] == [wanted[1][1]] * 2
    assert there(records, ada) == wanted
    assert asked(cluster, message) == 1


def test_a_client_that_leaves_one_host_gets_the_whole_reply_from_another(cluster, client, records, ada, message):
    one, _, three = cluster.hosts
    with held(cluster, "reasoning"):
        left = sent(client, one, ada, message)
        until(lambda: asked(cluster, message) == 1, BOUND_S)
        second = Asking(client, three, ada, message)
        until(lambda: client.metric(three, "persona_replies_in_progress") == 1, BOUND_S)
        left.close()
        until(lambda: not client.metric(one, "persona_replies_in_progress"), BOUND_S)
    second.join()
    wanted = expected(ada, message)
    assert second.said == wanted[1][1]
    assert there(records, ada) == wanted


def test_a_request_whose_client_left_does_not_touch_the_reply_that_another_host_gave(cluster, client, records, ada, message):
    one, _, three = cluster.hosts
    api = one.processes[0]
    api.send_signal(signal.SIGSTOP)
    try:
        sent(client, one, ada, message).close()
        said, _ = client.ask(three, ada, message)
    finally:
        api.send_signal(signal.SIGCONT)
    wanted = expected(ada, message)
    assert said == wanted[1][1]
    # What it got before this, it has begun by the end of this.
    client.ask(one, Person(next(_NUMBERS), f"{ada.name} again"), "I have two newts.")
    until(lambda: not client.metric(one, "persona_replies_in_progress"), BOUND_S)
    assert there(records, ada) == wanted
    assert asked(cluster, message) == 1
