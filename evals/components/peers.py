"""Every program for memory gets the same turns and the same questions in one run: what it finds, how fast, what it keeps.

`evals/peers/SETTINGS.md` says how each is set, and what each figure counts.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from evals.components.retrieval import Scored, figures
from evals.datasets.evidence import Asked, Conversation, Said
from evals.peers import endurance, installed
from evals.peers.process import Failed, PeerProcess

ASKED_FOR = 20
"""Results that each program is asked for: ten count, and the first ten distinct sessions need more."""
_WARM = ("warm", "The lamp over the table is green.", "What colour is the lamp?")
"""A user, a text and a question before those that count: a first call loads what later ones use."""


def compare(
    conversations: Sequence[Conversation],
    names: Sequence[str],
    on_progress: Callable[[str], None] = lambda _text: None,
) -> dict[str, dict[str, Any]]:
    """Measure programs on the same conversations, in turn: each conversation goes through all of them before the next one.

    Args:
        conversations: The turns and the questions; each is a user of its own.
        names: Of `installed.PEERS` and `installed.OURS`.
        on_progress: Called with a line of progress.

    Returns:
        For each program its figures, or `error`: why it cannot run, in one line.

    Raises:
        NotFound: The text embedder is not one of the catalogue.
        ModelMissing: The text embedder is not on this machine.
    """
    with ExitStack() as stack:
        model = stack.enter_context(installed.with_onnx_file(installed.embedder()))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="persona-bench-")))
        # Before this folder is removed, every process has ended.
        run = _Run(model, folder, stack.enter_context(ExitStack()), on_progress)
        for name in names:
            run.attempt(name, partial(run.begin, name))
        for name in run.left(names):
            run.attempt(name, partial(run.open, name))
        for number, conversation in enumerate(conversations):
            on_progress(f"{conversation.name}: {len(conversation.turns)} turns, {len(conversation.questions)} questions")
            left = run.left(names)
            # Another one begins each time: what the machine does besides disturbs all of them alike.
            first = number % max(len(left), 1)
            for name in [*left[first:], *left[:first]]:
                run.attempt(name, partial(run.converse, name, conversation))
        for name in run.left(names):
            run.attempt(name, partial(run.close, name))
        return run.rows


@dataclass
class _Peer:
    """One program and what was measured of it so far."""

    process: PeerProcess
    adds: list[float] = field(default_factory=list)
    searches: list[float] = field(default_factory=list)
    scored: list[Scored] = field(default_factory=list)


class _Run:
    """The stages that each program goes through.

    Args:
        model: The folder of the text embedder.
        folder: An empty folder.
        stack: Ends the processes.
        on_progress: Called with a line of progress.
    """

    def __init__(self, model: Path, folder: Path, stack: ExitStack, on_progress: Callable[[str], None]) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self._model = model
        self._folder = folder
        self._stack = stack
        self._peers: dict[str, _Peer] = {}
        self._on_progress = on_progress

    def attempt(self, name: str, stage: Callable[[], Mapping[str, Any]]) -> None:
        """Add what a stage found to a program's row; a program that fails has only its error from then on."""
        try:
            self.rows.setdefault(name, {}).update(stage())
        except Failed as failed:
            self.rows[name] = {"error": failed.message}
            self._on_progress(failed.message)

    def left(self, names: Sequence[str]) -> list[str]:
        """Return the programs that have not failed."""
        return [name for name in names if "error" not in self.rows[name]]

    def begin(self, name: str) -> dict[str, Any]:
        """Return what survives a kill, and what remains after a deletion."""
        if why := installed.missing(name):
            raise Failed(f"it {why}")
        self._on_progress(f"{name}: what survives, what remains")
        return endurance.measure(name, self._model, self._folder / name)

    def open(self, name: str) -> Mapping[str, Any]:
        """Start the process for all conversations."""
        process = self._stack.enter_context(PeerProcess(name, self._model, self._folder / f"{name}-turns"))
        self._peers[name] = _Peer(process)
        user, text, question = _WARM
        process.add(user, text, endurance.BEGIN)
        process.search(user, question, ASKED_FOR)
        return process.about

    def converse(self, name: str, conversation: Conversation) -> dict[str, Any]:
        """Store a conversation, and ask its questions."""
        peer = self._peers[name]
        for number, said in enumerate(conversation.turns):
            # One second apart: the turns of a session have one time, and some programs order by it.
            peer.adds.append(peer.process.add(conversation.name, said.text, said.time + timedelta(seconds=number)))
        turns = {said.id: said for said in conversation.turns}
        for asked in conversation.questions:
            texts, seconds = peer.process.search(conversation.name, asked.question, ASKED_FOR)
            peer.searches.append(seconds)
            peer.scored.append(scored(asked, texts[:ASKED_FOR], turns))
        return {}

    def close(self, name: str) -> dict[str, Any]:
        """Return the figures of all conversations."""
        peer = self._peers[name]
        found = figures(peer.scored)
        return {
            "turns": len(peer.adds),
            "questions": found["questions"],
            **{share: found[share] for share in ("recall@10", "any@10", "session_any@10", "mrr")},
            "search_ms": _percentiles(peer.searches),
            "add_ms": _percentiles(peer.adds),
            "peak_mb": peer.process.close(),
            "disk_mb": round(endurance.bytes_on_disk(peer.process.folder) / 1e6, 1),
        }


def scored(asked: Asked, texts: Sequence[str], turns: Mapping[str, Said]) -> Scored:
    """Score the texts that a program returned, best first: a turn is found where its text is.

    Args:
        asked: The question.
        texts: What was returned; a text that is not a turn's keeps its place.
        turns: The turns of the conversation by their ids.
    """
    places: dict[str, float] = {}
    for number, text in enumerate(texts, start=1):
        places.setdefault(text, float(number))
    session_of = {said.text: said.session for said in turns.values()}
    distinct = dict.fromkeys(session_of.get(text, text) for text in texts)
    wanted = {turns[name].session for name in asked.evidence}
    return Scored(
        category=asked.category,
        places=tuple(places.get(turns[name].text, float("inf")) for name in asked.evidence),
        seconds=0.0,
        session=next((float(number) for number, name in enumerate(distinct, start=1) if name in wanted), float("inf")),
    )


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    shares = statistics.quantiles(seconds, n=20, method="inclusive")
    return {"p50": round(statistics.median(seconds) * 1000, 1), "p95": round(shares[18] * 1000, 1)}
