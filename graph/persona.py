"""One whole turn, the three in a row, for Studio and the evals: respond, remember, and consolidate what has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from graph import consolidate, remember, respond
from graph.briefing import Style
from graph.context import Context, context_of
from graph.state import PersonaState, TurnInput

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langgraph.graph.state import CompiledStateGraph

    from memory.store import Memory


def build(
    reply_chat: BaseChatModel, background_chat: BaseChatModel, memory: Memory, style: Style | None = None
) -> CompiledStateGraph[PersonaState, Context, TurnInput, PersonaState]:
    """Wire the graph.

    Args:
        reply_chat: The model that reasons and answers.
        background_chat: The same model, for what nobody waits for.
        memory: What is known.
        style: How prompts are made.
    """
    style = style or Style()
    remembering = remember.build(background_chat, memory, style)
    consolidating = consolidate.build(background_chat, memory, style.prompts, style.budgets)

    def run_remember(state: PersonaState, runtime: Runtime[Context]) -> dict[str, Any]:  # noqa: ARG001 - LangGraph's signature
        """Do all the user's pending work up to this turn, in order."""
        context = context_of(runtime)
        if context.off_the_record:
            return {"remembered": False, "consolidated": None}
        session = None
        while item := memory.pending.next(user_id=context.user_id, due_only=False):
            if item.kind == "remember":
                remembering.invoke({"turn_id": item.subject}, context=context)
            else:
                session = int(item.subject)
                consolidating.invoke({"session": session}, context=context)
        return {"remembered": True, "consolidated": session}

    graph = StateGraph(PersonaState, context_schema=Context, input_schema=TurnInput)
    graph.add_node("respond", respond.build(reply_chat, memory, style))
    graph.add_node("remember", run_remember)
    graph.add_edge(START, "respond")
    graph.add_edge("respond", "remember")
    graph.add_edge("remember", END)
    return graph.compile(name="persona")
