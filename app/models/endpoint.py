"""Discovers a model server: its base URL, its model, its type and its context window."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

import urllib3
from pydantic import BaseModel, Field, ValidationInfo, field_validator

from app.models.cancellable import connections, waits
from app.models.refusals import names_a_model, refused
from app.models.server_events import words_in
from app.models.server_url import at, bases, corrected, deployment, is_address, key_header
from memory.core.errors import ModelUnavailable, PersonaError

if TYPE_CHECKING:
    from app.settings import Settings

ServerKind = Literal["llamacpp", "vllm", "other"]
_PROBE_S = 5.0
_MIN_WINDOW_TOKENS = 2_048
_SEEING = re.compile(
    r"vl|vision|llava|persona|pixtral|gemma-?[34](?!.*(?:270m|[-:]1b))|minicpm-v|qwen-?3\.5|mistral-small-?3\."
)
"""Matches names of models that accept pictures."""
_NO_CHAT = re.compile(
    r"embed|bge-|minilm|gte-|rerank|whisper|(?:^|[/_-])(?:e5|tts|stt|asr|clip|sdxl|flux|kokoro|piper|parakeet)(?:[-_:]|$)|diffusion|dall-e"
)
"""Matches names of models that embed, rank, transcribe, speak or paint."""
_MAX_LISTED_MODELS = 12
"""Models of a server that an error names."""
_CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (urllib3.exceptions.NameResolutionError, "its name is not known"),
    (urllib3.exceptions.NewConnectionError, "it takes no connection"),
    (urllib3.exceptions.TimeoutError, f"nothing came for {_PROBE_S:.0f} s"),
    (urllib3.exceptions.SSLError, "the connection is not secure"),
    (urllib3.exceptions.ProxyError, "the proxy does not answer"),
)
_NO_PATH_STATUSES = frozenset({404, 405, 501})
_KEY_STATUSES = frozenset({401, 403})


@dataclass(frozen=True)
class Endpoint:
    """A model server that answers.

    Attributes:
        url: The base URL, to which the paths of calls are added.
        model: The model name for calls.
        kind: The type of server, which decides how grammars are sent.
        window: The context window in tokens.
        sees: Whether the model accepts pictures.
        embedded: Whether the server runs in this process.
        parameters: The number of parameters of the model, if the server states it.
        key: The API key.
    """

    url: str
    model: str
    kind: ServerKind
    window: int
    sees: bool
    embedded: bool
    parameters: float | None = None
    key: str = field(default="", repr=False)


@dataclass(frozen=True)
class _Answer:
    """The answer of a base URL to the question for its models."""

    base: str
    status: int
    data: bytes

    @property
    def words(self) -> str:
        return words_in(self.data)

    @property
    def is_page(self) -> bool:
        return self.data.lstrip().startswith(b"<")

    @property
    def is_object(self) -> bool:
        """Whether it is a JSON object, like all answers of a model server."""
        try:
            return isinstance(json.loads(self.data), dict)
        except (ValueError, RecursionError):
            return False

    @property
    def is_no_data(self) -> bool:
        """Whether it is a web page, or a successful answer that is not a JSON object."""
        return self.is_page or (self.status == HTTPStatus.OK and not self.is_object)


def remote_endpoint(settings: Settings) -> Endpoint:
    """Return the endpoint of the server that the settings name.

    Raises:
        ModelUnavailable: The server does not answer, or not as a model server.
    """
    try:
        return find_endpoint(settings.llm_base_url, settings.llm_model, settings.llm_api_key, settings, embedded=False)
    except ModelUnavailable as error:
        from app.settings import is_choice

        if is_choice(settings):
            error.message += " It was chosen by `persona models use`; `persona models use embedded` reverses that."
        raise


def find_endpoint(url: str, model: str, key: str, settings: Settings, *, embedded: bool) -> Endpoint:
    """Ask a server for its models at the likely base URLs, and return its endpoint.

    If a server lists no models, a named model is accepted unchecked.

    Args:
        url: The URL as a person wrote it.
        model: The model name; empty: the first chat model of the server.
        key: The API key, or empty.
        settings: Values that the server does not state.
        embedded: The server runs in this process.

    Raises:
        ModelUnavailable: The server does not answer, rejects the key, lacks the model, or is not a model server.
    """
    if not is_address(corrected(url)):
        raise ModelUnavailable(
            f"PERSONA_LLM_BASE_URL is not a URL ({url.strip()}). Set it to a URL like http://127.0.0.1:8000/v1, "
            "or leave it empty for the embedded model."
        )
    model = model or deployment(url)
    answers: list[_Answer] = []
    for base in [url] if embedded else bases(url):
        answer = _models(base, key)
        listed = _listed(answer)
        if listed is not None and (listed or not model):
            return _described(base, _entry(listed, model, base, embedded=embedded), key, settings, embedded=embedded)
        answers.append(answer)
    for answer in answers:
        if answer.status == HTTPStatus.UNAUTHORIZED or (answer.status in _KEY_STATUSES and not model):
            raise _refused(answer, model)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and answer.status not in _NO_PATH_STATUSES:
            raise _refused(answer, model)
        if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
            raise ModelUnavailable(
                f"The server at {answer.base} has moved (HTTP {answer.status}: {answer.words}). Set PERSONA_LLM_BASE_URL to "
                "its new address, with https:// if it needs that."
            )
    base = _chats(answers, model, key)
    if not model:
        raise ModelUnavailable(
            f"The model server at {base} does not list its models. Set PERSONA_LLM_MODEL to the name of a model."
        )
    return _described(base, _Listed(id=model), key, settings, embedded=embedded)


def _models(base: str, key: str) -> _Answer:
    waits(lambda: None, _PROBE_S)
    try:
        response = connections(base, retries=0, proxied=True).request(
            "GET",
            at(base, "models"),
            headers={"Connection": "close", **key_header(base, key)},
            timeout=urllib3.Timeout(connect=_PROBE_S, read=_PROBE_S),
            redirect=False,
        )
    except urllib3.exceptions.HTTPError as error:
        raise ModelUnavailable(
            f"No model server answers at {base} ({_cause(error)}). Start it, or correct PERSONA_LLM_BASE_URL, "
            "or leave that empty for the embedded model."
        ) from error
    moved = response.headers.get("Location", "").encode()
    return _Answer(base, response.status, moved or response.data)


def _listed(answer: _Answer) -> list[_Listed] | None:
    """Return the models that a server lists; None if the answer is not a readable list."""
    if answer.status != HTTPStatus.OK:
        return None
    try:
        said = json.loads(answer.data)
        data = said["data"] if isinstance(said, dict) else said
        return [_Listed.model_validate(one) for one in data] if isinstance(data, list) else None
    except (ValueError, KeyError, TypeError):
        return None


def _entry(listed: list[_Listed], model: str, base: str, *, embedded: bool) -> _Listed:
    """Return the listed model with this name, which may lack the prefix or suffix of the server (`models/`, `:latest`)."""
    if not model:
        # Ollama and LM Studio list text embedders beside chat models.
        if talking := [one for one in listed if seems_to_chat(one.id)]:
            return talking[0]
        if listed:
            raise ModelUnavailable(
                f"The server at {base} seems to have no chat model. Its models are: {_named(listed)}. Load a chat model there, "
                "or set PERSONA_LLM_MODEL to one of these."
            )
        raise ModelUnavailable(f"The server at {base} has no model yet. Load one there, or set PERSONA_LLM_MODEL.")
    wanted = model.lower()
    ids = [one.id.lower() for one in listed]
    for names in (ids, [name.removesuffix(":latest") for name in ids], [name.rpartition("/")[2] for name in ids]):
        if wanted in names:
            return listed[names.index(wanted)]
    if embedded and listed:
        # llama.cpp names an embedded model by its whole path; its folders say nothing about the model.
        return listed[0].model_copy(update={"id": model})
    if any("*" in one.id for one in listed):
        # LiteLLM forwards every name that matches a pattern.
        return _Listed(id=model)
    raise ModelUnavailable(
        f"The server at {base} has no model {model!r}; it has: {_named(listed) or 'none'}. Set PERSONA_LLM_MODEL."
    )


def _named(listed: list[_Listed]) -> str:
    more = f" and {len(listed) - _MAX_LISTED_MODELS} more" if len(listed) > _MAX_LISTED_MODELS else ""
    return ", ".join(one.id for one in listed[:_MAX_LISTED_MODELS]) + more


def _chats(answers: list[_Answer], model: str, key: str) -> str:
    """Return the base URL that accepts chats; if there are several, each is sent an empty call."""
    if len(answers) == 1 and model and not answers[0].is_page:
        return answers[0].base
    for answer in answers:
        waits(lambda: None, _PROBE_S)
        try:
            response = connections(answer.base, retries=0, proxied=True).request(
                "POST",
                at(answer.base, "chat/completions"),
                body=b"{}",
                headers={"Content-Type": "application/json", "Connection": "close", **key_header(answer.base, key)},
                timeout=urllib3.Timeout(connect=_PROBE_S, read=_PROBE_S),
                redirect=False,
            )
        except urllib3.exceptions.HTTPError:
            continue
        answered = _Answer(answer.base, response.status, response.data)
        if answer.is_no_data and not answered.is_object:
            continue  # a website answers every call, usually with a page
        if response.status in _KEY_STATUSES:
            raise _refused(answered, model)
        if not answered.is_page and (response.status not in _NO_PATH_STATUSES or names_a_model(answered.words)):
            return answer.base
    tried = ", ".join(dict.fromkeys(at(answer.base, "models") for answer in answers))
    statuses = ", ".join(dict.fromkeys(f"HTTP {answer.status}" for answer in answers))
    if all(answer.is_no_data and answer.status == HTTPStatus.OK for answer in answers):
        raise ModelUnavailable(
            f"There is no model server at {corrected(answers[0].base)}: it answers with a web page or plain text "
            f"(tried {tried}). Set PERSONA_LLM_BASE_URL to a model server, for example http://127.0.0.1:11434/v1 (Ollama)."
        )
    raise ModelUnavailable(
        f"A server answers at {corrected(answers[0].base)}, but accepts no chats there ({statuses}; tried {tried}). Correct "
        "PERSONA_LLM_BASE_URL: it usually ends in /v1, for example http://127.0.0.1:11434/v1 (Ollama) or "
        "http://127.0.0.1:1234/v1 (LM Studio)."
    )


def _refused(answer: _Answer, model: str) -> PersonaError:
    return refused(answer.status, answer.words, answer.base, model, kept=False)


def _described(base: str, entry: _Listed, key: str, settings: Settings, *, embedded: bool) -> Endpoint:
    owner = entry.owned_by.lower()
    kind: ServerKind = "llamacpp" if owner.startswith("llama") else "vllm" if owner == "vllm" else "other"
    modalities = entry.architecture.input_modalities
    return Endpoint(
        url=base,
        model=entry.id,
        kind=kind,
        window=entry.max_model_len or entry.meta.n_ctx or settings.llm_context,
        sees="image" in modalities if modalities else seems_to_see(entry.id),
        embedded=embedded,
        parameters=entry.meta.n_params,
        key=key,
    )


def seems_to_see(name: str) -> bool:
    """Guess from a model's name whether it accepts pictures, if its server does not state it."""
    return _SEEING.search(name.lower()) is not None


def seems_to_chat(name: str) -> bool:
    """Guess from a model's name whether it writes replies; servers also list models that embed, rank, transcribe or paint."""
    return _NO_CHAT.search(name.lower()) is None


def _cause(error: BaseException) -> str:
    """Return in words why a connection failed."""
    reason = getattr(error, "reason", None)
    cause = reason if isinstance(reason, BaseException) else error
    return next((words for kind, words in _CAUSES if isinstance(cause, kind)), "the connection broke off")


class _Meta(BaseModel):
    """What llama.cpp states about its model."""

    n_ctx: int | None = Field(default=None, ge=_MIN_WINDOW_TOKENS)
    n_params: float | None = None


class _Architecture(BaseModel):
    """The accepted inputs of a model."""

    input_modalities: list[str] = []


class _Listed(BaseModel):
    """An entry of /v1/models, with the fields that we use."""

    id: str
    owned_by: str = ""
    max_model_len: int | None = Field(default=None, ge=_MIN_WINDOW_TOKENS)
    meta: _Meta = _Meta()
    architecture: _Architecture = _Architecture()

    @field_validator("meta", "architecture", "owned_by", mode="before")
    @classmethod
    def _missing(cls, value: object, info: ValidationInfo) -> object:
        # Some servers send null for unknown values.
        return cls.model_fields[str(info.field_name)].default if value is None else value
