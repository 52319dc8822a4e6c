"""Text of the You page: file names, counts and receipts (pure functions)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from app.ui import wording
from memory.core.host_purge import HostPurge
from memory.forgetting.counts import counts_in_words, hosts_in_words
from memory.forgetting.purge import ForgetReceipt

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MAX_NAME_CHARACTERS = 60
_THINGS = {
    "turns": ("message", "messages"),
    "memories": ("memory", "memories"),
    "photos": ("picture", "pictures"),
}
_STORES = {
    "journal": "rows in the database",
    "vectors": "data for search by meaning",
    "words": "data for search by words",
    "pictures": "picture files",
    "files": "other files with this text",
    "copies": "copies of the index in the object store",
    "hosts": "hosts that have not removed it yet",
}


def file_name(user: str, what: str, day: datetime) -> str:
    """Return a file name with the user, the day and the ending `what`, in characters that every system accepts."""
    safe = _UNSAFE.sub("-", user)[:_MAX_NAME_CHARACTERS].strip("-.") or "user"
    return f"{safe}-{day:%Y-%m-%d}{what}"


def holds(counts: Mapping[str, int]) -> str:
    """Return the numbers of messages, memories and pictures in words."""
    parts = [wording.counted(counts.get(name, 0), *nouns) for name, nouns in _THINGS.items()]
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def farewell(
    user: str, removed: Mapping[str, int], left: Mapping[str, int], at: datetime, hosts: Sequence[HostPurge] = ()
) -> str:
    """Return the text of a deletion receipt."""
    found = "\n".join(f"  {_STORES[name]}: {count}" for name, count in left.items())
    if any(count for name, count in left.items() if name != "hosts"):
        after = "Something is left. Close other programs that use the folder, then delete again."
    else:
        after = "Nothing is left in any store." if any(left.values()) else "Nothing is left."
    after = f"{after} {hosts_in_words(hosts)}".rstrip()
    return (
        f"Deletion receipt\n\nUser: {user}\nDeleted: {at:%Y-%m-%d %H:%M} ({at:%Z})\n"
        f"Deleted content: {holds(removed)}\n\n"
        f"What was still there afterwards:\n{found}\n{after}\n\n"
        "Archives that you exported earlier and backups of this machine are not affected.\n"
    )


def forgotten(receipt: ForgetReceipt) -> tuple[str, str]:
    """Return the title and the text of the receipt for one forgotten thing."""
    counts = counts_in_words(receipt.removed)
    removed = f"Removed: {counts}." if counts else "Nothing was removed."
    title = f"{wording.KINDS[receipt.kind].capitalize()}, deleted for good on {receipt.purged_at:%Y-%m-%d at %H:%M} (UTC)"
    if any(receipt.found.values()):
        left = ", ".join(f"{_STORES[name]}: {count}" for name, count in receipt.found.items() if count)
        return title, f"{removed} Something is left ({left}). Close other programs, then run `persona reindex`."
    hosts = hosts_in_words(receipt.hosts)
    return title, f"{removed} A check found nothing left in any store or file. {hosts}".rstrip()


def size(count: int) -> str:
    """Return a number of bytes with a suitable unit."""
    value, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB"):
        if value < 1000:  # noqa: PLR2004 - of each unit, a thousand are the next
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit in ("bytes", "kB") else f"{value:.1f} {unit}"
