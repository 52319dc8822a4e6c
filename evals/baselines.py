"""Baselines: the same model in one call that sees nothing, the whole history, or the results of a plain search."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, SystemMessage

from evals.components.plain_search import PlainSearch, order
from evals.solvers import Reply, asked_at
from evals.types import Person, Question, Said, Shown
from evals.usage import Usage
from graph.prompts.briefing import Style
from graph.prompts.budgets import estimate_tokens
from graph.prompts.sections import PICTURE_TOKENS, Picture, human
from graph.prompts.showing import data_url
from memory.core import clock
from memory.core.errors import InvalidInput
from memory.embedding.text_embedder import Embedder
from memory.photos.image_file import read_picture

TOP = 5
"""Messages that the published retrieval baseline retrieves."""
_FRAME_TOKENS = 100
"""Tokens kept free for headings and the marks between messages."""
_MAX_PICTURES = 8
"""Maximum photos of a history, the newest."""
_BYTES_PER_TOKEN = 4.0
"""Bytes per token before the server has counted any."""
_SYSTEM = "You know a person from the conversations that are shown to you, if any are. Answer the question about them."
_NOTES = (
    "You talk with a person whom you know. The notes are messages that they sent you earlier, each with its date; the word I "
    "in a note is that person. Answer their new message in one or two plain sentences and call them you. Use what the notes "
    "say. Where the notes do not say it, tell them that they have not told you that yet."
)


class Baseline:
    """The model alone, without any history.

    Args:
        chat: The model.
        style: Its window, and whether it sees images.
    """

    system = _SYSTEM

    def __init__(self, chat: BaseChatModel, style: Style) -> None:
        self._chat = chat
        self._style = style

    def replay(self, person: Person, upto: int) -> None:
        """Store nothing: the history is available when a question is asked."""

    def answer(self, person: Person, question: Question, asked: str) -> Reply:
        """Ask the model directly, in one call."""
        turns = person.turns[: question.after]
        usage = Usage()
        shown = [turns[place] for place in self.choose(turns, question, asked)]
        messages: list[BaseMessage] = [
            SystemMessage(self.system),
            human(self.text(shown, clock.show(clock.parse_time(asked_at(person, question))), asked), self._pictures(shown)),
        ]
        text = ""
        limit = self._style.budgets.output
        for chunk in self._chat.stream(messages, max_tokens=limit, config={"callbacks": [usage]}):
            if chunk.text:
                usage.spoke()
            text += chunk.text
        places = {id(said): place for place, said in enumerate(person.turns)}
        brought = tuple(Shown(str(places[id(said)]), "turn", said.user, (places[id(said)],)) for said in shown)
        return Reply.of(text.strip(), usage, rounds=(brought,) if brought else ())

    def choose(self, turns: Sequence[Said], question: Question, asked: str) -> Sequence[int]:  # noqa: ARG002 - others choose by them
        """Return the indices of the turns that the model is shown, in time order: none."""
        return ()

    def text(self, shown: Sequence[Said], now: str, asked: str) -> str:
        """Return the text that the model is sent."""
        history = "\n\n".join(_turn_text(said) for said in shown)
        before = f"## Conversations\n{history}\n\n" if shown else ""
        return f"{before}## Question\n[{now}]\n{asked}"

    def _pictures(self, shown: Sequence[Said]) -> list[Picture]:
        if not self._style.sees:
            return []
        paths = [path for said in shown for path in said.images][-_MAX_PICTURES:]
        return [Picture(path.name, data_url(read_picture(path.read_bytes()).small), "") for path in paths]


class FullContext(Baseline):
    """The whole history as far as it fits into the window; the newest turns are kept."""

    def choose(self, turns: Sequence[Said], question: Question, asked: str) -> Sequence[int]:  # noqa: ARG002 - every question sees it
        """Return the newest turns that fit together with the question."""
        budgets = self._style.budgets
        fixed = estimate_tokens(asked) + estimate_tokens(self.system) + _MAX_PICTURES * PICTURE_TOKENS + _FRAME_TOKENS
        left = budgets.window - budgets.output - fixed
        first = len(turns)
        for said in reversed(turns):
            left -= estimate_tokens(_turn_text(said)) + 1
            if left < 0:
                break
            first -= 1
        return range(first, len(turns))


class Searching(Baseline):
    """Shows the results of a plain search over whole turns; a history is embedded once.

    Args:
        chat: The model.
        style: Its window, and whether it sees images.
        embedder: Makes the vectors.
    """

    def __init__(self, chat: BaseChatModel, style: Style, embedder: Embedder) -> None:
        super().__init__(chat, style)
        self._embedder = embedder
        self._known: dict[tuple[str, ...], PlainSearch] = {}

    def search(self, turns: Sequence[Said]) -> PlainSearch:
        """Return the search over turns."""
        texts = tuple(self.searched(said) for said in turns)
        if texts not in self._known:
            self._known[texts] = PlainSearch(texts, self._embedder)
        return self._known[texts]

    def searched(self, said: Said) -> str:
        """Return the text of a turn that is searched."""
        return f"{said.user}\n{said.assistant}"


class Rag(Searching):
    """The five turns that are semantically nearest to the question (published: top-5 messages)."""

    def choose(self, turns: Sequence[Said], question: Question, asked: str) -> Sequence[int]:  # noqa: ARG002 - the text alone
        """Return the nearest turns in time order."""
        return sorted(order(self.search(turns).dense(asked))[:TOP])


class Notes(Rag):
    """The ten-minute attempt: the five nearest messages by meaning, the person's words alone, as dated one-line notes."""

    system = _NOTES

    def searched(self, said: Said) -> str:
        """Return the person's own words."""
        return said.user

    def text(self, shown: Sequence[Said], now: str, asked: str) -> str:
        """Return the notes, followed by the message."""
        notes = "\n".join(f"- {clock.show(said.time)}: {' '.join(said.user.split())}" for said in shown)
        before = f"Notes:\n{notes}\n\n" if shown else ""
        return f"{before}It is {now}. They write: {asked}"


class Hybrid(Searching):
    """Dense search and BM25, fused by reciprocal rank: as many whole turns as match the tokens that ours used for the question.

    Args:
        chat: The model.
        style: Its window, and whether it sees images.
        embedder: Makes the vectors.
        tokens_of: Takes a question's id and text; returns the prompt tokens that ours used, or None if ours was not asked.
    """

    def __init__(
        self, chat: BaseChatModel, style: Style, embedder: Embedder, tokens_of: Callable[[str, str], int | None]
    ) -> None:
        super().__init__(chat, style, embedder)
        self._tokens_of = tokens_of
        self._sent, self._counted = 0, 0

    def choose(self, turns: Sequence[Said], question: Question, asked: str) -> Sequence[int]:
        """Return the best turns whose tokens come nearest to those of ours, at least the first; turns that are too long are
        skipped.

        Raises:
            InvalidInput: Ours was not asked this question before, or its server counts no tokens.
        """
        tokens = self._tokens_of(question.id, asked)
        if not tokens:
            raise InvalidInput(
                "The baseline `hybrid` gets as many tokens as ours used, and the log has none of ours for this question. Let "
                "ours answer first, with a server that counts tokens."
            )
        budgets = self._style.budgets
        tokens = min(tokens, budgets.window - budgets.output)
        room = (
            tokens * self._bytes_per_token()
            - len(self.system.encode())
            - len(self.text([], "", asked).encode())
            - _FRAME_TOKENS
        )
        kept: list[int] = []
        for place in order(self.search(turns).hybrid(asked)):
            size = len(_turn_text(turns[place]).encode()) + 2 + self._photo_tokens([turns[place]]) * self._bytes_per_token()
            # Take one more turn if that is nearer to the tokens of ours than one fewer.
            if size < 2 * room or not kept:
                kept.append(place)
                room -= size
        return sorted(kept)

    def answer(self, person: Person, question: Question, asked: str) -> Reply:
        """Ask, and learn the length of the server's tokens from its count."""
        reply = super().answer(person, question, asked)
        shown = [person.turns[place] for one in reply.rounds for each in one for place in each.turns]
        now = clock.show(clock.parse_time(asked_at(person, question)))
        self._sent += len(self.system.encode()) + len(self.text(shown, now, asked).encode())
        self._counted += max(reply.prompt_tokens - self._photo_tokens(shown), 0)
        return reply

    def _photo_tokens(self, shown: Sequence[Said]) -> int:
        """Return the token cost of the turns' photos."""
        return sum(len(said.images) for said in shown) * PICTURE_TOKENS if self._style.sees else 0

    def _bytes_per_token(self) -> float:
        return self._sent / self._counted if self._counted else _BYTES_PER_TOKEN


def _turn_text(said: Said) -> str:
    shown = "".join(f" [picture {path.name}]" for path in said.images)
    return f"[{clock.show(said.time)}]{shown}\nUser: {said.user}\nAssistant: {said.assistant}"
