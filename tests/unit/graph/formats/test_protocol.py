"""The wire format of reasoning: what the model may choose, what is shown while it writes, and what stays text."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graph.formats.protocol import (
    Answer,
    AnswerStream,
    Malformed,
    Retrieve,
    escape,
    format_reasoning,
    parse_reasoning,
    plain_answer,
    unescape,
)
from tests.unit.graph.formats.test_lines import BROKEN

often = settings(deadline=None, max_examples=200)
TAGS = ["<think>", "</think>", "<answer>", "</answer>", "<retrieve>", "</retrieve>"]
TAG = re.compile(r"</?(think|answer|retrieve)>", re.IGNORECASE)
PIECES = [
    *TAGS, "<ANSWER>", "</Answer>", "<Think>", "&lt;", "&amp;", "&LT;",
    "<", "</", "/", ">", "&", "lt;", "amp;", "think", "answer",
    "retrieve", "thinker", "<ans", "wer>", "</ret", "a", "é", " ", "\n", "_", "         ", '"keywords": "dog"\n', "\u212a",
]  # fmt: skip
odd = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)
texts = st.one_of(odd, st.text(), st.lists(st.one_of(odd, st.text(max_size=5)), max_size=5).map("".join))
sizes = st.lists(st.integers(1, 9), max_size=200)


def shown(text: str, sizes: list[int] | tuple[int, ...] = (), part: str = "answer") -> str:
    """Stream a text in pieces of these sizes (then of one); what the caller sees of it."""
    stream, deltas, left = AnswerStream(), [], iter(sizes)
    while text:
        size = next(left, 1)
        deltas += stream.feed(text[:size])
        text = text[size:]
    deltas += stream.close()
    return "".join(delta.text for delta in deltas if delta.part == part)


class TestReading:
    def test_an_answer(self):
        assert parse_reasoning("<think>It is plain.</think>\n<answer>Hello!</answer>") == Answer("Hello!", "It is plain.")

    def test_a_retrieval(self):
        text = (
            "<think>Look.</think>\n"
            '<retrieve>\n"keywords": "dog, name"\n"start_time": "2026-03-01 00:00"\n"end_time": null\n</retrieve>'
        )
        assert parse_reasoning(text) == Retrieve("dog, name", "2026-03-01 00:00", None, "Look.")

    def test_whichever_of_both_comes_first_counts(self):
        retrieve = '<retrieve>\n"keywords": "dog"\n</retrieve>'
        assert parse_reasoning(f"<answer>Rex.</answer>{retrieve}") == Answer("Rex.")
        assert parse_reasoning(f"{retrieve}<answer>Rex.</answer>") == Retrieve("dog")
        assert parse_reasoning(f"<think>t</think>{retrieve}<answer>Rex.</answer>") == Retrieve("dog", think="t")

    @pytest.mark.parametrize(
        "text",
        ["", " ", "Hello!", "<think>Only a thought.</think>", "</answer>", "answer", "<answer", "< answer >Hi</ answer >"],
    )
    def test_neither_is_malformed_and_says_so(self, text):
        read = parse_reasoning(text)
        assert isinstance(read, Malformed)
        assert "neither <answer>" in read.problem

    @pytest.mark.parametrize(
        "text",
        ["<answer></answer>", "<answer> \n </answer>", "<answer>", "<think>t</think><answer></answer><answer>Hi</answer>"],
    )
    def test_an_empty_answer_is_malformed_and_says_so(self, text):
        read = parse_reasoning(text)
        assert isinstance(read, Malformed)
        assert "was empty" in read.problem

    @pytest.mark.parametrize(
        "inside",
        ["", "\n", '"keywords": ""', '"keywords": "  "', '"keywords": null', '"keywords": []', '"start_time": null', "dog"],
    )
    def test_a_retrieval_without_words_is_malformed_and_says_so(self, inside):
        read = parse_reasoning(f"<think>Look.</think><retrieve>\n{inside}\n</retrieve>")
        assert isinstance(read, Malformed)
        assert '"keywords"' in read.problem
        assert read.think == "Look."

    @pytest.mark.parametrize(
        "text",
        ["<think>Hm, a long thou", "<think>Hm, a long thou</", "<think>Hm, a long thou</thin", "<think>Hm, a long thou</think"],
    )
    def test_cut_in_the_thought(self, text):
        read = parse_reasoning(text)
        assert isinstance(read, Malformed)
        assert read.think == "Hm, a long thou"

    @pytest.mark.parametrize("end", ["", "<", "</", "</a", "</ans", "</answer", "</ANSWER", "\n"])
    def test_cut_in_the_answer_nothing_of_a_tag_is_left(self, end):
        text = f"<think>t</think>\n<answer>Hello the{end}"
        assert parse_reasoning(text) == Answer("Hello the", "t")
        assert shown(text).strip() == "Hello the"

    @pytest.mark.parametrize("kept", ["2 < 3", "I <3 you", "a </b", "<b", "x <think about it", "</answers"])
    def test_a_less_than_sign_at_the_end_is_no_tag(self, kept):
        assert parse_reasoning(f"<answer>{kept}") == Answer(kept)

    def test_cut_in_the_retrieval(self):
        assert parse_reasoning('<think>t</think><retrieve>\n"keywords": "dog') == Retrieve("dog", think="t")
        assert parse_reasoning('<think>t</think><retrieve>\n"keywords": "dog"\n"start_time": "2026-') == Retrieve(
            "dog", "2026-", None, "t"
        )

    def test_capitals_and_text_around_are_forgiven(self):
        assert parse_reasoning("Sure!\n<THINK>t</Think> so: <ANSWER> Hi </Answer> Bye") == Answer("Hi", "t")
        assert parse_reasoning('x <Retrieve>\n"Keywords": "dog"\n"START_TIME": null</RETRIEVE>') == Retrieve("dog")

    def test_a_thought_that_is_not_closed_ends_where_the_choice_begins(self):
        assert parse_reasoning("<think>Hm <answer>Hi</answer>") == Answer("Hi", "Hm")

    def test_an_answer_needs_no_thought(self):
        assert parse_reasoning("<answer>Hi</answer><think>late</think>") == Answer("Hi")

    @pytest.mark.parametrize("tag", ["<think>", "</think>", "<answer>", "<retrieve>", "</retrieve>", "</THINK>"])
    def test_an_answer_ends_at_its_own_tag_and_every_other_is_text(self, tag):
        assert parse_reasoning(f"<think>t</think><answer>Hi {tag} more</answer>") == Answer(f"Hi {tag} more", "t")
        assert parse_reasoning("<think>t</think><answer>Hi</answer> more</answer>") == Answer("Hi", "t")

    def test_other_tags_and_lines_belong_to_the_answer(self):
        text = "Use <b>bold</b>\n\n```python\nif a < b: pass\n```\n<answers> <think/> &lt;br&gt; &amp; &copy;"
        assert parse_reasoning(f"<answer>\n{text}\n</answer>") == Answer(text)

    def test_keywords_may_be_a_list_or_without_quotes(self):
        assert parse_reasoning('<retrieve>\n"keywords": ["dog", "name"]\n</retrieve>') == Retrieve("dog, name")
        assert parse_reasoning("<retrieve>\n- keywords: dog name\n- start_time: none\n</retrieve>") == Retrieve("dog name")

    @often
    @given(texts)
    def test_no_text_raises(self, text):
        read = parse_reasoning(text)
        assert isinstance(read, Answer | Retrieve | Malformed)
        if isinstance(read, Answer):
            assert read.text == read.text.strip() != ""
        assert isinstance(plain_answer(text), str)

    @pytest.mark.parametrize(
        "name", ["nested lists", "escapes", "nearly keys", "thoughts", "answers", "brackets", "escapes of escapes", "escaped"]
    )
    def test_no_text_takes_long(self, name):
        own = {
            "thoughts": "<think>" * 28_000,
            "answers": "<answer>" * 25_000,
            "brackets": "<" * 200_000,
            "escaped": "&lt;" * 50_000,
        }
        text = {**BROKEN, **own, "escapes of escapes": "&" + "amp;" * 50_000}[name]
        started = time.process_time()
        parse_reasoning(text)
        plain_answer(text)
        parse_reasoning(f"<retrieve>{text}")
        shown(f"<answer>{text}", [100_000] * 3)
        assert time.process_time() - started < 5


class TestWriting:
    @often
    @given(texts.map(str.strip).filter(bool), texts.map(str.strip))
    def test_an_answer_is_read_back(self, text, think):
        assert parse_reasoning(format_reasoning(Answer(text, think))) == Answer(text, think)

    @often
    @given(
        texts.map(str.strip).filter(bool),
        texts.map(str.strip),
        st.sampled_from([None, "2026-03-01 00:00"]),
        st.sampled_from([None, "2026-03-02 23:59"]),
    )
    def test_a_retrieval_is_read_back(self, words, think, start, end):
        retrieve = Retrieve(words, start, end, think)
        assert parse_reasoning(format_reasoning(retrieve)) == retrieve

    def test_the_published_form(self):
        assert format_reasoning(Answer("Hi", "t")) == "<think>t</think>\n<answer>Hi</answer>"
        assert format_reasoning(Retrieve("dog", "2026-03-01 00:00", None, "t")) == (
            '<think>t</think>\n<retrieve>\n"keywords": "dog"\n"start_time": "2026-03-01 00:00"\n"end_time": null\n</retrieve>'
        )


class TestEscaping:
    @often
    @given(texts)
    @example("&LT;think>")
    @example("&amp;amp;lt;think> &amp;lt; &lt;<think>")
    @example("<         think>")
    @example("<thin\u212a>")
    def test_every_text_comes_back_and_none_of_our_tags_is_left_in_between(self, text):
        assert unescape(escape(text)) == text
        assert not TAG.search(escape(text).replace("\u212a", "?"))

    @often
    @given(texts)
    def test_escaping_twice_is_undone_twice(self, text):
        assert unescape(unescape(escape(escape(text)))) == text

    @pytest.mark.parametrize(
        "text", ["a < b", "<b>bold</b>", "<3", "&amp; &copy; &", "<thinker>", "x<y>z", "answer", "<answers>"]
    )
    def test_other_text_is_left_alone(self, text):
        assert escape(text) == text
        assert unescape(text) == text

    @pytest.mark.parametrize("tag", [*TAGS, "</ANSWER>", "< think >", "</ answer>", "<think", "<answer x>"])
    def test_tags_of_ours_are_made_harmless(self, tag):
        assert escape(tag) == tag.replace("<", "&lt;")

    @pytest.mark.parametrize(
        "text", ["<" + " " * 19_999, "<" * 20_000, "&" * 20_000, "&lt;" * 5_000, "&" + "amp;" * 4_999, "&lt;" + " " * 19_996]
    )
    def test_no_message_takes_long(self, text):
        started = time.process_time()
        assert unescape(escape(text)) == text
        unescape(text)
        assert time.process_time() - started < 1


class TestStreaming:
    @settings(deadline=None, max_examples=600)
    @given(texts, sizes)
    @example("<answer>&lt;         think", [3] * 20)
    @example("<answer>a <retrieve> b", [1])
    @example("<answer>Hi <think> there", [1])
    @example("<answer>&amp;lt;think", [4] * 9)
    def test_what_is_shown_is_the_reply_however_the_stream_is_cut(self, text, sizes):
        read = parse_reasoning(text)
        assert shown(text, sizes).strip() == (read.text if isinstance(read, Answer) else "")

    @often
    @given(texts, sizes)
    def test_an_answer_is_shown_whole_and_to_the_letter(self, text, sizes):
        """The person's words, escaped, in the model's answer, streamed: the same words again."""
        assert shown(f"<think>{escape(text)}</think>\n<answer>{escape(text)}</answer>", sizes) == text
        assert shown(f"<think>{escape(text)}</think>\n<answer>{escape(text)}</answer>", sizes, "think") == text

    def test_tags_in_a_message_stay_text_from_end_to_end(self):
        text = "</think><answer>I am in</answer> <retrieve> &lt;answer&gt;"
        output = format_reasoning(Answer(f"You wrote: {text}", text))
        for size in range(1, len(output) + 1):
            assert shown(output, [size] * len(output)) == f"You wrote: {text}"
        assert parse_reasoning(output) == Answer(f"You wrote: {text}", text)

    @settings(deadline=None)
    @given(st.text("abc \n&;/>", max_size=30), st.text("abc \n&;/>", max_size=30), sizes, st.data())
    def test_nothing_of_a_tag_is_ever_shown_wherever_it_is_cut_off(self, think, text, sizes, data):
        output = f"<think>{think}</think>\n<answer>{text}</answer>"
        cut = output[: data.draw(st.integers(0, len(output)))]
        for part, whole in (("think", think), ("answer", text)):
            assert "<" not in shown(cut, sizes, part)
            assert whole.startswith(shown(cut, sizes, part))

    @often
    @given(odd, sizes)
    def test_what_was_shown_is_never_taken_back(self, text, sizes):
        """What is shown at any time is the beginning of what is shown in the end."""
        whole = shown(f"<answer>{text}", sizes)
        stream, so_far = AnswerStream(), ""
        for character in f"<answer>{text}":
            so_far += "".join(delta.text for delta in stream.feed(character))
            assert whole.startswith(so_far)

    def test_text_is_shown_as_soon_as_it_cannot_be_a_tag(self):
        stream = AnswerStream()
        pieces = ("<thi", "nk>a", "b</thi", "nk><ans", "wer>Hi", " <", "3 you</", "answer>", "x")
        assert [[(delta.part, delta.text) for delta in stream.feed(piece)] for piece in pieces] == [
            [], [("think", "a")], [("think", "b")], [], [("answer", "Hi")], [("answer", " ")], [("answer", "<3 you")], [], [],
        ]  # fmt: skip
        assert stream.close() == []

    def test_text_outside_of_the_tags_is_not_shown(self):
        assert shown('Sure. <think>t</think> so <retrieve>\n"keywords": "dog"</retrieve> then <answer>Hi</answer>') == ""
        assert shown("Sure. <think>t</think> so <answer>Hi</answer> Bye <answer>again</answer>") == "Hi"


class TestWhateverItWrote:
    @pytest.mark.parametrize(
        ("text", "answer"),
        [
            ("Hello!", "Hello!"),
            ("<answer>Hello!</answer>", "Hello!"),
            ("<think>t</think> Hello!", "Hello!"),
            ("<think>Hello!", "Hello!"),
            ('<retrieve>"keywords": "dog"</retrieve> Hello!', "Hello!"),
            ("&lt;think> is a tag", "<think> is a tag"),
            ("", ""),
            ("<answer></answer>", ""),
        ],
    )
    def test_it_is_taken_as_the_answer_without_our_tags(self, text, answer):
        assert plain_answer(text) == answer
