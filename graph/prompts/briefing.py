"""What the model is told in a turn: the style of its prompts, and the messages of each round rebuilt from the state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from graph.formats.protocol import format_reasoning
from graph.language.message_kind import asks, asks_about_the_world, asks_memory, is_self_contained, may_ask_about_their_life
from graph.language.question_words import asks_for_its_words, asks_to_repeat, offers_options
from graph.prompts import compact, recall_examples, sections, showing, shown_replies
from graph.prompts.budgets import Budgets, estimate_tokens
from graph.prompts.client_text import with_attached
from graph.prompts.data_text import as_entry
from graph.prompts.evidence_lines import day, line_of
from graph.prompts.texts import Prompts
from graph.search_request import first_round
from graph.state import RecentTalk, RespondState
from memory.core.query import SearchBudget, SearchLimits
from memory.search.asked_subject import name_in

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from memory.core.records import Turn
    from memory.memory import Memory


_MIN_BEST_RELEVANCE = 0.012
"""Minimum relevance of the best note before a small model sees any: it takes an answer from everything that it is shown."""
_MIN_BEST_RELEVANCE_OF_NEWS = 0.1
"""The same if the message tells something: a small model would reply to loosely related notes instead of the news."""


@dataclass(frozen=True)
class Style:
    """How prompts are made for one model.

    Attributes:
        prompts: The texts.
        layout: `published` for PersonaVLM's weights, `cache` for others.
        size: Size class of the model: `small`, under about 3 billion parameters, answers directly from the first search.
        budgets: Tokens of the window and of each section.
        whole: Up to this many tokens, the whole history is shown instead of search results; 0: never. Layout `cache`.
        sees: Whether the model takes images.
        max_retrievals: Maximum number of retrievals that the model may request in one turn (published: 5).
        limits: How many results one retrieval returns; layout `published`.
        room: How much one search shows of all memory types together; layout `cache`.
        second_try: Whether malformed output is requested once more; off in training, where it should cost reward.
        shows_recalled: Whether a model that sees gets the photos that a retrieval returns, or only their descriptions.
    """

    prompts: Prompts = field(default_factory=Prompts)
    layout: sections.Layout = "cache"
    size: Literal["small", "large"] = "large"
    budgets: Budgets = field(default_factory=Budgets)
    whole: int = 0
    sees: bool = False
    max_retrievals: int = 5
    limits: SearchLimits = field(default_factory=SearchLimits)
    room: SearchBudget = field(default_factory=SearchBudget)
    second_try: bool = True
    shows_recalled: bool = True

    @property
    def is_small(self) -> bool:
        """Return whether the model belongs to the class that answers directly."""
        return self.size == "small" and self.layout == "cache"


def talk_of(
    turn: Turn, recent: Sequence[Turn], profile: Mapping[str, str], memory: Memory, style: Style, *, reasoning: bool
) -> RecentTalk:
    """Choose, once a turn, which turns of the last hour its prompts show; a search covers all others.

    Raises:
        MessageTooLong: The message does not fit into the model's window.
    """
    pictures = showing.of_conversation(recent, turn, memory, sees=style.sees, window=style.budgets.window)
    base = _base_of(turn, profile, pictures, style, reasoning=reasoning)
    talk = sections.talk_of(base, recent, pictures, layout=style.layout, budgets=style.budgets)
    shown = showing.chosen(talk["turns"], turn, sees=style.sees, window=style.budgets.window)
    return {**talk, "photos": shown}


def best_of(message: str) -> float:
    """Return the minimum relevance of the best note before a small model sees any.

    It is 0 before options: notes that show which option suits a person may share no word with the question.
    """
    if offers_options(message):
        return 0.0
    return _MIN_BEST_RELEVANCE if asks_memory(message) or asks_for_its_words(message) else _MIN_BEST_RELEVANCE_OF_NEWS


def room_of(state: RespondState, memory: Memory, style: Style, output: str | None) -> int:
    """Return the tokens that the next prompt has left for search results; see `messages_of`."""
    messages = messages_of(state, memory, style, style.prompts.after_retrieval)
    output = _output_of(output, state, style)
    return sections.room_for_memory(messages, output, _closing_tokens(style.prompts), style.budgets, _question(state, style))


def messages_of(state: RespondState, memory: Memory, style: Style, closing: str) -> list[BaseMessage]:
    """Rebuild the conversation with the model; the same rounds give the same words, so that prefix caches hit.

    Args:
        state: The turn so far.
        memory: For the photos.
        style: How prompts are made.
        closing: What the model is told to do after the last round.

    Raises:
        MessageTooLong: The message does not fit into the model's window.
    """
    prompts, turn = style.prompts, state["turn"]
    shown = with_attached(turn, state.get("attached", ""), style.budgets)
    rounds, reasoning = list(state.get("rounds", [])), state.get("reasoning", True)
    shows = style.sees and style.shows_recalled
    talk = state.get("talk") or talk_of(shown, state["recent"], state["profile"], memory, style, reasoning=reasoning)
    pictures = showing.of_conversation(talk["turns"], turn, memory, sees=style.sees, window=style.budgets.window)
    first = rounds.pop(0) if style.layout == "cache" and rounds and rounds[0]["output"] is None else None
    found = first["found"] if first else []
    manner, due = state.get("manner", []), state.get("due", [])
    again = showing.recalled(found, memory, turn.user_id, pictures) if shows else []
    if again:
        left = _base_of(shown, state["profile"], pictures, style, reasoning=reasoning).room
        left -= sum(estimate_tokens(one.text) + estimate_tokens(one.reply) for one in talk["turns"])
        again = again if sections.picture_tokens(left, len(again)) else []
    marks: dict[str | None, str] = {one.photo_id: one.label for one in [*pictures, *again] if one.url}
    notes = [line_of(entry, marks) for entry in found]
    pictures = [*pictures, *again]
    if style.is_small:
        base = _base_of(shown, state["profile"], pictures, style, reasoning=reasoning)
        unknown = not notes and not due and may_ask_about_their_life(turn.text)
        said = f"{base.said}\n{_unknown_note(talk, prompts)}" if unknown else base.said
        turns = _last_of(talk["turns"], turn.text, found=bool(notes))
        return [
            compact.rules(base.rules, base.profile, manner, day(turn.time)),
            *_examples(turn.text, state.get("language", ""), found=bool(notes)),
            *compact.recent_messages(turns, sections.marks_of(pictures)),
            *compact.last_messages(
                said, notes, pictures, due=due, left_out=talk["left_out"], language=state.get("language", "")
            ),
        ]
    messages = sections.opening(
        shown,
        profile=state["profile"],
        personality=state["personality"],
        manner=manner,
        due=due,
        notes=notes,
        recent=state["recent"],
        pictures=pictures,
        prompts=prompts,
        layout=style.layout,
        budgets=style.budgets,
        reasoning=reasoning,
        talk=talk,
    )
    for number, past in enumerate(rounds, start=1):
        again = showing.recalled(past["found"], memory, turn.user_id, pictures) if shows else []
        text = closing if number == len(rounds) else prompts.after_retrieval
        messages = sections.with_memory(
            messages,
            past["found"],
            output=_output_of(past["output"], state, style),
            closing=text,
            budgets=style.budgets,
            widened=past["widened"],
            question=_question(state, style),
            pictures=again,
            before=pictures,
            closing_tokens=_closing_tokens(prompts),
        )
        if sections.pictures_in(messages) > sum(picture.url is not None for picture in pictures):
            pictures = [*pictures, *again]
    return messages


def _examples(message: str, language: str, *, found: bool) -> list[BaseMessage]:
    """Return the example exchanges for a small model; none before English notes, because they distract from them."""
    if offers_options(message):
        return []
    if not asks(message):
        return shown_replies.shown(language)
    if not may_ask_about_their_life(message):
        return []
    return recall_examples.example(language) if found else shown_replies.shown(language)


def _last_of(turns: Sequence[Turn], message: str, *, found: bool) -> Sequence[Turn]:
    """Return the turns of this conversation that a small model is shown as messages.

    Before a question this is only the last one, unless the conversation itself may hold the answer: the model continues the
    pattern of its replies so far instead of answering.
    """
    if not asks(message) or asks_to_repeat(message) or (may_ask_about_their_life(message) and not found):
        return turns
    return [] if asks_about_the_world(message) and is_self_contained(message) else turns[-1:]


def _unknown_note(talk: RecentTalk, prompts: Prompts) -> str:
    return prompts.not_told_here if talk["turns"] else prompts.not_told


def _base_of(
    turn: Turn, profile: Mapping[str, str], pictures: Sequence[sections.Picture], style: Style, *, reasoning: bool
) -> sections.Base:
    return sections.base_of(
        turn,
        profile=profile,
        pictures=pictures,
        prompts=style.prompts,
        layout=style.layout,
        budgets=style.budgets,
        reasoning=reasoning,
        brief=style.is_small,
    )


def _output_of(output: str | None, state: RespondState, style: Style) -> str | None:
    """Return a model's round as the next one sees it.

    Layout `published`: the search at the beginning of a turn is shown as a round in the form that PersonaVLM's weights
    write.
    """
    if output is None and style.layout == "published" and state.get("reasoning", True):
        return format_reasoning(first_round(state["turn"].text))
    return output


def _question(state: RespondState, style: Style) -> Turn | None:
    return state["turn"] if style.layout == "cache" else None


def _closing_tokens(prompts: Prompts) -> int:
    """Return the tokens of the longest text that may end a round: what fits must not depend on which text it is."""
    closings = (prompts.after_retrieval, prompts.must_answer, prompts.nothing_found, prompts.direct)
    return max(map(estimate_tokens, closings))


def closing_words(state: RespondState, prompts: Prompts) -> str:
    """Say what to answer from; repeat the name that the question asks about, or a small model answers about others."""
    found = state["rounds"][-1]["found"]
    words = prompts.must_answer if found else prompts.nothing_found
    name = name_in(state["turn"].text)
    if name is None:
        return words
    about = prompts.asked_about if any(past["found"] for past in state["rounds"]) else prompts.nothing_about
    return f"{words} {about} {as_entry(name)}."
