"""Threads of LangGraph in unit tests: graphs with a checkpointer, a model that echoes, and what is left of it in the journal."""

from __future__ import annotations

from langgraph.checkpoint.memory import InMemorySaver

from graph import persona, respond
from graph.context import Context
from graph.prompts.briefing import Style
from memory.core.records import SPOKEN
from tests.fakes import ScriptedChat, answer

ADA = Context(user_id="ada")
IN_ONE = {"configurable": {"thread_id": "one"}}
GRAPHS = ("respond", "persona")
DOG, PERU, CHILE, CAT, CUBA = SAID = (
    "I have a dog called Rex.",
    "What is the capital of Peru?",
    "And of Chile?",
    "I have a cat called Tom.",
    "And of Cuba?",
)


def echo(prompt):
    """Answer with the message, so that a reply shows which one it is to."""
    asked = prompt.rsplit("## User Input", 1)[-1]
    return answer(f"You said: {next((text for text in reversed(SAID) if text in asked), 'something')}")


def echoing():
    return ScriptedChat({"reasoning": echo})


def make(kind, memory, chat, **settings):
    graph = (
        respond.build(chat, memory, Style()) if kind == "respond" else persona.build(chat, chat, memory, Style(), **settings)
    )
    graph.checkpointer = InMemorySaver()
    return graph


def said(memory, user="ada"):
    """What counts of a user's turns, in order, with the replies."""
    return [(turn.text, turn.reply) for turn in memory.journal.turns(user) if turn.state in SPOKEN]


def states(memory, user="ada"):
    return sorted(turn.state.value for turn in memory.journal.turns(user))


def checkpoints(graph, text, config=IN_ONE):
    """The checkpoints of the turn that says `text`, oldest first: from its input on."""
    history = list(reversed(list(graph.get_state_history(config))))
    begins = next(place for place, one in enumerate(history) if one.values.get("text") == text) - 1
    after = [place for place, one in enumerate(history) if one.metadata["source"] == "input" and place > begins]
    return history[begins : after[0] if after else None]


def three(graph, context=ADA):
    for text in (DOG, PERU, CHILE):
        graph.invoke({"text": text}, IN_ONE, context=context)
