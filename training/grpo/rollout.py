"""Rollouts: the respond graph itself, over the question's own memory, with the model in training.

Only the tokens that the model wrote carry loss; the tokens that the graph put between them (retrieval results, the marks of
the chat template) are masked.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from graph import respond
from graph.context import Context
from memory.core.errors import PersonaError
from training.data.chat_messages import chat_of
from training.grpo.waves import Ids, Waves

if TYPE_CHECKING:
    from langchain_core.callbacks import CallbackManagerForLLMRun

    from graph.prompts.briefing import Style
    from memory.core.query import Query, SearchLimits, SearchResult
    from memory.memory import Memory
    from training.data.questions import Question


@dataclass
class Tokens:
    """The tokens of one rollout.

    Attributes:
        prompt: The first prompt.
        completion: All tokens after it.
        mask: One for each token of `completion`: 1 if the model wrote it, 0 if not.
        written: The model's rounds as text.
    """

    prompt: Ids
    completion: Ids = field(default_factory=list)
    mask: list[int] = field(default_factory=list)
    written: list[str] = field(default_factory=list)


class OverError(PersonaError):
    """The rollout has ended."""


class TrainedModel(BaseChatModel):
    """The model in training, as a chat model of one rollout: it generates, and records every token.

    Each prompt must begin with the previous prompt and its output; the respond graph's prompts do.
    """

    _tool: Any = PrivateAttr()
    _ask: Callable[[Ids], Ids] = PrivateAttr()
    _tokens: Tokens = PrivateAttr()
    _before: str = PrivateAttr(default="")
    _shown: int = PrivateAttr(default=0)
    """Rounds that the first prompt shows as examples."""

    def __init__(self, processor: Any, ask: Callable[[Ids], Ids], prompt: Ids) -> None:
        super().__init__()
        self._tool = processor
        self._ask = ask
        self._tokens = Tokens(prompt)

    @property
    def tokens(self) -> Tokens:
        """Return the prompt and output tokens so far."""
        return self._tokens

    @property
    def _llm_type(self) -> str:
        return "trained"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002 - LangChain's signature
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **_: Any,
    ) -> ChatResult:
        tokens, tokenizer = self._tokens, self._tool.tokenizer
        if tokens.completion:
            told = self._tokens_since(messages)
            tokens.completion += told
            tokens.mask += [0] * len(told)
        else:
            self._shown = sum(message.type == "ai" for message in messages)
        self._before = self._render(messages)
        new = self._ask(tokens.prompt + tokens.completion)
        tokens.completion += new
        tokens.mask += [1] * len(new)
        text = tokenizer.decode(new, skip_special_tokens=True)
        tokens.written.append(text)
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])

    def _tokens_since(self, messages: Sequence[BaseMessage]) -> Ids:
        """Return the tokens between the last output and the next one."""
        rounds = [number for number, message in enumerate(messages) if message.type == "ai"]
        if len(rounds) < self._shown + len(self._tokens.written):
            raise OverError("The graph would go on without what was written last: it was malformed for the second time.")
        place = rounds[-1]
        before, after = self._render(messages[:place]), self._render(messages[: place + 1], again=False)
        if before != self._before:
            raise RuntimeError("A round's prompt has to begin with the round before; loss would fall on the wrong tokens.")
        closing = after[len(before) + len(str(messages[place].content)) :]
        end = self._tool.tokenizer.eos_token
        if self._tokens.completion[-1] == self._tool.tokenizer.eos_token_id and closing.startswith(end):
            closing = closing[len(end) :]
        told = closing + self._render(messages)[len(after) :]
        ids: Ids = self._tool.tokenizer(told, add_special_tokens=False)["input_ids"]
        return ids

    def _render(self, messages: Sequence[BaseMessage], *, again: bool = True) -> str:
        return str(self._tool.apply_chat_template(chat_of(messages), tokenize=False, add_generation_prompt=again))


@dataclass(frozen=True)
class Setting:
    """The setting of a rollout.

    Attributes:
        question: The question.
        user: The person's user id in the memory.
        images: The photo ids of the question's images in that memory.
    """

    question: Question
    user: str
    images: tuple[str, ...] = ()


class Rollouts:
    """Runs the respond graph for a batch of questions.

    The search that begins a turn is part of the first prompt, which all rollouts of a question share, and returns the same
    results in each. The number of results of the model's own retrievals is random.

    Args:
        memory: The people of the questions.
        style: How prompts are made; the number of results is drawn within `episodic` and `semantic`.
        episodic: Range of topics per retrieval: from, to.
        semantic: The same for facts.
        seed: Random seed.
    """

    def __init__(
        self, memory: Memory, style: Style, episodic: tuple[int, int], semantic: tuple[int, int], seed: int = 0
    ) -> None:
        self._memory = memory
        # A prompt of one round is the beginning of the next one's: nothing is asked twice, and nothing is inserted for one
        # round alone. Images can be shown with the question only (TRL's rollouts carry no others).
        prompts = replace(style.prompts, must_retrieve="")
        self._style = replace(style, prompts=prompts, second_try=False, shows_recalled=False)
        self._episodic, self._semantic = episodic, semantic
        self._seed = seed

    def opening(self, setting: Setting) -> list[BaseMessage]:
        """Return the messages that a rollout of this question begins with."""
        capture = _PromptCapture()
        self._play(setting, capture, self._memory)
        return capture.first

    def run(
        self,
        settings: Sequence[Setting],
        prompts: Sequence[Ids],
        processor: Any,
        write: Callable[[Mapping[int, Ids]], Mapping[int, Ids]],
        step: int = 0,
        anyone: Callable[[bool], bool] = lambda here: here,
    ) -> list[Tokens]:
        """Run one rollout for each setting, all at once.

        Args:
            settings: The questions, one for each rollout.
            prompts: Their first prompts in tokens, images included.
            processor: The model's processor.
            write: Generates, as in `Waves`.
            step: The training step: each has other random numbers.
            anyone: As in `Waves`.

        Returns:
            Their tokens, in the same order.
        """
        waves = Waves(write, len(settings), anyone)
        models = [
            TrainedModel(processor, lambda ids, number=number: waves.ask(number, ids), prompt)  # type: ignore[misc]
            for number, prompt in enumerate(prompts)
        ]
        memories = [self._drawn(f"{self._seed}/{step}/{number}") for number in range(len(settings))]

        def play(number: int) -> None:
            try:
                self._play(settings[number], models[number], memories[number])
            finally:
                waves.leave()

        with ThreadPoolExecutor(max_workers=max(1, len(settings))) as pool:
            played = [pool.submit(play, number) for number in range(len(settings))]
            waves.run()
            for one in played:
                one.result()
        return [model.tokens for model in models]

    def _play(self, setting: Setting, model: BaseChatModel, memory: Memory) -> None:
        question = setting.question
        forced = question.kind == "choice"
        context = Context(user_id=setting.user, time=question.time, force_retrieve=forced, off_the_record=True)
        try:
            respond.build(model, memory, self._style).invoke(
                {"text": question.text, "images": list(setting.images)}, context=context
            )
        except PersonaError:
            # It wrote nothing that can be shown, or more than the window holds: such a rollout gets the reward of its text.
            return

    def _drawn(self, seed: str) -> Memory:
        draw = random.Random(seed)  # noqa: S311 - no secret
        return cast("Memory", _Drawn(self._memory, draw.randint(*self._episodic), draw.randint(*self._semantic)))


class _Drawn:
    """A memory whose retrievals return the drawn number of results, except the first: its prompt already exists."""

    def __init__(self, memory: Memory, episodic: int, semantic: int) -> None:
        self._memory = memory
        self.episodic, self.semantic = episodic, semantic
        self._searched = False

    def search_by_kind(self, user_id: str, query: Query, limits: SearchLimits) -> SearchResult:
        if self._searched or query.keywords:
            limits = replace(limits, episodic=self.episodic, semantic=self.semantic)
        self._searched = True
        return self._memory.search_by_kind(user_id, query, limits)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._memory, name)


class _PromptCapture(BaseChatModel):
    """Captures the first prompt, and ends the turn."""

    _first: list[BaseMessage] = PrivateAttr(default_factory=list)

    @property
    def first(self) -> list[BaseMessage]:
        return self._first

    @property
    def _llm_type(self) -> str:
        return "capture"

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        self._first = self._first or list(messages)
        return ChatResult(generations=[ChatGeneration(message=AIMessage("<think>…</think><answer>…</answer>"))])
