"""The Photos page: a gallery by date or name, and a search by words or by picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st
from PIL import Image
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app.ui import layout as frame
from app.ui import memory_actions, wording
from app.ui.layout import Here
from app.ui.photos import framed_photo
from memory.browse.photos import Album, Shown, of_memory
from memory.core.errors import PersonaError
from memory.core.records import Recalled, user_key
from memory.photos.detector import small
from memory.photos.image_file import open_upright, read_picture

_PICTURES_PER_PAGE = 18
"""A multiple of two and of three, so that rows are full in both layouts."""
_DATE, _NAME, _FIND = "By date", "By name", "Search"
_FILES = ["png", "jpg", "jpeg", "webp", "gif"]


def draw(here: Here) -> None:
    """Draw the page."""
    st.title("Photos", anchor=False)
    album = Album(here.memory.browse)
    total = album.count(here.user)
    if not total:
        st.info("There are no pictures yet. Add one to a message on the Chat page and it will appear here.")
        return
    st.caption(f"{wording.counted(total, 'picture', 'pictures')}. Frames mark the things that are remembered.")
    how = st.segmented_control(
        "Show them", [_DATE, _NAME, _FIND], default=_DATE, required=True, key="shown-photos-how", label_visibility="collapsed"
    )
    if how == _FIND:
        _search(here, album)
    elif how == _NAME:
        _by_name(here, album)
    else:
        _by_date(here, album)


def _by_date(here: Here, album: Album) -> None:
    pictures, pages = _page(
        "shown-photos-date", lambda offset: album.by_date(here.user, limit=_PICTURES_PER_PAGE, offset=offset)
    )
    for month, group in framed_photo.months(pictures):
        st.subheader(month, anchor=False)
        _grid(here, group, "date")
    if pages > 1:
        st.pagination(pages, key="shown-photos-date")


def _by_name(here: Here, album: Album) -> None:
    pictures, pages = _page(
        "shown-photos-name", lambda offset: album.by_name(here.user, limit=_PICTURES_PER_PAGE, offset=offset)
    )
    if not pictures:
        st.info("No picture has a name yet. Send one and say who or what it shows. The name appears here soon after the reply.")
    _grid(here, pictures, "name")
    if pages > 1:
        st.pagination(pages, key="shown-photos-name")


def _page(key: str, read: Callable[[int], tuple[list[Shown], int]]) -> tuple[list[Shown], int]:
    """Return the pictures of the open page, and the number of pages."""
    pictures, total = read((st.session_state.get(key, 1) - 1) * _PICTURES_PER_PAGE)
    if total and not pictures:
        # The last picture of the last page was forgotten.
        del st.session_state[key]
        pictures, total = read(0)
    return pictures, -(-total // _PICTURES_PER_PAGE)


def _search(here: Here, album: Album) -> None:
    # The user is part of the widget keys, so that no user sees what another one searched for.
    whose = user_key(here.user)[:8]
    text = st.text_input("By words", key=f"find-words-{whose}", placeholder="What it shows, or what it is called")
    file = st.file_uploader("By a picture", _FILES, key=f"find-picture-{whose}")
    st.caption(here.memory.sight.off or "Searches what pictures show and what you said about them.")
    if not text.strip() and file is None:
        return
    try:
        found = _by_picture(here, album, file) if file is not None else _known(here, _by_words(here, text))
    except PersonaError as error:
        st.error(wording.sentence(error.message))
        return
    exact = file is not None and here.memory.sight.off is not None
    if not found:
        st.info("You have not sent this exact picture." if exact else "No pictures found. Browse them by date or by name.")
        return
    st.subheader("This exact picture" if exact else "Best match first", anchor=False)
    _grid(here, found, "found")


def _by_words(here: Here, text: str) -> list[Recalled]:
    return here.memory.search(here.user, text, kind="photo", limit=_PICTURES_PER_PAGE)


def _by_picture(here: Here, album: Album, file: UploadedFile) -> list[Shown]:
    """Return this exact picture first, then similar ones."""
    picture = read_picture(file.getvalue(), file.name)
    same = album.same(here.user, picture.photo.id)
    alike = _known(here, here.memory.photo_search.search_by_image(here.user, open_upright(picture.small), _PICTURES_PER_PAGE))
    return [*same, *(one for one in alike if one.photo_id != picture.photo.id)]


def _known(here: Here, found: Sequence[Recalled]) -> list[Shown]:
    records = {one.id: one for one in here.memory.memories.entries(here.user, ids=[one.id for one in found])}
    return [shown for one in found if (shown := of_memory(records.get(one.id)))]


def _grid(here: Here, pictures: Sequence[Shown], name: str) -> None:
    with st.grid(3, min_column_width=150):
        for shown in pictures:
            # The key follows the picture, not its position: details stay open when another picture is forgotten.
            key = "-".join([name, shown.photo_id[:12], *(one.id for one in shown.seen[:1])])
            with st.container(key=f"picture-{key}", gap="xsmall"):
                _card(here, shown, key)


def _card(here: Here, shown: Shown, key: str) -> None:
    _image(here, shown)
    st.text(framed_photo.name_of(shown) or "Nothing remembered yet")
    st.caption(framed_photo.day(shown))
    more = st.popover("Details", key=f"details-{key}", type="tertiary", on_change="rerun")
    if more.open:
        with more:
            _details(here, shown, key)


def _details(here: Here, shown: Shown, key: str) -> None:
    _image(here, shown, large=True)
    st.caption(wording.heading(shown.time))
    for line, record in zip(framed_photo.numbered(shown), shown.seen, strict=True):
        st.text(wording.shortened(line))
        if record.held:
            st.caption("This is remembered only after you approve its message.")
        memory_actions.buttons(here, record, key)
    if not shown.seen:
        st.caption("Nothing is remembered about it yet.")
        memory_actions.forget_button(here, shown.photo_id, key)
    turn = here.memory.browse.turns_by_id(here.user, [shown.turn_id]).get(shown.turn_id) if shown.turn_id else None
    if turn and st.button("Show it in the conversation", key=f"go-{key}", icon=":material/forum:"):
        frame.go_to_turn(turn.session, turn.id)


def _image(here: Here, shown: Shown, *, large: bool = False) -> None:
    try:
        image: Image.Image = open_upright(here.memory.photos.for_model(here.user, shown.photo_id))
    except PersonaError as error:
        st.caption(wording.markdown(error.message))
        return
    picture = framed_photo.framed(image if large else small(image), framed_photo.boxes_of(shown))
    st.image(picture, width="stretch", output_format="JPEG", alt=framed_photo.alt_of(shown))
