"""Why a model server cannot be reached is said in words, never by the name of a class."""

from __future__ import annotations

import pytest
import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from app.models.chat import _explained
from app.models.endpoint import _cause

POOL = urllib3.HTTPConnectionPool("127.0.0.1")
CONNECTION = urllib3.connection.HTTPConnection("127.0.0.1")
CAUSES = {
    NameResolutionError("nowhere", CONNECTION, OSError()): "its name is not known",
    NewConnectionError(CONNECTION, "refused"): "it takes no connection",
    ConnectTimeoutError(): "nothing came for 5 s",
    ReadTimeoutError(POOL, "/", "timed out"): "nothing came for 5 s",
    SSLError(): "the connection is not secure",
    ProtocolError(): "the connection broke off",
}


@pytest.mark.parametrize(("cause", "words"), CAUSES.items(), ids=lambda one: type(one).__name__)
def test_a_failed_connection_is_told_in_words(cause, words):
    assert _cause(cause) == _cause(MaxRetryError(POOL, "/", cause)) == words


@pytest.mark.parametrize(
    "error", [*CAUSES, ConnectionResetError(104, "reset"), ValueError("x")], ids=lambda one: type(one).__name__
)
def test_no_sentence_names_a_class(error):
    assert "Error" not in _explained(error, "http://127.0.0.1/v1", "model").message
