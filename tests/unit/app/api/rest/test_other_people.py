"""No operation reaches another person's data, whatever id it is given."""

from __future__ import annotations

import re

import pytest

from tests.unit.app.api.rest.conftest import API, Caller

pytestmark = pytest.mark.api

BODIES = {
    "edit_memory": {"text": "The user owns nothing."},
    "answer_offer": {"forget": True},
}
UNKNOWN = "sem_0123456789abcdef0123"


def with_ids(app):
    """Return (method, path, operation id) of the operations whose path has an id."""
    return [
        (method.upper(), path.removeprefix(API), operation["operationId"])
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
        if path.startswith(API) and "{entry_id}" in path
    ]


def everything(bob):
    return {path: bob("GET", path) for path in ("/memories", "/memories/pending", "/memories/forgotten", "/turns", "/photos")}


def test_another_persons_ids_are_answered_like_unknown_ones(client, live):
    bob, ada = Caller(client, "bob"), Caller(client, "ada")
    his, _hers = live("bob", "cello"), live("ada", "cello")
    before = everything(bob)
    operations = with_ids(client.app)
    assert len(operations) >= 14
    for method, path, name in operations:
        for entry_id in {*his.values(), UNKNOWN, "..", "%00", "tur_%00", "é" * 300, "' OR 1=1 --"}:
            found = ada.send(method, path.replace("{entry_id}", entry_id), BODIES.get(name))
            assert found.status_code in ((404, 405) if entry_id == ".." else (404,)), (method, path, entry_id, found.text)
            unknown = ada.send(method, path.replace("{entry_id}", UNKNOWN), BODIES.get(name)).json()
            if entry_id in his.values():
                assert told(found.json(), entry_id) == told(unknown, UNKNOWN), (method, path)
    assert everything(bob) == before


def told(answer, entry_id):
    """Return a sentence without the id that it names, which may be shortened."""
    return re.sub(rf"'({entry_id}|{entry_id[:12]})'", "ID", answer["error"]["message"])


def test_ids_beside_the_path_reach_nobody_else_either(client, live):
    bob, ada = Caller(client, "bob"), Caller(client, "ada")
    his, hers = live("bob", "cello"), live("ada", "Rex")
    before = everything(bob)
    assert ada("DELETE", f"/memories/{hers['fact']}", also=[*his.values(), "\x00"])["counts"]["memories"] >= 1
    [talk] = bob("GET", "/conversations")["items"]
    assert {one["id"] for one in ada("GET", "/turns", session=talk["session"])["items"]}.isdisjoint(his.values())
    assert ada.fails(404, "GET", "/memories", turn=his["turn"]).replace(his["turn"], "ID") == ada.fails(
        404, "GET", "/memories", turn=UNKNOWN
    ).replace(UNKNOWN, "ID")
    ada.fails(404, "GET", "/memories", turn="\x00")
    page = bob("GET", "/turns", limit=1)
    for cursor in (page["next"], bob("GET", "/memories", limit=1)["next"]):
        found = ada.send("GET", "/turns", cursor=cursor)
        assert not any(name in found.text for name in his.values() if name != his["photo"])
    assert everything(bob) == before


def test_a_key_decides_and_a_named_person_is_not_asked(service, client, live):
    has = live("bob")
    _, secret = service.memory.api_keys.create("ada")
    ada = Caller(client, "bob", {"authorization": f"Bearer {secret}"})
    assert ada("GET", "/me") == {"user": "ada", "counts": {"turn": 0}}
    ada.fails(404, "GET", f"/memories/{has['fact']}")
