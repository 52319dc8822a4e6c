#!/usr/bin/env bash
# Surprise: chunks that a node streams by push_message(AIMessageChunk(...), state_key=None) reach stream_mode="messages", and not
# stream_events(version="v3") as events: there they stay whole messages, which langgraph-api's newer event protocol (on by default)
# drops. A chat model that yields the same chunks reaches both, with one id.
# Seen with langgraph 1.2.24, langchain-core 1.8.3. What follows: wrap text of one's own in a BaseChatModel with `_stream`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet langgraph==1.2.24 langchain-core==1.8.3
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langgraph.graph import MessagesState, StateGraph
from langgraph.graph.message import push_message

class Mine(BaseChatModel):
    _llm_type = "mine"
    def _generate(self, messages, stop=None, run_manager=None, **_):
        return ChatResult(generations=[ChatGeneration(message=AIMessage("Hello"))])
    def _stream(self, messages, stop=None, run_manager=None, **_):
        for text in ("Hel", "lo"):
            yield ChatGenerationChunk(message=AIMessageChunk(text))

def pushed(state):
    for text in ("Hel", "lo"):
        push_message(AIMessageChunk(text, id="1"), state_key=None)
    return {"messages": [AIMessage("Hello", id="1")]}

def modelled(state):
    said = Mine().invoke("x")
    return {"messages": [AIMessage("Hello", id=said.id)]}

for node in (pushed, modelled):
    graph = StateGraph(MessagesState).add_node("n", node).set_entry_point("n").compile()
    given = {"messages": [("user", "Hi")]}
    old = [m.content for m, _ in graph.stream(given, stream_mode="messages") if m.content]
    events = [e["params"]["data"][0] for e in graph.stream_events(given, version="v3") if e["method"] == "messages"]
    new = [e["event"] for e in events if isinstance(e, dict)]
    print(node.__name__, "messages:", old, "v3:", new)
    assert old == ["Hel", "lo"]
    assert bool(new) is (node is modelled)
PYTHON
