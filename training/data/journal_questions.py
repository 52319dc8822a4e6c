"""Questions of RL from this app's own journal: what was told when, what is still true, and what was asked and answered."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from graph.prompts import manner
from memory.core import clock
from memory.core.errors import PersonaError
from memory.core.records import BigFive, CoreProfile, Episode, Procedure, SemanticMemory, Turn, TurnState, user_key
from memory.memory import Memory
from training.data.histories import History, Said, Topic
from training.data.lessons import MARK
from training.data.questions import Question
from training.data.unspoilt import spoilt_turns

_OPTION_COUNT = 4
_LETTERS = "abcd"
_DELAY = timedelta(days=1)


class Examiner:
    """Makes questions that one person's memory answers; forgotten or sensitive content is neither asked about nor stored.

    Args:
        memory: The memory.
        user: Whose journal.
        folder: Where the history and its photos are written.
    """

    def __init__(self, memory: Memory, user: str, folder: Path) -> None:
        self._memory, self._user, self._folder = memory, user, folder
        entries = [entry for entry in memory.memories.entries(user) if not entry.sensitive]
        self._entries = entries
        spoken, spoilt, _ = spoilt_turns(memory, user)
        # A text with a chat-template mark cannot be used for training.
        self._turns = [turn for turn in spoken if turn.id not in spoilt and not MARK.search(f"{turn.text} {turn.reply}")]
        self._places = {turn.id: place for place, turn in enumerate(self._turns)}
        facts = [entry for entry in entries if isinstance(entry, SemanticMemory) and entry.turn_id in self._places]
        self._facts = {fact.turn_id: fact for fact in facts}

    @property
    def file(self) -> Path:
        """Return the path of the history."""
        return self._folder / f"{user_key(self._user)}.json"

    def history(self) -> History:
        """Return the person's history, and write its photos beside it."""
        known = manner.scores_of(manner.known(self._memory.personality.evidence(self._user)))
        return History(
            turns=[self._said(turn) for turn in self._turns],
            topics=[
                Topic(summary=one.summary, keywords=list(one.keywords), turns=[self._places[name] for name in one.turn_ids])
                for one in self._entries
                if isinstance(one, Episode) and one.turn_ids and set(one.turn_ids) <= set(self._places)
            ],
            habits={one.key: one.text for one in self._entries if isinstance(one, Procedure)},
            profile=CoreProfile(
                entries=tuple(one for one in self._memory.memories.profile(self._user).entries if not one.sensitive)
            ).values(),
            personality=known or BigFive(),
        )

    def questions(self) -> list[Question]:
        """Return all questions: with four options, with yes or no, and open ones."""
        return [*self._date_questions(), *self._still_so(), *self._asked()]

    def _date_questions(self) -> Iterator[Question]:
        facts = [fact for fact in self._facts.values() if fact.is_valid]
        for fact in facts:
            # If the same words were said on another day too, that day would be a right answer as well.
            again = {one.content for one in facts if one.time.date() == fact.time.date()}
            others = list({one.content: one for one in facts if one.content not in again}.values())
            draw = random.Random(fact.id)  # noqa: S311 - no secret: the same journal asks the same
            if len(others) < _OPTION_COUNT - 1:
                continue
            options = [fact, *draw.sample(others, _OPTION_COUNT - 1)]
            draw.shuffle(options)
            listed = "\n".join(f"({letter}) {one.content}" for letter, one in zip(_LETTERS, options, strict=True))
            text = f"What did I tell you on {fact.time:%Y-%m-%d}?\n\n{listed}"
            yield self._question(text, f"({_LETTERS[options.index(fact)]})", "choice")

    def _still_so(self) -> Iterator[Question]:
        ended = [fact for fact in self._facts.values() if fact.superseded_by]
        holding = [fact for fact in self._facts.values() if fact.is_valid]
        # As many true as ended facts: always answering yes must not pay off.
        for no, yes in zip(ended, holding, strict=False):
            yield self._question(f'You remember: "{no.content}" Is it still so? Answer yes or no.', "no", "yes/no")
            yield self._question(f'You remember: "{yes.content}" Is it still so? Answer yes or no.', "yes", "yes/no")

    def _asked(self) -> Iterator[Question]:
        for turn in self._turns:
            retrieved = turn.trace is not None and any(step.action == "retrieve" for step in turn.trace.steps)
            if turn.state is TurnState.ANSWERED and retrieved and turn.text.rstrip().endswith("?") and not turn.images:
                place = self._places[turn.id]
                if place:
                    asked = self._question(turn.text, turn.reply, "open")
                    yield replace(asked, time=_minute(turn), upto=place)

    def _question(self, text: str, answer: str, kind: Any) -> Question:
        time = f"{self._turns[-1].time + _DELAY:%Y-%m-%d %H:%M}"
        return Question(text, answer, kind, time, self.file)

    def _said(self, turn: Turn) -> Said:
        fact = self._facts.get(turn.id)
        ended = [one.turn_id for one in self._facts.values() if fact and one.superseded_by == fact.id != one.id]
        return Said(
            time=turn.time.isoformat(),
            user=turn.text,
            assistant=turn.reply,
            images=[name for photo in turn.images if (name := self._picture(photo))],
            fact=fact.content if fact else None,
            keywords=list(fact.keywords) if fact else [],
            replaces=[self._places[name] for name in ended],
        )

    def _picture(self, photo: str) -> str | None:
        try:
            data = self._memory.photos.for_model(self._user, photo)
        except PersonaError:
            return None
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / f"{photo}.jpg").write_bytes(data)
        return f"{photo}.jpg"


def line_of(question: Question, beside: Path) -> dict[str, Any]:
    """Return a question as a line of our form; paths are relative to `beside`."""
    line = {
        "kind": question.kind,
        "text": question.text,
        "answer": question.answer,
        "time": question.time,
        "memory": str(question.memory.relative_to(beside)),
    }
    return line if question.upto is None else {**line, "upto": question.upto}


def _minute(turn: Turn) -> str:
    return clock.show(turn.time).split(" (")[0]
