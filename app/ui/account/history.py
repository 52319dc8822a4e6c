"""Bring your history: a file of another program is looked into, imported in the background, and undone as a whole."""

from __future__ import annotations

import shutil
import zoneinfo
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import IO, TYPE_CHECKING, Any, cast

import streamlit as st

from app.ui import layout as frame
from app.ui import wording
from app.ui.account import history_wording
from app.ui.layout import Here
from memory.core import clock
from memory.core.errors import PersonaError
from memory.imports.taken_as import OtherPerson

if TYPE_CHECKING:
    from app.importers.importing import Wanted
    from app.importers.preview import Preview
    from app.importers.upload import Upload
    from app.importing_jobs import Job
    from memory.imports.lines import Import, ReadingDepth

_MOST_MB = 1024
_TICK_S = 1.0
_READING_TICK_S = 5.0
_MOST_ROWS = 500
_ROW_HEIGHT_PX, _SHOWN_ROWS = 35, 10
_AMBIGUOUS = "ambiguous_dates"
_DROPPED = "shown-history"
"""The layout clears what begins with "shown" when another user is chosen."""
_ROUND = "history-round"
_UNDO = "shown-import-to-undo"


@dataclass
class Dropped:
    """The file that a person dropped, and what was last found in it.

    Attributes:
        file_id: Streamlit's name of it.
        upload: The file.
        asked: The choices that it was looked into with.
        found: What is in it; None: it cannot be read so.
        error: Why it cannot be read.
        rows: The conversations as a table.
        people: Who writes in it, the most talkative first, in talk between people.
        me: Who of them is the person, as the file says; empty: it does not say it, or says several.
    """

    file_id: str
    upload: Upload
    asked: Wanted | None = None
    found: Preview | None = None
    error: PersonaError | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    me: str = ""


def draw(here: Here) -> None:
    """Draw the import that runs, or the field for a file; and the imports so far."""
    st.subheader("Bring your history", anchor=False)
    job = here.replies.service.importing.of(here.user)
    with st.container(border=True, key="history-card", gap="small"):
        if job is not None and not job.done.done():
            st.fragment(_running, run_every=_TICK_S)(job)
        else:
            if job is not None:
                _ended(here, job)
            _offer(here)
    _imports(here)


def _running(job: Job) -> None:
    if job.done.done():
        st.rerun()
    st.progress(job.share, wording.sentence(history_wording.running(job)))
    st.caption("It goes on when you leave this page or close it.")


def _ended(here: Here, job: Job) -> None:
    error = job.done.exception()
    if error is not None:
        st.error(wording.sentence(history_wording.without_options(str(error))))
    else:
        report = job.done.result()
        steps = here.memory.imports.reading.steps(here.user)
        st.success(wording.sentence(f"{job.name}: {history_wording.added(report)}"))
        for told in (
            history_wording.left_out(report["skipped"]), history_wording.me(report["me"]),
            history_wording.waiting(report["waiting"]), history_wording.pending(steps.get(report["id"], 0)),
        ):  # fmt: skip
            if told:
                st.caption(wording.sentence(told))
    st.button("Close", key="close-import", on_click=here.replies.service.importing.put_away, args=(here.user,))


def _offer(here: Here) -> None:
    st.caption(
        "What you said to ChatGPT, Claude or Gemini, and what you wrote in WhatsApp, Telegram, Signal, Discord and others, as "
        "the file that the program exports. You see what is in it before anything is written. Files up to 1 GB fit here; "
        "`persona import` on the command line takes any size, and folders."
    )
    number = st.session_state.setdefault(_ROUND, 0)
    file = st.file_uploader("An export", key=f"history-{here.user}-{number}", max_upload_size=_MOST_MB)
    if file is None:
        _drop()
        return
    try:
        dropped = _dropped(file.name, file.file_id, file)
    except OSError as error:
        st.error(wording.sentence(f"The file cannot be stored ({error.strerror}). Free some space, then drop it again."))
        return
    wanted = _look(here, dropped, _choices(dropped))
    if dropped.error is not None:
        _refused(dropped.error)
    _questions(dropped.error)
    if dropped.found is not None:
        _show(dropped, wanted)
    if dropped.people:
        _who(dropped)
    if dropped.found is not None:
        _import(here, dropped, dropped.found, wanted)


def _drop() -> None:
    """Remove the file that was dropped before, if any."""
    before: Dropped | None = st.session_state.pop(_DROPPED, None)
    if before is not None:
        before.upload.remove()
    for name in ("order", "format", "me", "depth", "zone", "since"):
        st.session_state.pop(_key(name), None)


def _dropped(name: str, file_id: str, data: IO[bytes]) -> Dropped:
    """Return the dropped file in a temporary folder, where importers can open it."""
    from app.importers.upload import Upload

    kept: Dropped | None = st.session_state.get(_DROPPED)
    if kept is not None and kept.file_id == file_id:
        return kept
    _drop()
    upload = Upload(name)
    with upload.path.open("wb") as out:
        shutil.copyfileobj(data, out)
    kept = st.session_state[_DROPPED] = Dropped(file_id, upload)
    return kept


def _key(name: str) -> str:
    return f"shown-history-{name}"


def _choices(dropped: Dropped) -> Wanted:
    """Draw the choices that every file has; return them with the answers to what a file asks, which are drawn below it."""
    from app.importers.conversations import Choices
    from app.importers.importing import Wanted

    zones = _zones()
    with st.grid(2, min_column_width=220, gap="medium"):
        zone = st.selectbox(
            "Time zone", zones, index=_place(zones, st.context.timezone), key=_key("zone"),
            help="Where you were: for files whose times name no zone, such as WhatsApp's.",
        )  # fmt: skip
        since = st.date_input(
            "From this day on", value=None, min_value=date(1970, 1, 1), key=_key("since"), format="YYYY-MM-DD",
            help="Leave it empty to import everything.",
        )  # fmt: skip
    begin = clock.parse_time(f"{since} 00:00", zone) if since else None
    me = st.session_state.get(_key("me")) or ""
    choices = Choices(zone, "" if me == dropped.me else me, st.session_state.get(_key("order")))
    return Wanted(choices, st.session_state.get(_key("format")) or "", begin)


@cache
def _zones() -> list[str]:
    return sorted(zoneinfo.available_timezones())


def _place(zones: list[str], zone: str | None) -> int | None:
    """Return the place of the browser's zone; without one, this machine's applies."""
    return zones.index(zone) if zone in zones else None


def _look(here: Here, dropped: Dropped, wanted: Wanted) -> Wanted:
    """Look into the file, unless that was done with these choices before; return them, with whom an earlier import took."""
    from app.importers.person import person_of
    from app.importers.preview import preview

    if dropped.asked == wanted:
        return wanted
    dropped.found, dropped.error, dropped.rows = None, None, []
    person = person_of(here.memory, here.user)
    try:
        with st.spinner("Looking into the file"):
            try:
                found = preview(dropped.upload.path, wanted, person)
            except OtherPerson as error:
                if wanted.choices.me or not error.me:
                    raise
                # The person chose that one before, and can choose another one.
                wanted = replace(wanted, choices=replace(wanted.choices, me=error.me))
                found = preview(dropped.upload.path, wanted, person)
                st.session_state[_key("me")] = error.me
    except PersonaError as error:
        dropped.error = error
        error.message = dropped.upload.in_words(error).message
    else:
        dropped.found, dropped.rows = found, history_wording.rows(found, _MOST_ROWS)
        dropped.people = [name for name in sorted(found.people, key=lambda name: -found.people[name]) if name]
        if not wanted.choices.me:
            dropped.me = found.me if found.me in dropped.people else ""
    dropped.asked = wanted
    return wanted


def _refused(error: PersonaError) -> None:
    message = history_wording.other_person(error.me) if isinstance(error, OtherPerson) else error.message
    told = wording.sentence(history_wording.without_options(message))
    if error.code == _AMBIGUOUS:
        st.warning(told)
    else:
        st.error(told)


def _questions(error: PersonaError | None) -> None:
    """Ask what only some files ask; a question stays once it is answered."""
    if _key("order") in st.session_state or (error is not None and error.code == _AMBIGUOUS):
        st.radio(
            "In this file's dates, the first number is", [True, False], index=None, key=_key("order"), horizontal=True,
            format_func=lambda day_first: "the day" if day_first else "the month",
        )  # fmt: skip
    if _key("format") in st.session_state or (error is not None and "--format" in error.message):
        formats = _formats()
        st.selectbox(
            "It comes from", list(formats), index=None, key=_key("format"), format_func=formats.__getitem__,
            placeholder="Choose a program",
        )  # fmt: skip


def _formats() -> dict[str, str]:
    from app.importers.recognition import labels_by_name

    return labels_by_name()


def _show(dropped: Dropped, wanted: Wanted) -> None:
    found = cast("Preview", dropped.found)
    st.markdown(f"**{wording.sentence(history_wording.found(found))}**")
    rows = dropped.rows
    if rows:
        height = _ROW_HEIGHT_PX * (min(len(rows), _SHOWN_ROWS) + 1) + 3
        st.dataframe(rows, hide_index=True, height=height, key=_key("table"))
    if len(found.conversations) > len(rows):
        st.caption(f"These are the newest {len(rows):,} conversations.")
    if found.left_out:
        st.caption(wording.sentence(history_wording.left_out(found.left_out)))
    for told in (history_wording.would_add(found), history_wording.me(found.me, wanted.choices.me)):
        if told:
            st.caption(wording.sentence(told))
    if found.places:
        with st.expander("Where, and how dates were read", type="compact"):
            st.text("\n".join(found.places))


def _import(here: Here, dropped: Dropped, found: Preview, wanted: Wanted) -> None:
    depth = _depth(here, found) if found.added.turns else wanted.depth
    ready = found.adds and not found.asks_me
    if not st.button("Import", key="bring", type="primary", icon=":material/input:", disabled=not ready):
        return
    try:
        here.replies.service.importing.start(here.user, dropped.upload, replace(wanted, depth=depth), found.messages)
    except PersonaError as error:
        st.error(wording.sentence(error.message))
        return
    # The upload is the import's now, and the field is empty for the next file.
    st.session_state.pop(_DROPPED)
    st.session_state[_ROUND] += 1
    st.rerun()


def _who(dropped: Dropped) -> None:
    """Ask which of the people who write is the person; whom the file says is chosen before."""
    st.session_state.setdefault(_key("me"), dropped.me or None)
    st.selectbox("Which of them are you?", dropped.people, index=None, key=_key("me"), placeholder="Choose your name")


def _depth(here: Here, found: Preview) -> ReadingDepth:
    """Ask how much of it the model reads."""
    steps = here.replies.service.steps
    seconds = {one: steps.estimate_import(found, one) for one in history_wording.DEPTHS}
    depth: ReadingDepth = st.radio(
        "What the model reads", history_wording.DEPTHS, key=_key("depth"),
        format_func=lambda one: history_wording.depth(found, one, seconds[one]),
    )  # fmt: skip
    st.caption(history_wording.depth_means(depth, timed=seconds[depth] is not None))
    return depth


def _imports(here: Here) -> None:
    done = here.memory.imports.of(here.user)
    if not done:
        return
    job = here.replies.service.importing.of(here.user)
    busy = job is not None and not job.done.done()
    left = here.memory.imports.reading.steps(here.user)
    zone = clock.zone_of(st.context.timezone)
    with st.container(border=True, key="imports-card", gap="small"):
        st.markdown("**Imported so far**")
        for number, one in enumerate(done):
            title, text = history_wording.listed(one, zone)
            with st.container(key=f"entry-import-{number}", horizontal=True, vertical_alignment="center", gap="small"):
                with st.container(gap=None):
                    st.text(title)
                    st.caption(text)
                    if left.get(one.id):
                        _reading(here, one, left[one.id])
                if left.get(one.id):
                    _pause(here, one)
                st.button(
                    "Undo", key=f"undo-{one.id}", disabled=busy or one.state != "done", width="content",
                    on_click=st.session_state.update, args=({_UNDO: one.id},),
                )  # fmt: skip
            if st.session_state.get(_UNDO) == one.id:
                _confirm(here, one)
        words, _ = here.memory.imports.shallow(here.user)
        if words:
            told = wording.counted(words, "message with its replies is", "messages with their replies are")
            st.caption(f"{told} found by words so far. By meaning, they are found a little later.")


def _reading(here: Here, one: Import, steps: int) -> None:
    """Say how far the model is with an import; while it reads, this part is drawn again and again."""
    if one.paused:
        st.caption(history_wording.paused(steps))
    else:
        st.fragment(_being_read, run_every=_READING_TICK_S)(here, one.id)


def _being_read(here: Here, import_id: str) -> None:
    steps = here.memory.imports.reading.steps(here.user).get(import_id)
    if not steps:
        st.rerun()
    now = clock.now(st.context.timezone)
    st.caption(history_wording.being_read(steps, here.replies.service.steps.remaining(here.user), now))


def _pause(here: Here, one: Import) -> None:
    st.button(
        "Go on" if one.paused else "Pause", key=f"pause-{one.id}", width="content", on_click=_turn, args=(here, one),
        help="The model goes on reading it." if one.paused else "The model leaves it unread until you go on. You can ask "
        "about it meanwhile.",
    )  # fmt: skip


def _turn(here: Here, one: Import) -> None:
    """Pause the reading of an import, or go on with it."""
    reading = here.memory.imports.reading
    try:
        (reading.resume if one.paused else reading.pause)(one.id, here.user)
    except PersonaError as error:
        # The model came to the end of it meanwhile, or it was undone elsewhere.
        frame.tell(error.message)
    here.replies.service.journaled(here.user)


def _confirm(here: Here, one: Import) -> None:
    st.warning(
        wording.sentence(
            f"Everything that {one.name} brought is removed for good, with everything that was made from it: "
            f"{history_wording.brought(one)}. You can import the file again."
        )
    )
    with st.container(horizontal=True, gap="small"):
        sure = st.button("Undo the import", key="confirm-undo", type="primary")
        st.button("Keep it", key="keep-import", on_click=st.session_state.pop, args=(_UNDO,))
    if not sure:
        return
    try:
        with st.spinner("Removing"):
            gone = here.memory.imports.undo(here.user, one.id)
    except PersonaError as error:
        st.error(wording.sentence(error.message))
        return
    st.session_state.pop(_UNDO)
    # What it says about the import is no longer so.
    here.replies.service.importing.put_away(here.user)
    frame.tell(history_wording.undone(gone))
    st.rerun()
