"""Samples with something else at one of their keys, for properties of readers."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from app.importers.conversations import Choices, LeftOut
from memory.core.errors import InvalidInput

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["", "\x00", "\ud800", "9" * 400, "0001-01-01 00:00", "9999-12-31T23:59:59", 1e308, 253402300799999]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(
        st.sampled_from(["name", "id", "type", "self"]), st.none() | st.integers() | st.text(max_size=3), max_size=2
    ),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of everything in a value."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(one for key, inner in below for one in places(inner, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    """Return a value with something else at a path."""
    if not path:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], junk)
    return copy


@st.composite
def changed(draw: st.DrawFn, sample: Any) -> Any:
    """Draw a sample with junk at one or two of its keys."""
    for _ in range(draw(st.integers(1, 2))):
        sample = replaced(sample, draw(st.sampled_from(places(sample))), draw(JUNK))
    return sample


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def as_lines(values: Any) -> bytes:
    return b"".join(as_json(value) + b"\n" for value in (values if isinstance(values, list) else [values]))


def all_of(reader: Any, source: Any, choices: Choices | None = None) -> tuple[list[Any], LeftOut]:
    """Return all conversations of a source, and what is left out."""
    left_out = LeftOut()
    return list(reader.read(source, choices or Choices(zone="Europe/Berlin"), left_out)), left_out


def survives(reader: Any, source: Any, choices: Choices | None = None) -> None:
    """Assert that a source is read, or refused in one sentence, and that what is read can be stored."""
    reader.recognises(source)
    try:
        conversations, _ = all_of(reader, source, choices)
    except InvalidInput as error:
        assert error.message.endswith(".")
        return
    for conversation in conversations:
        assert isinstance(conversation.id, str)
        assert isinstance(conversation.title, str)
        assert conversation.messages
        for message in conversation.messages:
            assert message.time.tzinfo is not None
            assert message.text or message.pictures
            (message.text + message.speaker).encode()
            assert "\x00" not in message.text
