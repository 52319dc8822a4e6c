"""Reads the Gemini Apps activity of Google Takeout (JSON).

What is known of it: `MyActivity.json` (or `My Activity.json`) of the product Gemini Apps, a list of rows with the newest first.
Every product has a file of that name, so rows are taken by `header` and `products`. A row is a prompt in its `title`, with the
answers as HTML in `safeHtmlItem`; several answers are attempts or pieces, and all belong to that prompt. Since autumn 2026
`details` has the address of the conversation; rows without one are put together by the times between them. The rows of one
conversation do not stand together, so they are written to a temporary file, and memory holds their places alone.
"""

from __future__ import annotations

import html
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import IO, Any

from app.importers import fields, json_members
from app.importers.activity_titles import Frame, frame_of, has_verb, prompt_of
from app.importers.assembly import Draft, conversation_parts, place_of, title_of
from app.importers.assets import Assets, kind_of
from app.importers.conversations import Choices, Conversation, LeftOut, Picture, Role
from app.importers.heads import nothing_of
from app.importers.html_text import plain_text
from app.importers.sources import Source
from app.importers.stamps import moment
from memory.core import clock
from memory.core.errors import InvalidInput

NAME = "gemini"
LABEL = "Gemini (Google Takeout)"

_PRODUCTS = re.compile(r"gemini|bard", re.IGNORECASE)
_LABELS = re.compile(rb'"(?:header|products)"\s*:\s*(?:"([^"\n]{0,200})"|\[([^\]]{0,500})\])')
_ROW = re.compile(rb'"(?:title|time)"\s*:')
_PAGE = re.compile(r"(?:^|/)[^/]*gemini[^/]*/my ?activity\.html?$", re.IGNORECASE)
_CONVERSATION = re.compile(
    r"gemini\.google\.com/(?:[^?#]*/)?(?:app|gem/[^/?#]+)/([\w-]{6,})|bard\.google\.com/chat/([\w-]{6,})"
)
_ESCAPED = re.compile(r"&#39;|&quot;")
_MOST_TITLES = 2_000
"""Titles that are compared to find the account's own verb."""
_MOST_ANSWER = 500_000
"""Characters of an answer's HTML that are kept; the rest of a longer one is left out."""


def recognises(source: Source) -> bool:
    """Return whether a source has rows of Gemini's activity, in JSON or as a page that can only be named."""
    return json_members.has_member(source, _fits) or any(map(_PAGE.search, source.names()))


def read(source: Source, choices: Choices, left_out: LeftOut) -> Iterator[Conversation]:
    """Yield the conversations, as the addresses of their rows or the times between them give them.

    Args:
        source: The Takeout, or one of its files.
        choices: What the person said about it.
        left_out: Counts what is left out.

    Raises:
        InvalidInput: A file is cut or broken, or the activity is there as an HTML page alone.
    """
    names = json_members.members(source, _fits, left_out)
    if not names:
        if not any(map(_PAGE.search, source.names())):
            raise nothing_of(source, LABEL)
        raise InvalidInput(
            "The activity of Gemini in this Takeout is an HTML page, which does not keep conversations apart. Export it again,"
            " and choose JSON under “Multiple formats”."
        )
    zone = clock.zone_of(choices.zone)
    with closing(_Rows(source, zone, left_out)) as rows:
        for name in names:
            rows.take(name)
        yield from rows.conversations()


def _fits(_name: str, head: bytes) -> bool:
    return bool(_ROW.search(head)) and any(
        _PRODUCTS.search((header or products).decode("utf-8", "replace")) for header, products in _LABELS.findall(head)
    )


@dataclass(frozen=True)
class _Place:
    """Where a row is kept.

    Attributes:
        time: The row's time, in UTC.
        conversation: The id of its conversation, as its address has it; empty if it has none.
        offset: Where it begins in the temporary file.
    """

    time: datetime
    conversation: str
    offset: int


class _Rows:
    """The rows of the activity, kept in a temporary file."""

    def __init__(self, source: Source, zone: tzinfo, left_out: LeftOut) -> None:
        self._source = source
        self._zone = zone
        self._left_out = left_out
        self._assets = Assets(source)
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 # open as long as this object; `close` closes it
        self._places: list[_Place] = []
        self._titles: list[str] = []
        """Titles in another language, of rows with an answer."""

    def close(self) -> None:
        """Remove the temporary file."""
        self._file.close()

    def take(self, name: str) -> None:
        """Keep the rows of a file."""
        for number, row in enumerate(json_members.values(self._source, name), start=1):
            where = f"{name}, row {number}"
            labels = [fields.at(row, "header"), *fields.listed(fields.at(row, "products"))]
            title = fields.words(fields.at(row, "title"))
            if not any(isinstance(label, str) and _PRODUCTS.search(label) for label in labels):
                self._left_out.add("activities of other products" if isinstance(row, dict) else "rows of unknown form", where)
            elif not title:
                self._left_out.add("activities without a title", where)
            elif (time := moment(fields.at(row, "time"), self._zone)) is None:
                self._left_out.add("messages without a time", f"{where}, key time")
            else:
                self._keep(row, title, time)

    def _keep(self, row: dict[str, Any], title: str, time: datetime) -> None:
        kept = {
            "title": html.unescape(title) if _ESCAPED.search(title) else title,
            "time": time.astimezone(UTC).isoformat(),
            "answers": _answers(row),
            "files": _files(row),
        }
        if kept["answers"] and not has_verb(title) and len(self._titles) < _MOST_TITLES:
            self._titles.append(title[:200])
        self._places.append(_Place(time.astimezone(UTC), _conversation_id(row), self._file.seek(0, 2)))
        self._file.write(json.dumps(kept).encode() + b"\n")

    def conversations(self) -> Iterator[Conversation]:
        """Yield the conversations of the rows that were kept, with the oldest first."""
        frame = frame_of(self._titles)
        for number, (name, places) in enumerate(_grouped(self._places).items(), start=1):
            rows = [self._row(place) for place in places]
            drafts = [draft for row in rows for draft in self._drafts(row, frame, name)]
            title = title_of(drafts[0].text[:80]) if drafts else ""
            yield from conversation_parts(
                name, title, drafts, began=None, place=place_of(number, title), left_out=self._left_out
            )

    def _row(self, place: _Place) -> dict[str, Any]:
        self._file.seek(place.offset)
        row: dict[str, Any] = json.loads(self._file.readline())
        return row

    def _drafts(self, row: dict[str, Any], frame: Frame, name: str) -> Iterator[Draft]:
        """Yield the prompt of a row and its answers; nothing if the row is no prompt."""
        text = prompt_of(row["title"], frame, answered=bool(row["answers"]), attached=bool(row["files"]))
        if text is None:
            self._left_out.add("activities that are no prompts", f'conversation {name}, "{title_of(row["title"])[:60]}"')
            return
        time = datetime.fromisoformat(row["time"]).astimezone(self._zone)
        pictures = tuple(picture for file in row["files"] for picture in self._picture(file, time))
        if not text and not pictures and not row["files"]:
            self._left_out.add("messages without words")
        yield Draft(Role.ME, text, time, pictures)
        for answer in row["answers"]:
            yield Draft(Role.ASSISTANT, fields.words(plain_text(answer)), time)

    def _picture(self, file: str, time: datetime) -> list[Picture]:
        kind = kind_of(file)
        if kind != "pictures":
            self._left_out.add(kind)
            return []
        if member := self._assets.find(file):
            return [self._assets.picture(member, time)]
        self._left_out.add("pictures that are not in the export", file)
        return []


def _grouped(places: list[_Place]) -> dict[str, list[_Place]]:
    """Return the rows by conversation, with the oldest first; those without an address by the times between them."""
    groups: dict[str, list[_Place]] = {}
    before: _Place | None = None
    name = ""
    # The newest stands first, so of two rows with one time the one that stands later was first.
    oldest_first = places[::-1]
    oldest_first.sort(key=lambda one: one.time)
    for place in oldest_first:
        if place.conversation:
            groups.setdefault(place.conversation, []).append(place)
            continue
        if before is None or clock.starts_session(before.time, place.time):
            name = f"gemini {place.time:%Y-%m-%dT%H:%M:%S.%fZ}"
        groups.setdefault(name, []).append(place)
        before = place
    return groups


def _conversation_id(row: dict[str, Any]) -> str:
    """Return the id in the address of a row's conversation; of several addresses the first."""
    addresses = [fields.at(detail, "url") for detail in fields.listed(row.get("details"))]
    for address in (*addresses, row.get("titleUrl")):
        if isinstance(address, str) and (found := _CONVERSATION.search(address[:2_000])):
            return found[1] or found[2]
    return ""


def _answers(row: dict[str, Any]) -> list[str]:
    """Return the HTML of the answers, without repeated ones."""
    items = row.get("safeHtmlItem")
    answers = [fields.at(item, "html") for item in (items if isinstance(items, list) else [items])]
    return list(dict.fromkeys(answer[:_MOST_ANSWER] for answer in answers if isinstance(answer, str) and answer.strip()))


def _files(row: dict[str, Any]) -> list[str]:
    """Return the names of the attached files."""
    files = [*fields.listed(row.get("attachedFiles")), row.get("imageFile")]
    names = [fields.words(file if isinstance(file, str) else fields.at(file, "name")) for file in files]
    return list(dict.fromkeys(filter(None, names)))
