"""A backup that is made while people write, restored on other servers: everything that was acknowledged before it is there."""

from __future__ import annotations

import base64
import io
import json
import time

import pytest
from PIL import Image

from memory.core.records import TurnState
from tests.servers.three_hosts import backup, tokens, verdict
from tests.servers.three_hosts.cluster import running
from tests.servers.three_hosts.crowd import Crowd
from tests.servers.three_hosts.hosts import BOUND_S, Host
from tests.servers.three_hosts.people import Balancer, Client, Person
from tests.servers.three_hosts.records import Records, until
from tests.servers.three_hosts.servers import new_servers

pytestmark = [pytest.mark.server, pytest.mark.api, pytest.mark.hosts]

SEED = 11
PEOPLE, AT_ONCE = 6, 4
ENOUGH, MORE = 3, 6
"""Messages of each person before the backup begins, and of all people after it."""


def test_everything_that_was_acknowledged_before_a_backup_is_there_after_a_restore(tmp_path, postgres, chroma, s3):
    people = [Person(number, f"p{number} {tmp_path.name}") for number in range(PEOPLE)]
    other = Person(PEOPLE, f"with a photo {tmp_path.name}")
    with running(tmp_path, new_servers(postgres, chroma, s3)) as cluster:
        one, two, _ = cluster.hosts
        balancer = Balancer(cluster.hosts, SEED)
        client = Client(balancer, cluster.key, SEED)
        crowd = Crowd(client, people, AT_ONCE, SEED)
        client.ask(one, other, [{"type": "text", "text": "Look."}, {"type": "image_url", "image_url": {"url": picture()}}])
        photo = client.photo(two, other)
        crowd.begin(1000)
        until(lambda: all(len(person.history) >= ENOUGH for person in people) and crowd.talks, BOUND_S)
        before = {person.number: list(person.history) for person in people}
        file = tmp_path / "journal.dump"
        restored = cluster.servers.with_new_database().with_new_bucket()
        began = time.monotonic()
        backup.dump(cluster.servers, file)
        backup.copy_bucket(cluster.servers, restored)
        took = time.monotonic() - began
        until(lambda: written(people, before) >= MORE, BOUND_S)
        crowd.stop()

        backup.restore(file, restored)
        with backup.chroma_server(tmp_path / "new-chroma") as new_chroma:
            places = {
                "PERSONA_DATABASE_URL": restored.database_url,
                "PERSONA_CHROMA_URL": new_chroma,
                "PERSONA_PHOTOS_URL": restored.bucket,
            }
            host = Host("restored", tmp_path / "restored", {**one.settings, **places})
            began = time.monotonic()
            host.run("reindex")
            host.start()
            try:
                host.wait()
                ready = time.monotonic() - began
                records = Records(restored.database_url)
                until(lambda: not any(records.left().values()), BOUND_S, records.left)
                for person in people:
                    check(client, host, records, person, before[person.number])
                assert client.photo(host, other) == photo
                for lost in json.loads(host.run("hosts", "list", "--json")):
                    if not lost["processes"]:
                        host.run("hosts", "remove", lost["id"])
                records.close()
            finally:
                host.kill()
        client.close()
        balancer.close()
        assert verdict.of_logs([*cluster.logs(), *host.logs]) == []
        acknowledged = sum(map(len, before.values()))
        print(json.dumps({"acknowledged before": acknowledged, "backup s": round(took, 1), "ready after s": round(ready, 1)}))


def picture() -> str:
    file = io.BytesIO()
    Image.effect_noise((320, 240), 90).save(file, "JPEG")
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


def written(people: list[Person], before: dict[int, list[tuple[str, str]]]) -> int:
    return sum(len(person.history) - len(before[person.number]) for person in people)


def check(client: Client, host: Host, records: Records, person: Person, acknowledged: list[tuple[str, str]]) -> None:
    """Check that a person's messages, and what was made from them, are there and are found."""
    rows = records.said(verdict.user_of(person))
    assert [(row.text, row.reply) for row in rows][: len(acknowledged)] == acknowledged
    assert {row.state for row in rows} <= {TurnState.ANSWERED, TurnState.FAILED}
    facts = str([row.text for row in records.memories(verdict.user_of(person))])
    for text, _ in acknowledged:
        [mine] = tokens.found(text)
        assert mine in facts
        found = tokens.found(json.dumps(client.get(host, person, "/memories/search", text=text)))
        assert mine in found
        assert tokens.people_of(found) == tokens.people_of([mine])
