"""What a person's messages show of them: records that journal and graph share (pure)."""

from __future__ import annotations

from datetime import datetime

from memory.core.records import BigFive, PersonalityPoint, Record


class Wish(Record):
    """A message that says how the person wants to be written to; see `memory.personality.writing_wishes`."""

    turn_id: str
    time: datetime
    text: str


class Showing(Wish):
    """A message that showed something of a trait; its text is empty where that is marked as sensitive: it is not quoted.

    Attributes:
        inferred: What its words alone suggested, 1 to 5 for each trait; 3: nothing.
    """

    inferred: BigFive


class Evidence(Record):
    """What is known of how a person is, and their messages that say so; the newest first.

    Attributes:
        point: The newest point of the personality timeline; None: there is none.
        shown: Messages since the last reset that showed something of a trait.
        wishes: Messages that say how the person wants to be written to.
    """

    point: PersonalityPoint | None = None
    shown: tuple[Showing, ...] = ()
    wishes: tuple[Wish, ...] = ()
