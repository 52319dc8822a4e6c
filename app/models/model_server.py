"""The OpenAI-compatible endpoint: a remote URL (vLLM or another server), or llama.cpp in this process."""

from __future__ import annotations

import os
import secrets
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.models.endpoint import Endpoint, remote_endpoint, seems_to_see
from app.models.endpoint import find_endpoint as _describe
from app.models.learned_limits import Learned
from app.operations.model_calls import ModelCalls
from graph.prompts.briefing import Style
from graph.prompts.budgets import Budgets
from graph.prompts.texts import load_prompts
from memory.core.errors import ModelMissing, ModelUnavailable, PersonaError
from memory.core.priority import ReplyFirst

if TYPE_CHECKING:
    from app.models.background_fetch import Fetching
    from app.models.chat import PersonaChat
    from app.settings import Settings

__all__ = ["Endpoint", "ModelServer", "find_weights", "remote_endpoint", "seems_to_see"]

_RETRIES = 1
_SLOTS = 2
"""One slot for replies and one for background work, so that neither evicts the cached prompt of the other."""
_BATCH_TOKENS = 128
"""Prompt tokens between two points where a background call can yield; a larger batch is not faster on a CPU."""
_SMALL_PARAMETERS = 3e9
"""Parameters below which a model answers directly from the first search of a turn."""
_WHOLE_HISTORY_TOKENS = 1_500
"""A history up to this length is shown whole to a larger model, as in the published results (decision 055)."""
_SMALL_WHOLE_HISTORY_TOKENS = 500
"""The same for a small model before a question: a first day fits, and a search would leave too much out."""
_SMALL_EVIDENCE_TOKENS = 550
"""Budget for search results in the prompt of a small model, which uses little beyond that (measured, decision 055)."""
_CLOSE_S = 5.0
"""Seconds to wait at the end of the program until the embedded model is loaded or released; the process exit does the rest."""


class ModelServer:
    """Finds or starts the endpoint on first use, and creates chat models for it.

    Args:
        settings: The URL of the server, or the weights to load.
        fetching: Downloads missing weights; None: missing weights are an error.
    """

    def __init__(self, settings: Settings, fetching: Fetching | None = None) -> None:
        self._settings = settings
        self.fetching = fetching
        self._lock = threading.Lock()
        self._endpoint: Endpoint | None = None
        self._llama: Any = None
        self._ending = threading.Event()
        self._learned = Learned()
        self.calls = ModelCalls()
        self.priority = ReplyFirst() if not settings.llm_base_url else None

    def endpoint(self) -> Endpoint:
        """Return the endpoint; the first call loads the embedded model, after downloading it if `fetching` is set.

        Raises:
            ModelMissing: No weights are on this machine.
            ModelUnavailable: The remote server does not answer, or the model cannot be loaded.
        """
        with self._lock:
            if self._endpoint is None:
                settings = self._settings
                self._endpoint = remote_endpoint(settings) if settings.llm_base_url else self._start(settings)
                self._learned = Learned(self._endpoint.url, self._endpoint.window)
            return self._endpoint

    @property
    def loaded(self) -> Endpoint | None:
        """Return the endpoint if it is already known; never waits."""
        return self._endpoint

    def obstacle(self) -> str:
        """Return in a sentence why no reply could be written now; empty if one could. Asks no model, and loads nothing."""
        if self._settings.llm_base_url:
            from app.models import reachability

            return reachability.obstacle(self._settings, self._endpoint.url if self._endpoint else "")
        if self._endpoint is None and self.fetching is None:
            try:
                find_weights(self._settings)
            except PersonaError:
                return "No chat model is on this machine. Run `persona models pull`, or set PERSONA_LLM_BASE_URL."
        return ""

    def chat(self, *, background: bool = False, counts: bool = False) -> PersonaChat:
        """Return a chat model; on an embedded model, background calls yield to replies.

        Args:
            background: The model is for background work.
            counts: Ask the server to count tokens; for replies it is always asked.
        """
        from app.models.chat import PersonaChat
        from app.models.completions import Completions

        endpoint = self.endpoint()
        completions = Completions(
            endpoint.url,
            endpoint.key,
            timeout_s=None if endpoint.embedded else self._settings.llm_timeout_s,
            retries=_RETRIES,
            proxied=True,
            # llama.cpp closes the connection soon after an answer, often just when the next call is sent.
            kept=endpoint.kind != "llamacpp",
            # Background work counts its own retries.
            repeats_failures=not background,
        )
        return PersonaChat(
            completions=completions,
            url=endpoint.url,
            model=endpoint.model,
            server=endpoint.kind,
            # Token counts reveal a server that cuts prompts; an embedded model cuts none.
            counts=counts or not background or not endpoint.embedded,
            learned=self._learned,
            calls=self.calls,
            priority=self.priority if background else None,
            ending=self._ending if background else None,
        )

    def style(self) -> Style:
        """Return the style of prompts for this model."""
        endpoint, settings = self.endpoint(), self._settings
        layout = settings.prompt_layout or ("published" if "personavlm" in endpoint.model.lower() else "cache")
        output = min(settings.max_new_tokens, endpoint.window // 4)
        session = min(Budgets.session, endpoint.window // 2)
        budgets = Budgets(window=endpoint.window, output=output, session=session)
        small = endpoint.parameters is not None and endpoint.parameters < _SMALL_PARAMETERS
        whole = (
            settings.whole_history
            if settings.whole_history is not None
            else _SMALL_WHOLE_HISTORY_TOKENS
            if small
            else _WHOLE_HISTORY_TOKENS
        )
        style = Style(load_prompts(settings.prompts), layout, budgets=budgets, whole=whole, sees=endpoint.sees)
        if small:
            # Small models search again for what they already have, and read slowly on a CPU (measured, decisions 008, 055).
            return replace(style, size="small", budgets=replace(budgets, evidence=_SMALL_EVIDENCE_TOKENS))
        return style

    @property
    def notices(self) -> tuple[str, ...]:
        """Return notices about the server that a person should know."""
        return self._learned.notices

    def wind_down(self) -> None:
        """Signal that the program is ending: background calls that stay silent are aborted."""
        self._ending.set()

    def close(self) -> None:
        """Release the embedded model; after some seconds, the rest is left to the end of the process."""
        if not self._lock.acquire(timeout=_CLOSE_S):
            return
        try:
            servers, self._llama, self._endpoint = [self._llama], None, None
        finally:
            self._lock.release()
        # llama.cpp ends after the current batch, however long that takes.
        letting_go = threading.Thread(target=servers.clear, name="persona-model-end", daemon=True)
        letting_go.start()
        letting_go.join(_CLOSE_S)

    def _start(self, settings: Settings) -> Endpoint:
        try:
            path, projector = find_weights(settings)
        except ModelMissing:
            if self.fetching is None:
                raise
            self.fetching.bring(self._ending.is_set)
            path, projector = find_weights(settings)
        if projector and not projector.is_file():
            raise ModelMissing(f"The projector {projector} does not exist. Correct PERSONA_LLM_PROJECTOR, or unset it.")
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        if projector:
            params.mmproj.path = str(projector)
        params.n_ctx = settings.llm_context
        params.n_parallel = _SLOTS
        params.kv_unified = True
        params.n_batch = params.n_ubatch = _BATCH_TOKENS
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.llm_threads or _cores()
        params.cache_ram_mib = 512
        params.warmup = False
        params.verbosity = -1
        params.ui = False
        params.port = 0
        key = secrets.token_urlsafe(24)
        params.api_keys = [key]
        try:
            self._llama = xllamacpp.Server(params)
        except Exception as error:
            eyes = (
                f". If the projector {projector.name} belongs to another model, correct PERSONA_LLM_PROJECTOR"
                if projector
                else ""
            )
            raise ModelUnavailable(
                f"The model {path.name} cannot be loaded ({error}). Run `persona models pull`, or free some memory{eyes}."
            ) from error
        return _describe(f"{self._llama.listening_address}/v1", path.stem, key, settings, embedded=True)


def find_weights(settings: Settings) -> tuple[Path, Path | None]:
    """Return the file and the projector of the embedded model.

    Raises:
        ModelMissing: The model is not on this machine.
    """
    from app.models import weights

    name = settings.llm_model
    if name and Path(name).expanduser().is_file():
        return Path(name).expanduser(), settings.llm_projector
    located = weights.located(name) if name else weights.default_chat()
    if located is None:
        what = f"The model {name!r} is not" if name else "No chat model is"
        pull = f"persona models pull {name}".rstrip()
        raise ModelMissing(f"{what} on this machine. Run `{pull}`, or set PERSONA_LLM_BASE_URL.")
    return located.model, settings.llm_projector or located.projector


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
