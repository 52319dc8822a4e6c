"""A talk that is here already with another of its people as the person is refused, and nothing is skipped as known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from memory.core import clock
from memory.imports.lines import ImportedLine, Source
from memory.imports.taken_as import OtherPerson

BEGIN = clock.parse_time("2025-03-01 09:00", "UTC")
SOURCE = Source("whatsapp", "chat.txt", messages=lambda: 1)
SAID = [("Ada Lovelace", "Hello."), ("Ben", "Hi!"), *[("Cleo", f"Message {number}.") for number in range(9)], ("Ben", "Bye.")]


def talk(me, said=SAID):
    return [
        ImportedLine(BEGIN + timedelta(minutes=number), f"{who}: {text}", "", "a", speaker=who, by_other=who != me)
        for number, (who, text) in enumerate(said)
    ]


def taken(memory, lines, user="ada"):
    return memory.imports.write(user, memory.imports.begin(user, SOURCE, lines, "none").id)


@pytest.mark.parametrize("longer", [False, True])
def test_another_me_is_refused_with_what_to_do(memory, longer):
    done = taken(memory, talk("Ada Lovelace"), "o'ada")
    given = talk("Ben", [*SAID, ("Ben", "New.")] if longer else SAID)
    for attempt in (memory.imports.foresee, lambda user, lines: memory.imports.begin(user, SOURCE, lines, "none")):
        with pytest.raises(OtherPerson) as refused:
            attempt("o'ada", given)
        assert refused.value.message == (
            "These messages are here already with Ada Lovelace as you. Undo that import (`persona imports undo "
            f"{done.id} --user 'o'\"'\"'ada'`), then import again with --me. If Ada Lovelace is right, give that name with --me."
        )
        assert refused.value.me == "Ada Lovelace"
    assert len(memory.journal.turns("o'ada")) == len(SAID)
    assert list((memory.folder / "imports").iterdir()) == []
    memory.imports.undo("o'ada", done.id)
    assert taken(memory, given, "o'ada").added == len(given)


def test_the_same_me_is_known_and_of_several_names_one_may_differ(memory):
    taken(memory, talk("Ada Lovelace"))
    assert taken(memory, talk("Ada Lovelace")).added == 0
    assert taken(memory, talk("Ada Lovelace"), "bea").added == len(SAID)
    several = [("Ada", f"One {number}.") for number in range(5)] + [("A. L.", "Other phone."), ("Ben", "Hi!")]
    taken(memory, talk("Ada", several), "cleo")
    both = [
        ImportedLine(one.time, one.text, "", "a", speaker=one.speaker, by_other=one.speaker == "Ben")
        for one in talk("Ada", several)
    ]
    assert taken(memory, both, "cleo").added == 0
