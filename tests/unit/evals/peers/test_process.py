"""A program in a process of its own: what it is asked, what it answers, and how it ends."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from evals.peers import endurance
from evals.peers.process import Failed, PeerProcess

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_what_a_library_prints_is_no_answer(programs):
    folder = programs(mem0="")
    with PeerProcess("mem0", folder, folder / "of") as peer:
        assert peer.about["threads"] is None
        assert peer.about["version"] == pytest.__version__
        assert peer.add("ada", "The cat sleeps.", NOW) < 5
        peer.add("ben", "The cat sits.", NOW)
        assert peer.search("ada", "Where is the cat?", 5)[0] == ["The cat sleeps."]
        peer.delete("ada", "The cat sleeps.")
        assert peer.search("ada", "cat", 5)[0] == []
        assert peer.close() > 1


def test_an_error_is_one_line_without_a_place_of_this_machine(programs):
    folder = programs(mem0="breaks")
    with pytest.raises(Failed, match=r"^mem0 ended with an error: ValueError: no store in …$"):
        PeerProcess("mem0", folder, folder / "of")


def test_a_process_that_dies_is_told_by_its_last_line(programs):
    folder = programs(mem0="dies")
    with PeerProcess("mem0", folder, folder / "of") as peer:
        with pytest.raises(Failed, match=r"^mem0 ended with an error: Fatal: out of luck$"):
            for number in range(4):
                peer.add("ada", f"Text {number}.", NOW)
        with pytest.raises(Failed):
            peer.search("ada", "Text", 5)


def test_it_gets_no_setting_and_no_home_folder_of_ours(programs, monkeypatch):
    monkeypatch.setenv("PERSONA_LLM_MODEL", "some")
    folder = programs(mem0="")
    adapter = folder / "mem0.py"
    adapter.write_text(
        adapter.read_text().replace(
            'print("a library greets")',
            "import os; print(sorted(os.environ), os.environ['HOME'], file=open(f'{folder}/seen', 'w'))",
        )
    )
    with PeerProcess("mem0", folder, folder / "of"):
        seen = (folder / "of" / "seen").read_text()
    assert "PERSONA_LLM_MODEL" not in seen
    assert "HF_HUB_OFFLINE" in seen
    assert str(folder / "of" / "home") in seen


def test_a_kill_loses_what_was_not_written(programs):
    folder = programs(mem0="", chroma="buffers")
    kept = {name: endurance.measure(name, folder, folder / f"{name}-of") for name in ("mem0", "chroma")}
    assert kept["mem0"]["survived"] == 1.0
    # It writes five at a time: 0 of 1, then 5 of 7, then 30 of 32.
    assert kept["chroma"]["survived"] == 35 / 40


def test_files_that_still_hold_a_deleted_text_are_named(programs):
    folder = programs(mem0="", chroma="journals")
    clean, kept = (endurance.measure(name, folder, folder / f"{name}-of") for name in ("mem0", "chroma"))
    assert (clean["on_disk"], clean["deleted_found"], clean["remains_in"]) == (True, False, [])
    assert (kept["on_disk"], kept["deleted_found"], kept["remains_in"]) == (True, False, ["texts.log"])


def test_a_word_is_found_in_other_forms_and_links_do_not_count(tmp_path):
    folder = tmp_path / "of"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "wide").write_bytes("the marigolds".encode("utf-16-le"))
    (folder / "shared").write_bytes(b"\x03rigolds")
    (folder / "other").write_bytes(b"roses")
    (tmp_path / "outside").write_bytes(b"marigolds" * 9_000)
    (folder / "link").symlink_to(tmp_path / "outside")
    assert endurance.holding(folder, "marigolds") == ["deep/wide", "shared"]
    assert 0 < endurance.bytes_on_disk(folder) < 81_000
