"""Embeds the texts of index entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from memory.embedding.text_embedder import Embedder
from memory.embedding.token_vectors import Kept, keep, keep_more
from memory.index.documents import Indexed

_PORTION_CHARACTERS = 200_000
"""Characters that are embedded before their token vectors are made small: these take 1.5 kB a token, or about 75 MB."""


def embedded(embedder: Embedder, made: Sequence[Indexed], contents: Mapping[str, Kept] | None = None) -> list[Kept]:
    """Return the stored embeddings of entries.

    Args:
        embedder: Embeds the texts.
        made: The entries with their texts.
        contents: The stored embeddings, by entry id, of those whose content is embedded already.
    """
    contents = contents or {}
    return [kept for part in _portions(made) for kept in _embedded(embedder, part, contents)]


def _embedded(embedder: Embedder, made: Sequence[Indexed], contents: Mapping[str, Kept]) -> Iterator[Kept]:
    texts = [one.texts[1:] if one.entry.id in contents else one.texts for one in made]
    embeddings = iter(embedder.embed([text for some in texts for _, text in some]))
    for one, some in zip(made, texts, strict=True):
        pairs = [(facet, next(embeddings)) for facet, _ in some]
        content = contents.get(one.entry.id)
        yield keep(pairs) if content is None else keep_more(content, pairs)


def _portions(made: Sequence[Indexed]) -> Iterator[list[Indexed]]:
    """Divide entries into portions of bounded length."""
    portion: list[Indexed] = []
    characters = 0
    for one in made:
        size = sum(len(text) for _, text in one.texts)
        if portion and characters + size > _PORTION_CHARACTERS:
            yield portion
            portion, characters = [], 0
        portion.append(one)
        characters += size
    if portion:
        yield portion
