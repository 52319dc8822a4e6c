"""One whole turn, the three in a row, for Studio and the evals: respond, remember, and consolidate what has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from graph import consolidate, forgetting, remember, respond
from graph.briefing import Style
from graph.context import Context, context_of
from graph.state import PersonaState, TurnInput
from memory.sensitive import NAMED

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langgraph.graph.state import CompiledStateGraph

    from memory.store import Memory


def build(
    reply_chat: BaseChatModel,
    background_chat: BaseChatModel,
    memory: Memory,
    style: Style | None = None,
    *,
    asks: bool = False,
    confirms: bool = False,
) -> CompiledStateGraph[PersonaState, Context, TurnInput, PersonaState]:
    """Wire the graph.

    Args:
        reply_chat: The model that reasons and answers.
        background_chat: The same model, for what nobody waits for.
        memory: What is known.
        style: How prompts are made.
        asks: Where a message is held for being sensitive, interrupt with the question; resumed with `approve` or `reject`,
            it does that, and with anything else it goes on waiting. Needs a checkpointer, as Studio's server has.
        confirms: Where a message asks to forget something, interrupt with what would be forgotten; resumed with `forget`, that
            is done, with anything else nothing is. Needs a checkpointer too.
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
        while item := memory.pending.next_of(context.user_id, due_only=False):
            if item.kind == "remember":
                remembering.invoke({"turn_id": item.subject}, context=context)
            else:
                session = int(item.subject)
                consolidating.invoke({"session": session}, context=context)
        return {"remembered": True, "consolidated": session}

    def ask_consent(state: PersonaState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Ask the person whether what is sensitive in this turn may be remembered."""
        user_id = context_of(runtime).user_id
        waits = [one for one in memory.held.waiting(user_id) if one.turn_id == state["turn_id"]]
        for one in waits:
            question = f"This was about {NAMED[one.topic]}. May it be remembered?"
            about = {"topic": one.topic, "message": one.text, "facts": list(one.facts)}
            match interrupt({"question": question, "answers": ["approve", "reject", "later"], **about}):
                case "approve":
                    memory.approve(user_id, one.turn_id)
                case "reject":
                    memory.reject(user_id, one.turn_id)
        return {}

    graph = StateGraph(PersonaState, context_schema=Context, input_schema=TurnInput)
    steps: dict[str, Any] = {
        "respond": respond.build(reply_chat, memory, style),
        **({"ask_forgetting": forgetting.asker(memory)} if confirms else {}),
        "remember": run_remember,
        **({"ask_consent": ask_consent} if asks else {}),
    }
    graph.add_sequence(list(steps.items()))
    graph.add_edge(START, "respond")
    graph.add_edge(next(reversed(steps)), END)
    return graph.compile(name="persona")
