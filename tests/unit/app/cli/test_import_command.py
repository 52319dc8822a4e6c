"""`persona import`: what it says before and after, each number with what it counts."""

from __future__ import annotations

import json
import sys

import pytest

from app.cli import main
from memory.core import clock
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


CHAT = "14/03/2026, 09:02 - Ada: I bought a cello\n14/03/2026, 09:03 - Bea: Lovely!\n14/03/2026, 09:04 - Ada: It is old\n"
CHAT_FILE = "WhatsApp Chat with Bea.txt"


def test_a_wrong_me_is_refused_with_the_import_to_undo(persona, tmp_path):
    (tmp_path / CHAT_FILE).write_text(CHAT)
    done = json.loads(persona("import", CHAT_FILE, "--user", "ada", "--json")[1])
    for more in ((), ("--dry-run",)):
        code, _, err = persona("import", CHAT_FILE, "--user", "ada", "--me", "Bea", *more)
        assert code != 0
        assert err.startswith(
            f"These messages are here already with Ada as you. Undo that import (`persona imports undo {done['id']} --user "
            "ada`), then import again with --me."
        )


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_an_option_that_had_nothing_to_do_is_named(persona, tmp_path, more):
    (tmp_path / CHAT_FILE).write_text(CHAT)
    _, _, err = persona("import", "old.jsonl", "--user", "ada", "--me", "Nobody", "--month-first", *more)
    assert "There is no talk between people in it, so --me had nothing to do." in err
    assert "The dates in it can be read in one way only, so --month-first had nothing to do." in err
    _, _, err = persona("import", CHAT_FILE, "--user", "ada", "--me", "ADA", "--day-first", *more)
    assert "nothing to do" not in err


def test_the_steps_are_those_of_this_import_and_none_where_nothing_was_added(persona, tmp_path):
    (tmp_path / CHAT_FILE).write_text(CHAT)
    assert "The model has 5 steps to do for it in the background." in persona("import", "old.jsonl", "--user", "ada")[2]
    code, out, err = persona("import", CHAT_FILE, "--user", "o'ada")
    assert (code, out) == (0, "3 turns added, from 3 messages in 1 conversation.\n")
    assert "The model has 2 steps to do for it" in persona("import", CHAT_FILE, "--user", "ada")[2]
    assert "steps to do" not in persona("import", CHAT_FILE, "--user", "ada")[2]
    assert """ --user 'o'"'"'ada'` takes all of it out again.""" in err


def test_an_import_that_was_interrupted_is_told_first(persona, tmp_path):
    from memory.imports.lines import ImportedLine, Source
    from memory.memory import Memory

    with Memory(tmp_path / "data", WordEmbedder()) as memory:
        lines = [ImportedLine(clock.parse_time("2025-03-01 09:00", "UTC"), "I bought a viola.", "Noted.", "a", messages=2)]
        begun = memory.imports.begin("ada", Source("chatgpt", "a.json", messages=lambda: 2), lines, "none")
    _, out, err = persona("import", "old.jsonl", "--user", "ada")
    assert err.startswith(f"The import {begun.id} that was interrupted is at its end now: 1 turn.\n")
    assert out.startswith("4 turns added")


def test_imports_are_listed_while_another_program_has_the_folder(persona, tmp_path):
    from memory.storage.folder_lock import FolderLock

    (tmp_path / CHAT_FILE).write_text(CHAT.replace("09:0", "00:0"))
    name = json.loads(persona("import", CHAT_FILE, "--user", "ada", "--zone", "Europe/Berlin", "--json")[1])["id"]
    assert "`persona work` does them now." in persona("imports", "resume", name)[1]
    lock = FolderLock(tmp_path / "data")
    try:
        code, out, _ = persona("imports", "list")
        assert code == 0
        assert "2026-03-14" in out
        assert "2026-03-13" not in out, "the day is that of the zone in which it was said"
        [one] = json.loads(persona("imports", "list", "--json")[1])
        assert (one["depth"], one["from"]) == ("sessions", "2026-03-14T00:02:00+01:00")
        assert "They go on in the background." in persona("imports", "resume", name)[1]
    finally:
        lock.release()


def test_while_it_does_not_know_who_the_person_is_it_names_the_writers_and_no_calls(persona, tmp_path):
    lines = [
        "14/03/2026, 09:02 - Ada: I bought a cello",
        "14/03/2026, 09:03 - Bea: Lovely!",
        "14/03/2026, 09:04 - Cleo: Which?",
    ]
    (tmp_path / "group.txt").write_text("\n".join(lines))
    code, _, err = persona("import", "group.txt", "--user", "ada", "--dry-run")
    assert code == 0
    assert "Nothing is imported before you name yourself with --me: Ada (1), Bea (1), Cleo (1)." in err
    assert "each session once (3 model calls), --remember all every message (number known once you say which of them" in err
    told = json.loads(persona("import", "group.txt", "--user", "ada", "--dry-run", "--json")[1])
    assert (told["model_calls"], told["model_seconds"]["all"]) == ({"none": 0, "sessions": 3, "all": None}, None)


def test_a_day_that_does_not_exist_is_named_as_it_was_typed(persona):
    code, _, err = persona("import", "old.jsonl", "--user", "ada", "--since", "2025-13-45")
    assert code != 0
    assert "'2025-13-45' is not a time that exists" in err
