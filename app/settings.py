"""Every setting, in one object: `PERSONA_*` variables, or a `.env` file; all optional."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from memory.errors import InvalidInput


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
            raise InvalidInput(f"The file .env of this folder is not UTF-8 text ({error}). Save it as UTF-8.") from error

    model_config = SettingsConfigDict(env_prefix="PERSONA_", env_file=".env", extra="ignore", env_ignore_empty=True)

    @field_validator("llm_base_url", "llm_model", "llm_api_key")
    @classmethod
    def _without_spaces(cls, value: str) -> str:
        # Copied along, mostly; a line's end in a key would be no header.
        return value.strip()

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
    ask_consent: bool = True
    """Off: sensitive things are remembered without asking anybody."""
    text_embedder: str = "all-minilm-l6-v2"
    """A catalogue name, or a sentence-transformers name or folder."""
    image_embedder: str = ""
    """A catalogue name, an open_clip folder or name; empty: the catalogue's, where it is on this machine."""
    prompts: Path | None = None
    """A TOML file that replaces prompts by name."""
    prompt_layout: Literal["", "published", "cache"] = ""
    """Empty: by model (`published` for PersonaVLM, `cache` for others)."""
