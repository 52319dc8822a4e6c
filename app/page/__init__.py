"""The parts of the Streamlit page; `streamlit_app.py` puts them together."""
