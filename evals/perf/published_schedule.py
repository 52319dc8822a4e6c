"""The published order of calls and writes, for comparison with ours: our own code, written from its description.

A message waits for all bookkeeping: after a gap three calls that summarise the session; the reasoning, with retrievals that
rewrite every index file; the personality and the memory of this turn; one JSON file with everything in it. Only then is the
reply returned, as a whole. As published, each search of a retrieval embeds its question, and the habits are embedded again,
with sentence-transformers; unlike it, the vectors of the past are kept in memory, and model and client are those of our own
run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from app.models.model_server import ModelServer
from app.settings import Settings
from evals.perf import filled, script
from evals.perf.corpus import SESSION, Said
from evals.perf.fixed_server import Calls
from evals.perf.timing import latency
from evals.perf.turn import said_later
from graph.calls.asking import stream_text
from graph.formats import memory_formats, protocol
from graph.prompts.texts import Prompts
from memory.embedding.text_embedder import Embedder
from memory.embedding.token_vectors import Vectors

_GAP = timedelta(minutes=60)
_SEMANTIC, _EPISODIC, _HABITS = 4, 2, 5
_RETRIEVED_TURNS = 8
"""Past turns that a retrieval returned."""
_WARM_UP_TURNS = 2
_MAX_TOKENS = 1_024
_TOPICS = ("The user talked of one thing.", "The user talked of another thing.")


class Published:
    """One user's memory as one JSON file and four index files.

    Args:
        folder: Where they are stored.
        chat: The model.
        embedder: Makes the vectors.
    """

    def __init__(self, folder: Path, chat: BaseChatModel, embedder: Embedder) -> None:
        self.sessions: list[dict[str, Any]] = [_session()]
        self._folder = folder
        self._chat = chat
        self._embedder = embedder
        self._prompts = Prompts()
        self._indexes: dict[str, list[Vectors]] = {
            name: [] for name in ("semantic", "semantic_keywords", "episodic", "episodic_keywords")
        }

    def live(self, said: Sequence[Said]) -> None:
        """Fill it with a past, without asking the model; indexed vectors are random, not embedded."""
        drawn = np.random.default_rng(0)
        for number, one in enumerate(said):
            if number and number % SESSION == 0:
                self._sum_up(_TOPICS)
            fact = f"The user {one.text}" if number % 2 == 0 else None
            # Every second turn retrieved; its results are stored with the turn.
            shown = [f"User: {past.text}\nAssistant: {past.reply}" for past in said[max(0, number - _RETRIEVED_TURNS) : number]]
            chain = [] if number % 2 == 0 else [_retrieval("this, and that", shown)]
            self._note(one.time, one.text, one.reply, chain, fact)
        counts = {"semantic": len(self._facts()), "episodic": len(self._topics())}
        for name, vectors in self._indexes.items():
            rows = drawn.normal(size=(counts[name.partition("_")[0]], 384)).astype(np.float32)
            vectors += list(rows / np.linalg.norm(rows, axis=1, keepdims=True))

    def send(self, text: str, at: datetime) -> str:
        """Take a message; returns the reply once everything is written."""
        last = self._last()
        if last is not None and at - last >= _GAP:
            for name, grammar in (
                ("episodic", memory_formats.EPISODIC_GRAMMAR),
                ("procedural", memory_formats.PROCEDURAL_GRAMMAR),
                ("core", memory_formats.CORE_GRAMMAR),
            ):
                self._ask(getattr(self._prompts, name), "Conversation:\n" + self._talk(), grammar)
            self._sum_up(_TOPICS)
        reply, chain = self._reason(text, at)
        self._ask(self._prompts.personality, text, memory_formats.PERSONALITY_GRAMMAR)
        told = self._ask(self._prompts.semantic, f"The person's message, now:\n{text}", memory_formats.SEMANTIC_GRAMMAR)
        extraction = memory_formats.parse_semantic(told)
        self._note(at, text, reply, chain, extraction.content if extraction and extraction.decision else None)
        self._write()
        return reply

    def _reason(self, text: str, at: datetime) -> tuple[str, list[dict[str, Any]]]:
        shown = f"{self._talk()}\n\n## User Input\n[{at:%Y-%m-%d %H:%M}]\n{text}"
        messages: list[BaseMessage] = [SystemMessage(self._prompts.instructions), HumanMessage(shown)]
        reasoned = protocol.parse_reasoning(self._output(messages, protocol.REASONING_GRAMMAR))
        chain: list[dict[str, Any]] = []
        if isinstance(reasoned, protocol.Retrieve):
            found = self._retrieve(text, reasoned.keywords)
            chain.append(_retrieval(reasoned.keywords, found))
            told = "\n".join([*found, self._prompts.after_retrieval])
            reasoned = protocol.parse_reasoning(self._output([*messages, HumanMessage(told)], protocol.REASONING_GRAMMAR))
        return getattr(reasoned, "text", ""), chain

    def _retrieve(self, text: str, keywords: str) -> list[str]:
        """Embed what is new, search, and write every index, as a published retrieval does."""
        facts, topics = self._facts(), self._topics()
        for name, texts in (("semantic", facts), ("episodic", topics)):
            for kind in (name, f"{name}_keywords"):
                for one in texts[len(self._indexes[kind]) :]:
                    self._indexes[kind].append(self._embedder.embed([one])[0].vector)
        asked = {"": text, "_keywords": keywords}
        found: list[str] = []
        for name, texts, limit in (("semantic", facts, _SEMANTIC), ("episodic", topics, _EPISODIC)):
            best: dict[int, float] = {}
            for suffix, question in asked.items():
                vector = self._embedder.embed([question])[0].vector
                index = np.stack(self._indexes[f"{name}{suffix}"]) if texts else np.zeros((0, 384), np.float32)
                with (self._folder / f"{name}{suffix}.npy").open("wb") as file:
                    np.save(file, index)
                cosines = index @ vector
                for place in np.argsort(-cosines)[:limit]:
                    best[int(place)] = max(float(cosines[place]), best.get(int(place), -1.0))
            found += [texts[place] for place in sorted(best, key=lambda place: -best[place])[:limit]]
        habits = [
            self._embedder.embed([f"habit {number}: The user does it every week."])[0].vector for number in range(_HABITS)
        ]
        cosines = np.stack(habits) @ self._embedder.embed([text])[0].vector
        return [*found, *(f"habit {place}" for place in np.argsort(-cosines)[:2])]

    def _facts(self) -> list[str]:
        return [one["content"] for session in self.sessions for one in session["semantic"] if one["decision"]]

    def _topics(self) -> list[str]:
        return [topic for session in self.sessions for topic in session["episodic"]]

    def _talk(self) -> str:
        return "\n".join(
            f"{said['time']}\nUser: {said['query']}\nAssistant: {said['reply']}" for said in self.sessions[-1]["said"]
        )

    def _last(self) -> datetime | None:
        said = self.sessions[-1]["said"]
        return datetime.fromisoformat(said[-1]["time"]) if said else None

    def _sum_up(self, topics: Sequence[str]) -> None:
        self.sessions[-1]["episodic"] = list(topics)
        self.sessions.append(_session())

    def _note(self, at: datetime, text: str, reply: str, chain: list[dict[str, Any]], fact: str | None) -> None:
        session = self.sessions[-1]
        session["said"].append({"time": at.isoformat(), "query": text, "reply": reply, "chain": chain})
        session["semantic"].append({"decision": fact is not None, "content": fact or "", "keywords": (fact or "")[:40]})

    def _write(self) -> None:
        with (self._folder / "user_data.json").open("w", encoding="utf-8") as file:
            json.dump({"sessions": self.sessions}, file, ensure_ascii=False, indent=4)

    def _ask(self, prompt: str, told: str, grammar: str) -> str:
        return self._output([SystemMessage(prompt), HumanMessage(told)], grammar)

    def _output(self, messages: list[BaseMessage], grammar: str) -> str:
        return "".join(stream_text(self._chat, messages, grammar=grammar, max_tokens=_MAX_TOKENS))


def measure(folder: Path, past: int, turns: int, calls: Calls, embedder: Embedder) -> dict[str, Any]:
    """Let a user of the published schedule send more messages, and measure each turn.

    Args:
        folder: An empty folder.
        past: Number of earlier turns.
        turns: How many turns are counted.
        calls: The model server.
        embedder: Makes the vectors.

    Returns:
        `first` (p50, p95 in ms): to the reply, minus all of the model's own time; `waited`: minus only the model time of the
        reply's own reasoning, so including the bookkeeping's calls; `calls`: per turn, all before the reply.
    """
    life = filled.life_of(filled.USER)
    memory = Published(folder, ModelServer(Settings(llm_base_url=calls.url)).chat(), embedder)
    said = list(life.turns(past))
    memory.live(said)
    own: list[float] = []
    waited: list[float] = []
    made = 0
    for number, (text, at) in enumerate(said_later(filled.USER, said[-1].time, turns + _WARM_UP_TURNS)):
        calls.take()
        began = time.monotonic()
        memory.send(text, at)
        took = time.monotonic() - began
        of_model = calls.take()
        if number >= _WARM_UP_TURNS:
            spent = {call: call.ended - call.began for call in of_model}
            own.append(1000 * (took - sum(spent.values())))
            waited.append(1000 * (took - sum(alone for call, alone in spent.items() if call.stage in script.BEFORE_REPLY)))
            made += len(of_model)
    return {"first": latency(own), "waited": latency(waited), "calls": {"before": round(made / turns, 2)}}


def _retrieval(keywords: str, found: Sequence[str]) -> dict[str, Any]:
    return {"action": "retrieve", "keywords": keywords, "retrieve_memory": list(found)}


def _session() -> dict[str, Any]:
    return {"said": [], "semantic": [], "episodic": []}
