"""Who of the senders is the person."""

from __future__ import annotations

from collections import Counter

import pytest

from app.importers.who import me_in
from memory.core.errors import InvalidInput

TWO = Counter({"Mona Weber": 5, "Ada Brandt": 3})


@pytest.mark.parametrize(
    ("senders", "chat_with", "given", "me"),
    [
        (TWO, "", "Ada Brandt", "Ada Brandt"),
        (TWO, "", "  ada\u00a0BRANDT ", "Ada Brandt"),
        (TWO, "Mona Weber", "", "Ada Brandt"),
        (TWO, "mona_weber", "", "Ada Brandt"),
        (TWO, "Ada Brandt", "Ada Brandt", "Ada Brandt"),
        (Counter({"+49 171 5550001": 1, "Ada": 1}), "\u202a+49 171 5550001\u202c", "", "Ada"),
        (Counter({"🦊": 1, "Ada": 1}), "🦊", "", "Ada"),
        # A group, a talk of three, a talk in which only one wrote, and no name at all.
        (TWO, "Book club", "", ""),
        (Counter({"Mona": 1, "Ada": 1, "Kai": 1}), "Mona", "", ""),
        (Counter({"Mona": 1}), "Mona", "", ""),
        (TWO, "", "", ""),
        (Counter(), "Mona", "", ""),
    ],
)
def test_the_person(senders, chat_with, given, me):
    assert me_in(senders, chat_with, given) == me


def test_an_unknown_name_is_answered_with_the_names_that_wrote_most():
    with pytest.raises(
        InvalidInput, match=r"Nobody called 'Eva' wrote here. Give --me one of these names: Mona Weber, Ada Brandt."
    ):
        me_in(TWO, "", "Eva")
    many = Counter({f"P{number:02}": 100 - number for number in range(14)})
    with pytest.raises(InvalidInput, match=r"P00, .*P09 and 4 more"):
        me_in(many, "", "Eva")
    with pytest.raises(InvalidInput, match="none was found"):
        me_in(Counter(), "", "Eva")
