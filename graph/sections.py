"""From state to messages: the prompt's sections, each within its token budget, in two layouts (pure functions)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from graph.data_text import as_data, as_entry
from graph.prompts import Prompts
from memory import clock
from memory.errors import MessageTooLong
from memory.records import BigFive, Recalled, Spoken, Turn

Layout = Literal["published", "cache"]
_BYTES_PER_TOKEN = 3
"""English has 4 to 5 bytes a token, Chinese about 3: counting 3 errs on the safe side without a tokenizer."""
PICTURE_TOKENS = 300
_FRAME_TOKENS = 100
"""Kept free for headings, times and the marks between messages."""
_A_PICTURE = "a picture"
_SHORT_TOKENS = 200
"""A message up to this length is put once more behind what memory brought."""
_AT_ONCE = (16, 8, 4, 2)
"""Turns of recent talk that leave the prompt together, at most; fewer where so many do not fit."""
_PUBLISHED = ("procedural", "semantic", "photo", "episodic")
_LAST_COUNTS = ("episodic", "procedural", "photo", "semantic")


@dataclass(frozen=True)
class Budgets:
    """Tokens: the model's window, what is kept for its output, and each section's share."""

    window: int = 16_384
    output: int = 1_024
    profile: int = 500
    recent: int = 1_500
    recent_spare: int = 1_000
    """Layout `cache`: so much more recent talk stays, where the window is wide, so that the oldest turns go several at once."""
    procedural: int = 250
    semantic: int = 700
    dialogue: int = 1_500
    photo: int = 700
    """What is said of recalled pictures; each that is shown costs 300 on top."""
    session: int = 4_000
    """The turns of a session that is consolidated."""


@dataclass(frozen=True)
class Picture:
    """A picture for the model: a data URL, or None where it cannot be seen; and what the text calls it."""

    photo_id: str
    url: str | None
    label: str


def estimate_tokens(text: str) -> int:
    """Estimate a text's tokens, rather too many than too few."""
    return len(text.encode()) // _BYTES_PER_TOKEN + 1


def fit(entries: Sequence[str], budget: int) -> list[str]:
    """Keep whole entries, first come first kept, while they fit into `budget` tokens."""
    kept: list[str] = []
    for entry in entries:
        size = estimate_tokens(entry)
        if size <= budget:
            kept.append(entry)
            budget -= size
    return kept


def newest(entries: Sequence[tuple[int, str]], budget: int, spare: int = 0) -> list[str]:
    """Keep the newest whole entries that fit into `budget` tokens, in time order.

    Where the oldest one left with each turn, a prefix cache would lose all of the talk each turn. So the talk begins at a round
    number where it can: what is older than the budget stays down to there, and then leaves together.

    Args:
        entries: Numbers in ascending order, and texts.
        budget: Tokens of the newest.
        spare: Tokens of those before them, at most.
    """
    kept: list[str] = []
    first = 0
    for number, text in reversed(entries):
        if (size := estimate_tokens(text)) <= budget:
            kept.insert(0, text)
            first, budget = number, budget - size
    for step in _AT_ONCE:
        older = [text for number, text in entries if first - first % step <= number < first]
        if sum(map(estimate_tokens, older)) <= spare:
            return older + kept
    return kept


def opening(
    turn: Turn,
    *,
    profile: Mapping[str, str],
    personality: BigFive,
    recent: Sequence[Turn],
    pictures: Sequence[Picture],
    prompts: Prompts,
    layout: Layout,
    budgets: Budgets,
    reasoning: bool,
) -> list[BaseMessage]:
    """Build the messages of the first round.

    Raises:
        MessageTooLong: The message does not fit into the model's window beside the instructions.
    """
    output_format = prompts.output_format if reasoning else prompts.direct
    rules = f"{prompts.instructions}\n\n{output_format}"
    examples = rounds_of(prompts.examples) if reasoning and layout == "cache" else []
    said = as_data(turn.text)
    marks = {picture.photo_id: picture.label for picture in pictures}
    hint = f"\n{prompts.with_picture}" if turn.images and reasoning and layout == "cache" else ""
    labels = "".join(f"\n[{as_entry(marks.get(photo, _A_PICTURE))}]" for photo in turn.images) + hint
    shown = sum(picture.url is not None for picture in pictures)
    fixed = estimate_tokens(rules) + estimate_tokens(labels) + shown * PICTURE_TOKENS + tokens_of(examples) + _FRAME_TOKENS
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
    profile_lines = fit([as_entry(f"{key}: {value}") for key, value in profile.items()], min(budgets.profile, room // 3))
    talk = [(past.seq, _turn_text(past, marks)) for past in recent]
    share = min(budgets.recent, room // 2)
    spare = max(0, min(budgets.recent_spare, room // 4 - share)) if layout == "cache" else 0
    history = newest(talk, share, spare)
    sections = {
        "profile": _section("User Profile", profile_lines),
        "scores": _section("Big Five scores", [", ".join(f"{trait} {score:.1f}" for trait, score in personality.items())]),
        "recent": _section("Recent Conversations", history),
        "input": f"## User Input\n[{clock.show(turn.time)}]\n{said}{labels}",
    }
    if layout == "published":
        order = ("profile", "scores", "recent", "input")
        text = "\n\n".join([*(sections[name] for name in order), f"## Instructions\n{prompts.instructions}", output_format])
        return [human(text, pictures)]
    order = ("profile", "recent", "scores", "input")
    text = "\n\n".join(sections[name] for name in order)
    return [SystemMessage(rules), *examples, human(text, pictures)]


def rounds_of(examples: Sequence[tuple[str, str]]) -> list[BaseMessage]:
    """Show examples as turns of the conversation that were there before."""
    return list(_rounds(tuple(map(tuple, examples))))


@cache
def _rounds(examples: tuple[tuple[str, ...], ...]) -> tuple[BaseMessage, ...]:
    # Every prompt has the same ones, and nothing changes a message once it is made.
    return tuple(message for told, written in examples for message in (HumanMessage(told), AIMessage(written)))


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
) -> list[BaseMessage]:
    """Add what a retrieval brought: as the answer to the model's round, or to the message where there was no round.

    Args:
        messages: The messages so far.
        found: What was found, in time order; each type keeps its best whole entries within its budget.
        output: The model's round, word for word (so that prefix caches hold); None: it was not asked.
        closing: What the model is told to do next.
        budgets: Tokens.
        widened: The window held nothing and was left out.
        question: Layout `cache`: what is most to the point comes last, the message itself once more behind it. A small
            model answers what it has read last (measured, decision 008). None: the published order.
        pictures: Those that were recalled, for a model that sees.
        before: Those that it was shown already: what is recalled of them is marked with their number.
    """
    again = _asked_again(question) if question else ""
    used = tokens_of(messages) + estimate_tokens(output or "") + estimate_tokens(closing + again) + _FRAME_TOKENS
    room = max(0, budgets.window - budgets.output - used)
    shares = {
        "procedural": ("Habits and goals", min(budgets.procedural, room // 5)),
        "semantic": ("Remembered facts", min(budgets.semantic, room // 3)),
        "photo": ("Pictures shown before", min(budgets.photo, room // 6)),
        "episodic": ("Dialogue history", min(budgets.dialogue, room // 3)),
    }
    order = _LAST_COUNTS if question else _PUBLISHED
    shown = pictures if len(pictures) * PICTURE_TOKENS <= room // 3 else ()
    marks: dict[str | None, str] = {picture.photo_id: picture.label for picture in [*before, *shown] if picture.url}
    sections = ["(Nothing was said in the period asked for; this is from other times.)"] if widened else []
    for kind in order:
        title, budget = shares[kind]
        lines = [_entry_text(entry, marks) for entry in _best(found, kind, budget)]
        if lines:
            sections.append(_section(title, lines))
    text = "\n\n".join([*sections, *([again] if again else []), closing])
    if output is None:
        return [*messages[:-1], _append(messages[-1], text, shown)]
    return [*messages, AIMessage(output), human(text, shown)]


def pictures_in(messages: Sequence[BaseMessage]) -> int:
    """Count the pictures that messages show."""
    parts = [part for message in messages if isinstance(message.content, list) for part in message.content]
    return sum(not isinstance(part, str) and part.get("type") == "image_url" for part in parts)


def within(found: Sequence[Recalled], budgets: Budgets) -> list[Recalled]:
    """Leave out what no prompt has room for, so that the receipt names what the model was shown."""
    shares = {
        "procedural": budgets.procedural,
        "semantic": budgets.semantic,
        "photo": budgets.photo,
        "episodic": budgets.dialogue,
    }
    kept = {id(entry) for kind, budget in shares.items() for entry in _best(found, kind, budget)}
    return [entry for entry in found if id(entry) in kept]


def _best(found: Sequence[Recalled], kind: str, budget: int) -> list[Recalled]:
    """Return the best whole entries of a type that fit, in the order given, each text once."""
    entries = list({_entry_text(entry): entry for entry in reversed(found) if entry.kind == kind}.values())[::-1]
    best_first = sorted(entries, key=lambda entry: -entry.score)
    texts = set(fit([_entry_text(entry) for entry in best_first], budget))
    return [entry for entry in entries if _entry_text(entry) in texts]


def instructed(messages: Sequence[BaseMessage], text: str) -> list[BaseMessage]:
    """Add a line of instruction to the last message (two human messages in a row break some chat templates)."""
    return [*messages[:-1], _append(messages[-1], text)]


def tokens_of(messages: Sequence[BaseMessage]) -> int:
    """Estimate the tokens of messages, pictures at 300 each."""
    total = 0
    for message in messages:
        parts: list[Any] = message.content if isinstance(message.content, list) else [message.content]
        for part in parts:
            text = part if isinstance(part, str) else part.get("text")
            total += PICTURE_TOKENS if text is None else estimate_tokens(text) + 4
    return total


def _asked_again(turn: Turn) -> str:
    text = f"## User Input\n[{clock.show(turn.time)}]\n{as_data(turn.text)}"
    return text if estimate_tokens(text) <= _SHORT_TOKENS else ""


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"## {title}", *(lines or ["(none)"])])


def _entry_text(entry: Recalled, marks: Mapping[str | None, str] | None = None) -> str:
    if entry.kind == "episodic":
        return "\n".join(_talk(one) for one in entry.talk) or as_data(entry.text)
    text = as_entry(entry.text)
    if marks and entry.photo_id in marks:
        text = f"{text} [{as_entry(marks[entry.photo_id])}]"
    return f"- {text}" if entry.kind == "procedural" else f"- [{clock.show(entry.time)}] {text}"


def _turn_text(turn: Turn, marks: Mapping[str, str]) -> str:
    seen = "".join(f" [{as_entry(marks.get(photo, _A_PICTURE))}]" for photo in turn.images)
    return _talk(turn, seen)


def _talk(said: Turn | Spoken, seen: str = "") -> str:
    lines = [f"[{clock.show(said.time)}]{seen}", f"User: {as_data(said.text)}", f"Assistant: {as_data(said.reply)}"]
    return "\n".join([*lines, *map(as_entry, said.corrected)])


def _append(message: BaseMessage, text: str, pictures: Sequence[Picture] = ()) -> HumanMessage:
    added = _parts(pictures)
    if isinstance(message.content, str) and not added:
        return HumanMessage(f"{message.content}\n\n{text}")
    said = [{"type": "text", "text": message.content}] if isinstance(message.content, str) else message.content
    return HumanMessage([*said, *added, {"type": "text", "text": text}])


def human(text: str, pictures: Sequence[Picture]) -> HumanMessage:
    """Make a message of what is to be seen and a text."""
    images = _parts(pictures)
    return HumanMessage([*images, {"type": "text", "text": text}] if images else text)


def _parts(pictures: Sequence[Picture]) -> list[str | dict[str, Any]]:
    return [{"type": "image_url", "image_url": {"url": picture.url}} for picture in pictures if picture.url is not None]
