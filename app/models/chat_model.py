"""Which chat model answers, as the settings and the models on this machine have it; no server is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.models.local_servers import Served
    from app.settings import Settings


@dataclass(frozen=True)
class Answering:
    """The model that answers.

    Attributes:
        model: Its name; empty: the server's first, or there is none.
        url: The base URL of its server, put right; empty: embedded.
        here: Whether its weights are on this machine; of a server's it is not known.
        where: Where it is set, as a clause; empty where it is set nowhere.
    """

    model: str
    url: str
    here: bool
    where: str

    def is_embedded(self, name: str) -> bool:
        """Say whether it is this model of the catalogue."""
        return not self.url and self.model == name

    def told(self, served: Sequence[Served]) -> str:
        """Say which answers, as a sentence.

        Args:
            served: The models of servers on this machine: they say which a server's first is.
        """
        where = f" ({self.where})" if self.where else ""
        if self.url:
            first = next((one.model for one in served if one.url.rstrip("/") == self.url), "")
            name = self.model or first
            return f"{name} at {self.url} answers{where}." if name else f"The first model at {self.url} answers{where}."
        if self.here:
            return f"{self.model} answers, embedded{where}."
        if self.model:
            return f"{self.model} should answer{where}, and is not on this machine: run `persona models pull {self.model}`."
        return "No chat model is here yet: `persona models pull` fetches one, and `persona models use NAME` takes a server's."


def answering(settings: Settings) -> Answering:
    """Say which chat model answers with these settings."""
    from app.models import weights
    from app.models.catalogue import CATALOGUE
    from app.models.server_url import bases
    from app.settings import chosen_in

    where, named = chosen_in(), settings.llm_model
    if settings.llm_base_url:
        return Answering(named, bases(settings.llm_base_url)[0], here=False, where=where)
    if not named:
        default = weights.default_chat()
        return Answering(default.name if default else "", "", here=default is not None, where=where)
    if Path(named).expanduser().is_file():
        return Answering(named, "", here=True, where=where)
    return Answering(named, "", here=named in CATALOGUE and weights.located(named) is not None, where=where)
