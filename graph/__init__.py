"""The LangGraph graphs: they decide what to search, say and remember. Storage is in `memory`, serving in `app`."""
