"""The OpenAI-compatible endpoint: a remote URL (vLLM and others), or llama.cpp inside this process."""

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
from graph.prompts.briefing import Style
from graph.prompts.budgets import Budgets
from graph.prompts.texts import load_prompts
from memory.core.errors import ModelMissing, ModelUnavailable
from memory.core.priority import ReplyFirst

if TYPE_CHECKING:
    from app.models.background_fetch import Fetching
    from app.models.chat import PersonaChat
    from app.settings import Settings

__all__ = ["Endpoint", "ModelServer", "find_weights", "remote_endpoint", "seems_to_see"]

_RETRIES = 1
_SLOTS = 2
"""One for replies and one for background work, so that neither evicts the other's cached prompt."""
_BATCH = 128
"""Prompt tokens between two chances to give way; larger is no faster on a CPU."""
_SMALL = 3e9
"""Parameters below which a model answers directly from the first search of a turn."""
_WHOLE = 1_500
"""Tokens of a history that a larger model is shown whole, as the published results have it (decision 055)."""
_WHOLE_SMALL = 500
"""The same for a small model before a question: a first day fits, where a search leaves too much out."""
_EVIDENCE = 550
"""Tokens of what a search brings to such a model: it reads little behind more (measured, decision 055)."""
_CLOSE_S = 5.0
"""Seconds for what loads or ends the embedded model once the program is ending; the process's end does the rest."""


class ModelServer:
    """Finds or starts the endpoint when it is first needed, and makes chat models for it.

    Args:
        settings: Where it is, or which weights to load.
        fetching: Brings weights that are not on this machine; None: they are missing then.
    """

    def __init__(self, settings: Settings, fetching: Fetching | None = None) -> None:
        self._settings = settings
        self.fetching = fetching
        self._lock = threading.Lock()
        self._endpoint: Endpoint | None = None
        self._llama: Any = None
        self._ending = threading.Event()
        self._learned = Learned()
        self.priority = ReplyFirst() if not settings.llm_base_url else None

    def endpoint(self) -> Endpoint:
        """Return the endpoint; loads the embedded model on the first call, and fetches it before where it was told to.

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
        """Return the endpoint when it is known already; never waits."""
        return self._endpoint

    def chat(self, *, background: bool = False, counts: bool = False) -> PersonaChat:
        """Make a chat model; a background one gives way to replies on an embedded model.

        Args:
            background: Nobody waits for it.
            counts: Ask the server to count tokens; of replies it always is.
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
            # llama.cpp hangs up soon after an answer, mostly just when the next call is sent.
            kept=endpoint.kind != "llamacpp",
            # Background work counts its tries itself.
            repeats_failures=not background,
        )
        return PersonaChat(
            completions=completions,
            url=endpoint.url,
            model=endpoint.model,
            server=endpoint.kind,
            # What cuts prompts shows itself by how many tokens it counts; an embedded model cuts none.
            counts=counts or not background or not endpoint.embedded,
            learned=self._learned,
            priority=self.priority if background else None,
            ending=self._ending if background else None,
        )

    def style(self) -> Style:
        """Say how prompts are made for this model."""
        endpoint, settings = self.endpoint(), self._settings
        layout = settings.prompt_layout or ("published" if "personavlm" in endpoint.model.lower() else "cache")
        output = min(settings.max_new_tokens, endpoint.window // 4)
        session = min(Budgets.session, endpoint.window // 2)
        budgets = Budgets(window=endpoint.window, output=output, session=session)
        small = endpoint.parameters is not None and endpoint.parameters < _SMALL
        whole = settings.whole_history if settings.whole_history is not None else _WHOLE_SMALL if small else _WHOLE
        style = Style(load_prompts(settings.prompts), layout, budgets=budgets, whole=whole, sees=endpoint.sees)
        if small:
            # They look again and again for what they were shown, and read slowly on a CPU: measured, decisions 008 and 055.
            return replace(style, size="small", budgets=replace(budgets, evidence=_EVIDENCE))
        return style

    @property
    def notices(self) -> tuple[str, ...]:
        """Return what was found out of the server that a person should know."""
        return self._learned.notices

    def wind_down(self) -> None:
        """Say that the program ends: a background call that stays silent is given up."""
        self._ending.set()

    def close(self) -> None:
        """Let go of the embedded model; what holds it for longer than some seconds is left to the end of the process."""
        if not self._lock.acquire(timeout=_CLOSE_S):
            return
        try:
            held, self._llama, self._endpoint = [self._llama], None, None
        finally:
            self._lock.release()
        # llama.cpp ends once the batch at hand is read, however long that takes.
        letting_go = threading.Thread(target=held.clear, name="persona-model-end", daemon=True)
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
            raise ModelMissing(f"The projector {projector} is not there. Correct PERSONA_LLM_PROJECTOR, or leave it out.")
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        if projector:
            params.mmproj.path = str(projector)
        params.n_ctx = settings.llm_context
        params.n_parallel = _SLOTS
        params.kv_unified = True
        params.n_batch = params.n_ubatch = _BATCH
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
            eyes = f", or its projector {projector.name} is not its own: correct PERSONA_LLM_PROJECTOR" if projector else ""
            raise ModelUnavailable(
                f"The model {path.name} cannot be loaded ({error}). Run `persona models pull`, or free some memory{eyes}."
            ) from error
        return _describe(f"{self._llama.listening_address}/v1", path.stem, key, settings, embedded=True)


def find_weights(settings: Settings) -> tuple[Path, Path | None]:
    """Return the embedded model's file and projector; raises ModelMissing where there is none."""
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
