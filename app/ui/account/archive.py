"""Export and import of all data of a user as one file."""

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

_MAX_ARCHIVE_MB = 1024


def draw(here: Here, *, known: bool) -> None:
    """Draw export and import; a user without data cannot export."""
    st.subheader("Everything in one file", anchor=False)
    with st.grid(2, min_column_width=280, gap="medium"):
        with st.container(border=True, key="export-card", gap="small", height="stretch"):
            st.markdown("**Export**")
            st.caption(
                "Messages, memories, pictures, personality and consent choices, without anything that was forgotten. The file "
                "is not encrypted, so keep it safe."
            )
            _offer(here, known=known)
        with st.container(border=True, key="import-card", gap="small", height="stretch"):
            st.markdown("**Import**")
            st.caption("A file that was exported here or on another machine. It is imported completely or not at all.")
            _accept(here)


def export_archive(memory: Memory, user: str) -> tuple[bytes, dict[str, int]]:
    """Return the archive of a user, and counts of its content.

    Raises:
        PersonaError: There is no such user, or the archive cannot be written.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "archive.zip"
        counts = memory.export_user(user, file)
        return file.read_bytes(), counts


def import_archive(memory: Memory, name: str, data: bytes, only: str | None = None) -> tuple[str, dict[str, int]]:
    """Import an archive completely or not at all; return the user and counts of the content.

    Args:
        memory: The memory to import into.
        name: The name of the file.
        data: The content of the file.
        only: The only user who may be in it; None: any user.

    Raises:
        PersonaError: The archive is damaged, belongs to another user, or its user already exists.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / (Path(name).name or "archive.zip")
        try:
            file.write_bytes(data)
            archive = ArchiveReader(file)
            user = archive.manifest.user
            archive.close()
            if only is not None and user != only:
                raise InvalidInput("This archive belongs to another person. You can import only your own.")
            if memory.journal.knows(user):
                raise InvalidInput(
                    f"{user} already exists, and an archive cannot be merged into existing data. "
                    "Delete that user at the bottom of this page, then import the file again."
                )
            return memory.import_user(file)
        except PersonaError as error:
            # The temporary folder means nothing to the person.
            raise type(error)(error.message.replace(f"{folder}/", "")) from error


def _offer(here: Here, *, known: bool) -> None:
    if not st.button("Create the file", key="export", icon=":material/archive:", disabled=not known):
        return
    try:
        with st.spinner("Creating the file"):
            data, counts = export_archive(here.memory, here.user)
    except PersonaError as error:
        st.error(wording.sentence(error.message))
        return
    st.caption(f"It contains {account_wording.holds(counts)} ({account_wording.size(len(data))}).")
    st.download_button(
        "Download", data, account_wording.file_name(here.user, ".zip", clock.now()), "application/zip",
        key="download-archive", on_click="ignore", type="primary", icon=":material/download:",
    )  # fmt: skip


def _accept(here: Here) -> None:
    file = st.file_uploader("An archive (.zip)", type="zip", key="archive", max_upload_size=_MAX_ARCHIVE_MB)
    if file is None or not st.button("Import", key="import", type="primary", icon=":material/unarchive:"):
        return
    try:
        with st.spinner("Importing"):
            only = here.user if auth.asks_to_sign_in() else None
            user, counts = import_archive(here.memory, file.name, file.getvalue(), only)
    except PersonaError as error:
        st.error(wording.sentence(error.message))
        return
    identity.become(user, f"{user} was imported: {account_wording.holds(counts)}.")
