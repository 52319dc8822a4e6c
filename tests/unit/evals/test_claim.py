"""A folder holds one run: what its answers depend on may not change under it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from evals.claim import FILE, claim
from evals.types import Person, Said
from memory.core.errors import InvalidInput

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MADE_WITH = {"model": "small", "text embedder": "words"}


def person(name, *texts, images=()):
    return Person(name, tuple(Said(NOW, text, "I see.", images) for text in texts))


def test_people_may_be_added_and_settings_and_histories_may_not_change(tmp_path):
    folder = tmp_path / "run"
    claim(folder, MADE_WITH, [person("50/1", "Hello")])
    claim(folder, MADE_WITH, [person("50/2", "Hello")])
    claim(folder, MADE_WITH, [person("50/1", "Hello"), person("50/2", "Hello")])
    with pytest.raises(InvalidInput, match="another history of 50/1"):
        claim(folder, MADE_WITH, [person("50/1", "Hello", "Again")])
    with pytest.raises(InvalidInput, match="another model"):
        claim(folder, {**MADE_WITH, "model": "large"}, [person("50/1", "Hello")])
    claim(folder, MADE_WITH, [person("50/1", "Hello")])


def test_another_picture_of_the_same_name_is_another_history(tmp_path):
    picture = tmp_path / "mug.png"
    picture.write_bytes(b"red")
    claim(tmp_path / "run", MADE_WITH, [person("50/1", "My mug", images=(picture,))])
    picture.write_bytes(b"blue")
    with pytest.raises(InvalidInput, match="another history of 50/1"):
        claim(tmp_path / "run", MADE_WITH, [person("50/1", "My mug", images=(picture,))])


def test_a_note_that_cannot_be_read_is_said_and_a_half_written_one_never_stands_there(tmp_path):
    claim(tmp_path, MADE_WITH, [])
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    (tmp_path / FILE).write_text("{")
    with pytest.raises(InvalidInput, match=r"run\.json cannot be read"):
        claim(tmp_path, MADE_WITH, [])
