"""What was forgotten of an import goes with its undo, and stays forgotten when the file comes again."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image

from memory.core import clock
from memory.core.errors import NotFound
from memory.core.records import SemanticMemory, make_id
from memory.facts.acceptance import Changes
from memory.forgetting.cascade import Together
from memory.imports.lines import ImportedLine, ImportedPicture, Source
from memory.imports.reasons import FORGOTTEN, KNOWN

BEGIN = clock.parse_time("2025-03-01 09:00", "UTC")
SOURCE = Source("chatgpt", "a.json", messages=lambda: 4)
DOG, CAT = "I have a dog named Rex.", "I have a cat."


def line(minute, text, reply="Ok", **more):
    return ImportedLine(BEGIN + timedelta(minutes=minute), text, reply, "a", messages=1 + bool(reply), **more)


def taken(memory, *lines, depth="none"):
    return memory.imports.write("ada", memory.imports.begin("ada", SOURCE, lines or (line(0, DOG), line(1, CAT)), depth).id)


def named(memory, text):
    return next(turn for turn in memory.journal.turns("ada") if turn.text == text)


def fact(memory, turn, text, changes=None):
    record = SemanticMemory(
        id=make_id("ada", "semantic", turn.id), content=text, keywords=(), time=turn.time, turn_id=turn.id, reason="said"
    )
    memory.memories.commit_remember("ada", turn.id, None, record, changes)
    return record


def test_a_forgotten_message_is_offered_no_more_after_the_undo(memory):
    done = taken(memory)
    dog = named(memory, DOG)
    memory.forget("ada", dog.id)
    assert [one.subject for one in memory.browse.undoable("ada")] == [dog.id]
    assert memory.imports.undo("ada", done.id) == {"messages": 1, "memories": 0, "pictures": 0}
    assert memory.browse.undoable("ada") == []
    with pytest.raises(NotFound, match="was purged"):
        memory.undo("ada", dog.id)
    [receipt] = memory.receipts("ada")
    assert (receipt.subject, receipt.is_clean) == (dog.id, True)


@pytest.mark.parametrize("undone", [False, True])
def test_it_does_not_come_back_and_is_counted_by_its_own_reason(memory, undone):
    done = taken(memory)
    memory.forget("ada", named(memory, DOG).id)
    if undone:
        memory.imports.undo("ada", done.id)
    known = {} if undone else {KNOWN: 2}
    lines = [line(0, DOG), line(1, CAT)]
    assert memory.imports.foresee("ada", lines).skipped == {**known, FORGOTTEN: 2}
    again = taken(memory, *lines)
    assert (again.added, again.skipped) == (int(undone), {**known, FORGOTTEN: 2})
    assert [turn.text for turn in memory.journal.turns("ada") if turn.text] == [CAT]


def test_what_was_forgotten_with_it_can_still_be_restored_without_it(memory):
    mine = memory.receive("ada", "My sister lives in Oslo.", time=BEGIN - timedelta(days=9))
    memory.journal.finish(mine.id, "Nice.")
    done = taken(memory)
    dog = named(memory, DOG)
    memory.forget("ada", mine.id, together=Together([dog.id]))
    assert memory.imports.undo("ada", done.id)["messages"] == 1
    [left] = memory.browse.undoable("ada")
    assert (left.subject, left.counts["messages"]) == (mine.id, 1)
    memory.undo("ada", mine.id)
    assert [turn.text for turn in memory.journal.turns("ada")] == [mine.text]
    assert memory.browse.undoable("ada") == []


def test_a_forgotten_picture_of_it_goes_too(memory):
    mine = memory.receive("ada", "My sister lives in Oslo.", time=BEGIN - timedelta(days=9))
    memory.journal.finish(mine.id, "Nice.")
    data = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(data, "PNG")
    picture = ImportedPicture("a.png", data.getvalue)
    done = taken(memory, line(0, "Look at this", pictures=(picture,)), line(1, CAT))
    [photo] = memory.photos.list("ada")
    memory.forget("ada", mine.id, together=Together([named(memory, "Look at this").id]))
    assert memory.imports.undo("ada", done.id)["pictures"] == 0
    memory.undo("ada", mine.id)
    assert memory.photos.list("ada") == []
    assert not memory.photos.on_disk("ada", photo.id)


def test_a_fact_that_a_forgotten_one_repeated_counts_once_less_and_no_more(memory):
    turn = memory.receive("ada", "I live in Oslo.", time=BEGIN - timedelta(days=9))
    memory.journal.finish(turn.id, "Ok")
    first = fact(memory, turn, "The user lives in Oslo.")
    done = taken(memory, line(0, "I still live in Oslo."), line(1, CAT))
    imported = named(memory, "I still live in Oslo.")
    fact(memory, imported, "The user lives in Oslo.", Changes(same_as=first.id))

    def count() -> int:
        return memory.memories.entries("ada", ids=[first.id])[0].strength

    before = count()
    memory.forget("ada", imported.id)
    less = count()
    memory.imports.undo("ada", done.id)
    assert (before - less, count()) == (1, less)


def test_a_session_that_the_person_went_on_with_stays(memory):
    done = taken(memory)
    changed = memory.threads.change(named(memory, CAT).id, "I have two cats.", None)
    memory.journal.finish(changed.id, "Nice.")
    memory.imports.undo("ada", done.id)
    assert [one.first for one in memory.browse.talks("ada", limit=9)] == ["I have two cats."]
