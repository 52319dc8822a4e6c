"""Classifies the refusals of a model server, and writes the sentence that says what to do (pure functions)."""

from __future__ import annotations

import re
from http import HTTPStatus

from memory.core.errors import Fault, MessageTooLong, ModelRefused, PersonaError

_TEMPORARY_STATUSES = frozenset({408, 409, 425, 429, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""HTTP statuses of a server that may answer later; 520 to 524 are Cloudflare's, 529 is Anthropic's "overloaded"."""
_SETTINGS_STATUSES = frozenset({401, 402, 403, 404, 405, 407})
"""HTTP statuses that every call with the same settings gets."""
_TOO_LONG = (
    *("context length", "context size", "context window", "context_length", "maximum context", "longer than the model"),
    *("prompt is too long", "too many tokens", "maximum number of tokens", "reduce the length", "`max_new_tokens` must be"),
)
_FILTERED = ("content_filter", "content filter", "content management policy", "moderation", "flagged")
_UNKNOWN_KEY = ("api key", "api_key", "invalid key", "authentication")
_NO_MODEL = re.compile(
    r"(?i)\b(?:model|deployment)\b.{0,80}(?:not found|not exist|is unknown|not available|not loaded|have access|try pulling)"
    r"|(?:no such|unknown|invalid|unrecognized|find|find the|load|load the|a valid) model\b|model_not_found|DeploymentNotFound"
)
_OTHER = ". Its message above says why. You can set PERSONA_LLM_MODEL to another model."
_BASE_URL = "PERSONA_LLM_BASE_URL, which usually ends in /v1 (for example http://127.0.0.1:11434/v1 for Ollama)"


def refused(
    status: int | None, said: str, url: str, model: str = "", *, told_to_wait: bool = False, kept: bool = True
) -> PersonaError:
    """Return the error for a refusal, with a sentence that says what to do.

    Args:
        status: The HTTP status; for a refusal in the middle of a stream, the code in the server's error, or None.
        said: The server's own words.
        url: The URL of the server.
        model: The requested model.
        told_to_wait: The server said when to call again.
        kept: The call was for a message, which is saved.

    Returns:
        A `MessageTooLong` if the prompt does not fit, otherwise a `ModelRefused`.
    """
    if status in {None, 400, 413, 422, 500} and _names(said, _TOO_LONG):
        return MessageTooLong(
            f"The message does not fit into the context window ({said}). Send it in parts, or use a model with a larger window."
        )
    words = ": ".join(([f"HTTP {status}"] if status else []) + ([said] if said else []))
    also = " The message is saved." if kept else ""
    return ModelRefused(
        f"The model server at {url} rejected the call ({words}){_advice(status, said, model)}{also}",
        status=status,
        reason=said,
        fault=fault_of(status, said),
        told_to_wait=told_to_wait,
    )


def no_api(url: str, said: str) -> PersonaError:
    """Return the error for a web page at the address of the model server."""
    shown = f" ({said})" if said else ""
    return ModelRefused(
        f"A web page answers at {url}{shown}, not a model server. Correct {_BASE_URL}. The message is saved.",
        status=None,
        reason=said,
        fault="settings",
    )


def fault_of(status: int | None, said: str) -> Fault:
    """Return the cause of a refusal; see `ModelRefused`."""
    if _names(said, _FILTERED):
        return "prompt"
    if status in _TEMPORARY_STATUSES:
        return "passing"
    if status in _SETTINGS_STATUSES or (
        status == HTTPStatus.BAD_REQUEST and (_names(said, _UNKNOWN_KEY) or names_a_model(said))
    ):
        return "settings"
    return "prompt"


def names_a_model(said: str) -> bool:
    """Return whether a server rejects the model rather than the path."""
    return _NO_MODEL.search(said) is not None


_BY_STATUS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: ": it needs a valid key. Set PERSONA_LLM_API_KEY.",
    HTTPStatus.PAYMENT_REQUIRED: ": it requires payment. Check the account of the key.",
    HTTPStatus.FORBIDDEN: ": this key is not allowed to do that. Set PERSONA_LLM_API_KEY to another key, or ask the operator.",
    HTTPStatus.NOT_FOUND: f": it accepts no chats at that address. Correct {_BASE_URL}.",
    HTTPStatus.METHOD_NOT_ALLOWED: f": it accepts no chats at that address. Correct {_BASE_URL}.",
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: ": a proxy needs a login. Correct HTTPS_PROXY, or add the server to NO_PROXY.",
    HTTPStatus.TOO_MANY_REQUESTS: ": too many requests, or no credit left. Wait a little, then send the message again.",
}


def _advice(status: int | None, said: str, model: str) -> str:
    """Return what was wrong and what to do next."""
    if _names(said, _FILTERED):
        return ": its content filter blocked it. Use other words, or another model."
    if status == HTTPStatus.BAD_REQUEST and _names(said, _UNKNOWN_KEY):
        status = HTTPStatus.UNAUTHORIZED
    if status in {None, 400, 403, 404, 422} and names_a_model(said):
        return (
            f": the model {model!r} does not exist there, or you have no access to it. Set PERSONA_LLM_MODEL to another model."
        )
    if status in _TEMPORARY_STATUSES and status not in _BY_STATUS:
        return ": it is busy or not ready. Wait a little, then send the message again."
    failed = status is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR
    other = ": it failed. Send the message again, or restart the server; its log has details." if failed else _OTHER
    return _BY_STATUS.get(status or 0, other)


def _names(said: str, words: tuple[str, ...]) -> bool:
    return any(word in said.lower() for word in words)
