"""More people than collections can be open: everything of everybody is found, whatever was let go of meanwhile."""

from __future__ import annotations

import resource
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from memory.index.chroma import ChromaStore, Document

PEOPLE = 30


def vector(person: int, number: int) -> np.ndarray:
    drawn = np.random.default_rng(person * 1_000 + number).normal(size=(1, 48)).astype(np.float32)
    return drawn / np.linalg.norm(drawn)


def fill(store: ChromaStore, numbers: range) -> None:
    for number in numbers:
        for person in range(PEOPLE):
            document = Document(f"sem_{number}/content", f"sem_{number}", "content", 0.0, "x")
            store.put(f"person{person}", "semantic", [document], vector(person, number))


def missing(store: ChromaStore, numbers: range) -> list[tuple[int, int]]:
    return [
        (person, number)
        for number in numbers
        for person in range(PEOPLE)
        if store.nearest(f"person{person}", "semantic", vector(person, number), limit=1)[0][0][0] != f"sem_{number}"
    ]


def filled_and_found(folder: Path, most_open: int) -> list[list[tuple[int, int]]]:
    """Run where the limit of open files is what is usual on a desktop, scaled to the test: Chroma bounds its cache by it."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (125, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    store = ChromaStore(folder, most_open=most_open)
    fill(store, range(3))
    at_first = missing(store, range(3))
    fill(store, range(3, 5))
    later = missing(store, range(5))
    store.close()
    store = ChromaStore(folder, most_open=most_open)
    opened_anew = missing(store, range(5))
    store.close()
    return [at_first, later, opened_anew]


@pytest.mark.parametrize("most_open", [10, 400])
def test_everything_of_everybody_is_found(tmp_path: Path, most_open: int) -> None:
    # In a process of its own: what others have open counts too.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        assert process.submit(filled_and_found, tmp_path / "chroma", most_open).result() == [[], [], []]
