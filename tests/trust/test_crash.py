"""`kill -9` after random numbers of events in a life with the assistant: nothing acknowledged is lost, nothing is there twice, and what is
forgotten is forgotten wholly."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from app.service import PersonaService
from memory.core.records import SPOKEN, TurnState
from memory.index.chroma import COLLECTIONS
from memory.memory import Memory
from tests.fakes import ScriptedModels, WordEmbedder
from tests.trust import share
from tests.trust.crash_driver import chat, lines

pytestmark = pytest.mark.minutes

KILLS = share(10, 200)
MOST_EVENTS = 3_000
"""About two dozen messages, with what is remembered and forgotten of them."""
ROOT = Path(__file__).parents[2]


def _run_to_the_kill(folder: Path, run: int, events: int) -> str:
    """Let the driver live until it has seen so many events, and return what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.trust.crash_driver", str(folder), str(run), str(events)],
        capture_output=True, cwd=ROOT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert done.stdout.startswith("READY\n"), done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    # The last line may be half a line.
    return done.stdout[: done.stdout.rfind("\n") + 1]


def test_nothing_is_lost_doubled_or_half_forgotten(tmp_path):
    folder = tmp_path / "data"
    chance = random.Random(20260301)
    out = "".join(_run_to_the_kill(folder, run, chance.randint(1, MOST_EVENTS)) for run in range(KILLS))
    acknowledged = {name for (name,) in lines(out, "ACK")}
    wanted = dict(lines(out, "FORGET"))
    hidden = {name for (name,) in lines(out, "HIDDEN")} | {name for (name,) in lines(out, "PURGED")}
    purged = {name for (name,) in lines(out, "PURGED")}
    assert acknowledged, "nothing was acknowledged: the kills came too early to mean anything"
    assert purged, "nothing was purged"
    with PersonaService(Memory(folder, WordEmbedder()), ScriptedModels(chat()), work=False) as service:
        memory = service.memory
        memory.purge_due()
        service.wait()
        # What was hidden less than ten minutes ago may be undone: purged now, it is gone as well.
        for _, name in memory._forgetting.due() or []:
            memory._forgetting.undo("ada", name)
            memory.forget("ada", name, now=True)
        service.wait()
        turns = memory.journal.turns("ada")
        spoken = [turn for turn in turns if turn.state in SPOKEN]
        gone = {turn.id for turn in turns if turn.state is TurnState.FORGOTTEN}
        assert acknowledged <= {turn.id for turn in spoken} | gone
        assert hidden <= gone <= set(wanted), "forgotten: all that was said to be, and nothing that nobody asked for"
        assert {turn.state for turn in turns} <= {TurnState.ANSWERED, TurnState.FAILED, TurnState.FORGOTTEN}
        said = [turn.text for turn in turns if turn.state is not TurnState.FORGOTTEN]
        assert max(Counter(said).values()) == 1
        assert [turn.seq for turn in turns] == list(range(1, len(turns) + 1))
        assert not any(turn.pending for turn in turns)
        assert memory.work.count() == 0
        # One record for every turn with a reply, and for no other; one step of the curve for these and those forgotten later.
        facts = Counter(one.turn_id for one in memory.memories.entries("ada", kind="semantic", include_pending=True))
        assert facts == Counter({turn.id: 1 for turn in spoken})
        points = [point.turn_id for point in memory.personality.history("ada")]
        assert points == sorted(points, key={turn.id: turn.seq for turn in turns}.get)
        assert {turn.id for turn in spoken} <= set(points) <= {turn.id for turn in spoken} | gone
        assert [point.m for point in memory.personality.history("ada")] == list(range(len(points)))
        sessions = Counter(topic.session for topic in memory.memories.entries("ada", kind="episodic"))
        assert set(sessions.values()) <= {1}
        topics = {name for topic in memory.memories.entries("ada", kind="episodic") for name in topic.turn_ids}
        assert not topics & gone
        # Pictures: those of the messages that are there, and their files.
        carried = {name for turn in turns for name in turn.images}
        assert carried <= {photo.id for photo in memory.photos.list("ada")}
        for name in carried:
            memory.photos.original("ada", name)
        # The indexes hold what the journal holds, once.
        memory.index("ada")
        ids = {turn.id for turn in spoken} | {entry.id for entry in memory.memories.entries("ada")}
        assert memory._indexes.search.ids("ada") == ids
        found = {kind: memory._indexes.chroma.record_ids("ada", kind) for kind in COLLECTIONS}
        assert set().union(*found.values()) == ids
    words = {wanted[name].encode() for name in gone}
    left = {word for path in folder.rglob("*") if path.is_file() for word in words if word in path.read_bytes()}
    assert not left, "a word of what is forgotten stands in a file"
