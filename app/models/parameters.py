"""What a server refuses to be told: what its refusal names is called as it wants it called, or left out (pure).

OpenAI's newer models want `max_completion_tokens`, and no temperature but their own; LiteLLM refuses what the model behind it
does not take; others refuse each field that they do not know. The call is sent again without it, and so are all later ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

TRIES = 10
"""How often one call is sent at most."""
_REFUSALS = frozenset({400, 404, 422, 501})
_ALSO_CALLED = {"max_tokens": "max_completion_tokens"}
_NEEDED = frozenset({"model", "messages"})
_SPOKEN_OF = {
    "grammar": r"grammars?\b",
    "structured_outputs": r"grammars?\b|guided[_ ]decoding|structured[_ ]outputs?",
    "temperature": r"temperature\b",
    "stream": r"\bstream(?:ing)? (?:is|are|responses?)\b.*\bnot\b|verified to stream|['\"`(.]stream['\"`)]",
    "stop": r"['\"`(.]stop['\"`)]|\bstop sequences?\b",
}
"""How refusals speak of parameters whose names are ordinary words; of any other by its name."""


@dataclass(frozen=True)
class Parameters:
    """How one server takes a request.

    Attributes:
        left_out: What it is not told.
        renamed: What it wants called otherwise.
    """

    left_out: frozenset[str] = frozenset()
    renamed: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def applied(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a request as this server takes it."""
        told = {self.renamed.get(name, name): value for name, value in body.items()}
        return {name: value for name, value in told.items() if name not in self.left_out}

    def without(self, sent: dict[str, Any], status: int | None, said: str) -> Parameters | None:
        """Return what a refused call may be sent with; None: its refusal names nothing that can be left out.

        Args:
            sent: The request as it was sent.
            status: Of HTTP.
            said: The server's own words.
        """
        if status not in _REFUSALS:
            return None
        names = dict.fromkeys([*sent, "stream"])
        refused = [name for name in names if name not in _NEEDED | self.left_out and _refuses(name, said)]
        if not refused:
            return None
        renamed = {name: other for name, other in _ALSO_CALLED.items() if name in refused and name not in self.renamed}
        left_out = self.left_out | (set(refused) - set(renamed))
        return Parameters(frozenset(left_out), MappingProxyType({**self.renamed, **renamed}))


def _refuses(name: str, said: str) -> bool:
    """Say whether a refusal speaks of a parameter, and not as of the one to use: "Use 'max_completion_tokens' instead"."""
    spoken_of = _SPOKEN_OF.get(name, rf"(?<![a-z_]){re.escape(name)}(?![a-z_])")
    wanted = rf"\buse (?:the )?\W*{re.escape(name)}\b"
    return re.search(spoken_of, said, re.IGNORECASE) is not None and re.search(wanted, said, re.IGNORECASE) is None
