"""Structured logs: one JSON object a line, with the request's id, and without a word of a person."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

from app.operations import request_ids

_OURS = ("app", "evals", "graph", "memory", "training")
_FACTS = "facts"


def facts(**named: object) -> dict[str, Any]:
    """Return the `extra` of a log call: what a JSON line names beside its message. Numbers and kinds alone."""
    return {_FACTS: named}


class JsonLines(logging.Formatter):
    """Formats each record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := request_ids.current():
            line["request_id"] = request_id
        line |= getattr(record, _FACTS, {})
        if record.exc_info and record.exc_info[0] is not None:
            # The kind alone: the words of an error may quote a person.
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False, default=str)


def write_json(stream: TextIO | None = None) -> None:
    """Write what is logged as JSON to standard error: of this program from INFO on, of libraries from WARNING on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.INFO)
