"""The journal's tables, as SQLAlchemy sees them; `migrations/` holds how a file came to have them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)

from memory.core.validation import user_name


class Instant(TypeDecorator[datetime]):
    """A UTC instant; aware on both sides, naive UTC in the file."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn an aware datetime into naive UTC."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn naive UTC into an aware datetime."""
        return None if value is None else value.replace(tzinfo=UTC)


class Words(TypeDecorator[str]):
    """Any text; PostgreSQL keeps no NUL, which stands there as the sign for what cannot be shown."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace what the database cannot keep."""
        return value.replace("\x00", "\ufffd") if value and dialect.name == "postgresql" else value


class UserId(TypeDecorator[str]):
    """A user's name, in normal form however it is given; see `intake.user_name`."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Normalise what is looked for or written."""
        return None if value is None else user_name(value)


metadata = MetaData()
# Spelled as the queries spell it: SQLite takes a partial index only for the same expression.
_UNINDEXED = text("revision != indexed_revision")
_UNDATED = text("revision != dated_revision")
_UNDATED_FACT = text("revision != dated_revision AND kind = 'semantic'")
_AHEAD = text("kind IN ('plan', 'moved')")
_HELD = text("held IS NOT NULL")
_SENSITIVE = text("sensitive IS NOT NULL")
_CORRECTED = text("edited OR superseded_by = id")
_RECEIVED = text("state = 'received'")
_PLACED = text("origin IS NOT NULL")
# A boolean alone is a condition on both databases.
_WISHES, _SHOWS = text("wishes"), text("shows")

users = Table(
    "users",
    metadata,
    Column("id", UserId(200), primary_key=True),
    # As it was written before names were normalised, until its files have followed; see `renamed`.
    Column("spelled", String(200)),
    Column("created_at", Instant, nullable=False),
    # What the person said to being trained on, and when; None: they were never asked.
    Column("training", Boolean),
    Column("training_since", Instant),
    # What the person chose for sensitive things (`memory.marks.Mode`); None: nothing yet.
    Column("sensitive", String(16)),
    # What is coming up is brought up by itself; None: nothing was said, and it is.
    Column("bring_up", Boolean),
)

turns = Table(
    "turns",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user_id", UserId(200), nullable=False),
    # In the order of arrival; turns are ordered by time, and of one time by this.
    Column("seq", Integer, nullable=False),
    Column("session", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("zone", String(80), nullable=False),
    Column("text", Words, nullable=False),
    Column("images", JSON, nullable=False),
    Column("reply", Words, nullable=False),
    Column("state", String(16), nullable=False),
    Column("pending", Boolean, nullable=False),
    Column("error", Words),
    Column("real_time", Boolean, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("trace", JSON),
    # A projection (Chroma, full text) is current when it was made from this revision.
    Column("revision", Integer, nullable=False),
    Column("indexed_revision", Integer, nullable=False),
    # The days that it names were read from this revision.
    Column("dated_revision", Integer, nullable=False, server_default="0"),
    # What sensitive thing it tells of, while it is pending approval: until the person says yes, it is not recalled.
    Column("held", String(16)),
    # The same for good: the mark.
    Column("sensitive", String(16)),
    Column("approved", Boolean, nullable=False, server_default=false()),
    # Where in a LangGraph thread it was said (a digest); of a turn that replaced one from elsewhere, the id of the first.
    Column("origin", String(40)),
    # It says how the person wants to be written to (`memory.wishes`).
    Column("wishes", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("user_id", "seq", name="uq_turns_user_seq"),
    Index("ix_turns_user_at", "user_id", "at", "seq"),
    Index("ix_turns_user_session", "user_id", "session", "at", "seq"),
    Index("ix_turns_received", "user_id", "seq", sqlite_where=_RECEIVED, postgresql_where=_RECEIVED),
    Index("ix_turns_origin", "user_id", "origin", sqlite_where=_PLACED, postgresql_where=_PLACED),
    Index("ix_turns_held", "user_id", sqlite_where=_HELD, postgresql_where=_HELD),
    Index("ix_turns_sensitive", "user_id", sqlite_where=_SENSITIVE, postgresql_where=_SENSITIVE),
    Index("ix_turns_unindexed", "user_id", "indexed_revision", sqlite_where=_UNINDEXED, postgresql_where=_UNINDEXED),
    Index("ix_turns_undated", "user_id", sqlite_where=_UNDATED, postgresql_where=_UNDATED),
    Index("ix_turns_wishes", "user_id", "at", "seq", sqlite_where=_WISHES, postgresql_where=_WISHES),
)

sessions = Table(
    "sessions",
    metadata,
    Column("user_id", UserId(200), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("ended", Boolean, nullable=False),
    # It has been consolidated at least once.
    Column("summed_up", Boolean, nullable=False, server_default=false()),
    # The time of its first turn; numbers are in the order in which sessions were journaled.
    Column("begun", Instant),
    Index("ix_sessions_begun", "user_id", "begun", "number"),
    Index("ix_sessions_open", "user_id", sqlite_where=text("ended IS 0"), postgresql_where=text("ended IS false")),
)

memories = Table(
    "memories",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user_id", UserId(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("source", String(40), nullable=False),
    Column("key", Words),
    Column("at", Instant, nullable=False),
    Column("zone", String(80), nullable=False),
    Column("text", Words, nullable=False),
    Column("keywords", JSON, nullable=False),
    # What only one kind has: reason and photo ids (semantic), turn ids (episodic).
    Column("extra", JSON, nullable=False),
    Column("edited", Boolean, nullable=False),
    Column("hidden_at", Instant),
    Column("revision", Integer, nullable=False),
    Column("indexed_revision", Integer, nullable=False),
    Column("dated_revision", Integer, nullable=False, server_default="0"),
    # What a newer fact did to it (semantic): made it untrue, or found it to be said again.
    Column("valid_until", Instant),
    Column("superseded_by", String(40)),
    Column("same_as", String(40)),
    Column("strength", Integer, nullable=False, server_default="1"),
    # As that of the turn that it was taken from.
    Column("held", String(16)),
    Column("sensitive", String(16)),
    Index("ix_memories_superseded_by", "superseded_by"),
    Index("ix_memories_same_as", "same_as"),
    Index("ix_memories_user_until", "user_id", "valid_until"),
    Index("ix_memories_user_kind", "user_id", "kind", "source"),
    Index("ix_memories_hidden", "hidden_at"),
    # What its person wrote or called outdated: every prompt asks for it.
    Index("ix_memories_corrected", "user_id", sqlite_where=_CORRECTED, postgresql_where=_CORRECTED),
    Index("ix_memories_unindexed", "user_id", "indexed_revision", sqlite_where=_UNINDEXED, postgresql_where=_UNINDEXED),
    Index("ix_memories_undated", "user_id", sqlite_where=_UNDATED_FACT, postgresql_where=_UNDATED_FACT),
)

personality = Table(
    "personality",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("user_id", UserId(200), nullable=False),
    Column("turn_id", String(40)),
    Column("at", Instant, nullable=False),
    Column("zone", String(80), nullable=False),
    Column("cause", String(8), nullable=False),
    Column("inferred", JSON),
    Column("scores", JSON, nullable=False),
    Column("m", Integer, nullable=False),
    Column("pinned", JSON, nullable=False),
    # The message showed something of a trait.
    Column("shows", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("user_id", "turn_id", name="uq_personality_user_turn"),
    Index("ix_personality_user", "user_id", "id"),
    Index("ix_personality_shows", "user_id", "id", sqlite_where=_SHOWS, postgresql_where=_SHOWS),
)

photos = Table(
    "photos",
    metadata,
    Column("user_id", UserId(200), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("received_at", Instant, nullable=False),
    Column("media_type", String(40), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("hidden_at", Instant),
)

work = Table(
    "work",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("user_id", UserId(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("subject", String(40), nullable=False),
    # A user's work is done in this order: by the turn it follows, remembering before consolidating.
    Column("seq", Integer, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Instant),
    Column("error", Words),
    UniqueConstraint("user_id", "kind", "subject", name="uq_work_subject"),
)

outputs = Table(
    "outputs",
    metadata,
    Column("user_id", UserId(200), primary_key=True),
    Column("subject", String(40), primary_key=True),
    Column("step", String(32), primary_key=True),
    Column("text", Words, nullable=False),
)

# Steps of work that the model could not do. Once `at` is set, the step is set aside, and the work goes on without it.
refusals = Table(
    "refusals",
    metadata,
    Column("user_id", UserId(200), primary_key=True),
    Column("subject", String(40), primary_key=True),
    Column("step", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("cause", String(16), nullable=False),
    # What the server said; its words may repeat a prompt.
    Column("status", Integer),
    Column("reason", Words, nullable=False),
    Column("at", Instant),
    # It alone of its work is to be done: the rest was committed.
    Column("again", Boolean, nullable=False, server_default=false()),
)

# What a session made of profile and habits, of those who agreed to training: it can be told of no other row later.
rewrites = Table(
    "rewrites",
    metadata,
    Column("user_id", UserId(200), primary_key=True),
    Column("session", Integer, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("user_id", UserId(200), primary_key=True),
    Column("digest", String(64), primary_key=True),
)

# One act of forgetting: everything that went with it, by id alone, and once it is purged the receipt.
forgettings = Table(
    "forgettings",
    metadata,
    Column("user_id", UserId(200), primary_key=True),
    Column("subject", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("reach", JSON, nullable=False),
    Column("purged_at", Instant),
    Column("receipt", JSON),
)

# What forgotten turns and replies held, for undo: the only place where it still stands, until the purge.
withheld = Table(
    "withheld",
    metadata,
    Column("user_id", UserId(200), primary_key=True),
    Column("turn_id", String(40), primary_key=True),
    # `turn` (all of it) or `reply`.
    Column("part", String(8), primary_key=True),
    Column("subject", String(64), nullable=False),
    Column("content", JSON, nullable=False),
)

# Days that messages and facts name, as they lie ahead: places in their texts, and no word of them.
dated = Table(
    "dated",
    metadata,
    Column("user_id", UserId(200), primary_key=True),
    Column("source", String(40), primary_key=True),
    Column("place", Integer, primary_key=True),
    # The message that it is, or was taken from.
    Column("turn_id", String(40), nullable=False),
    Column("said", Instant, nullable=False),
    # See `plans.Kind`.
    Column("kind", String(8), nullable=False),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("hour", String(5)),
    Column("yearly", Boolean, nullable=False),
    Column("about", Boolean, nullable=False),
    # Its sentence in the text.
    Column("begins", Integer, nullable=False),
    Column("ends", Integer, nullable=False),
    # The turn whose reply brought it up, and which day that was: what is yearly comes again.
    Column("mentioned_in", String(40)),
    Column("mentioned_for", Date),
    Index("ix_dated_ahead", "user_id", "last", sqlite_where=_AHEAD, postgresql_where=_AHEAD),
    Index("ix_dated_yearly", "user_id", sqlite_where=text("yearly"), postgresql_where=text("yearly")),
    Index("ix_dated_changes", "user_id", "said", sqlite_where=text("kind != 'plan'"), postgresql_where=text("kind != 'plan'")),
    Index("ix_dated_turn", "user_id", "turn_id"),
)

# Of several processes on one journal, the one that does a user's background work.
leases = Table(
    "leases",
    metadata,
    Column("user_id", UserId(200), primary_key=True),
    Column("holder", String(40), nullable=False),
    Column("until", Instant, nullable=False),
)
