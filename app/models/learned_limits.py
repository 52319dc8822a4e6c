"""Limits of one model server, learned from its answers; shared by all chat models while the program runs."""

from __future__ import annotations

import logging
import threading
from typing import Any

from app.models.cut_prompts import cut_sentence, least_tokens, tokens_read, was_cut
from app.models.parameters import Parameters

_log = logging.getLogger(__name__)


class Learned:
    """The accepted parameters of one server, and notices about it.

    Args:
        url: The URL of the server.
        window: The context window in tokens that prompts are made for.

    Attributes:
        parameters: The request parameters that the server accepts.
        notices: Sentences for the person; `taken` returns each once.
    """

    def __init__(self, url: str = "", window: int = 0) -> None:
        self.parameters = Parameters()
        self.notices: tuple[str, ...] = ()
        self._url = url
        self._window = window
        self._whole = 0
        self._lock = threading.Lock()
        self._returned = 0

    def counted(self, body: dict[str, Any], usage: dict[str, Any]) -> None:
        """Check the prompt tokens that the server reports for a request."""
        least, read = least_tokens(body.get("messages") or []), tokens_read(usage)
        with self._lock:
            if was_cut(least, read, self._whole) and not self.notices:
                self.notices = (cut_sentence(self._url, read, least, self._window or 2 * least),)
                _log.warning("the model server cuts prompts: it read %d tokens of at least %d", read, least)
            elif read >= least:
                self._whole = max(self._whole, read)

    def taken(self) -> tuple[str, ...]:
        """Return the notices that were not returned before."""
        with self._lock:
            new, self._returned = self.notices[self._returned :], len(self.notices)
        return new
