"""What a memory counts: each name apart, and whatever thread counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from memory.core.counts import Counts


def test_each_thing_is_counted_apart():
    counts = Counts()
    counts.hit()
    counts.miss()
    counts.miss()
    counts.searched("chroma")
    counts.lost_lease()
    assert [counts.total(name) for name in ("hits", "misses", "index", "chroma", "leases_lost")] == [1, 2, 0, 1, 1]
    assert (counts.cache_bytes(), counts.purges_waiting()) == (0, 0)


def test_no_count_of_any_thread_is_lost():
    counts = Counts()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: [counts.searched("index") for _ in range(500)], range(8)))
    assert counts.total("index") == 4_000
