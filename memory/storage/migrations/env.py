"""Alembic's entry point: runs the migrations on the connection that `memory.storage.engine` hands over."""

from alembic import context

from memory.storage import host_schema  # noqa: F401 - its tables belong to the metadata
from memory.storage.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
