"""What a forgetting removed, counted in words (pure)."""

from __future__ import annotations

from collections.abc import Mapping

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
