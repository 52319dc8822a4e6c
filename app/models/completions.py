"""Chat completions over HTTP: a request goes out, and its pieces come in, as plain JSON.

Of a call's processor time, the usual client's types, transport and messages took nine tenths (docs/decisions/028, 034).
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from typing import Any

import urllib3

from app.models.cancellable import Ask, connections, waits
from app.models.server_events import DONE, EventReader, as_piece, joined, refusal_in, words_in
from app.models.server_url import at, key_header

_CONNECT_S = 5.0
_BLOCK = 65_536
_OK = 200


class RefusedError(Exception):
    """The server said no.

    Attributes:
        status: Of HTTP; of a refusal in the middle of a stream the code that the server names, or None.
        said: The server's own words.
        told_to_wait: It said when to call again.
    """

    def __init__(self, status: int | None, said: str, *, told_to_wait: bool = False) -> None:
        super().__init__(said)
        self.status = status
        self.said = said
        self.told_to_wait = told_to_wait


class NoApiError(Exception):
    """What answers is no completion server: it sent a web page."""


class _EnoughError(Exception):
    """The answer is whole, and the server does not hang up."""


class Completions:
    """A server that completes chats, by OpenAI's protocol.

    Args:
        url: Its base, ending in /v1.
        key: What it wants to see, if anything.
        timeout_s: How long it may be silent; None: for ever.
        retries: How often a call that came to nothing is made again.
        proxied: Go through a proxy that the environment names.
        kept: Use a connection for the next call too.
        repeats_failures: As in `connections`.

    Raises:
        ModelUnavailable: That proxy is of a kind that nothing here speaks to.
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

    def pieces(self, body: dict[str, Any], ask: Ask) -> Generator[dict[str, Any]]:
        """Yield the pieces of an answer as they come, each in the shape of `server_events.as_piece`.

        One with `done` says that the server has said that it is done.

        Args:
            body: The request.
            ask: Called while the server is silent; may raise to end the call.

        Raises:
            RefusedError: The server said no, at once or in the middle.
            NoApiError: It sent a web page.
            urllib3.exceptions.HTTPError: It is not there, is silent for too long, or breaks off.
            ValueError: It writes what is no JSON.
        """
        response = self._post({**body, "stream": True}, ask, self._timeout_s)
        try:
            yield from self._read(response, ask)
        finally:
            # One whose answer was read to its end has gone back to the others by now.
            response.close()

    def whole(self, body: dict[str, Any], ask: Ask, patience: float) -> dict[str, Any]:
        """Return an answer that comes all at once, in the shape of one piece; raises as `pieces` does.

        Args:
            body: The request.
            ask: As in `pieces`.
            patience: How many times longer than usual the server may be silent.
        """
        limit = None if self._timeout_s is None else self._timeout_s * patience
        data = self._post(body, ask, limit, whole=True).data
        reader = EventReader()
        # Some gateways stream whatever they were asked for.
        events = [*reader.feed(data), *reader.close()]
        piece = joined([self._piece(event) for event in events if event != DONE])
        return {**piece, "done": bool(piece["choices"]) and (not reader.streams or DONE in events)}

    def _piece(self, said: Any) -> dict[str, Any]:
        """Read an event; raises what a server says no with, at once or in the middle."""
        if isinstance(said, bytes):
            raise NoApiError(words_in(said))
        if refusal := refusal_in(said):
            raise RefusedError(refusal.status, self._kept_secret(refusal.said))
        return as_piece(said)

    def _kept_secret(self, said: str) -> str:
        """Leave the key out of a server's words: they are shown, and written into traces."""
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
        """Read events; between two of them the thread may have made other calls."""
        reader = EventReader()
        while True:
            waits(ask, self._timeout_s)
            block = response.read1(_BLOCK)
            for event in reader.feed(block) if block else reader.close():
                if event == DONE:
                    _to_its_end(response)
                    yield {"choices": [], "usage": None, "done": True}
                    return
                piece = self._piece(event)
                yield piece if reader.streams else {**piece, "done": bool(piece["choices"])}
            if not block:
                return


def _to_its_end(response: urllib3.BaseHTTPResponse) -> None:
    """Read what is left of an answer that said it was done: then its connection can be used again."""
    waits(_enough, None)
    try:
        while response.read1(_BLOCK):
            pass
    except (_EnoughError, urllib3.exceptions.HTTPError):
        # It said all that it had to say, whatever becomes of the connection.
        response.close()


def _enough() -> None:
    raise _EnoughError
