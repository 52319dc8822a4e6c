"""REMEMBER: what one turn teaches about the person; in the background, in order, and safe to do again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_core.messages import BaseMessage, SystemMessage
from langgraph.graph import END, START, StateGraph

from graph import formats, showing
from graph.asking import ask
from graph.briefing import Style
from graph.context import Context
from graph.data_text import as_data, as_entry
from graph.examples import told
from graph.grounding import seen_in
from graph.personality import evolve
from graph.sections import Picture, human, rounds_of
from graph.state import RememberInput, RememberState
from memory.change import Changes, decide
from memory.errors import MessageTooLong
from memory.records import BigFive, PersonalityPoint, SemanticMemory, Turn, make_id

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langgraph.graph.state import CompiledStateGraph

    from memory.store import Memory

Parsed = TypeVar("Parsed")
_MAX_TOKENS = 320


class Rememberer:
    """The nodes of the remember graph. Extraction reads the user's own words, never recalled memories.

    Args:
        chat: The model that judges and extracts.
        memory: Where it is kept.
        style: What the model is told, and whether it sees pictures.
    """

    def __init__(self, chat: BaseChatModel, memory: Memory, style: Style) -> None:
        self._chat = chat
        self._memory = memory
        self._prompts = style.prompts
        self._sees = style.sees
        self._judged = rounds_of(style.prompts.judged) if style.layout == "cache" else []

    def load(self, state: RememberState) -> dict[str, Any]:
        """Read the turn, and what the model wrote of it before a crash."""
        turn = self._memory.journal.turn(state["turn_id"], traces=False)
        return {"turn": turn, "outputs": self._memory.pending.outputs(turn.user_id, turn.id)}

    def infer_personality(self, state: RememberState) -> dict[str, Any]:
        """Ask what these words show of the Big Five; a malformed answer is no evidence."""
        neutral = BigFive()
        inferred, warnings = self._ask(
            state,
            "personality",
            self._prompts.personality,
            formats.parse_personality,
            formats.PERSONALITY_GRAMMAR,
            examples=self._judged,
        )
        return {"inferred": inferred or neutral, "warnings": warnings}

    def evolve_personality(self, state: RememberState) -> dict[str, Any]:
        """Move the remembered scores by PEM (published: λ from 0.5 to 0.9 over 50 turns)."""
        turn, inferred = state["turn"], state["inferred"]
        last = self._memory.curve.newest(turn.user_id) or PersonalityPoint(turn_id=None, time=turn.time)
        m = last.m + 1 if last.turn_id else last.m
        scores = evolve(last.scores, inferred, m, last.pinned)
        point = PersonalityPoint(turn_id=turn.id, time=turn.time, inferred=inferred, scores=scores, m=m, pinned=last.pinned)
        return {"point": point}

    def extract_semantic(self, state: RememberState) -> dict[str, Any]:
        """Ask whether the message holds something worth keeping; at most one record a turn (published)."""
        turn = state["turn"]
        seen = showing.shown(self._memory, turn.user_id, turn.images) if self._sees else []
        extraction, warnings = self._ask(
            state, "semantic", self._prompts.semantic, formats.parse_semantic, formats.SEMANTIC_GRAMMAR, pictures=seen
        )
        if extraction is None or not extraction.decision:
            return {"memory": None, "warnings": warnings}
        memory = SemanticMemory(
            id=make_id(turn.user_id, "semantic", turn.id),
            turn_id=turn.id,
            time=turn.time,
            content=extraction.content,
            keywords=extraction.keywords,
            reason=extraction.reason,
        )
        return {"memory": memory, "warnings": warnings}

    def ground_photos(self, state: RememberState) -> dict[str, Any]:
        """Tie the memory to the pictures that its message carried, and find in them the things that it names."""
        turn, memory = state["turn"], state["memory"]
        if not turn.images:
            return {"photos": []}
        seen = seen_in(turn, memory.content if memory else None, self._memory.look_for)
        return {"photos": seen, **({"memory": memory.model_copy(update={"photo_ids": turn.images})} if memory else {})}

    def compare(self, state: RememberState) -> dict[str, Any]:
        """Ask whether the new fact repeats older ones or makes them untrue; `memory.change` decides what is believed.

        Only already extracted facts are compared: nothing is added by it.
        """
        memory = state["memory"]
        asked = self._memory.alike(state["turn"].user_id, memory) if memory else []
        if memory is None or not asked:
            return {"changes": Changes()}
        older = "\n".join(f"{number}: {as_entry(old.content)}" for number, (old, _) in enumerate(asked, start=1))
        # Named after what is compared: should an older fact be forgotten before a second try, the judgement is asked for anew.
        compared = make_id(memory.turn_id, "change", ",".join(old.id for old, _ in asked))
        relations, warnings = self._ask(
            state,
            f"change {compared}",
            self._prompts.change,
            lambda text: formats.parse_change(text, len(asked)),
            formats.change_grammar(len(asked)),
            f"New: {as_entry(memory.content)}\n{older}",
        )
        said = dict(zip([old.id for old, _ in asked], relations or [], strict=False))
        return {"changes": decide(memory, asked, said), "warnings": warnings}

    def commit(self, state: RememberState) -> dict[str, Any]:
        """Commit in one transaction, and bring the indexes up to it when there is enough to bring."""
        turn = state["turn"]
        self._memory.knowledge.commit_remember(
            turn.user_id, turn.id, state["point"], state["memory"], state["changes"], state["photos"]
        )
        if state["photos"]:
            # Looked at now, in the background: a look of the next message does not wait for that.
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
        output = state["outputs"].get(step)
        if output is not None:
            return parse(output), []
        messages: list[BaseMessage] = [SystemMessage(prompt), *examples, human(about or said(turn), pictures)]
        try:
            output, parsed = ask(
                self._chat, messages, parse, grammar=grammar, max_tokens=_MAX_TOKENS, malformed=self._prompts.malformed
            )
        except MessageTooLong:
            # It will be as long at the next try: done without, rather than never.
            output, parsed = "", None
        self._memory.pending.save_output(turn.user_id, turn.id, step, output)
        return parsed, [] if parsed is not None else [
            f"The {step.split(maxsplit=1)[0]} output was not in its form twice; nothing was taken from it."
        ]


def said(turn: Turn) -> str:
    """Show a turn as remembering reads it."""
    pictures = f"\n[with {len(turn.images)} picture(s)]" if turn.images else ""
    return told(turn.time, as_data(turn.text) + pictures)


def build(
    chat: BaseChatModel, memory: Memory, style: Style | None = None
) -> CompiledStateGraph[RememberState, Context, RememberInput, RememberState]:
    """Wire the graph; see `Rememberer` for the arguments."""
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
    return graph.compile(name="remember")
