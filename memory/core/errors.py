"""Errors that people read: each message says what happened and what to do next."""

from __future__ import annotations

from typing import Literal

Fault = Literal["prompt", "settings", "passing"]
"""Why a model server refused a call; see `ModelRefused`."""


class PersonaError(RuntimeError):
    """Base class of every error that the program raises on purpose.

    LangGraph's server passes on the message of a `RuntimeError`, and hides those of other exceptions.

    Attributes:
        code: A short, stable identifier for scripts (printed as `error.code` with `--json`).
        message: One plain sentence that says what to do next.
    """

    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(PersonaError):
    """The input is not valid."""

    code = "invalid_input"


class TimeOrderError(InvalidInput):
    """The time of a turn lies before the user's last turn."""

    code = "time_order"


class NothingToUndo(InvalidInput):
    """Something is there as it was: nothing was done to it, or it was undone already."""


class NotFound(PersonaError):
    """There is no such user, turn or memory."""

    code = "not_found"


class StorageError(PersonaError):
    """The data folder or the database cannot be read or written."""

    code = "storage"


class LeaseLost(PersonaError):
    """Another process does this now; this one was cut off, and what it would have written is refused."""

    code = "lease_lost"


class ObjectsUnavailable(StorageError):
    """The place of the pictures cannot be used now, or not with this key; nothing is lost."""


class KeyMissing(ObjectsUnavailable):
    """An object is encrypted with a key that is not set."""


class ObjectDamaged(StorageError):
    """An encrypted object is cut off, was changed, or belongs to another name."""


class ExtraMissing(PersonaError):
    """An optional package is not installed; `memory.core.extras` writes the message, with the command that installs it."""

    code = "extra_missing"


class FolderInUse(StorageError):
    """Another process owns the data folder."""

    code = "folder_in_use"


class ModelUnavailable(PersonaError):
    """The model server is down, too slow, or broke off; the same call may work later.

    Attributes:
        broke_off: The server accepted the call and then closed the connection; the prompt may be the cause.
    """

    code = "model_unavailable"
    broke_off = False


class ModelBrokeOff(ModelUnavailable):
    """The model server accepted the call and closed the connection before the answer was complete."""

    broke_off = True


class ModelRefused(ModelUnavailable):
    """The model server answered and refused the call.

    Attributes:
        status: The HTTP status. For a refusal in the middle of a stream: the code that the server names, or None.
        reason: The server's own words.
        fault: `prompt`: the server will refuse this prompt again (400, 413, 422, a content filter; also 500, since this prompt
            may be the cause). `settings`: no call works until the key, the model or the URL is corrected (401, 403, 404, 405).
            `passing`: the same call may work later (408, 429, 502, 503, 504).
        told_to_wait: Whether the server said when to call again (`Retry-After`).
    """

    def __init__(self, message: str, *, status: int | None, reason: str, fault: Fault, told_to_wait: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.fault = fault
        self.told_to_wait = told_to_wait


class NothingWritten(ModelUnavailable):
    """The model answered, but wrote nothing that can be shown."""


class ModelMissing(ModelUnavailable):
    """The weights of the requested model are not on this machine."""

    code = "model_missing"


class MessageTooLong(InvalidInput):
    """The message exceeds the model's context window or the message limit; a retry will not help."""

    code = "message_too_long"
