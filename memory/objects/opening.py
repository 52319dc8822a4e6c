"""Opens the store that a URL names."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from memory.core import extras
from memory.core.errors import ExtraMissing, InvalidInput
from memory.objects.bucket import BucketStore
from memory.objects.encrypted_store import EncryptedStore
from memory.objects.encryption import key_of
from memory.objects.folder import FolderStore
from memory.objects.store import ObjectStore


def open_store(url: str, key: str = "") -> ObjectStore:
    """Return the store that a URL names; nothing is connected yet.

    Args:
        url: `s3://bucket/prefix`, `gs://bucket/prefix` or `file:///folder`.
        key: The key that encrypts what is written, in hexadecimal digits or base64; empty: nothing is encrypted.

    Raises:
        InvalidInput: The URL or the key cannot be used.
        ExtraMissing: A package is missing.
    """
    parts = urlsplit(url)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise InvalidInput("PERSONA_PHOTOS_URL has more than a bucket and a prefix. Keys belong in the store's own variables.")
    secret = key_of(key) if key else None
    if secret is not None:
        extras.require("hosts", "Encryption")
    store: ObjectStore
    match parts.scheme:
        case "file" if parts.path.strip("/") and not parts.netloc:
            folder = Path(unquote(parts.path))
            store = FolderStore(folder, f"the folder {folder}")
        case "s3" | "gs" if parts.netloc:
            if parts.scheme == "s3":
                extras.require("hosts", "An object store")
            elif find_spec("gcsfs") is None:
                raise ExtraMissing(extras.missing_package("gcsfs", "PERSONA_PHOTOS_URL with gs://"))
            store = BucketStore(url)
        case _:
            raise InvalidInput(
                "PERSONA_PHOTOS_URL is no place. Write s3://bucket/prefix, gs://bucket/prefix or file:///folder, or unset it."
            )
    return EncryptedStore(store, secret)
