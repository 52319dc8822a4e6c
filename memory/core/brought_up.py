"""What a reply was to tell of what is coming up (pure)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class BroughtUp(BaseModel):
    """One thing.

    Attributes:
        sources: The messages and facts that say so: with any of them, it is forgotten.
        when: When it is, in words, as seen from the reply.
        text: What was said of it.
        said: The reply tells of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: tuple[str, ...]
    when: str
    text: str
    said: bool
