"""Where bytes of a text are, in everything that hosts and servers store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import chromadb
from sqlalchemy import make_url

from tests.servers.three_hosts.servers import Servers

_PAGE = 1000


def in_files(folder: Path, text: str) -> list[str]:
    """Return the files in a folder that contain a text."""
    found = []
    for path in folder.rglob("*"):
        try:
            if path.is_file() and text.encode() in path.read_bytes():
                found.append(str(path.relative_to(folder)))
        except FileNotFoundError:
            # It was a temporary file of a program that runs.
            continue
    return found


def in_bucket(servers: Servers, text: str) -> list[str]:
    """Return the objects of the bucket that contain a text."""
    store = servers.objects
    return [name for name in store.find(servers.bucket) if text.encode() in store.cat_file(name)]


def in_chroma(servers: Servers, text: str) -> list[str]:
    """Return the collections of the Chroma server that contain a text."""
    parts = make_url(servers.chroma_url)
    client = chromadb.HttpClient(host=str(parts.host), port=parts.port or 80, database=str(parts.database))
    found: list[str] = []
    offset = 0
    while page := client.list_collections(limit=_PAGE, offset=offset):
        found += [one.name for one in page if text in str(one.get(include=["documents", "metadatas"]))]
        offset += len(page)
    return found


def in_rows(servers: Servers, text: str) -> list[str]:
    """Return the tables that have a text in a row."""
    with servers.database() as connection:
        names = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        asked = "SELECT 1 FROM {} AS one WHERE one::text LIKE %s LIMIT 1"
        return [name for name in names if connection.execute(_sql(asked.format(f'"{name}"')), [f"%{text}%"]).fetchone()]


def in_statistics(servers: Servers, text: str) -> list[str]:
    """Return the columns of whose values the server's planner keeps a text as a sample."""
    asked = (
        "SELECT tablename || '.' || attname FROM pg_stats WHERE schemaname = 'public' "
        "AND (histogram_bounds::text LIKE %(text)s OR most_common_vals::text LIKE %(text)s)"
    )
    with servers.database() as connection:
        return [row[0] for row in connection.execute(asked, {"text": f"%{text}%"})]


def without_compression(servers: Servers) -> None:
    """Let the server store texts as they are, so that a search of its files finds what is there."""
    with servers.database() as connection:
        columns = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND data_type IN ('text', 'character varying', 'json', 'jsonb')"
        ).fetchall()
        for table, column in columns:
            connection.execute(_sql(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" SET STORAGE EXTERNAL'))


def in_server_files(servers: Servers, text: str, statements: Sequence[str] = ()) -> list[str]:
    """Return the files of the PostgreSQL server that contain a text, after some statements."""
    with servers.database() as connection:
        for statement in (*statements, "CHECKPOINT"):
            connection.execute(_sql(statement))
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    return in_files(Path(row[0]), text)


def _sql(text: str) -> Any:
    """Return a statement that is put together here; psycopg's types know literals alone."""
    return text
