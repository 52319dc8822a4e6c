"""Let an agent that knows nothing but LangGraph's store remember in a person's memory.

The agent searches the person's namespace before it answers, and puts a note afterwards, as with any `BaseStore`. With a
`PersonaStore` its notes are memories: the page shows them, the assistant's own replies use them, and the agent finds what the
person told the assistant. langmem's tools take the same store: `create_manage_memory_tool(("{langgraph_user_id}", "notes"))`.
Run it from a checkout. It uses the model that your settings name, and a folder of its own:

    persona models pull
    python examples/agent_with_store.py
"""

from __future__ import annotations

import uuid
from tempfile import TemporaryDirectory
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langgraph.config import get_store
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.store.base import BaseStore

from app.service import PersonaService
from app.settings import Settings
from app.store import PersonaStore

RULES = "You plan trips. Answer in one sentence. What is known about the user:\n{notes}"


def build_agent(chat: BaseChatModel, store: BaseStore, user: str) -> Any:
    """Build an agent that searches the store before it answers, and notes each wish."""

    def answer(state: MessagesState) -> dict[str, Any]:
        wish = state["messages"][-1].text
        notes = [f"- {item.value['content']}" for item in get_store().search((user,), query=wish, limit=5)]
        reply = chat.invoke([SystemMessage(RULES.format(notes="\n".join(notes))), *state["messages"]])
        get_store().put((user, "trips"), uuid.uuid4().hex, {"content": f"Wish for a trip: {wish}"})
        return {"messages": [reply]}

    graph = StateGraph(MessagesState).add_node("answer", answer)
    return graph.add_edge(START, "answer").add_edge("answer", END).compile(store=store)


def main(service: PersonaService) -> None:
    """Tell the assistant something, ask the agent, and see what the assistant finds of the agent's note."""
    *_, _told = service.stream("ada", "I get seasick, so I travel by train.")
    service.wait("ada")
    agent = build_agent(service.models.chat(), PersonaStore(service.memory), "ada")
    said = agent.invoke({"messages": [HumanMessage("Plan a trip to Sweden by train.")]})
    print(f"The agent: {said['messages'][-1].text}")
    print("Found:", *(memory.text for memory in service.memory.search("ada", "trip to Sweden")), sep="\n  ")


if __name__ == "__main__":
    with TemporaryDirectory() as folder, PersonaService.from_settings(Settings(data_dir=folder), work=False) as opened:
        main(opened)
