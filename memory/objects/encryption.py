"""Encrypting objects with AES-256-GCM, frame by frame (pure).

A key of its own is derived for each object from the set key and a random salt. A frame's nonce is its number and whether it is
the last one, so frames cannot be swapped, dropped or cut off. The object's name is authenticated too, so objects cannot be
swapped. An encrypted object is a header (magic, version, key id, salt), then frames of 1 MiB, each with its tag of 16 bytes.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING

from memory.core.errors import InvalidInput, KeyMissing, ObjectDamaged, ObjectsUnavailable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
MAGIC = b"PERSENC"
FRAME_BYTES = 2**20
_VERSION = b"\x01"
_KEY_ID_BYTES, _SALT_BYTES, _TAG_BYTES, _NONCE_BYTES = 8, 32, 16, 12
HEADER_BYTES = len(MAGIC) + len(_VERSION) + _KEY_ID_BYTES + _SALT_BYTES


def key_of(written: str) -> bytes:
    """Return the key that a person wrote as 64 hexadecimal digits or in base64.

    Raises:
        InvalidInput: It is not a key; the message does not repeat it.
    """
    text = written.strip()
    try:
        if len(text) == 2 * KEY_BYTES:
            return bytes.fromhex(text)
        key = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != KEY_BYTES:
        raise InvalidInput(
            "PERSONA_OBJECTS_KEY is not 32 bytes in hexadecimal or base64, or several such keys with commas between them. Make "
            "one with `openssl rand -hex 32`."
        )
    return key


def keys_of(written: str) -> list[bytes]:
    """Return the keys that a person wrote, with commas between them; an empty text has none.

    Raises:
        InvalidInput: One of them is no key. That is also an empty one: if it is the first, another key would encrypt.
    """
    return [key_of(one) for one in written.split(",")] if written.strip() else []


def encrypt(source: IO[bytes], target: IO[bytes], name: str, key: bytes) -> None:
    """Write the rest of one file, encrypted, into another.

    Args:
        source: What to encrypt.
        target: Where to write.
        name: The object's name, which decryption has to give again.
        key: 32 bytes.
    """
    header = MAGIC + _VERSION + _id_of(key) + os.urandom(_SALT_BYTES)
    cipher, bound = _cipher(key, header), header + name.encode()
    target.write(header)
    target.writelines(
        cipher.encrypt(_nonce(number, is_last=is_last), frame, bound) for number, frame, is_last in _frames(source, FRAME_BYTES)
    )


def is_encrypted_with(header: bytes, key: bytes) -> bool:
    """Return whether an object that begins with these bytes was encrypted with a key."""
    return header[: len(MAGIC)] == MAGIC and _key_id(header) == _id_of(key)


def decrypt(source: IO[bytes], target: IO[bytes], name: str, keys: Sequence[bytes]) -> None:
    """Write the rest of one file, decrypted, into another. An object that was written before a key was set is copied.

    If this raises, what `target` has is worthless.

    Args:
        source: What to decrypt.
        target: Where to write.
        name: The object's name.
        keys: The one that it was encrypted with is used, wherever it stands among them.

    Raises:
        ObjectDamaged: The object is cut off or changed, or belongs to another name.
        KeyMissing: It was encrypted with another key.
        ObjectsUnavailable: It was encrypted by a newer program.
    """
    header = source.read(HEADER_BYTES)
    if not header.startswith(MAGIC):
        if MAGIC.startswith(header):
            raise _damaged(name)
        target.write(header)
        while chunk := source.read(FRAME_BYTES):
            target.write(chunk)
        return
    called = _called(name)
    if not keys:
        raise KeyMissing(f"{called} is encrypted. Set PERSONA_OBJECTS_KEY to the key that it was written with.")
    if len(header) < HEADER_BYTES:
        raise _damaged(name)
    if header[len(MAGIC) :][:1] != _VERSION:
        raise ObjectsUnavailable(f"{called} was encrypted by a newer version of this program. Update the program.")
    key = next((one for one in keys if is_encrypted_with(header, one)), None)
    if key is None:
        raise KeyMissing(
            f"{called} was encrypted with another key. Add the one it was written with to PERSONA_OBJECTS_KEY, after a comma."
        )
    from cryptography.exceptions import InvalidTag

    cipher, bound = _cipher(key, header), header + name.encode()
    for number, frame, is_last in _frames(source, FRAME_BYTES + _TAG_BYTES):
        try:
            target.write(cipher.decrypt(_nonce(number, is_last=is_last), frame, bound))
        except InvalidTag as error:
            raise _damaged(name) from error


def _frames(source: IO[bytes], size: int) -> Iterator[tuple[int, bytes, bool]]:
    """Yield the number of each frame, its bytes, and whether it is the last; an empty file is one empty frame."""
    number, frame = 0, source.read(size)
    while True:
        following = source.read(size)
        yield number, frame, not following
        if not following:
            return
        number, frame = number + 1, following


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(_NONCE_BYTES - 1) + bytes([is_last])


def _key_id(header: bytes) -> bytes:
    return header[len(MAGIC) + len(_VERSION) :][:_KEY_ID_BYTES]


def _id_of(key: bytes) -> bytes:
    return _derived(key, b"", b"key id", _KEY_ID_BYTES)


def _cipher(key: bytes, header: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(_derived(key, header[-_SALT_BYTES:], b"object", KEY_BYTES))


def _derived(key: bytes, salt: bytes, purpose: bytes, size: int) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), size, salt, b"personavlm " + purpose).derive(key)


def _damaged(name: str) -> ObjectDamaged:
    return ObjectDamaged(f"{_called(name)} is damaged: it is cut off, was changed, or belongs to another name.")


def _called(name: str) -> str:
    return f"The object {name.rpartition('/')[2][:12]}…"
