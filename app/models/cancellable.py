"""Connections with cancellable waits: while the server is silent, a callback may abort the request."""

from __future__ import annotations

import http.client
import io
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import certifi
import urllib3
from requests.utils import get_auth_from_url, get_environ_proxies, prepend_scheme_if_needed, select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import InvalidHeader

from memory.core.errors import ModelUnavailable
from memory.core.loopback import is_loopback

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

Ask = Callable[[], None]
"""Called several times a second while the server is silent; an exception ends the call and its connection."""
_POLL_S = 0.2
_MAX_IDLE_CONNECTIONS = 256
"""Connections kept open for later calls."""
_PAUSE_S, _MAX_PAUSE_S = 0.5, 8
"""Seconds before a call is repeated, and the maximum if the server asks for more."""
_RETRY_STATUSES = frozenset({408, 409, 429, 500, 502, 503, 504})
"""HTTP statuses of a server that may answer a moment later."""
_FAILURE_STATUSES = frozenset({500, 502})


class _Waits(threading.local):
    ask: Ask = staticmethod(lambda: None)
    limit_s: float | None = None


_waits = _Waits()


def waits(ask: Ask, limit_s: float | None) -> None:
    """Set the callback for the calls of this thread, and the longest silence in seconds (None: no limit)."""
    _waits.ask = ask
    _waits.limit_s = limit_s


class _Waiting(io.RawIOBase):
    """Reads a socket with short waits.

    Args:
        sock: The socket; its timeout is the longest silence.
        opened: The reader of http.client, closed with this one.
    """

    def __init__(self, sock: socket.socket, opened: io.BufferedIOBase) -> None:
        self._sock = sock
        self._opened = opened
        self._limit = sock.gettimeout()
        sock.settimeout(_moment(self._limit))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return _asking(lambda: self._sock.recv_into(buffer), self._limit)

    def close(self) -> None:
        if not self.closed:
            self._opened.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Waiting(sock, self.fp))


class _Waited:
    """Common part of plain and TLS connections."""

    response_class: type[http.client.HTTPResponse] = _Response
    sock: socket.socket | None

    def send(self, data: Any) -> None:
        """Send with short waits, because a picture on a slow line takes longer than a connection."""
        if self.sock is None or not isinstance(data, bytes):
            super().send(data)  # type: ignore[misc] # of the connection that this is mixed into
            return
        sock, before, left = self.sock, self.sock.gettimeout(), memoryview(data)
        sock.settimeout(_moment(_waits.limit_s))
        while left:
            sent = _asking(lambda: sock.send(left), _waits.limit_s)  # noqa: B023 - called at once
            left = left[sent:]
        sock.settimeout(before)

    def _tunnel(self) -> None:
        before = self.sock.gettimeout() if self.sock else None
        super()._tunnel()  # type: ignore[misc] # as above
        if self.sock:
            # The proxy's answer was read with short waits; the TLS handshake that follows takes longer.
            self.sock.settimeout(before)


class _Plain(_Waited, HTTPConnection):
    pass


class _Secure(_Waited, HTTPSConnection):
    pass


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Again(urllib3.Retry):
    """Retries after a pause, during which the callback is called too."""

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        pause = max(self.get_backoff_time(), _PAUSE_S)
        if response is not None:
            with suppress(InvalidHeader):
                pause = max(pause, self.get_retry_after(response) or 0.0)
        until = time.monotonic() + min(pause, _MAX_PAUSE_S)
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _POLL_S))
            _waits.ask()


def connections(url: str, *, retries: int, proxied: bool, repeats_failures: bool = True) -> urllib3.PoolManager:
    """Return a pool of connections to a server.

    Args:
        url: The URL of the server.
        retries: The number of retries after a failed call.
        proxied: Use a proxy that the environment names, unless the server is on this machine.
        repeats_failures: Also retry after server failures (500, 502); off if the caller counts its own retries.

    Raises:
        ModelUnavailable: The proxy is neither http nor https.
    """
    statuses = _RETRY_STATUSES if repeats_failures else _RETRY_STATUSES - _FAILURE_STATUSES
    again = _Again(retries, allowed_methods=None, status_forcelist=statuses, backoff_factor=_PAUSE_S, raise_on_status=False)
    kept: dict[str, Any] = {
        "maxsize": _MAX_IDLE_CONNECTIONS,
        "retries": again,
        "ca_certs": os.environ.get("SSL_CERT_FILE") or certifi.where(),
    }
    proxy = select_proxy(url, get_environ_proxies(url)) if proxied and not is_loopback(url) else None
    if proxy:
        proxy = prepend_scheme_if_needed(proxy, "http")
        name, password = get_auth_from_url(proxy)
        headers = urllib3.make_headers(proxy_basic_auth=f"{name}:{password}") if name else None
        try:
            manager: urllib3.PoolManager = urllib3.ProxyManager(proxy, proxy_headers=headers, **kept)
        except urllib3.exceptions.HTTPError as error:
            raise ModelUnavailable(
                f"The environment names a proxy for {url} that is neither http nor https. Use an http proxy, "
                "or add the server to NO_PROXY."
            ) from error
    else:
        manager = urllib3.PoolManager(**kept)
    manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
    return manager


def _moment(limit_s: float | None) -> float:
    return _POLL_S if limit_s is None else min(limit_s, _POLL_S)


def _asking(do: Callable[[], int], limit_s: float | None) -> int:
    """Repeat a call that times out after a short wait, until it succeeds or the silence limit is reached."""
    began = time.monotonic()
    while True:
        try:
            return do()
        except TimeoutError:
            _waits.ask()
            if limit_s is not None and time.monotonic() - began >= limit_s:
                raise
