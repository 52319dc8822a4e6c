"""What a person and a model are told of pictures, and that everything goes on where nothing can look at them."""

from __future__ import annotations

import json

import pytest

from app.doctor import examine
from app.factory import build_sight
from app.settings import Settings
from graph.prompts.briefing import Style
from graph.prompts.showing import BLIND
from memory.core import extras
from memory.core.errors import ModelMissing
from memory.photos.clip import ClipEmbedder
from memory.photos.vision import Sight
from tests.fakes import NOTHING, ColourEmbedder, ScriptedChat, answer, fact, retrieve
from tests.unit.memory.photos.test_picture_memory import BLUE, MUG, RED, RED_AGAIN, photo, say, seen

HINT = "Pull the weights."
MUG_SEEN = "A picture was shown: my grandmother's mug (mug)"


class Broken:
    """A detector whose weights are broken."""

    def detect(self, image, names, least):
        raise ModelMissing("The detector cannot be loaded.")


def listen(chat):
    """Return a list that always holds what the model was last told, as (types of parts, text)."""
    told = []
    asked = chat._stream

    def heard(messages, *args, **more):
        told.append(messages)
        return asked(messages, *args, **more)

    object.__setattr__(chat, "_stream", heard)
    return told


def parts(messages, kind):
    return [part for one in messages if isinstance(one.content, list) for part in one.content if part["type"] == kind]


def said(messages):
    return "\n".join(one.text for one in messages)


def test_that_nothing_looks_at_photos_is_said_with_the_first_and_not_with_every_turn(serve):
    service = serve(ScriptedChat({"reasoning": answer("Nice.")}), sight=Sight(hint=HINT), style=Style(sees=True))
    notes = [
        say(service, "Look", f"2026-03-0{day} 09:00", [photo]).trace.notes for day, photo in ((1, RED), (2, RED), (3, BLUE))
    ]
    notes.append(say(service, "Hello", "2026-03-04 09:00").trace.notes)
    assert notes == [(f"Photos are found by what was said about them, not by sight. {HINT}",), (), (), ()]


@pytest.mark.parametrize(("words", "picture"), [("Do you know this?", RED), ("Is it my mug?", BLUE)])
def test_where_nothing_can_look_the_same_picture_is_known_and_another_by_its_words(serve, words, picture):
    script = {"semantic": [fact(MUG, "mug"), NOTHING], "reasoning": [answer("Nice."), retrieve("it"), answer("Yes.")]}
    service = serve(ScriptedChat(script))
    say(service, "This is my grandmother's mug", "2026-03-01 09:00", [RED])
    service.wait()
    assert seen(say(service, words, "2026-06-01 09:00", [picture])) == [MUG_SEEN]


def test_where_photos_are_looked_at_there_is_nothing_to_say(serve):
    service = serve(ScriptedChat({"reasoning": answer("Nice.")}), sight=Sight(ColourEmbedder()), style=Style(sees=True))
    assert say(service, "Look", "2026-03-01 09:00", [RED]).trace.notes == ()


def test_a_model_that_cannot_see_is_said_to_be_one(serve):
    service = serve(ScriptedChat({"reasoning": answer("Nice.")}), sight=Sight(ColourEmbedder()))
    assert say(service, "Look", "2026-03-01 09:00", [RED]).trace.notes == (BLIND,)
    assert say(service, "Hello", "2026-03-01 09:01").trace.notes == ()


def test_a_model_that_cannot_see_is_told_what_a_picture_is_called(serve):
    chat = ScriptedChat({"semantic": [fact(MUG, "mug"), NOTHING], "reasoning": answer("Nice.")})
    service = serve(chat)
    say(service, "This is my grandmother's mug", "2026-03-01 09:00", [RED])
    service.wait()
    told = listen(chat)
    say(service, "What colour?", "2026-03-01 09:05")
    assert "[picture: my grandmother's mug (mug)]\nUser: This is" in said(told[-1])
    say(service, "And this?", "2026-03-01 09:06", [RED, BLUE])
    assert "And this?\n[picture: my grandmother's mug (mug)]\n[picture: this model cannot see it]" in said(told[-1])


def test_a_model_that_sees_knows_which_picture_is_which(serve):
    chat = ScriptedChat(
        {
            "semantic": [fact(MUG, "mug"), NOTHING, NOTHING],
            "reasoning": [answer("Nice."), answer("Oh."), answer("Yes.")],
        }
    )
    service = serve(chat, sight=Sight(ColourEmbedder()), style=Style(sees=True))
    say(service, "This is my grandmother's mug", "2026-03-01 09:00", [RED])
    say(service, "That is the sky", "2026-06-01 08:50", [BLUE])
    service.wait()
    told = listen(chat)
    say(service, "Do you know this?", "2026-06-01 09:00", [RED_AGAIN])
    text = said(told[-1])
    assert len(parts(told[-1], "image_url")) == 3
    assert "[picture 1]\nUser: That is the sky" in text
    assert "Do you know this?\n[picture 2]" in text
    assert f"{MUG_SEEN} [picture 3]" in text


def test_a_model_that_sees_is_shown_all_of_a_message_and_the_newest_before_it(serve):
    chat = ScriptedChat({"reasoning": answer("Nice.")})
    service = serve(chat, style=Style(sees=True))
    shades = [photo(((shade, 0, 0), (0, 0, 200, 100))) for shade in range(0, 250, 17)]
    for number, shade in enumerate(shades[:6]):
        say(service, f"Look {number}", f"2026-03-01 09:0{number}", [shade])
    told = listen(chat)
    say(service, "And all these?", "2026-03-01 09:10", shades[6:14])
    assert len(parts(told[-1], "image_url")) == 4 + 8
    assert "[picture 1]\nUser: Look 2" in said(told[-1])
    assert "[a picture]\nUser: Look 1" in said(told[-1])
    assert "And all these?\n" + "\n".join(f"[picture {number}]" for number in range(5, 13)) in said(told[-1])


def test_a_model_that_sees_is_shown_the_picture_when_it_extracts(serve):
    for sees, pictures in ((True, 1), (False, 0)):
        chat = ScriptedChat({"reasoning": answer("Nice.")})
        service = serve(chat, style=Style(sees=sees))
        say(service, "Look", f"{2027 - sees}-03-01 09:00", [RED])
        told = listen(chat)
        service.wait()
        assert sum(len(parts(messages, "image_url")) for messages in told) == pictures


@pytest.mark.photos
@pytest.mark.parametrize("file", [None, b"no weights"])
def test_broken_weights_stop_nothing_and_what_was_shown_is_looked_at_when_they_are_whole(serve, tmp_path, caplog, file):
    folder = tmp_path / "clip"
    folder.mkdir()
    if file:
        (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": {}, "preprocess_cfg": {}}))
        (folder / "open_clip_model.safetensors").write_bytes(file)
    script = {"semantic": [fact(MUG, "mug"), NOTHING], "reasoning": [answer("Nice."), retrieve("mug"), answer("Yes.")]}
    service = serve(ScriptedChat(script), sight=Sight(ClipEmbedder(str(folder), ColourEmbedder.name), Broken()))
    say(service, "This is my grandmother's mug", "2026-03-01 09:00", [RED])
    service.wait()
    assert seen(say(service, "Where is my mug?", "2026-04-01 09:00")) == [MUG_SEEN]
    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 2, "the detector and the embedder, each once"
    assert "PERSONA_IMAGE_EMBEDDER" in service.memory.sight.off
    service = serve(ScriptedChat({"reasoning": [retrieve("it"), answer("Yes.")]}), sight=Sight(ColourEmbedder()))
    service.wait()
    assert MUG_SEEN in seen(say(service, "Do you know this?", "2026-06-01 09:00", [RED_AGAIN]))


def test_a_damaged_file_costs_the_picture_and_not_the_reply(serve):
    script = {"semantic": fact(MUG, "mug"), "reasoning": [answer("Nice."), retrieve("mug"), answer("Yes.")]}
    service = serve(ScriptedChat(script), sight=Sight(ColourEmbedder()), style=Style(sees=True))
    say(service, "This is my grandmother's mug", "2026-03-01 09:00", [RED])
    for path in (service.memory.folder / "photos").rglob("*"):
        if path.is_file():
            path.write_bytes(b"\x89PNG broken")
    service.wait()
    turn = say(service, "Do you know this?", "2026-06-01 09:00", [RED_AGAIN])
    assert turn.reply == "Yes."


@pytest.mark.photos
def test_doctor_says_whether_photos_are_found_by_sight(monkeypatch, tmp_path):
    def finding():
        return next(one for one in examine(Settings()) if one.what == "photo memory")

    monkeypatch.setenv("PERSONA_CACHE_DIR", str(tmp_path / "cache"))
    assert finding().state == "off"
    assert "persona models pull clip-vit-b-32" in finding().detail
    (tmp_path / "clip").mkdir()
    monkeypatch.setenv("PERSONA_IMAGE_EMBEDDER", str(tmp_path / "clip"))
    assert "cannot be loaded" in finding().detail


class Fails(ColourEmbedder):
    """Weights that load and then fail."""

    def pictures(self, images):
        raise MemoryError("no room")


def test_an_image_tower_that_fails_in_any_way_costs_no_reply(serve):
    script = {"semantic": fact(MUG, "mug"), "reasoning": [answer("Nice."), answer("Yes.")]}
    service = serve(ScriptedChat(script), sight=Sight(Fails()))
    say(service, "This is my grandmother's mug", "2026-03-01 09:00", [RED])
    service.wait()
    assert say(service, "Do you know this mug?", "2026-06-01 09:00", [RED_AGAIN]).reply == "Yes."
    assert "MemoryError" in service.memory.sight.off


def test_an_embedder_that_is_set_and_not_here_costs_no_reply(monkeypatch, tmp_path):
    monkeypatch.setenv("PERSONA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PERSONA_IMAGE_EMBEDDER", "clip-vit-b-32")
    monkeypatch.setattr(extras, "find_spec", lambda _name: pytest)  # as if [photos] were installed
    assert "persona models pull clip-vit-b-32" in build_sight(Settings()).off


def in_index(service):
    return service.memory.photo_search._index.search_by_text("ada", ["red", "blue"], 9)


def test_a_start_without_weights_keeps_what_was_looked_at_and_looks_at_the_rest_later(serve):
    script = {"semantic": [fact(MUG, "mug"), NOTHING], "reasoning": answer("Nice.")}
    service = serve(ScriptedChat(script), sight=Sight(ColourEmbedder()))
    say(service, "This is my grandmother's mug", "2026-03-01 09:00", [RED])
    service.wait()
    service = serve(ScriptedChat(script), sight=Sight())
    say(service, "The sky", "2026-03-02 09:00", [BLUE])
    service.wait()
    service.memory.forget("ada", service.memory.memories.entries("ada", kind="photo")[0].id)
    looked = []

    class Counts(ColourEmbedder):
        def pictures(self, images):
            looked.append(len(images))
            return super().pictures(images)

    service = serve(ScriptedChat(script), sight=Sight(Counts()))
    service.wait()
    assert len(in_index(service)) == 1, "what was forgotten meanwhile is gone"
    assert sum(looked) == 1
    service = serve(ScriptedChat(script), sight=Sight(Counts()))
    service.wait()
    assert sum(looked) == 1, "what was looked at is not looked at again"


def test_other_weights_under_the_same_name_look_at_everything_anew(serve, tmp_path):
    first, second = (ClipEmbedder(str(tmp_path), "mine") for _ in range(2))
    assert first.name == second.name
    (tmp_path / "open_clip_model.safetensors").write_bytes(b"other weights")
    assert ClipEmbedder(str(tmp_path), "mine").name != first.name
