"""Users' names in Unicode's normal form C: a user who was written otherwise is renamed, with the ids that hold the name.

Where the name in normal form is another user's already, the one that is renamed gets a number: nothing is mixed or lost.
"""

import hashlib
import re
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_ID = re.compile(r"\b(?:tur|sem|pho|epi|cor|pro)_[0-9a-f]{20}\b")
_MOST_SEEN = 64
_LONGEST = 200


def upgrade() -> None:
    op.add_column("users", sa.Column("spelled", sa.String(length=200), nullable=True))
    connection = op.get_bind()
    names = list(connection.execute(sa.text("SELECT id FROM users ORDER BY id")).scalars())
    for name in names:
        normal = unicodedata.normalize("NFC", name)
        if normal != name:
            free, number = normal[:_LONGEST], 2
            while free in names:
                free, number = f"{normal[: _LONGEST - 10]} ({number})", number + 1
            names.append(free)
            _rename(connection, name, free)


def _rename(connection: sa.Connection, old: str, new: str) -> None:
    metadata = sa.MetaData()
    metadata.reflect(connection)
    tables = [table for table in metadata.sorted_tables if "user_id" in table.c]
    rows = {
        table.name: [dict(row) for row in connection.execute(sa.select(table).where(table.c.user_id == old)).mappings()]
        for table in tables
    }
    ids = _ids(rows, old, new)
    # A tombstone is a hash of the id; of a line of the profile, of its text too, which is gone: such a line may come back.
    digests = {_digest(before): _digest(after) for before, after in ids.items()}
    for table in tables:
        for row in rows[table.name]:
            # Of a JSON column, None would become a value of its own.
            values = {name: _swapped(value, ids) for name, value in row.items() if value is not None}
            if table.name == "tombstones":
                values["digest"] = digests.get(row["digest"], row["digest"])
            if "indexed_revision" in row:
                values["indexed_revision"] = 0
            this = sa.and_(*(column == row[column.name] for column in table.primary_key))
            connection.execute(sa.update(table).where(this).values({**values, "user_id": new}))
    users = metadata.tables["users"]
    connection.execute(sa.update(users).where(users.c.id == old).values(id=new, spelled=old))


def _ids(rows: dict[str, list[dict[str, Any]]], old: str, new: str) -> dict[str, str]:
    """Return the new ids by the old ones: both are made of the name."""
    ids = {}
    # A turn that replaced another has that one's place.
    for number in range(1, max((turn["seq"] for turn in rows["turns"]), default=0) + 1):
        its, was = _id(new, "turn", number), _id(old, "turn", number)
        ids[was] = its
        ids[_id(old, "semantic", was)] = _id(new, "semantic", its)
        for place in range(_MOST_SEEN):
            ids[_id(old, "photo", was, place)] = _id(new, "photo", its, place)
    said = len(rows["turns"])
    for session in rows["sessions"]:
        for place in range(min(said, _MOST_SEEN) + 1):
            ids[_id(old, "episodic", session["number"], place)] = _id(new, "episodic", session["number"], place)
    for row in rows["memories"]:
        if row["key"] is not None:
            ids[row["id"]] = _id(new, row["kind"], row["key"])
    return ids


def _swapped(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, str):
        return _ID.sub(lambda match: ids.get(match[0], match[0]), value)
    if isinstance(value, list):
        return [_swapped(one, ids) for one in value]
    if isinstance(value, dict):
        return {_swapped(name, ids): _swapped(one, ids) for name, one in value.items()}
    return value


def _id(user_id: str, kind: str, source: str | int, ordinal: int = 0) -> str:
    parts = (part.replace("\x1e", "\x1e\x1e").replace("\x1f", "\x1e-") for part in (user_id, kind, str(source), str(ordinal)))
    return f"{kind[:3]}_{hashlib.sha256(chr(0x1F).join(parts).encode()).hexdigest()[:20]}"


def _digest(memory_id: str) -> str:
    return hashlib.sha256(f"{memory_id}\n".encode()).hexdigest()
