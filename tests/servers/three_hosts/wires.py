"""A wire between one host and a server: a port that passes everything on, until it is cut. Then both ends hear nothing."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Self
from urllib.parse import parse_qs, urlsplit

_BYTES = 65_536


class Wire:
    """Passes connections on to a server, in a thread of its own.

    A cut wire still takes connections and keeps silent, as a network that loses every packet for a while; what was sent meanwhile
    arrives once it is mended.

    Args:
        target: The URL of a server: `http://127.0.0.1:PORT`, or PostgreSQL with a socket in `host`.
        address: The address to listen on.
    """

    def __init__(self, target: str, address: str = "127.0.0.1") -> None:
        self._target = target
        self._address = address
        self._loop = asyncio.new_event_loop()
        self._passes = asyncio.Event()
        self._passes.set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """The server's URL over this wire."""
        parts = urlsplit(self._target)
        if parts.query:
            return parts._replace(netloc=f"{parts.username}@{self._address}:{self._port}", query="").geturl()
        return parts._replace(netloc=f"{self._address}:{self._port}").geturl()

    def cut(self) -> None:
        """Pass nothing on any more."""
        self._loop.call_soon_threadsafe(self._passes.clear)

    def mend(self) -> None:
        """Pass on what was held back, and what follows."""
        self._loop.call_soon_threadsafe(self._passes.set)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connected, self._address, 0))
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            await self._passes.wait()
            there_reader, there_writer = await self._connect()
            await asyncio.gather(self._pass(reader, there_writer), self._pass(there_reader, writer))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(self._target)
        if folder := parse_qs(parts.query).get("host"):
            return await asyncio.open_unix_connection(f"{folder[0]}/.s.PGSQL.{parts.port or 5432}")
        return await asyncio.open_connection(parts.hostname, parts.port)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(_BYTES):
                await self._passes.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            await self._passes.wait()
            writer.close()
