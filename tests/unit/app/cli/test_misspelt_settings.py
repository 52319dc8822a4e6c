"""A `PERSONA_*` name that nothing reads is said, with the setting that is likely meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.doctor import examine
from app.misspelt_settings import misspelt
from app.opened import open_service
from app.settings import Settings, settings_file

ROOT = Path(__file__).parents[4]


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PERSONA_LLM_BASEURL", "PERSONA_LLM_BASE_URL"),
        ("PERSONA_LLM_URL", "PERSONA_LLM_BASE_URL"),
        ("PERSONA_MODEL", "PERSONA_LLM_MODEL"),
        ("PERSONA_LLM_APIKEY", "PERSONA_LLM_API_KEY"),
        ("PERSONA_DATA", "PERSONA_DATA_DIR"),
        ("PERSONA_TEXT_EMBEDER", "PERSONA_TEXT_EMBEDDER"),
        ("PERSONA_CACHEDIR", "PERSONA_CACHE_DIR"),
        ("persona_config_dir", "PERSONA_CONFIG_DIR"),
    ],
)
def test_the_nearest_setting_is_named(monkeypatch, name, meant):
    monkeypatch.setenv(name, "x")
    assert misspelt() == [f"{name}, in the environment, is not a setting of this program. Did you mean {meant}?"]


def test_a_name_like_none_is_named_alone(monkeypatch):
    monkeypatch.setenv("PERSONA_QQQQ", "x")
    assert misspelt() == ["PERSONA_QQQQ, in the environment, is not a setting of this program."]


def test_files_are_read_too_and_their_place_is_said(tmp_path):
    (tmp_path / ".env").write_text("PERSONA_LLM_MODLE=m\nPERSONA_CACHE_DIR=/x\nOTHER=1\npersona_llm_model=m\n")
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text("PERSONA_ASK_CONSENTS=false\n")
    assert misspelt() == [
        "PERSONA_CACHE_DIR, in .env of this folder, is only read from the environment. Set it there.",
        "PERSONA_LLM_MODLE, in .env of this folder, is not a setting of this program. Did you mean PERSONA_LLM_MODEL?",
        f"PERSONA_ASK_CONSENTS, in {settings_file()}, is not a setting of this program. Did you mean PERSONA_ASK_CONSENT?",
    ]


def test_a_file_that_is_no_text_is_left_to_the_settings(tmp_path):
    (tmp_path / ".env").write_bytes(b"PERSONA_LLM_MODEL=\xff\xfe\n")
    assert misspelt() == []


def test_every_name_that_the_project_uses_is_known(monkeypatch):
    files = [*ROOT.glob("Makefile"), *ROOT.glob("docker-compose.yml"), *ROOT.glob("Dockerfile"), ROOT / "README.md"]
    files += [path for room in ("app", "evals", "graph", "memory", "training", "docs") for path in (ROOT / room).rglob("*.*")]
    text = " ".join(path.read_text() for path in files if path.suffix in {"", ".py", ".md", ".yml"} and path.is_file())
    # Those of the text are whole words, and not the beginning of a name that is put together.
    for name in set(re.findall(r"\bPERSONA_[A-Z_]*[A-Z]\b(?!_)", text)) - {"PERSONA_MME"}:
        monkeypatch.setenv(name, "x")
    assert misspelt() == []


def test_doctor_and_whoever_talks_reads_it(monkeypatch, capsys):
    monkeypatch.setenv("PERSONA_LLM_BASEURL", "http://127.0.0.1:1")
    said = "PERSONA_LLM_BASEURL, in the environment, is not a setting of this program. Did you mean PERSONA_LLM_BASE_URL?"
    [found] = [one for one in examine(Settings()) if one.what == "settings"]
    assert (found.state, found.detail) == ("off", said)

    def fails(**_options: object) -> None:
        raise LookupError

    monkeypatch.setattr("app.service.PersonaService.from_settings", fails)
    with pytest.raises(LookupError), open_service("me"):
        pass
    assert capsys.readouterr() == ("", f"{said}\n")
