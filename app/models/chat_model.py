"""The current chat model according to the settings and the models on this machine; no server is asked."""

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
    """The current chat model.

    Attributes:
        model: Its name; empty: the first model of the server, or no model.
        url: The corrected base URL of its server; empty: embedded.
        here: Whether its weights are on this machine; unknown for a server's model.
        where: A clause that says where it is set; empty if it is not set.
    """

    model: str
    url: str
    here: bool
    where: str

    def is_embedded(self, name: str) -> bool:
        """Return whether it is this model of the catalogue, embedded."""
        return not self.url and self.model == name

    def describe(self, served: Sequence[Served]) -> str:
        """Return a sentence that names the model.

        Args:
            served: The models of local servers, which show the first model of a server.
        """
        where = f" ({self.where})" if self.where else ""
        if self.url:
            first = next((one.model for one in served if one.url.rstrip("/") == self.url), "")
            name = self.model or first
            return f"{name} at {self.url} answers{where}." if name else f"The first model at {self.url} answers{where}."
        if self.here:
            return f"{self.model} answers, embedded{where}."
        if self.model:
            return f"{self.model} is chosen{where} but not on this machine. Run `persona models pull {self.model}`."
        return "There is no chat model yet. `persona models pull` downloads one; `persona models use NAME` chooses a server's."


def answering(settings: Settings) -> Answering:
    """Return the chat model for these settings."""
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
