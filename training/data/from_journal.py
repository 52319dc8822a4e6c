"""Lessons from this app's own journal: the six tasks, as they were done for a user who agreed to it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from graph import consolidate, remember
from graph.formats import memory_formats
from graph.formats.memory_formats import Extraction, TopicLines
from graph.formats.protocol import Answer, Retrieve, format_reasoning
from graph.prompts.briefing import Style, messages_of
from graph.prompts.sections import human
from graph.prompts.showing import shown
from graph.state import Round
from memory.core.records import Episode, Recalled, SemanticMemory, Step, Trace, Turn, TurnState
from memory.core.speakers import spoken
from memory.memory import Memory
from memory.search.excerpts import talk_text
from memory.storage.rewrites import Rewrite
from training.data.chat_messages import chat_of
from training.data.lessons import PICTURE, Kind, Lesson, Message
from training.data.unspoilt import spoilt_turns

_NOTHING_LASTING = "The message tells nothing about the person that lasts."


class Teacher:
    """Turns the work done for one person into lessons; forgotten content, and everything based on it, is left out.

    Args:
        memory: The memory.
        user: Whose journal.
        style: How prompts are made; always in the published layout, which a model in training learns.
        pictures: The folder that photos are written to.
    """

    def __init__(self, memory: Memory, user: str, style: Style, pictures: Path) -> None:
        self._memory, self._user, self._pictures = memory, user, pictures
        self._style = replace(style, layout="published", sees=True)
        entries = memory.memories.entries(user)
        self._facts = {entry.turn_id: entry for entry in entries if isinstance(entry, SemanticMemory)}
        self._episodes = [entry for entry in entries if isinstance(entry, Episode)]
        self._rewrites = memory.consent.rewrites(user)
        self._turns, self._spoilt, self._unsaid = spoilt_turns(memory, user)
        # The stored result of a step that is set aside is a fallback, and nothing to learn from.
        self._aside = {(one.subject, one.step) for one in memory.refusals.set_aside(user)}
        self._unread = memory.refusals.refused_turns(user, [turn.id for turn in self._turns])

    def lessons(self) -> list[Lesson]:
        """Return all lessons, by type, in the order of the conversation."""
        return [*self._reasoning(), *self._remembering(), *self._topics(), *self._sets()]

    def _reasoning(self) -> Iterator[Lesson]:
        for turn in self._turns:
            if turn.state is not TurnState.ANSWERED or turn.trace is None or not self._is_good(turn, turn.trace):
                continue
            recent = self._memory.journal.recent(self._user, turn.time, turn.seq)
            if any(past.id in self._spoilt for past in recent):
                continue
            rounds = list(self._rounds(turn.trace))
            prompts = self._style.prompts
            closing = prompts.after_retrieval
            if rounds and not rounds[-1]["found"]:
                closing = prompts.nothing_found
            elif len(rounds) >= self._style.max_retrievals:
                closing = prompts.must_answer
            state = {
                "turn": turn,
                "profile": self._profile_at(turn),
                "personality": turn.trace.personality,
                "recent": recent,
                "rounds": rounds,
            }
            messages = messages_of(state, self._memory, self._style, closing)  # type: ignore[arg-type] # all that it reads
            written = format_reasoning(Answer(turn.reply, turn.trace.steps[-1].think))
            yield self._lesson("reasoning", turn.id, messages, written)

    def _remembering(self) -> Iterator[Lesson]:
        points = {point.turn_id: point for point in self._memory.personality.history(self._user) if point.inferred}
        prompts = self._style.prompts
        for turn in self._turns:
            if turn.pending or turn.id in self._unsaid:
                continue
            told = remember.extraction_prompt(turn, prompts)
            fact = self._facts.get(turn.id)
            seen = shown(self._memory, self._user, turn.images)
            extraction = Extraction(False, reason=_NOTHING_LASTING)
            if fact:
                extraction = Extraction(True, fact.content, fact.keywords, fact.reason)
            messages: list[BaseMessage] = [SystemMessage(prompts.semantic), human(told, seen)]
            if (turn.id, "semantic") not in self._aside:
                yield self._lesson("semantic", turn.id, messages, memory_formats.format_semantic(extraction))
            point = points.get(turn.id)
            if point and point.inferred and (turn.id, "personality") not in self._aside:
                messages = [SystemMessage(prompts.personality), HumanMessage(remember.message_prompt(turn))]
                yield self._lesson("personality", turn.id, messages, memory_formats.format_personality(point.inferred))

    def _topics(self) -> Iterator[Lesson]:
        for session in dict.fromkeys(episode.session for episode in self._episodes):
            turns = [] if (str(session), "episodic") in self._aside else self._session(session)
            places = {turn.id: place for place, turn in enumerate(turns)}
            topics = [
                TopicLines(episode.summary, episode.keywords, tuple(places[name] for name in episode.turn_ids))
                for episode in self._episodes
                if episode.session == session and set(episode.turn_ids) <= set(places)
            ]
            told = consolidate.topics_prompt(turns, self._style.budgets)
            # If the person forgot a topic, the others do not cover the whole session.
            if told and sorted(place for topic in topics for place in topic.indices) == list(range(len(turns))):
                messages = [
                    SystemMessage(self._style.prompts.episodic),
                    HumanMessage(consolidate.in_language(told, turns, self._style.prompts)),
                ]
                yield self._lesson("episodic", f"session {session}", messages, memory_formats.format_topics(topics))

    def _sets(self) -> Iterator[Lesson]:
        prompts = self._style.prompts
        for rewrite in self._rewrites:
            turns = self._session(rewrite.session)
            core = rewrite.kind == "core"
            title, prompt = (consolidate.PROFILE, prompts.core) if core else (consolidate.HABITS, prompts.procedural)
            told = consolidate.rewrite_prompt(title, rewrite.before, turns, self._style.budgets) if turns else ""
            if told:
                written = memory_formats.format_mapping(rewrite.after) or "none"
                messages = [SystemMessage(prompt), HumanMessage(consolidate.in_language(told, turns, prompts))]
                yield self._lesson(rewrite.kind, f"session {rewrite.session}", messages, written)

    def _session(self, number: int) -> list[Turn]:
        """Return a session's turns; none if a part of it was forgotten, or was left out of its prompt."""
        turns = [turn for turn in self._turns if turn.session == number]
        return [] if any(turn.id in self._spoilt or turn.id in self._unread for turn in turns) else turns

    def _rounds(self, trace: Trace) -> Iterator[Round]:
        """Yield the retrievals of a reply, each with its results: a receipt lists the results of all retrievals in one row."""
        memories = (self._with_talk(entry) for entry in trace.memories)
        for number, step in enumerate(trace.steps):
            if step.action == "retrieve":
                retrieval = Retrieve(step.query or "", step.start_time, step.end_time, step.think)
                output = None if _begins(number, step) else format_reasoning(retrieval)
                yield Round(output=output, found=list(islice(memories, len(step.memory_ids))), widened=False)

    def _with_talk(self, entry: Recalled) -> Recalled:
        """Split the single text of a receipt into its turns again, as the prompt had them."""
        said = {turn.id: turn for turn in self._turns if turn.id in entry.turn_ids}
        turns = [said[name] for name in entry.turn_ids if name in said]
        whole = tuple(spoken(turn).model_copy(update={"corrected": ()}) for turn in turns)
        notes = tuple(one.model_copy(update={"reply": ""}) for one in whole)
        is_as_said = entry.text in (talk_text(whole), talk_text(notes))
        return entry.model_copy(update={"talk": whole}) if turns and is_as_said else entry

    def _is_good(self, turn: Turn, trace: Trace) -> bool:
        """Return whether a reply is worth learning from: with a thought, and with no malformed output on the way."""
        steps = trace.steps
        thought = bool(steps) and all(
            (step.think or _begins(number, step)) and not step.warning for number, step in enumerate(steps)
        )
        return thought and bool(turn.reply) and turn.id not in self._spoilt

    def _profile_at(self, turn: Turn) -> dict[str, str]:
        """Return the profile that was in a turn's prompt, or the nearest to it that is known."""
        cores: list[Rewrite] = [one for one in self._rewrites if one.kind == "core"]
        before = [one.after for one in cores if one.session < turn.session]
        after = [one.before for one in cores if one.session >= turn.session]
        known = before[-1] if before else after[0] if after else None
        if known is None:
            entries = self._memory.memories.profile(self._user).entries
            known = {entry.key: entry.value for entry in entries if entry.time <= turn.time}
        marked = {entry.key for entry in self._memory.memories.profile(self._user).entries if entry.sensitive}
        known = {key: value for key, value in known.items() if key not in marked}
        return {"name": known.get("name", "unknown"), **{key: value for key, value in known.items() if key != "name"}}

    def _lesson(self, kind: Kind, of: str, messages: Sequence[BaseMessage], written: str) -> Lesson:
        whole = [*messages, AIMessage(written)]
        texts = tuple(Message(one["role"], "".join(map(_marked, one["content"]))) for one in chat_of(whole))
        return Lesson(kind, texts, tuple(self._keep(whole)), of)

    def _keep(self, messages: Sequence[BaseMessage]) -> Iterator[Path]:
        """Write the photos of messages, each once; yields their paths."""
        for message in messages:
            for part in message.content if isinstance(message.content, list) else []:
                if isinstance(part, dict) and part.get("type") == "image_url":
                    data = base64.b64decode(part["image_url"]["url"].split(",", 1)[1])
                    self._pictures.mkdir(parents=True, exist_ok=True)
                    path = self._pictures / f"{hashlib.sha256(data).hexdigest()[:32]}.jpg"
                    path.write_bytes(data)
                    yield path


def _begins(number: int, step: Step) -> bool:
    """Return whether a step is the search that begins a turn: it has no thought."""
    return number == 0 and step.action == "retrieve" and not step.think


def _marked(part: dict[str, str]) -> str:
    # A person may have typed the mark themselves: that is no image.
    return PICTURE if part["type"] == "image" else part["text"].replace(PICTURE, "(image)")
