"""Records of what a person's messages show about their personality. The stores and the graph share them (pure)."""

from __future__ import annotations

from datetime import datetime

from memory.core.records import BigFive, PersonalityPoint, Record


class Wish(Record):
    """A message that says how the person wants to be written to; see `memory.personality.writing_wishes`.

    Attributes:
        turn_id: The id of the message.
        time: When it was said.
        text: What was said.
    """

    turn_id: str
    time: datetime
    text: str


class Showing(Wish):
    """A message that showed something of a trait. The text of a sensitive message is empty, so that it is never quoted.

    Attributes:
        inferred: The scores that its words alone suggest, 1 to 5 for each trait; 3: no evidence.
    """

    inferred: BigFive


class Evidence(Record):
    """The current personality of a person, and the messages that it rests on.

    Attributes:
        point: The newest point of the personality timeline; None: there is none.
        shown: Messages since the last reset that showed something of a trait, newest first.
        wishes: Messages that say how the person wants to be written to, newest first.
    """

    point: PersonalityPoint | None = None
    shown: tuple[Showing, ...] = ()
    wishes: tuple[Wish, ...] = ()
