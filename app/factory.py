"""Builds the memory, the embedders and the vision models that the settings name."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from graph.language.pasted import own_words
from memory.core import extras
from memory.core.errors import ExtraMissing, InvalidInput, ModelMissing, StorageError
from memory.core.loopback import spare_from_proxies
from memory.embedding.text_embedder import CACHED_TEXTS, TextEmbedder
from memory.memory import Memory
from memory.personality.writing_wishes import wishes_in
from memory.photos.clip import ClipEmbedder
from memory.photos.detector import ZeroShotDetector
from memory.photos.vision import Sight
from memory.storage.engine import Database, newest_schema

if TYPE_CHECKING:
    from app.settings import Settings
    from memory.objects.encrypted_store import EncryptedStore

_log = logging.getLogger(__name__)


def build_embedder(settings: Settings, *, caches: bool = True) -> TextEmbedder:
    """Return the text embedder: from the catalogue, or any sentence-transformers name or folder.

    Args:
        settings: Name it.
        caches: Whether it caches the embeddings of questions; off where searches of the same questions are compared by time.

    Raises:
        ExtraMissing: It needs torch, which is not installed.
        ModelMissing: It is neither on this machine nor a name on the model hub, or it cannot be read.
    """
    embedder, own = _embedder(settings, caches=caches)
    if own:
        # Checked before an index is created for it, because the index of a missing embedder would block the folder.
        embedder.ready()
    return embedder


def check_embedder(settings: Settings) -> None:
    """Check that `build_embedder` would work without a download.

    Raises:
        ExtraMissing: As `build_embedder`.
        ModelMissing: It is not on this machine, or cannot be read.
    """
    from app.models.catalogue import CATALOGUE

    if settings.text_embedder not in CATALOGUE:  # models of the catalogue are never downloaded without a command
        _embedder(settings)[0].check()


def _embedder(settings: Settings, *, caches: bool = True) -> tuple[TextEmbedder, bool]:
    """Return the text embedder, and whether it is not in the catalogue."""
    from app.models import weights
    from app.models.catalogue import CATALOGUE

    name, remembered = settings.text_embedder, CACHED_TEXTS if caches else 0
    if name not in CATALOGUE:
        folder = Path(name).expanduser()
        return TextEmbedder(str(folder) if folder.exists() else name, name, weights.graphs_folder(), remembered), True
    located = weights.located(name)
    if located is None:
        raise ModelMissing(f"The text embedder {name} is not on this machine. Run `persona models pull {name}`.")
    return TextEmbedder(str(located.model), name, weights.graphs_folder(), remembered), False


def build_picture_embedder(settings: Settings) -> ClipEmbedder:
    """Return the picture embedder: from the catalogue, or any open_clip name or folder.

    Raises:
        ExtraMissing: The packages that load it are not installed.
        ModelMissing: It is in the catalogue, but not on this machine.
    """
    from app.models import weights
    from app.models.catalogue import CATALOGUE, PICTURE_EMBEDDER

    extras.require("photos")
    name = settings.image_embedder or PICTURE_EMBEDDER
    if name not in CATALOGUE:
        folder = Path(name).expanduser()
        return ClipEmbedder(str(folder) if folder.exists() else name, name)
    located = weights.located(name)
    if located is None:
        raise ModelMissing(f"The picture embedder {name} is not on this machine. Run `persona models pull {name}`.")
    return ClipEmbedder(str(located.model), name)


def build_sight(settings: Settings) -> Sight:
    """Return the vision models on this machine; without weights, pictures are only searched by their words."""
    from app.models import weights
    from app.models.catalogue import DETECTOR, PICTURE_EMBEDDER

    hint = f"`persona models pull {PICTURE_EMBEDDER}` (605 MB, from the model hub) adds search by what they show."
    try:
        embedder = build_picture_embedder(settings)
    except ExtraMissing as error:
        embedder, hint = None, error.message
    except ModelMissing as error:
        embedder, hint = None, error.message if settings.image_embedder else hint
    detector = weights.located(DETECTOR)
    return Sight(embedder, ZeroShotDetector(str(detector.model)) if detector and embedder else None, hint)


def open_journal(settings: Settings) -> Database:
    """Open the journal's database without the data folder's lock, for rows that every process may change."""
    folder = settings.data_dir.expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    return Database(journal_url(settings), shows_wish=wishes_in, migrates="if empty" if several_hosts(settings) else "always")


def migrate(settings: Settings, *, check: bool = False) -> tuple[str | None, str]:
    """Bring the journal's schema up to date.

    Args:
        settings: Name the journal.
        check: Change nothing.

    Returns:
        The revision before, None if the journal was empty, and the one that this program needs.

    Raises:
        StorageError: The journal was written by a newer version of this program, or cannot be opened.
    """
    settings.data_dir.expanduser().mkdir(parents=True, exist_ok=True)
    database = Database(journal_url(settings), migrates="never")
    try:
        before = database.schema()
        if before is not None and (obstacle := database.obstacle()):
            raise StorageError(obstacle)
    finally:
        database.close()
    if before != newest_schema() and not check:
        Database(journal_url(settings), shows_wish=wishes_in).close()
    return before, newest_schema()


def journal_url(settings: Settings) -> str:
    """Return the URL of the journal's database."""
    return settings.database_url or f"sqlite:///{settings.data_dir.expanduser() / 'journal.db'}"


def several_hosts(settings: Settings) -> bool:
    """Return whether several hosts may share the journal: database and vectors are on servers."""
    return bool(settings.database_url and settings.chroma_url and not settings.database_url.startswith("sqlite"))


def build_objects(settings: Settings) -> EncryptedStore | None:
    """Return the store of photos that the settings name; None: they are in the data folder. Nothing is connected yet.

    Raises:
        InvalidInput: The URL or the key cannot be used, or there is a key without a URL.
        ExtraMissing: A package is missing.
    """
    from memory.objects.opening import open_store

    if settings.photos_url:
        return open_store(settings.photos_url, settings.objects_key)
    if settings.objects_key:
        raise InvalidInput(
            "PERSONA_OBJECTS_KEY encrypts what is at PERSONA_PHOTOS_URL, which is not set. Set it (for example to "
            "file:///folder), or unset the key: the data folder is not encrypted."
        )
    return None


def build_memory(settings: Settings, *, fresh_index: bool = False) -> Memory:
    """Open the memory that the settings name.

    After `persona models use` with another text embedder, the next start rebuilds the index.
    """
    from app.settings import is_chosen_embedder

    # Before any thread runs: C libraries read the environment in threads, which must not change meanwhile.
    spare_from_proxies(settings.chroma_url)
    return Memory(
        settings.data_dir.expanduser(),
        build_embedder(settings),
        database_url=settings.database_url or None,
        chroma_url=settings.chroma_url or None,
        objects=build_objects(settings),
        index_limit=settings.cache_mb * 2**20,
        fresh_index=fresh_index or ("other embedder" if is_chosen_embedder(settings) else False),
        sight=build_sight(settings),
        asks=settings.ask_consent,
        own_words=own_words,
        brings_up=settings.bring_up,
    )
