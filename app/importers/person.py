"""What a dry run has to know about the person: their stored history, and what they chose not to keep (reads only)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from memory.consent.consent_rule import Marker
from memory.consent.modes import DEFAULT
from memory.consent.sensitive_classifier import SensitiveClassifier
from memory.consent.training import Consent
from memory.imports import facts
from memory.imports.foreseeing import Foreseen, foresee
from memory.personality.writing_wishes import wishes_in
from memory.storage.engine import Database
from memory.stores.items import Items

if TYPE_CHECKING:
    from app.settings import Settings
    from memory.embedding.text_embedder import Embedder
    from memory.imports.lines import ImportedLine
    from memory.memory import Memory


@dataclass(frozen=True)
class Person:
    """What a dry run asks about a person.

    Attributes:
        foresee: Returns what an import of lines would do.
        known_facts: Returns how many texts of a list of memories of a format are here already, or twice in the list.
        unkept: As in `turns.lines_of`; None: everything may be kept.
    """

    foresee: Callable[[Iterable[ImportedLine]], Foreseen]
    known_facts: Callable[[str, Iterable[str]], int]
    unkept: Callable[[str], object] | None = None


def person_of(memory: Memory, user_id: str) -> Person:
    """Return a person whose memory is open."""
    unkept = partial(memory.consent.unkept, user_id) if memory.consent.mode(user_id) == "never-keep" else None
    return Person(partial(memory.imports.foresee, user_id), partial(facts.known, memory.items, user_id), unkept)


@contextmanager
def person_in(settings: Settings, user_id: str, embedder: Callable[[Settings], Embedder]) -> Iterator[Person]:
    """Yield a person of the data folder that the settings name, without the folder's lock; nothing is made or written.

    Args:
        settings: The settings.
        user_id: The person.
        embedder: Builds the embedder that finds what is sensitive; called only for a person who keeps nothing sensitive.

    Raises:
        PersonaError: The journal cannot be read, or the person keeps nothing sensitive and what finds that is not here.
    """
    database = _journal(settings)
    try:
        chosen = Consent(database).chosen(user_id) if database else None
        unkept = None
        if (settings.ask_consent or chosen or DEFAULT) == "never-keep":
            marker = Marker(SensitiveClassifier(embedder(settings)).topic_of, "never-keep")
            unkept = partial(_unkept, marker)
        yield Person(partial(foresee, database, user_id), partial(_known_facts, database, user_id), unkept)
    finally:
        if database is not None:
            database.close()


def _journal(settings: Settings) -> Database | None:
    """Open the journal; None if there is none yet: opening would make it. One of an older program is brought up to date."""
    url = settings.database_url or f"sqlite:///{settings.data_dir.expanduser() / 'journal.db'}"
    is_file = url.startswith("sqlite") and "///" in url
    if is_file and not Path(url.partition("///")[2].partition("?")[0]).is_file():
        return None
    return Database(url, shows_wish=wishes_in)


def _unkept(marker: Marker, text: str) -> object:
    topic = marker.judge(text)
    return None if topic == "credential" else topic


def _known_facts(database: Database | None, user_id: str, format_: str, texts: Iterable[str]) -> int:
    items = Items(database, None, lambda _user: None) if database else None
    return facts.known(items, user_id, format_, texts)
