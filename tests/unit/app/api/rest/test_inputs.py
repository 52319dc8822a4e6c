"""Bad input: a clear sentence, and nothing lost or half done."""

from __future__ import annotations

import base64

import pytest

from tests.unit.app.api.rest.conftest import API, picture

pytestmark = pytest.mark.api
HALF = "\\ud800"
"""Half of a surrogate pair, as JSON spells it."""


def raw(ada, method, path, body):
    """Send a body as it is written, and return the status and the sentence."""
    url, params = f"{API}{path}", {"user": ada.user}
    found = ada.client.request(method, url, content=body, params=params, headers={"content-type": "application/json"})
    return found.status_code, found.json()["error"]["message"]


HALVES = (
    ("POST", "/turns", f'{{"text": "a{HALF}"}}'),
    ("POST", "/turns", f'{{"text": "a", "instructions": "{HALF}"}}'),
    ("POST", "/turns", f'{{"text": "a", "personality": {{"{HALF}": 3}}}}'),
    ("POST", "/turns", f'{{"text": "a", "zone": "{HALF}"}}'),
    ("POST", "/turns", f'{{"text": "a", "pictures": ["{HALF}"]}}'),
    ("POST", "/turns", f'{{"text": "a", "{HALF}": 1}}'),
    ("PUT", "/profile", f'{{"key": "home", "value": "{HALF}"}}'),
    ("PUT", "/profile", f'{{"key": "{HALF}", "value": "Oslo"}}'),
    ("PATCH", "/memories/x", f'{{"text": "{HALF}"}}'),
    ("PATCH", "/consent", f'{{"sensitive": "{HALF}"}}'),
)


def test_half_of_a_surrogate_pair_is_refused(ada, service):
    for method, path, body in HALVES:
        status, sentence = raw(ada, method, path, body)
        assert (status, sentence[-1]) == (400, "."), body
    assert service.memory.journal.users() == []


def test_nul_is_a_character_like_any_other_in_texts_and_in_no_id(ada):
    sent = ada("POST", "/turns", {"text": "a\x00b"})
    assert ada("GET", f"/turns/{sent['id']}")["text"] == "a\x00b"
    line = ada("PUT", "/profile", {"key": "na\x00me", "value": "A\x00da"})
    assert (line["key"], line["text"]) == ("na\x00me", "A\x00da")
    assert ada("PATCH", f"/memories/{line['id']}", {"text": "\x00x"})["text"] == "\x00x"
    assert ada("GET", "/memories/search", text="A\x00da")["total"] >= 0
    assert "NUL" in ada.client.get(f"{API}/me", params={"user": "a\x00"}).json()["error"]["message"]


def test_very_long_texts(ada, service):
    assert "at most 20,000 fit" in ada.fails(413, "POST", "/turns", {"text": "x" * 20_001})
    assert "at most 20,000 fit" in ada.fails(413, "GET", "/memories/search", text="x" * 20_001)
    assert ada.fails(400, "POST", "/turns", {"text": "x", "instructions": "y" * 20_001})
    assert "instructions" in ada.fails(400, "POST", "/turns", {"text": "x", "instructions": "y" * 20_001})
    assert ada.fails(400, "PUT", "/profile", {"key": "k", "value": "v" * 2_001})
    assert "at most 200" in ada.client.get(f"{API}/me", params={"user": "u" * 201}).json()["error"]["message"]
    assert service.memory.journal.users() == []
    line = ada("PUT", "/profile", {"key": "home", "value": "Oslo"})
    ada.fails(400, "PATCH", f"/memories/{line['id']}", {"text": "v" * 2_001})
    assert ada("GET", "/profile")["items"][0]["text"] == "Oslo"
    sent = ada("POST", "/turns", {"text": "猫" * 10_000})
    assert ada("GET", f"/turns/{sent['id']}")["text"] == "猫" * 10_000
    assert ada("GET", "/memories/search", text="猫" * 1_000)["items"][0]["id"] == sent["id"]


REFUSED = (
    ({}, "The message is empty. Write something, or attach a picture."),
    ({"text": " \n"}, "The message is empty. Write something, or attach a picture."),
    ({"text": "x", "off_record": True}, "off_record: there is no such field"),
    ({"text": "x", "off_the_record": "yes"}, "off_the_record: Input should be a valid boolean"),
    ({"text": 5}, "text: Input should be a valid string"),
    ({"text": "x", "time": "tomorrow"}, "'tomorrow' is not a time."),
    ({"text": "x", "time": "2026-02-30 09:00"}, "is not a time that exists"),
    ({"text": "x", "time": ""}, "'' is not a time."),
    ({"text": "x", "zone": "Mars"}, "There is no time zone called 'Mars'."),
    ({"text": "x", "zone": "../../etc/passwd"}, "There is no time zone called '../../etc/passwd'."),
    ({"text": "x", "personality": {"courage": 3}}, "courage = 3.0 is no personality score."),
    ({"text": "x", "personality": {"openness": 6}}, "scores go from 1 to 5"),
    ({"text": "x", "pictures": ["?"]}, "Picture 1 is not base64"),
    ({"text": "x", "pictures": ["aGVsbG8="]}, "This file is not a picture that can be read."),
    ({"text": "x", "pictures": ["data:text/plain;base64,aGVsbG8="]}, "This file is not a picture that can be read."),
    ({"text": "x", "pictures": [base64.b64encode(picture()).decode()] * 9}, "at most 8 fit"),
)


def test_a_message_that_is_refused_is_nowhere(ada, service):
    for body, sentence in REFUSED:
        assert sentence in ada.fails(400, "POST", "/turns", body)
    assert service.memory.journal.users() == []
    assert not any((service.memory.folder / "photos").rglob("*"))


def test_a_time_before_the_last_message_is_a_conflict(ada):
    ada("POST", "/turns", {"text": "x", "time": "2026-03-02 09:00"})
    assert "lies before this user's last turn" in ada.fails(409, "POST", "/turns", {"text": "y", "time": "2026-03-01 09:00"})
    assert ada("GET", "/turns")["total"] == 1


NO_OBJECTS = ("", "{", "[]", "null", '"x"', "NaN", "[" * 100_000, '{"text": NaN}', '{"text": 1e999}', "\x00", "\xff")


def test_a_body_that_is_no_object_is_refused(ada, service):
    for body in NO_OBJECTS:
        status, sentence = raw(ada, "POST", "/turns", body.encode("latin-1"))
        assert status == 400
        assert sentence.startswith(("The request is not valid.", "There was an error parsing the body.")), body
    assert service.memory.journal.users() == []


FILTERS = (
    ({"since": "yesterday"}, "'yesterday' is not a time."),
    ({"until": "2026-13-01"}, "is not a time that exists"),
    ({"since": "2026-03-02", "until": "2026-03-01"}, "The time window ends"),
    ({"kind": "turn"}, "query.kind"),
    ({"since": "0001-01-01T00:00+14:00"}, "is not a time that exists"),
)


def test_a_filter_that_cannot_be_is_refused(ada):
    for query, sentence in FILTERS:
        assert sentence in ada.fails(400, "GET", "/memories", **query)


def test_the_ends_of_the_calendar_are_times(ada):
    assert ada("GET", "/memories", since="0001-01-02", until="9999-12-31")["total"] == 0
    assert ada("GET", "/turns", since="9999-12-31", until="9999-12-31")["total"] == 0
    ada("POST", "/turns", {"text": "x", "time": "1850-01-01 09:00", "zone": "Europe/Berlin"})
    assert ada("GET", "/turns", until="1900-01-01")["total"] == 1


def test_the_same_sentences_as_on_the_command_line(ada, service):
    ada("POST", "/turns", {"text": "This is Rex.", "pictures": [base64.b64encode(picture()).decode()]})
    line = ada("PUT", "/profile", {"key": "home", "value": "Oslo"})
    assert (
        ada.fails(400, "PATCH", f"/memories/{line['id']}", {"text": " "})
        == "A memory cannot be empty. To remove it, forget it."
    )
    assert "needs a key and a value" in ada.fails(400, "PUT", "/profile", {"key": " ", "value": "x"})
    assert "There is no trait 'courage'." in ada.fails(400, "PUT", "/personality/courage", {"score": 3})
    assert "There is no trait 'courage'." in ada.fails(400, "DELETE", "/personality/courage")
    assert "Scores go from 1 to 5." in ada.fails(400, "PUT", "/personality/openness", {"score": 5.1})
    assert ada.fails(400, "GET", "/memories/search", text=" ") == "The search text is empty. Enter one or more words."
    assert "Nothing that was done to" in ada.fails(400, "POST", f"/memories/{line['id']}/undo")
    assert "persona memory list --held" in ada.fails(404, "POST", f"/memories/{line['id']}/approve")
    assert ada("GET", "/personality/history")["total"] == 0
    assert ada("GET", "/profile")["items"][0]["text"] == "Oslo"


def test_a_choice_that_cannot_be_made_leaves_all_as_it_was(ada):
    ada("POST", "/turns", {"text": "x"})
    before = ada("GET", "/consent")
    for body in (
        {"training": True, "sensitive": "sometimes"},
        {"training": "yes"},
        {"reminders": 1, "sensitive": "each"},
        {"x": 1},
    ):
        assert ada.fails(400, "PATCH", "/consent", body)
    assert ada("PATCH", "/consent", {}) == ada("PATCH", "/consent", {"training": None}) == before


def test_a_method_that_is_not_there_and_a_route_that_is_not_there(ada):
    assert ada.send("PUT", "/memories").status_code == 405
    assert ada.fails(404, "GET", "/nothing").startswith("There is no such route.")


def test_an_option_that_is_not_there_is_named(ada, service):
    line = ada("PUT", "/profile", {"key": "home", "value": "Oslo"})
    sentence = ada.fails(400, "DELETE", f"/memories/{line['id']}", personality=True)
    assert sentence == "There is no option 'personality' here. There are: also, now, personality_too, user."
    assert "'\\x00'" in ada.fails(400, "GET", "/profile", **{"\x00": ""})
    assert ada("GET", "/profile")["total"] == 1
    assert ada.client.get(f"{API}/me", params={"usr": "ada"}).status_code == 400
