"""First days: the people, the rules that count, and a run that goes on after a break."""

from __future__ import annotations

from pathlib import Path

import pytest

import evals
from app.service import PersonaService
from evals.cli.first_day import transcript_page
from evals.first_day.days import LOG, Line, Person, Transcripts, live, load
from evals.first_day.rules import broken, count, language_of
from memory.core.errors import InvalidInput
from tests.fakes import ScriptedChat, answer

DATA = Path(evals.__path__[0]) / "data" / "first_day"
SAID = {
    "echo": ("I love black coffee after a night shift", "I love black coffee after a night shift."),
    "letter": ("what's my best friend called", "(b)"),
    "wrong person": ("my sister Ann lives in Cork", "My sister Ann lives in Cork, and it is lovely there in the spring."),
    "wrong language": ("how are you", "Ich bin ein Programm und habe keine Gefühle, aber danke für die Frage."),
    "wrong fact": ("what's my dog called", "Your dog is called Rex."),
    "prompt text": ("hi", "Memory holds nothing more about this. Answer from what they said in this conversation."),
}


def person(text: str, **fields: object) -> Person:
    message = {"time": "2026-05-11T08:00:00Z", "text": text, "kind": "x", **fields}
    return Person.model_validate({"id": "ann", "name": "Ann", "language": "en", "messages": [message]})


def line(text: str, reply: str) -> Line:
    return Line.model_validate(
        {"person": "ann", "number": 0, "kind": "x", "time": "2026-05-11T08:00:00Z", "text": text, "reply": reply}
    )


def test_six_people_have_a_day_each() -> None:
    people = load(DATA)
    assert sorted(one.language for one in people) == ["de", "de", "en", "en", "es", "zh"]
    for one in people:
        assert len(one.messages) == 14
        assert sum(message.scene is not None for message in one.messages) == 1
        assert {"minutes ago", "next day", "feelings"} <= {message.kind for message in one.messages}
        times = [message.time for message in one.messages]
        assert times == sorted(times)
        assert times[-1].date() > times[0].date()


@pytest.mark.parametrize("rule", SAID)
def test_what_breaks_a_rule_is_counted(rule: str) -> None:
    text, reply = SAID[rule]
    must_not = ("rex",) if rule == "wrong fact" else ()
    assert rule in broken(person(text, must_not=must_not), line(text, reply))


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("hi", "Hi! How are you today?"),
        ("my sister Ann lives in Cork", "How nice! Do you visit your sister in Cork often?"),
        ("good morning", "Good morning!"),
        ("repeat exactly what i said: i love tea in the morning", "i love tea in the morning"),
        ("which one, (a) tea or (b) coffee?", "(b)"),
    ],
)
def test_a_reply_that_nobody_minds_breaks_none(text: str, reply: str) -> None:
    assert broken(person(text), line(text, reply)) == {}


def test_a_wrong_person_behind_a_greeting_is_counted() -> None:
    told = line("im a truck driver out of toledo", "Oh, nice! I'm a truck driver out of Toledo.")
    assert "wrong person" in broken(person("im a truck driver out of toledo"), told)


def test_languages_are_told_by_their_words() -> None:
    assert language_of("Das ist ja toll, dass du wieder da bist.") == "de"
    assert language_of("Me alegro de que estés aquí con tu hijo.") == "es"
    assert language_of("你的猫叫豆包。") == "zh"
    assert language_of("Jannis.") == ""


def test_a_run_goes_on_after_a_break(serve: object, tmp_path: Path) -> None:
    chat = ScriptedChat({"reasoning": answer("Hello, and how are you?")})
    service: PersonaService = serve(chat)  # type: ignore[operator]
    people = [one for one in load(DATA) if one.id in {"marcus", "priya"}]
    log = tmp_path / LOG
    live(service, people, Transcripts(log), limit=5)
    assert len(Transcripts(log).lines) == 5
    # The last line was not written to its end, and one more is in the journal alone.
    log.write_bytes(log.read_bytes()[:-20])
    live(service, people, Transcripts(log))
    transcripts = Transcripts(log)
    assert [(one.person, one.number) for one in transcripts.lines] == [(one.id, n) for one in people for n in range(14)]
    assert len(service.memory.journal.turns("marcus")) == 14
    assert service.memory.work.count("marcus") == 0
    found = count(people, transcripts.lines)
    assert found["replies"] == 28
    assert (
        found["by_rule"]["wrong fact"]
        == found["by_person"]["marcus"]["wrong fact"] + found["by_person"]["priya"]["wrong fact"]
        > 0
    )
    page = transcript_page(people, transcripts.lines, found["cases"])
    assert "## Marcus" in page
    assert "[photo]" in page
    assert "Breaks: wrong fact" in page


def test_a_log_of_other_messages_is_refused(tmp_path: Path) -> None:
    transcripts = Transcripts(tmp_path / LOG)
    transcripts.add(line("something else", "Hello"))
    with pytest.raises(InvalidInput, match="another --out"):
        transcripts.of(person("hi"))
