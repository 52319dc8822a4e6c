"""Thoughts that quote the form, answers that show tags, thoughts that the chat template opened: what is read, and what is shown."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graph.formats.protocol import Answer, Malformed, Retrieve, parse_reasoning, plain_answer
from tests.unit.graph.formats.test_protocol import PIECES, shown, sizes

often = settings(deadline=None, max_examples=300)
QUOTING = [
    *PIECES,
    "`",
    "``",
    "```",
    "\n```\n",
    "```xml\n",
    '"',
    "'",
    "“",
    "`</think>`",
    "`<answer>`",
    "\n<answer>",
    "</think>\n",
]
quoting = st.lists(st.sampled_from(QUOTING), max_size=25).map("".join)

FORM = "<think>a short thought</think>\n<answer>your reply</answer>"


def both(text: str) -> object:
    """Read a text, and see that what is shown of it, however it is cut, is the same."""
    read = parse_reasoning(text)
    for size in (1, 2, 3, 7, len(text)):
        assert shown(text, [size] * len(text)).strip() == (read.text if isinstance(read, Answer) else "")
        assert shown(text, [size] * len(text), "think").strip() == read.think
    return read


class TestAThoughtQuotesTheForm:
    @pytest.mark.parametrize(
        "thought",
        [
            "I think, then `<answer>your reply</answer>`.",
            "I think, then <answer>your reply</answer>.",
            'The form is "<answer>your reply</answer>", so:',
            "The form is:\n<answer>your reply</answer>\nSo I greet them.",
            'Either <answer>…</answer> or <retrieve>\n"keywords": "words"\n</retrieve>; no look is needed.',
            "The form:\n```\n<answer>your reply</answer>\n```\nis easy.",
            f"They want {FORM} and nothing else.",
            f"They want:\n```\n{FORM}\n```\nand nothing else.",
            "First `<think>`, later `</think>`, at last `<answer>`.",
            "It ends with `</think>` and then comes `<answer>Hi</answer>`.",
            "A stray </answer> and </retrieve> <retrieve>",
            "`<think>…</think><answer>…</answer>` it is.",
        ],
    )  # fmt: skip
    def test_what_comes_after_it_is_the_answer(self, thought):
        assert both(f"<think>{thought}</think>\n<answer>Hello!</answer>") == Answer("Hello!", thought)
        assert both(f"{thought}</think>\n<answer>Hello!</answer>") == Answer("Hello!", thought), "the template opened it"
        look = '<retrieve>\n"keywords": "dog"\n</retrieve>'
        assert both(f"<think>{thought}</think>\n{look}") == Retrieve("dog", think=thought)
        cut = both(f"<think>{thought}</think>\nHello!")
        assert isinstance(cut, Malformed)
        assert plain_answer(f"<think>{thought}</think>\nHello!") == "Hello!"

    def test_in_lines_of_its_own_too(self):
        thought = f"They want:\n{FORM}\nand nothing else."
        assert both(f"<think>{thought}</think>\n<answer>Hello!</answer>") == Answer("Hello!", thought)

    def test_one_that_names_the_opening_tag_alone_is_followed_by_the_answer_all_the_same(self):
        assert both("<think>I use <think> tags.</think>\n<answer>Hi</answer>").text == "Hi"
        assert both("<think>I use <think> tags.</think><answer>Hi</answer>").text == "Hi"

    def test_a_look_that_is_only_quoted_is_none(self):
        quoted = '`<retrieve>\n"keywords": "words"\n</retrieve>`'
        assert both(f"<think>No {quoted} is needed.</think><answer>Hi</answer>").text == "Hi"

    @often
    @given(quoting, sizes)
    @example("<answer>no</answer>\n<answer>", [1])
    def test_nothing_in_a_closed_thought_is_taken_for_the_answer(self, thought, sizes):
        thought = re.sub("think>", "", thought, flags=re.IGNORECASE)
        text = f"<think>{thought}</think>\n<answer>Hello!</answer>"
        assert parse_reasoning(text).text == "Hello!"
        assert shown(text, sizes) == "Hello!"

    @settings(deadline=None, max_examples=600)
    @given(quoting, sizes)
    @example("<think>\n<answer>a</answer>\n<answer>b", [1])
    @example("a</think> b <answer>c</answer> d </think><answer>e", [2])
    @example("<answer>```\n</answer>\n```\n</answer>", [1])
    @example("<answer>```\n</answer>\n```\nx\n```\ny", [1])
    def test_what_is_shown_is_what_is_read_however_it_is_cut(self, text, sizes):
        read = parse_reasoning(text)
        assert shown(text, sizes).strip() == (read.text if isinstance(read, Answer) else "")
        assert shown(text, sizes, "think").strip() == read.think


class TestAThoughtThatIsNeverClosed:
    @pytest.mark.parametrize(
        "thought",
        ["Hm, a greeting.", "In the form, then `<answer>your reply</answer>`.", "Draft:\n<answer>Hey</answer>\nBetter:"],
    )
    def test_an_answer_at_the_start_of_a_line_is_the_answer(self, thought):
        for end in ("</answer>", "", "</answer>\n", "</answer>\n</retrieve>"):
            read = both(f"<think>{thought}\n<answer>Hello!{end}")
            assert read == Answer("Hello!", thought)
        assert both(f'<think>{thought}\n<retrieve>\n"keywords": "dog"\n</retrieve>') == Retrieve("dog", think=thought)

    @pytest.mark.parametrize(
        "text",
        [
            "<think>I think, then `<answer>your reply</answer>`",
            "<think>I think, then `<answer>your reply</answer>` as asked. So",
            "<think>The form is <answer>your reply</answer>, so I would greet th",
            "<think>The form is:\n```\n<answer>your reply</answer>\n```\nSo",
            "<think>The form is:\n<answer>your reply</answer>\nSo I would greet them and sa",
            "<think>I should put it in <answer> tags and",
            "<think>No `<retrieve>` is needed, and",
        ],
    )
    def test_what_it_only_quotes_is_no_answer(self, text):
        assert isinstance(both(text), Malformed)

    def test_a_look_comes_before_what_was_answered_without_it(self):
        text = '<think>I look.\n<retrieve>\n"keywords": "dog"\n</retrieve>\n<answer>I do not know.</answer>'
        assert both(text) == Retrieve("dog", think="I look.")


class TestThoughtsOfTheModelsOwn:
    def test_before_ours_or_opened_twice_or_by_the_template(self):
        assert both("<think>Own.</think>\n\n<think>Ours.</think>\n<answer>Hi</answer>") == Answer("Hi", "Own.\nOurs.")
        assert both("Own.\n</think>\n\n<think>Ours.</think>\n<answer>Hi</answer>").text == "Hi"
        assert both("<think>\n<think>Ours.</think>\n<answer>Hi</answer>") == Answer("Hi", "Ours.")
        assert both("<think>\n\n</think>\n\n<answer>Hi</answer>") == Answer("Hi")
        assert both("Only it closes.</think><answer>Hi</answer>") == Answer("Hi", "Only it closes.")

    def test_a_reply_without_the_form_after_one_is_the_reply(self):
        for text in ("<think>Own.</think>\n\nHello!", "Own.\n</think>\n\nHello!", "<think><think>Own.</think>\nHello!"):
            assert plain_answer(text) == "Hello!"


class TestAnAnswerShowsTags:
    @pytest.mark.parametrize(
        "answer",
        [
            "`<think>` is a tag.",
            "Models write <think>…</think> before they answer.",
            "They close it with `</think>`, and the answer with `</answer>`.",
            f"Write it like this:\n```\n{FORM}\n```\nand it is read.",
            "Write it like this:\n```xml\n<answer>\n  your reply\n</answer>\n```\nand it is read.",
            "The last line is:\n```\n</answer>\n```\nand that is all.",
            "Put it in `<answer>your reply</answer>`, please.",
            "Put it in <answer>your reply</answer>, please.",
            '<retrieve>\n"keywords": "dog"\n</retrieve> would look for a dog.',
            "'<answer>' opens it.",
            "The ` key is under Esc.",
        ],
    )
    def test_they_are_text_of_it(self, answer):
        assert both(f"<think>t</think>\n<answer>{answer}</answer>") == Answer(answer, "t")
        assert both(f"<answer>{answer}</answer>\n") == Answer(answer)

    def test_it_ends_at_its_own_tag(self):
        assert both("<answer>Hi</answer> Bye <answer>again</answer>") == Answer("Hi")
        assert both("<answer>Hi</answer>\n</think>\n</answer>") == Answer("Hi")
        assert both("<answer><answer>Hi</answer></answer>") == Answer("Hi")
        assert both("<answer>```py\nx = 1\n</answer>") == Answer("```py\nx = 1"), "a fence that was never closed"
        assert both("<answer>Hi <answer>there</answer>") == Answer("Hi <answer>there")
        assert both("<answer>`Hi</answer>") == Answer("`Hi")

    def test_cut_in_a_fence_all_of_it_is_kept(self):
        assert both("<answer>So:\n```\n</answer>\n```\nand then").text == "So:\n```\n</answer>\n```\nand then"
