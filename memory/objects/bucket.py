"""Objects in a bucket: S3, Google Cloud Storage, or any other file system of fsspec that writes objects whole."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from memory.core.errors import NotFound, ObjectsUnavailable, PersonaError, StorageError
from memory.objects.whole_file import whole_file

_PART_BYTES, _PARTS_AT_ONCE = 8 * 2**20, 4
"""A large file is transferred in parts of this size, and this many of them are in memory at a time."""
_NO_CREDENTIALS = {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound"}


@dataclass(frozen=True)
class _Options:
    """What fsspec's file system for a protocol is told.

    Attributes:
        opening: Arguments of the file system.
        reading: Arguments of reading an object at once.
        transferring: Arguments of reading or writing a file.
    """

    opening: Mapping[str, Any] = field(default_factory=dict)
    reading: Mapping[str, Any] = field(default_factory=dict)
    transferring: Mapping[str, Any] = field(default_factory=dict)


_OPTIONS = {
    "s3": _Options(
        # A store that is down is a sentence after some seconds, and a moment of it is bridged. botocore retries by itself.
        # Its endpoint is what the environment says (AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL).
        {"config_kwargs": {"connect_timeout": 3, "read_timeout": 20, "retries": {"mode": "standard", "total_max_attempts": 3}}},
        # One request instead of two: the size is not asked first.
        {"max_concurrency": 1},
        {"chunksize": _PART_BYTES, "max_concurrency": _PARTS_AT_ONCE},
    )
}


class BucketStore:
    """Objects below a URL of fsspec; see `ObjectStore`. The connection is opened by the first use, and threads share it.

    Args:
        url: Protocol, bucket and prefix, for example `s3://bucket/prefix`.
    """

    def __init__(self, url: str) -> None:
        self._protocol, _, path = url.partition("://")
        self._root = path.strip("/")
        self.place = f"{self._protocol}://{self._root}"
        self._options = _OPTIONS.get(self._protocol, _Options())
        self._system: Any = None
        self._lock = threading.Lock()

    def put(self, name: str, data: bytes) -> None:
        """Write an object."""
        with self._sentences(name):
            self._files.pipe_file(self._path(name), data)

    def get(self, name: str) -> bytes:
        """Return an object's bytes, or raise NotFound."""
        with self._sentences(name):
            return bytes(self._files.cat_file(self._path(name), **self._options.reading))

    def begin(self, name: str, size: int) -> bytes:
        """Return an object's first bytes, or raise NotFound."""
        with self._sentences(name):
            try:
                return bytes(self._files.cat_file(self._path(name), start=0, end=size))
            except OSError as error:
                # An empty object has no first bytes.
                if _code(error) == "InvalidRange":
                    return b""
                raise

    def upload(self, name: str, file: Path) -> None:
        """Write a file as an object, in parts that become an object once all of them are there."""
        with self._sentences(name):
            self._files.put_file(str(file), self._path(name), **self._options.transferring)

    def download(self, name: str, file: Path) -> None:
        """Write an object into a file, or raise NotFound."""
        with whole_file(file, durable=False) as part, self._sentences(name):
            self._files.get_file(self._path(name), part.name, **self._options.transferring)

    def has(self, name: str) -> bool:
        """Return whether there is an object with this name."""
        try:
            self.size(name)
        except NotFound:
            return False
        return True

    def size(self, name: str) -> int:
        """Return how many bytes an object takes in the bucket, or raise NotFound."""
        with self._sentences(name):
            found = self._files.info(self._path(name))
            if found["type"] != "file":
                raise FileNotFoundError(name)
            return int(found["size"])

    def names(self, prefix: str) -> list[str]:
        """Return the names of all objects with a prefix."""
        try:
            with self._sentences(prefix):
                found = self._files.find(self._path(prefix))
        except NotFound:
            return []
        return [self._name(path) for path in found]

    def folders(self, prefix: str) -> list[str]:
        """Return the names of what is directly below a prefix and has objects below it."""
        try:
            with self._sentences(prefix):
                found = self._files.ls(self._path(prefix), detail=True)
        except NotFound:
            return []
        return [one["name"].rstrip("/").rpartition("/")[2] for one in found if one["type"] == "directory"]

    def times(self, prefix: str) -> dict[str, datetime]:
        """Return the names of all objects with a prefix, and when each was last written."""
        try:
            with self._sentences(prefix):
                found = self._files.find(self._path(prefix), detail=True)
        except NotFound:
            return {}
        times = {path: _time_of(about) for path, about in found.items()}
        return {self._name(path): time for path, time in times.items() if time is not None}

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects, one request for each; names without an object are ignored."""
        for name in names:
            try:
                with self._sentences(name):
                    self._files.rm_file(self._path(name))
            except NotFound:
                continue

    def delete_prefix(self, prefix: str) -> None:
        """Delete all objects with a prefix, in batches."""
        if not (found := self.names(prefix)):
            return
        with self._sentences(prefix):
            self._files.rm([self._path(name) for name in found])
        # A batch is answered as done although the bucket refused to delete some of it.
        if left := len(self.names(prefix)):
            raise StorageError(f"{self.place} still has {left} object(s) that were deleted. Allow deletion, and delete again.")

    def check(self) -> str:
        """Check that the bucket answers, and say if it keeps what is deleted from it."""
        with self._sentences(""):
            self._files.find(self._path("photos/0/"))
            if self._protocol != "s3":
                return ""
            try:
                versioned = self._files.is_bucket_versioned(self._root.partition("/")[0])
            except PermissionError:
                return "Its key may not read whether the bucket keeps old versions (s3:GetBucketVersioning)."
        keeps = (
            "The bucket keeps old versions, and so it keeps what is deleted. Turn versioning off, or let old versions expire."
        )
        return keeps if versioned else ""

    @property
    def _files(self) -> Any:
        """The file system. It caches no listing, because other hosts write too."""
        with self._lock:
            if self._system is None:
                import fsspec

                self._system = fsspec.filesystem(
                    self._protocol, skip_instance_cache=True, use_listings_cache=False, **self._options.opening
                )
            return self._system

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _name(self, path: str) -> str:
        return str(path).strip("/").removeprefix(f"{self._root}/")

    @contextmanager
    def _sentences(self, name: str) -> Iterator[None]:
        """Raise errors of the bucket as sentences. They have no word of its own messages, which may name keys and URLs."""
        try:
            yield
        except FileNotFoundError as error:
            if _code(error) == "NoSuchBucket":
                raise ObjectsUnavailable(
                    f"There is no bucket for {self.place}. Create it, or correct PERSONA_PHOTOS_URL."
                ) from error
            raise NotFound(f"{name.rpartition('/')[2][:12]}… is not in {self.place} any more.") from error
        except PersonaError:
            raise
        except Exception as error:
            why = _code(error) or errno.errorcode.get(getattr(error, "errno", None) or 0) or type(error).__name__
            if isinstance(error, PermissionError) or why in _NO_CREDENTIALS:
                raise ObjectsUnavailable(
                    f"{self.place} refuses access ({why}). Give this program a key that may read, write, list and delete."
                ) from error
            raise ObjectsUnavailable(
                f"{self.place} cannot be used ({why}). Check that it is running and can be reached."
            ) from error


def _time_of(about: Mapping[str, Any]) -> datetime | None:
    """Return when an object was last written; None if its file system does not say. S3 and the others name it differently."""
    time = about.get("LastModified", about.get("mtime"))
    if isinstance(time, int | float):
        return datetime.fromtimestamp(time, UTC)
    if isinstance(time, datetime):
        return time if time.tzinfo else time.replace(tzinfo=UTC)
    return None


def _code(error: BaseException) -> str:
    """Return the store's own short name of an error; empty if it gave none."""
    response = getattr(error.__cause__ or error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
