"""A dry run says exactly what the import then does, and writes nothing."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from memory.core import clock
from memory.core.errors import InvalidInput
from memory.imports.foreseeing import foresee
from memory.imports.lines import ImportedLine, ImportedPicture, Source
from memory.imports.reasons import BAD_PICTURES, KNOWN, PICTURES_ALONE, nothing_added, of_messages
from memory.storage.schema import metadata

BEGIN = clock.parse_time("2025-03-01 09:00", "UTC")


def picture(good):
    data = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(data, "PNG")
    return ImportedPicture("a.png", lambda: data.getvalue() if good else b"no picture")


def line(minute, text="Yes.", conversation="a", **more):
    return ImportedLine(BEGIN + timedelta(minutes=minute), text, "", conversation, **more)


LINES = [
    line(0, "One", messages=3),
    line(1, "Two", pictures=(picture(True), picture(False))),
    line(2, "", pictures=(picture(False),), messages=2),
    line(3, "Ada:", speaker="Ada", pictures=(picture(False),)),
    line(4, "Bea:", speaker="Bea", by_other=True, pictures=(picture(True),)),
    line(200, "Later", messages=2),
    line(200, "and on", messages=0),
    line(1, "Two", conversation="b"),
]
MESSAGES = sum(one.messages for one in LINES)


def taken(memory, lines):
    begun = memory.imports.begin("ada", Source("chatgpt", "a.json", messages=lambda: MESSAGES), lines, "none")
    return memory.imports.write("ada", begun.id)


def everything(memory):
    with memory._database.read() as connection:
        rows = {table.name: connection.execute(select(table)).all() for table in metadata.sorted_tables}
    return rows, sorted(path for path in memory.folder.rglob("*") if path.is_file())


def told(foreseen):
    added = foreseen.added
    return (added.turns, added.messages, foreseen.skipped)


def test_what_it_says_is_what_the_import_does(memory):
    for given in (LINES[:1], LINES, LINES):
        before = everything(memory)
        foreseen = memory.imports.foresee("ada", given)
        assert everything(memory) == before
        done = taken(memory, given)
        assert told(foreseen)[0] == done.added
        assert foreseen.skipped == done.skipped
        if given is LINES:
            assert told(foreseen)[1] == done.added_messages == MESSAGES - sum(of_messages(done.skipped).values())
    assert done.added == 0


def test_messages_with_their_reasons_add_up(memory):
    taken(memory, LINES[:1])
    foreseen = memory.imports.foresee("ada", LINES)
    assert told(foreseen) == (5, 5, {KNOWN: 3, BAD_PICTURES: 3, PICTURES_ALONE: 3})
    assert (foreseen.added.own_turns, foreseen.added.sessions) == (4, 3)


def test_without_a_journal_everything_is_new():
    foreseen = foresee(None, "ada", LINES)
    assert told(foreseen) == (6, 8, {BAD_PICTURES: 3, PICTURES_ALONE: 3})
    with pytest.raises(InvalidInput, match="no name"):
        foresee(None, " ", LINES)


def test_a_message_that_reads_none_is_a_message(memory):
    assert taken(memory, [line(0, "None:")]).added == 1


def test_an_import_of_pictures_that_cannot_be_read_is_not_listed(memory):
    done = taken(memory, [LINES[2], LINES[3]])
    assert (done.id, done.added, done.state) == ("", 0, "done")
    assert done.skipped == {BAD_PICTURES: 2, PICTURES_ALONE: 3}
    assert memory.imports.of("ada") == []
    assert memory.imports.unfinished() == []


@pytest.mark.parametrize(
    ("number", "skipped", "one", "sentence"),
    [
        (3, {KNOWN: 3, BAD_PICTURES: 1}, "message", "Nothing was added: all 3 messages are here already."),
        (1, {KNOWN: 1}, "message", "Nothing was added: the one message is here already."),
        (2, {KNOWN: 1, PICTURES_ALONE: 1}, "memory", "Nothing was added: all 2 memories are left out."),
        (0, {BAD_PICTURES: 1}, "message", "Nothing was added: there is no message in it."),
    ],
)
def test_why_nothing_was_added(number, skipped, one, sentence):
    assert nothing_added(number, skipped, one) == sentence
