"""Connections whose waiting can be given up: while a server does nothing, whoever waits for it is asked whether to wait on."""

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
"""Called a few times a second while nothing happens; what it raises ends the call, and the connection with it."""
_EVERY_S = 0.2
_AT_ONCE = 256
"""Connections that are kept for the next call."""
_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 8
"""Before a call is made again; where the server says for how long, at most so long."""
_AGAIN = frozenset({408, 409, 429, 500, 502, 503, 504})
"""Statuses of a server that may well answer a moment later."""
_FAILURES = frozenset({500, 502})


class _Waits(threading.local):
    ask: Ask = staticmethod(lambda: None)
    limit_s: float | None = None


_waits = _Waits()


def waits(ask: Ask, limit_s: float | None) -> None:
    """Say whom calls of this thread ask from now on, and for how long nothing may happen (None: for ever)."""
    _waits.ask = ask
    _waits.limit_s = limit_s


class _Waiting(io.RawIOBase):
    """The bytes of a socket, waited for a moment at a time.

    Args:
        sock: Where they come from; its timeout is how long a server may be silent.
        opened: What http.client reads it by; closed with this.
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
    """What both kinds of connection have in common."""

    response_class: type[http.client.HTTPResponse] = _Response
    sock: socket.socket | None

    def send(self, data: Any) -> None:
        """Send a moment at a time: a picture on a slow line takes longer than a connection."""
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
            # What a proxy answered was read a moment at a time; TLS, which comes next, takes longer.
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
    """Tries again after a pause, in which whoever waits is asked too."""

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        pause = max(self.get_backoff_time(), _PAUSE_S)
        if response is not None:
            with suppress(InvalidHeader):
                pause = max(pause, self.get_retry_after(response) or 0.0)
        until = time.monotonic() + min(pause, _LONGEST_PAUSE_S)
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _EVERY_S))
            _waits.ask()


def connections(url: str, *, retries: int, proxied: bool, repeats_failures: bool = True) -> urllib3.PoolManager:
    """Make the connections to a server, each kept for the next call.

    Args:
        url: The server's.
        retries: How often a call that came to nothing is made again.
        proxied: Go through a proxy that the environment names, unless the server is on this machine.
        repeats_failures: Make a call that the server failed at (500, 502) again too; off where the caller counts its tries.

    Raises:
        ModelUnavailable: That proxy is of a kind that nothing here speaks to.
    """
    statuses = _AGAIN if repeats_failures else _AGAIN - _FAILURES
    again = _Again(retries, allowed_methods=None, status_forcelist=statuses, backoff_factor=_PAUSE_S, raise_on_status=False)
    kept: dict[str, Any] = {
        "maxsize": _AT_ONCE,
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
                f"The environment names a proxy on the way to {url} that is none of http or https. Use such a one, "
                "or name the server in NO_PROXY."
            ) from error
    else:
        manager = urllib3.PoolManager(**kept)
    manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
    return manager


def _moment(limit_s: float | None) -> float:
    return _EVERY_S if limit_s is None else min(limit_s, _EVERY_S)


def _asking(do: Callable[[], int], limit_s: float | None) -> int:
    """Do what may time out after a moment, until it does not, or until nothing happened for too long."""
    began = time.monotonic()
    while True:
        try:
            return do()
        except TimeoutError:
            _waits.ask()
            if limit_s is not None and time.monotonic() - began >= limit_s:
                raise
