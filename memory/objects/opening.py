"""Opens the store that a URL names."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from memory.core import extras
from memory.core.errors import ExtraMissing, InvalidInput
from memory.objects.bucket import BucketStore
from memory.objects.encrypted_store import EncryptedStore
from memory.objects.encryption import keys_of
from memory.objects.folder import FolderStore
from memory.objects.store import ObjectStore


def open_store(url: str, written_keys: str = "") -> EncryptedStore:
    """Return the store that a URL names; nothing is connected yet.

    Args:
        url: `s3://bucket/prefix`, `gs://bucket/prefix` or `file:///folder`.
        written_keys: The keys in hexadecimal digits or base64, with commas between them: the first encrypts what is written,
            and all decrypt. Empty: nothing is encrypted.

    Raises:
        InvalidInput: The URL or a key cannot be used.
        ExtraMissing: A package is missing.
    """
    parts = urlsplit(url)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise InvalidInput("PERSONA_PHOTOS_URL has more than a bucket and a prefix. Keys belong in the store's own variables.")
    keys = keys_of(written_keys)
    if keys:
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
    return EncryptedStore(store, *keys)
