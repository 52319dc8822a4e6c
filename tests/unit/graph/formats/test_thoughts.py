"""A thought of the model's own is cut off before an output is read, ended or not, whatever it quotes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.formats import memory_formats
from graph.formats.thoughts import has_thought, without_thought

FACT = memory_formats.format_semantic(memory_formats.Extraction(True, "The user has a dog.", ("dog",), "a pet"))
OTHER = '"reason": "nothing"\n"decision": false\n"content": null\n"keywords": null'
READ = memory_formats.parse_semantic(FACT)


@pytest.mark.parametrize(
    "before",
    [
        "<think>Let me see.</think>\n",
        f"<think>\n{OTHER}\n</think>\n\n",
        f"<think>{OTHER}</think>",
        f"Okay.\n{OTHER}\n</think>\n",
        "<THINK>loud</THINK>\n",
        "<thinking>x</thinking>\n",
        "[THINK]x[/THINK]",
        "<think>one</think>\n<think>two</think>\n",
        "<think></think>\n",
        '<think>they said "hi</think>\n',
        "<think>I write <answer> then</think>\n",
        f"<|channel|>analysis<|message|>{OTHER}<|end|><|start|>assistant<|channel|>final<|message|>",
    ],
)
def test_what_comes_after_it_is_read(before):
    assert memory_formats.parse_semantic(before + FACT) == READ
    assert has_thought(before + FACT)


@pytest.mark.parametrize(
    "text",
    [
        f"<think>\n{FACT}",
        f"\n<think>{FACT}",
        f"Sure! <think> {FACT}",
        f"[THINK]{FACT}",
        f"<|channel|>analysis<|message|>{FACT}",
    ],
)
def test_a_thought_without_end_holds_no_output(text):
    assert memory_formats.parse_semantic(text) is None


def test_all_formats_are_read_behind_it():
    scores = memory_formats.format_personality(memory_formats.BigFive())
    assert (
        memory_formats.parse_personality(f"<think>\n{scores.replace('3', '5')}\n</think>\n{scores}") == memory_formats.BigFive()
    )
    assert memory_formats.parse_change('<think>\n"1": "same"\n</think>\n"1": "other"', 1) == ["other"]
    assert memory_formats.parse_mapping('<think>\n"name": "Bob"\n</think>\n"home": "Quito"') == {"home": "Quito"}
    [topic] = memory_formats.parse_topics('<think>\n"topic_summary": "No."\n</think>\n"topic_summary": "Yes."', 1) or []
    assert topic.summary == "Yes."


@pytest.mark.parametrize("tag", ["<think>", "</think>", "[THINK]", "</reasoning>"])
def test_a_tag_that_the_person_named_is_text(tag):
    named = memory_formats.format_semantic(
        memory_formats.Extraction(True, f"The user asks what {tag} means.", ("tags",), f'the "{tag}"')
    )
    assert without_thought(named) == named
    read = memory_formats.parse_semantic(f"<think>They ask about {tag}.</think>\n{named}")
    assert read is not None
    assert tag in read.content


@given(
    st.lists(st.sampled_from([*'<>/think"\n :[]|', "<think>", "</think>", "[THINK]", "<|channel|>analysis", FACT]), max_size=30)
)
def test_any_text_is_taken(parts):
    text = "".join(parts)
    assert without_thought(text) in text
    assert without_thought(f"<think>{OTHER}</think>\n{FACT}") == f"\n{FACT}"


@given(st.text(max_size=400).filter(lambda text: '"' not in text))
def test_whatever_is_thought_is_no_output(thought):
    assert memory_formats.parse_semantic(f"<think>{thought}\n</think>\n{FACT}") == READ
