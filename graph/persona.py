"""One whole turn, the three in a row, for Studio and the evals: respond, remember, and consolidate what has ended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from langgraph.graph import END, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from graph import consolidate, forgetting, remember, respond
from graph.beginning import typed
from graph.context import Context, context_of, same_user
from graph.prompts.briefing import Style
from graph.state import PersonaState, TurnInput
from memory.consent.sensitive import NAMED

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langgraph.graph.state import CompiledStateGraph

    from memory.memory import Memory


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
    nodes = respond.Responder(reply_chat, memory, style, lambda _turn_id: False)
    remembering = remember.build(background_chat, memory, style)
    consolidating = consolidate.build(background_chat, memory, style.prompts, style.budgets, small=style.is_small)
    # They run inside one node: the work queue knows what is done, and a thread need not.
    remembering.checkpointer = consolidating.checkpointer = False

    def recall(state: PersonaState, runtime: Runtime[Context]) -> dict[str, Any]:
        return {**nodes.recall(state, runtime), "remembered": False, "consolidated": None}

    def run_remember(state: PersonaState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Do all the user's pending work up to this turn, in order."""
        turn = typed(state)["turn"]
        context = replace(context_of(runtime), user_id=same_user(runtime, turn.user_id))
        if context.off_the_record or not turn.seq:
            return {"remembered": False, "consolidated": None}
        return {"remembered": True, "consolidated": _catch_up(memory, remembering, consolidating, context)}

    def ask_consent(state: PersonaState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Ask the person whether what is sensitive in this turn may be remembered."""
        turn = typed(state)["turn"]
        user_id = same_user(runtime, turn.user_id)
        waits = [one for one in memory.approvals.waiting(user_id) if one.turn_id == turn.id]
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
        **({"ask_forgetting": forgetting.asker(memory)} if confirms else {}),
        "remember": run_remember,
        **({"ask_consent": ask_consent} if asks else {}),
    }
    graph.add_node("recall", recall)
    respond.wire(graph, nodes, then=next(iter(steps)))
    graph.add_sequence(list(steps.items()))
    graph.add_edge(next(reversed(steps)), END)
    return graph.compile(name="persona")


def _catch_up(memory: Memory, remembering: Any, consolidating: Any, context: Context) -> int | None:
    """Do all of a user's pending work; returns the last session that was consolidated."""
    session = None
    while item := memory.work.next_of(context.user_id, due_only=False):
        if item.kind == "remember":
            remembering.invoke({"turn_id": item.subject}, context=context)
        else:
            session = int(item.subject)
            consolidating.invoke({"session": session}, context=context)
    return session
