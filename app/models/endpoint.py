"""Finding a model server out: where its calls go, which model it has, what kind of server it is, and how much it takes in."""

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
_LEAST_WINDOW = 2_048
_SEEING = re.compile(
    r"vl|vision|llava|persona|pixtral|gemma-?[34](?!.*(?:270m|[-:]1b))|minicpm-v|qwen-?3\.5|mistral-small-?3\."
)
"""Names of models that take pictures."""
_NO_CHAT = re.compile(
    r"embed|bge-|minilm|gte-|rerank|whisper|(?:^|[/_-])(?:e5|tts|stt|asr|clip|sdxl|flux|kokoro|piper|parakeet)(?:[-_:]|$)|diffusion|dall-e"
)
"""Names of models that embed, rank, hear, speak or paint."""
_SHOWN = 12
"""Models of a server that are named to a person."""
_NO_PATH = frozenset({404, 405, 501})
_KEY = frozenset({401, 403})


@dataclass(frozen=True)
class Endpoint:
    """A server that answers.

    Attributes:
        url: Its base, to which the paths of calls are added.
        model: The name to ask for.
        window: Its context in tokens.
        sees: Whether it takes pictures.
        embedded: Whether it runs in this process.
        parameters: How many it has, where the server says.
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
    """What came of asking a base for its models."""

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
        """Whether it is a JSON object, as all answers of a model server are."""
        try:
            return isinstance(json.loads(self.data), dict)
        except (ValueError, RecursionError):
            return False

    @property
    def is_no_data(self) -> bool:
        """Whether it is a web page, or a success that says something else than JSON."""
        return self.is_page or (self.status == HTTPStatus.OK and not self.is_object)


def remote_endpoint(settings: Settings) -> Endpoint:
    """Ask the server that the settings name; raises ModelUnavailable where it does not answer, or not as a model server."""
    try:
        return find_endpoint(settings.llm_base_url, settings.llm_model, settings.llm_api_key, settings, embedded=False)
    except ModelUnavailable as error:
        from app.settings import is_choice

        if is_choice(settings):
            error.message += " It was chosen by `persona models use`: `persona models use embedded` takes that back."
        raise


def find_endpoint(url: str, model: str, key: str, settings: Settings, *, embedded: bool) -> Endpoint:
    """Ask a server which models it has, at the places where it may be asked.

    A server that lists no models is taken at its word where the model is named.

    Args:
        url: As a person wrote it.
        model: The name to ask for; empty: the server's first.
        key: What it wants to see, if anything.
        settings: What holds where it does not say.
        embedded: It runs in this process.

    Raises:
        ModelUnavailable: It does not answer, refuses the key, has no such model, or is no model server.
    """
    if not is_address(corrected(url)):
        raise ModelUnavailable(
            f"PERSONA_LLM_BASE_URL is no address ({url.strip()}). Set it to one like http://127.0.0.1:8000/v1; "
            "leave it empty for the embedded model."
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
        if answer.status == HTTPStatus.UNAUTHORIZED or (answer.status in _KEY and not model):
            raise _refused(answer, model)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and answer.status not in _NO_PATH:
            raise _refused(answer, model)
        if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
            raise ModelUnavailable(
                f"The server at {answer.base} has moved (HTTP {answer.status}: {answer.words}). Set PERSONA_LLM_BASE_URL to "
                "its new address, with https:// where it wants that."
            )
    base = _chats(answers, model, key)
    if not model:
        raise ModelUnavailable(
            f"The model server at {base} does not say which models it has. Set PERSONA_LLM_MODEL to the name of one."
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
            f"No model server answers at {base} ({_cause(error)}). Start it, or correct PERSONA_LLM_BASE_URL; "
            "leave that empty for the embedded model."
        ) from error
    moved = response.headers.get("Location", "").encode()
    return _Answer(base, response.status, moved or response.data)


def _listed(answer: _Answer) -> list[_Listed] | None:
    """Return the models that a server lists; None: it lists none in a form that can be read."""
    if answer.status != HTTPStatus.OK:
        return None
    try:
        said = json.loads(answer.data)
        data = said["data"] if isinstance(said, dict) else said
        return [_Listed.model_validate(one) for one in data] if isinstance(data, list) else None
    except (ValueError, KeyError, TypeError):
        return None


def _entry(listed: list[_Listed], model: str, base: str, *, embedded: bool) -> _Listed:
    """Choose the model; a name may lack what the server puts before or behind it (`models/`, `:latest`)."""
    if not model:
        # Ollama and LM Studio list what embeds texts beside what answers.
        if talking := [one for one in listed if seems_to_chat(one.id)]:
            return talking[0]
        if listed:
            raise ModelUnavailable(
                f"The server at {base} has no chat model, by the names of its models: {_named(listed)}. Load one there, or "
                "say which of them chats: PERSONA_LLM_MODEL."
            )
        raise ModelUnavailable(f"The server at {base} has no model yet. Load one there, or name one: PERSONA_LLM_MODEL.")
    wanted = model.lower()
    ids = [one.id.lower() for one in listed]
    for names in (ids, [name.removesuffix(":latest") for name in ids], [name.rpartition("/")[2] for name in ids]):
        if wanted in names:
            return listed[names.index(wanted)]
    if embedded and listed:
        # llama.cpp calls an embedded model by its whole path, whose folders say nothing of the model.
        return listed[0].model_copy(update={"id": model})
    if any("*" in one.id for one in listed):
        # LiteLLM passes on whatever a pattern fits.
        return _Listed(id=model)
    raise ModelUnavailable(
        f"The server at {base} has no model {model!r}; it has: {_named(listed) or 'none'}. Set PERSONA_LLM_MODEL."
    )


def _named(listed: list[_Listed]) -> str:
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(one.id for one in listed[:_SHOWN]) + more


def _chats(answers: list[_Answer], model: str, key: str) -> str:
    """Return the base at which chats are taken; where there are several, each is sent a call that asks for nothing."""
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
            continue  # a website answers everything, mostly with a page
        if response.status in _KEY:
            raise _refused(answered, model)
        if not answered.is_page and (response.status not in _NO_PATH or names_a_model(answered.words)):
            return answer.base
    tried = ", ".join(dict.fromkeys(at(answer.base, "models") for answer in answers))
    statuses = ", ".join(dict.fromkeys(f"HTTP {answer.status}" for answer in answers))
    if all(answer.is_no_data and answer.status == HTTPStatus.OK for answer in answers):
        raise ModelUnavailable(
            f"What answers at {corrected(answers[0].base)} is no model server: it answers with a web page or plain text (asked "
            f"were {tried}). Give the address of one, as in http://127.0.0.1:11434/v1 (Ollama): PERSONA_LLM_BASE_URL."
        )
    raise ModelUnavailable(
        f"A server answers at {corrected(answers[0].base)}, and takes no chats there ({statuses}; asked were {tried}). Correct "
        "PERSONA_LLM_BASE_URL: it mostly ends in /v1, as in http://127.0.0.1:11434/v1 (Ollama) or http://127.0.0.1:1234/v1 "
        "(LM Studio)."
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
    """Guess from a model's name whether it takes pictures, where its server does not say."""
    return _SEEING.search(name.lower()) is not None


def seems_to_chat(name: str) -> bool:
    """Guess from a model's name whether it writes replies: servers list what embeds, ranks, hears or paints beside it."""
    return _NO_CHAT.search(name.lower()) is None


def _cause(error: BaseException) -> str:
    """Name what a connection failed of, as the innermost library calls it."""
    reason = getattr(error, "reason", None)
    return type(reason if isinstance(reason, BaseException) else error).__name__


class _Meta(BaseModel):
    """What llama.cpp says of its model."""

    n_ctx: int | None = Field(default=None, ge=_LEAST_WINDOW)
    n_params: float | None = None


class _Architecture(BaseModel):
    """What goes in."""

    input_modalities: list[str] = []


class _Listed(BaseModel):
    """An entry of /v1/models, as far as we read it."""

    id: str
    owned_by: str = ""
    max_model_len: int | None = Field(default=None, ge=_LEAST_WINDOW)
    meta: _Meta = _Meta()
    architecture: _Architecture = _Architecture()

    @field_validator("meta", "architecture", "owned_by", mode="before")
    @classmethod
    def _missing(cls, value: object, info: ValidationInfo) -> object:
        # Some servers write null for what they do not know.
        return cls.model_fields[str(info.field_name)].default if value is None else value
