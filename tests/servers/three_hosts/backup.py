"""A backup of what hosts share, and servers to restore it on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.servers.three_hosts.hosts import BOUND_S, free_port
from tests.servers.three_hosts.records import until
from tests.servers.three_hosts.servers import Servers


def dump(servers: Servers, file: Path) -> None:
    """Dump the journal while it is in use."""
    _run(_program(servers, "pg_dump"), "--format=custom", f"--file={file}", servers.libpq_url)


def restore(file: Path, servers: Servers) -> None:
    """Restore a dump to an empty database."""
    _run(_program(servers, "pg_restore"), "--no-owner", "--exit-on-error", f"--dbname={servers.libpq_url}", str(file))


def copy_bucket(source: Servers, target: Servers) -> None:
    """Copy all objects to another bucket."""
    store, prefix = source.objects, source.bucket.removeprefix("s3://")
    for one in store.find(source.bucket):
        store.pipe_file(f"{target.bucket}{one.removeprefix(prefix)}", store.cat_file(one))


@contextmanager
def chroma_server(folder: Path) -> Iterator[str]:
    """Run an empty Chroma server; returns its URL."""
    port = free_port()
    chroma = Path(sys.executable).parent / "chroma"
    command = [str(chroma), "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    with Path(f"{folder}.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "ANONYMIZED_TELEMETRY": "False"})
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(f"{url}/api/v2/heartbeat"), BOUND_S)
        yield url
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=1).is_success
    except httpx.HTTPError:
        return False


def _program(servers: Servers, name: str) -> str:
    """Return a program of the server's own version: an older one refuses to dump it."""
    with servers.database() as connection:
        row = connection.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'").fetchone()
    assert row is not None
    return str(Path(row[0]) / name)


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
