"""LangGraph's `BaseStore` over a memory, so that an agent built elsewhere, and langmem's tools, remember with us."""

from app.store.persona_store import PersonaStore

__all__ = ["PersonaStore"]
