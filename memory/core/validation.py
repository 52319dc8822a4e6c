"""What a person may send: limits on user ids and message texts (pure checks, before anything is stored)."""

from __future__ import annotations

import unicodedata

from memory.core.errors import InvalidInput, MessageTooLong

MAX_TEXT = 20_000
"""Characters of one message."""
MAX_USER = 200
"""Characters of a user id."""
MAX_IMAGES = 8
"""Pictures of one message."""


def user_name(user_id: str) -> str:
    """Return `user_id` in Unicode's normal form C: `José` is one user, however its é is written."""
    return user_id if user_id.isascii() else unicodedata.normalize("NFC", user_id)


def check_user(user_id: str) -> str:
    """Return `user_id` in normal form, or raise InvalidInput; every text of 1 to 200 characters is a name."""
    user_id = user_name(user_id)
    if not user_id.strip():
        raise InvalidInput("The user has no name. Give one, for example --user ada.")
    if len(user_id) > MAX_USER:
        raise InvalidInput(f"The user name has {len(user_id)} characters; at most {MAX_USER} are allowed.")
    _check_unicode("user name", user_id)
    if "\x00" in user_id:
        raise InvalidInput("The user name holds a character that no database keeps (NUL). Leave it out.")
    return user_id


def check_text(text: str, images: int = 0) -> str:
    """Return the message as it is, or raise.

    Control characters, right-to-left marks and tags of our own protocol are data and stay.

    Args:
        text: The message.
        images: How many pictures come with it; a message with one may have no words.

    Raises:
        MessageTooLong: More than 20,000 characters.
        InvalidInput: Nothing was said, too many pictures, or the text is not valid Unicode.
    """
    if len(text) > MAX_TEXT:
        raise MessageTooLong(f"The message has {len(text):,} characters; at most {MAX_TEXT:,} fit. Send it in parts.")
    if images > MAX_IMAGES:
        raise InvalidInput(f"The message has {images} pictures; at most {MAX_IMAGES} fit. Send them in parts.")
    if not text.strip() and not images:
        raise InvalidInput("The message is empty. Write something, or attach a picture.")
    _check_unicode("message", text)
    return text


def _check_unicode(what: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            f"The {what} holds bytes that are not text (at character {error.start + 1}). Send it as UTF-8."
        ) from error
