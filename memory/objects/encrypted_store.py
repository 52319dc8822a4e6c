"""A store that encrypts what it writes into another one."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from memory.core.errors import StorageError
from memory.objects.encryption import HEADER_BYTES, decrypt, encrypt, is_encrypted_with
from memory.objects.store import ObjectStore
from memory.objects.whole_file import whole_file


class EncryptedStore:
    """Encrypts and decrypts the objects of another store; see `ObjectStore`.

    Args:
        store: Where the objects are.
        keys: 32 bytes each. The first encrypts, and all decrypt. Without a key, objects are written as they are, and an
            encrypted one is an error that says so.
    """

    def __init__(self, store: ObjectStore, *keys: bytes) -> None:
        self._store = store
        self._keys = keys

    @property
    def place(self) -> str:
        """Where the objects are."""
        return self._store.place

    @property
    def encrypts(self) -> bool:
        """Whether there is a key."""
        return bool(self._keys)

    def put(self, name: str, data: bytes) -> None:
        """Write an object, encrypted."""
        if self._keys:
            written = io.BytesIO()
            encrypt(io.BytesIO(data), written, name, self._keys[0])
            data = written.getvalue()
        self._store.put(name, data)

    def get(self, name: str) -> bytes:
        """Return an object's bytes, decrypted.

        Raises:
            NotFound: There is no such object.
            ObjectDamaged: It is damaged.
            KeyMissing: It was encrypted with another key.
            ObjectsUnavailable: The place cannot be used.
        """
        read = io.BytesIO()
        decrypt(io.BytesIO(self._store.get(name)), read, name, self._keys)
        return read.getvalue()

    def begin(self, name: str, size: int) -> bytes:
        """Return the first bytes of an object as they are in its place, or raise NotFound."""
        return self._store.begin(name, size)

    def is_current(self, name: str) -> bool:
        """Return whether an object is encrypted with the first key, or raise NotFound; only its beginning is read."""
        return bool(self._keys) and is_encrypted_with(self.begin(name, HEADER_BYTES), self._keys[0])

    def upload(self, name: str, file: Path) -> None:
        """Write a file as an object, encrypted; the encrypted bytes lie beside the file meanwhile."""
        if not self._keys:
            self._store.upload(name, file)
            return
        try:
            with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".upload-") as part:
                with file.open("rb") as source:
                    encrypt(source, part.file, name, self._keys[0])
                part.flush()
                self._store.upload(name, Path(part.name))
        except OSError as error:
            raise _no_room(file, error) from error

    def download(self, name: str, file: Path) -> None:
        """Write an object into a file, decrypted; see `get`."""
        try:
            with tempfile.TemporaryDirectory(dir=file.parent, prefix=".download-") as folder:
                part = Path(folder) / "object"
                self._store.download(name, part)
                with part.open("rb") as source, whole_file(file, durable=False) as target:
                    decrypt(source, target, name, self._keys)
        except OSError as error:
            raise _no_room(file, error) from error

    def has(self, name: str) -> bool:
        """Return whether there is an object with this name."""
        return self._store.has(name)

    def size(self, name: str) -> int:
        """Return how many bytes an object takes in its place, or raise NotFound."""
        return self._store.size(name)

    def names(self, prefix: str) -> list[str]:
        """Return the names of all objects with a prefix."""
        return self._store.names(prefix)

    def folders(self, prefix: str) -> list[str]:
        """Return the names of what is directly below a prefix and has objects below it."""
        return self._store.folders(prefix)

    def times(self, prefix: str) -> dict[str, datetime]:
        """Return the names of all objects with a prefix, and when each was last written."""
        return self._store.times(prefix)

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; names without an object are ignored."""
        self._store.delete(names)

    def delete_prefix(self, prefix: str) -> None:
        """Delete all objects with a prefix."""
        self._store.delete_prefix(prefix)

    def check(self) -> str:
        """Check that the place answers, and say what the operator should know about it."""
        return self._store.check()


def _no_room(file: Path, error: OSError) -> StorageError:
    return StorageError(
        f"A file beside {file} cannot be used ({error.strerror}). Free some space, or make the folder writable."
    )
