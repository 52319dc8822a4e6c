"""Corrections of LoCoMo's golds, from a file of the user's own: other evidence, or another answer, for single questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, model_validator

from app.malformed import Place, checked, read_json


def _name_of_index(value: object) -> object:
    """Return an index of a conversation as its name."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class _Correction(BaseModel):
    model_config = ConfigDict(extra="forbid")

    conversation: Annotated[str, BeforeValidator(_name_of_index)] | None = None
    index: int | None = Field(default=None, ge=0, strict=True)
    question: str | None = None
    evidence: list[str] | None = None
    answer: str | int | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.index is None) == (self.question is None):
            msg = "name the question by its words (question), or by conversation and index"
            raise ValueError(msg)
        if self.index is not None and self.conversation is None:
            msg = "an index needs its conversation"
            raise ValueError(msg)
        if self.evidence is None and self.answer is None:
            msg = "it corrects nothing: give evidence or answer"
            raise ValueError(msg)
        return self

    @property
    def gold(self) -> dict[str, Any]:
        """Return what it sets, by LoCoMo's names."""
        return self.model_dump(include={"evidence", "answer"}, exclude_none=True)

    def means(self, place: int, asked: Any) -> bool:
        """Return whether it is about this question of a conversation that it may be about."""
        if self.question is None:
            return place == self.index
        text = asked.get("question") if isinstance(asked, dict) else None
        return isinstance(text, str) and same_words(text) == same_words(self.question)


@dataclass(frozen=True)
class Corrections:
    """A file of corrections, read."""

    path: Path
    entries: tuple[_Correction, ...]

    def applied(self, talks: Sequence[Any]) -> list[Any]:
        """Return LoCoMo's conversations with the corrected questions; what is no conversation stays as it is.

        A question that stands twice in its conversation is corrected in both places.

        Raises:
            InvalidInput: A correction fits no question, questions of several conversations, or a question that another one
                corrects; or its evidence is not in the conversation.
        """
        made = [{**talk, "qa": list(talk["qa"])} if _is_talk(talk) else talk for talk in talks]
        corrected: dict[tuple[int, int], int] = {}
        for number, one in enumerate(self.entries):
            place = Place(self.path, (number,))
            hits = [
                (talk, at)
                for talk, entry in enumerate(made)
                if _is_talk(entry) and one.conversation in {None, name_of(talk, entry)}
                for at, asked in enumerate(entry["qa"])
                if one.means(at, asked)
            ]
            self._check(place, one, hits, talks)
            for talk, at in hits:
                if (talk, at) in corrected:
                    raise place.wrong(f"correction {corrected[talk, at]} is about the same question. Remove one.")
                corrected[talk, at] = number
                made[talk]["qa"][at] = {**made[talk]["qa"][at], **one.gold}
        return made

    @staticmethod
    def _check(place: Place, one: _Correction, hits: Sequence[tuple[int, int]], talks: Sequence[Any]) -> None:
        named = sorted({talk for talk, _ in hits})
        if not named:
            raise place.wrong("no question of the LoCoMo file fits it. Check its conversation, and its question or index.")
        if len(named) > 1:
            raise place.wrong("questions of several conversations have these words. Name the conversation.")
        unknown = [name for name in one.evidence or () if name not in _turn_ids(talks[named[0]])]
        if unknown:
            raise place.at("evidence").wrong(f"the conversation has no turn {unknown[0]!r}.")


def load(path: Path) -> Corrections:
    """Load a file of corrections.

    Raises:
        InvalidInput: It cannot be read, or is malformed; names file and line.
    """
    entries = checked(Place(path), TypeAdapter(list[_Correction]), read_json(path, "--corrections"))
    return Corrections(path, tuple(entries))


def name_of(number: int, entry: dict[str, Any]) -> str:
    """Return the name of a conversation: its `sample_id`, else its index in the file."""
    return str(entry.get("sample_id", number))


def same_words(question: str) -> str:
    """Return a question without what does not tell two apart: capitals, and how many spaces there are."""
    return " ".join(question.casefold().split())


def _is_talk(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("qa"), list) and all(isinstance(one, dict) for one in entry["qa"])


def _turn_ids(entry: dict[str, Any]) -> set[Any]:
    talk = entry.get("conversation")
    sessions = talk.values() if isinstance(talk, dict) else ()
    return {turn.get("dia_id") for turns in sessions if isinstance(turns, list) for turn in turns if isinstance(turn, dict)}
