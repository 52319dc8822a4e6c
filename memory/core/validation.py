"""Limits on user ids and messages (pure checks, made before anything is stored)."""

from __future__ import annotations

import unicodedata

from memory.core.errors import InvalidInput, MessageTooLong

MAX_TEXT = 20_000
"""Most characters of one message."""
MAX_USER = 200
"""Most characters of a user id."""
MAX_IMAGES = 8
"""Most pictures of one message."""


def user_name(user_id: str) -> str:
    """Return `user_id` in Unicode's normal form C, so that both encodings of `José` name the same user."""
    return user_id if user_id.isascii() else unicodedata.normalize("NFC", user_id)


def check_user(user_id: str) -> str:
    """Return `user_id` in normal form, or raise InvalidInput; any text of 1 to 200 characters is a valid name."""
    user_id = user_name(user_id)
    if not user_id.strip():
        raise InvalidInput("The user has no name. Give one, for example --user ada.")
    if len(user_id) > MAX_USER:
        raise InvalidInput(f"The user name has {len(user_id)} characters; at most {MAX_USER} are allowed.")
    _check_unicode("user name", user_id)
    if "\x00" in user_id:
        raise InvalidInput("The user name contains a NUL character, which databases cannot store. Remove it.")
    return user_id


def check_text(text: str, images: int = 0) -> str:
    """Return the message unchanged, or raise.

    Control characters, right-to-left marks and tags of our own protocol are treated as data and kept.

    Args:
        text: The message.
        images: Number of pictures that come with it; a message with a picture may have no words.

    Raises:
        MessageTooLong: The text has more than 20,000 characters.
        InvalidInput: The message is empty, has too many pictures, or is not valid Unicode.
    """
    if len(text) > MAX_TEXT:
        raise MessageTooLong(f"The message has {len(text):,} characters; at most {MAX_TEXT:,} fit. Send it in parts.")
    if images > MAX_IMAGES:
        raise InvalidInput(f"The message has {images} pictures; at most {MAX_IMAGES} fit. Send them in parts.")
    if not text.replace("\x00", "").strip() and not images:
        raise InvalidInput("The message is empty. Write something, or attach a picture.")
    _check_unicode("message", text)
    return text


def _check_unicode(what: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            f"The {what} contains bytes that are not text (at character {error.start + 1}). Send it as UTF-8."
        ) from error
