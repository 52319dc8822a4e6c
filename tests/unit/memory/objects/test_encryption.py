"""Encrypted objects: what goes in comes out, and nothing that was changed on the way does."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.core.errors import KeyMissing, ObjectDamaged, StorageError
from memory.objects import encryption
from memory.objects.encryption import HEADER_BYTES, KEY_BYTES, MAGIC, decrypt, encrypt, is_encrypted_with

pytestmark = pytest.mark.server

KEY, OTHER = bytes(range(KEY_BYTES)), bytes(KEY_BYTES)
NAME = "photos/ada/0123456789abcdef"
FRAME = 16
"""Frames are this small here, so that a few bytes are several of them."""
SEALED = FRAME + 16


@pytest.fixture(scope="module", autouse=True)
def _small_frames():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encryption, "FRAME_BYTES", FRAME)
        yield


def encrypted(data: bytes, name: str = NAME, key: bytes = KEY) -> bytes:
    out = io.BytesIO()
    encrypt(io.BytesIO(data), out, name, key)
    return out.getvalue()


def decrypted(data: bytes, name: str = NAME, keys: Sequence[bytes] = (KEY,)) -> bytes:
    out = io.BytesIO()
    decrypt(io.BytesIO(data), out, name, keys)
    return out.getvalue()


@given(st.binary(max_size=5 * FRAME))
def test_what_goes_in_comes_out(data):
    sealed = encrypted(data)
    assert decrypted(sealed) == data
    assert len(sealed) == HEADER_BYTES + len(data) + 16 * max(1, -(-len(data) // FRAME))


@given(st.binary(min_size=9, max_size=4 * FRAME))
def test_nothing_of_it_can_be_read_and_no_two_are_alike(data):
    one, two = encrypted(data), encrypted(data)
    assert data[:9] not in one
    assert one[HEADER_BYTES:] != two[HEADER_BYTES:]


@given(st.binary(max_size=5 * FRAME), st.data())
def test_a_cut_anywhere_is_noticed(data, draw):
    sealed = encrypted(data)
    with pytest.raises(ObjectDamaged, match="0123456789ab… is damaged"):
        decrypted(sealed[: draw.draw(st.integers(0, len(sealed) - 1))])


@given(st.binary(max_size=5 * FRAME), st.data())
def test_a_changed_bit_anywhere_is_noticed(data, draw):
    sealed = bytearray(encrypted(data))
    place = draw.draw(st.integers(len(MAGIC), len(sealed) - 1))
    sealed[place] ^= 1 << draw.draw(st.integers(0, 7))
    with pytest.raises(StorageError, match=r"is damaged|another key|newer version"):
        decrypted(bytes(sealed))


@given(st.integers(2, 6), st.data())
def test_frames_that_are_swapped_repeated_or_left_out_are_noticed(count, draw):
    sealed = encrypted(bytes(range(count * FRAME)))
    frames = [sealed[start : start + SEALED] for start in range(HEADER_BYTES, len(sealed), SEALED)]
    assert len(frames) == count
    order = draw.draw(
        st.lists(st.integers(0, count - 1), min_size=1, max_size=count + 1).filter(lambda o: o != [*range(count)])
    )
    with pytest.raises(ObjectDamaged):
        decrypted(sealed[:HEADER_BYTES] + b"".join(frames[one] for one in order))


def test_frames_of_another_object_with_the_same_key_are_noticed():
    one, two = encrypted(b"a" * 3 * FRAME), encrypted(b"b" * 3 * FRAME)
    middle = slice(HEADER_BYTES + SEALED, HEADER_BYTES + 2 * SEALED)
    with pytest.raises(ObjectDamaged):
        decrypted(one[: middle.start] + two[middle] + one[middle.stop :])


def test_an_object_under_another_name_is_noticed():
    with pytest.raises(ObjectDamaged, match="belongs to another name"):
        decrypted(encrypted(b"a picture"), name="photos/bob/0123456789abcdef")


def test_another_key_is_said_and_is_no_damage():
    with pytest.raises(StorageError, match="encrypted with another key") as raised:
        decrypted(encrypted(b"a picture"), keys=[OTHER])
    assert not isinstance(raised.value, ObjectDamaged)


@given(
    st.binary(max_size=3 * FRAME),
    st.lists(st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES), min_size=1, max_size=4, unique=True),
    st.data(),
)
def test_any_of_the_keys_in_any_order_reads_what_one_of_them_wrote(data, keys, draw):
    used = draw.draw(st.sampled_from(keys))
    sealed = encrypted(data, key=used)
    assert decrypted(sealed, keys=draw.draw(st.permutations(keys))) == data
    others = [key for key in keys if key != used]
    said = "encrypted with another key. Add the one" if others else r"is encrypted\. Set"
    with pytest.raises(KeyMissing, match=said) as raised:
        decrypted(sealed, keys=others)
    assert not any(key.hex() in raised.value.message for key in keys)
    assert [is_encrypted_with(sealed[:HEADER_BYTES], key) for key in keys] == [key == used for key in keys]


def test_an_object_that_is_not_encrypted_is_so_with_no_key_whatever_stands_where_a_key_id_would():
    header = encrypted(b"a picture")[:HEADER_BYTES]
    assert is_encrypted_with(header, KEY)
    assert not is_encrypted_with(b"x" + header[1:], KEY)


@given(st.binary(max_size=HEADER_BYTES - 1))
def test_what_is_too_short_for_a_header_is_encrypted_with_no_key(header):
    assert not is_encrypted_with(header, KEY)


def test_without_a_key_an_encrypted_object_says_what_it_needs():
    with pytest.raises(StorageError, match=r"is encrypted\. Set PERSONA_OBJECTS_KEY"):
        decrypted(encrypted(b"a picture"), keys=[])


@given(st.binary(min_size=1, max_size=200).filter(lambda data: not data.startswith(MAGIC) and not MAGIC.startswith(data)))
def test_an_object_from_before_the_key_is_read_as_it_is(data):
    assert decrypted(data) == decrypted(data, keys=[]) == data


def test_a_newer_format_says_so():
    sealed = bytearray(encrypted(b"a picture"))
    sealed[len(MAGIC)] = 2
    with pytest.raises(StorageError, match="newer version"):
        decrypted(bytes(sealed))
