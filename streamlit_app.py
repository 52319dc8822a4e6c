"""The web page: chat with the assistant and see what it remembers. Start it with `streamlit run streamlit_app.py`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.ui import auth, memory_actions, sidebar, wording
from app.ui import layout as frame
from memory.core.errors import PersonaError

_PARTS = Path(frame.__file__).parent


def main() -> None:
    """Draw the page."""
    # Our own icon file: Streamlit would fetch a named icon from a font server.
    st.set_page_config(page_title="PersonaVLM", page_icon=_PARTS / "icon.svg", layout="centered")
    st.logo(_PARTS / "icon.svg", size="large")
    st.html(_PARTS / "page.css")
    page = st.navigation(frame.pages())
    try:
        replies = frame.open_replies()
        user = auth.talking(replies.service.memory)
        here = frame.Here(replies, user)
        # The model is loaded while the person reads and writes, after the page is drawn (`sidebar.foot`).
        replies.service.announce()
        replies.service.greet(user)
        with st.sidebar:
            memory_actions.undo_list(here)
        if refused := st.session_state.pop("refused", None):
            st.error(wording.sentence(refused))
        if told := st.session_state.pop("told", None):
            st.success(wording.sentence(told))
        page.run()
        with st.sidebar:
            sidebar.foot(here)
        st.session_state.drawn = True
    except PersonaError as error:
        st.error(wording.sentence(error.message))
        st.button("Try again")


if __name__ == "__main__":
    main()
