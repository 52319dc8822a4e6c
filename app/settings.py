"""All settings in one object: `PERSONA_*` variables, a `.env` file, or the saved choice; all are optional."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import platformdirs
from dotenv import dotenv_values, set_key, unset_key
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from memory.consent.modes import Mode
from memory.core.errors import InvalidInput, StorageError

_MODEL = ("llm_base_url", "llm_model", "llm_projector")
"""Together these name the chat model; values from different places are never mixed."""
_EMBEDDER = ("text_embedder",)

_ASKS_EACH, _ASKS_NOBODY = ("true", "1", "yes", "y", "t", "on"), ("false", "0", "no", "n", "f")


def settings_file() -> Path:
    """Return the file in which `persona models use` saves its choices; `PERSONA_CONFIG_DIR` names another folder."""
    folder = os.environ.get("PERSONA_CONFIG_DIR")
    return (Path(folder).expanduser() if folder else platformdirs.user_config_path("personavlm")) / "settings.env"


def choose(**values: str) -> Path:
    """Save the choice of the chat model for later `Settings`, and return the file; empty values are removed.

    Raises:
        StorageError: The file cannot be written.
    """
    return _save(_MODEL, values)


def choose_embedder(name: str) -> Path:
    """Save the choice of the text embedder for later `Settings`, and return the file.

    Raises:
        StorageError: The file cannot be written.
    """
    return _save(_EMBEDDER, {_EMBEDDER[0]: name})


def _save(names: Sequence[str], values: Mapping[str, str]) -> Path:
    path = settings_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        for name in names:
            if value := values.get(name, ""):
                set_key(path, _variable(name), value)
            elif _variable(name) in dotenv_values(path):
                unset_key(path, _variable(name))
    except OSError as error:
        raise StorageError(f"{path} is not writable ({error.strerror}). Set PERSONA_CONFIG_DIR to another folder.") from error
    return path


def chosen_in() -> str:
    """Return a clause that says where the chat model is set; empty if it is not set."""
    for place, values in (
        ("in the environment", {name.upper(): value for name, value in os.environ.items()}),
        ("in .env of this folder", dotenv_values(".env")),
        (f"by `persona models use`, in {settings_file()}", dotenv_values(settings_file())),
    ):
        if names := [_variable(name) for name in _MODEL if values.get(_variable(name))]:
            return f"set {place}" if place.startswith("by") else f"set {place}: {names[0]}"
        if place == "in the environment" and _variable("llm_base_url") in values:
            return ""  # set to empty: the embedded model, whatever the saved choice
    return ""


def embedder_set_in() -> str:
    """Return a clause that says where the text embedder is set with priority over the saved choice; empty if nowhere."""
    variable = _variable(_EMBEDDER[0])
    for place, values in (
        ("in the environment", {name.upper(): value for name, value in os.environ.items()}),
        ("in .env of this folder", dotenv_values(".env")),
    ):
        if values.get(variable):
            return f"set {place}: {variable}"
    return ""


def is_chosen_embedder(settings: Settings) -> bool:
    """Return whether the text embedder in the settings is the saved choice."""
    return dotenv_values(settings_file()).get(_variable(_EMBEDDER[0])) == settings.text_embedder


def is_choice(settings: Settings) -> bool:
    """Return whether the server in the settings comes from the saved choice."""
    kept = dotenv_values(settings_file()).get(_variable("llm_base_url"))
    return bool(settings.llm_base_url) and kept == settings.llm_base_url


def _variable(name: str) -> str:
    return f"PERSONA_{name.upper()}"


class _Chosen(DotEnvSettingsSource):
    """The saved choices; that of the chat model applies if neither the environment nor `.env` names a server or model."""

    def __init__(self, settings: type[BaseSettings]) -> None:
        super().__init__(settings, env_file=settings_file())

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        named = any(name in self.current_state for name in _MODEL)
        if named or any(name.upper() == _variable("llm_base_url") for name in os.environ):
            return {name: value for name, value in values.items() if name not in _MODEL}
        return values


class Settings(BaseSettings):
    """All settings with their defaults.

    Example:
        >>> settings = Settings(llm_base_url="http://127.0.0.1:8000/v1", ask_consent="each")
        >>> settings.ask_consent, settings.text_embedder
        ('each', 'all-minilm-l6-v2')
    """

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors()[0]
            name = f"PERSONA_{str(first['loc'][0]).upper()}" if first["loc"] else "A setting"
            raise InvalidInput(
                f"{name} cannot be used: {first['msg']} (it is {first['input']!r}). Correct or unset it."
            ) from error
        except UnicodeDecodeError as error:
            files = f"The file .env of this folder, or {settings_file()},"
            raise InvalidInput(f"{files} is not UTF-8 text ({error}). Save it as UTF-8.") from error

    model_config = SettingsConfigDict(env_prefix="PERSONA_", env_file=".env", extra="ignore", env_ignore_empty=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Give the saved choice the lowest priority."""
        return init_settings, env_settings, dotenv_settings, file_secret_settings, _Chosen(settings_cls)

    @field_validator("llm_base_url", "llm_model", "llm_api_key", "photos_url", "objects_key", "otlp_url")
    @classmethod
    def _without_spaces(cls, value: str) -> str:
        # Spaces are usually copied by mistake; a line break in a key would make an invalid header.
        return value.strip()

    @field_validator("ask_consent", mode="before")
    @classmethod
    def _as_a_mode(cls, value: Any) -> Any:
        """Accept the two original values of this setting, true and false, in several spellings."""
        written = str(value).strip().lower().replace("_", "-") if isinstance(value, str | bool) else value
        if written in _ASKS_EACH:
            return "each"
        return "off" if written in _ASKS_NOBODY else written

    llm_base_url: str = ""
    """An OpenAI-compatible endpoint, for example http://127.0.0.1:8000/v1; empty: embedded llama.cpp."""
    llm_model: str = ""
    """Model name on that endpoint (empty: its first); embedded: a catalogue name or a GGUF file."""
    llm_api_key: str = Field(default="", repr=False)
    llm_projector: Path | None = None
    """Embedded: the projector file that lets the model see."""
    llm_timeout_s: float = Field(default=180.0, gt=0)
    """Seconds that a remote server may stay silent."""
    llm_context: int = Field(default=16_384, ge=2_048)
    """Embedded: the context window in tokens. Remote: the window to assume if the server does not state it."""
    llm_threads: int = Field(default=0, ge=0)
    """Embedded: threads of the model; 0: one per core. On a busy machine, fewer threads are faster."""
    max_new_tokens: int = Field(default=1_024, ge=64)
    """Tokens of one call (published: 1,024)."""
    data_dir: Path = Field(default_factory=lambda: platformdirs.user_data_path("personavlm"))
    database_url: str = Field(default="", repr=False)
    chroma_url: str = ""
    photos_url: str = Field(default="", repr=False)
    """Where photos are, for several hosts: `s3://bucket/prefix`, `gs://…` or `file:///folder`; empty: in the data folder."""
    objects_key: str = Field(default="", repr=False)
    """32 bytes in hexadecimal or base64, with which everything at `photos_url` is encrypted; empty: nothing is. Several, with
    commas between them: the first encrypts, and all decrypt."""
    ask_consent: Mode | None = None
    """What happens to sensitive messages, for every user on this machine: `off` (remembered and marked), `each` (remembered
    only after approval) or `never-keep` (answered but never kept). Empty: each user's own choice, by default `off`."""
    bring_up: bool = True
    """Off: no reply mentions upcoming events by itself, whatever the user chose on the You page."""
    text_embedder: str = "all-minilm-l6-v2"
    """A catalogue name, or a sentence-transformers name or folder."""
    image_embedder: str = ""
    """A catalogue name, or an open_clip name or folder; empty: the one in the catalogue, if it is on this machine."""
    prompts: Path | None = None
    """A TOML file that replaces prompts by name."""
    whole_history: int | None = Field(default=None, ge=0)
    """Tokens up to which a whole history is shown instead of search results (0: never); unset: by class of model."""
    cache_mb: int = Field(default=20_480, ge=1)
    """For several hosts: most megabytes of index files on one. Those of the least recently served people are deleted first."""
    log_format: Literal["", "json"] = ""
    """For services. `json`: what is logged is one JSON object a line. Empty: warnings as plain lines."""
    otlp_url: str = Field(default="", repr=False)
    """For services: an OpenTelemetry collector, for example http://127.0.0.1:4318; empty: no traces."""
    prompt_layout: Literal["", "published", "cache"] = ""
    """Empty: by model (`published` for PersonaVLM, `cache` for others)."""
