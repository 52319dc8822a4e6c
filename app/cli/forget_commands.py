"""Requests to forget on the command line: the y/n question of `persona chat`, and the next step after `persona ask`."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.console import fail, progress, say
from memory.core.errors import PersonaError

if TYPE_CHECKING:
    from app.service import PersonaService
    from memory.core.records import Turn


def confirm(service: PersonaService, turn: Turn, read_line: Callable[[str], str]) -> str | None:
    """Ask whether to forget what a request named; return the answer if it is neither yes nor no.

    Args:
        service: The service that forgets.
        turn: The last turn, which may be a request to forget.
        read_line: Asks a question and reads the answer; empty means no.
    """
    from graph.forget_replies import answer_of, question

    offer = turn.trace.forget if turn.trace else None
    if offer is None or offer.state != "open":
        return None
    said = read_line(f"{question(offer)} (y/n) ")
    answer = answer_of(said) if said else "no"
    if answer not in ("yes", "no"):
        return said
    try:
        say(service.forget_offered(turn) if answer == "yes" else service.keep_offered(turn))
        if answer == "yes":
            progress(_undo(turn))
    except PersonaError as error:
        fail(error, as_json=False)
    return None


def say_what_next(turn: Turn) -> None:
    """Print the commands that forget what a request named, or restore it."""
    offer = turn.trace.forget if turn.trace else None
    if offer is None:
        return
    if offer.state == "done" and offer.forgotten:
        progress(f"`persona memory undo {offer.forgotten}{_user(turn)}` restores it within 10 minutes.")
    elif offer.state == "open" and turn.seq:
        then = "" if turn.real_time else f" --time {shlex.quote(turn.time.isoformat(timespec='minutes'))}"
        progress(f"`persona ask yes{_user(turn)}{then}` forgets all of it, `persona ask no{_user(turn)}{then}` keeps it.")
    elif offer.state == "open":
        progress(f"`persona memory forget {' '.join(offer.subjects)}{_user(turn)}` forgets all of it.")


def _undo(turn: Turn) -> str:
    subject = turn.id if turn.seq else turn.trace.forget.subjects[0] if turn.trace and turn.trace.forget else turn.id
    return f"`persona memory undo {subject}{_user(turn)}` restores it within 10 minutes."


def _user(turn: Turn) -> str:
    return "" if turn.user_id == "me" else f" --user {shlex.quote(turn.user_id)}"
