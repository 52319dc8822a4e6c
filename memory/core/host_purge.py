"""What one of several hosts did for a purge (pure)."""

from __future__ import annotations

from memory.core.records import Record


class HostPurge(Record):
    """What one host did for a purge.

    Attributes:
        host: The host's id.
        name: The machine's name.
        state: `purged`: its files do not contain it. `waiting`: it is alive and has not answered yet. `down`: it purges when it
            starts again, before it serves anyone.
    """

    host: str
    name: str
    state: str
