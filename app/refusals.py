"""What a model server's refusal means: whose fault it is, and the sentence that says what to do (pure functions)."""

from __future__ import annotations

from memory.errors import Fault, MessageTooLong, ModelRefused, PersonaError

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


def refused(status: int | None, said: str, url: str, *, told_to_wait: bool = False) -> PersonaError:
    """Turn a refusal into a sentence.

    Args:
        status: Of HTTP; of a refusal in the middle of a stream the code that the server names, or None.
        said: The server's own words.
        url: Where the server is.
        told_to_wait: It said when to call again.

    Returns:
        A `MessageTooLong` where the prompt does not fit, else a `ModelRefused`.
    """
    if status in {None, 400, 413, 422, 500} and _names(said, _TOO_LONG):
        return MessageTooLong(
            f"The message does not fit into the model's window ({said}). Send it in parts, or use a model with a larger window."
        )
    shown = "" if status is None else f"HTTP {status}: "
    return ModelRefused(
        f"The model server at {url} refused the call ({shown}{said}). "
        "Check PERSONA_LLM_MODEL and PERSONA_LLM_API_KEY. The message is kept.",
        status=status,
        reason=said,
        fault=fault_of(status, said),
        told_to_wait=told_to_wait,
    )


def fault_of(status: int | None, said: str) -> Fault:
    """Say what a call was refused for; see `ModelRefused`."""
    if _names(said, _FILTERED):
        return "prompt"
    if status in _PASSING:
        return "passing"
    if status in _SETTINGS or (status == 400 and _names(said, _UNKNOWN_KEY)):  # noqa: PLR2004 - HTTP's own
        return "settings"
    return "prompt"


def _names(said: str, words: tuple[str, ...]) -> bool:
    return any(word in said.lower() for word in words)
