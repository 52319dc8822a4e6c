"""One whole turn for Studio and the evals, the three graphs in a row: respond, remember, and consolidate ended sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from langgraph.graph import END, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from graph import consolidate, forgetting, remember, respond
from graph.beginning import typed
from graph.context import Context, context_of, same_user
from graph.input_check import checked
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
    catch_up: Callable[[str], int | None] | None = None,
) -> CompiledStateGraph[PersonaState, Context, TurnInput, PersonaState]:
    """Build the graph.

    Args:
        reply_chat: The model that reasons and answers.
        background_chat: The same model, for background work.
        memory: The memory.
        style: How prompts are made.
        asks: If a sensitive message is pending approval, interrupt with the question. Resumed with `approve` or `reject`,
            the graph does that; with anything else the message stays pending. Needs a checkpointer, such as Studio's server
            has.
        confirms: If a message asks to forget something, interrupt with what would be forgotten. Resumed with `forget`, the
            graph forgets it; with anything else it does nothing. Needs a checkpointer too.
        catch_up: Does all of a user's queued work, and returns the last session that was consolidated; None: the graph does
            it. For a process that does background work besides.

    Example:
        >>> graph = build(chat, chat, memory)
        >>> state = graph.invoke({"text": "When does my quartet rehearse?"}, context=Context(user_id="ada"))
        >>> state["turn"].reply, state["remembered"]
        ('On Thursdays at seven.', True)
    """
    style = style or Style()
    nodes = respond.Responder(reply_chat, memory, style, lambda _turn_id: False)
    remembering = remember.build(background_chat, memory, style)
    consolidating = consolidate.build(background_chat, memory, style.prompts, style.budgets, small=style.is_small)
    # They run inside one node: the work queue records what is done, so a thread need not.
    remembering.checkpointer = consolidating.checkpointer = False

    def recall(state: PersonaState, runtime: Runtime[Context]) -> dict[str, Any]:
        return {**nodes.recall(state, runtime), "remembered": False, "consolidated": None}

    def run_remember(state: PersonaState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Do all the user's queued work up to this turn, in order."""
        turn = typed(state)["turn"]
        context = replace(context_of(runtime), user_id=same_user(runtime, turn.user_id))
        if context.off_the_record or not turn.seq:
            return {"remembered": False, "consolidated": None}
        if catch_up is not None:
            return {"remembered": True, "consolidated": catch_up(context.user_id)}
        return {"remembered": True, "consolidated": _catch_up(memory, remembering, consolidating, context)}

    def ask_consent(state: PersonaState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Ask the person whether the sensitive content of this turn may be remembered."""
        turn = typed(state)["turn"]
        user_id = same_user(runtime, turn.user_id)
        waits = [one for one in memory.approvals.waiting(user_id) if one.turn_id == turn.id]
        for one in waits:
            question = f"This was about {NAMED[one.topic]}. May it be remembered?"
            about = {"topic": one.topic, "message": one.text, "facts": list(one.facts)}
            match interrupt({"question": question, "answers": ["approve", "reject", "later"], **about}):
                case "approve":
                    memory.approvals.approve(user_id, one.turn_id)
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
    return checked(graph.compile(name="persona"))


def _catch_up(memory: Memory, remembering: Any, consolidating: Any, context: Context) -> int | None:
    """Do all of a user's queued work; returns the last session that was consolidated."""
    session = None
    while item := memory.work.next_of(context.user_id, due_only=False):
        if item.kind == "remember":
            remembering.invoke({"turn_id": item.subject}, context=context)
        else:
            session = int(item.subject)
            consolidating.invoke({"session": session}, context=context)
    return session
