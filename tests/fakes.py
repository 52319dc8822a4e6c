"""Stand-ins for what is slow or random: a scripted chat model and an embedder that counts words."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from PIL import Image

from app.operations.model_calls import ModelCalls
from graph.formats import memory_formats, protocol
from graph.prompts.briefing import Style
from memory.core.priority import ReplyFirst
from memory.embedding.token_vectors import Embedding

NOTHING = '"reason": "nothing"\n"decision": false\n"content": null\n"keywords": null'
NEUTRAL = "\n".join(
    f'"{trait}": 3' for trait in ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
)
_STEPS = {
    protocol.REASONING_GRAMMAR: "reasoning",
    protocol.RETRIEVE_GRAMMAR: "retrieve",
    protocol.ANSWER_GRAMMAR: "answer",
    memory_formats.PERSONALITY_GRAMMAR: "personality",
    memory_formats.SEMANTIC_GRAMMAR: "semantic",
    memory_formats.DECISION_GRAMMAR: "worth",
    memory_formats.CORE_GRAMMAR: "core",
    memory_formats.EPISODIC_GRAMMAR: "episodic",
    memory_formats.PROCEDURAL_GRAMMAR: "procedural",
    **{memory_formats.change_grammar(count): "change" for count in (1, 2, 3)},
    None: "direct",
}

Line = str | Exception | Callable[[str], str]


def answer(text: str, think: str = "It is plain.") -> str:
    return protocol.format_reasoning(protocol.Answer(text, think))


def retrieve(keywords: str, start: str | None = None, end: str | None = None) -> str:
    return protocol.format_reasoning(protocol.Retrieve(keywords, start, end, "I have to look."))


def fact(content: str, *keywords: str) -> str:
    return memory_formats.format_semantic(memory_formats.Extraction(True, content, keywords, "worth it"))


class ScriptedChat(BaseChatModel):
    """Says what the script has for a step: the next line of a list (the last one stays), or what a function makes of the prompt.

    Attributes:
        script: Lines by step (`reasoning`, `retrieve`, `answer`, `direct`, `personality`, `semantic`, `core`,
            `episodic`, `procedural`); an exception is raised; a step that is not there has a harmless default.
        calls: (step, prompt) of every call so far.
        gate: When set, streaming waits for it before every piece.
    """

    script: dict[str, Any] = {}
    calls: list[Any] = []
    gate: Any = None
    piece: int = 7

    def __init__(self, script: dict[str, Line | list[Line]] | None = None, **fields: Any) -> None:
        super().__init__(script=dict(script or {}), calls=[], **fields)
        self._lock = threading.Lock()

    _lock: Any = None

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def again(self) -> ScriptedChat:
        """Return another one that has the same script and heard the same calls."""
        lines = {step: list(line) if isinstance(line, list) else line for step, line in self.script.items()}
        other = ScriptedChat(lines, gate=self.gate, piece=self.piece)
        other.calls.extend(self.calls)
        return other

    def steps(self) -> list[str]:
        return [step for step, _ in self.calls]

    def prompts(self, step: str) -> list[str]:
        return [prompt for asked, prompt in self.calls if asked == step]

    def _line(self, messages: Sequence[BaseMessage], grammar: str | None) -> str:
        step = _STEPS[grammar]
        prompt = "\n\n".join(f"{message.type}: {message.text}" for message in messages)
        with self._lock:
            self.calls.append((step, prompt))
            line = self.script.get(step, _DEFAULTS[step])
            if isinstance(line, list):
                line = line.pop(0) if len(line) > 1 else line[0]
        if isinstance(line, Exception):
            raise line
        return line(prompt) if callable(line) else line

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        text = self._line(messages, kwargs.get("grammar"))
        for start in range(0, len(text), self.piece):
            if self.gate is not None:
                self.gate.wait(600)
            yield ChatGenerationChunk(message=AIMessageChunk(content=text[start : start + self.piece]))
        if not text:
            yield ChatGenerationChunk(message=AIMessageChunk(content=""))

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(self._line(messages, kwargs.get("grammar"))))])


_DEFAULTS = {
    "reasoning": answer("Hello!"),
    "retrieve": retrieve("anything"),
    "answer": answer("That is all I know."),
    "direct": "Hello!",
    "personality": NEUTRAL,
    "semantic": NOTHING,
    "worth": '"decision": false',
    "change": '"1": "other"\n"2": "other"\n"3": "other"',
    "core": '"name": "unknown"',
    "episodic": '"topic_summary": "The user talked."\n"keywords": "talk"\n"source_dialog_indices": 0',
    "procedural": "none",
}


class ScriptedModels:
    """Hands out one chat model for replies and background work."""

    def __init__(self, chat: BaseChatModel, style: Style | None = None, priority: ReplyFirst | None = None) -> None:
        self._chat = chat
        self._style = style or Style()
        self.priority = priority
        self.calls = ModelCalls()

    def chat(self, *, background: bool = False) -> BaseChatModel:
        return self._chat

    def style(self) -> Style:
        return self._style

    loaded = None

    def obstacle(self) -> str:
        return ""

    def wind_down(self) -> None:
        pass

    def close(self) -> None:
        pass


class WordEmbedder:
    """Counts words into 64 buckets: texts that share words are near, and nothing has to be loaded."""

    name = "words-64"

    def embed(self, texts: Sequence[str]) -> list[Embedding]:
        return [self._embedding(re.findall(r"\w+", text.lower())) for text in texts]

    def _embedding(self, words: Sequence[str]) -> Embedding:
        tokens = np.zeros((len(words), 64), dtype=np.float32)
        for row, word in zip(tokens, words, strict=True):
            row[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) % 64] = 1.0
        whole = tokens.sum(axis=0)
        whole[0] += 0.01
        return Embedding(whole / np.linalg.norm(whole), tuple(words), tokens)


class KindEmbedder(WordEmbedder):
    """Counts what the words of a few messages are about, under the name of the embedder whose cosines were measured."""

    name = "all-minilm-l6-v2"
    _KINDS = {"earn": "salary", "crowns": "salary", "paid": "salary", "lane": "address", "moved": "address"}
    _COMMON = frozenset({"i", "a", "an", "at", "the", "my", "is", "this", "about", "what", "of", "in", "to", "me", "you"})

    def embed(self, texts: Sequence[str]) -> list[Embedding]:
        words = [[word for word in re.findall(r"\w+", text.lower()) if word not in self._COMMON] for text in texts]
        return [self._embedding([self._KINDS.get(word, word) for word in one]) for one in words]


class ColourEmbedder:
    """Sees the mean colour of a picture, and reads the colours that a text names."""

    name = "colours"
    words_threshold = 0.9
    _COLOURS = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1)}

    def pictures(self, images: Sequence[Image.Image]) -> np.ndarray:
        means = [np.asarray(image.convert("RGB"), dtype=np.float32).reshape(-1, 3).mean(axis=0) for image in images]
        return np.stack([self._unit([*mean, 1.0]) for mean in means])

    def words(self, texts: Sequence[str]) -> np.ndarray:
        named = [
            np.sum([rgb for name, rgb in self._COLOURS.items() if name in text.lower()] or [(0, 0, 0)], axis=0)
            for text in texts
        ]
        return np.stack([self._unit([*rgb, 0.01]) for rgb in named])

    def _unit(self, row: Sequence[float]) -> np.ndarray:
        return np.asarray(row, dtype=np.float32) / np.linalg.norm(row)
