"""Tables for several hosts that share one journal on PostgreSQL; on SQLite they stay empty."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, false, text

from memory.storage.schema import Instant, UserId, metadata

# Hosts: each has index files of its own. A host stays here while it is down: its files may hold what is purged meanwhile.
hosts = Table(
    "hosts",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("since", Instant, nullable=False),
)

# Running processes. One that was not seen for some seconds, by the database's clock, is dead.
host_processes = Table(
    "host_processes",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("host_id", String(40), nullable=False),
    Column("program", String(200), nullable=False),
    Column("seen", Instant, nullable=False),
    Index("ix_host_processes_host", "host_id"),
)

# Who does something for a person: `reply`, or background `work`. A lease with another fence than a writer's refuses its commit.
leases = Table(
    "leases",
    metadata,
    Column("user_id", UserId(200), primary_key=True),
    Column("purpose", String(8), primary_key=True),
    # The process.
    Column("holder", String(40), nullable=False),
    # Grows by one each time that another holder takes the lease.
    Column("fence", Integer, nullable=False),
    # By the database's clock.
    Column("until", Instant, nullable=False),
)

# The numbers of a person's changes; every host's index file says how far it is.
change_counts = Table(
    "change_counts",
    metadata,
    Column("user_id", UserId(200), primary_key=True),
    # Another one after the person was deleted and came back, or after `persona reindex`: index files of before are discarded.
    Column("era", String(40), nullable=False),
    # The newest change.
    Column("last", Integer, nullable=False),
    # Chroma has all changes up to this one.
    Column("mirrored", Integer, nullable=False, server_default="0"),
)

# The newest change of each row that a search could find. Triggers of the database write it: see migration 0021.
changes = Table(
    "changes",
    metadata,
    Column("user_id", UserId(200), primary_key=True),
    Column("row_id", String(40), primary_key=True),
    # `turn` or `memory`.
    Column("kind", String(8), nullable=False),
    Column("number", Integer, nullable=False),
    # The row was deleted.
    Column("gone", Boolean, nullable=False, server_default=false()),
    Index("ix_changes_number", "user_id", "number"),
)

# What every host has to remove from its own files. It holds ids, and not a word of what is forgotten.
purges = Table(
    "purges",
    metadata,
    Column("id", String(40), primary_key=True),
    # `user_key` of the person: the name of the index file.
    Column("user_key", String(80), nullable=False),
    # The person; null: everything of the person was deleted, the name too.
    Column("user_id", UserId(200)),
    # Ids of the removed rows.
    Column("rows", JSON, nullable=False),
    Column("at", Instant, nullable=False),
)

purge_acks = Table(
    "purge_acks",
    metadata,
    Column("purge_id", String(40), primary_key=True),
    Column("host_id", String(40), primary_key=True),
    Column("at", Instant, nullable=False),
)

# Copies of index files in the object store.
snapshots = Table(
    "snapshots",
    metadata,
    Column("user_key", String(80), primary_key=True),
    Column("name", String(120), primary_key=True),
    Column("host_id", String(40), nullable=False),
    # The layout and the embedder of the file.
    Column("made", String(200), nullable=False),
    # The era and the number of the change up to which it goes; see `change_counts`.
    Column("era", String(40), nullable=False),
    Column("number", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    # Whether it is there as a whole.
    Column("whole", Boolean, nullable=False, server_default=false()),
    Column("at", Instant, nullable=False),
    Index("ix_snapshots_whole", "user_key", "number", sqlite_where=text("whole"), postgresql_where=text("whole")),
)

# What all hosts must have in common, such as the text embedder.
shared_settings = Table(
    "shared_settings",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", String(200), nullable=False),
)
