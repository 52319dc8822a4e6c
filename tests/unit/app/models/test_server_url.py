"""The address of a model server, as people write it: where the calls go, which header shows the key, and which way they take."""

from __future__ import annotations

import pytest

from app.models.server_url import at, bases, corrected, deployment, key_header
from memory.core.loopback import is_loopback, spare_from_proxies

AZURE = "https://mine.openai.azure.com"


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("  http://127.0.0.1:8000/v1/ ", "http://127.0.0.1:8000/v1"),
        ("'http://127.0.0.1:8000/v1//'", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/v1/chat/completions", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/v1/chat/completions/", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/v1/models", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000//v1/completions", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:11434/api/chat", "http://127.0.0.1:11434"),
        ("127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("localhost:1234", "http://localhost:1234"),
        ("[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("192.168.1.7:8000/v1", "http://192.168.1.7:8000/v1"),
        ("mymac.local:1234/v1", "http://mymac.local:1234/v1"),
        ("api.openai.com/v1", "https://api.openai.com/v1"),
        ("HTTPS://api.openai.com/v1", "https://api.openai.com/v1"),
        (
            f"{AZURE}/openai/deployments/gpt/chat/completions?api-version=2024-10-21",
            f"{AZURE}/openai/deployments/gpt?api-version=2024-10-21",
        ),
        ("", ""),
        ("   ", ""),
    ],
)
def test_it_is_put_right(written, used):
    assert corrected(written) == used
    assert corrected(used) == used


@pytest.mark.parametrize(
    ("written", "tried"),
    [
        ("http://127.0.0.1:8000/v1", ["http://127.0.0.1:8000/v1"]),
        ("http://127.0.0.1:8000", ["http://127.0.0.1:8000/v1", "http://127.0.0.1:8000"]),
        ("http://h/llm", ["http://h/llm", "http://h/llm/v1", "http://h/v1"]),
        ("https://h/api/paas/v4", ["https://h/api/paas/v4"]),
        ("https://h/v1beta/openai/", ["https://h/v1beta/openai"]),
        (AZURE, [f"{AZURE}/openai/v1", AZURE]),
        (f"{AZURE}/openai/deployments/gpt?api-version=1", [f"{AZURE}/openai/deployments/gpt?api-version=1"]),
    ],
)
def test_a_missing_version_is_tried(written, tried):
    assert bases(written) == tried


def test_the_path_of_a_call_goes_before_the_query():
    assert at(f"{AZURE}/openai/deployments/gpt?api-version=1", "chat/completions") == (
        f"{AZURE}/openai/deployments/gpt/chat/completions?api-version=1"
    )
    assert deployment(f"{AZURE}/openai/deployments/gpt?api-version=1") == "gpt"
    assert deployment("http://127.0.0.1/v1") == ""


@pytest.mark.parametrize(
    ("url", "header"),
    [
        (f"{AZURE}/openai/v1", "api-key"),
        (f"{AZURE}/openai/deployments/gpt?api-version=1", "api-key"),
        ("http://127.0.0.1:9/openai/deployments/gpt?api-version=1", "api-key"),
        ("https://x.services.ai.azure.com/openai/v1", "api-key"),
        ("https://api.groq.com/openai/v1", "Authorization"),
        ("http://127.0.0.1:8000/v1", "Authorization"),
    ],
)
def test_azure_wants_its_key_in_a_header_of_its_own(url, header):
    assert list(key_header(url, "secret")) == [header]
    assert key_header(url, "") == {}
    assert list(key_header(url, "eyJhbGciOi.a.b")) == ["Authorization"], "a token is shown as everywhere"


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]", "x.localhost", "LOCALHOST", "0.0.0.0", "[::ffff:127.0.0.1]"]
)
def test_this_machine_is_known(host, monkeypatch):
    monkeypatch.setenv("no_proxy", "models.example")
    monkeypatch.setenv("NO_PROXY", "models.example")
    assert is_loopback(f"http://{host}:8000/v1")
    assert is_loopback(f"{host}:8000")
    spare_from_proxies(f"http://{host}:8000/v1")
    import os

    assert os.environ["no_proxy"].startswith("models.example,")
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"]


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/v1",
        "http://models.example/v1",
        "http://localhost.example/v1",
        "http://[",
        "",
        "https://127.0.0.1.example",
    ],
)
def test_others_are_not_taken_for_it(url, monkeypatch):
    monkeypatch.setenv("no_proxy", "")
    assert not is_loopback(url)
    spare_from_proxies(url)
    import os

    assert os.environ["no_proxy"] == ""
