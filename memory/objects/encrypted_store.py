"""A store that encrypts what it writes into another one."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable
from pathlib import Path

from memory.core.errors import StorageError
from memory.objects.encryption import decrypt, encrypt
from memory.objects.store import ObjectStore
from memory.objects.whole_file import whole_file


class EncryptedStore:
    """Encrypts and decrypts the objects of another store; see `ObjectStore`.

    Args:
        store: Where the objects are.
        key: 32 bytes; None: objects are written as they are, and an encrypted one is an error that says so.
    """

    def __init__(self, store: ObjectStore, key: bytes | None) -> None:
        self._store = store
        self._key = key

    @property
    def place(self) -> str:
        """Where the objects are."""
        return self._store.place

    def put(self, name: str, data: bytes) -> None:
        """Write an object, encrypted."""
        if self._key is not None:
            written = io.BytesIO()
            encrypt(io.BytesIO(data), written, name, self._key)
            data = written.getvalue()
        self._store.put(name, data)

    def get(self, name: str) -> bytes:
        """Return an object's bytes, decrypted.

        Raises:
            NotFound: There is no such object.
            ObjectDamaged: It is damaged.
            ObjectsUnavailable: It was encrypted with another key, or the place cannot be used.
        """
        read = io.BytesIO()
        decrypt(io.BytesIO(self._store.get(name)), read, name, self._key)
        return read.getvalue()

    def upload(self, name: str, file: Path) -> None:
        """Write a file as an object, encrypted; the encrypted bytes lie beside the file meanwhile."""
        if self._key is None:
            self._store.upload(name, file)
            return
        try:
            with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".upload-") as part:
                with file.open("rb") as source:
                    encrypt(source, part.file, name, self._key)
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
                    decrypt(source, target, name, self._key)
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
