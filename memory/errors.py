"""Errors that a person reads: each says what happened and what to do next."""

from __future__ import annotations


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


class FolderInUse(StorageError):
    """Another process owns the data folder."""

    code = "folder_in_use"


class ModelUnavailable(PersonaError):
    """The model server is down, too slow, or broke off."""

    code = "model_unavailable"


class NothingWritten(ModelUnavailable):
    """The model answered, and wrote nothing that can be shown."""


class ModelMissing(ModelUnavailable):
    """No weights are on this machine for what was asked."""

    code = "model_missing"


class MessageTooLong(InvalidInput):
    """The message does not fit the model's window, or the message limit."""

    code = "message_too_long"
