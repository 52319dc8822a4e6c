"""What the page You says: names of files, counts and receipts in words (pure functions)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from app.ui import wording
from memory.forgetting.purge import Receipt

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 60
_THINGS = {
    "turns": ("message", "messages"),
    "memories": ("memory", "memories"),
    "photos": ("picture", "pictures"),
}
_STORES = {
    "journal": "rows of the journal",
    "vectors": "collections of vectors",
    "words": "files of the full-text index",
    "pictures": "files of pictures",
    "files": "files with a text of it",
}


def file_name(user: str, what: str, day: datetime) -> str:
    """Name a file after a user, in characters that every system takes; `what` is its ending, with what leads up to it."""
    safe = _UNSAFE.sub("-", user)[:_LONGEST_NAME].strip("-.") or "user"
    return f"{safe}-{day:%Y-%m-%d}{what}"


def holds(counts: Mapping[str, int]) -> str:
    """Say what an archive holds, or what was deleted."""
    parts = [wording.counted(counts.get(name, 0), *nouns) for name, nouns in _THINGS.items()]
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def farewell(user: str, removed: Mapping[str, int], left: Mapping[str, int], at: datetime) -> str:
    """Write the receipt of a deletion, as it is shown and kept."""
    found = "\n".join(f"  {_STORES[name]}: {count}" for name, count in left.items())
    clean = "Nothing is left, in any store."
    after = (
        clean if not any(left.values()) else "Something is left. Close other programs that use the folder, then delete again."
    )
    return (
        f"Receipt of a deletion\n\nUser: {user}\nDeleted: {at:%Y-%m-%d %H:%M} ({at:%Z})\n"
        f"What there was: {holds(removed)}\n\n"
        f"What a look into every store found afterwards:\n{found}\n{after}\n\n"
        "Archives that were exported before, and backups of this machine, are not touched by it.\n"
    )


def forgotten(receipt: Receipt) -> tuple[str, str]:
    """Say what was forgotten for good and when, and what was found of it afterwards."""
    removed = ", ".join(f"{what}: {count}" for what, count in receipt.removed.items() if count) or "nothing else"
    title = f"{wording.KINDS[receipt.kind].capitalize()}, gone for good on {receipt.purged_at:%Y-%m-%d at %H:%M} (UTC)"
    if receipt.is_clean:
        return title, f"Removed: {removed}. Nothing of it was found afterwards, in any store or file."
    left = ", ".join(f"{_STORES[name]}: {count}" for name, count in receipt.found.items() if count)
    return title, f"Removed: {removed}. Something of it is still there ({left}): close other programs, then `persona reindex`."


def size(count: int) -> str:
    """Write a number of bytes as a person reads it."""
    value, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB"):
        if value < 1000:  # noqa: PLR2004 - of each unit, a thousand are the next
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit in ("bytes", "kB") else f"{value:.1f} {unit}"
