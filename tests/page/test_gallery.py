"""The page Photos: which pictures it shows, in what order, and how they are found."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.service import PersonaService
from app.ui.photos import framed_photo
from memory.browse.photos import Album, Shown
from memory.core.errors import StorageError
from memory.core.records import Box, PersonalityPoint, PhotoMemory, make_id
from memory.photos.image_file import read_picture
from memory.photos.vision import Sight
from tests.fakes import ColourEmbedder, ScriptedChat

BEGAN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
MIDDLE = (0.25, 0.25, 0.75, 0.75)
OpenPage = Callable[..., AppTest]
Seen = tuple[str, str | None, Box | None]


def photos(open_page: OpenPage, user: str = "ada", how: str | None = None) -> AppTest:
    page = open_page(user).switch_page("app/ui/views/photos.py").run()
    return page.button_group(key="shown-photos-how").set_value(how).run() if how else page


def png(colour: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(data, "PNG")
    return data.getvalue()


def sent(service: PersonaService, colour: str, *seen: Seen, day: int = 0, user: str = "ada", text: str = "See this.") -> str:
    """Send a picture, and remember what was seen in it; returns its id."""
    picture, time = read_picture(png(colour)), BEGAN + timedelta(days=day)
    service.memory.photos.keep(user, picture)
    turn = service.memory.ingest_turn(user, time, text, "Noted.", [picture.photo.id])
    memories = [
        PhotoMemory(
            id=make_id(user, "photo", turn.id, place), turn_id=turn.id, photo_id=picture.photo.id, time=time,
            caption=caption, category=category, box=box,
        )
        for place, (caption, category, box) in enumerate(seen)
    ]  # fmt: skip
    if memories:
        service.memory.memories.commit_remember(
            user, turn.id, PersonalityPoint(turn_id=turn.id, time=time), None, None, memories
        )
        service.memory.index(user)
    return picture.photo.id


def texts(page: AppTest) -> list[str]:
    return [element.value for element in page.main.text]


def captions(page: AppTest) -> str:
    return "\n".join(element.value for element in page.main.caption)


def alts(page: AppTest) -> list[str]:
    return [image.proto.imgs[0].alt for image in page.get("image")]


def opened(page: AppTest, photo_id: str) -> AppTest:
    """Open the details of a picture."""
    key = next(key for key in page.session_state if f"details-date-{photo_id[:12]}" in key)
    page.session_state[key] = True
    return page.run()


def test_without_pictures_it_says_what_to_do(open_page: OpenPage) -> None:
    page = photos(open_page)
    assert not page.exception
    assert "There are no pictures yet." in page.info[0].value
    assert not page.button_group


def test_by_date_the_newest_stands_first_below_its_month(open_page: OpenPage, service: PersonaService) -> None:
    sent(service, "red", ("the red mug", "mug", MIDDLE))
    sent(service, "teal", day=1)
    sent(service, "pink", ("Pip", "bird", None), day=40)
    sent(service, "gold", ("of Bob", None, None), user="bob")
    page = photos(open_page)
    assert not page.exception
    assert [element.value for element in page.subheader] == ["April 2026", "March 2026"]
    assert texts(page) == ["Pip (bird)", "Nothing remembered yet", "the red mug (mug)"]
    assert alts(page)[0] == "Picture of Pip (bird), sent on 10 April 2026"
    assert captions(page).startswith("3 pictures.")


def test_a_picture_that_was_sent_again_stands_once_at_its_last_day(open_page: OpenPage, service: PersonaService) -> None:
    sent(service, "red", ("the red mug", "mug", MIDDLE))
    sent(service, "teal", day=1)
    sent(service, "red", ("Nora's mug", "mug", None), day=2)
    page = photos(open_page)
    assert texts(page) == ["the red mug (mug), and 1 more", "Nothing remembered yet"]
    assert "3 March 2026" in captions(page)
    assert "1 March 2026" not in captions(page)


def test_by_name_each_thing_stands_for_itself(open_page: OpenPage, service: PersonaService) -> None:
    sent(service, "red", ("zebra", "toy", MIDDLE), ("Apple", "fruit", (0.0, 0.0, 0.5, 0.5)))
    sent(service, "teal", day=1)
    page = photos(open_page, how="By name")
    assert not page.exception
    assert texts(page) == ["Apple (fruit)", "zebra (toy)"]


def test_nothing_that_has_a_name_is_said(open_page: OpenPage, service: PersonaService) -> None:
    sent(service, "red")
    assert "No picture has a name yet." in photos(open_page, how="By name").info[0].value


def test_the_details_put_each_memory_right(open_page: OpenPage, service: PersonaService) -> None:
    photo_id = sent(service, "red", ("the red mug", "mug", MIDDLE), ("the table", "table", (0.3, 0.5, 1.0, 1.0)))
    page = opened(photos(open_page), photo_id)
    assert not page.exception
    assert texts(page)[1:] == ["1. the red mug (mug)", "2. the table (table)"]
    assert [button.label for button in page.main.button].count("Wrong") == 2
    next(button for button in page.main.button if button.label == "Forget").click().run()
    assert not page.exception
    assert "There are no pictures yet." in page.info[0].value
    assert service.memory.search("ada", "mug", kind="photo") == []
    next(button for button in page.button if button.label == "Undo").click().run()
    assert texts(page)[0] == "the red mug (mug), and 1 more"


def test_a_picture_that_nothing_is_remembered_of_is_forgotten_too(open_page: OpenPage, service: PersonaService) -> None:
    photo_id = sent(service, "red")
    page = opened(photos(open_page), photo_id)
    assert "Nothing is remembered about it yet." in captions(page)
    next(button for button in page.main.button if button.label == "Forget").click().run()
    assert not service.memory.photos.has("ada", photo_id)
    assert "There are no pictures yet." in page.info[0].value


@pytest.mark.usefixtures("asking")
def test_what_waits_for_a_word_says_so(open_page: OpenPage, service: PersonaService) -> None:
    photo_id = sent(service, "red", ("my insulin", "medicine", None), text="I was diagnosed with diabetes: my insulin.")
    page = opened(photos(open_page), photo_id)
    assert "This is remembered only after you approve its message." in captions(page)


def test_a_picture_leads_to_its_message(open_page: OpenPage, service: PersonaService) -> None:
    photo_id = sent(service, "red", ("the red mug", "mug", MIDDLE))
    page = opened(photos(open_page), photo_id)
    next(button for button in page.main.button if button.label == "Show it in the conversation").click().run()
    assert not page.exception
    assert page.session_state["marked"] == service.memory.journal.turns("ada")[0].id


def test_lost_and_damaged_files_are_said_in_a_sentence(open_page: OpenPage, service: PersonaService) -> None:
    lost, damaged = sent(service, "red"), sent(service, "teal", day=1)
    [folder] = (service.memory.folder / "photos").iterdir()
    for ending in ("", ".small"):
        (folder / f"{lost}{ending}").unlink()
        (folder / f"{damaged}{ending}").write_bytes(b"no picture")
    page = photos(open_page)
    assert not page.exception
    assert f"The picture {lost[:12]}… is not in the data folder any more." in captions(page)
    assert "A stored picture is damaged" in captions(page)
    assert len(texts(page)) == 2


def test_many_pictures_are_paged(open_page: OpenPage, service: PersonaService) -> None:
    for number in range(20):
        sent(service, f"#{number:02d}4080", (f"thing {number:02d}", None, None), day=number)
    page = photos(open_page)
    assert len(page.get("image")) == 18
    page.pagination(key="shown-photos-date").set_value(2).run()
    assert texts(page) == ["thing 01", "thing 00"]
    for photo in service.memory.photos.list("ada")[:2]:
        service.memory.forget("ada", photo.id)
    assert texts(page.run())[0] == "thing 19"
    assert not page.exception


def test_words_find_a_picture(open_page: OpenPage, service: PersonaService, monkeypatch: pytest.MonkeyPatch) -> None:
    sent(service, "red", ("the red mug", "mug", MIDDLE))
    sent(service, "teal", ("a heron", "bird", None), day=1)
    page = photos(open_page, how="Search")
    assert page.text_input[0].label == "By words"
    assert service.memory.sight.off in captions(page)
    page.text_input[0].set_value("mug").run()
    assert not page.exception
    assert texts(page)[0] == "the red mug (mug)"
    page.text_input[0].set_value("x" * 20_001).run()
    assert "20,001 characters" in page.error[0].value
    monkeypatch.setattr(service.memory, "search", lambda *_, **__: [])
    page.text_input[0].set_value("zebra").run()
    assert "No pictures found." in page.info[0].value


def test_without_sight_a_picture_finds_itself_alone(open_page: OpenPage, service: PersonaService) -> None:
    sent(service, "red")
    sent(service, "darkred", ("the red mug", "mug", None), day=1)
    page = photos(open_page, how="Search")
    page.file_uploader[0].upload("red.png", png("red"), "image/png").run()
    assert not page.exception
    assert [element.value for element in page.subheader] == ["This exact picture"]
    assert texts(page) == ["Nothing remembered yet"]


@pytest.mark.parametrize(("data", "said"), [(png("gold"), "not sent this exact picture"), (b"no picture", "not a picture")])
def test_a_picture_that_finds_nothing_or_is_none_is_said(
    open_page: OpenPage, service: PersonaService, data: bytes, said: str
) -> None:
    sent(service, "red")
    page = photos(open_page, how="Search")
    page.file_uploader[0].upload("red.png", data, "image/png").run()
    assert not page.exception
    assert said in str([element.value for element in (*page.info, *page.error)])


def test_with_sight_a_picture_finds_what_looks_like_it(
    serve: Callable[..., PersonaService], open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = serve(ScriptedChat(), sight=Sight(ColourEmbedder()))
    monkeypatch.setattr(PersonaService, "from_settings", lambda: service)
    sent(service, "red", ("the red mug", "mug", None))
    sent(service, "darkred", ("an old brick", None, None), day=1)
    page = photos(open_page, how="Search")
    page.file_uploader[0].upload("red.png", png("red"), "image/png").run()
    assert not page.exception
    assert texts(page) == ["the red mug (mug)", "an old brick"]


def test_what_cannot_be_searched_is_said(open_page: OpenPage, service: PersonaService, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StorageError("The index is away. Try again.")

    sent(service, "red")
    monkeypatch.setattr(service.memory, "search", fail)
    page = photos(open_page, how="Search")
    page.text_input[0].set_value("mug").run()
    assert page.error[0].value == "The index is away. Try again."


def test_another_user_sees_none_of_it(open_page: OpenPage, service: PersonaService) -> None:
    photo_id = sent(service, "red", ("the red mug", "mug", MIDDLE))
    assert "There are no pictures yet." in photos(open_page, "bob").info[0].value
    album = Album(service.memory.browse)
    assert album.by_date("bob", limit=9) == ([], 0)
    assert album.by_name("bob", limit=9) == ([], 0)
    assert album.same("bob", photo_id) == []


def test_a_picture_without_a_message_stands_at_when_it_was_received(service: PersonaService) -> None:
    service.memory.photos.keep("ada", read_picture(png("red")))
    (shown,), total = Album(service.memory.browse).by_date("ada", limit=9)
    assert (shown.turn_id, shown.seen, total) == (None, (), 1)
    assert abs(shown.time - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_frame_is_drawn_around_a_part_and_the_picture_is_left_as_it_is() -> None:
    image = Image.new("RGB", (160, 80), "red")
    drawn = framed_photo.framed(image, [MIDDLE])
    dark, light, red = (27, 31, 36), (255, 255, 255), (255, 0, 0)
    assert [drawn.getpixel((x, 40)) for x in (39, 40, 41, 42, 43)] == [red, dark, light, dark, red]
    assert [drawn.getpixel((x, 40)) for x in (116, 117, 118, 119, 120)] == [red, dark, light, dark, red]
    assert [drawn.getpixel((80, y)) for y in (19, 20, 21, 22, 23)] == [red, dark, light, dark, red]
    assert image.getpixel((40, 40)) == red
    assert framed_photo.framed(image, []).tobytes() == image.tobytes()


@pytest.mark.parametrize("box", [(0.0, 0.0, 1.0, 1.0), (1.0, 1.0, 1.0, 1.0), (0.5, 0.5, 0.5, 0.5), (0.99, 0.0, 1.0, 0.01)])
@pytest.mark.parametrize("size", [(1, 1), (3, 200), (640, 480)])
def test_a_part_at_the_edge_or_of_no_size_can_be_framed(box: Box, size: tuple[int, int]) -> None:
    assert framed_photo.framed(Image.new("RGB", size, "red"), [box, box]).size == size


def test_several_frames_are_numbered_as_their_names_are() -> None:
    seen = [
        PhotoMemory(id=str(place), turn_id="t", photo_id="p", time=BEGAN, caption=caption, box=box)
        for place, (caption, box) in enumerate([("mug", MIDDLE), ("all of it", None), ("table", MIDDLE)])
    ]
    shown = Shown("p", BEGAN, "t", tuple(seen))
    assert framed_photo.numbered(shown) == ["1. mug", "all of it", "2. table"]
    assert framed_photo.numbered(Shown("p", BEGAN, "t", tuple(seen[:2]))) == ["mug", "all of it"]
    assert framed_photo.alt_of(Shown("p", BEGAN, "t")) == "Picture with nothing remembered about it yet, sent on 1 March 2026"
