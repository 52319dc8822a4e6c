"""Replies that go round in circles are ended; ordinary ones are not."""

from __future__ import annotations

import pytest

from graph.prompts.briefing import Style
from graph.replies.loops import goes_round
from tests.fakes import ScriptedChat


@pytest.mark.parametrize(
    "text",
    [
        "Zutaten:\n1. Kartoffeln schmelzen und färben.\n2. Kartoffeln schmelzen und färben.\n3. Kartoffeln schmelzen und färben.\n",
        "I like that very much. I like that very much. I like that very much.",
        "我觉得这个很好吃，你也试试吧。我觉得这个很好吃，你也试试吧。我觉得这个很好吃，你也试试吧。",
        "- stir the soup slowly\n- stir the soup slowly\n- stir the soup slowly\n",
        "Zutaten: 4 Kartoffeln, " + "1/2 Zwiebel, " * 5,
    ],
)
def test_the_same_words_three_times_go_round(text):
    assert goes_round(text)


@pytest.mark.parametrize(
    "text",
    [
        "No. No. No.",
        "one, two, three, four, five,",
        "0, 0, 0, 0, 0, 0, 0,",
        "1. Peel the potatoes.\n2. Boil the potatoes.\n3. Mash the potatoes.\n",
        "Ha ha ha! That is funny.",
        "Stir the soup slowly. Taste it. Stir the soup slowly.",
        "",
    ],
)
def test_what_only_resembles_itself_does_not(text):
    assert not goes_round(text)


def test_a_reply_that_goes_round_is_ended(serve):
    chat = ScriptedChat({"answer": "Here it is:\n" + "".join(f"{number}. Stir the soup slowly.\n" for number in range(1, 200))})
    turn = [*serve(chat, style=Style(size="small")).stream("ada", "How do I cook a soup?")][-1].turn
    assert turn.reply.count("Stir the soup slowly.") <= 5
