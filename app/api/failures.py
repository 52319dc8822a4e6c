"""Errors over HTTP: one status and one sentence for each kind, in the shape that the caller's protocol knows."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.api.callers import NotAllowed
from app.api.request_log import route_of
from memory.core.errors import (
    FolderInUse,
    InvalidInput,
    MessageTooLong,
    ModelRefused,
    ModelUnavailable,
    NotFound,
    PersonaError,
    StorageError,
    TimeOrderError,
)

_STATUS: tuple[tuple[type[PersonaError], int], ...] = (
    (NotAllowed, 401),
    (NotFound, 404),
    (MessageTooLong, 413),
    (TimeOrderError, 409),
    (InvalidInput, 400),
    (ModelRefused, 502),
    (ModelUnavailable, 503),
    (FolderInUse, 503),
    (StorageError, 503),
)
_SERVER_ERROR = 500
_OPENAI_TYPES = {
    401: "authentication_error", 403: "permission_error", 429: "rate_limit_error", 503: "service_unavailable_error",
}  # fmt: skip
"""The `type` of an error in OpenAI's shape, by status; see `openai_type` for all others."""
_OPENAI_PREFIX = "/v1/"
_JSON = "application/json"
_MAX_PROBLEMS = 3
_WHY = {
    "extra_forbidden": "there is no such field",
    "json_invalid": "it is no valid JSON",
    "model_attributes_type": "it must be an object",
}
_log = logging.getLogger(__name__)


def status_of(error: PersonaError) -> int:
    """Return the HTTP status of an error; a class may name its own (`http_status`)."""
    own: int | None = getattr(error, "http_status", None)
    return own or next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def openai_type(status: int) -> str:
    """Return the `type` that OpenAI's errors have with an HTTP status."""
    return _OPENAI_TYPES.get(status, "server_error" if status >= _SERVER_ERROR else "invalid_request_error")


def body(path: str, status: int, code: str, message: str, *, parameter: str | None = None) -> dict[str, Any]:
    """Return the JSON of an error: in OpenAI's shape under `/v1`, elsewhere as the command line prints it."""
    # A message may quote what was sent, and JSON can spell half of a surrogate pair, which no answer can hold.
    message = message.encode("utf-8", "backslashreplace").decode()
    if f"{path}/".startswith(_OPENAI_PREFIX):
        return {"error": {"message": message, "type": openai_type(status), "param": parameter, "code": code}}
    return {"error": {"code": code, "message": message}}


def _place_of(problem: Mapping[str, Any]) -> str:
    # Of a body that is no JSON, the place is a number of characters.
    return "body" if problem["type"] == "json_invalid" else _place(problem["loc"])


def _place(path: Sequence[str | int]) -> str:
    """Return the place of a problem as a client writes it, without the names of our types."""
    parts = [str(part) for part in path if part != "body" and not (isinstance(part, str) and "[" in part)]
    return ".".join(parts) or "body"


def install(app: FastAPI) -> None:
    """Let an application answer errors in these shapes."""

    async def personal(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, PersonaError)
        status = status_of(error)
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None  # noqa: PLR2004 - a status
        parameter = getattr(error, "parameter", None)
        written = body(request.url.path, status, error.code, error.message, parameter=parameter)
        return JSONResponse(written, status, headers)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        problems = {_place_of(one): _WHY.get(one["type"], one["msg"]) for one in error.errors()}
        sent_as = request.headers.get("content-type", "")
        if "body" in problems and isinstance(error.body, bytes) and _JSON not in sent_as:
            # A slip with curl: the body is read as text.
            problems["body"] = f"send it with the header Content-Type: {_JSON}"
        listed = "; ".join(f"{place}: {why}" for place, why in list(problems.items())[:_MAX_PROBLEMS])
        written = body(
            request.url.path, 400, "invalid_input", f"The request is not valid. {listed}.", parameter=next(iter(problems))
        )
        return JSONResponse(written, 400)

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        message = "There is no such route. /docs lists all." if error.status_code == 404 else f"{error.detail}."  # noqa: PLR2004 - a status
        return JSONResponse(body(request.url.path, error.status_code, "http_error", message), error.status_code, error.headers)

    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        # Without the error's own words, which may quote the person.
        where = "".join(traceback.format_tb(error.__traceback__))
        _log.error("%s %s failed (%s)\n%s", request.method, route_of(request.scope), type(error).__name__, where)
        message = f"The server failed inside the program ({type(error).__name__}). It printed where."
        return JSONResponse(body(request.url.path, 500, "error", message), 500)

    app.add_exception_handler(PersonaError, personal)
    app.add_exception_handler(Exception, unexpected)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
