"""Pages over hundreds of entries: each appears once, whatever is added or forgotten meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from memory.core.records import Episode, Line, make_id
from tests.unit.app.api.rest.conftest import Caller

pytestmark = pytest.mark.api
NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def long_life(service):
    """A person with 300 messages in 100 conversations, and 300 topics, three of each time."""
    lines = [
        Line(time=NINE + timedelta(days=day, seconds=number // 2), text=f"Message {day}-{number}", reply="Yes.")
        for day in range(100)
        for number in range(3)
    ]
    service.memory.ingest("ada", lines)
    topics = [
        Episode(
            id=make_id("ada", "episodic", place, 1), session=1, time=NINE + timedelta(days=place // 3), summary=f"Topic {place}"
        )
        for place in range(300)
    ]
    service.memory.memories.commit_consolidation("ada", 1, NINE, episodes=topics, procedures=None, profile=None)
    return service


def pages(ask, path, limit, **query):
    """Yield the pages of a list."""
    cursor = ""
    while cursor is not None:
        page = ask("GET", path, limit=limit, cursor=cursor, **query)
        assert len(page["items"]) <= limit
        yield page
        cursor = page["next"]


@pytest.mark.parametrize(("path", "limit", "name"), [("/memories", 7, "id"), ("/turns", 7, "id"), ("/memories", 200, "id")])
def test_every_entry_is_on_one_page_newest_first(long_life, ada, path, limit, name):
    found = list(pages(ada, path, limit))
    items = [one for page in found for one in page["items"]]
    assert len({one[name] for one in items}) == len(items) == 300
    assert {page["total"] for page in found} == {300}
    times = [one["time"] for one in items]
    assert times == sorted(times, reverse=True)
    assert all(len(page["items"]) == limit for page in found[:-1])


def test_conversations_and_their_messages(long_life, ada):
    talks = [one for page in pages(ada, "/conversations", 9) for one in page["items"]]
    assert [one["first"] for one in talks] == [f"Message {day}-0" for day in reversed(range(100))]
    assert {page["total"] for page in pages(ada, "/conversations", 50)} == {100}
    texts = [one["text"] for page in pages(ada, "/turns", 2, session=talks[0]["session"]) for one in page["items"]]
    assert texts == ["Message 99-2", "Message 99-1", "Message 99-0"]


def test_what_is_added_and_forgotten_meanwhile_moves_nothing(long_life, ada):
    seen, first = [], True
    for page in pages(ada, "/memories", 10):
        seen += [one["id"] for one in page["items"]]
        if first:
            ada("PUT", "/profile", {"key": "new", "value": "A line that is newer than all."})
            for name in (seen[0], seen[9]):
                ada("DELETE", f"/memories/{name}")
            first = False
    assert len(seen) == len(set(seen)) == 300


def test_a_window_counts_and_pages_what_is_in_it(long_life, ada):
    found = list(pages(ada, "/memories", 4, since="2026-03-02", until="2026-03-03T09:00Z"))
    assert [len(page["items"]) for page in found] == [4, 2]
    assert found[0]["total"] == 6
    assert ada("GET", "/turns", since="2026-03-02", until="2026-03-03")["total"] == 6
    # A plus sign that was not escaped arrives as a space.
    assert ada("GET", "/turns", since="2026-03-02T10:00 01:00", until="2026-03-03T10:00+01:00")["total"] == 5


def test_pages_cost_as_little_at_the_end_as_at_the_beginning(long_life, ada, monkeypatch):
    from memory.browse import pages as module

    read = []
    monkeypatch.setattr(module, "to_record", lambda row, make=module.to_record: read.append(row.id) or make(row))
    list(pages(ada, "/memories", 50))
    assert len(read) == 300 + 5  # one more for each page that is not the last


LISTS = ("/memories", "/turns", "/conversations", "/photos", "/receipts", "/personality/history", "/memories/pending",
         "/memories/forgotten")  # fmt: skip
WRONG = ("x", "W10", "eyJhIjoxfQ", "WyJ4IiwieSJd", "WzFd" * 400, "WzFlMzA4XQ", "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwieCJd", "é",
         "[[[")  # fmt: skip
"""Cursors that are no base64, no list, lists of something else, and a time before the calendar begins."""


def test_a_cursor_of_something_else_is_refused_in_a_sentence(ada):
    for path in LISTS:
        for cursor in WRONG:
            assert ada.fails(400, "GET", path, cursor=cursor).startswith("This cursor is not one of this list.")


def test_every_line_of_pages_by_number(ada, service):
    for score in range(30):
        service.memory.personality.pin("ada", "openness", 1 + score / 10, NINE)
    found = [one["scores"]["openness"] for page in pages(ada, "/personality/history", 7) for one in page["items"]]
    assert found == [1 + score / 10 for score in range(30)]


def test_pages_have_a_limit(ada):
    for limit in (0, 201, "many"):
        assert "query.limit" in ada.fails(400, "GET", "/memories", limit=limit)


def test_other_people_have_their_own_pages(long_life, client):
    assert Caller(client, "bob")("GET", "/turns")["total"] == 0
