"""Connecting to a Chroma server, or to one database of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from memory.core.errors import StorageError
from memory.core.loopback import spare_from_proxies

if TYPE_CHECKING:
    from chromadb.api import AdminAPI, ClientAPI
    from chromadb.config import Settings

_DATABASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,510}[A-Za-z0-9]")


def connect(url: str, settings: Settings) -> ClientAPI:
    """Connect to a server.

    Args:
        url: `http://host:port`, or `http://host:port/name` for a database of it, which is made if it is missing.
        settings: Settings of the client.

    Raises:
        StorageError: The URL cannot be used.
    """
    import chromadb

    host, port, ssl, name = _parts(url)
    spare_from_proxies(url)
    if not name:
        return chromadb.HttpClient(host=host, port=port, ssl=ssl, settings=settings)
    _make_database(name, host, port, ssl=ssl)
    return chromadb.HttpClient(host=host, port=port, ssl=ssl, settings=settings, database=name)


def _parts(url: str) -> tuple[str, int, bool, str]:
    """Return host, port, whether TLS is used, and the database of a server's URL, or raise StorageError."""
    try:
        parts = urlsplit(url)
        port = parts.port or 8000
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in ("http", "https") or parts.query or parts.fragment or "@" in parts.netloc:
        raise StorageError("PERSONA_CHROMA_URL is no URL of a server. Write http://host:port, or http://host:port/name.")
    name = parts.path.strip("/")
    if name and not _DATABASE.fullmatch(name):
        raise StorageError(
            "PERSONA_CHROMA_URL names a database that Chroma does not allow. Its name has 3 to 512 letters, digits, dots, "
            "hyphens and underscores, and begins and ends with a letter or digit."
        )
    return parts.hostname or "127.0.0.1", port, parts.scheme == "https", name


def _make_database(name: str, host: str, port: int, *, ssl: bool) -> None:
    """Make a database of a server if it is missing."""
    import chromadb
    from chromadb.config import Settings
    from chromadb.errors import ChromaError, NotFoundError

    admin = chromadb.AdminClient(
        Settings(
            chroma_api_impl="chromadb.api.fastapi.FastAPI",
            chroma_server_host=host,
            chroma_server_http_port=port,
            chroma_server_ssl_enabled=ssl,
            anonymized_telemetry=False,
        )
    )
    try:
        admin.get_database(name)
    except NotFoundError:
        try:
            admin.create_database(name)
        except ChromaError:
            # Another host may have made it at the same time.
            admin.get_database(name)
    finally:
        close_connections(admin)


def close_connections(client: ClientAPI | AdminAPI) -> None:
    """Close the connections to a server, which the client leaves open; there is no public way to do this."""
    for part in (client, getattr(client, "_admin_client", None)):
        session = getattr(getattr(part, "_server", None), "_session", None)
        if session is not None:
            session.close()
