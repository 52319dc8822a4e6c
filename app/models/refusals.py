"""What a model server's refusal means: whose fault it is, and the sentence that says what to do (pure functions)."""

from __future__ import annotations

import re
from http import HTTPStatus

from memory.core.errors import Fault, MessageTooLong, ModelRefused, PersonaError

_PASSING = frozenset({408, 409, 425, 429, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""Statuses of a server that may answer later; 520 to 524 are Cloudflare's, 529 is Anthropic's "overloaded"."""
_SETTINGS = frozenset({401, 402, 403, 404, 405, 407})
"""Statuses that every call of these settings will get."""
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
_OTHER = ". What it says is why; PERSONA_LLM_MODEL may name another model."
_BASE_URL = "PERSONA_LLM_BASE_URL, which mostly ends in /v1 (http://127.0.0.1:11434/v1 for Ollama, for example)"


def refused(
    status: int | None, said: str, url: str, model: str = "", *, told_to_wait: bool = False, kept: bool = True
) -> PersonaError:
    """Turn a refusal into a sentence.

    Args:
        status: Of HTTP; of a refusal in the middle of a stream the code that the server names, or None.
        said: The server's own words.
        url: Where the server is.
        model: Which model was asked for.
        kept: There was a message, and it is kept.
        told_to_wait: It said when to call again.

    Returns:
        A `MessageTooLong` where the prompt does not fit, else a `ModelRefused`.
    """
    if status in {None, 400, 413, 422, 500} and _names(said, _TOO_LONG):
        return MessageTooLong(
            f"The message does not fit into the model's window ({said}). Send it in parts, or use a model with a larger window."
        )
    words = ": ".join(([f"HTTP {status}"] if status else []) + ([said] if said else []))
    also = " The message is kept." if kept else ""
    return ModelRefused(
        f"The model server at {url} refused the call ({words}){_advice(status, said, model)}{also}",
        status=status,
        reason=said,
        fault=fault_of(status, said),
        told_to_wait=told_to_wait,
    )


def no_api(url: str, said: str) -> PersonaError:
    """Say that a web page answers where a model server was to."""
    shown = f" ({said})" if said else ""
    return ModelRefused(
        f"At {url} a web page answers{shown}, and no model server. Correct {_BASE_URL}. The message is kept.",
        status=None,
        reason=said,
        fault="settings",
    )


def fault_of(status: int | None, said: str) -> Fault:
    """Say what a call was refused for; see `ModelRefused`."""
    if _names(said, _FILTERED):
        return "prompt"
    if status in _PASSING:
        return "passing"
    if status in _SETTINGS or (status == HTTPStatus.BAD_REQUEST and (_names(said, _UNKNOWN_KEY) or names_a_model(said))):
        return "settings"
    return "prompt"


def names_a_model(said: str) -> bool:
    """Say whether a server refuses a model, rather than a path."""
    return _NO_MODEL.search(said) is not None


_BY_STATUS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: ": it wants a key, or another one. Set PERSONA_LLM_API_KEY to one that it knows.",
    HTTPStatus.PAYMENT_REQUIRED: ": it wants to be paid first. Look after the account of the key.",
    HTTPStatus.FORBIDDEN: ": this key may not do that. Set PERSONA_LLM_API_KEY to one that may, or ask who runs the server.",
    HTTPStatus.NOT_FOUND: f": it takes no chats at that address. Correct {_BASE_URL}.",
    HTTPStatus.METHOD_NOT_ALLOWED: f": it takes no chats at that address. Correct {_BASE_URL}.",
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: ": a proxy wants a name. Correct HTTPS_PROXY, or name the server in NO_PROXY.",
    HTTPStatus.TOO_MANY_REQUESTS: ": it was asked too often, or the account is used up. Wait a little, then send it again.",
}


def _advice(status: int | None, said: str, model: str) -> str:
    """Say what was wrong and what to do next."""
    if _names(said, _FILTERED):
        return ": its content filter stopped it. Say it in other words, or use another model."
    if status == HTTPStatus.BAD_REQUEST and _names(said, _UNKNOWN_KEY):
        status = HTTPStatus.UNAUTHORIZED
    if status in {None, 400, 403, 404, 422} and names_a_model(said):
        return f": it does not have the model {model!r}, or not for you. Set PERSONA_LLM_MODEL to one that it has."
    if status in _PASSING and status not in _BY_STATUS:
        return ": it is busy or not ready. Wait a little, then send it again."
    failed = status is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR
    other = ": it failed. Its log says more; send it again, or start the server again." if failed else _OTHER
    return _BY_STATUS.get(status or 0, other)


def _names(said: str, words: tuple[str, ...]) -> bool:
    return any(word in said.lower() for word in words)
