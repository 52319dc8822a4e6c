"""Adapts request parameters to a server: a parameter named in a refusal is renamed or omitted (pure).

Newer OpenAI models need `max_completion_tokens` and only accept their own temperature; LiteLLM rejects parameters that its
model does not accept; others reject every unknown field. The call is repeated without the parameter, as are all later calls.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

TRIES = 10
"""Maximum number of times that one call is sent."""
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
"""How refusals name parameters whose names are ordinary words; other parameters are named directly."""


@dataclass(frozen=True)
class Parameters:
    """The parameters that one server accepts.

    Attributes:
        left_out: Parameters to omit.
        renamed: Parameters with another name on this server.
    """

    left_out: frozenset[str] = frozenset()
    renamed: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def applied(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a request in the form that this server accepts."""
        told = {self.renamed.get(name, name): value for name, value in body.items()}
        return {name: value for name, value in told.items() if name not in self.left_out}

    def without(self, sent: dict[str, Any], status: int | None, said: str) -> Parameters | None:
        """Return parameters for repeating a rejected call; None if the refusal names nothing that can be changed.

        Args:
            sent: The request as it was sent.
            status: The HTTP status.
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
    """Return whether a refusal rejects a parameter; it may also recommend one: "Use 'max_completion_tokens' instead"."""
    spoken_of = _SPOKEN_OF.get(name, rf"(?<![a-z_]){re.escape(name)}(?![a-z_])")
    wanted = rf"\buse (?:the )?\W*{re.escape(name)}\b"
    return re.search(spoken_of, said, re.IGNORECASE) is not None and re.search(wanted, said, re.IGNORECASE) is None
