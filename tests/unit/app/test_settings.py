"""Settings: where each comes from, and what counts first."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from app import settings
from app.doctor import examine
from app.models.endpoint import remote_endpoint, seems_to_see
from app.settings import Settings, choose, choose_embedder, chosen_in, embedder_set_in, is_chosen_embedder, settings_file
from memory.core.errors import InvalidInput, ModelUnavailable, StorageError

URL, OTHER = "http://127.0.0.1:11434/v1", "http://127.0.0.1:1234/v1"


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "checkout"
    folder.mkdir()
    monkeypatch.chdir(folder)


def model() -> tuple[str, str]:
    return Settings().llm_base_url, Settings().llm_model


def test_a_choice_is_kept_outside_of_the_checkout(tmp_path: Path) -> None:
    path = choose(llm_base_url=URL, llm_model="qwen3:8b")
    assert path == settings_file() == tmp_path / "config" / "settings.env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert model() == (URL, "qwen3:8b")
    assert chosen_in() == f"set by `persona models use`, in {path}"
    assert not list(Path.cwd().iterdir())


def test_the_platforms_folder_is_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PERSONA_CONFIG_DIR")
    monkeypatch.setattr(settings.platformdirs, "user_config_path", lambda name: tmp_path / name)
    assert settings_file() == tmp_path / "personavlm" / "settings.env"


def test_a_choice_replaces_the_last_one_whole_and_leaves_other_lines() -> None:
    choose(llm_base_url=URL, llm_model="qwen3:8b")
    with settings_file().open("a") as file:
        file.write("PERSONA_ASK_CONSENT=false\n")
    choose(llm_model="qwen3-vl-4b")
    assert model() == ("", "qwen3-vl-4b")
    choose()
    assert model() == ("", "")
    assert chosen_in() == ""
    assert Settings().ask_consent == "off"


@pytest.mark.parametrize(
    ("written", "mode"),
    [
        ("true", "each"),
        ("1", "each"),
        ("False", "off"),
        ("0", "off"),
        ("off", "off"),
        ("EACH", "each"),
        ("never_keep", "never-keep"),
    ],
)
def test_the_first_values_of_asking_keep_working(monkeypatch: pytest.MonkeyPatch, written: str, mode: str) -> None:
    monkeypatch.setenv("PERSONA_ASK_CONSENT", written)
    assert Settings().ask_consent == mode


def test_asking_that_is_none_is_refused_and_empty_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().ask_consent is None
    monkeypatch.setenv("PERSONA_ASK_CONSENT", "")
    assert Settings().ask_consent is None
    monkeypatch.setenv("PERSONA_ASK_CONSENT", "sometimes")
    with pytest.raises(InvalidInput, match="never-keep"):
        Settings()


@pytest.mark.parametrize("name", ["a model's name", "qwen'3", 'a "b"', "größe:8b", "x#y", "$HOME", "back\\slash"])
def test_any_name_comes_back_as_it_was(name: str) -> None:
    choose(llm_model=name)
    assert model() == ("", name)


@pytest.mark.parametrize("place", ["environment", ".env", "argument"])
@pytest.mark.parametrize(
    ("named", "wins"), [({"llm_base_url": OTHER}, (OTHER, "")), ({"llm_model": "own.gguf"}, ("", "own.gguf"))]
)
def test_what_is_set_elsewhere_counts_first_and_is_not_mixed_with_the_choice(
    monkeypatch: pytest.MonkeyPatch, place: str, named: dict[str, str], wins: tuple[str, str]
) -> None:
    choose(llm_base_url=URL, llm_model="qwen3:8b")
    ((name, value),) = named.items()
    variable = f"PERSONA_{name.upper()}"
    found = Settings
    if place == "environment":
        monkeypatch.setenv(variable, value)
        assert chosen_in() == f"set in the environment: {variable}"
    elif place == ".env":
        Path(".env").write_text(f"{variable}={value}\n")
        assert chosen_in() == f"set in .env of this folder: {variable}"
    else:
        found = lambda: Settings(**named)  # noqa: E731
    assert (found().llm_base_url, found().llm_model) == wins


def test_the_choice_of_the_text_embedder_is_kept_beside_that_of_the_chat_model() -> None:
    assert not is_chosen_embedder(Settings())
    choose(llm_model="qwen3-vl-4b")
    assert choose_embedder("multilingual-e5-small") == settings_file()
    assert (Settings().llm_model, Settings().text_embedder) == ("qwen3-vl-4b", "multilingual-e5-small")
    assert is_chosen_embedder(Settings())
    choose()
    assert Settings().text_embedder == "multilingual-e5-small"
    choose_embedder("all-minilm-l6-v2")
    assert Settings().text_embedder == "all-minilm-l6-v2"
    assert embedder_set_in() == ""


@pytest.mark.parametrize("place", ["in the environment", "in .env of this folder"])
def test_a_text_embedder_that_is_set_elsewhere_counts_first(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    choose_embedder("multilingual-e5-small")
    if place == "in the environment":
        monkeypatch.setenv("PERSONA_TEXT_EMBEDDER", "own/embedder")
    else:
        Path(".env").write_text("PERSONA_TEXT_EMBEDDER=own/embedder\n")
    assert Settings().text_embedder == "own/embedder"
    assert embedder_set_in() == f"set {place}: PERSONA_TEXT_EMBEDDER"
    assert not is_chosen_embedder(Settings())


def test_the_environment_set_to_nothing_is_the_embedded_model(monkeypatch: pytest.MonkeyPatch) -> None:
    choose(llm_base_url=URL, llm_model="qwen3:8b")
    monkeypatch.setenv("PERSONA_LLM_BASE_URL", "")
    assert model() == ("", "")
    assert chosen_in() == ""


def test_a_file_that_is_no_text_is_named() -> None:
    settings_file().parent.mkdir()
    settings_file().write_bytes(b"PERSONA_LLM_MODEL=\xff\xfe\n")
    with pytest.raises(InvalidInput, match=r"settings\.env.* is not UTF-8"):
        Settings()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("in the way")
    with pytest.raises(StorageError, match="Set PERSONA_CONFIG_DIR to another folder"):
        choose(llm_model="m")


def test_doctor_says_where_the_model_is_set(tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.touch()
    path = choose(llm_model=str(own))
    chat = next(finding for finding in examine(Settings()) if finding.what == "chat model")
    assert chat.state == "works"
    assert chat.detail.endswith(f"; set by `persona models use`, in {path}")
    assert json.dumps(chat.detail)


def test_a_choice_that_does_not_answer_says_how_to_take_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    choose(llm_base_url="not an address", llm_model="m")
    with pytest.raises(ModelUnavailable) as told:
        remote_endpoint(Settings())
    assert told.value.message.endswith("`persona models use embedded` reverses that.")
    monkeypatch.setenv("PERSONA_LLM_BASE_URL", "nor this")
    with pytest.raises(ModelUnavailable) as told:
        remote_endpoint(Settings())
    assert "models use" not in told.value.message


@pytest.mark.parametrize(
    "name",
    ["gemma3:4b", "gemma-3-4b-it", "google/gemma-3-12b", "gemma4:e4b", "qwen3.5:4b", "Qwen3.5-4B-GGUF:Q4_K_M", "qwen3-vl:8b"],
)
def test_models_that_see(name: str) -> None:
    assert seems_to_see(name)


@pytest.mark.parametrize(
    "name", ["gemma3:1b", "gemma3:270m", "gemma-3-270m-it", "gemma-3-1b-it-qat", "gemma2:9b", "qwen3:8b", "qwen2.5:3b"]
)
def test_models_that_do_not(name: str) -> None:
    assert not seems_to_see(name)
