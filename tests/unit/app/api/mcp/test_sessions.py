"""A key has a limited number of sessions; one more ends the one that was not used for longest."""

from __future__ import annotations

import asyncio

import pytest
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken

from app.api.mcp.sessions import Sessions

pytestmark = pytest.mark.api
NAME = b"mcp-session-id"


class Manager:
    """Answers as the SDK's session manager does: a request without a session begins one."""

    def __init__(self):
        self.begun, self.ended, self.status = 0, [], 200

    async def __call__(self, scope, receive, send):
        named = dict(scope["headers"]).get(NAME)
        if scope["method"] == "DELETE":
            assert (await receive())["body"] == b""
            self.ended.append((scope["user"].access_token.subject, named.decode()))
        elif named is None and self.status == 200:
            self.begun += 1
            named = f"s{self.begun}".encode()
        await send({"type": "http.response.start", "status": self.status, "headers": [(NAME, named)] if named else []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def manager():
    return Manager()


@pytest.fixture
def post(manager):
    sessions = Sessions(manager, most=2)

    def send(key, person, session=""):
        user = AuthenticatedUser(AccessToken(token="", client_id=key, scopes=[], subject=person))
        headers = [(NAME, session.encode())] if session else []
        answers = []

        async def heard(message):
            answers.append(message)

        scope = {"type": "http", "method": "POST", "headers": headers, "user": user}
        asyncio.run(sessions(scope, None, heard))
        assert len(answers) == 2, "the client hears nothing of a session that is ended for another one"

    return send


def test_one_more_ends_the_one_that_was_not_used_for_longest(manager, post):
    post("k1", "ada")
    post("k1", "ada")
    post("k1", "ada", "s1")
    assert manager.ended == []
    post("k1", "ada")
    assert manager.ended == [("ada", "s2")]


def test_each_key_has_its_own_and_people_of_one_key_share_them(manager, post):
    for key, person in (("k1", "home/u1"), ("k2", "bob"), ("k1", "home/u2"), ("k2", "bob"), ("k1", "home/u3")):
        post(key, person)
    # It ends as the person that began it: for everybody else it does not exist.
    assert manager.ended == [("home/u1", "s1")]


def test_another_keys_session_and_one_that_was_refused_count_for_nothing(manager, post):
    post("k1", "ada")
    post("k1", "ada")
    post("k2", "bob", "s1")
    manager.status = 503
    post("k1", "ada")
    manager.status = 200
    post("k1", "ada")
    assert manager.ended == [("ada", "s1")]
