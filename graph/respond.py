"""RESPOND: recall and search, then reason and retrieve in turns, then answer. The user waits for this, and for nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, cast

from langchain_core.messages import AIMessage, BaseMessage
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from graph import forgetting
from graph.beginning import Beginning, is_edited, mark_edit, new_words, typed
from graph.calls.asking import notices_of
from graph.context import Context, context_of, same_user
from graph.events import AnswerDelta, Retrieving, Send, Thinking, sender
from graph.events import Recalled as Found
from graph.formats import protocol
from graph.formats.protocol import Answer, Malformed, Retrieve
from graph.input_check import checked
from graph.language import language_id
from graph.language.message_kind import asks_memory
from graph.language.question_words import asks_for_its_words
from graph.prompts import manner, sections, showing
from graph.prompts.briefing import Style, best_of, closing_words, messages_of, room_of, talk_of
from graph.prompts.budgets import BYTES_PER_TOKEN
from graph.prompts.client_text import with_attached, with_instructions
from graph.prompts.coming_up import brought_up, due_of, lines_of, recalled
from graph.prompts.evidence_lines import fitted_lines, informative
from graph.prompts.fitting import fitted, shares
from graph.prompts.shown_replies import SHOWN
from graph.replies.slip_context import compared_with
from graph.replies.slips import ReplyGuard
from graph.replies.speaking import Speaker
from graph.search_request import first_search, goes_on_from, shown_whole, window_of
from graph.state import Request, RespondState, Round, TurnInput
from memory.core.errors import NothingWritten
from memory.core.query import Query, SearchResult
from memory.core.records import Recalled, Step, Trace, Turn, TurnState
from memory.core.usage import Usage

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langgraph.graph.state import CompiledStateGraph

    from memory.memory import Memory

_FROM_CHROMA = "The index of this person is still being loaded here: the search was answered from Chroma."


class Node(Protocol):
    """A step of a turn."""

    def __call__(self, state: RespondState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Return the changes to the state."""


class Responder:
    """The nodes of the respond graph.

    Args:
        chat: The model that reasons and answers.
        memory: The memory.
        style: How prompts are made.
        stop_requested: Takes a turn id; returns whether the person has stopped the reply.
    """

    def __init__(self, chat: BaseChatModel, memory: Memory, style: Style, stop_requested: Callable[[str], bool]) -> None:
        self._chat = chat
        self._memory = memory
        self._style = style
        self._stop_requested = stop_requested
        self._beginning = Beginning(memory)
        language_id.warm()

    def recall(self, state: RespondState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Journal the message unless that is done, load what is always in the prompt, and initialise the turn's state."""
        turn = self._beginning.turn_of(state, runtime)
        with self._beginning.failing(turn):
            return self._recall(turn, context_of(runtime))

    def _recall(self, turn: Turn, context: Context) -> dict[str, Any]:
        known = self._memory.memories.profile(context.user_id)
        # In layout `cache` the other profile lines compete with all other memories for their place.
        profile = known.values() if self._style.layout == "published" else known.always()
        recent = self._memory.journal.recent(context.user_id, turn.time, turn.seq or None)
        reasoning = context.reasoning and not self._style.is_small
        style = self._style_for(context.instructions)
        shown = with_attached(turn, context.attached, style.budgets)
        talk = talk_of(shown, recent, profile, self._memory, style, reasoning=reasoning)
        evidence = self._memory.personality.evidence(context.user_id)
        replied = turn.state is TurnState.REQUEST
        coming = due_of(turn, self._memory)
        return {
            "turn": turn,
            "turn_id": turn.id,
            "current": turn.id,
            "forget": forgetting.REQUEST if replied else forgetting.recognised(turn, recent, self._memory),
            "reasoning": reasoning,
            "profile": profile,
            "personality": manner.scores_of(manner.known(evidence, context.personality_override)),
            "manner": manner.lines(evidence, context.personality_override),
            "due": lines_of(turn, coming, self._style.prompts.bring_up),
            "coming": coming,
            "instructions": context.instructions,
            "attached": context.attached,
            "language": language_id.language_of_reply(turn.text, [past.text for past in recent]),
            "recent": recent,
            "talk": talk,
            "rounds": [],
            "request": first_search(turn, forced=context.force_retrieve or goes_on_from(turn, recent) != ""),
            "steps": [],
            "reply": None,
            "stopped": False,
            "timings_ms": {"started": time.perf_counter() * 1000},
            "usage": Usage(),
        }

    def forget(self, state: RespondState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Answer a request to forget without the model: name what was found and ask, or do what the person answered."""
        turn = state["turn"]
        done = self._beginning.was_done(turn)
        if done is not None:
            # A run that went back: the request is not carried out twice.
            return {"reply": done.reply, "turn": done, "turn_id": done.id, "current": done.id, "steps": [Step(action="answer")]}
        reply, offer = forgetting.reply_to(turn, self._memory)
        sender(runtime)(AnswerDelta(reply))
        total = time.perf_counter() * 1000 - state["timings_ms"]["started"]
        timings = {"first_answer": round(total, 1), "total": round(total, 1)}
        step, usage = Step(action="answer"), Usage().timed(timings)
        trace = Trace(steps=(step,), personality=state["personality"], timings_ms=timings, usage=usage, forget=offer)
        if context_of(runtime).off_the_record or not turn.seq:
            done = forgetting.finished(turn, reply, trace)
        else:
            done = self._memory.journal.finish(turn.id, reply, trace=trace, request=True)
        return {"reply": reply, "turn": done, "steps": list(trace.steps), "usage": usage}

    def reason(self, state: RespondState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Let the model think and choose: answer now, or search memory first."""
        send = sender(runtime)
        speaker = self._speaker(state, send)
        forced = context_of(runtime).force_retrieve and not any(past["output"] for past in state["rounds"])
        messages = self._messages(state, self._style.prompts.after_retrieval)
        if forced and self._style.prompts.must_retrieve:
            messages = sections.instructed(messages, self._style.prompts.must_retrieve)
        grammar = protocol.RETRIEVE_GRAMMAR if forced else protocol.REASONING_GRAMMAR
        speech = speaker.speak(messages, grammar, quiet=forced)
        reasoned = protocol.parse_reasoning(speech.output)
        if isinstance(reasoned, Malformed) and not speech.stopped and self._style.second_try:
            problem = f"{self._style.prompts.malformed} {reasoned.problem}"
            # Both thoughts are shown one after the other, each on its own lines.
            send(Thinking("\n"))
            again = [*messages, AIMessage(speech.output or "(nothing)"), *sections.instructed([AIMessage("")], problem)]
            speech = speaker.speak(again, grammar, quiet=forced)
            reasoned = protocol.parse_reasoning(speech.output)
        took = {"timings_ms": state["timings_ms"] | speech.timings, "usage": speaker.usage}
        if speech.stopped:
            return {"reply": speech.answer, "stopped": True, **took}
        if isinstance(reasoned, Answer) and not forced:
            steps = [*state.get("steps", []), Step(think=reasoned.think, action="answer", warning=speech.warning)]
            return {"reply": speech.answer, "steps": steps, **took}
        return {"request": self._request(state, reasoned, speech.output), **took}

    def retrieve(self, state: RespondState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Search memory; results that this turn has already shown do not return."""
        request, turn = cast("Request", state.get("request")), state["turn"]
        send = sender(runtime)
        send(Retrieving(request["keywords"], request["start_time"], request["end_time"]))
        window, warning = window_of(request, turn.time)
        past = [entry for before in state.get("rounds", []) for entry in before["found"]]
        # A small model finds in notes what it overlooks in the conversation itself.
        repeats = self._style.is_small and asks_memory(turn.text)
        query = Query(
            turn.text,
            request["keywords"],
            turn.time,
            window,
            shown=frozenset(name for entry in past for name in shown_whole(entry)),
            prompt_turns=frozenset() if repeats else frozenset(state["talk"]["whole"]),
            shown_passages=frozenset(
                [*([] if repeats else state["talk"]["parts"]), *(name for entry in past for name in entry.parts)]
            ),
            shown_photos=frozenset(state["talk"]["photos"]),
            attached_photos=turn.images,
            previous_message=goes_on_from(turn, state["recent"]) if request["output"] is None else "",
        )
        found, shown = self._search(state, query, request)
        warning = request["warning"] or warning or ("Nothing in that period: searched all of it." if found.widened else None)
        if found.from_chroma:
            warning = " ".join([*([warning] if warning else []), _FROM_CHROMA])
        step = Step(
            think=request["think"],
            action="retrieve",
            query=request["keywords"] or turn.text,
            start_time=request["start_time"],
            end_time=request["end_time"],
            memory_ids=tuple(entry.id for entry in shown),
            warning=warning,
        )
        send(Found(tuple(shown)))
        this_round = Round(output=request["output"], found=shown, widened=found.widened)
        return {"rounds": [*state.get("rounds", []), this_round], "steps": [*state.get("steps", []), step], "request": None}

    def _search(self, state: RespondState, query: Query, request: Request) -> tuple[SearchResult, list[Recalled]]:
        """Search; returns the results, and those that the prompt has room for.

        What is shown is decided here: the receipt names it, and the next search returns other memories.
        """
        style, user_id = self._style_for(state.get("instructions", "")), state["turn"].user_id
        room = room_of(state, self._memory, style, request["output"])
        if style.layout == "published":
            most = replace(style.limits, size=shares(room, style.budgets)["episodic"] * BYTES_PER_TOKEN)
            found = self._memory.search_by_kind(user_id, query, most)
        else:
            tokens = sections.evidence_tokens(room, style.budgets)
            is_first = request["output"] is None and (not style.is_small or asks_memory(query.message))
            whole = min(style.whole, room // 2) if is_first else 0
            best = best_of(query.message) if style.is_small else style.room.best
            limits = replace(style.room, size=tokens * BYTES_PER_TOKEN, whole=whole * BYTES_PER_TOKEN, best=best)
            found = self._memory.search_jointly(user_id, query, limits)
        photos = {entry.photo_id for entry in found.memories if entry.photo_id}
        left = room - sections.picture_tokens(room, len(photos) if style.sees and style.shows_recalled else 0)
        if style.layout == "published":
            return found, fitted(found.memories, shares(left, style.budgets))
        tokens = max(sections.evidence_tokens(left, style.budgets), whole)
        given = informative(query.message, found.memories) if style.is_small else found.memories
        return found, fitted_lines(given, tokens)

    def answer(self, state: RespondState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Commit the reply; if the rounds brought none, ask for it directly first."""
        send = sender(runtime)
        speaker = self._speaker(state, send)
        reply, stopped = state.get("reply"), state["stopped"]
        steps, timings = list(state.get("steps", [])), dict(state["timings_ms"])
        if reply is None:
            reasoning, prompts = state["reasoning"], self._style.prompts
            messages = self._messages(state, closing_words(state, prompts) if reasoning else prompts.direct)
            grammar = protocol.ANSWER_GRAMMAR if reasoning else None
            speech = speaker.speak(messages, grammar, direct=not reasoning)
            stopped = speech.stopped
            reply = speech.answer if stopped or reasoning else protocol.plain_answer(speech.answer)
            if not reply.strip() and not stopped:
                # Nothing was inside <answer>: the stored reply is shown all the same.
                reply = speaker.say(protocol.plain_answer(speech.output))
            timings |= speech.timings
            think = getattr(protocol.parse_reasoning(speech.output), "think", "")
            steps.append(Step(think=think, action="answer", warning=speech.warning))
        reply = reply.strip()
        if not reply and not stopped:
            raise NothingWritten("The model wrote nothing that can be shown. Ask again, or use another model.")
        turn = state["turn"]
        coming = state.get("coming", [])
        found_in_all = [*(entry for past in state.get("rounds", []) for entry in past["found"]), *recalled(coming)]
        memories = {(one.id, one.turn_ids, one.parts): one.model_copy(update={"talk": ()}) for one in found_in_all}
        timings["total"] = time.perf_counter() * 1000 - timings.pop("started")
        usage = speaker.usage.timed(timings)
        trace = Trace(
            steps=tuple(steps),
            memories=tuple(memories.values()),
            personality=state["personality"],
            timings_ms={name: round(value, 1) for name, value in timings.items()},
            usage=usage,
            due=brought_up(coming, reply),
            notes=(
                *showing.notes(turn, self._memory, sees=self._style.sees),
                *forgetting.notes_of(reply, state.get("forget")),
                *notices_of(self._chat),
            ),
        )
        if context_of(runtime).off_the_record or not turn.seq:
            state_now = TurnState.STOPPED if stopped else TurnState.ANSWERED
            done = turn.model_copy(update={"reply": reply, "state": state_now, "trace": trace})
        else:
            done = self._beginning.commit(turn, reply, trace, stopped=stopped)
            if coming:
                self._memory.dates.mention(turn.user_id, coming, turn.id)
        return {"reply": reply, "turn": done, "turn_id": done.id, "current": done.id, "steps": steps, "usage": usage}

    def guarded(self, node: Node) -> Node:
        """Wrap a node: it skips a turn whose message was edited, refuses another user's turn, and marks a turn that fails."""

        def run(state: RespondState, runtime: Runtime[Context]) -> dict[str, Any]:
            state = typed(state)
            if is_edited(state):
                return new_words(state)
            same_user(runtime, state["turn"].user_id)
            with self._beginning.failing(state["turn"]):
                return node(state, runtime)

        return run

    def after_retrieve(self, state: RespondState) -> str:
        """Choose the step after a search: another round, or the answer if no search could return anything new."""
        if not state["reasoning"]:
            return "answer"
        asked = [past for past in state["rounds"] if past["output"] is not None]
        # A search always returns the nearest entries: if it returns nothing, everything that it may return has been shown.
        done = bool(asked) and (not asked[-1]["found"] or len(asked) >= self._style.max_retrievals)
        return "answer" if done else "reason"

    def _messages(self, state: RespondState, closing: str) -> list[BaseMessage]:
        messages = messages_of(state, self._memory, self._style_for(state.get("instructions", "")), closing)
        line = language_id.reply_in(state.get("language", ""))
        shown = self._style.is_small and state.get("language") in SHOWN
        if line and not shown and not asks_for_its_words(state["turn"].text):
            messages = sections.instructed(messages, f"({line})")
        return forgetting.noted(messages, self._style.prompts, state.get("forget"))

    def _style_for(self, instructions: str) -> Style:
        """Return the style of this turn's prompts."""
        return replace(self._style, prompts=with_instructions(self._style.prompts, instructions, self._style.budgets))

    def _speaker(self, state: RespondState, send: Send) -> Speaker:
        turn_id = state["turn"].id
        return Speaker(
            self._chat,
            max_tokens=self._style.budgets.output,
            started=state["timings_ms"]["started"],
            send=send,
            unwanted=lambda: self._stop_requested(turn_id),
            guard=lambda: ReplyGuard(compared_with(state, self._style.prompts)),
            before=state.get("usage"),
        )

    def _request(self, state: RespondState, reasoned: protocol.Reasoned, output: str) -> Request | None:
        """Turn a round into the next retrieval; the fallback for a malformed one is the message itself, once."""
        if isinstance(reasoned, Retrieve):
            return Request(
                output=output,
                think=reasoned.think,
                keywords=reasoned.keywords,
                start_time=reasoned.start_time,
                end_time=reasoned.end_time,
                warning=None,
            )
        problem = reasoned.problem if isinstance(reasoned, Malformed) else "It answered where it was to look first."
        if any(step.warning and step.warning.startswith("Malformed") for step in state.get("steps", [])):
            return None
        return Request(
            output=output or "(nothing)",
            think=reasoned.think,
            keywords="",
            start_time=None,
            end_time=None,
            warning=f"Malformed output: {problem} Searched with the message itself.",
        )


def build(
    chat: BaseChatModel,
    memory: Memory,
    style: Style | None = None,
    stop_requested: Callable[[str], bool] = lambda _turn_id: False,
) -> CompiledStateGraph[RespondState, Context, TurnInput, RespondState]:
    """Build the graph; see `Responder` for the arguments.

    Example:
        >>> graph = build(chat, memory)
        >>> context = Context(user_id="ada")
        >>> graph.invoke({"text": "When does my quartet rehearse?"}, context=context)["turn"].reply
        'On Thursdays at seven.'
    """
    nodes = Responder(chat, memory, style or Style(), stop_requested)
    graph = StateGraph(RespondState, context_schema=Context, input_schema=TurnInput)
    graph.add_node("recall", nodes.recall)
    wire(graph, nodes, then=END)
    return checked(graph.compile(name="respond"))


def wire(graph: StateGraph[Any, Context, TurnInput, Any], nodes: Responder, *, then: str) -> None:
    """Add the nodes of a turn to a graph that has `recall`, from its start to `then`."""
    graph.add_node("forget", nodes.guarded(nodes.forget))
    graph.add_node("reason", nodes.guarded(nodes.reason))
    graph.add_node("retrieve", nodes.guarded(nodes.retrieve))
    graph.add_node("answer", nodes.guarded(nodes.answer))
    graph.add_node("edit", mark_edit)
    graph.add_edge(START, "recall")
    graph.add_conditional_edges("recall", _after_recall, ["forget", "reason", "retrieve", "answer"])
    graph.add_conditional_edges("reason", _unless_edited(_after_reason), ["retrieve", "answer", "edit"])
    graph.add_conditional_edges("retrieve", _unless_edited(nodes.after_retrieve), ["reason", "answer", "edit"])
    for last in ("answer", "forget"):
        graph.add_conditional_edges(last, _unless_edited(lambda _state: then), [then, "edit"])
    graph.add_edge("edit", "recall")


def _unless_edited(choose: Callable[[RespondState], str]) -> Callable[[RespondState], str]:
    def chosen(state: RespondState) -> str:
        return "edit" if is_edited(state) else choose(state)

    return chosen


def _after_recall(state: RespondState) -> str:
    if state.get("forget") == forgetting.REQUEST:
        return "forget"
    if state.get("request"):
        return "retrieve"
    return "reason" if state["reasoning"] else "answer"


def _after_reason(state: RespondState) -> str:
    return "retrieve" if state.get("request") and state.get("reply") is None else "answer"
