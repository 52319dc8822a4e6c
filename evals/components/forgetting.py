"""What is left of a thing after a person asked the assistant in the chat to forget it: in replies, in results, and on disk."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from app.events import Answered
from evals.says import Says
from graph.context import MessageOptions

if TYPE_CHECKING:
    from app.service import PersonaService
    from evals.datasets.forgetting import Scene
    from memory.core.records import Turn

RESULTS = 10
"""Results of a search that are read."""
_TOLD = datetime(2026, 3, 2, 9, tzinfo=UTC)
_ASKED = datetime(2026, 3, 20, 18, tzinfo=UTC)
_ASCII = re.compile(r"[ -~]+")


@dataclass(frozen=True)
class Left:
    """What is there of a thing at one moment; None: not measured.

    Attributes:
        answered: The reply to the question that would reveal it says it.
        retrieved: It is among the results of a search with that question.
        on_disk: A file of the data folder contains one of its words.
        near_answered: The reply to the question about something near is right.
        near_retrieved: What is near is among the results.
    """

    answered: bool | None = None
    retrieved: bool | None = None
    on_disk: bool | None = None
    near_answered: bool | None = None
    near_retrieved: bool | None = None


@dataclass(frozen=True)
class Outcome:
    """One scene.

    Attributes:
        granted: The assistant named what it would forget, and did so after a yes.
        before: Before the request.
        after: Right after the yes, which can still be undone.
        purged: After the purge, and after the background work that follows it.
        reply: The reply to the request.
    """

    scene: str
    granted: bool
    before: Left
    after: Left
    purged: Left
    reply: str


def measure(
    service: PersonaService,
    scenes: Sequence[Scene],
    *,
    remembers: bool = False,
    answers: bool = False,
    on_done: Callable[[Outcome], None] = lambda _outcome: None,
) -> list[Outcome]:
    """Replay scenes, each by a user of its own.

    Args:
        service: The assistant, without background threads, on a folder without these users.
        scenes: The scenes.
        remembers: Whether its chat model remembers each history first. If not, memory is the messages alone.
        answers: Whether its chat model answers the questions. A request to forget asks no model.
        on_done: Called after each scene.
    """
    found = []
    for scene in scenes:
        found.append(_replay(service, scene, remembers=remembers, answers=answers))
        on_done(found[-1])
    return found


def _replay(service: PersonaService, scene: Scene, *, remembers: bool, answers: bool) -> Outcome:
    memory = service.memory
    for number, (text, reply) in enumerate(scene.history, start=1):
        # The last message is part of the conversation in which the request comes: "what I just said" means it.
        time = _ASKED - timedelta(minutes=5) if number == len(scene.history) else _TOLD + timedelta(days=number)
        memory.ingest_turn(scene.id, time, text, reply)
    if remembers:
        service.wait(scene.id)
    before = _left(service, scene, answers=answers)
    request = _said(service, scene.id, scene.ask, _ASKED)
    offer = request.trace.forget if request.trace is not None else None
    subject = None
    if offer is not None and offer.state == "open":
        done = _said(service, scene.id, "yes", _ASKED + timedelta(minutes=1))
        subject = done.trace.forget.forgotten if done.trace is not None and done.trace.forget is not None else None
    after = _left(service, scene, answers=answers)
    if subject is not None:
        memory.forget(scene.id, subject, now=True)
    if remembers:
        service.wait(scene.id)
    purged = _left(service, scene, answers=answers)
    return Outcome(scene.id, subject is not None, before, after, purged, request.reply)


def _left(service: PersonaService, scene: Scene, *, answers: bool) -> Left:
    reveals, knows = Says(("|".join(scene.marks),)), Says(("|".join(scene.near_marks),))
    left = Left(
        retrieved=_is_found(service, scene.id, scene.question, reveals),
        on_disk=is_in_files(service.memory.folder, scene.marks),
        near_retrieved=_is_found(service, scene.id, scene.near, knows),
    )
    if not answers:
        return left
    replies = [_answer(service, scene.id, text) for text in (scene.question, scene.near)]
    return replace(left, answered=reveals.right(replies[0]), near_answered=knows.right(replies[1]))


def _is_found(service: PersonaService, user: str, question: str, says: Says) -> bool:
    return any(says.right(one.text) for one in service.memory.search(user, question, limit=RESULTS))


def _answer(service: PersonaService, user: str, question: str) -> str:
    # Off the record: a question asked before must not be in memory when it is asked again.
    options = MessageOptions(off_the_record=True)
    events = service.stream(user, question, time=_ASKED + timedelta(hours=3), options=options)
    return next(event.turn.reply for event in events if isinstance(event, Answered))


def _said(service: PersonaService, user: str, text: str, time: datetime) -> Turn:
    return next(event.turn for event in service.stream(user, text, time=time) if isinstance(event, Answered))


def is_in_files(folder: Path, words: Sequence[str]) -> bool:
    """Return whether a file of a folder contains one of the words, in any case, as UTF-8 or as UTF-16."""
    # Some files write other letters as escapes: the longest part in ASCII is looked for.
    parts = [max(_ASCII.findall(word), key=len).lower() for word in words]
    wanted = [part.encode(code) for part in parts for code in ("utf-8", "utf-16-le")]
    return any(_has(path, wanted) for path in folder.rglob("*") if path.is_file())


def _has(path: Path, wanted: Sequence[bytes]) -> bool:
    data = path.read_bytes().lower()
    return any(word in data for word in wanted)


def figures(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int | None]]:
    """Return for each moment how many scenes still have what; None: not measured."""
    moments = {"before": "before the request", "after": "after it", "purged": "after the purge"}
    found: dict[str, dict[str, int | None]] = {}
    for field, title in moments.items():
        lefts = [getattr(outcome, field) for outcome in outcomes]
        found[title] = {}
        for name in Left.__dataclass_fields__:
            values = [getattr(left, name) for left in lefts]
            found[title][name] = None if None in values else sum(values)
    return found
