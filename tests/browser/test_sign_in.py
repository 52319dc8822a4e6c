"""Signing in through an OpenID Connect provider, played by a small server on loopback: then one sees oneself alone."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwk, jwt
from playwright.sync_api import expect

from tests.browser.conftest import App, free_port, running, scripted, seed, settled
from tests.browser.test_chat import say
from tests.fake_server import fake_server

pytestmark = [pytest.mark.browser, pytest.mark.auth]

CLIENT = "persona-page"


class Provider(ThreadingHTTPServer):
    """Signs in anyone who comes, as `person` says."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.key = jwk.RSAKey.generate_key(2048, parameters={"kid": "1", "use": "sig", "alg": "RS256"})
        self.person = {"sub": "1", "email": "Receipt@Example.org", "email_verified": True, "name": "R."}
        self.nonces: dict[str, str | None] = {}

    def token(self, code: str) -> str:
        now = int(time.time())
        claims = {**self.person, "iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 600, "nonce": self.nonces.get(code)}
        return jwt.encode({"alg": "RS256", "kid": "1"}, {name: one for name, one in claims.items() if one}, self.key)


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        at, asked = urlsplit(self.path), parse_qs(urlsplit(self.path).query)
        if at.path == "/.well-known/openid-configuration":
            ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            self._json({"issuer": self.server.url, **{name: f"{self.server.url}/{path}" for name, path in ends.items()}})
        elif at.path == "/keys":
            self._json({"keys": [self.server.key.as_dict(private=False)]})
        else:
            code = f"code{len(self.server.nonces)}"
            self.server.nonces[code] = asked.get("nonce", [None])[0]
            self.send_response(302)
            back = urlencode({"code": code, "state": asked["state"][0]})
            self.send_header("Location", f"{asked['redirect_uri'][0]}?{back}")
            self.end_headers()

    def do_POST(self) -> None:
        body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        token = self.server.token(body["code"][0])
        self._json({"access_token": "a", "token_type": "Bearer", "expires_in": 600, "id_token": token})

    def _json(self, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[App]:
    folder, port = tmp_path_factory.mktemp("signed"), free_port()
    seed(folder / "data")
    secrets = folder / "secrets.toml"
    secrets.write_text(f"""
[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "of these tests alone"
client_id = "{CLIENT}"
client_secret = "of these tests alone"
server_metadata_url = "{provider.url}/.well-known/openid-configuration"
""")
    with fake_server() as model:
        model.owner = "vllm"
        model.reply = scripted({})
        with running(folder, model, port, "--secrets.files", str(secrets)) as started:
            yield started


def test_without_signing_in_nothing_of_anybody_is_shown(open_page, app):
    page = open_page("receipt", "memory")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    body = page.locator("body")
    for word in ("heron", "Momo", "Who is talking"):
        expect(body).not_to_contain_text(word)


def test_who_signed_in_sees_themself_alone_whatever_the_address_says(open_page, app, provider):
    page = open_page("receipt")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Signed in as R.")).to_be_visible()
    say(page, "I am new here", "Hello!")
    page.goto(f"{app.url}/memory?user=receipt")
    expect(page.get_by_text("Signed in as R.")).to_be_visible()
    settled(page)
    for path in ("memory", "you", "personality", "photos", ""):
        page.goto(f"{app.url}/{path}?user=receipt")
        expect(page.get_by_text("Signed in as R.")).to_be_visible()
        settled(page)
        expect(page.locator("body")).not_to_contain_text("Momo")
        expect(page.locator("body")).not_to_contain_text("Who is talking")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_another_person_of_the_same_provider_is_another_user(open_page, app, provider):
    provider.person = {"sub": "2", "email": "receipt@example.org", "email_verified": False, "name": "Not verified"}
    page = open_page("receipt")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Signed in as Not verified")).to_be_visible()
    settled(page)
    expect(page.locator("body")).not_to_contain_text("I am new here")
