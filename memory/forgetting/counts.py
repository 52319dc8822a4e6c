"""What a forgetting removed, counted in words (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from memory.core.host_purge import HostPurge

_NOUNS = {
    "memories": ("memory", "memories"),
    "made from it": ("summary, profile line or habit", "summaries, profile lines or habits"),
    "messages": ("message", "messages"),
    "replies": ("reply", "replies"),
    "pictures": ("picture", "pictures"),
}
"""The names in `Cascade.counts`, as a person reads them: singular and plural."""


def counts_in_words(counts: Mapping[str, int]) -> str:
    """Return the result of `Cascade.counts` in words, such as `1 memory, 2 messages`; empty if all counts are 0."""
    # A receipt of an older version may have other names.
    nouns = {name: _NOUNS.get(name, (name, name)) for name in counts}
    return ", ".join(f"{count:,} {nouns[name][count != 1]}" for name, count in counts.items() if count)


def deletion_in_words(counts: Mapping[str, int]) -> str:
    """Return what a check found of a deleted person in the stores, in a sentence; hosts are told by `hosts_in_words`."""
    left = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count and name != "hosts")
    return f"Something is left: {left}." if left else "A check found nothing left in any store."


def hosts_in_words(hosts: Sequence[HostPurge]) -> str:
    """Return what each host did for a purge, in sentences; empty where one machine is all there is."""
    if not hosts:
        return ""
    down = ", ".join(one.name for one in hosts if one.state == "down")
    waiting = ", ".join(one.name for one in hosts if one.state == "waiting")
    purged = sum(one.state == "purged" for one in hosts)
    said = [f"{purged} of {len(hosts)} hosts removed it from their files."]
    if down:
        said.append(f"Not running: {down}. There it is removed at the next start, before anyone is served.")
    if waiting:
        said.append(f"Without an answer yet: {waiting}.")
    return " ".join(said)
