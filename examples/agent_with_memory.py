"""Give a LangGraph agent of your own a memory that outlasts its threads.

The agent is a plain `StateGraph` over messages. Its first node searches our memory before it asks the model, its second node
records the turn. A search finds a recorded turn at once; `PersonaService.wait` extracts facts from it.
Run it from a checkout. It uses the model that your settings name, and a folder of its own:

    persona models pull
    python examples/agent_with_memory.py
"""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langgraph.graph import END, START, MessagesState, StateGraph

from app.service import PersonaService
from app.settings import Settings
from memory.core import clock
from memory.core.query import Query
from memory.memory import Memory

RULES = "Answer in one or two sentences. These are the user's own words from earlier conversations:\n{notes}"


def build_agent(chat: BaseChatModel, memory: Memory, user: str) -> Any:
    """Build an agent that searches before it answers, and records the turn afterwards."""

    def answer(state: MessagesState) -> dict[str, Any]:
        query = Query(message=state["messages"][-1].text, keywords="", time=clock.now())
        notes = [f"- {clock.show(note.time)}: {note.text}" for note in memory.search_jointly(user, query).memories]
        rules = SystemMessage(RULES.format(notes="\n".join(notes)))
        return {"messages": [chat.invoke([rules, *state["messages"]])]}

    def record(state: MessagesState) -> dict[str, Any]:
        message, reply = state["messages"][-2:]
        memory.journal.finish(memory.receive(user, message.text, pictures=()).id, reply.text)
        return {}

    graph = StateGraph(MessagesState).add_sequence([answer, record])
    return graph.add_edge(START, "answer").add_edge("record", END).compile()


def main(service: PersonaService) -> None:
    """Ask in a new thread about something that was said in another one."""
    agent = build_agent(service.models.chat(), service.memory, "ada")
    for text in ("My quartet rehearses on Thursdays at seven.", "On which day does my quartet rehearse?"):
        thread = agent.invoke({"messages": [HumanMessage(text)]})
        print(f"{text}\n  {thread['messages'][-1].text}")
    print(f"Steps of background work: {service.wait('ada')}")
    print("Found:", *(memory.text for memory in service.memory.search("ada", "quartet")), sep="\n  ")


if __name__ == "__main__":
    with TemporaryDirectory() as folder, PersonaService.from_settings(Settings(data_dir=folder), work=False) as opened:
        main(opened)
