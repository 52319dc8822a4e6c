"""Two users, every public operation interleaved: neither ever sees a word of the other's."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.importers.ingest import ingest_file
from app.service import PersonaService
from graph.context import MessageOptions
from memory.core.errors import PersonaError
from memory.memory import Memory
from tests.fakes import ScriptedChat, ScriptedModels, WordEmbedder, answer, fact, retrieve

CANARIES = {"ada": "quokka", "ada ": "numbat"}
"""Names as alike as names can be; each user's every text carries its canary."""
Who = st.sampled_from(sorted(CANARIES))


def _echo(prompt: str, make) -> str:
    """Answer with the canaries of the prompt: what leaks in leaks on."""
    return make(" ".join(word for word in CANARIES.values() if word in prompt) or "nothing")


class TwoUsers(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.clock = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
        self.chat = ScriptedChat(
            {
                "reasoning": lambda prompt: (
                    retrieve("pet")
                    if "Dialogue history" not in prompt and "nothing more" not in prompt
                    else _echo(prompt, answer)
                ),
                "answer": lambda prompt: _echo(prompt, answer),
                "direct": lambda prompt: _echo(prompt, str),
                "semantic": lambda prompt: _echo(prompt, lambda seen: fact(f"The user has a {seen}.", seen)),
                "core": lambda prompt: _echo(prompt, lambda seen: f'"name": "{seen}"'),
                "procedural": lambda prompt: _echo(prompt, lambda seen: f'"pet": "The user walks the {seen}."'),
                "episodic": lambda prompt: _echo(
                    prompt,
                    lambda seen: f'"topic_summary": "About the {seen}."\n"keywords": "{seen}"\n"source_dialog_indices": 0',
                ),
            }
        )
        self.service = PersonaService(Memory(self.folder, WordEmbedder()), ScriptedModels(self.chat), work=False)

    @property
    def memory(self) -> Memory:
        return self.service.memory

    def teardown(self) -> None:
        if hasattr(self, "service"):
            self.service.close()

    def _clean(self, user: str, seen: object) -> None:
        for other, canary in CANARIES.items():
            assert other == user or canary not in str(seen), f"{user!r} saw {canary}"

    @rule(who=Who, minutes=st.sampled_from([1, 59, 61, 3000]), off=st.booleans(), reasoning=st.booleans())
    def ask(self, who: str, minutes: int, off: bool, reasoning: bool) -> None:
        self.clock += timedelta(minutes=minutes)
        before = len(self.chat.calls)
        events = list(
            self.service.stream(
                who,
                f"My {CANARIES[who]} is well",
                time=self.clock,
                options=MessageOptions(off_the_record=off, reasoning=reasoning),
            )
        )
        self._clean(who, events)
        self._clean(who, self.chat.calls[before:])

    @rule(who=Who)
    def answer_again(self, who: str) -> None:
        turns = self.memory.journal.turns(who, limit=1)
        if turns and turns[0].state != "forgotten":
            self._clean(who, list(self.service.answer_again(who, turns[0].id)))

    @rule(who=Who)
    def remember(self, who: str) -> None:
        before = len(self.chat.calls)
        self.service.wait(who)
        self._clean(who, self.chat.calls[before:])

    @rule(who=Who)
    def search(self, who: str) -> None:
        for canary in CANARIES.values():
            self._clean(who, self.memory.search(who, f"{canary} is well"))

    @rule(who=Who, other=Who, now=st.booleans())
    def meddle(self, who: str, other: str, now: bool) -> None:
        """Use ids that belong to `other` as `who`: they are not there."""
        for record in self.memory.memories.entries(other):
            for act in (
                lambda: self.memory.memories.get(who, record.id),
                lambda: self.memory.edit(who, record.id, f"Edited by {CANARIES[who]}"),
                lambda: self.memory.forget(who, record.id, now=now),
                lambda: self.memory.undo(who, record.id),
            ):
                try:
                    self._clean(who, act())
                except PersonaError as error:
                    self._clean(who, error.message)
                else:
                    assert who == other

    @rule(who=Who)
    def ingest(self, who: str) -> None:
        self.clock += timedelta(minutes=5)
        file = self.folder / "transcript.jsonl"
        file.write_text(f'{{"time": "{self.clock.isoformat()}", "user": "The {CANARIES[who]} eats", "assistant": "Good"}}\n')
        ingest_file(self.memory, file, who)

    @rule(who=Who)
    def personality(self, who: str) -> None:
        self.memory.personality.pin(who, "openness", 5.0 if who == "ada" else 1.0, self.clock)
        assert self.memory.personality.newest(who).scores.openness == (5.0 if who == "ada" else 1.0)

    @rule()
    def reindex(self) -> None:
        self.memory.reindex()

    @rule(who=Who)
    def delete(self, who: str) -> None:
        if who in {row["id"] for row in self.memory.journal.users()}:
            self.memory.delete_user(who)
            assert self.memory.journal.turns(who) == []
            assert self.memory.search(who, "is well") == []
            assert self.memory.personality.history(who) == []

    @invariant()
    def each_sees_only_their_own(self) -> None:
        if not hasattr(self, "service"):
            return
        for who in CANARIES:
            self._clean(who, self.memory.journal.turns(who))
            self._clean(who, self.memory.memories.entries(who))
            self._clean(who, self.memory.personality.history(who))


TwoUsers.TestCase.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestTwoUsers = TwoUsers.TestCase
