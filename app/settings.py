"""Every setting, in one object: `PERSONA_*` variables, a `.env` file, or what was chosen before; all optional."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import platformdirs
from dotenv import dotenv_values, set_key, unset_key
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from memory.consent.modes import Mode
from memory.core.errors import InvalidInput, StorageError

_MODEL = ("llm_base_url", "llm_model", "llm_projector")
"""What says together which model answers: settings of different places do not mix."""

_ASKS_EACH, _ASKS_NOBODY = ("true", "1", "yes", "y", "t", "on"), ("false", "0", "no", "n", "f")


def settings_file() -> Path:
    """The file in which `persona models use` keeps its choice; `PERSONA_CONFIG_DIR` names another folder for it."""
    folder = os.environ.get("PERSONA_CONFIG_DIR")
    return (Path(folder).expanduser() if folder else platformdirs.user_config_path("personavlm")) / "settings.env"


def choose(**values: str) -> Path:
    """Keep which model answers, for settings that are made from now on, and return the file; empty values are taken out.

    Raises:
        StorageError: The file cannot be written.
    """
    path = settings_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        for name in _MODEL:
            if value := values.get(name, ""):
                set_key(path, _variable(name), value)
            elif _variable(name) in dotenv_values(path):
                unset_key(path, _variable(name))
    except OSError as error:
        raise StorageError(f"{path} cannot be written ({error.strerror}). Set PERSONA_CONFIG_DIR to another folder.") from error
    return path


def chosen_in() -> str:
    """Say where it is set which model answers, as a clause; empty where it is set nowhere."""
    for place, values in (
        ("in the environment", {name.upper(): value for name, value in os.environ.items()}),
        ("in .env of this folder", dotenv_values(".env")),
        (f"by `persona models use`, in {settings_file()}", dotenv_values(settings_file())),
    ):
        if names := [_variable(name) for name in _MODEL if values.get(_variable(name))]:
            return f"set {place}" if place.startswith("by") else f"set {place}: {names[0]}"
        if place == "in the environment" and _variable("llm_base_url") in values:
            return ""  # set to nothing: the embedded model, whatever was chosen
    return ""


def is_choice(settings: Settings) -> bool:
    """Say whether the server that settings name is the one that was chosen before."""
    kept = dotenv_values(settings_file()).get(_variable("llm_base_url"))
    return bool(settings.llm_base_url) and kept == settings.llm_base_url


def _variable(name: str) -> str:
    return f"PERSONA_{name.upper()}"


class _Chosen(DotEnvSettingsSource):
    """What was chosen before: it counts where neither environment nor `.env` names a server or model."""

    def __init__(self, settings: type[BaseSettings]) -> None:
        super().__init__(settings, env_file=settings_file())

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        named = any(name in self.current_state for name in _MODEL)
        if named or any(name.upper() == _variable("llm_base_url") for name in os.environ):
            return {name: value for name, value in values.items() if name not in _MODEL}
        return values


class Settings(BaseSettings):
    """What can be set, and what holds where nothing is."""

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
        """Read what was chosen before below everything else."""
        return init_settings, env_settings, dotenv_settings, file_secret_settings, _Chosen(settings_cls)

    @field_validator("llm_base_url", "llm_model", "llm_api_key")
    @classmethod
    def _without_spaces(cls, value: str) -> str:
        # Copied along, mostly; a line's end in a key would be no header.
        return value.strip()

    @field_validator("ask_consent", mode="before")
    @classmethod
    def _as_a_mode(cls, value: Any) -> Any:
        """Read the two values that this setting had at first, and other spellings of them."""
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
    """Embedded: the model's window in tokens. Remote: what is assumed where the server does not say."""
    llm_threads: int = Field(default=0, ge=0)
    """Embedded: threads of the model; 0: one a core. On a machine that is busy with other things, fewer are faster."""
    max_new_tokens: int = Field(default=1_024, ge=64)
    """Tokens of one call (published: 1,024)."""
    data_dir: Path = Field(default_factory=lambda: platformdirs.user_data_path("personavlm"))
    database_url: str = Field(default="", repr=False)
    chroma_url: str = ""
    ask_consent: Mode | None = None
    """What is done with what is sensitive, for everybody on this machine: `off` (it is remembered, and marked), `each` (the
    person is asked first) or `never-keep` (it is answered off the record). Empty: as each person chose; `off` until then."""
    bring_up: bool = True
    """Off: no reply tells by itself of what is coming up, whatever its person chose on the page You."""
    text_embedder: str = "all-minilm-l6-v2"
    """A catalogue name, or a sentence-transformers name or folder."""
    image_embedder: str = ""
    """A catalogue name, an open_clip folder or name; empty: the catalogue's, where it is on this machine."""
    prompts: Path | None = None
    """A TOML file that replaces prompts by name."""
    whole_history: int | None = Field(default=None, ge=0)
    """Tokens up to which a whole history is shown instead of what a search brings (0: never); unset: by class of model."""
    prompt_layout: Literal["", "published", "cache"] = ""
    """Empty: by model (`published` for PersonaVLM, `cache` for others)."""
