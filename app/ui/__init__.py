"""The Streamlit page: layout, sign-in, sidebar and live replies; one package for each page."""

__all__ = ["auth", "layout", "memory_actions", "program", "sidebar", "wording"]
