"""Connections whose waiting can be given up: while a server is silent, whoever waits for it is asked whether to wait on."""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

Ask = Callable[[], None]
"""Called a few times a second of silence; what it raises ends the waiting, and the connection with it."""
_EVERY_S = 0.2
_AT_ONCE = 256
"""Connections that are kept for the next call."""
_waits = threading.local()


def asks(ask: Ask) -> None:
    """Say whom reads of the calling thread are to ask from now on."""
    _waits.ask = ask


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
        sock.settimeout(_EVERY_S if self._limit is None else min(self._limit, _EVERY_S))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        began = time.monotonic()
        while True:
            try:
                return self._sock.recv_into(buffer)
            except TimeoutError:
                _waits.ask()
                if self._limit is not None and time.monotonic() - began >= self._limit:
                    raise

    def close(self) -> None:
        if not self.closed:
            self._opened.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Waiting(sock, self.fp))


class _Plain(HTTPConnection):
    response_class = _Response


class _Secure(HTTPSConnection):
    response_class = _Response


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Secure


def connections(url: str, retry: urllib3.Retry, *, proxied: bool) -> urllib3.PoolManager:
    """Make the connections to a server, each kept for the next call.

    Args:
        url: The server's.
        retry: What is tried again, and when.
        proxied: Go through a proxy that the environment names.
    """
    parts = urlsplit(url)
    proxies = getproxies() if proxied and not proxy_bypass(parts.hostname or "") else {}
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    kept: dict[str, Any] = {"maxsize": _AT_ONCE, "retries": retry}
    manager = urllib3.ProxyManager(proxy, **kept) if proxy else urllib3.PoolManager(**kept)
    manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
    return manager
