"""What was seen is remembered with its name and place, and found again by sight and by words."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from graph.extraction.grounding import labels
from graph.prompts.briefing import Style
from memory.core.records import PhotoMemory
from memory.photos.detector import Detection, crop, padded
from memory.photos.vision import Sight
from tests.fakes import NOTHING, ColourEmbedder, ScriptedChat, answer, fact, retrieve

MUG = "The user drinks from my grandmother's mug (Image Object: mug)."


def photo(*parts, size=(200, 100)):
    """Draw boxes (colour, box in pixels) on white."""
    image = Image.new("RGB", size, "white")
    for colour, box in parts:
        image.paste(colour, box)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


RED, RED_AGAIN, BLUE = (photo((name, (0, 0, 200, 100))) for name in ("red", "#c81414", "blue"))


class FindsMugs:
    """Finds a mug in the right half of every picture, half sure of it."""

    def detect(self, image, names, least):
        there = least <= 0.5 and "mug" in names
        return [Detection("mug", 0.5, (0.5, 0.0, 1.0, 1.0))] if there else []


def say(service, text, time, images=()):
    return list(service.stream("ada", text, time=time, images=images))[-1].turn


def shown_before(serve, sight, **fields):
    """Let a red mug be shown in March and something blue in April."""
    script = {
        "semantic": [fact(MUG, "mug"), NOTHING],
        "reasoning": [answer("Nice."), answer("Oh."), retrieve("it"), answer("Yes.")],
    }
    service = serve(ScriptedChat(script), sight=sight, **fields)
    say(service, "This is my grandmother's mug", "2026-03-01 09:00", [RED])
    say(service, "And that is the sky", "2026-04-01 09:00", [BLUE])
    service.wait()
    return service


def seen(turn):
    return [entry.text for entry in turn.trace.memories if entry.kind == "photo"]


def test_a_named_thing_is_found_again_when_it_is_shown(serve):
    service = shown_before(serve, Sight(ColourEmbedder()))
    turn = say(service, "Do you know this?", "2026-06-01 09:00", [RED_AGAIN])
    assert seen(turn) == ["A picture was shown: my grandmother's mug (mug)"]


def test_it_is_found_by_words_about_its_looks_and_by_its_name(serve):
    service = shown_before(serve, Sight(ColourEmbedder()))
    assert seen(say(service, "Which one was blue?", "2026-06-01 09:00")) == ["A picture was shown: And that is the sky"]
    assert [entry.text for entry in service.memory.search("ada", "grandmother", kind="photo")][:1] == [
        "A picture was shown: my grandmother's mug (mug)"
    ]


def test_without_weights_it_is_found_by_its_name(serve):
    service = shown_before(serve, None)
    assert seen(say(service, "Where is my mug?", "2026-06-01 09:00")) == ["A picture was shown: my grandmother's mug (mug)"]


def test_weights_that_come_later_find_what_was_shown_before(serve):
    shown_before(serve, None)
    chat = ScriptedChat({"reasoning": [retrieve("it"), answer("Hm."), retrieve("it"), answer("Yes.")]})
    service = serve(chat, sight=Sight(ColourEmbedder()))
    # A reply does not wait until all of them are looked at.
    assert seen(say(service, "Do you know this?", "2026-05-01 09:00", [RED_AGAIN])) == []
    service.wait()
    assert "A picture was shown: my grandmother's mug (mug)" in seen(
        say(service, "Do you know this?", "2026-06-01 09:00", [RED_AGAIN])
    )


def test_a_model_that_sees_is_shown_the_picture_and_another_is_told_of_it(serve):
    for sees, pictures in ((True, 2), (False, 0)):
        chat = ScriptedChat({"semantic": fact(MUG, "mug"), "reasoning": [answer("Nice."), answer("Yes.")]})
        service = serve(chat, sight=Sight(ColourEmbedder()), style=Style(sees=sees))
        year = 2026 if sees else 2027
        say(service, "This is my grandmother's mug", f"{year}-03-01 09:00", [RED])
        service.wait()
        messages = []
        asked = chat._stream

        def listen(told, *args, asked=asked, messages=messages, **more):
            messages[:] = told
            return asked(told, *args, **more)

        object.__setattr__(chat, "_stream", listen)
        say(service, "Do you know this?", f"{year}-06-01 09:00", [RED_AGAIN])
        parts = [part for message in messages if isinstance(message.content, list) for part in message.content]
        assert sum(part["type"] == "image_url" for part in parts) == pictures
        assert any("my grandmother's mug" in message.text for message in messages)


def test_the_thing_is_cut_out_with_a_margin_and_found_beside_other_things(serve):
    service = serve(
        ScriptedChat({"semantic": [fact(MUG, "mug"), NOTHING], "reasoning": [answer("Nice."), retrieve("it"), answer("Yes.")]}),
        sight=Sight(ColourEmbedder(), FindsMugs()),
    )
    on_a_table = photo(("green", (0, 0, 100, 100)), ("red", (100, 0, 200, 100)))
    say(service, "This is my grandmother's mug", "2026-03-01 09:00", [on_a_table])
    service.wait()
    [known] = service.memory.memories.entries("ada", kind="photo")
    assert isinstance(known, PhotoMemory)
    assert (known.caption, known.category) == ("my grandmother's mug", "mug")
    assert known.box == pytest.approx((0.35, 0.0, 1.0, 1.0))
    elsewhere = photo(("blue", (0, 0, 100, 100)), ("red", (100, 0, 200, 100)))
    assert seen(say(service, "Do you know this?", "2026-06-01 09:00", [elsewhere])) == [
        "A picture was shown: my grandmother's mug (mug)"
    ]


def test_what_is_forgotten_is_not_seen_again_and_comes_back_by_undo(serve):
    service = shown_before(serve, Sight(ColourEmbedder()))
    mug = next(one for one in service.memory.memories.entries("ada", kind="photo") if one.category)
    service.memory.forget("ada", mug.id)
    turn = say(service, "Do you know this?", "2026-06-01 09:00", [RED_AGAIN])
    assert seen(turn) == []
    service.memory.undo("ada", mug.id)
    assert list(service.memory.retriever._parts.pictures._index.search_by_text("ada", ["red"], 9)) == [mug.id]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("The user has a blue bike (Image Object: bike).", [("a blue bike", "bike")]),
        ("The user showed Rex (Image Object: dog) and a lamp (image object: Lamp).", [("Rex", "dog"), ("a lamp", "lamp")]),
        ("The user drinks from my grandmother's mug (Image Object: mug).", [("my grandmother's mug", "mug")]),
        ("The user has the lid of my grandmother's pot (Image Object: lid).", [("the lid of my grandmother's pot", "lid")]),
        ("The user found a mark on the map (Image Object: cross).", [("a mark on the map", "cross")]),
        ("The user reads the newspaper in her armchair (Image Object: armchair).", [("her armchair", "armchair")]),
        ("The user shared a photo of Rex (Image Object: dog).", [("Rex", "dog")]),
        ("The user's bike (Image Object: bike) was stolen.", [("The user's bike", "bike")]),
        ("The user has two cats (Image Object: cat).", [("two cats", "cat")]),
        ("Mein Fahrrad (Image Object: bicycle)", [("Mein Fahrrad", "bicycle")]),
        ("The user shows my mug (blue one) (Image Object: mug).", [("my mug (blue one)", "mug")]),
        ("She has Dr. Smith's mug (Image Object: mug).", [("Dr. Smith's mug", "mug")]),
        ("The user showed Rex, 3.5 years old (Image Object: dog).", [("Rex, 3.5 years old", "dog")]),
        ("The user showed Tom and Jerry (Image Object: cats).", [("Tom and Jerry", "cats")]),
        ("It is sunny. The user got a mug (Image Object: mug (blue)).", [("a mug", "mug")]),
        ("用户今天很高兴，我的杯子（Image Object：杯子）", [("我的杯子", "杯子")]),
        ("The user shows (Image Object: cup).", [("cup", "cup")]),
        (
            "The user has a bike (Image Object: bike), a car (Image Object: car) and Rex (Image Object: dog).",
            [("a bike", "bike"), ("a car", "car"), ("Rex", "dog")],
        ),
        (f"The user has a {'very ' * 40}old mug (Image Object: mug).", [(f"a {'very ' * 23}…".replace(" …", "…"), "mug")]),
        ("The user likes tea (green).", []),
        ("", []),
    ],
)
def test_objects_are_read_from_what_was_extracted(content, expected):
    assert labels(content) == expected


def test_boxes_stay_inside_the_picture():
    assert padded((0.0, 0.1, 0.9, 1.0)) == pytest.approx((0.0, 0.0, 1.0, 1.0))
    image = Image.new("RGB", (10, 10))
    assert crop(image, (1.0, 1.0, 1.0, 1.0)).size == (1, 1)
    assert crop(image, (0.2, 0.0, 0.7, 0.5)).size == (5, 5)


def test_older_photos_are_found_behind_many_newer_ones_that_look_the_same(serve):
    window = retrieve("barn", "2026-02-28 00:00", "2026-03-02 00:00")
    chat = ScriptedChat({"reasoning": [*(answer("Nice.") for _ in range(31)), window, answer("Yes.")]})
    service = serve(chat, sight=Sight(ColourEmbedder()))
    say(service, "The red barn", "2026-03-01 09:00", [RED])
    for day in range(30):
        say(service, f"Red thing {day}", f"2026-05-{1 + day:02} 09:00", [photo((f"#ff00{day:02x}", (0, 0, 200, 100)))])
    service.wait()
    turn = say(service, "Which barn was it?", "2026-06-01 09:00", [RED_AGAIN])
    [_, by_window, _] = turn.trace.steps
    shown = {one.id: one.text for one in turn.trace.memories if one.kind == "photo"}
    assert [shown[name] for name in by_window.memory_ids if name in shown] == ["A picture was shown: The red barn"]


@pytest.mark.parametrize("sight", [Sight(), Sight(ColourEmbedder()), Sight(ColourEmbedder(), FindsMugs())])
def test_of_several_things_each_belongs_to_the_picture_that_shows_it(serve, sight):
    two = "The user has a red mug (Image Object: red mug) and a blue dog (Image Object: blue dog)."
    service = serve(ScriptedChat({"semantic": fact(two, "mug"), "reasoning": answer("Nice.")}), sight=sight)
    # Where nothing can look, they are taken to be named in the order in which they are shown.
    images = [RED, BLUE] if sight.made_by is None else [BLUE, RED]
    turn = say(service, "My mug and my dog", "2026-03-01 09:00", images)
    service.wait()
    by_caption = {one.caption: one.photo_id for one in service.memory.memories.entries("ada", kind="photo")}
    assert by_caption == {
        "a red mug": turn.images[images.index(RED)],
        "a blue dog": turn.images[images.index(BLUE)],
    }


def test_a_person_who_searches_photos_finds_them_by_sight(serve):
    service = shown_before(serve, Sight(ColourEmbedder()))
    best = service.memory.search("ada", "something blue", kind="photo")[0]
    assert best.text == "A picture was shown: And that is the sky"


def test_a_reply_that_is_written_anew_keeps_its_photos(serve):
    service = serve(ScriptedChat({"semantic": fact(MUG, "mug"), "reasoning": answer("Nice.")}))
    turn = say(service, "This is my grandmother's mug", "2026-03-01 09:00", [RED])
    service.wait()
    again = list(service.answer_again("ada", turn.id))[-1].turn
    assert [one.turn_id for one in service.memory.memories.entries("ada", kind="photo")] == [again.id]
