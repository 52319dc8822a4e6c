"""A button that copies a text to the clipboard, which Streamlit itself cannot access."""

from __future__ import annotations

import streamlit as st

_HTML = '<button type="button" class="copy">Copy</button>'
_CSS = """
.copy { background: none; border: none; padding: 0.25rem 0; font: inherit; font-size: 0.875rem; color: var(--st-text-color);
  cursor: pointer; opacity: 0.85; }
.copy:hover, .copy:focus-visible { color: var(--st-primary-color); opacity: 1; }
"""
_JS = """
export default function ({ parentElement, data }) {
  const button = parentElement.querySelector(".copy");
  button.onclick = async () => {
    await navigator.clipboard.writeText(data.text);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };
}
"""
_COMPONENT_NAME = "persona_copy"


def button(text: str, key: str) -> None:
    """Draw the button; the text is passed to the page as data."""
    st.components.v2.component(_COMPONENT_NAME, html=_HTML, css=_CSS, js=_JS)(data={"text": text}, key=key, width="content")
