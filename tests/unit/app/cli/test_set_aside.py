"""What a person reads of messages that are set aside: each once, with its reason, and what to do once for all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app import set_aside
from memory.core.retry import Refusal

SAID = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def refusal(step="semantic", minute=0, **more):
    given = {
        "user_id": "ada", "kind": "remember", "subject": f"tur_{minute}", "step": step, "cause": "refused", "status": 400,
        "reason": "content_filter: my secret.", "at": SAID, "time": SAID + timedelta(minutes=minute), "text": "my secret\nis out",
    }  # fmt: skip
    return Refusal(**given | more)


def test_a_message_stands_once_with_all_that_it_was_remembered_without():
    first, line, last = set_aside.told([refusal("personality"), refusal("semantic")], own=True)
    assert first == "Set aside: 1 message or conversation could not be remembered completely."
    assert line == (
        '  2026-03-01 09:00 (Sunday) "my secret is out": no fact was extracted, it changed no personality score. '
        "The model server rejects it (HTTP 400: content_filter: my secret)."
    )
    assert last.endswith("`persona work --retry` tries again.")


def test_nobody_else_reads_a_word_of_it():
    asides = [refusal(), refusal("core", kind="consolidate", subject="1")]
    told = "\n".join(set_aside.told(asides, own=False, named=True))
    assert "secret" not in told
    assert "ada, 2026-03-01 09:00 (Sunday): no fact" in told
    assert "ada, the conversation that began 2026-03-01 09:00 (Sunday): the profile was not updated." in told
    assert "(HTTP 400)" in told
    assert "secret" not in str(set_aside.as_json(asides, own=False))


def test_what_to_do_is_said_once_however_many_there_are():
    many = [refusal(minute=minute, cause="thought", status=None, reason="") for minute in range(30)]
    told = set_aside.told(many, own=True)
    assert len(told) == 13
    assert told[-2] == "  … and 20 more"
    assert "\n".join(told).count("Switch the model's thinking off") == 1


def test_what_was_said_steers_no_terminal():
    assert "\x1b" not in "".join(set_aside.told([refusal(text="\x1b[2J\x07hi", reason="\x1b[1m")], own=True))


def test_nothing_set_aside_says_nothing():
    assert set_aside.told([], own=True) == []
