"""From state to messages: the prompt's sections, each within its token budget, in two layouts (pure functions)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from graph.prompts.budgets import Budgets, estimate_tokens, fit
from graph.prompts.data_text import as_entry, as_message
from graph.prompts.evidence_lines import NOTES, fitted_lines, line_of
from graph.prompts.fitting import TITLES, fitted, kind_of, shares, talk_as_data, text_of
from graph.prompts.recent_turns import choose
from graph.prompts.texts import Prompts
from graph.state import RecentTalk
from memory.core import clock
from memory.core.errors import MessageTooLong
from memory.core.records import BigFive, Recalled, Turn

Layout = Literal["published", "cache"]
PICTURE_TOKENS = 300
_FRAME_TOKENS = 100
"""Kept free for headings, times and the marks between messages."""
_UNNAMED_PICTURE = "a picture"
_MAX_REPEATED_TOKENS = 200
"""A message up to this length is repeated after the search results."""
_MEMORY_TOKENS = 4_500
"""Tokens that a long previous turn leaves for search results and for the model's rounds; in a small window, a third."""
_LATER_ROUNDS_TOKENS = 300
"""Tokens that a round leaves for the text of later ones."""
_EARLIER = "(Earlier talk of this hour is left out here; memory has it.)"
_PUBLISHED = ("procedural", "semantic", "photo", "episodic")


@dataclass(frozen=True)
class Picture:
    """A photo in a prompt.

    Attributes:
        photo_id: Its id.
        url: Its data URL; None if the model gets only the words about it.
        label: What the text calls it.
    """

    photo_id: str
    url: str | None
    label: str


@dataclass(frozen=True)
class Base:
    """What every prompt of a turn contains besides the conversation: the rules, the message, the profile.

    Attributes:
        rules: The instructions and the output format.
        said: The message with the names of its photos.
        profile: Its lines.
        room: Tokens that are left of the window.
    """

    rules: str
    said: str
    profile: list[str]
    room: int


def base_of(
    turn: Turn,
    *,
    profile: Mapping[str, str],
    pictures: Sequence[Picture],
    prompts: Prompts,
    layout: Layout,
    budgets: Budgets,
    reasoning: bool,
    brief: bool = False,
) -> Base:
    """Return the fixed content of a prompt and the room that is left; `brief`: for a small model.

    Raises:
        MessageTooLong: The message does not fit into the model's window together with the instructions.
    """
    instructions = _instructions(prompts, layout)
    rules = prompts.brief if brief else f"{instructions}\n\n{prompts.output_format if reasoning else prompts.direct}"
    said = as_message(turn.text)
    hint = f"\n{prompts.with_picture}" if turn.images and reasoning and layout == "cache" else ""
    marks = marks_of(pictures)
    labels = "".join(f"\n[{as_entry(marks.get(photo, _UNNAMED_PICTURE))}]" for photo in turn.images) + hint
    shown = sum(picture.url is not None for picture in pictures)
    fixed = estimate_tokens(rules) + estimate_tokens(labels) + shown * PICTURE_TOKENS + _FRAME_TOKENS
    room = budgets.window - budgets.output - fixed
    if estimate_tokens(said) > room:
        carried = f" with its pictures ({shown}, {PICTURE_TOKENS} tokens each)" if shown else ""
        whole = estimate_tokens(said) + shown * PICTURE_TOKENS
        left = max(room + shown * PICTURE_TOKENS, 0)
        raise MessageTooLong(
            f"The message has about {whole:,} tokens{carried}; the model's window leaves {left:,}. "
            "Send it in parts, or use a model with a larger window."
        )
    room -= estimate_tokens(said)
    lines = fit([as_entry(f"{key}: {value}") for key, value in profile.items()], min(budgets.profile, room // 3))
    return Base(rules, f"{said}{labels}", lines, room)


def talk_of(base: Base, recent: Sequence[Turn], pictures: Sequence[Picture], *, layout: Layout, budgets: Budgets) -> RecentTalk:
    """Choose which turns of the last hour a prompt shows; see `graph.prompts.recent_turns`."""
    marks, room = marks_of(pictures), base.room
    share = min(budgets.recent, room // 2)
    spare = max(0, min(budgets.recent_spare, room // 4 - share)) if layout == "cache" else 0
    left = room - sum(map(estimate_tokens, base.profile))
    most = left - min(_MEMORY_TOKENS, left // 3)
    return choose(recent, lambda past: _turn_text(past, marks), share=share, spare=spare, most=most)


def opening(
    turn: Turn,
    *,
    profile: Mapping[str, str],
    personality: BigFive | None,
    recent: Sequence[Turn],
    pictures: Sequence[Picture],
    prompts: Prompts,
    layout: Layout,
    budgets: Budgets,
    reasoning: bool,
    talk: RecentTalk | None = None,
    manner: Sequence[str] = (),
    due: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> list[BaseMessage]:
    """Build the messages of the first round.

    Args:
        turn: The message.
        profile: The profile lines that are always shown.
        personality: The scores; layout `published`. None: no trait is known.
        recent: The turns of the last hour.
        pictures: The photos of the conversation.
        prompts: The texts.
        layout: The order of the sections.
        budgets: Token budgets.
        reasoning: Whether the model thinks and may retrieve.
        talk: What is shown of the last hour; None: it is chosen here.
        manner: How to write for this person, in sentences.
        due: What is coming up in the person's life, in sentences.
        notes: Results of the search with the message, as lines; layout `cache`.

    Raises:
        MessageTooLong: The message does not fit into the model's window together with the instructions.
    """
    base = base_of(
        turn, profile=profile, pictures=pictures, prompts=prompts, layout=layout, budgets=budgets, reasoning=reasoning
    )
    talk = talk or talk_of(base, recent, pictures, layout=layout, budgets=budgets)
    marks = marks_of(pictures)
    history = [_turn_text(past, marks) for past in talk["turns"]]
    sections = {
        "profile": _section("User Profile", base.profile),
        "recent": _section("Recent Conversations", [*([_EARLIER] if talk["left_out"] else []), *history]),
        "input": f"## User Input\n[{clock.show(turn.time)}]\n{base.said}",
    }
    if layout == "published":
        # PersonaVLM's weights know five numbers, and 3.0 for an unknown trait.
        scores = ", ".join(f"{trait} {score:.1f}" for trait, score in (personality or BigFive()).items())
        sections["scores"] = _section("Big Five scores", [scores])
        order = ("profile", "scores", "recent", "input")
        output_format = prompts.output_format if reasoning else prompts.direct
        text = "\n\n".join(
            [*(sections[name] for name in order), f"## Instructions\n{_instructions(prompts, layout)}", output_format]
        )
        return [human(text, pictures)]
    told = {"How to write to them": manner, "Coming up": due, NOTES: notes}
    more = [_section(title, lines) for title, lines in told.items() if lines]
    text = "\n\n".join([*(sections[name] for name in ("profile", "recent")), *more, sections["input"]])
    return [SystemMessage(base.rules), human(text, pictures)]


def rounds_of(examples: Sequence[tuple[str, str]]) -> list[BaseMessage]:
    """Return examples as earlier turns of the conversation."""
    return list(_rounds(tuple(map(tuple, examples))))


@cache
def _rounds(examples: tuple[tuple[str, ...], ...]) -> tuple[BaseMessage, ...]:
    # Every prompt has the same examples, and messages are never changed once they are made.
    return tuple(message for told, written in examples for message in (HumanMessage(told), AIMessage(written)))


def room_for_memory(
    messages: Sequence[BaseMessage], output: str | None, closing: int, budgets: Budgets, question: Turn | None
) -> int:
    """Return the tokens that are left for the results of a retrieval.

    Args:
        messages: The messages so far.
        output: The model's round.
        closing: Maximum tokens of the next instruction.
        budgets: Tokens of the window.
        question: As in `with_memory`.
    """
    again = _repeated_message(question) if question else ""
    used = tokens_of(messages) + estimate_tokens(output or "") + estimate_tokens(again) + closing + _FRAME_TOKENS
    room = max(0, budgets.window - budgets.output - used)
    return room - min(_LATER_ROUNDS_TOKENS, room // 4)


def evidence_tokens(room: int, budgets: Budgets) -> int:
    """Return the tokens for the results of one search if a prompt has `room` left; most of it stays free for later rounds."""
    return min(budgets.evidence, room // 3)


def picture_tokens(room: int, count: int) -> int:
    """Return the tokens of `count` recalled photos; 0 if they would take more than a third of the room: then none is shown."""
    tokens = count * PICTURE_TOKENS
    return tokens if tokens <= room // 3 else 0


def with_memory(
    messages: Sequence[BaseMessage],
    found: Sequence[Recalled],
    *,
    output: str | None,
    closing: str,
    budgets: Budgets,
    widened: bool = False,
    question: Turn | None = None,
    pictures: Sequence[Picture] = (),
    before: Sequence[Picture] = (),
    closing_tokens: int = 0,
) -> list[BaseMessage]:
    """Add the results of a retrieval: as the answer to the model's round, or to the message if there was no round.

    Args:
        messages: The messages so far.
        found: The results, in time order; `graph.prompts.fitting` decides which of them are shown.
        output: The model's round, word for word (so that prefix caches hit); None: the model was not asked.
        closing: The next instruction for the model.
        budgets: Token budgets.
        widened: The time window had no results and was left out.
        question: Layout `cache`: one list of dated lines, followed by the message again. None: the published order, type by
            type.
        pictures: The recalled photos, for a model that sees.
        before: Photos that the model was shown already: memories of these are marked with their number.
        closing_tokens: Tokens kept free for `closing`, which is not the same in every round; at least its own.
    """
    again = _repeated_message(question) if question else ""
    room = room_for_memory(messages, output, max(closing_tokens, estimate_tokens(closing)), budgets, question)
    shown = pictures if picture_tokens(room, len(pictures)) else ()
    marks: dict[str | None, str] = {picture.photo_id: picture.label for picture in [*before, *shown] if picture.url}
    sections = ["(Nothing more was said in the period asked for; this is from other times.)"] if widened else []
    left = room - picture_tokens(room, len(pictures))
    if question:
        lines = [line_of(entry, marks) for entry in fitted_lines(found, evidence_tokens(left, budgets))]
        sections += [_section(NOTES, lines)] if lines else []
    else:
        kept = fitted(found, shares(left, budgets))
        told = {kind: [text_of(entry, marks) for entry in kept if kind_of(entry) == kind] for kind in _PUBLISHED}
        sections += [_section(TITLES[kind], lines) for kind, lines in told.items() if lines]
    text = "\n\n".join([*sections, *([again] if again else []), closing])
    if output is None:
        return [*messages[:-1], _append(messages[-1], text, shown)]
    return [*messages, AIMessage(output), human(text, shown)]


def pictures_in(messages: Sequence[BaseMessage]) -> int:
    """Return the number of photos that messages show."""
    parts = [part for message in messages if isinstance(message.content, list) for part in message.content]
    return sum(not isinstance(part, str) and part.get("type") == "image_url" for part in parts)


def instructed(messages: Sequence[BaseMessage], text: str) -> list[BaseMessage]:
    """Add a line of instruction to the last message (two human messages in a row break some chat templates)."""
    return [*messages[:-1], _append(messages[-1], text)]


def tokens_of(messages: Sequence[BaseMessage]) -> int:
    """Return an estimate of the tokens of messages, photos at 300 each."""
    total = 0
    for message in messages:
        parts: list[Any] = message.content if isinstance(message.content, list) else [message.content]
        for part in parts:
            text = part if isinstance(part, str) else part.get("text")
            total += PICTURE_TOKENS if text is None else estimate_tokens(text) + 4
    return total


def marks_of(pictures: Sequence[Picture]) -> dict[str, str]:
    """Return the name of each photo in the text."""
    return {picture.photo_id: picture.label for picture in pictures}


def _repeated_message(turn: Turn) -> str:
    text = f"## User Input\n[{clock.show(turn.time)}]\n{as_message(turn.text)}"
    return text if estimate_tokens(text) <= _MAX_REPEATED_TOKENS else ""


def _instructions(prompts: Prompts, layout: Layout) -> str:
    parts = (prompts.instructions, prompts.scores if layout == "published" else "")
    return "\n\n".join(part for part in parts if part)


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"## {title}", *(lines or ["(none)"])])


def _turn_text(turn: Turn, marks: Mapping[str, str]) -> str:
    seen = "".join(f" [{as_entry(marks.get(photo, _UNNAMED_PICTURE))}]" for photo in turn.images)
    return talk_as_data(turn, seen)


def _append(message: BaseMessage, text: str, pictures: Sequence[Picture] = ()) -> HumanMessage:
    added = _parts(pictures)
    if isinstance(message.content, str) and not added:
        return HumanMessage(f"{message.content}\n\n{text}")
    said = [{"type": "text", "text": message.content}] if isinstance(message.content, str) else message.content
    return HumanMessage([*said, *added, {"type": "text", "text": text}])


def human(text: str, pictures: Sequence[Picture]) -> HumanMessage:
    """Return a message with photos and a text."""
    images = _parts(pictures)
    return HumanMessage([*images, {"type": "text", "text": text}] if images else text)


def _parts(pictures: Sequence[Picture]) -> list[str | dict[str, Any]]:
    return [{"type": "image_url", "image_url": {"url": picture.url}} for picture in pictures if picture.url is not None]
