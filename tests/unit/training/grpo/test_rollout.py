"""Rollouts run the real respond graph, and only what the model wrote carries loss."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image

from graph.formats.protocol import Answer, Retrieve, format_reasoning
from graph.prompts.briefing import Style
from graph.prompts.budgets import Budgets
from graph.search_request import first_round
from memory.core.query import SearchLimits
from memory.memory import Memory
from training.data import questions
from training.data.chat_messages import chat_of
from training.grpo.rollout import Rollouts, Setting, Tokens, _PromptCapture
from training.grpo.trainer import planted
from training.grpo.waves import Waves

pytestmark = pytest.mark.train

LOOK = format_reasoning(Retrieve("parrot", think="I look."))
AGAIN = format_reasoning(Retrieve("home", think="I look once more."))
RIGHT = format_reasoning(Answer("(b)", "Memory says so."))
WRONG = "neither this nor that"
ONE = SearchLimits(semantic=1, episodic=1)
"""The search that begins a turn leaves something for the model's own to find."""


@pytest.fixture
def setting(tmp_path: Path, memory: Memory) -> Setting:
    turns = [
        {"time": "2026-03-01 10:00", "user": "My parrot is called Zazu.", "assistant": "Nice.", "fact": "The parrot is Zazu."},
        {"time": "2026-03-02 10:00", "user": "My home is Quito.", "assistant": "I see.", "fact": "The home is Quito."},
    ]
    (tmp_path / "ana.json").write_text(json.dumps({"turns": turns}))
    asked = {
        "text": "What is my parrot called?\n\n(a) Pip\n(b) Zazu", "answer": "(b)", "time": "2026-03-20 10:00", "memory": "ana.json",
    }  # fmt: skip
    (tmp_path / "rl.jsonl").write_text(json.dumps(asked))
    return planted(memory, questions.read(tmp_path / "rl.jsonl"))[0]


def rollouts(memory: Memory, **style: object) -> Rollouts:
    own = Style(
        **{"layout": "published", "sees": True, "max_retrievals": 3, "budgets": Budgets(window=4_096, output=200), **style}
    )
    return Rollouts(memory, own, (2, 5), (3, 6))


def play(processor, played: Rollouts, setting: Setting, *scripts: list[str], ends: bool = True) -> list[Tokens]:
    """Play one rollout for each script; the model writes its lines."""
    tokenizer = processor.tokenizer
    lines = [list(script) for script in scripts]
    first = tokenizer(opened(processor, played, setting))["input_ids"]

    def write(wave: Mapping[int, list[int]]) -> Mapping[int, list[int]]:
        end = [tokenizer.eos_token_id] if ends else []
        return {number: tokenizer(lines[number].pop(0))["input_ids"] + end for number in wave}

    return played.run([setting] * len(scripts), [first] * len(scripts), processor, write)


def opened(processor, played: Rollouts, setting: Setting) -> str:
    return processor.apply_chat_template(chat_of(played.opening(setting)), tokenize=False, add_generation_prompt=True)


def words(processor, tokens: Tokens, mark: int) -> str:
    return processor.tokenizer.decode([one for one, own in zip(tokens.completion, tokens.mask, strict=True) if own == mark])


@pytest.mark.parametrize("layout", ["published", "cache"])
@pytest.mark.parametrize("ends", [True, False])
def test_only_what_the_model_wrote_carries_loss(processor, memory, setting, layout, ends):
    (tokens,) = play(processor, rollouts(memory, layout=layout, limits=ONE), setting, [LOOK, AGAIN, RIGHT], ends=ends)
    end = "<|im_end|>" if ends else ""
    assert words(processor, tokens, 1) == end.join([LOOK, AGAIN, RIGHT, ""])
    told = words(processor, tokens, 0)
    assert ("Quito" if layout == "published" else "Zazu") in told
    assert "I look" not in told
    assert tokens.written == [LOOK, AGAIN, RIGHT]


def test_all_tokens_together_are_the_conversation_that_the_chat_template_writes(processor, memory, setting):
    played = rollouts(memory)
    (tokens,) = play(processor, played, setting, [LOOK, RIGHT])
    text = processor.tokenizer.decode(tokens.prompt + tokens.completion)
    assert text.count("<|im_start|>assistant\n") == 3
    assert text.count("<|im_end|>\n<|im_start|>") == 6
    assert text.startswith(f"{opened(processor, played, setting)}{LOOK}<|im_end|>\n<|im_start|>user\n")
    assert text.endswith(f"{RIGHT}<|im_end|>")
    again = processor.tokenizer(text)["input_ids"]
    assert processor.tokenizer.decode(again) == text


def test_a_choice_is_looked_up_at_least_once(processor, memory, setting):
    (tokens,) = play(processor, rollouts(memory, limits=ONE), setting, [RIGHT, RIGHT])
    assert tokens.written == [RIGHT, RIGHT]
    assert "Quito" in words(processor, tokens, 0)


def test_the_search_that_begins_a_turn_is_prompt(processor, memory, setting):
    played = rollouts(memory, limits=ONE)
    (tokens,) = play(processor, played, setting, [LOOK, RIGHT])
    prompt = processor.tokenizer.decode(tokens.prompt)
    begun = format_reasoning(first_round(setting.question.text))
    assert begun in prompt
    assert "The parrot is Zazu." in prompt
    assert begun not in processor.tokenizer.decode(tokens.completion)


def test_all_rollouts_of_a_question_begin_with_its_prompt(memory, setting):
    played = rollouts(memory, limits=ONE)
    for number in range(5):
        capture = _PromptCapture()
        played._play(setting, capture, played._drawn(f"0/0/{number}"))
        assert capture.first == played.opening(setting)


def test_four_turns_are_the_most(processor, memory, setting):
    (tokens,) = play(processor, rollouts(memory), setting, [LOOK, AGAIN, LOOK, LOOK, LOOK, LOOK])
    assert len(tokens.written) <= 4


def test_malformed_output_costs_a_look_and_then_the_rollout(processor, memory, setting):
    (tokens,) = play(processor, rollouts(memory), setting, [WRONG, WRONG, RIGHT])
    assert tokens.written == [WRONG, WRONG]
    assert words(processor, tokens, 1).count(WRONG) == 2


def test_rollouts_of_a_batch_do_not_mix(processor, memory, setting):
    scripts = [[LOOK, RIGHT], [LOOK, AGAIN, RIGHT], [RIGHT, WRONG], [LOOK, AGAIN, LOOK, RIGHT]]
    together = play(processor, rollouts(memory), setting, *scripts)
    for script, tokens in zip(scripts, together, strict=True):
        assert tokens.written == script[: len(tokens.written)]
        assert len(tokens.mask) == len(tokens.completion)


def test_how_much_a_look_brings_is_drawn_for_each_rollout(memory, setting):
    drawn = [rollouts(memory)._drawn(f"0/0/{number}") for number in range(200)]
    assert {limits.episodic for limits in drawn} == {2, 3, 4, 5}
    assert {limits.semantic for limits in drawn} == {3, 4, 5, 6}


def test_pictures_of_the_question_are_in_its_prompt(tmp_path, memory, setting):
    Image.new("RGB", (60, 40), "red").save(tmp_path / "a.png")
    asked = json.loads((tmp_path / "rl.jsonl").read_text()) | {"images": ["a.png"]}
    (tmp_path / "rl.jsonl").write_text(json.dumps(asked))
    (shown,) = planted(memory, questions.read(tmp_path / "rl.jsonl"))
    *_, asked_now, looked, told = rollouts(memory).opening(shown)
    assert [part["type"] for part in asked_now.content] == ["image_url", "text"]
    assert (looked.type, told.type) == ("ai", "human")
    assert all(isinstance(message.content, str) for message in (looked, told))


def test_a_model_that_cannot_write_ends_all_rollouts():
    waves = Waves(lambda _wave: (_ for _ in ()).throw(ValueError("no memory")), 2)
    caught: list[str] = []

    def ask(number: int) -> None:
        try:
            waves.ask(number, [1])
        except RuntimeError as error:
            caught.append(str(error))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    with pytest.raises(ValueError, match="no memory"):
        waves.run()
    for thread in threads:
        thread.join(600)
    assert len(caught) == 2
