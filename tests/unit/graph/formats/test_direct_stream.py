"""A reply that was asked for without tags: a thought of the model's own before it is shown as a thought, and is not the reply."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.context import MessageOptions
from graph.formats.direct_stream import DirectStream, shown
from graph.formats.protocol import plain_answer


def cut(text, sizes):
    stream, deltas, place = DirectStream(), [], 0
    for size in [*sizes, len(text)]:
        deltas += stream.feed(text[place : place + size])
        place += size
    deltas += stream.close()
    return tuple("".join(one.text for one in deltas if one.part == part) for part in ("think", "answer"))


@pytest.mark.parametrize(
    ("text", "think", "answer"),
    [
        ("Hello!", "", "Hello!"),
        ("<think>Hm.</think>\n\nHello!", "Hm.", "Hello!"),
        ("\n<THINK>\n\n</Think>\n\nHello <b>you</b>!", "\n\n", "Hello <b>you</b>!"),
        ("`<think>` is a tag.", "", "`<think>` is a tag."),
        ("<thinking is hard", "", "<thinking is hard"),
        ("<thi", "", "<thi"),
        ("<think>Hm, cut", "Hm, cut", ""),
        ("", "", ""),
    ],
)
def test_it_is_cut_into_thought_and_reply(text, think, answer):
    for size in (1, 3, 8, 100):
        assert cut(text, [size] * len(text)) == (think, answer)
    if answer and "`" not in text:
        assert plain_answer(text) == answer


@settings(deadline=None)
@given(st.text(), st.lists(st.integers(1, 9), max_size=40))
def test_what_holds_no_thought_is_shown_to_the_letter(text, sizes):
    text = f"x{text}"
    assert cut(text, sizes) == ("", text)
    assert shown(text) == text


def test_of_a_stopped_one_the_thought_is_no_part():
    assert shown("<think>Hm.</think>\n\nHello, my") == "Hello, my"
    assert shown("<think>Hm, I th") == ""


def test_a_turn_without_reasoning_keeps_the_reply_alone(serve):
    from tests.fakes import ScriptedChat

    service = serve(ScriptedChat({"direct": ["<think>Hm, a greeting.</think>\n\nHello there!"]}))
    events = list(service.stream("ada", "Hi", options=MessageOptions(reasoning=False)))
    shown_words = "".join(event.text for event in events if type(event).__name__ == "AnswerDelta")
    assert events[-1].turn.reply == shown_words.strip() == "Hello there!"
