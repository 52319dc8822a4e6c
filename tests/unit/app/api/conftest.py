"""A server in this process, without a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.api.guard import Limits
    from app.service import PersonaService

HERE = {"base_url": "http://127.0.0.1:8600", "client": ("127.0.0.1", 50_000)}


@pytest.fixture
def connect() -> Iterator[Callable[..., TestClient]]:
    """Connect to a server over a service, from this machine unless told otherwise."""
    # Without the extra, this file is read, and the tests beside it are left out.
    from starlette.testclient import TestClient

    from app.api.server import build

    clients: list[TestClient] = []

    def make(service: PersonaService, *, limits: Limits | None = None, host: str = "127.0.0.1", **client: object) -> TestClient:
        made = TestClient(build(service, host=host, limits=limits), **{**HERE, **client})  # type: ignore[arg-type] # its own
        made.__enter__()
        clients.append(made)
        return made

    yield make
    for client in clients:
        client.__exit__(None, None, None)
