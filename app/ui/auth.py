"""Who is talking: whoever signed in, where signing in is set up; else whom the one person at this machine chooses."""

from __future__ import annotations

import streamlit as st

from memory.core.validation import check_user, user_name
from memory.memory import Memory

DEFAULT_USER = "me"


def asks_to_sign_in() -> bool:
    """Say whether an OpenID Connect provider is configured (`[auth]` in `.streamlit/secrets.toml`)."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


def talking(memory: Memory) -> str:
    """Return the user, after drawing what there is to choose; the address of the page keeps a choice through a reload.

    Whoever is not signed in where that is asked sees a button and nothing else.

    Raises:
        InvalidInput: The name cannot be a user's.
    """
    if asks_to_sign_in():
        return _signed_in()
    asked = user_name(st.query_params.get("user", DEFAULT_USER))
    chosen: str = st.session_state.setdefault("user", asked)
    known = [row["id"] for row in memory.journal.users()]
    options = list(dict.fromkeys([DEFAULT_USER, *known, chosen]))
    user = check_user(st.sidebar.selectbox("Who is talking", options, key="user", accept_new_options=True))
    if st.session_state.get("drawn_for", user) != user:
        begin_anew()
    st.query_params["user"] = user
    st.session_state.drawn_for = user
    return user


def begin_anew() -> None:
    """Drop what the page kept of another user: which conversation was open, how much of each list was shown."""
    for key in [key for key in st.session_state if str(key).startswith("shown") or key in ("session", "marked", "by_hand")]:
        del st.session_state[key]


def name_of(claims: dict[str, object]) -> str:
    """Make a user's name of what the provider says: the address, where it was verified; else who and by whom."""
    if claims.get("email") and claims.get("email_verified"):
        return str(claims["email"]).lower()
    return f"{claims.get('sub')} at {claims.get('iss')}"


def _signed_in() -> str:
    if not st.user.is_logged_in:
        st.title("A conversation that is remembered", anchor=False)
        st.write("What is remembered of you is for you alone. Sign in to go on.")
        st.button("Sign in", type="primary", on_click=st.login)
        st.stop()
    user = check_user(name_of(dict(st.user)))
    st.session_state.user = user
    with st.sidebar.container(key="quiet-signed-in"):
        st.text(f"Signed in as {st.user.get('name') or user}")
    st.sidebar.button("Sign out", on_click=st.logout, type="tertiary")
    return user
