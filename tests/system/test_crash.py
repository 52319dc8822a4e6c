"""`kill -9` at random moments of a running conversation: what was acknowledged is there, what was pending is done once."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from app.service import PersonaService
from memory.chroma import COLLECTIONS
from memory.records import SPOKEN, TurnState
from memory.store import Memory
from tests.fakes import ScriptedModels, WordEmbedder
from tests.system.crash_driver import chat

KILLS = int(os.environ.get("PERSONA_TEST_KILLS", "12"))
ROOT = Path(__file__).parents[2]


def _run_and_kill(folder: Path, run: int, pause_s: float) -> list[str]:
    """Start the driver, kill it `pause_s` seconds after it began, and return the turns that it acknowledged."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.system.crash_driver", str(folder), str(run)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, text=True,
    )  # fmt: skip
    assert select.select([process.stdout], [], [], 120)[0], "the driver does not start"
    assert process.stdout.readline() == "READY\n", process.stderr.read()
    time.sleep(pause_s)
    os.kill(process.pid, signal.SIGKILL)
    out, _ = process.communicate()
    return [line.split()[1] for line in out.splitlines() if line.startswith("ACK ")]


def test_acknowledged_turns_survive_and_pending_work_is_done_once(tmp_path):
    folder = tmp_path / "data"
    chance = random.Random(20260301)
    acknowledged = []
    for run in range(KILLS):
        acknowledged += _run_and_kill(folder, run, chance.uniform(0.0, 1.2))
    service = PersonaService(Memory(folder, WordEmbedder()), ScriptedModels(chat()), work=False)
    with service:
        service.wait()
        memory = service.memory
        turns = memory.journal.turns("ada")
        spoken = [turn for turn in turns if turn.state in SPOKEN]
        assert acknowledged, "nothing was acknowledged: the kills came too early to mean anything"
        assert set(acknowledged) <= {turn.id for turn in spoken}
        assert {turn.state for turn in turns} <= {TurnState.ANSWERED, TurnState.FAILED}
        assert max(Counter(turn.text for turn in turns).values()) == 1
        assert [turn.seq for turn in turns] == list(range(1, len(turns) + 1))
        assert not any(turn.pending for turn in turns)
        assert memory.pending.count() == 0
        # One record and one step of the curve for every turn with a reply, and for no other.
        remembered = Counter(memory_.turn_id for memory_ in memory.knowledge.entries("ada", kind="semantic"))
        assert remembered == Counter({turn.id: 1 for turn in spoken})
        points = [point.turn_id for point in memory.curve.history("ada")]
        assert points == [turn.id for turn in spoken]
        assert [point.m for point in memory.curve.history("ada")] == list(range(len(spoken)))
        sessions = Counter(topic.session for topic in memory.knowledge.entries("ada", kind="episodic"))
        assert set(sessions.values()) <= {1}
        # The indexes hold what the journal holds, once.
        memory.index("ada")
        ids = {turn.id for turn in spoken} | {entry.id for entry in memory.knowledge.entries("ada")}
        assert memory._lexical.ids("ada") == ids
        found = {kind: memory._chroma.record_ids("ada", kind) for kind in COLLECTIONS}
        assert set().union(*found.values()) == ids
