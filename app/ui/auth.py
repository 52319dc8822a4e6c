"""The current user: the signed-in person where sign-in is configured, otherwise the name chosen on the page."""

from __future__ import annotations

import streamlit as st

from memory.core.validation import check_user, user_name
from memory.memory import Memory

DEFAULT_USER = "me"


def asks_to_sign_in() -> bool:
    """Return whether an OpenID Connect provider is configured (`[auth]` in `.streamlit/secrets.toml`)."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


def talking(memory: Memory) -> str:
    """Draw the choice of users and return the current user; the page's address keeps the choice through a reload.

    Where sign-in is configured, a person who is not signed in sees only the sign-in button.

    Raises:
        InvalidInput: The name is not a valid user name.
    """
    if asks_to_sign_in():
        return _signed_in()
    asked = user_name(st.query_params.get("user", DEFAULT_USER))
    chosen: str = st.session_state.setdefault("user", asked)
    known = [row["id"] for row in memory.journal.users()]
    options = list(dict.fromkeys([DEFAULT_USER, *known, chosen]))
    user = check_user(st.sidebar.selectbox("Who is talking", options, key="user", accept_new_options=True))
    if st.session_state.get("drawn_for", user) != user:
        clear_page_state()
    st.query_params["user"] = user
    st.session_state.drawn_for = user
    return user


def clear_page_state() -> None:
    """Clear the page state of the previous user: the open conversation, and how much of each list was shown."""
    for key in [key for key in st.session_state if str(key).startswith("shown") or key in ("session", "marked", "by_hand")]:
        del st.session_state[key]


def name_of(claims: dict[str, object]) -> str:
    """Return the user name for a provider's claims: the verified e-mail address, otherwise the subject and the issuer."""
    if claims.get("email") and claims.get("email_verified"):
        return str(claims["email"]).lower()
    return f"{claims.get('sub')} at {claims.get('iss')}"


def _signed_in() -> str:
    if not st.user.is_logged_in:
        st.title("An assistant that remembers you", anchor=False)
        st.write("Only you can see what is remembered about you. Sign in to continue.")
        st.button("Sign in", type="primary", on_click=st.login)
        st.stop()
    user = check_user(name_of(dict(st.user)))
    st.session_state.user = user
    with st.sidebar.container(key="quiet-signed-in"):
        st.text(f"Signed in as {st.user.get('name') or user}")
    st.sidebar.button("Sign out", on_click=st.logout, type="tertiary")
    return user
