"""REMEMBER: learn from one turn about the person; in the background, in order, and safe to repeat."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_core.messages import BaseMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Overwrite

from graph.calls.asking import Asker
from graph.calls.steps import Steps, Work
from graph.context import Context, same_user
from graph.extraction.fidelity import names_something
from graph.extraction.grounding import labels, photo_memories
from graph.extraction.own_fact import fact_of
from graph.formats import memory_formats
from graph.input_check import checked, refusal
from graph.language.language import in_their_words, language_of
from graph.language.pasted import own_words, without_marks
from graph.language.statements import statements
from graph.prompts import showing
from graph.prompts.briefing import Style
from graph.prompts.data_text import as_entry, as_message
from graph.prompts.examples import dated_message
from graph.prompts.recent_turns import fitted
from graph.prompts.sections import PICTURE_TOKENS, Picture, human, rounds_of, tokens_of
from graph.prompts.texts import Prompts
from graph.state import RememberInput, RememberState
from memory.core.records import BigFive, PersonalityPoint, SemanticMemory, Turn, make_id
from memory.core.retry import Again
from memory.core.speakers import own_text
from memory.facts.acceptance import Changes, Relation, ScoredFact, decide, decide_since, on_their_own
from memory.personality.pem import evolve

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langgraph.graph.state import CompiledStateGraph

    from memory.memory import Memory

Parsed = TypeVar("Parsed")
_MAX_TOKENS = 320
_TEMPLATE_TOKENS = 100
"""Tokens of the window reserved for what a chat template adds."""


class Rememberer:
    """The nodes of the remember graph. Extraction uses the user's own words, never recalled memories.

    Args:
        chat: The model that judges and extracts.
        memory: Where the results are stored.
        style: What the model is told, and whether it sees photos.
    """

    def __init__(self, chat: BaseChatModel, memory: Memory, style: Style) -> None:
        self._steps = Steps(Asker(chat, style.prompts.malformed, style.budgets.window), memory)
        self._memory = memory
        self._window = style.budgets.window
        self._prompts = style.prompts
        self._sees = style.sees
        self._small = style.is_small
        self._decides = self._small and bool(style.prompts.worth)
        self._judged = rounds_of(style.prompts.judged) if style.layout == "cache" else []

    def load(self, state: RememberState, runtime: Runtime[Context]) -> dict[str, Any]:
        """Load the turn, the model output stored before a crash, and which of its steps are set aside or repeated."""
        if "turn_id" not in state:
            raise refusal("remember", "It was given nothing.")
        turn = self._memory.journal.turn(state["turn_id"], traces=False)
        same_user(runtime, turn.user_id)
        turn = turn.model_copy(update={"text": own_text(turn)})
        return {
            "turn": turn,
            "outputs": self._memory.work.outputs(turn.user_id, turn.id),
            "refused": self._memory.refusals.of(turn.user_id, turn.id),
            "warnings": Overwrite([]),
        }

    def infer_personality(self, state: RememberState) -> dict[str, Any]:
        """Ask what these words show of the Big Five; a malformed answer is no evidence."""
        if state["refused"].leaves_out("personality") or state["turn"].by_other:
            return {"inferred": None}
        if only_pasted(state["turn"]) or self._says_nothing(state["turn"]):
            return {"inferred": BigFive(), "warnings": []}
        inferred, warnings = self._ask(
            state,
            "personality",
            self._prompts.personality,
            memory_formats.parse_personality,
            memory_formats.PERSONALITY_GRAMMAR,
            examples=self._judged,
        )
        if inferred is None and state["refused"].again:
            # The earlier scores of this turn stay.
            return {"inferred": None, "warnings": warnings}
        return {"inferred": inferred or BigFive(), "warnings": warnings}

    def evolve_personality(self, state: RememberState) -> dict[str, Any]:
        """Update the remembered scores by PEM (published: λ from 0.5 to 0.9 over 50 turns)."""
        turn, inferred = state["turn"], state["inferred"]
        if inferred is None:
            return {"point": None}
        last = self._memory.personality.before(turn.user_id, turn.time) or PersonalityPoint(turn_id=None, time=turn.time)
        m = last.m + 1 if last.turn_id else last.m
        scores = evolve(last.scores, inferred, m, last.pinned)
        point = PersonalityPoint(turn_id=turn.id, time=turn.time, inferred=inferred, scores=scores, m=m, pinned=last.pinned)
        return {"point": point, "before": last.scores}

    def extract_semantic(self, state: RememberState) -> dict[str, Any]:
        """Ask whether the message contains something worth keeping; at most one record per turn (published)."""
        turn = state["turn"]
        if state["refused"].leaves_out("semantic"):
            return {"memory": self._extracted(turn) if "change" in state["refused"].again else None}
        # What another person says of themselves is no fact about the user. Searches find their words, with their name.
        if turn.by_other or only_pasted(turn) or (not turn.images and self._says_nothing(turn)):
            return {"memory": None, "warnings": []}
        decides = self._decides and not turn.images
        extraction, warnings = self._decide(state) if decides else self._extract(state)
        content = _content(turn, extraction.content, small=self._small) if extraction and extraction.decision else ""
        if extraction is None or not content:
            return {"memory": None, "warnings": warnings}
        memory = SemanticMemory(
            id=make_id(turn.user_id, "semantic", turn.id),
            turn_id=turn.id,
            time=turn.time,
            content=content,
            keywords=extraction.keywords,
            reason=extraction.reason,
        )
        return {"memory": memory, "warnings": warnings}

    def _decide(self, state: RememberState) -> tuple[memory_formats.Extraction | None, list[str]]:
        """Ask a small model only whether the message is worth keeping: the facts that it writes are wrong too often.

        A name, a number or a relative or friend is always worth keeping, and the model is not asked.
        """
        said = _own(state["turn"])
        if language_of(said) != "other" and names_something(statements(said)):
            return memory_formats.Extraction(decision=True), []
        return self._ask(
            state,
            "semantic",
            self._prompts.worth,
            memory_formats.parse_decision,
            memory_formats.DECISION_GRAMMAR,
            examples=rounds_of(self._prompts.decided),
        )

    def _extract(self, state: RememberState) -> tuple[memory_formats.Extraction | None, list[str]]:
        turn = state["turn"]
        seen = showing.shown(self._memory, turn.user_id, turn.images) if self._sees else []
        return self._ask(
            state,
            "semantic",
            self._prompts.semantic,
            memory_formats.parse_semantic,
            memory_formats.SEMANTIC_GRAMMAR,
            extraction_prompt(turn, self._prompts, self._room(self._prompts.semantic, len(seen))),
            pictures=seen,
        )

    def _says_nothing(self, turn: Turn) -> bool:
        """Return whether a message only asks, greets or thanks: then a small model is not asked what it says."""
        return self._small and not statements(_own(turn))

    def ground_photos(self, state: RememberState) -> dict[str, Any]:
        """Link the memory to the photos of its message, and find the objects that it names in them."""
        turn, memory = state["turn"], state["memory"]
        if not turn.images or state["refused"].leaves_out("semantic") or (state["refused"].again and memory is None):
            return {"photos": []}
        seen = photo_memories(turn, memory.content if memory else None, self._memory.locate_in_photos)
        return {"photos": seen, **({"memory": memory.model_copy(update={"photo_ids": turn.images})} if memory else {})}

    def compare(self, state: RememberState) -> dict[str, Any]:
        """Ask whether the new fact repeats or supersedes older ones; `memory.facts.acceptance` decides what is believed.

        If facts of a later time exist already (history was remembered late), it is also asked whether they repeat or
        supersede this one. Only facts that are already extracted are compared: this step adds none.
        """
        memory = state["memory"]
        if memory is None:
            return {"changes": Changes()}
        older, newer = self._memory.similar_facts(state["turn"].user_id, memory)
        changes, warnings = self._compare_older(state, memory, older) if older else (Changes(), [])
        for new, cosine in on_their_own(newer, changes):
            if "change" in self._memory.refusals.of(state["turn"].user_id, state["turn"].id).set_aside:
                # A repeated run asks all of them.
                break
            judged = make_id(new.id, "changes", memory.turn_id)
            relations, more = self._ask_change(state, judged, new, [memory])
            warnings += more
            before, changes = changes, decide_since(memory, new, cosine, relations[0] if relations else None, changes)
            if changes != before:
                # Facts after the one that repeats or supersedes it are compared with that one.
                break
        return {"changes": changes, "warnings": warnings}

    def _compare_older(
        self, state: RememberState, memory: SemanticMemory, asked: Sequence[ScoredFact]
    ) -> tuple[Changes, list[str]]:
        # Named after the compared facts: if an older fact is forgotten before a second try, the judgement is asked for again.
        compared = make_id(memory.turn_id, "change", ",".join(old.id for old, _ in asked))
        relations, warnings = self._ask_change(state, compared, memory, [old for old, _ in asked])
        said = dict(zip([old.id for old, _ in asked], relations or [], strict=False))
        return decide(memory, asked, said), warnings

    def _ask_change(
        self, state: RememberState, judged: str, new: SemanticMemory, older: Sequence[SemanticMemory]
    ) -> tuple[list[Relation] | None, list[str]]:
        listed = "\n".join(f"{number}: {as_entry(old.content)}" for number, old in enumerate(older, start=1))
        return self._ask(
            state,
            f"change {judged}",
            self._prompts.change,
            lambda text: memory_formats.parse_change(text, len(older)),
            memory_formats.change_grammar(len(older)),
            f"New: {as_entry(new.content)}\n{listed}",
        )

    def commit(self, state: RememberState) -> dict[str, Any]:
        """Commit in one transaction; update the indexes once enough rows have changed."""
        turn, refused, memory, again = state["turn"], state["refused"], state["memory"], None
        if refused.again:
            extracted = memory.id if memory and refused.leaves_out("semantic") else None
            # Steps that were asked again and not set aside again.
            now = self._memory.refusals.of(turn.user_id, turn.id).set_aside
            read = bool((refused.again - now) & {"personality", "semantic"})
            again = Again(turn.time, extracted, read)
            memory = None if extracted else memory
        kept = self._memory.memories.commit_remember(
            turn.user_id,
            turn.id,
            state["point"],
            memory,
            state["changes"],
            state["photos"],
            again=again,
            before=state.get("before"),
        )
        if not kept:
            self._memory.forget(turn.user_id, turn.id, now=True)
        if state["photos"]:
            # Embed now, in the background, so that a search for the next message need not wait for it.
            self._memory.index(turn.user_id)
        else:
            self._memory.index_soon(turn.user_id)
        return {}

    def _ask(
        self,
        state: RememberState,
        step: str,
        prompt: str,
        parse: Callable[[str], Parsed | None],
        grammar: str,
        about: str | None = None,
        pictures: Sequence[Picture] = (),
        examples: Sequence[BaseMessage] = (),
    ) -> tuple[Parsed | None, list[str]]:
        turn = state["turn"]
        words = about or message_prompt(turn, self._room(prompt, len(pictures), examples))
        messages: list[BaseMessage] = [SystemMessage(prompt), *examples, human(words, pictures)]
        return self._steps.do(
            Work(turn.user_id, "remember", turn.id, state["outputs"], state["refused"]),
            step, messages, parse,
            grammar=grammar, max_tokens=_MAX_TOKENS, without="nothing was taken from it",
        )  # fmt: skip

    def _room(self, prompt: str, pictures: int, examples: Sequence[BaseMessage] = ()) -> int:
        """Return the tokens that a message may have next to a prompt."""
        beside = tokens_of([SystemMessage(prompt), *examples]) + pictures * PICTURE_TOKENS
        return self._window - beside - _MAX_TOKENS - _TEMPLATE_TOKENS

    def _extracted(self, turn: Turn) -> SemanticMemory | None:
        """Return the fact that was extracted from a turn, if it exists and says something of its own."""
        name = make_id(turn.user_id, "semantic", turn.id)
        there = self._memory.memories.entries(turn.user_id, kind="semantic", ids=[name])
        facts = [one for one in there if isinstance(one, SemanticMemory) and one.same_as is None]
        return facts[0] if facts else None


def extraction_prompt(turn: Turn, prompts: Prompts, room: int | None = None) -> str:
    """Return a turn as the extraction prompt shows it; see `message_prompt`."""
    words = message_prompt(turn, room)
    return f"{words}\n\n{prompts.same_language}" if language_of(_own(turn)) == "other" else words


def message_prompt(turn: Turn, room: int | None = None) -> str:
    """Return a turn as the remember prompts show it: the person's own words, without what they pasted.

    Args:
        turn: The message.
        room: Tokens; a longer message is shortened to its beginning and end. None: no limit.
    """
    pictures = f"\n[with {len(turn.images)} picture(s)]" if turn.images else ""

    def show(message: Turn) -> str:
        return dated_message(message.time, as_message(message.text) + pictures)

    own = turn.model_copy(update={"text": own_words(turn.text), "reply": ""})
    part = None if room is None else fitted(own, show, room)
    return show(part.turn if part else own)


def only_pasted(turn: Turn) -> bool:
    """Return whether a message has neither words of the person's own nor a photo: then no model is asked about it."""
    return bool(turn.text.strip()) and not turn.images and not re.search(r"\w", _own(turn))


def _content(turn: Turn, written: str, *, small: bool) -> str:
    """Return a fact that is true to the person's words, in their language; the objects it names in photos keep their form."""
    said = _own(turn)
    if turn.images:
        own = fact_of(said, turn.time, written, small=small) or in_their_words(said, written)
        named = [f"{name} (Image Object: {category})" for name, category in labels(written)] if own and own != written else []
        return " ".join([own, *named])
    return fact_of(said, turn.time, written, small=small)


def _own(turn: Turn) -> str:
    return without_marks(own_words(turn.text))


def build(
    chat: BaseChatModel, memory: Memory, style: Style | None = None
) -> CompiledStateGraph[RememberState, Context, RememberInput, RememberState]:
    """Build the graph; see `Rememberer` for the arguments.

    Example:
        >>> turn = memory.journal.turns("ada")[-1]
        >>> state = build(chat, memory).invoke({"turn_id": turn.id}, context=Context(user_id="ada"))
        >>> state["memory"].content
        'The user plays the cello in a quartet.'
    """
    nodes = Rememberer(chat, memory, style or Style())
    graph = StateGraph(RememberState, context_schema=Context, input_schema=RememberInput)
    graph.add_node("load", nodes.load)
    graph.add_node("infer_personality", nodes.infer_personality)
    graph.add_node("evolve_personality", nodes.evolve_personality)
    graph.add_node("extract_semantic", nodes.extract_semantic)
    graph.add_node("ground_photos", nodes.ground_photos)
    graph.add_node("compare", nodes.compare)
    graph.add_node("commit", nodes.commit)
    graph.add_edge(START, "load")
    graph.add_edge("load", "infer_personality")
    graph.add_edge("infer_personality", "evolve_personality")
    graph.add_edge("load", "extract_semantic")
    graph.add_edge("extract_semantic", "ground_photos")
    graph.add_edge("ground_photos", "compare")
    graph.add_edge(["evolve_personality", "compare"], "commit")
    graph.add_edge("commit", END)
    return checked(graph.compile(name="remember"))
