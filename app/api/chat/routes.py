"""The routes `/v1/models` and `/v1/chat/completions`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Body, Depends, FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from starlette.concurrency import run_in_threadpool

from app.api.callers import caller_named, key_of
from app.api.chat import answers, places
from app.api.chat.answers import Answering
from app.api.chat.front_ends import is_background_call
from app.api.chat.requests import MODELS, OFF_THE_RECORD_MODEL, Asked, ChatRequest, UnknownModel, asked, check
from app.events import AnswerDelta, Answered, Event, Recalled, Received, Retrieving, Thinking
from graph.context import MessageOptions
from memory.core import clock
from memory.core.errors import PersonaError
from memory.core.records import TurnState

if TYPE_CHECKING:
    from app.service import PersonaService
    from memory.core.records import Turn

CHAT_HEADER = "x-openwebui-chat-id"
"""The header in which a front end names the conversation."""
TURN_HEADER = "X-Persona-Turn"
"""The header of an answer with the id of the journaled turn."""
_PING_S = 15.0
_CLIENT_LEFT = 499
"""The status that proxies log for a client that left: nobody reads it."""
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"description": what}
    for status, what in {
        400: "The request is not valid, or asks for something that is not supported; the error names it",
        401: "No valid API key",
        408: "The request came too slowly",
        404: "There is no such model",
        410: "A newer message took the place of this one",
        413: "The message is too long",
        429: "Too many requests in a minute",
        502: "The model refused the prompt",
        503: "The model, or the memory, is not available",
    }.items()
}


def install(app: FastAPI) -> None:
    """Add the routes to an application."""
    # A front end lists the models before any user is there, so a key is asked for, and no person.
    has_key = [Depends(key_of)]
    app.get(
        "/v1/models",
        tags=["chat"],
        summary="List the models",
        operation_id="list_models",
        responses=_errors(401, 429),
        dependencies=has_key,
    )(list_models)
    app.get(
        "/v1/models/{model}",
        tags=["chat"],
        summary="Describe a model",
        operation_id="get_model",
        responses=_errors(401, 404, 429),
        dependencies=has_key,
    )(get_model)
    app.post(
        "/v1/chat/completions",
        tags=["chat"],
        summary="Answer a message with what is remembered",
        operation_id="create_chat_completion",
        response_model=None,
        responses={200: {"content": {"text/event-stream": {}}, "description": "The answer, whole or streamed"}, **_ERRORS},
    )(complete)


def get_model(model: str) -> dict[str, Any]:
    """Describe one model."""
    if model not in MODELS:
        raise UnknownModel(f"There is no model {model!r}. Use {' or '.join(MODELS)}.")
    return {"id": model, "object": "model", "created": 0, "owned_by": "persona"}


def list_models() -> dict[str, Any]:
    """List the two models: one remembers what is said, the other saves nothing."""
    return {"object": "list", "data": [{"id": one, "object": "model", "created": 0, "owned_by": "persona"} for one in MODELS]}


async def complete(request: Request, given: Annotated[ChatRequest, Body()]) -> Response:
    """Answer the last message; the messages before it only say where in which conversation it stands."""
    arrived = clock.instant()
    service: PersonaService = request.app.state.service
    caller = caller_named(request, given.user or "")
    check(given)
    wanted = asked(given.messages)
    if _is_front_ends_own(given):
        return await _front_end_call(service, given, request)
    if await request.is_disconnected():
        # This host was slow, and the client has probably asked another one.
        return Response(status_code=_CLIENT_LEFT)
    reply = _Reply(service, arrived)
    turn = await run_in_threadpool(reply.start, caller.user_id, wanted, given, _chat_id(request, given))
    answering = Answering(answers.id_of(turn), given.model)
    headers = {TURN_HEADER: turn.id}
    if given.stream:
        usage = given.stream_options is not None and given.stream_options.include_usage
        chunks = _streamed(reply, answering, reasoning=given.include_reasoning, usage=usage)
        return StreamingResponse(chunks, media_type="text/event-stream", headers={**headers, "Cache-Control": "no-store"})
    return await _whole(reply, answering, request, headers, reasoning=given.include_reasoning)


class Replaced(PersonaError):
    """Another request replaced the message while it was answered."""

    code = "replaced"
    # Clients repeat a request after a 409, and would replace the newer message again.
    http_status = 410


class _Reply:
    """A reply of the service, whose events arrive in an asynchronous queue.

    Args:
        service: The service.
        arrived: When its request arrived.
    """

    def __init__(self, service: PersonaService, arrived: datetime) -> None:
        self._service = service
        self._arrived = arrived
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[Event | Exception] = asyncio.Queue()
        self._turn_id = ""

    def start(self, user_id: str, wanted: Asked, given: ChatRequest, chat_id: str) -> Turn:
        """Send the message (in a thread, because it writes to the database)."""
        off = given.model == OFF_THE_RECORD_MODEL
        options = MessageOptions(off_the_record=off, instructions=wanted.instructions, attached=wanted.attached)
        memory = self._service.memory
        place = None if off else places.origin(memory, user_id, chat_id, wanted.history, wanted.text)
        text, pictures = places.with_unsaid(memory, user_id, wanted.unanswered, wanted.text, wanted.pictures)
        before = memory.threads.at(user_id, place) if place else None
        # Only hosts with one journal agree about the time.
        arrived = None if memory.hosts is None else self._arrived
        turn = self._service.start(self._deliver, user_id, text, pictures, options=options, origin=place, arrived=arrived)
        self._turn_id = turn.id
        if before is not None and before.id != turn.id:
            # Nobody will see a reply to the message that was there.
            self._service.stop(before.id)
        return turn

    async def next(self, timeout_s: float) -> Event | None:
        """Return the next event; None if there is none in time. Raises the error that ended the reply."""
        try:
            event = await asyncio.wait_for(self._events.get(), timeout_s)
        except TimeoutError:
            return None
        if isinstance(event, Exception):
            raise event
        return event

    def stop(self) -> None:
        """Stop the reply: its reader is gone."""
        self._service.stop(self._turn_id)

    def _deliver(self, event: Event | Exception) -> None:
        # The loop is closed once the server has ended.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)


async def _streamed(reply: _Reply, answering: Answering, *, reasoning: bool, usage: bool) -> AsyncIterator[str]:
    done = False
    try:
        yield answering.chunk({"role": "assistant", "content": ""})
        while not done:
            event = await reply.next(_PING_S)
            if event is None:
                yield answers.PING
            elif isinstance(event, AnswerDelta):
                yield answering.chunk({"content": event.text})
            elif isinstance(event, Answered):
                done = True
                _check_place(event.turn)
                yield answering.chunk({}, "stop")
                if usage:
                    yield answering.usage_chunk(answers.usage_of(event.turn))
            elif reasoning and (thought := _thought(event)):
                yield answering.chunk({"reasoning_content": thought})
    except PersonaError as error:
        done = True
        yield answers.failed(error)
    finally:
        if not done:
            reply.stop()
    yield answers.DONE


async def _whole(
    reply: _Reply, answering: Answering, request: Request, headers: dict[str, str], *, reasoning: bool
) -> Response:
    thoughts: list[str] = []
    while True:
        event = await reply.next(_PING_S / 10)
        if event is None:
            if await request.is_disconnected():
                reply.stop()
        elif isinstance(event, Answered):
            turn = event.turn
            _check_place(turn)
            written = answering.whole(turn.reply, "".join(thoughts), answers.usage_of(turn))
            return JSONResponse(written, headers=headers)
        elif reasoning:
            thoughts.append(_thought(event))


def _check_place(turn: Turn) -> None:
    """Refuse a reply whose message was replaced while it was written: nothing of it is kept."""
    if turn.state is TurnState.REPLACED:
        raise Replaced("A newer message took the place of this one in the conversation, so it has no reply.")


def _thought(event: Event) -> str:
    """Return what an event adds to the reasoning that a client shows; empty for none."""
    match event:
        case Thinking(text):
            return text
        case Retrieving(query):
            return f"Searching memory for: {query or 'the message itself'}\n"
        case Recalled(memories):
            return f"Found: {len(memories)}\n"
        case Received() | AnswerDelta() | Answered():
            return ""


def _is_front_ends_own(given: ChatRequest) -> bool:
    spoken = [one for one in given.messages if one.role in ("user", "assistant")]
    return is_background_call(_text(spoken[-1].content), alone=len(spoken) == 1, streamed=bool(given.stream))


async def _front_end_call(service: PersonaService, given: ChatRequest, request: Request) -> Response:
    """Answer a front end's own call by the model alone, without memory and without a trace."""
    messages = [_message(one.role, _text(one.content)) for one in given.messages]
    gone = threading.Event()
    watching = asyncio.create_task(_watch(request, gone))
    try:
        text, usage = await run_in_threadpool(service.complete, messages, gone.is_set)
    finally:
        # The thread ends too if this request is cancelled.
        gone.set()
        watching.cancel()
    answering = Answering("chatcmpl-front-end", given.model)
    if not given.stream:
        return JSONResponse(answering.whole(text, "", usage))
    chunks = [answering.chunk({"role": "assistant", "content": text}), answering.chunk({}, "stop"), answers.DONE]
    return StreamingResponse(iter(chunks), media_type="text/event-stream")


async def _watch(request: Request, gone: threading.Event) -> None:
    """Set an event once the reader of an answer is gone."""
    # After the body, nothing but the end of the connection arrives.
    while (await request.receive())["type"] != "http.disconnect":
        pass
    gone.set()


def _message(role: str, text: str) -> BaseMessage:
    if role in ("system", "developer"):
        return SystemMessage(text)
    return AIMessage(text) if role == "assistant" else HumanMessage(text)


def _text(content: str | list[dict[str, Any]] | None) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(text for part in content or () if isinstance(text := part.get("text"), str))


def _chat_id(request: Request, given: ChatRequest) -> str:
    """Return the client's id of the conversation; empty if it names none."""
    named = request.headers.get(CHAT_HEADER) or (given.metadata or {}).get("chat_id")
    return named if isinstance(named, str) else ""


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: _ERRORS[status] for status in statuses}
