"""Errors that a person reads: each says what happened and what to do next."""

from __future__ import annotations

from typing import Literal

Fault = Literal["prompt", "settings", "passing"]
"""What a refused call was refused for: see `ModelRefused`."""


class PersonaError(Exception):
    """Base of every error that we raise on purpose.

    Attributes:
        code: A short, stable word for scripts (printed as `error.code` with `--json`).
        message: One plain sentence, with what to do next.
    """

    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(PersonaError):
    """What was given cannot be taken as it is."""

    code = "invalid_input"


class TimeOrderError(InvalidInput):
    """A turn was given a time before the user's last one."""

    code = "time_order"


class NotFound(PersonaError):
    """No such user, turn or memory."""

    code = "not_found"


class StorageError(PersonaError):
    """The data folder or the database cannot be read or written."""

    code = "storage"


class ExtraMissing(PersonaError):
    """An optional package is not installed; `memory.core.extras` writes the sentence, with the command that installs it."""

    code = "extra_missing"


class FolderInUse(StorageError):
    """Another process owns the data folder."""

    code = "folder_in_use"


class ModelUnavailable(PersonaError):
    """The model server is down, too slow, or broke off: the same call may work later.

    Attributes:
        broke_off: The server took the call and hung up; that may be because of its prompt.
    """

    code = "model_unavailable"
    broke_off = False


class ModelBrokeOff(ModelUnavailable):
    """The model server took the call, and hung up before the answer was whole."""

    broke_off = True


class ModelRefused(ModelUnavailable):
    """The model server answered, and refused the call.

    Attributes:
        status: Its HTTP status; of a refusal in the middle of a stream the code that the server names, or None.
        reason: The server's own words.
        fault: `prompt`: the same prompt will be refused again (400, 413, 422, a content filter; also a 500, which may be this
            prompt's). `settings`: no call will work until the key, the model or the URL is corrected (401, 403, 404, 405).
            `passing`: the same call may work later (408, 429, 502, 503, 504).
        told_to_wait: The server said when to call again (`Retry-After`).
    """

    def __init__(self, message: str, *, status: int | None, reason: str, fault: Fault, told_to_wait: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.fault = fault
        self.told_to_wait = told_to_wait


class NothingWritten(ModelUnavailable):
    """The model answered, and wrote nothing that can be shown."""


class ModelMissing(ModelUnavailable):
    """No weights are on this machine for what was asked."""

    code = "model_missing"


class MessageTooLong(InvalidInput):
    """The message does not fit the model's window, or the message limit: it will not fit later either."""

    code = "message_too_long"
