"""Every operation of the server asks for a key once there is one, the protocols beside OpenAPI too."""

from __future__ import annotations

import re

import pytest
from starlette.routing import Mount, Route

pytestmark = pytest.mark.api
OPEN = {"/health", "/ready"}
BODY = {"messages": [{"role": "user", "content": "Hi"}]}
PUBLIC = {"/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json"}
"""The description of the server, which names nobody."""


def asked(app):
    """Yield (method, path) of everything that a request may reach."""
    for path, operations in app.openapi()["paths"].items():
        yield from ((method.upper(), path) for method in operations if path not in OPEN)
    for route in app.routes:
        # MCP is a protocol of its own, and is not in OpenAPI; it takes the methods that it likes.
        if isinstance(route, Mount | Route) and route.path not in OPEN | PUBLIC:
            methods = getattr(route, "methods", None) or ("DELETE", "GET", "POST", "PUT")
            yield from ((method, route.path) for method in methods if method != "HEAD")


def test_every_operation_asks_for_a_valid_key(service, client):
    keys = service.memory.api_keys
    keys.create("ada")
    revoked, old = keys.create("ada")
    keys.revoke(revoked.id)
    every = sorted(set(asked(client.app)))
    assert len(every) >= 40
    assert {"/metrics", "/v1/chat/completions", "/mcp"} <= {path for _, path in every}
    for method, path in every:
        url = re.sub(r"{\w+}", "x", path)
        for authorization in (None, "Bearer wrong", f"Bearer {old}", "Basic YWRhOmFkYQ=="):
            headers = {"authorization": authorization} if authorization else {}
            found = client.request(method, url, json=BODY, headers=headers, params={"user": "ada"})
            assert found.status_code == 401, (method, path, authorization, found.text)
            assert found.headers["www-authenticate"].startswith("Bearer")
    assert service.memory.journal.users() == []


def test_open_routes_say_nothing_about_anybody(service, client):
    service.memory.receive("ada", "I play the cello.")
    service.memory.api_keys.create("ada")
    for path in sorted(OPEN | {"/openapi.json"}):
        found = client.get(path)
        assert found.status_code == 200
        assert "ada" not in found.text.lower().replace("metadata", "")
