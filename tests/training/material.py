"""What the smoke run trains on: four small lives, eight questions about them, and how a good rollout looks."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import trl
import yaml
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from PIL import Image, ImageDraw
from pydantic import PrivateAttr

from graph.formats.protocol import Answer, Retrieve, format_reasoning
from graph.prompts.briefing import Style
from graph.prompts.budgets import Budgets
from graph.prompts.texts import load_prompts
from memory.memory import Memory
from tests import tiny_vlm
from tests.fakes import WordEmbedder
from training.data import questions, sft_data
from training.data.chat_messages import chat_of
from training.data.lessons import PICTURE, Lesson, Message
from training.grpo.rollout import Rollouts
from training.grpo.trainer import planted

LIVES = {
    "ana": [
        ("My parrot is called Zazu.", "Zazu", "What is my parrot called?"),
        ("I live in Quito.", "Quito", "Where do I live?"),
    ],
    "ben": [("My boat is blue.", "blue", "Which colour is my boat?"), ("I sing in a choir.", "choir", "Where do I sing?")],
    "mia": [("My sister is Olga.", "Olga", "What is my sister called?"), ("I drink tea.", "tea", "What do I drink?")],
    "tom": [("I play the oboe.", "oboe", "What do I play?"), ("My cat is Pip.", "Pip", "What is my cat called?")],
}
PROMPTS = 'instructions = "Look, then answer."\noutput_format = "think, answer, retrieve"\nafter_retrieval = "Go on."\nmust_answer = "Answer."\n'
_COMMON: dict[str, Any] = {
    "precision": "fp32", "gradient_checkpointing": False, "logging_steps": 1, "save_steps": 1_000, "max_tokens": 2_048,
    "max_pixels": 6_272,
}  # fmt: skip


class _Scripted(BaseChatModel):
    """Writes what it is told to, and keeps the last conversation."""

    _lines: list[str] = PrivateAttr()
    _last: list[BaseMessage] = PrivateAttr(default_factory=list)

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def last(self) -> list[BaseMessage]:
        return self._last

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        written = AIMessage(self._lines.pop(0))
        self._last = [*messages, written]
        return ChatResult(generations=[ChatGeneration(message=written)])


def make(folder: Path) -> Path:
    """Write model, histories, questions, samples and the SFT recipe into a folder; returns it."""
    template = (Path(trl.__file__).parent / "chat_templates" / "qwen2_5_vl.jinja").read_text()
    tiny_vlm.build(folder / "tiny", template)
    (folder / "prompts.toml").write_text(PROMPTS)
    _questions(folder)
    lessons = _lessons(folder)
    (folder / "sft.json").write_text(json.dumps(sft_data.written(lessons), indent=1))
    recipe(
        folder, "sft", model=str(folder / "tiny"), data=str(folder / "sft.json"), batch=16, per_device_batch=8, max_steps=70,
        learning_rate=0.002, warmup=0.1,
    )  # fmt: skip
    return folder


def recipe(folder: Path, name: str, **keys: Any) -> Path:
    """Write a recipe."""
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump({**_COMMON, "output": str(folder / name), **keys}))
    return path


def _questions(folder: Path) -> None:
    words = [word for facts in LIVES.values() for _, word, _ in facts]
    draw, lines = random.Random(3), []
    for name, facts in LIVES.items():
        turns = [
            {"time": f"2026-03-0{day} 10:00", "user": said, "assistant": "I see.", "fact": f"The user says: {said}"}
            for day, (said, _, _) in enumerate(facts, start=1)
        ]
        (folder / f"{name}.json").write_text(json.dumps({"turns": turns}))
        for number, (_, word, question) in enumerate(facts):
            options = draw.sample([word, draw.choice([one for one in words if one != word])], 2)
            listed = "\n".join(f"({letter}) {option}" for letter, option in zip("ab", options, strict=True))
            line = {
                "text": f"{question}\n\n{listed}", "answer": f"({'ab'[options.index(word)]})", "kind": "choice",
                "time": "2026-03-20 10:00", "memory": f"{name}.json",
            }  # fmt: skip
            if number:
                picture = Image.new("RGB", (70, 56), (40 * len(lines) % 255, 200, 90))
                ImageDraw.Draw(picture).rectangle((9, 9, 40, 40), fill=(200, 20 * len(lines), 10))
                picture.save(folder / f"{name}.png")
                line["images"] = [f"{name}.png"]
            lines.append(json.dumps(line) + "\n")
    (folder / "rl.jsonl").write_text("".join(lines))


def _lessons(folder: Path) -> list[Lesson]:
    """Show how to look and how to answer, and for each question both answers: which one is right is left to GRPO."""
    style = Style(
        prompts=load_prompts(folder / "prompts.toml"), layout="published", sees=True, max_retrievals=2,
        budgets=Budgets(window=2_048, output=60),
    )  # fmt: skip
    lessons = []
    with Memory(folder / "lives", WordEmbedder()) as memory:
        rollouts = Rollouts(memory, style, (2, 2), (3, 3))
        for setting in planted(memory, questions.read(folder / "rl.jsonl")):
            for letter in "ab":
                word = setting.question.text.split("?")[0].split()[-1]
                look, reply = Retrieve(word, think="I look."), Answer(f"({letter})", think="I choose.")
                chat = _Scripted([format_reasoning(look), format_reasoning(reply)])
                rollouts._play(setting, chat, memory)
                told = tuple(
                    Message(
                        one["role"], "".join(PICTURE if part["type"] == "image" else part["text"] for part in one["content"])
                    )
                    for one in chat_of(chat.last)
                )
                lessons.append(Lesson("reasoning", told, tuple(setting.question.images)))
    return lessons
