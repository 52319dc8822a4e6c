"""Embeds the texts of index entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from memory.embedding.text_embedder import Embedder
from memory.embedding.token_vectors import Kept, keep, keep_more
from memory.index.documents import Indexed


def embedded(embedder: Embedder, made: Sequence[Indexed], contents: Mapping[str, Kept] | None = None) -> list[Kept]:
    """Return the stored embeddings of entries.

    Args:
        embedder: Embeds the texts.
        made: The entries with their texts.
        contents: The stored embeddings, by entry id, of those whose content is embedded already.
    """
    contents = contents or {}
    texts = [one.texts[1:] if one.entry.id in contents else one.texts for one in made]
    embeddings = iter(embedder.embed([text for some in texts for _, text in some]))
    kept = []
    for one, some in zip(made, texts, strict=True):
        pairs = [(facet, next(embeddings)) for facet, _ in some]
        content = contents.get(one.entry.id)
        kept.append(keep(pairs) if content is None else keep_more(content, pairs))
    return kept
