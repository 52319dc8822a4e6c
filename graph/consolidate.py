"""CONSOLIDATE: summarise an ended session as topics, habits and goals, and the profile."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Overwrite

from graph.calls.asking import Asker
from graph.calls.steps import Steps, Work
from graph.context import Context, context_of, same_user
from graph.extraction.kept_habits import keep_habits
from graph.extraction.kept_profile import keep_profile
from graph.extraction.said_words import Said
from graph.formats import memory_formats
from graph.formats.memory_formats import TopicLines
from graph.formats.thoughts import without_thought
from graph.input_check import checked
from graph.language.language import language_of
from graph.language.pasted import own_words, without_marks
from graph.language.statements import statements
from graph.prompts.budgets import Budgets, estimate_tokens, fit
from graph.prompts.data_text import as_data, as_entry, as_message
from graph.prompts.recent_turns import fitted
from graph.prompts.texts import Prompts
from graph.state import ConsolidateInput, ConsolidateState
from memory.core import clock
from memory.core.errors import NotFound
from memory.core.records import SPOKEN, Episode, Procedure, Turn, make_id
from memory.core.speakers import own_text

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langgraph.graph.state import CompiledStateGraph

    from memory.memory import Memory

Parsed = TypeVar("Parsed")
PROFILE, HABITS = "Profile", "Habits and goals"
"""The titles of the two sets that are rewritten, as the model reads them."""
_MAX_TOKENS = 700
_SUMMARY_CHARS = 300
_MAX_IMPORTED_TURNS = 400
"""Turns of an import that the profile and the habits are made from: the newest."""
_MIN_TURN_TOKENS = 200
"""Tokens that each summarised turn gets at least; in a session with too many turns, the first ones are left out."""
_UNKNOWN_WORDS = {"unknown", "none", "null", "n/a", "not known", "not mentioned"}
"""What a model writes where it knows nothing, although it was told to leave the line out."""


class Consolidator:
    """The nodes of the consolidate graph.

    Args:
        chat: The model that summarises.
        memory: Where the results are stored.
        prompts: The texts for the model.
        budgets: Token budgets; a session longer than its share keeps its last whole turns in the prompt.
        small: Whether the model is small: it is not asked to rewrite a set that the session says nothing about.
    """

    def __init__(self, chat: BaseChatModel, memory: Memory, prompts: Prompts, budgets: Budgets, *, small: bool = False) -> None:
        self._small = small
        self._steps = Steps(Asker(chat, prompts.malformed, budgets.window), memory)
        self._memory = memory
        self._prompts = prompts
        self._budgets = budgets

    def load(self, state: ConsolidateState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Load the session's turns."""
        begun = clock.instant()
        user_id = context_of(runtime).user_id
        number, import_id = state.get("session"), state.get("import_id")
        if number is None and import_id is None:
            newest = list(self._memory.journal.newest(user_id).values())
            if not newest:
                raise NotFound(f"{user_id!r} has said nothing yet: there is no session to consolidate.")
            number = newest[-1].session
        turns = self._turns(user_id, number, import_id)
        if number is None:
            number = turns[-1].session if turns else 0
        subject = import_id or str(number)
        journal = self._memory.journal
        return {
            "user_id": user_id,
            "number": number,
            "subject": subject,
            "sets_alone": import_id is not None,
            "topics_alone": import_id is None and self._memory.imports.reads_sessions(user_id, number),
            "turns": turns,
            "past": journal.has_moved_on(user_id, number),
            "again": import_id is None and journal.is_summed_up(user_id, number),
            "begun": begun,
            "outputs": self._memory.work.outputs(user_id, subject),
            "refused": self._memory.refusals.of(user_id, subject),
            "refused_turns": self._memory.refusals.refused_turns(user_id, [turn.id for turn in turns]),
            "warnings": Overwrite([]),
        }

    def _turns(self, user_id: str, number: int | None, import_id: str | None) -> list[Turn]:
        """Return the turns of a session; or the newest of an import, in which the person says something."""
        # A turn that is pending approval is summarised once it is approved.
        if import_id is not None:
            newest = self._memory.imports.newest_turns(user_id, import_id, _MAX_IMPORTED_TURNS)
            return [turn for turn in map(_with_own_words, newest) if not tells_nothing([turn])]
        said = self._memory.journal.turns(user_id, session=number)
        return [_with_own_words(turn) for turn in said if turn.state in SPOKEN and turn.held is None]

    def summarize_topics(self, state: ConsolidateState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Divide the session into topics; malformed output gives one topic for the whole session (published)."""
        turns = state["turns"]
        if not turns or state["sets_alone"] or state["refused"].leaves_out("episodic"):
            return {"topics": []}
        topics, warnings = self._ask(
            state,
            same_user(runtime, state["user_id"]),
            "episodic",
            self._prompts.episodic,
            topics_prompt(turns, self._budgets, state["refused_turns"]),
            lambda text: memory_formats.parse_topics(text, len(turns)),
            memory_formats.EPISODIC_GRAMMAR,
        )
        if topics is None and state["refused"].again:
            # The session's existing topic stays.
            return {"topics": [], "warnings": warnings}
        return {"topics": topics or [_whole(turns)], "warnings": warnings}

    def update_procedures(self, state: ConsolidateState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Rewrite the set of at most five habits and goals; malformed output leaves it as it is."""
        # The result of later sessions stays.
        if state["past"] or state["topics_alone"] or state["refused"].leaves_out("procedural"):
            return {"procedures": None}
        user_id = same_user(runtime, state["user_id"])
        known = self._memory.memories.entries(user_id, kind="procedural")
        current = {entry.key: entry.text for entry in known if isinstance(entry, Procedure)}
        prompt = self._prompts.procedural
        procedures, warnings = self._rewrite(state, user_id, "procedural", prompt, HABITS, current)
        if procedures:
            procedures = keep_habits(
                procedures, current, session_words(state["turns"], state["refused_turns"]), prompt, small=self._small
            )
        return {"procedures": procedures, "warnings": warnings}

    def update_core(self, state: ConsolidateState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Rewrite the profile; malformed output leaves it as it is.

        A session older than the profile, such as imported history, adds only what no line says yet. A session that is
        summarised again adds nothing: later sessions have rewritten the profile since.
        """
        if (state["past"] and state["again"]) or state["topics_alone"] or state["refused"].leaves_out("core"):
            return {"profile": None}
        user_id = same_user(runtime, state["user_id"])
        current = self._memory.memories.profile(user_id).values()
        profile, warnings = self._rewrite(state, user_id, "core", self._prompts.core, PROFILE, current)
        if profile is not None:
            profile = {key: value for key, value in profile.items() if value.lower().strip(".") not in _UNKNOWN_WORDS}
            said = session_words(state["turns"], state["refused_turns"])
            profile = keep_profile(profile, current, said, self._prompts.core, small=self._small)
            if state["past"]:
                fresh = [key for key in profile if key not in current][max(0, memory_formats.MAX_PROFILE - len(current)) :]
                profile = {key: value for key, value in profile.items() if key not in fresh}
        return {"profile": profile, "warnings": warnings}

    def commit(self, state: ConsolidateState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Commit in one transaction and update the indexes; a run that went back commits nothing out of date."""
        user_id, turns, number = same_user(runtime, state["user_id"]), state["turns"], state["number"]
        subject = state["subject"]
        now = self._turns(user_id, number, subject if state["sets_alone"] else None)
        if [turn.id for turn in turns] != [turn.id for turn in now]:
            # The session has changed in the meantime. If it is queued for a summary, that is still to do.
            self._memory.work.drop_outputs(user_id, subject)
            return {"session": number}
        journal = self._memory.journal
        past = journal.has_moved_on(user_id, number)
        summed_up = not state["sets_alone"] and journal.is_summed_up(user_id, number)
        out_of_date = past and (not state["past"] or summed_up)
        episodes = [
            Episode(
                id=make_id(user_id, "episodic", number, ordinal),
                session=number,
                time=turns[topic.indices[0]].time,
                summary=topic.summary,
                keywords=topic.keywords,
                turn_ids=tuple(turns[index].id for index in topic.indices),
            )
            for ordinal, topic in enumerate(state["topics"])
        ]
        self._memory.memories.commit_consolidation(
            user_id,
            number,
            turns[-1].time if turns else clock.now(),
            episodes=episodes,
            procedures=None if out_of_date else state["procedures"],
            profile=None if out_of_date else state["profile"],
            begun=state["begun"],
            older=past,
            subject=subject,
        )
        self._memory.index(user_id)
        return {"session": number}

    def _rewrite(
        self, state: ConsolidateState, user_id: str, step: str, prompt: str, title: str, current: dict[str, str]
    ) -> tuple[dict[str, str] | None, list[str]]:
        own = [turn for turn in state["turns"] if not turn.by_other]
        if not own or (self._small and tells_nothing(own)):
            return None, []
        limit = memory_formats.MAX_PROCEDURES if step == "procedural" else memory_formats.MAX_PROFILE
        grammar = memory_formats.PROCEDURAL_GRAMMAR if step == "procedural" else memory_formats.CORE_GRAMMAR
        said = rewrite_prompt(title, current, state["turns"], self._budgets, state["refused_turns"])
        return self._ask(state, user_id, step, prompt, said, lambda text: _mapping(text, limit), grammar)

    def _ask(
        self,
        state: ConsolidateState,
        user_id: str,
        step: str,
        prompt: str,
        said: str,
        parse: Callable[[str], Parsed | None],
        grammar: str,
    ) -> tuple[Parsed | None, list[str]]:
        work = Work(user_id, "consolidate", state["subject"], state["outputs"], state["refused"], state["begun"])
        if not said:
            if len(state["refused_turns"]) < len(state["turns"]):
                self._steps.set_aside(work, step, "too_long")
            return None, [f"The session does not fit into the {step} prompt: the fallback was taken."]
        messages: list[BaseMessage] = [SystemMessage(prompt), HumanMessage(in_language(said, state["turns"], self._prompts))]
        return self._steps.do(
            work, step, messages, parse,
            grammar=grammar, max_tokens=_MAX_TOKENS, without="the fallback was taken",
        )  # fmt: skip


def build(
    chat: BaseChatModel,
    memory: Memory,
    prompts: Prompts | None = None,
    budgets: Budgets | None = None,
    *,
    small: bool = False,
) -> CompiledStateGraph[ConsolidateState, Context, ConsolidateInput, ConsolidateState]:
    """Build the graph; see `Consolidator` for the arguments.

    Example:
        >>> state = build(chat, memory).invoke({"session": 1}, context=Context(user_id="ada"))
        >>> [topic.summary for topic in memory.memories.entries("ada", kind="episodic")]
        ['The user told of the quartet.']
    """
    nodes = Consolidator(chat, memory, prompts or Prompts(), budgets or Budgets(), small=small)
    graph = StateGraph(ConsolidateState, context_schema=Context, input_schema=ConsolidateInput)
    graph.add_node("load", nodes.load)
    graph.add_node("summarize_topics", nodes.summarize_topics)
    graph.add_node("update_procedures", nodes.update_procedures)
    graph.add_node("update_core", nodes.update_core)
    graph.add_node("commit", nodes.commit)
    graph.add_edge(START, "load")
    for branch in ("summarize_topics", "update_procedures", "update_core"):
        graph.add_edge("load", branch)
    graph.add_edge(["summarize_topics", "update_procedures", "update_core"], "commit")
    graph.add_edge("commit", END)
    return checked(graph.compile(name="consolidate"))


def tells_nothing(turns: Sequence[Turn]) -> bool:
    """Return whether a session only asks, greets and thanks: a small model that rewrites a set from it would lose lines."""
    return not any(statements(without_marks(own_words(turn.text))) for turn in turns if not turn.by_other)


def session_words(turns: Sequence[Turn], refused_turns: Collection[str] = ()) -> Said:
    """Return what the person said in the turns that a model sees: their own words and their later corrections."""
    read = [turn for turn in turns if turn.id not in refused_turns and not turn.by_other]
    words = tuple((without_marks(own_words(turn.text)), turn.time) for turn in read)
    return Said(words, tuple(mark for turn in read for mark in turn.corrected))


def topics_prompt(turns: Sequence[Turn], budgets: Budgets, refused_turns: Collection[str] = ()) -> str:
    """Return what the model is told when it divides a session into topics; empty if no turn fits.

    Args:
        turns: The session's turns.
        budgets: Token budgets.
        refused_turns: Turns to leave out because the model's server refuses them.
    """
    return _dialogue(turns, budgets, refused_turns, replies=True)


def rewrite_prompt(
    title: str, current: Mapping[str, str], turns: Sequence[Turn], budgets: Budgets, refused_turns: Collection[str] = ()
) -> str:
    """Return what the model is told when it rewrites a set; empty if no turn fits. See `topics_prompt`."""
    lines = as_data(memory_formats.format_mapping(current)).split("\n")
    so_far = "\n".join(fit(lines, budgets.profile)) or "(none)"
    talk = _dialogue(turns, budgets, refused_turns, replies=False)
    return f"{title} so far:\n{so_far}\n\n{talk}" if talk else ""


def _dialogue(turns: Sequence[Turn], budgets: Budgets, refused_turns: Collection[str], *, replies: bool) -> str:
    """Return the last turns that fit, or nothing if none does: the user's own words, without what they pasted.

    If not all turns fit, long ones are shortened to their beginning and their end.
    """
    said = [
        (turn.model_copy(update={"text": own_words(turn.text)}), partial(_line, index, replies=replies))
        for index, turn in enumerate(turns)
        if turn.id not in refused_turns and (replies or not turn.by_other)
    ]
    # A session with one huge message may exceed its share; otherwise most of the message would be lost.
    budget = max(budgets.session, budgets.window // 2) if len(said) == 1 else budgets.session
    most = _level([estimate_tokens(show(turn)) for turn, show in said], budget)
    lines = [show(part.turn) for turn, show in reversed(said) if (part := fitted(turn, show, most))]
    kept = fit(lines, budget)
    return "Conversation:\n" + "\n".join(reversed(kept)) if kept else ""


def _line(index: int, turn: Turn, *, replies: bool) -> str:
    # Another person's words begin with their name.
    who = "" if turn.by_other else "User: "
    head = f"{index} [{clock.show(turn.time)}] {who}{as_message(turn.text)}"
    reply = [f"Assistant: {as_message(turn.reply)}"] if replies and not (turn.speaker and not turn.reply) else []
    return "\n".join([head, *reply, *map(as_entry, turn.corrected)])


def _level(sizes: Sequence[int], budget: int) -> int:
    """Return the size limit per turn at which all turns fit; at least `_MIN_TURN_TOKENS` if there are too many."""
    left = budget
    for place, size in enumerate(sorted(sizes)):
        fair = left // (len(sizes) - place)
        if size > fair:
            return max(fair, min(_MIN_TURN_TOKENS, budget))
        left -= size
    return max(sizes, default=0)


def in_language(told: str, turns: Sequence[Turn], prompts: Prompts) -> str:
    """Add the instruction to write in the language of the conversation, if that is not English."""
    own = without_marks("\n".join(own_words(turn.text) for turn in turns))
    return f"{told}\n\n{prompts.same_language}" if told and language_of(own) == "other" else told


def _whole(turns: Sequence[Turn]) -> TopicLines:
    said = " / ".join(turn.text for turn in turns if turn.text and not turn.by_other)
    # Each of these begins with the name of the person who said it.
    heard = " / ".join(turn.text for turn in turns if turn.text and turn.by_other)
    parts = [f"The user said: {_start(said)}"] if said else []
    parts += [f"others said: {_start(heard)}" if said else f"Others said: {_start(heard)}"] if heard else []
    return TopicLines("; ".join(parts) or "The user said: (pictures)", (), tuple(range(len(turns))))


def _start(said: str) -> str:
    return said if len(said) <= _SUMMARY_CHARS else f"{said[:_SUMMARY_CHARS].rsplit(' ', 1)[0]} …"


def _with_own_words(turn: Turn) -> Turn:
    return turn.model_copy(update={"text": own_text(turn)})


def _mapping(text: str, limit: int) -> dict[str, str] | None:
    return {} if without_thought(text).strip().lower() == "none" else memory_formats.parse_mapping(text, limit)
