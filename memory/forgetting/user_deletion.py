"""Deletes everything of a user from every store, and checks that nothing is left."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from memory.core.errors import NotFound
from memory.core.host_purge import HostPurge
from memory.core.validation import user_name
from memory.forgetting import verify
from memory.forgetting.purge import Purger
from memory.hosts.purges import Purges
from memory.index.recovery import IndexRecovery
from memory.photos.store import PhotoStore
from memory.storage.engine import Database
from memory.storage.host_schema import change_counts, changes
from memory.storage.schema import memories, metadata, photos, turns, users

_NUMBERS = (changes, change_counts)


class UserDeletion:
    """Deletes users.

    Args:
        database: The journal's database.
        indexes: The search index and its copy in Chroma.
        photo_store: The photo store.
        purger: Rewrites the files beneath the stores.
        purges: The purges of all hosts, where several share the journal.
    """

    def __init__(
        self,
        database: Database,
        indexes: IndexRecovery,
        photo_store: PhotoStore,
        purger: Purger,
        purges: Purges | None = None,
    ) -> None:
        self._database = database
        self._indexes = indexes
        self._photos = photo_store
        self._purger = purger
        self._purges = purges

    def delete(self, user_id: str) -> dict[str, int]:
        """Delete a user at once, and return the counts of what was deleted.

        Raises:
            NotFound: There is no such user.
        """
        user_id = user_name(user_id)
        receipt = self._counts(user_id)
        self._photos.delete_user(user_id)
        with self._database.write(user_id) as connection:
            # The database numbers changes of the other tables in these two, so they come last.
            of_people = [table for table in metadata.sorted_tables if "user_id" in table.c and table not in _NUMBERS]
            connection.execute(delete(users).where(users.c.id == user_id))
            for table in (*of_people, *_NUMBERS):
                connection.execute(delete(table).where(table.c.user_id == user_id))
        self._indexes.indexer.delete_user(user_id)
        self._purger.compact()
        if self._purges is not None:
            self._purges.wait(self._purges.announce(user_id, None))
        return receipt

    def left_of(self, user_id: str) -> dict[str, int]:
        """Count what each store still has of a deleted user; every count should be 0."""
        with self._database.read() as connection:
            rows = verify.rows_of(connection, user_id)
        elsewhere = {}
        if self._purges is not None:
            left = sum(host.state != "purged" for host in self.hosts_of(user_id))
            elsewhere = {"copies": self._purges.copies_of(user_id), "hosts": left}
        return elsewhere | {
            "journal": rows,
            "vectors": self._indexes.chroma.collections_of(user_id),
            "words": self._indexes.search.files.files_of(user_id),
            "pictures": self._photos.files_of(user_id),
        }

    def hosts_of(self, user_id: str) -> list[HostPurge]:
        """Return what each host did for a deleted user; nothing where one machine is all there is."""
        return [] if self._purges is None else self._purges.of_deleted(user_id)

    def _counts(self, user_id: str) -> dict[str, int]:
        shown = {
            "turns": (turns, turns.c.user_id == user_id),
            "memories": (
                memories,
                (memories.c.user_id == user_id) & memories.c.hidden_at.is_(None) & (memories.c.kind != "photo"),
            ),
            "photos": (photos, (photos.c.user_id == user_id) & photos.c.hidden_at.is_(None)),
        }
        with self._database.read() as connection:
            if connection.execute(select(users.c.id).where(users.c.id == user_id)).first() is None:
                raise NotFound(f"There is no user {user_id!r}. `persona user list` shows all users.")
            return {
                name: connection.execute(select(func.count()).select_from(table).where(which)).scalar_one()
                for name, (table, which) in shown.items()
            }
