"""A whole turn over `messages`, for front ends that know no other state: Studio's chat, Agent Chat UI, `RemoteGraph`.

One node writes the reply, so that a front end which runs it again from the checkpoint before a reply gets a new one. The
messages are what the front end shows; the prompt is made from the memory (docs/decisions/066).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langchain_core.runnables import RunnableLambda
from langgraph.config import get_stream_writer
from langgraph.graph import END, StateGraph
from langgraph.graph.message import add_messages
from langgraph.runtime import Runtime, get_runtime
from langgraph.types import interrupt
from pydantic import TypeAdapter

# pydantic makes Studio's forms from these types, and needs this TypedDict before Python 3.12.
from typing_extensions import TypedDict

from graph import forget_replies, forgetting, human_review
from graph.chat_messages import Said, reply_of, said_in
from graph.chat_stream import ReplyModel
from graph.context import Context, context_of, same_user, thread_id
from graph.events import ReplyEvent
from graph.input_check import checked
from memory.consent.sensitive import NAMED
from memory.core import clock
from memory.core.records import Turn, TurnState

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

    from memory.memory import Memory

FORGOTTEN = "(forgotten)"
"""What a message says after it was forgotten."""
_TURN: TypeAdapter[Turn] = TypeAdapter(Turn)


class ChatInput(TypedDict):
    """The new message, or a conversation that ends with it."""

    messages: Annotated[list[AnyMessage], add_messages]


class ChatState(ChatInput, total=False):
    """The conversation as a front end shows it."""

    turn: Turn
    """The last turn."""


@dataclass(frozen=True)
class Asked:
    """A message to answer.

    Attributes:
        said: The message.
        context: Whose it is, and how it is answered.
        thread: The thread that it was said in; None: no state is kept for it.
    """

    said: Said
    context: Context
    thread: str | None


class Replies(Protocol):
    """Answers messages; `app.chat_replies` does so with a `PersonaService`."""

    memory: Memory

    def answer(self, asked: Asked) -> Iterator[ReplyEvent | Turn]:
        """Journal a message and yield its turn; then the events of the reply; and last the answered turn."""

    def stop(self, turn_id: str) -> None:
        """Stop a reply in progress; the part that was shown becomes the reply."""


class Conversation:
    """The nodes of the chat graph.

    Args:
        replies: Answers messages.
    """

    def __init__(self, replies: Replies) -> None:
        self._replies = replies

    @property
    def _memory(self) -> Memory:
        return self._replies.memory

    def reply(self, state: ChatState) -> dict[str, Any]:
        """Answer the last message."""
        return self._reply(state, [])

    async def reply_async(self, state: ChatState) -> dict[str, Any]:
        """Answer the last message; a run that is cancelled stops the reply."""
        begun: list[str] = []
        try:
            return await asyncio.to_thread(self._reply, state, begun)
        except asyncio.CancelledError:
            for turn_id in begun:
                self._replies.stop(turn_id)
            raise

    def _reply(self, state: ChatState, begun: list[str]) -> dict[str, Any]:
        context, said = context_of(get_runtime(Context)), said_in(state.get("messages", []))
        if said.instructions:
            told = "\n\n".join(filter(None, (context.instructions, said.instructions)))
            context = replace(context, instructions=told)
        events = self._replies.answer(Asked(said, context, thread_id()))
        received = next(events)
        assert isinstance(received, Turn)
        begun.append(received.id)
        model = ReplyModel(events=events, send=get_stream_writer())
        streamed = model.invoke([HumanMessage(said.text)])
        turn = model.answered
        assert turn is not None
        return {"messages": [reply_of(turn, streamed.id)], "turn": turn}

    def ask_forgetting(self, state: ChatState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Interrupt to ask the person whether to forget what the reply names."""
        turn = _turn(state)
        same_user(runtime, turn.user_id)
        offer = turn.trace.forget if turn.trace is not None else None
        if thread_id() is None or offer is None or offer.state != "open":
            return {}
        named = [{"kind": one.kind, "time": clock.show(one.time), "text": one.text} for one in offer.entries]
        about = {"entries": named, "more": offer.more, "guessed": offer.guessed}
        if (
            human_review.decision(interrupt(human_review.request("forget", forget_replies.question(offer), about)))
            != human_review.APPROVE
        ):
            if turn.seq:
                self._memory.offers.keep(turn)
            return {"messages": [AIMessage(forget_replies.kept(offer))]}
        reply, _ = forgetting.confirm(turn, self._memory)
        return {"messages": [*self._without_forgotten(state, turn.user_id), AIMessage(reply)], "turn": _stub(turn)}

    def ask_consent(self, state: ChatState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Interrupt to ask the person whether the sensitive content of the turn may be remembered."""
        turn = _turn(state)
        user_id = same_user(runtime, turn.user_id)
        if thread_id() is None or not turn.seq or not self._may_wait(turn):
            return {}
        # By its words and its meaning alone: the person would wait for minutes until facts are extracted.
        self._memory.approvals.judge(user_id, turn.id, turn.text)
        for one in [one for one in self._memory.approvals.waiting(user_id) if one.turn_id == turn.id]:
            question = f"This was about {NAMED[one.topic]}. May it be remembered?"
            about = {"topic": one.topic, "message": one.text, "facts": list(one.facts)}
            match human_review.decision(interrupt(human_review.request("remember", question, about))):
                case human_review.APPROVE:
                    self._memory.approvals.approve(user_id, one.turn_id)
                case human_review.REJECT:
                    self._memory.reject(user_id, one.turn_id)
                    return {"messages": self._without_forgotten(state, user_id), "turn": _stub(turn)}
        return {}

    def _without_forgotten(self, state: ChatState, user_id: str) -> list[AnyMessage]:
        """Return the thread's messages that are forgotten by now, without their words, by the same ids."""
        messages = state["messages"]
        turn_ids = {place: one.response_metadata.get("turn_id") for place, one in enumerate(messages) if one.type == "ai"}
        turns = {one.id: one for one in self._memory.journal.turns(user_id, ids=[name for name in turn_ids.values() if name])}
        emptied: list[AnyMessage] = []
        for place, name in turn_ids.items():
            turn = turns.get(name or "")
            if turn is None or (turn.state is not TurnState.FORGOTTEN and turn.reply):
                continue
            emptied.append(AIMessage(FORGOTTEN, id=messages[place].id))
            if turn.state is TurnState.FORGOTTEN and place and messages[place - 1].type == "human":
                emptied.append(HumanMessage(FORGOTTEN, id=messages[place - 1].id))
        return emptied

    def _may_wait(self, turn: Turn) -> bool:
        """Return whether the turn may be pending approval: a person who is asked each time, or a password."""
        return self._memory.consent.mode(turn.user_id) == "each" or turn.held is not None


def build(replies: Replies) -> CompiledStateGraph[ChatState, Context, ChatInput, ChatState]:
    """Build the graph. Its interrupts need a checkpointer, such as LangGraph's server has.

    Args:
        replies: Answers messages.

    Example:
        >>> graph = build(ServiceReplies(service))
        >>> said = {"messages": [{"role": "user", "content": "When does my quartet rehearse?"}]}
        >>> graph.invoke(said, context=Context(user_id="ada"))["messages"][-1].text
        'On Thursdays at seven.'
    """
    nodes = Conversation(replies)
    graph = StateGraph(ChatState, context_schema=Context, input_schema=ChatInput)
    graph.add_node("reply", RunnableLambda(nodes.reply, afunc=nodes.reply_async, name="reply"))
    graph.add_node("ask_forgetting", nodes.ask_forgetting)
    graph.add_node("ask_consent", nodes.ask_consent)
    graph.add_edge("__start__", "reply")
    graph.add_edge("reply", "ask_forgetting")
    graph.add_edge("ask_forgetting", "ask_consent")
    graph.add_edge("ask_consent", END)
    return checked(graph.compile(name="chat"))


def _turn(state: ChatState) -> Turn:
    """Return the turn, even where it arrived as JSON over HTTP."""
    return _TURN.validate_python(state["turn"])


def _stub(turn: Turn) -> Turn:
    """Return a turn without its words; the checkpoints before are the server's."""
    return turn.model_copy(update={"text": "", "reply": "", "images": (), "trace": None, "state": TurnState.FORGOTTEN})
