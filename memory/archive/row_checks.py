"""Checks that the rows of an archive form one user's journal: every row is a valid record with the id that it must have."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast, get_args

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Row

from memory.consent.sensitive import TOPICS, UNNAMED
from memory.core import clock
from memory.core.errors import InvalidInput, PersonaError
from memory.core.records import TRAITS, Photo, Record, TurnState, make_id
from memory.core.retry import RefusalCause
from memory.core.validation import check_text, check_user
from memory.forgetting.cascade import Cascade
from memory.forgetting.purge import ForgetReceipt
from memory.imports.lines import Import
from memory.personality.timeline import to_point
from memory.storage.memory_rows import item_id, to_record
from memory.storage.turn_rows import to_turn

Rows = dict[str, list[dict[str, Any]]]
_IMPORT = re.compile(r"imp_[0-9a-f]{16}")
_PHOTO = re.compile(r"[0-9a-f]{64}")
_MAX_CHARACTERS = 20_000
"""Most characters of a memory's text; the model wrote some of these texts, without a limit."""
_MAX_THINGS_PER_MESSAGE = 64
"""Most things seen in the pictures of one message."""
_KINDS = {"core", "semantic", "episodic", "procedural", "photo"}
_WORK = {"remember": 0, "consolidate": 1}
_STEPS = {"remember": ("personality", "semantic", "change"), "consolidate": ("episodic", "procedural", "core")}


class _Changes(Record):
    same_as: str | None = None
    supersedes: list[str]
    superseded_by: str | None = None
    repeated_by: str | None = None


class _Corrected(Record):
    was: list[str]
    until: str
    turn_ids: list[str]
    names: list[str]


class _OfAny(Record):
    # A line that a rewrite dropped and the person restored; the facts that a restored fact had superseded.
    replaced: bool | None = None
    freed: list[str] | None = None
    # The texts before the person edited it, and the messages that it was extracted from.
    corrected: _Corrected | None = None


class _Item(Record):
    namespace: list[str]
    key: str
    value: dict[str, Any]
    created: str


class _OfFact(_OfAny):
    reason: str
    photo_ids: list[str]
    changes: _Changes | None = None
    # What a program stored, instead of a message.
    item: _Item | None = None


class _OfTopic(_OfAny):
    turn_ids: list[str]
    session: int


class _OfPicture(_OfAny):
    photo_id: str
    box: list[float] | None = None


class _OfLine(_OfAny):
    # Added by a session that is older than those the other lines come from.
    older: bool | None = None


_EXTRAS: dict[str, type[Record]] = {
    "semantic": _OfFact,
    "episodic": _OfTopic,
    "photo": _OfPicture,
    "core": _OfLine,
    "procedural": _OfLine,
}


def check(user_id: str, rows: Rows) -> list[str]:
    """Check all rows; returns the ids of the photos.

    Raises:
        InvalidInput: A row does not belong to this user's journal.
    """
    check_user(user_id)
    owners = {row.get("user_id", row.get("id")) for table in rows.values() for row in table}
    if owners != {user_id} or len(rows["users"]) != 1:
        raise InvalidInput("it contains rows of another user, or none of its own user.")
    pictures = _each("photos", rows["photos"], _picture)
    numbers = {row["number"] for row in rows["sessions"]}
    own = {make_id(user_id, "turn", row["seq"]) for row in rows["turns"]}
    turns = _each("turns", rows["turns"], lambda row: _turn(own, row, numbers, set(pictures)))
    known = {row["id"]: row for row in rows["turns"]}
    _check_sessions(rows)
    allowed = _ids(user_id, rows)
    names = {row["id"] for row in rows["memories"]}
    _each("memories", rows["memories"], lambda row: _memory(user_id, row, known, numbers, allowed, set(pictures)))
    _each("memories", rows["memories"], lambda row: _memory_problem(row, names, set(turns), set(pictures)))
    _each("personality", rows["personality"], lambda row: _point(row, known))
    imported = _each("imports", rows["imports"], _import)
    subjects, said = {*map(str, numbers), *imported}, set(turns)
    _each("work", rows["work"], lambda row: _work(row, said, subjects, set(imported)))
    _each("refusals", rows["refusals"], lambda row: _refusal(row, said, subjects))
    _each("rewrites", rows["rewrites"], _rewrite)
    _each("forgettings", rows["forgettings"], _forgetting)
    return pictures


def _check_sessions(rows: Rows) -> None:
    """Check that the turns of each session belong together, and set the start time of each session."""
    times: dict[int, list[datetime]] = {}
    for row in rows["turns"]:
        times.setdefault(row["session"], []).append(row["at"])
    for said in times.values():
        said.sort()
        if any(clock.starts_session(earlier, later) for earlier, later in pairwise(said)):
            raise InvalidInput("a session has messages that do not belong together.")
    for row in rows["sessions"]:
        row["begun"] = min(times.get(row["number"], []), default=None)


def _each(table: str, rows: Iterable[dict[str, Any]], read: Callable[[dict[str, Any]], str]) -> list[str]:
    """Check every row of a table with `read`; returns the rows' ids."""
    names = []
    for number, row in enumerate(rows, start=1):
        try:
            # JSON may contain half of a surrogate pair, which cannot be encoded again.
            json.dumps(row, ensure_ascii=False, default=str).encode()
            names.append(read(row))
        except ValidationError as error:
            first = error.errors()[0]
            raise InvalidInput(f"row {number} of {table}: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from error
        except PersonaError as error:
            raise InvalidInput(f"row {number} of {table}: {error.message}") from error
        except (TypeError, KeyError, AttributeError, ValueError, OverflowError, RecursionError) as error:
            raise InvalidInput(f"row {number} of {table} is not valid ({type(error).__name__}).") from error
    return names


def _as_row(row: dict[str, Any]) -> Row[Any]:
    return cast("Row[Any]", SimpleNamespace(**row))


def _picture(row: dict[str, Any]) -> str:
    fields = {name: row[name] for name in ("id", "media_type", "width", "height", "size")}
    Photo(**fields, time=row["received_at"])
    if not _PHOTO.fullmatch(row["id"]) or row["hidden_at"] is not None:
        raise InvalidInput("the id is not a photo's id.")
    if min(row["width"], row["height"], row["size"]) < 1 or not row["media_type"].startswith("image/"):
        raise InvalidInput("the size or the type is not a photo's.")
    return str(row["id"])


def _turn(own: set[str], row: dict[str, Any], sessions: set[int], pictures: set[str]) -> str:
    turn = to_turn(_as_row(row))
    # If a turn replaced another, the two have exchanged numbers, so an id may belong to any of the numbers.
    if turn.id not in own or turn.seq < 1 or turn.session not in sessions:
        raise InvalidInput("it has the wrong id or session.")
    if turn.text or turn.images:
        # A message without text and photos had only a photo, which is forgotten.
        check_text(turn.text, len(turn.images))
    if not set(turn.images) <= pictures:
        raise InvalidInput("its photo is missing.")
    _held(row)
    clock.show(turn.time)
    if turn.state is TurnState.RECEIVED:
        # No process is writing this reply any more.
        row.update(state=TurnState.FAILED, error="The archive was made before the reply was written. Send it again.")
    return turn.id


def _memory(
    user_id: str, row: dict[str, Any], turns: dict[str, Any], sessions: set[int], allowed: set[str], pictures: set[str]
) -> str:
    if row["kind"] not in _KINDS:
        raise InvalidInput("it is of no kind.")
    record = to_record(_as_row(row))
    clock.show(record.time)
    by_key = row["kind"] in ("core", "procedural")
    if by_key != (row["key"] is not None):
        raise InvalidInput("it needs a key and has none, or has one and must not.")
    item = _item_id(user_id, row)
    if (make_id(user_id, row["kind"], row["key"]) != record.id) if by_key else (record.id not in (item or allowed)):
        raise InvalidInput("it has the wrong id.")
    if row["kind"] in ("semantic", "photo") and row["source"] not in (item or turns):
        raise InvalidInput("its message is missing.")
    if row["kind"] == "episodic" and (record.session not in sessions or row["source"] != str(record.session)):  # type: ignore[union-attr] # an Episode
        raise InvalidInput("its session is missing.")
    if row["kind"] == "photo" and record.photo_id not in pictures:  # type: ignore[union-attr] # a PhotoMemory
        raise InvalidInput("its photo is missing.")
    _held(row)
    return record.id


def _item_id(user_id: str, row: dict[str, Any]) -> set[str]:
    """Return the id that an item of a program must have; nothing for any other memory."""
    item = row["extra"].get("item") if row["kind"] == "semantic" else None
    if item is None:
        return set()
    datetime.fromisoformat(item["created"])
    return {item_id(user_id, item["namespace"], item["key"])}


def _memory_problem(row: dict[str, Any], names: set[str], turns: set[str], pictures: set[str]) -> str:
    """Check a memory's relations to newer facts and the fields of its type; none may refer to another user's rows."""
    if row["hidden_at"] is not None:
        raise InvalidInput("it is forgotten and must not be in an archive.")
    if (row["superseded_by"] is None) != (row["valid_until"] is None):
        raise InvalidInput("it is superseded without a time, or has a time without being superseded.")
    if {row["superseded_by"], row["same_as"]} - names - {None}:
        raise InvalidInput("the fact that it repeats, or that supersedes it, is missing.")
    if row["kind"] != "semantic" and (row["superseded_by"] or row["same_as"]):
        raise InvalidInput("only facts can be superseded or repeated.")
    extra = _EXTRAS[row["kind"]].model_validate(row["extra"], strict=True).model_dump()
    if changes := extra.get("changes"):
        # Facts that an approval would change may be forgotten by now.
        still = {key: changes[key] if changes[key] in names else None for key in ("same_as", "superseded_by", "repeated_by")}
        row["extra"]["changes"] = {**still, "supersedes": [name for name in changes["supersedes"] if name in names]}
    _correction(extra.get("corrected"), turns)
    if row["same_as"] == row["id"]:
        raise InvalidInput("it only repeats itself.")
    if not set(extra.get("turn_ids", ())) <= turns or not set(extra.get("photo_ids", ())) <= pictures:
        raise InvalidInput("a message or a photo that it comes from is missing.")
    if not 1 <= row["strength"] <= max(1, len(turns)):
        raise InvalidInput("its count is less than 1, or greater than the number of messages.")
    if not row["text"].strip() or len(row["text"]) > _MAX_CHARACTERS:
        raise InvalidInput("its text is empty or too long.")
    return str(row["id"])


def _correction(kept: dict[str, Any] | None, turns: set[str]) -> None:
    if kept is None:
        return
    until = datetime.fromisoformat(kept["until"])
    if until.tzinfo is None or not set(kept["turn_ids"]) <= turns or max(map(len, kept["was"]), default=0) > _MAX_CHARACTERS:
        raise InvalidInput("its correction is not valid.")


def _held(row: dict[str, Any]) -> None:
    if row["held"] is not None and row["held"] not in TOPICS:
        raise InvalidInput("it is pending approval for an unknown topic.")
    if row["sensitive"] not in (None, UNNAMED, *TOPICS):
        raise InvalidInput("it is marked with an unknown topic.")


def _point(row: dict[str, Any], turns: dict[str, Any]) -> str:
    point = to_point(_as_row(row))
    clock.show(point.time)
    if point.turn_id is not None and point.turn_id not in turns:
        raise InvalidInput("its message is missing.")
    if not 0 <= point.m <= len(turns) or not isinstance(row["pinned"], list) or not set(row["pinned"]) <= set(TRAITS):
        raise InvalidInput("its count of messages is wrong, or a pinned trait is unknown.")
    return str(point.turn_id)


def _import(row: dict[str, Any]) -> str:
    if not _IMPORT.fullmatch(row["id"]) or not all(isinstance(count, int) for count in row["skipped"].values()):
        raise InvalidInput("it is no import.")
    # What was not written yet is in a file of the exporting machine.
    row.update(state="done", progress={})
    Import(**{name: row[name] for name in Import.model_fields})
    return str(row["id"])


def _work(row: dict[str, Any], turns: set[str], subjects: set[str], imported: set[str]) -> str:
    there = row["subject"] in (turns if row["kind"] == "remember" else subjects)
    if row["kind"] not in _WORK or not there:
        raise InvalidInput("its type is unknown, or its message or session is missing.")
    if row["import_id"] is not None and row["import_id"] not in imported:
        raise InvalidInput("its import is missing.")
    row.update(rank=_WORK[row["kind"]], attempts=0, not_before=None, error=None)
    return str(row["subject"])


def _refusal(row: dict[str, Any], turns: set[str], subjects: set[str]) -> str:
    there = row["subject"] in (turns if row["kind"] == "remember" else subjects)
    step = row["step"].split(" ", maxsplit=1)[0]
    if not there or step not in _STEPS.get(row["kind"], ()) or row["cause"] not in get_args(RefusalCause):
        raise InvalidInput("its step or cause is unknown, or its message or session is missing.")
    if row["attempts"] < 0 or (row["at"] is None and not row["again"]) or len(row["reason"]) > _MAX_CHARACTERS:
        raise InvalidInput("it is not a step that is set aside.")
    return f"{row['subject']} {row['step']}"


def _rewrite(row: dict[str, Any]) -> str:
    for name in ("before", "after"):
        if not all(isinstance(part, str) for pair in dict(row[name]).items() for part in pair):
            raise InvalidInput("it is not a rewrite.")
    return str(row["session"])


def _forgetting(row: dict[str, Any]) -> str:
    reach = TypeAdapter(Cascade).validate_json(json.dumps(row["reach"]), strict=True)
    if not all(_PHOTO.fullmatch(name) for name in reach.photos) or row["purged_at"] is None:
        raise InvalidInput("it was never purged.")
    ForgetReceipt.model_validate(row["receipt"])
    return str(row["subject"])


def _ids(user_id: str, rows: Rows) -> set[str]:
    """Return the ids that facts, photo memories and topics of these turns and sessions may have."""
    ids = {make_id(user_id, "semantic", row["id"]) for row in rows["turns"]}
    pictured = [row["id"] for row in rows["turns"] if row["images"]] + [
        row["source"] for row in rows["memories"] if row["kind"] == "photo"
    ]
    # A regenerated reply: the memories of its message have ids derived from the replaced turn.
    pictured += [row["id"] for row in rows["turns"] if row["state"] in (TurnState.REPLACED, TurnState.FORGOTTEN)]
    ids |= {make_id(user_id, "photo", name, ordinal) for name in set(pictured) for ordinal in range(_MAX_THINGS_PER_MESSAGE)}
    said: dict[int, int] = {}
    for row in rows["turns"]:
        said[row["session"]] = said.get(row["session"], 0) + 1
    return ids | {make_id(user_id, "episodic", number, at) for number, count in said.items() for at in range(count + 1)}
