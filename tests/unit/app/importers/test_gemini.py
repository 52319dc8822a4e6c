"""Gemini's activity in Google Takeout: which rows are prompts, whose conversation they are, answers as text, and damage."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from app.importers.formats import gemini
from memory.core.errors import InvalidInput
from tests.unit.app.importers.damage import all_of, as_json, changed, survives
from tests.unit.app.importers.sources import source_of

PNG = b"\x89PNG\r\n\x1a\n"
FOLDER = "Takeout/My Activity/Gemini Apps"


def row(title: str, time: str, *answers: str, **keys: Any) -> dict[str, Any]:
    html = {"safeHtmlItem": [{"html": answer} for answer in answers]} if answers else {}
    return {"header": "Gemini Apps", "title": title, "time": time, "products": ["Gemini Apps"]} | html | keys


def app(name: str) -> list[dict[str, str]]:
    return [{"name": "Conversation", "url": f"https://gemini.google.com/app/{name}?hl=en"}]


def read(*rows: Any, files: dict[str, bytes] | None = None) -> tuple[list[Any], Any]:
    return all_of(gemini, source_of({f"{FOLDER}/MyActivity.json": as_json(list(rows))} | (files or {})))


def texts(conversation: Any) -> list[tuple[str, str]]:
    return [(message.role.value, message.text) for message in conversation.messages]


def test_conversations_are_rebuilt_by_the_addresses_of_their_rows() -> None:
    found, _ = read(
        row("Prompted And the price?", "2026-10-02T09:00:00Z", "<p>Ten.</p>", details=app("aaaaaa111")),
        row("Prompted Other thing", "2026-10-01T10:05:00Z", "<p>Yes.</p>", details=app("bbbbbb222")),
        row(
            "Prompted Which bike?",
            "2026-10-01T10:00:00Z",
            "<p>The red one.</p>",
            details=[*app("aaaaaa111"), *app("cccccc333")],
        ),
    )
    assert [one.id for one in found] == ["aaaaaa111", "bbbbbb222"]
    assert [text for _, text in texts(found[0])] == ["Which bike?", "The red one.", "And the price?", "Ten."]
    assert found[0].title == "Which bike?"
    assert found[0].messages[0].time == datetime(2026, 10, 1, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    "address",
    [
        "https://gemini.google.com/u/1/app/abcdef99", "https://gemini.google.com/gem/helper/abcdef99",
        "https://bard.google.com/chat/abcdef99",
    ],
)  # fmt: skip
def test_other_addresses_of_a_conversation(address: str) -> None:
    (one,), _ = read(row("Prompted Hi", "2026-10-01T10:00:00Z", titleUrl=address, details=[{"name": "x"}, 3]))
    assert one.id == "abcdef99"


def test_rows_without_an_address_are_put_together_by_time() -> None:
    found, _ = read(
        row("Prompted c", "2026-05-01T13:00:00.5Z"), row("Prompted b", "2026-05-01T10:40:00Z"), row("Prompted a", "2026-05-01T10:00:00Z"),
    )  # fmt: skip
    assert [[text for _, text in texts(one)] for one in found] == [["a", "b"], ["c"]]
    assert len({one.id for one in found}) == 2


def test_of_two_rows_with_one_time_the_later_in_the_file_was_first() -> None:
    (one,), _ = read(row("Prompted second", "2026-05-01T10:00:00Z"), row("Prompted first", "2026-05-01T10:00:00Z"))
    assert [text for _, text in texts(one)] == ["first", "second"]


def test_every_product_has_a_file_of_that_name() -> None:
    search = {"header": "Search", "title": "Searched for shoes", "time": "2026-05-01T10:00:00Z", "products": ["Search"]}
    source = source_of(
        {
            "Takeout/My Activity/Search/MyActivity.json": as_json([search]),
            f"{FOLDER}/My Activity.json": as_json([search, row("Prompted Shoes?", "2026-05-01T10:00:00Z", "<p>Blue.</p>")]),
        }
    )
    assert gemini.recognises(source)
    assert not gemini.recognises(source_of({"MyActivity.json": as_json([search])}))
    (one,), left_out = all_of(gemini, source)
    assert texts(one) == [("me", "Shoes?"), ("assistant", "Blue.")]
    assert left_out.counts == {"activities of other products": 1}


def test_the_product_may_be_named_in_another_language_or_as_bard() -> None:
    for header in ("Gemini 앱", "Bard", "Aplicaciones de Gemini"):
        value = row("Prompted Hi", "2026-05-01T10:00:00Z", header=header, products=[header])
        assert gemini.recognises(source_of({"a.json": as_json([value])}))


def test_prompts_have_several_verbs_and_other_activities_are_counted() -> None:
    verbs = ["Prompted", "Branched", "Answered", "Asked Gemini:", "Said"]
    others = [
        "Created Gemini Canvas titled Tour", "Added a file", "Used an Assistant feature", "Gave feedback: Good response",
        "Selected preferred draft", "Cleared the chat", "Something else",
    ]  # fmt: skip
    rows = [row(f"{verb} question {at}", f"2026-05-01T10:{59 - at}:00Z") for at, verb in enumerate(verbs)]
    (one,), left_out = read(*rows, *(row(title, "2026-05-01T10:00:00Z") for title in others))
    assert [text for _, text in texts(one)] == [f"question {at}" for at in (4, 3, 2, 1, 0)]
    assert left_out.counts == {"activities that are no prompts": 7}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Eingegebener Prompt: ", ""),
        ("Requête envoyée : ", ""),
        ("", "というプロンプトを送信しました"),
        ("「", "」と入力しました"),
    ],
)
def test_the_verb_of_another_language_is_found_by_the_whole_file(before: str, after: str) -> None:
    said = ["Wie spät ist es", "Was koche ich", "Wo ist mein Hut", "Ein Gedicht bitte"]
    rows = [row(before + text + after, f"2026-05-01T10:{9 - at:02}:00Z", "<p>…</p>") for at, text in enumerate(said)]
    (one,), left_out = read(*rows, row("Canvas erstellt", "2026-05-01T10:00:00Z"))
    assert [text for role, text in texts(one) if role == "me"] == said[::-1]
    assert left_out.counts == {"activities that are no prompts": 1}


def test_a_title_in_another_language_alone_is_kept_whole() -> None:
    (one,), _ = read(row("Invite : bonjour", "2026-05-01T10:00:00Z", "<p>Salut</p>"))
    assert texts(one) == [("me", "Invite : bonjour"), ("assistant", "Salut")]


def test_several_answers_belong_to_one_prompt() -> None:
    (one,), _ = read(row("Prompted A haiku", "2026-05-01T10:00:00Z", "<p>First</p>", "<p>Second</p>", "<p>First</p>", " "))
    assert texts(one) == [("me", "A haiku"), ("assistant", "First"), ("assistant", "Second")]


def test_answers_are_plain_text() -> None:
    html = "<p>Take <b>two</b>:</p><ul><li>eggs &amp; milk</li><li>flour</li></ul><pre><code>mix(a,\n    b)</code></pre>"
    (one,), _ = read(row("Prompted Recipe", "2026-05-01T10:00:00Z", html))
    assert one.messages[1].text == "Take two:\n\n- eggs & milk\n- flour\n\n```\nmix(a,\n    b)\n```"


def test_pictures_lie_beside_the_file_and_other_files_are_counted() -> None:
    (one,), left_out = read(
        row(
            "Prompted What is this? Attached 3 files.", "2026-05-01T10:00:00Z", "<p>A cat.</p>",
            imageFile="cat-12.png", attachedFiles=["cat-12.png", "gone.jpg", "book.pdf", 4],
        ),
        files={f"{FOLDER}/cat-12.png": PNG},
    )  # fmt: skip
    assert texts(one)[0] == ("me", "What is this?")
    assert [picture.read() for picture in one.messages[0].pictures] == [PNG]
    assert left_out.counts == {"pictures that are not in the export": 1, "documents": 1}


def test_escaped_titles_are_words() -> None:
    (one,), _ = read(row("Prompted Today&#39;s &quot;news&quot; &amp; more", "2026-05-01T10:00:00Z"))
    assert texts(one) == [("me", 'Today\'s "news" & more')]


def test_strange_rows_are_counted_and_the_rest_is_read() -> None:
    (one,), left_out = read(
        row("Prompted fine", "2026-05-01T10:00:00Z"), 5, {"header": 3}, row("Prompted x", "no time"), row("", "2026-05-01T10:00:00Z"),
        row("Prompted", "2026-05-01T10:00:00Z"),
    )  # fmt: skip
    assert texts(one) == [("me", "fine")]
    assert left_out.counts == {
        "rows of unknown form": 1, "activities of other products": 1, "messages without a time": 1, "activities without a title": 1,
        "messages without words": 1,
    }  # fmt: skip


def test_the_activity_as_a_page_is_refused_with_what_to_do() -> None:
    source = source_of({f"{FOLDER}/MyActivity.html": b"<html>", "Takeout/archive_browser.html": b"<html>"})
    assert gemini.recognises(source)
    with pytest.raises(InvalidInput, match="choose JSON"):
        all_of(gemini, source)


def test_a_cut_file_is_one_sentence() -> None:
    data = json.dumps([row("Prompted a", "2026-05-01T10:00:00Z")] * 3).encode()
    with pytest.raises(InvalidInput, match="is cut off"):
        all_of(gemini, source_of({"MyActivity.json": data[:-50]}))


SAMPLE = [
    row(
        "Prompted Hi",
        "2026-05-01T10:00:00Z",
        "<p>Hello</p>",
        details=app("aaaaaa111"),
        attachedFiles=["a.png"],
        imageFile="a.png",
    ),
    row("Frage: Ho", "2026-05-01T10:01:00Z", "<p>Hey</p>", titleUrl="https://gemini.google.com/app"),
]


@given(changed(SAMPLE))
def test_whatever_stands_at_a_key_the_rest_is_read(value: Any) -> None:
    survives(gemini, source_of({"MyActivity.json": as_json(value), "a.png": PNG}))


def test_thousands_of_pictures_beside_it_do_not_hide_it() -> None:
    photos = {f"Takeout/Google Photos/Trip/{at}.json": b'{"photoTakenTime": {}}' for at in range(3_000)}
    activity = {f"{FOLDER}/MyActivity.json": as_json([row("Prompted Hi", "2026-05-01T10:00:00Z")])}
    assert gemini.recognises(source_of(photos | activity))
