"""Whether the chat model could answer now, found in about two seconds without asking it anything."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import urllib3

from app.models.cancellable import connections, waits
from app.models.server_url import at, bases, is_address, key_header
from memory.core.errors import PersonaError

if TYPE_CHECKING:
    from app.settings import Settings

_WAIT_S = 2.0
_NO_ANSWER = "No model server answers. Start it, or correct PERSONA_LLM_BASE_URL."
_KEY_STATUSES = frozenset({401, 403})


def obstacle(settings: Settings, url: str = "") -> str:
    """Return in a sentence why the server of the settings would not answer now; empty if it would.

    The sentence names no address: people who check a server from outside may read it.

    Args:
        settings: The server and its key.
        url: The base URL, if it is known already; empty: the likeliest one.
    """
    base = url or bases(settings.llm_base_url)[0]
    if not is_address(base):
        return "PERSONA_LLM_BASE_URL is not a URL. Set it to a URL like http://127.0.0.1:8000/v1."
    waits(lambda: None, _WAIT_S)
    try:
        # As `persona doctor` does: a list of models costs the server nothing.
        response = connections(base, retries=0, proxied=True).request(
            "GET",
            at(base, "models"),
            headers={"Connection": "close", **key_header(base, settings.llm_api_key)},
            timeout=urllib3.Timeout(total=_WAIT_S),
            redirect=False,
        )
    except (urllib3.exceptions.HTTPError, PersonaError):
        return _NO_ANSWER
    if response.status in _KEY_STATUSES:
        return "The model server rejects the key. Set PERSONA_LLM_API_KEY."
    # A server without a list of models answers 404 or 501, and still takes chats.
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR and response.status != HTTPStatus.NOT_IMPLEMENTED:
        return f"The model server is not ready (HTTP {response.status})."
    return ""
