"""Rewrites of profile and habits by sessions, stored for training if the person agreed (SQL, in the caller's transaction)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, delete, insert, select

from memory.storage.schema import rewrites, users

Rewritten = Literal["core", "procedural"]


@dataclass(frozen=True)
class Rewrite:
    """The profile, or the habits and goals, before and after a session's rewrite."""

    session: int
    kind: Rewritten
    before: dict[str, str]
    after: dict[str, str]


def keep(
    connection: Connection, user_id: str, session: int, kind: Rewritten, before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    """Store a session's rewrite if the person agreed to training, inside the caller's transaction."""
    agreed = connection.execute(select(users.c.training).where(users.c.id == user_id)).scalar()
    if agreed:
        key = (rewrites.c.user_id == user_id) & (rewrites.c.session == session) & (rewrites.c.kind == kind)
        connection.execute(delete(rewrites).where(key))
        row = {"user_id": user_id, "session": session, "kind": kind, "before": dict(before), "after": dict(after)}
        connection.execute(insert(rewrites).values(row))


def forget(connection: Connection, user_id: str) -> None:
    """Delete all stored rewrites of a user: any of them may repeat a forgotten thing in other words."""
    connection.execute(delete(rewrites).where(rewrites.c.user_id == user_id))
