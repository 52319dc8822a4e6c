"""A dry run and the import after it say the same, in messages that add up; and a dry run makes and writes nothing."""

from __future__ import annotations

import json
import re

import pytest

from app.importers.conversations import Choices
from app.importers.importing import Wanted, import_history
from app.importers.person import person_in, person_of
from app.importers.preview import preview
from app.settings import Settings
from memory.core import clock
from memory.core.errors import InvalidInput
from memory.imports.reasons import EARLIER, KNOWN, KNOWN_FACTS, NOT_KEPT, ODD_TIMES, of_messages
from memory.memory import Memory
from tests.fakes import WordEmbedder

ILL = "I was diagnosed with diabetes last week."
PAIR = "14/03/2026, 09:02 - Ada: I bought a cello\n14/03/2026, 09:03 - Bea: Lovely!\n"
SINCE = clock.parse_time("2025-03-01 09:30", "UTC")


def transcript(folder, *turns, name="old.jsonl"):
    path = folder / name
    path.write_text("\n".join(json.dumps({"time": time, "user": said, "assistant": reply}) for time, said, reply in turns))
    return path


@pytest.fixture
def old(tmp_path):
    return transcript(
        tmp_path,
        ("2025-03-01T09:00Z", "I bought a viola.", "Noted."),
        ("2025-03-01T09:05Z", "It is from Mirecourt.", ""),
        ("2025-03-02T18:00Z", ILL, "I am sorry."),
        ("2025-04-02T18:00Z", "My quartet meets on Thursdays.", "Noted."),
        ("1970-01-01T00:00Z", "A stamp of zero.", "Noted."),
    )


@pytest.mark.parametrize("since", [None, SINCE])
@pytest.mark.parametrize("mode", ["off", "never-keep"])
def test_the_import_does_what_the_dry_run_says(memory, old, mode, since):
    memory.consent.choose("ada", mode)
    wanted = Wanted(since=since)
    for _ in range(2):
        found = preview(old, wanted, person_of(memory, "ada"))
        done = import_history(memory, old, "ada", wanted)
        assert (found.added.turns, found.added.messages, found.left_out) == (
            done["added"], done["added_messages"], done["skipped"],
        )  # fmt: skip
        assert found.messages == done["messages"] == 9
        assert done["messages"] == done["added_messages"] + sum(of_messages(done["skipped"]).values())
        assert found.adds == bool(done["added"])
        assert bool(done["id"]) == bool(done["added"])
        assert found.left_out[ODD_TIMES] == 2
        assert found.left_out.get(NOT_KEPT, 0) == (2 if mode == "never-keep" else 0)
    assert (done["added"], found.calls("sessions"), found.calls("all")) == (0, 0, 0)
    assert found.left_out[KNOWN] > 0
    assert found.left_out.get(EARLIER, 0) == (3 if since else 0)
    assert len(memory.imports.of("ada")) == 1


def test_a_first_day_after_everything_is_refused_with_the_newest_day(memory, old):
    wanted = Wanted(since=clock.parse_time("2030-01-01 00:00", "UTC"))
    for refused in (lambda: preview(old, wanted), lambda: import_history(memory, old, "ada", wanted)):
        with pytest.raises(InvalidInput, match=r"^All 7 messages are older than 2030-01-01: the newest is of 2025-04-02\. "):
            refused()
    assert memory.imports.of("ada") == []


def test_one_message_before_the_first_day(tmp_path):
    one = transcript(tmp_path, ("2025-03-01T09:00Z", "I bought a viola.", ""))
    with pytest.raises(InvalidInput, match=r"^The one message is older than 2025-03-01: it is of 2025-03-01\. "):
        preview(one, Wanted(since=SINCE))


def test_whom_a_talk_takes_for_the_person_is_said(memory, tmp_path):
    path = tmp_path / "WhatsApp Chat with Bea.txt"
    path.write_text(PAIR)
    found = preview(path, Wanted())
    assert (found.me, found.asks_me, found.as_json()["me"]) == ("Ada", False, "Ada")
    assert import_history(memory, path, "ada", Wanted())["me"] == "Ada"
    group = tmp_path / "group.txt"
    group.write_text(PAIR + "14/03/2026, 09:04 - Cleo: Which one?\n")
    assert (preview(group, Wanted()).me, preview(group, Wanted()).asks_me) == ("", True)


def test_what_waits_for_approval_is_counted(tmp_path, old):
    with Memory(tmp_path / "asking", WordEmbedder(), asks="each") as memory:
        done = import_history(memory, old, "ada", Wanted())
        assert (done["waiting"], done["added"]) == (1, 4)
        assert len(memory.approvals.waiting("ada")) == 1
        assert import_history(memory, old, "ada", Wanted())["waiting"] == 0


def test_a_list_of_memories_that_is_here_already_is_no_import(memory, tmp_path):
    path = tmp_path / "memories.txt"
    path.write_text("Plays the viola.\nHas a sister.\nPlays the viola.\n")
    wanted = Wanted(format="memories")
    first = preview(path, wanted, person_of(memory, "ada"))
    assert (first.facts, first.left_out) == (3, {KNOWN_FACTS: 1})
    done = import_history(memory, path, "ada", wanted)
    assert (done["added"], done["added_messages"], done["messages"], done["skipped"]) == (2, 2, 3, {KNOWN_FACTS: 1})
    again = preview(path, wanted, person_of(memory, "ada"))
    assert (again.left_out, again.adds) == ({KNOWN_FACTS: 3}, False)
    assert import_history(memory, path, "ada", wanted)["id"] is None
    assert len(memory.imports.of("ada")) == 1


class TestWithoutTheFolderOpen:
    @pytest.fixture
    def settings(self, tmp_path):
        return Settings(data_dir=tmp_path / "data")

    def test_where_there_is_no_folder_none_is_made(self, settings, old):
        with person_in(settings, "ada", lambda _settings: WordEmbedder()) as person:
            assert preview(old, Wanted(), person).added.turns == 4
        assert not settings.data_dir.exists()

    def test_a_machine_that_keeps_nothing_sensitive_is_asked_all_the_same(self, settings, old):
        asking = settings.model_copy(update={"ask_consent": "never-keep"})
        with person_in(asking, "ada", lambda _settings: WordEmbedder()) as person:
            assert preview(old, Wanted(), person).left_out[NOT_KEPT] == 2
        assert not settings.data_dir.exists()

    def test_it_compares_while_another_program_has_the_folder(self, memory, settings, old):
        memory.consent.choose("ada", "never-keep")
        import_history(memory, old, "ada", Wanted())
        with person_in(settings, "ada", lambda _settings: WordEmbedder()) as person:
            found = preview(old, Wanted(), person)
        assert (found.left_out[KNOWN], found.left_out[NOT_KEPT], found.adds) == (5, 2, False)
        with person_in(settings, "bea", lambda _settings: WordEmbedder()) as person:
            assert preview(old, Wanted(), person).added.turns == 4
        assert [user["id"] for user in memory.journal.users()] == ["ada"]


def test_while_it_is_not_known_who_the_person_is_no_calls_for_every_message_are_told(memory, tmp_path):
    group = tmp_path / "group.txt"
    group.write_text(PAIR + "14/03/2026, 09:04 - Cleo: Which one?\n")
    found = preview(group, Wanted())
    assert (found.calls("all"), found.calls("sessions"), found.calls("none")) == (None, 3, 0)
    assert (found.as_json()["would_add"], found.writers) == (3, "Ada (1), Bea (1), Cleo (1)")
    with pytest.raises(InvalidInput, match=re.escape(found.writers)):
        import_history(memory, group, "ada", Wanted())
    assert preview(group, Wanted(Choices(me="Ada"))).calls("all") == 5


def test_the_span_is_that_of_the_messages_that_are_counted(old):
    found = preview(old, Wanted(since=clock.parse_time("2025-03-02 00:00", "UTC")))
    assert (found.messages, found.span, found.conversations[0].span) == (9, *["2025-03-01 to 2025-04-02"] * 2)
