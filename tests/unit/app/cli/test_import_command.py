"""`persona import`: what it says before and after, each number with what it counts."""

from __future__ import annotations

import json
import sys

import pytest

from app.cli import main
from tests.fakes import WordEmbedder

TURNS = (
    ("2025-03-01T09:00", "I bought a viola.", "Noted."),
    ("2025-03-01T09:05", "It is from Mirecourt.", "Noted."),
    ("2025-04-02T18:00", "My quartet meets on Thursdays.", "Noted."),
    ("2025-04-03T18:00", "I was diagnosed with diabetes last week.", "I am sorry."),
    ("2025-04-04T18:00", "The bow is new.", ""),
    ("1970-01-01T00:00", "A stamp of zero.", ""),
)


@pytest.fixture
def persona(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("app.factory.build_embedder", lambda _settings: WordEmbedder())
    monkeypatch.setenv("PERSONA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    lines = [json.dumps({"time": time, "user": said, "assistant": reply}) for time, said, reply in TURNS]
    (tmp_path / "old.jsonl").write_text("\n".join(lines))

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["persona", *words])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as done:
            code = done.code or 0
        return code, *capsys.readouterr()

    return run


def test_a_dry_run_an_import_and_the_same_again(persona, tmp_path):
    code, _, err = persona("import", "old.jsonl", "--user", "ada", "--dry-run")
    assert code == 0, err
    assert "Left out: messages whose time cannot be right (1)." in err
    assert "5 turns would be added, from 9 of the 10 messages in 1 conversation." in err
    assert not (tmp_path / "data").exists()

    code, out, err = persona("import", "old.jsonl", "--user", "ada")
    assert (code, out) == (0, "5 turns added, from 9 of the 10 messages in 1 conversation.\n")
    assert "persona imports undo imp_" in err

    _, out, _ = persona("import", "old.jsonl", "--user", "ada", "--dry-run", "--json")
    told = json.loads(out)
    assert (told["added"], told["would_add"], told["skipped"]["messages that are here already"]) == (0, 0, 9)
    _, out, err = persona("import", "old.jsonl", "--user", "ada")
    assert out == "Nothing was added: all 10 messages are left out.\n"
    assert "Left out: messages that are here already (9)." in err
    assert "persona imports undo" not in err
    _, out, _ = persona("imports", "list", "--json")
    [one] = json.loads(out)
    assert (one["added"], one["added_messages"], one["messages"]) == (5, 9, 10)
    assert "5 turns" in persona("imports", "list")[1]

    code, _, err = persona("import", "old.jsonl", "--user", "ada", "--zone", "Asia/Tokyo")
    assert code != 0
    assert "with other times, 9 hours later: " in err


def test_what_waits_for_approval_is_said(persona, monkeypatch):
    monkeypatch.setenv("PERSONA_ASK_CONSENT", "each")
    _, _, err = persona("import", "old.jsonl", "--user", "ada")
    assert "1 turn waits for your approval, and nothing recalls it before." in err
    assert "persona memory list --held --user ada" in err


def test_whom_it_takes_for_the_person_is_said_unless_they_said_it(persona, tmp_path):
    file = "WhatsApp Chat with Bea.txt"
    (tmp_path / file).write_text("14/03/2026, 09:02 - Ada: I bought a cello\n14/03/2026, 09:03 - Bea: Lovely!\n")
    told = "You are taken to be Ada. If that is wrong, name yourself with --me."
    assert told in persona("import", file, "--user", "ada", "--dry-run")[2]
    assert told in persona("import", file, "--user", "ada")[2]
    assert "You are taken to be" not in persona("import", file, "--user", "ada", "--me", "Ada")[2]
