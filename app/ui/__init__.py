"""The Streamlit page: layout, sign-in, sidebar and live replies; one package for each page."""
