"""Chat completions over HTTP as plain JSON.

With the usual client, its types, transport and messages took nine tenths of the processor time (docs/decisions/028, 034).
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from typing import Any

import urllib3

from app.models.cancellable import Ask, connections, waits
from app.models.server_events import DONE, EventReader, as_chunk, joined, refusal_in, words_in
from app.models.server_url import at, key_header

_CONNECT_S = 5.0
_BLOCK_BYTES = 65_536
_OK = 200


class RefusedError(Exception):
    """The server rejected the call.

    Attributes:
        status: The HTTP status; for a refusal in the middle of a stream, the code in the server's error, or None.
        said: The server's own words.
        told_to_wait: The server said when to call again.
    """

    def __init__(self, status: int | None, said: str, *, told_to_wait: bool = False) -> None:
        super().__init__(said)
        self.status = status
        self.said = said
        self.told_to_wait = told_to_wait


class NoApiError(Exception):
    """The server sent a web page, so it is not a completion server."""


class _EnoughError(Exception):
    """The answer is complete, but the server keeps the connection open."""


class Completions:
    """A client for chat completions by OpenAI's protocol.

    Args:
        url: The base URL, ending in /v1.
        key: The API key, or empty.
        timeout_s: The longest silence in seconds; None: no limit.
        retries: The number of retries after a failed call.
        proxied: Use a proxy that the environment names.
        kept: Keep connections open for later calls.
        repeats_failures: As in `connections`.

    Raises:
        ModelUnavailable: The proxy is neither http nor https.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout_s: float | None,
        retries: int,
        proxied: bool,
        kept: bool = True,
        repeats_failures: bool = True,
    ) -> None:
        self._url = at(url, "chat/completions")
        self._timeout_s = timeout_s
        self._key = key
        self._headers = {"Content-Type": "application/json", **(key_header(url, key) or {"Authorization": "Bearer none"})}
        if not kept:
            self._headers["Connection"] = "close"
        self._connections = connections(url, retries=retries, proxied=proxied, repeats_failures=repeats_failures)

    def chunks(self, body: dict[str, Any], ask: Ask) -> Generator[dict[str, Any]]:
        """Yield the chunks of an answer as they arrive, each in the form of `server_events.as_chunk`.

        A chunk with `done` means that the server marked the end.

        Args:
            body: The request.
            ask: Called while the server is silent; may raise to end the call.

        Raises:
            RefusedError: The server rejected the call, at once or in the middle.
            NoApiError: The server sent a web page.
            urllib3.exceptions.HTTPError: The server is not reachable, silent for too long, or breaks off.
            ValueError: The server sent something that is not JSON.
        """
        response = self._post({**body, "stream": True}, ask, self._timeout_s)
        try:
            yield from self._read(response, ask)
        finally:
            # A connection whose answer was read to the end has already returned to the pool.
            response.close()

    def whole(self, body: dict[str, Any], ask: Ask, patience: float) -> dict[str, Any]:
        """Return a whole answer as one chunk; raises as `chunks` does.

        Args:
            body: The request.
            ask: As in `chunks`.
            patience: Factor for the longest silence.
        """
        limit = None if self._timeout_s is None else self._timeout_s * patience
        data = self._post(body, ask, limit, whole=True).data
        reader = EventReader()
        # Some gateways stream even if they were not asked to.
        events = [*reader.feed(data), *reader.close()]
        chunk = joined([self._chunk(event) for event in events if event != DONE])
        return {**chunk, "done": bool(chunk["choices"]) and (not reader.streams or DONE in events)}

    def _chunk(self, said: Any) -> dict[str, Any]:
        """Return an event as a chunk; raise an error for a refusal or a web page."""
        if isinstance(said, bytes):
            raise NoApiError(words_in(said))
        if refusal := refusal_in(said):
            raise RefusedError(refusal.status, self._kept_secret(refusal.said))
        return as_chunk(said)

    def _kept_secret(self, said: str) -> str:
        """Remove the key from a server's words, because they are shown and written into traces."""
        return said.replace(self._key, "…") if self._key else said

    def _post(self, body: dict[str, Any], ask: Ask, silent_s: float | None, *, whole: bool = False) -> urllib3.BaseHTTPResponse:
        waits(ask, silent_s)
        response = self._connections.request(
            "POST",
            self._url,
            body=json.dumps(body).encode(),
            headers=self._headers,
            timeout=urllib3.Timeout(connect=_CONNECT_S, read=silent_s),
            preload_content=whole,
        )
        if response.status != _OK:
            said = self._kept_secret(words_in(response.data))
            raise RefusedError(response.status, said, told_to_wait="Retry-After" in response.headers)
        return response

    def _read(self, response: urllib3.BaseHTTPResponse, ask: Ask) -> Iterator[dict[str, Any]]:
        """Yield chunks; between two of them, the thread may have made other calls."""
        reader = EventReader()
        while True:
            waits(ask, self._timeout_s)
            block = response.read1(_BLOCK_BYTES)
            for event in reader.feed(block) if block else reader.close():
                if event == DONE:
                    _to_its_end(response)
                    yield {"choices": [], "usage": None, "done": True}
                    return
                chunk = self._chunk(event)
                yield chunk if reader.streams else {**chunk, "done": bool(chunk["choices"])}
            if not block:
                return


def _to_its_end(response: urllib3.BaseHTTPResponse) -> None:
    """Read the rest of a finished answer, so that its connection can be reused."""
    waits(_enough, None)
    try:
        while response.read1(_BLOCK_BYTES):
            pass
    except (_EnoughError, urllib3.exceptions.HTTPError):
        # The answer is complete, so an error of the connection does not matter.
        response.close()


def _enough() -> None:
    raise _EnoughError
