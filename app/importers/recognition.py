"""Finds out which program a source comes from, by its content, and says what was looked for where none is found (I/O)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Protocol, cast

from app.importers.conversations import Choices, Conversation, LeftOut
from app.importers.facts import Fact
from app.importers.heads import damage
from app.importers.sources import Source
from memory.archive.zip_file import FORMAT as ARCHIVE
from memory.archive.zip_file import MANIFEST
from memory.core.errors import InvalidInput

FORMATS = (
    "chatgpt", "claude", "gemini", "whatsapp", "telegram", "sillytavern", "discord", "signal", "facebook", "open_webui",
    "librechat", "memory_lists", "json_lines", "google_photos",
)  # fmt: skip
"""The modules of `app.importers.formats`, in the order in which they are asked."""
_OUR_MANIFEST = re.compile(rb'"format"\s*:\s*"%s"' % re.escape(ARCHIVE.encode()))
_PAGE = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_PAGE_ENDINGS = (".html", ".htm", ".xhtml", ".mhtml")
_SHOWN_NAMES, _SHOWN_NAME, _SHOWN_BYTES = 3, 80, 60
_MOST_PAGES, _PAGE_HEAD = 200, 1_024


class Format(Protocol):
    """A module of `app.importers.formats` that reads conversations.

    Attributes:
        NAME: Its name for `--format`.
        LABEL: What a person calls it.
    """

    NAME: str
    LABEL: str

    def recognises(self, source: Source) -> bool:
        """Return whether a source comes from this program."""

    def read(self, source: Source, choices: Choices, left_out: LeftOut) -> Iterator[Conversation]:
        """Yield the conversations of a source."""


class FactsFormat(Protocol):
    """A module of `app.importers.formats` that reads what another program remembered."""

    NAME: str
    LABEL: str

    def recognises(self, source: Source) -> bool:
        """Return whether a source comes from this program."""

    def read_facts(self, source: Source, left_out: LeftOut) -> Iterator[Fact]:
        """Yield the facts of a source."""


def has_facts(format_: Format | FactsFormat) -> bool:
    """Return whether a format is a list of facts, without conversations."""
    return hasattr(format_, "read_facts")


def by_name(name: str) -> Format:
    """Return the format that `--format` names.

    Raises:
        InvalidInput: There is none of this name.
    """
    formats = [_module(one) for one in FORMATS]
    for format_ in formats:
        if name.lower().replace("_", "-") == format_.NAME:
            return format_
    names = ", ".join(one.NAME for one in formats)
    raise InvalidInput(f"There is no format {name!r}. Choose one of {names}, or leave it out.")


def labels_by_name() -> dict[str, str]:
    """Return what a person calls each format, by its name."""
    return {one.NAME: one.LABEL for one in map(_module, FORMATS)}


def recognise(source: Source) -> Format:
    """Return the format of a source.

    A list of facts beside conversations is part of their export, and gives way to them: `in_source` names it too.

    Raises:
        InvalidInput: It is none that is known, it is an archive of this program, or it holds several formats.
    """
    found = in_source(source)
    talk = [one for one in found if not has_facts(one)] or found
    if len(talk) > 1 and len(source.names()) > 1:
        labels = " and ".join(one.LABEL for one in talk)
        choices = " or ".join(f"--format {one.NAME}" for one in talk)
        raise InvalidInput(f"{source.name} holds {labels}. Import them one by one: give the folder of each, or add {choices}.")
    return talk[0]


def in_source(source: Source) -> list[Format]:
    """Return all formats that recognise a source, in the order of `FORMATS`.

    Raises:
        InvalidInput: There is none, or the talk may be in a file that is damaged, or it is an archive of this program.
    """
    _check_archive(source)
    found = [one for one in map(_module, FORMATS) if one.recognises(source)]
    if all(map(has_facts, found)) and (damaged := damage(source)):
        # What is damaged may be the talk.
        raise damaged
    if not found:
        raise _unknown(source)
    return found


def _module(name: str) -> Format:
    return cast("Format", import_module(f"app.importers.formats.{name}"))


def _check_archive(source: Source) -> None:
    """Raise if a source is an archive of this program, or a folder with one."""
    for name in source.names():
        if name.rpartition("/")[2] == MANIFEST and _OUR_MANIFEST.search(source.head(name)):
            raise InvalidInput("This is an archive of PersonaVLM: `persona user import FILE` reads it.")


def _unknown(source: Source) -> InvalidInput:
    labels = ", ".join(_module(name).LABEL for name in FORMATS)
    names = source.names()
    if not names:
        return InvalidInput(f"{source.name} holds no files. Give an export of one of these: {labels}.")
    shown = ", ".join(_shortened(name) for name in names[:_SHOWN_NAMES])
    more = ", …" if len(names) > _SHOWN_NAMES else ""
    files = f"Its one file is {shown}" if len(names) == 1 else f"Its {len(names):,} files are {shown}{more}"
    what = "Give it as the program exported it, or name its format with --format."
    if any(_is_page(source, name) for name in names[:_MOST_PAGES]):
        what = (
            "Web pages (HTML) are not read: export it again, and choose JSON where the program asks for a format; of WhatsApp "
            "and Signal, the export as plain text."
        )
    begin = _begin(source, names[0])
    return InvalidInput(
        f"{source.name} is not recognised. Looked for: {labels}. {files}; the first begins with {begin}. {what}"
    )


def _is_page(source: Source, name: str) -> bool:
    return name.lower().endswith(_PAGE_ENDINGS) or _PAGE.match(source.head(name, _PAGE_HEAD)) is not None


def _shortened(name: str) -> str:
    return name if len(name) <= _SHOWN_NAME else f"…{name[1 - _SHOWN_NAME :]}"


def _begin(source: Source, name: str) -> str:
    """Return the first bytes of a member in a form that a terminal can show."""
    text = source.head(name, _SHOWN_BYTES).decode(errors="backslashreplace")
    shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
    return f"“{shown[:_SHOWN_BYTES]}”" if shown else "nothing: it is empty"
