"""What a program still has after it was killed, and what its files still hold of a deleted text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from evals.peers.process import PeerProcess

_STORED = (1, 7, 32)
"""Texts that are stored before each kill: a program that writes in batches loses another share each time."""
_USER = "ada"
BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""When the made-up texts were said, the first of them."""
_RESULTS = 20
_AFTER = 10
MARKER = "zqvorblankethmoor"
"""A word that is in no other text."""
_SHARED = 2
"""A full-text index may leave out letters that a word has in common with the one before it."""
_THINGS = ("lantern", "kettle", "ladder", "violin", "compass", "blanket", "teapot", "bicycle", "mirror", "basket")
_PLACES = ("attic", "harbour", "orchard", "chapel", "library", "stable", "kitchen", "cellar")


def measure(name: str, model: Path, folder: Path) -> dict[str, Any]:
    """Kill a program again and again after it acknowledged texts, and let it delete one at last.

    Args:
        name: The program.
        model: The folder of the text embedder.
        folder: A folder that does not exist yet.

    Returns:
        `survived`: the share of acknowledged texts that it finds after the last kill; `on_disk`: whether its files hold a text
        that is stored; `deleted_found`: whether a search finds a deleted one; `remains_in`: the files that still hold its word.

    Raises:
        Failed: It ended with an error.
    """
    texts = _texts(sum(_STORED))
    waiting = iter(enumerate(texts))
    for count in _STORED:
        with PeerProcess(name, model, folder) as peer:
            for number, text in islice(waiting, count):
                peer.add(_USER, text, BEGIN + timedelta(minutes=number))
            peer.kill()
    secret = f"The word that opens the garden gate is {MARKER}."
    with PeerProcess(name, model, folder) as peer:
        kept = sum(text in peer.search(_USER, text, _RESULTS)[0] for text in texts)
        peer.add(_USER, secret, BEGIN + timedelta(days=1))
        # Others after it, so that it is not the last thing that was written.
        for number, text in enumerate(_texts(len(texts) + _AFTER)[len(texts) :]):
            peer.add(_USER, text, BEGIN + timedelta(days=2, minutes=number))
        before = holding(folder)
        peer.delete(_USER, secret)
        found, _ = peer.search(_USER, secret, _RESULTS)
        peer.close()
    return {
        "survived": round(kept / len(texts), 3),
        "on_disk": bool(before),
        "deleted_found": secret in found,
        "remains_in": holding(folder),
    }


def holding(folder: Path, word: str = MARKER) -> list[str]:
    """Return the files under a folder whose bytes hold a word, in UTF-8 or UTF-16, with or without its first letters."""
    rest = word[_SHARED:]
    forms = (rest.encode(), rest.encode("utf-16-le"))
    return sorted(
        str(path.relative_to(folder))
        for path in _files(folder)
        if any(form in content for content in [path.read_bytes()] for form in forms)
    )


def bytes_on_disk(folder: Path) -> int:
    """Return the bytes that the files under a folder take on the disk, without what they link to."""
    return sum(path.stat().st_blocks * 512 for path in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _texts(count: int) -> list[str]:
    return [
        f"The {_THINGS[number % len(_THINGS)]} with number {number + 1} stands in the {_PLACES[number % len(_PLACES)]}."
        for number in range(count)
    ]
