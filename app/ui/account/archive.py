"""Everything of a user as one file: written for them, and taken in again."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from app.ui import auth, wording
from app.ui.account import account_wording, identity
from app.ui.layout import Here
from memory.archive.zip_file import ArchiveReader
from memory.core import clock
from memory.core.errors import InvalidInput, PersonaError
from memory.memory import Memory

_LARGEST_MB = 1024


def draw(here: Here, *, known: bool) -> None:
    """Draw both ways; without anything remembered there is nothing to write."""
    st.subheader("Everything in one file", anchor=False)
    with st.grid(2, min_column_width=280, gap="medium"):
        with st.container(border=True, key="export-card", gap="small", height="stretch"):
            st.markdown("**Take it with you**")
            st.caption(
                "Messages, memories, pictures, personality and what you agreed to, without what you forgot. The file is not "
                "encrypted: keep it safe."
            )
            _offer(here, known=known)
        with st.container(border=True, key="import-card", gap="small", height="stretch"):
            st.markdown("**Bring it back**")
            st.caption("A file that was made here or on another machine. It is taken in whole, or not at all.")
            _accept(here)


def written(memory: Memory, user: str) -> tuple[bytes, dict[str, int]]:
    """Return the archive of a user, and what it holds.

    Raises:
        PersonaError: There is no such user, or it cannot be written.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "archive.zip"
        counts = memory.export_user(user, file)
        return file.read_bytes(), counts


def taken_in(memory: Memory, name: str, data: bytes, only: str | None = None) -> tuple[str, dict[str, int]]:
    """Take in an archive whole, or nothing of it; returns the user and what there is of them.

    Args:
        memory: Where it goes.
        name: What the file is called.
        data: The file.
        only: The one user who may be in it; None: anybody.

    Raises:
        PersonaError: It is damaged, another's, or its user is here already.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / (Path(name).name or "archive.zip")
        try:
            file.write_bytes(data)
            archive = ArchiveReader(file)
            user = archive.manifest.user
            archive.close()
            if only is not None and user != only:
                raise InvalidInput("This archive is another person's. You can bring back your own alone.")
            if memory.journal.knows(user):
                raise InvalidInput(
                    f"{user} is here already, and an archive is not mixed into what is there. "
                    "Delete that user first, at the bottom of this page, and bring the file in again."
                )
            return memory.import_user(file)
        except PersonaError as error:
            # Where it lay for a moment is nothing to a person.
            raise type(error)(error.message.replace(f"{folder}/", "")) from error


def _offer(here: Here, *, known: bool) -> None:
    if not st.button("Make the file", key="export", icon=":material/archive:", disabled=not known):
        return
    try:
        with st.spinner("Writing it"):
            data, counts = written(here.memory, here.user)
    except PersonaError as error:
        st.error(wording.sentence(error.message))
        return
    st.caption(f"It holds {account_wording.holds(counts)} ({account_wording.size(len(data))}).")
    st.download_button(
        "Download it", data, account_wording.file_name(here.user, ".zip", clock.now()), "application/zip",
        key="download-archive", on_click="ignore", type="primary", icon=":material/download:",
    )  # fmt: skip


def _accept(here: Here) -> None:
    file = st.file_uploader("An archive (.zip)", type="zip", key="archive", max_upload_size=_LARGEST_MB)
    if file is None or not st.button("Bring it in", key="import", type="primary", icon=":material/unarchive:"):
        return
    try:
        with st.spinner("Taking it in"):
            only = here.user if auth.asks_to_sign_in() else None
            user, counts = taken_in(here.memory, file.name, file.getvalue(), only)
    except PersonaError as error:
        st.error(wording.sentence(error.message))
        return
    identity.become(user, f"{user} is here again: {account_wording.holds(counts)}.")
