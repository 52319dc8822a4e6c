"""What every call of a tool is told: the service, and whose memory it may use; and how its errors are told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp.server.mcpserver.exceptions import MCPServerError, ToolError

from memory.core.errors import PersonaError

if TYPE_CHECKING:
    from app.service import PersonaService

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Here:
    """The surroundings of a call.

    Attributes:
        service: The service.
        user: Returns the person of the running call: over HTTP the one of the request's key, over stdio always the same.
    """

    service: PersonaService
    user: Callable[[], str]


@contextmanager
def told(kind: type[MCPServerError] = ToolError) -> Iterator[None]:
    """Turn errors into `ToolError` or `ResourceError`, the only kinds whose sentence reaches the client.

    An unexpected error is named by its type alone, also in the log: its text may quote a memory.

    Args:
        kind: What is raised.
    """
    try:
        yield
    except PersonaError as error:
        raise kind(error.message) from error
    except Exception as error:  # noqa: BLE001 - whatever it is, the client gets a sentence
        _log.error("a tool failed inside the program (%s)", type(error).__name__)
        raise kind(f"The memory failed inside the program ({type(error).__name__}). Try again.") from None
