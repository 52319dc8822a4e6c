"""What each baseline is shown, and what its reply is known to have taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from evals.baselines import Hybrid, Notes, Rag
from evals.says import Says
from evals.types import Person, Question, Said
from graph.prompts.briefing import Style
from memory.core.errors import InvalidInput
from tests.fakes import ScriptedChat, WordEmbedder

BEGIN = datetime(2026, 3, 1, 9, tzinfo=UTC)
ANIMALS = ("dog", "cat", "owl", "hen")
TURNS = [
    Said(BEGIN + timedelta(days=day), f"Day {day}: I saw\na {animal}.", f"A {animal} it was.", ())
    for day, animal in enumerate(ANIMALS * 3)
]
ADA = Person("ada", tuple(TURNS))
ASKED = "Which owl did I see?"
QUESTION = Question("q", "ada", "Story", "fact", ASKED, "an owl", rule="says", says=Says(("owl",)))


class Counting(ScriptedChat):
    """Counts four bytes of a prompt as a token."""

    def _stream(self, messages, stop=None, run_manager=None, **kwargs):
        yield from super()._stream(messages, stop, run_manager, **kwargs)
        read = sum(len(message.text.encode()) for message in messages) // 4
        usage = {"input_tokens": read, "output_tokens": 3, "total_tokens": read + 3}
        yield ChatGenerationChunk(message=AIMessageChunk(content="", usage_metadata=usage))


def prompt_of(chat):
    [prompt] = chat.prompts("direct")
    return prompt


def test_a_reply_says_what_it_took():
    reply = Rag(Counting({"direct": "An owl."}), Style(), WordEmbedder()).answer(ADA, QUESTION, ASKED)
    assert reply.text == "An owl."
    assert reply.prompt_tokens > 50
    assert (reply.completion_tokens, reply.calls_to_first, reply.tokens) == (3, 1, reply.prompt_tokens + 3)
    assert 0 < reply.first_seconds <= reply.seconds


def test_notes_are_the_persons_words_alone_a_line_each_with_their_dates():
    chat = ScriptedChat({"direct": "An owl."})
    reply = Notes(chat, Style(), WordEmbedder()).answer(ADA, QUESTION, ASKED)
    [shown] = reply.rounds
    assert len(shown) == 5
    assert {one.turns[0] for one in shown} >= {2, 6, 10}
    assert "- 2026-03-03 09:00 (Tuesday): Day 2: I saw a owl.\n" in prompt_of(chat)
    assert "it was" not in prompt_of(chat)
    assert prompt_of(chat).endswith(f"They write: {ASKED}")


@pytest.mark.parametrize("tokens", [150, 200, 250])
def test_hybrid_gets_as_many_tokens_as_ours_used(tokens):
    chat = Counting({"direct": "An owl."})
    reply = Hybrid(chat, Style(), WordEmbedder(), lambda _question, _asked: tokens).answer(ADA, QUESTION, ASKED)
    # Half a turn of 88 bytes less or more, and the room that is kept for headings.
    assert tokens - 11 - 25 <= reply.prompt_tokens <= tokens + 11
    assert "a owl" in prompt_of(chat)
    places = [turn for one in reply.rounds[0] for turn in one.turns]
    assert places == sorted(places)


def test_hybrid_learns_how_long_a_token_is():
    class Longer(Counting):
        """Counts eight bytes as one."""

        def _stream(self, messages, stop=None, run_manager=None, **kwargs):
            for chunk in super()._stream(messages, stop, run_manager, **kwargs):
                if usage := chunk.message.usage_metadata:
                    usage["input_tokens"] //= 2
                yield chunk

    solver = Hybrid(Longer({"direct": "An owl."}), Style(), WordEmbedder(), lambda _question, _asked: 150)
    first, second = (solver.answer(ADA, QUESTION, ASKED).prompt_tokens for _ in range(2))
    assert first < 80
    assert 110 <= second <= 161


def test_hybrid_shows_the_best_turn_however_little_ours_used():
    chat = ScriptedChat({"direct": "An owl."})
    Hybrid(chat, Style(), WordEmbedder(), lambda _question, _asked: 1).answer(ADA, QUESTION, ASKED)
    assert prompt_of(chat).count("I saw") == 1


def test_hybrid_asks_nothing_where_ours_was_not_asked():
    chat = ScriptedChat()
    with pytest.raises(InvalidInput, match="as many tokens as ours used"):
        Hybrid(chat, Style(), WordEmbedder(), lambda _question, _asked: None).answer(ADA, QUESTION, ASKED)
    assert chat.calls == []
