"""The five graphs with default settings, for `langgraph.json`, LangGraph Studio and its server.

The server keeps its own threads (checkpoints), which our promise to forget does not cover. Before `chat` or `persona` remembers
something sensitive, or forgets something, it asks by an interrupt. Background work is done as in every program of ours. `api`
adds the HTTP API of `persona api` to the server.
"""

from __future__ import annotations

from app import studio_api
from app.chat_replies import ServiceReplies
from app.service import PersonaService
from app.settings import Settings
from graph import chat as _chat_graph
from graph import consolidate as _consolidate
from graph import kept_types as _kept_types
from graph import persona as _persona
from graph import remember as _remember
from graph import respond as _respond

_kept_types.register()
_service = PersonaService.from_settings(Settings())
_memory = _service.memory
_style = _service.models.style()
_chat = _service.models.chat()


def _catch_up(user_id: str) -> int | None:
    """Do all of a user's queued work; returns the last session that was consolidated."""
    sessions: list[int] = []
    _service.wait(user_id, lambda done: sessions.append(int(done.subject)) if done.kind == "consolidate" else None)
    return sessions[-1] if sessions else None


chat = _chat_graph.build(ServiceReplies(_service))
persona = _persona.build(_chat, _chat, _memory, _style, asks=True, confirms=True, catch_up=_catch_up)
respond = _respond.build(_chat, _memory, _style)
remember = _remember.build(_chat, _memory, _style)
consolidate = _consolidate.build(_chat, _memory, _style.prompts, _style.budgets, small=_style.is_small)
api = studio_api.build(_service)
