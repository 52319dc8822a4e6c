"""Whether the journal, the prompts, the logs, Chroma and the hosts' files say that all went well; each finding is a sentence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from memory.core.records import TurnState
from memory.index.chroma import COLLECTIONS
from memory.memory import Memory
from tests.servers.three_hosts import tokens
from tests.servers.three_hosts.people import Person
from tests.servers.three_hosts.records import Records


def of_journal(records: Records, people: Sequence[Person]) -> list[str]:
    """Return what is wrong in the journal: messages lost, doubled, out of order, or of somebody else."""
    wrong = []
    for person in people:
        user = user_of(person)
        rows = records.said(user)
        said = [(row.text, row.reply) for row in rows if row.state == TurnState.ANSWERED]
        if said != person.history:
            wrong.append(f"{user} saw {person.history}, and the journal has {said}")
        if others := [(row.text, row.state) for row in rows if row.state != TurnState.ANSWERED]:
            wrong.append(f"{user} has messages without a reply: {others}")
        points = records.timeline(user)
        if [row.turn_id for row in points] != [row.id for row in rows]:
            wrong.append(f"{user}'s timeline has other turns than the journal")
        if [row.m for row in points] != list(range(len(rows))):
            wrong.append(f"{user}'s turns were counted as {[row.m for row in points]}")
        made = records.memories(user)
        if strangers := tokens.people_of(tokens.found(str([(row.text, row.keywords) for row in made]))) - {_mark(person)}:
            wrong.append(f"{user}'s memories name {strangers}")
        remembered = {one for row in made for one in tokens.found(row.text)}
        if remembered != {one for text, _ in person.history for one in tokens.found(text)}:
            wrong.append(f"{user}'s facts are about {sorted(remembered)}")
    return wrong


def of_prompts(calls: Path, people: Sequence[Person]) -> list[str]:
    """Return the prompts that have tokens of two people, or of nobody whom we know."""
    known = {_mark(person) for person in people}
    made = [json.loads(line) for line in calls.read_text().splitlines()]
    seen = [tokens.people_of(one["tokens"]) for one in made]
    return [
        f"a prompt of {one['step']} has {one['tokens']}"
        for one, who in zip(made, seen, strict=True)
        if len(who) > 1 or who - known
    ]


def of_replies(people: Sequence[Person]) -> list[str]:
    """Return the replies that have a token of another person."""
    return [
        f"{person.name} was told {reply}"
        for person in people
        for _, reply in person.history
        if tokens.people_of(tokens.found(reply)) - {_mark(person)}
    ]


def of_logs(logs: Sequence[Path]) -> list[str]:
    """Return the logs that have a traceback."""
    return [f"{log}: {said[said.index('Traceback') :][:3000]}" for log in logs if "Traceback" in (said := log.read_text())]


def of_indexes(host: str, memory: Memory, records: Records, people: Sequence[Person]) -> list[str]:
    """Return what is wrong in a host's index files and in Chroma, once the hosts have stopped.

    The files were brought up to the journal by the last searches; only their contents are compared.
    """
    wrong = []
    index, chroma = memory._indexes.search, memory._indexes.chroma
    for person in people:
        user = user_of(person)
        expected = {row.id for row in (*records.said(user), *records.memories(user))}
        position = index.position(user) if index.files.has(user) else None
        if position is None or (position.era, position.number) != records.position(user):
            wrong.append(f"{host}: the index of {user} is at {position}, and the journal at {records.position(user)}")
        if index.ids(user) != expected:
            wrong.append(f"{host}: the index of {user} differs by {index.ids(user) ^ expected}")
        in_chroma = {name for kind in COLLECTIONS for name in chroma.record_ids(user, kind)}
        if in_chroma != expected:
            wrong.append(f"Chroma differs for {user} by {in_chroma ^ expected}")
    return wrong


def user_of(person: Person) -> str:
    """Return the name under which the journal knows a person of the front end."""
    return f"front/{person.name}"


def _mark(person: Person) -> str:
    return f"K{person.number:03}"
