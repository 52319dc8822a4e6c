"""Answer a request to forget by program: it names what it found and asks; a yes forgets it. No model writes the reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from langgraph.types import interrupt

from graph import forget_replies
from graph.prompts.sections import instructed
from memory.core import clock
from memory.core.errors import PersonaError
from memory.core.records import ForgetOffer, Turn, TurnState
from memory.forgetting import request_rules
from memory.forgetting.request_rules import ForgetRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from langchain_core.messages import BaseMessage

    from graph.prompts.texts import Prompts
    from graph.state import PersonaState
    from memory.forgetting.cascade import Cascade
    from memory.memory import Memory

REQUEST, UNSURE = "request", "unsure"
"""What a message is: a request to forget or an answer to one; or only similar to one."""


def recognised(turn: Turn, recent: Sequence[Turn], memory: Memory) -> str | None:
    """Return whether a message is a request to forget, or an answer to one; words alone decide, so there is no wait.

    Args:
        turn: The message.
        recent: The turns of the last hour.
        memory: Asked only if the whole message is a yes or a no.
    """
    if forget_replies.answer_of(turn.text) is not None and _answers(turn, memory) is not None:
        return REQUEST
    request = request_rules.read(turn.text)
    if request is None:
        return None
    return REQUEST if request.sure and not _is_about_a_task(request, recent) else UNSURE


def reply_to(turn: Turn, memory: Memory) -> tuple[str, ForgetOffer | None]:
    """Do what a request, or an answer to one, asks for; returns the reply, and what the turn's trace keeps."""
    before = _answers(turn, memory)
    request = request_rules.read(turn.text)
    if before is not None:
        return _answered(turn, before, memory)
    if request is None or request.what == "everything":
        return forget_replies.everything(turn.user_id), None
    if request.what == "here" and not turn.seq:
        return forget_replies.unrecorded(), None
    if memory.journal.knows(turn.user_id):
        # What was said or remembered a moment ago is found by its meaning too.
        memory.index_soon(turn.user_id)
    offer = memory.offers.make(request, turn)
    if offer.state == "nothing":
        return forget_replies.nothing(offer, alone=request.alone), offer
    return forget_replies.offered(offer, alone=request.alone, recorded=bool(turn.seq)), offer


def confirm(turn: Turn, memory: Memory) -> tuple[str, ForgetOffer]:
    """Forget what a request named, and the request; returns the reply, and what the turn's trace keeps.

    Raises:
        PersonaError: The request was answered before, or everything it named is already gone.
    """
    subject, together = memory.offers.confirmed(turn)
    cascade = cast("Cascade", memory.forget(turn.user_id, subject, together=together))
    return forget_replies.done(cascade.counts(), len(cascade.mentioned)), ForgetOffer(state="done", forgotten=subject)


def noted(messages: list[BaseMessage], prompts: Prompts, is_a: str | None) -> list[BaseMessage]:
    """Tell the model that it cannot forget, if a message may ask for it."""
    return instructed(messages, prompts.cannot_forget) if is_a == UNSURE and prompts.cannot_forget else messages


def notes_of(reply: str, is_a: str | None) -> tuple[str, ...]:
    """Return the notes below a reply that claims to have forgotten something."""
    return (forget_replies.NOT_DONE,) if forget_replies.claims(reply, may_be_asked=is_a == UNSURE) else ()


def finished(turn: Turn, reply: str, trace: Any) -> Turn:
    """Return a request off the record with its reply; it is in no journal."""
    return turn.model_copy(update={"reply": reply, "state": TurnState.REQUEST, "trace": trace})


def asker(memory: Memory) -> Callable[[PersonaState], dict[str, Any]]:
    """Return the node that interrupts to ask the person whether to forget what a reply names."""

    def ask_forgetting(state: PersonaState) -> dict[str, Any]:
        turn = state["turn"]
        offer = turn.trace.forget if turn.trace is not None else None
        if offer is None or offer.state != "open":
            return {}
        named = [{"kind": one.kind, "time": clock.show(one.time), "text": one.text} for one in offer.entries]
        said = interrupt(
            {
                "question": forget_replies.question(offer),
                "answers": ["forget", "keep"],
                "entries": named,
                "more": offer.more,
                "guessed": offer.guessed,
            }
        )
        if forget_replies.answer_of(str(said)) != "yes":
            if turn.seq:
                memory.offers.keep(turn)
            return {"reply": forget_replies.kept(offer)}
        reply, _ = confirm(turn, memory)
        # The thread's state contains none of its words; the steps that are over are the server's.
        stub = turn.model_copy(update={"text": "", "reply": "", "trace": None, "state": TurnState.FORGOTTEN})
        return {"reply": reply, "turn": stub, "text": ""}

    return ask_forgetting


def _answers(turn: Turn, memory: Memory) -> Turn | None:
    """Return the request that a yes, a no or an undo answers."""
    said = forget_replies.answer_of(turn.text)
    before = memory.offers.before(turn) if said is not None else None
    offer = before.trace.forget if before is not None and before.trace is not None else None
    wanted = "done" if said == "undo" else "open"
    return before if offer is not None and offer.state == wanted else None


def _answered(turn: Turn, before: Turn, memory: Memory) -> tuple[str, ForgetOffer | None]:
    offer = before.trace.forget if before.trace is not None else None
    try:
        match forget_replies.answer_of(turn.text):
            case "yes":
                return confirm(before, memory)
            case "undo" if offer is not None and offer.forgotten is not None:
                memory.undo(turn.user_id, offer.forgotten)
                return forget_replies.brought_back(), None
            case _:
                memory.offers.keep(before)
                return forget_replies.kept(offer), None
    except PersonaError as error:
        return forget_replies.gone(error.message), None


def _is_about_a_task(request: ForgetRequest, recent: Sequence[Turn]) -> bool:
    """Return whether "delete that" may mean a text that was just written: the message before asked for something."""
    return (
        request.task_like
        and bool(recent)
        and (recent[-1].text.rstrip().endswith("?") or len(recent[-1].reply) > _MIN_TEXT_CHARS)
    )


_MIN_TEXT_CHARS = 400
"""Minimum characters of a reply that may be a text that the person asked for."""
