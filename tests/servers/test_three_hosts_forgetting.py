"""What is forgotten on one of three hosts is answered on none within the second, and after the purge it is in no byte of theirs."""

from __future__ import annotations

import json
import time
from itertools import count

import pytest

from tests.servers.three_hosts import leftovers, tokens, verdict
from tests.servers.three_hosts.cluster import running
from tests.servers.three_hosts.hosts import BOUND_S, Host
from tests.servers.three_hosts.people import Balancer, Client, Person
from tests.servers.three_hosts.records import Records, until
from tests.servers.three_hosts.servers import new_servers

pytestmark = [pytest.mark.server, pytest.mark.api, pytest.mark.hosts]

SEED = 7
LINES = 20
CHANGES = 10
"""How often each message changes: after 200 changes, the object store gets a copy of the index file."""
_NUMBERS = count()


@pytest.fixture(scope="module")
def cluster(postgres, chroma, s3, tmp_path_factory):
    with running(tmp_path_factory.mktemp("hosts"), new_servers(postgres, chroma, s3)) as started:
        leftovers.without_compression(started.servers)
        yield started


@pytest.fixture
def records(cluster):
    opened = Records(cluster.servers.database_url)
    yield opened
    opened.close()


@pytest.fixture
def balancer(cluster):
    opened = Balancer(cluster.hosts, SEED)
    yield opened
    opened.close()


@pytest.fixture
def client(cluster, balancer):
    opened = Client(balancer, cluster.key, SEED)
    yield opened
    opened.close()


@pytest.fixture
def ada(tmp_path, cluster, client, balancer, records):
    """A person with an old message and one new message for each host; all hosts have indexed them."""
    person = Person(next(_NUMBERS), f"ada of {tmp_path.name}")
    texts = [f"My heron is called {old(person)}.", *(f"On day {day} I counted {day} swans." for day in range(1, LINES))]
    lines = [{"time": f"2026-03-01 09:{minute:02}", "user": text, "assistant": "I see."} for minute, text in enumerate(texts)]
    file = tmp_path / "lines.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    cluster.hosts[0].run("ingest", str(file), "--user", verdict.user_of(person))
    for host in cluster.hosts:
        balancer.only = host
        client.say(person)
    with cluster.servers.database() as connection:
        for _ in range(CHANGES):
            connection.execute("UPDATE turns SET revision = revision + 1 WHERE user_id = %s", [verdict.user_of(person)])
    until(lambda: not any(records.left().values()), BOUND_S, records.left)
    for host in cluster.hosts:
        assert old(person) in searched(client, host, person, "What is my heron called?")
    return person


def old(person: Person) -> str:
    """Return the secret in a person's oldest message."""
    return tokens.token(SEED, person.number, 900)


def searched(client: Client, host: Host, person: Person, text: str) -> str:
    return json.dumps(client.get(host, person, "/memories/search", text=text))


def ids(records: Records, person: Person) -> dict[str, str]:
    """Return the messages' ids by their tokens."""
    return {one: row.id for row in records.said(verdict.user_of(person)) for one in tokens.found(row.text)}


def test_what_is_forgotten_on_one_host_is_not_answered_on_another_within_the_second(cluster, client, records, ada):
    one, two, three = cluster.hosts
    said, _ = ada.history[1]
    [secret] = tokens.found(said)
    assert all(secret in searched(client, host, ada, said) for host in cluster.hosts)
    turn = ids(records, ada)[secret]
    before = len(cluster.calls.read_text())
    client.get(one, ada, f"/memories/{turn}", "DELETE")
    began, clock = time.monotonic(), time.time()
    found = searched(client, two, ada, said)
    searched_s = time.monotonic() - began
    # The client sends the whole conversation, with what is forgotten.
    client.ask(three, ada, "What is my kite called?")
    calls = cluster.calls.read_text()[before:]
    asked = next(call for call in map(json.loads, calls.splitlines()) if call["step"] == "reasoning")
    print(json.dumps({"searched after s": round(searched_s, 3), "in the prompt after s": round(asked["at"] - clock, 3)}))
    assert secret not in found
    assert secret not in calls
    assert asked["tokens"]
    assert searched_s < 1


def test_after_a_purge_no_host_and_no_server_has_a_byte_of_it(cluster, client, records, ada):
    one, two, _ = cluster.hosts
    servers, turns = cluster.servers, ids(records, ada)
    [new] = tokens.found(ada.history[1][0])
    until(lambda: leftovers.in_bucket(servers, old(ada)), BOUND_S)
    for secret in (old(ada), new):
        assert all(leftovers.in_files(host.folder, secret) for host in cluster.hosts)
        assert leftovers.in_chroma(servers, secret)
        assert leftovers.in_rows(servers, secret)
        assert leftovers.in_server_files(servers, secret, ["ANALYZE"])
    words = ("memory", "forget", turns[old(ada)], "--user", verdict.user_of(ada), "--now", "--json")
    receipt = json.loads(one.run(*words))["receipt"]
    assert [host["state"] for host in receipt["hosts"]] == ["purged"] * 3
    assert not any(receipt["found"].values()), receipt
    assert client.get(two, ada, f"/memories/{turns[new]}", "DELETE", now="true")["receipt"]["clean"]
    # What is left to do after it must not bring anything back.
    until(lambda: not any(records.left().values()), BOUND_S, records.left)
    left = {
        secret: {
            **{host.name: leftovers.in_files(host.folder, secret) for host in cluster.hosts},
            "rows": leftovers.in_rows(servers, secret),
            "statistics": leftovers.in_statistics(servers, secret),
            "bucket": leftovers.in_bucket(servers, secret),
            "Chroma": leftovers.in_chroma(servers, secret),
        }
        for secret in (old(ada), new)
    }
    # A page of a table is written again when the server needs its room, and its log when it comes round.
    pages = {
        how: {secret: leftovers.in_server_files(servers, secret, [how]) for secret in (old(ada), new)}
        for how in ("VACUUM", "VACUUM FULL")
    }
    print(json.dumps({"left": left, "PostgreSQL's files": pages}, indent=1))
    assert not any(some for one in left.values() for some in one.values()), left
    assert not [path for paths in pages["VACUUM FULL"].values() for path in paths if not path.startswith("pg_wal/")]
