"""The four graphs with default settings, for `langgraph.json`, LangGraph Studio and its server.

The server keeps its own threads (checkpoints), which our promise to forget does not cover. Before `persona` remembers something
sensitive, or forgets something, it asks by an interrupt.
"""

from __future__ import annotations

import atexit

from app.factory import build_memory
from app.models.model_server import ModelServer
from app.settings import Settings
from graph import consolidate as _consolidate
from graph import kept_types as _kept_types
from graph import persona as _persona
from graph import remember as _remember
from graph import respond as _respond

_kept_types.register()
_settings = Settings()
_memory = build_memory(_settings)
atexit.register(_memory.close)
_server = ModelServer(_settings)
_style = _server.style()
_chat = _server.chat()

persona = _persona.build(_chat, _chat, _memory, _style, asks=True, confirms=True)
respond = _respond.build(_chat, _memory, _style)
remember = _remember.build(_chat, _memory, _style)
consolidate = _consolidate.build(_chat, _memory, _style.prompts, _style.budgets, small=_style.is_small)
