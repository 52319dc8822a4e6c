"""The journal's tables in SQLAlchemy; `migrations/` has the steps from older versions to these tables."""

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
    """A UTC instant: a datetime with a zone in Python, naive UTC in the database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn an aware datetime into naive UTC."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn naive UTC into an aware datetime."""
        return None if value is None else value.replace(tzinfo=UTC)


class Words(TypeDecorator[str]):
    """Any text. PostgreSQL cannot store NUL, which is replaced there by U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace characters that the database cannot store."""
        return value.replace("\x00", "\ufffd") if value and dialect.name == "postgresql" else value


class UserId(TypeDecorator[str]):
    """A user id, always in Unicode normal form; see `validation.user_name`."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Normalise a user id that is searched for or written."""
        return None if value is None else user_name(value)


metadata = MetaData()
# Written exactly as in the queries: SQLite uses a partial index only for the same expression.
_UNINDEXED = text("revision != indexed_revision")
_UNDATED = text("revision != dated_revision")
_UNDATED_FACT = text("revision != dated_revision AND kind = 'semantic'")
_MAY_LIE_AHEAD = text("kind IN ('plan', 'moved')")
_HELD = text("held IS NOT NULL")
_SENSITIVE = text("sensitive IS NOT NULL")
_CORRECTED = text("edited OR superseded_by = id")
_RECEIVED = text("state = 'received'")
_HAS_ORIGIN = text("origin IS NOT NULL")
_IMPORTED = text("import_id IS NOT NULL")
# A boolean column alone is a valid condition on both databases.
_WISHES, _SHOWS = text("wishes"), text("shows")

users = Table(
    "users",
    metadata,
    Column("id", UserId(200), primary_key=True),
    # The id before ids were normalised, until the user's files are renamed; see `memory.index.renamed_users`.
    Column("spelled", String(200)),
    Column("created_at", Instant, nullable=False),
    # Whether the person agreed to training, and when; None: they were never asked.
    Column("training", Boolean),
    Column("training_since", Instant),
    # The person's choice for sensitive messages (`memory.consent.modes.Mode`); None: no choice yet.
    Column("sensitive", String(16)),
    # Whether replies mention upcoming events unasked; None: the person made no choice, and they do.
    Column("bring_up", Boolean),
)

turns = Table(
    "turns",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user_id", UserId(200), nullable=False),
    # The order of arrival. Turns are ordered by time, and turns with the same time by this number.
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
    # The index is up to date if `indexed_revision` equals this revision.
    Column("revision", Integer, nullable=False),
    Column("indexed_revision", Integer, nullable=False),
    # The revision that the rows of `dated` were made from.
    Column("dated_revision", Integer, nullable=False, server_default="0"),
    # The sensitive topic while the message is pending approval; it is not recalled until the person approves it.
    Column("held", String(16)),
    # The sensitive topic, kept for good.
    Column("sensitive", String(16)),
    Column("approved", Boolean, nullable=False, server_default=false()),
    # The position in a LangGraph thread (a digest); for a turn that replaced one from elsewhere, the id of the first turn.
    Column("origin", String(40)),
    # The message says how the person wants replies to be written (`memory.personality.writing_wishes`).
    Column("wishes", Boolean, nullable=False, server_default=false()),
    Column("import_id", String(40)),  # The import that brought it; None: it was said here.
    # The name before the text, in a talk between people; and whether it is another person's.
    Column("speaker", Words),
    Column("by_other", Boolean, nullable=False, server_default=false()),
    Column("process_id", String(40)),  # Where several processes share the journal: the one that answers it.
    UniqueConstraint("user_id", "seq", name="uq_turns_user_seq"),
    Index("ix_turns_user_at", "user_id", "at", "seq"),
    Index("ix_turns_user_session", "user_id", "session", "at", "seq"),
    Index("ix_turns_received", "user_id", "seq", sqlite_where=_RECEIVED, postgresql_where=_RECEIVED),
    Index("ix_turns_origin", "user_id", "origin", sqlite_where=_HAS_ORIGIN, postgresql_where=_HAS_ORIGIN),
    Index("ix_turns_held", "user_id", sqlite_where=_HELD, postgresql_where=_HELD),
    Index("ix_turns_sensitive", "user_id", sqlite_where=_SENSITIVE, postgresql_where=_SENSITIVE),
    Index("ix_turns_unindexed", "user_id", "indexed_revision", sqlite_where=_UNINDEXED, postgresql_where=_UNINDEXED),
    Index("ix_turns_undated", "user_id", sqlite_where=_UNDATED, postgresql_where=_UNDATED),
    Index("ix_turns_import", "user_id", "import_id", sqlite_where=_IMPORTED, postgresql_where=_IMPORTED),
    Index("ix_turns_wishes", "user_id", "at", "seq", sqlite_where=_WISHES, postgresql_where=_WISHES),
)

# History from other programs. While an import is `writing`, its lines wait in a file of their own (`memory.imports.staging`).
imports = Table(
    "imports",
    metadata,
    Column("user_id", UserId(200), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("format", String(40), nullable=False),
    # The name of the file or folder.
    Column("name", Words, nullable=False),
    Column("at", Instant, nullable=False),
    # `writing`, `done`, or `undoing`.
    Column("state", String(8), nullable=False),
    # How much of it the model reads: `none`, `sessions` or `all`.
    Column("depth", String(8), nullable=False),
    Column("conversations", Integer, nullable=False),
    Column("messages", Integer, nullable=False),
    Column("added", Integer, nullable=False),
    # Messages that were left out, by reason.
    Column("skipped", JSON, nullable=False),
    Column("first", Instant),
    Column("last", Instant),
    # Where writing goes on after the program ended: lines written, and the last session's number there and here.
    Column("progress", JSON, nullable=False),
    # The person paused the model's reading of it: its work waits.
    Column("paused", Boolean, nullable=False, server_default=false()),
)

sessions = Table(
    "sessions",
    metadata,
    Column("user_id", UserId(200), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("ended", Boolean, nullable=False),
    # The session has been consolidated at least once.
    Column("summed_up", Boolean, nullable=False, server_default=false()),
    # The time of its first turn; session numbers are in the order in which sessions were stored.
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
    # Fields of one type only: reason and photo ids (semantic), turn ids (episodic).
    Column("extra", JSON, nullable=False),
    Column("edited", Boolean, nullable=False),
    Column("hidden_at", Instant),
    Column("revision", Integer, nullable=False),
    Column("indexed_revision", Integer, nullable=False),
    Column("dated_revision", Integer, nullable=False, server_default="0"),
    # The effect of a newer fact (semantic): it superseded this one, or repeated it.
    Column("valid_until", Instant),
    Column("superseded_by", String(40)),
    Column("same_as", String(40)),
    Column("strength", Integer, nullable=False, server_default="1"),
    # As in the turn that the memory was extracted from.
    Column("held", String(16)),
    Column("sensitive", String(16)),
    Index("ix_memories_superseded_by", "superseded_by"),
    Index("ix_memories_same_as", "same_as"),
    Index("ix_memories_user_until", "user_id", "valid_until"),
    Index("ix_memories_user_kind", "user_id", "kind", "source"),
    Index("ix_memories_hidden", "hidden_at"),
    # Memories that the person edited or marked as outdated: every prompt queries them.
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
    # The message gave evidence of a trait.
    Column("shows", Boolean, nullable=False, server_default=false()),
    # The timeline's order: when it was said; what the person changes comes after all that there is.
    Column("place", Instant),
    UniqueConstraint("user_id", "turn_id", name="uq_personality_user_turn"),
    Index("ix_personality_user", "user_id", "place", "id"),
    Index("ix_personality_shows", "user_id", "place", "id", sqlite_where=_SHOWS, postgresql_where=_SHOWS),
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
    # The order of a user's work: by the turn that it follows, and `remember` before `consolidate`.
    Column("seq", Integer, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Instant),
    Column("error", Words),
    Column("import_id", String(40)),  # The import that it reads; None: what was said here.
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
    # The server's answer; its words may repeat a prompt.
    Column("status", Integer),
    Column("reason", Words, nullable=False),
    Column("at", Instant),
    # Only this step of its work is to be done: the others are committed.
    Column("again", Boolean, nullable=False, server_default=false()),
)

# Rewrites of profile and habits by sessions, of users who agreed to training; no other table has the earlier states.
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

# One act of forgetting: the ids of its cascade and, after the purge, the receipt.
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

# Quarantined content of forgotten turns and replies, for undo. Until the purge, it exists only here.
withheld = Table(
    "withheld",
    metadata,
    Column("user_id", UserId(200), primary_key=True),
    Column("turn_id", String(40), primary_key=True),
    # `turn` (the whole turn) or `reply`.
    Column("part", String(8), primary_key=True),
    Column("subject", String(64), nullable=False),
    Column("content", JSON, nullable=False),
)

# Days named in messages and facts. The rows hold positions in the texts, and no words of them.
dated = Table(
    "dated",
    metadata,
    Column("user_id", UserId(200), primary_key=True),
    Column("source", String(40), primary_key=True),
    Column("place", Integer, primary_key=True),
    # The message itself, or the message that the fact was extracted from.
    Column("turn_id", String(40), nullable=False),
    Column("said", Instant, nullable=False),
    # See `memory.upcoming.plans.Kind`.
    Column("kind", String(8), nullable=False),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("hour", String(5)),
    Column("yearly", Boolean, nullable=False),
    Column("about", Boolean, nullable=False),
    # Start and end of the sentence in the text.
    Column("begins", Integer, nullable=False),
    Column("ends", Integer, nullable=False),
    # The turn whose reply mentioned it, and for which day: a yearly event returns.
    Column("mentioned_in", String(40)),
    Column("mentioned_for", Date),
    Index("ix_dated_ahead", "user_id", "last", sqlite_where=_MAY_LIE_AHEAD, postgresql_where=_MAY_LIE_AHEAD),
    Index("ix_dated_yearly", "user_id", sqlite_where=text("yearly"), postgresql_where=text("yearly")),
    Index("ix_dated_changes", "user_id", "said", sqlite_where=text("kind != 'plan'"), postgresql_where=text("kind != 'plan'")),
    Index("ix_dated_turn", "user_id", "turn_id"),
)

# Keys of programs that reach the memory over HTTP. Only a digest of a key is stored.
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("user_id", UserId(200), nullable=False),
    Column("digest", String(64), nullable=False),
    # Whether the key is a front end's, which names the person of each request in a header.
    Column("trusts_headers", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Index("ix_api_keys_digest", "digest", unique=True),
    Index("ix_api_keys_user", "user_id"),
)
