"""What prompts have in common, so that a server need not read it again: rounds of a turn, turns of a talk."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from evals.perf import prefix, prefix_talk
from graph.prompts.briefing import Style, messages_of
from graph.prompts.budgets import Budgets, estimate_tokens, fit, newest
from graph.prompts.sections import _turn_text
from memory.core.errors import InvalidInput
from memory.core.records import BigFive, Recalled, Turn
from tests.fakes import WordEmbedder

often = settings(deadline=None, max_examples=100)
NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)
LAYOUTS = prefix.LAYOUTS
GO_ON = Style().prompts.after_retrieval
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
scores = st.builds(BigFive, openness=st.floats(1, 5), neuroticism=st.floats(1, 5))
found_rounds = st.lists(
    st.tuples(
        words,
        st.lists(st.tuples(st.sampled_from(["semantic", "episodic", "procedural"]), words, st.floats(0, 1)), max_size=4),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


def turn(number, text, reply=""):
    time = NINE + timedelta(minutes=number)
    return Turn(id=f"t{number}", user_id="ada", seq=number, session=1, time=time, text=text, reply=reply)


def state(said, recent=(), rounds=(), profile=None, personality=None):
    return {
        "turn": said,
        "profile": profile or {"name": "Ada"},
        "personality": personality or BigFive(),
        "recent": list(recent),
        "rounds": list(rounds),
    }


def a_round(place, output, found, widened):
    entries = [
        Recalled(id=f"{place}.{number}", kind=kind, text=text, time=NINE, score=score)
        for number, (kind, text, score) in enumerate(found)
    ]
    return {"output": output, "found": entries, "widened": widened}


def rendered(messages):
    """Write a prompt down as a chat template does."""
    return "".join(f"<{message.type}>{message.text}</{message.type}>" for message in messages)


def shared(one, other):
    """Return what two texts begin with."""
    ends = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:ends]


def prompt(layout, **given):
    return rendered(messages_of(state(**given), None, Style(layout=layout), GO_ON))


class PrefixCache(BaseChatModel):
    """Counts characters: those that the longest earlier prompt has in common with a prompt were read before."""

    seen: list = []
    tells: bool = True

    @property
    def _llm_type(self):
        return "prefix-cache"

    def _stream(self, messages, stop=None, run_manager=None, **kwargs):
        text = rendered(messages)
        with _ONE:
            cached = max((len(shared(text, other)) for other in self.seen), default=0)
            self.seen.append(text)
        usage = {"input_tokens": len(text), "output_tokens": 1, "total_tokens": len(text) + 1}
        details = {"input_token_details": {"cache_read": cached}} if self.tells else {}
        yield ChatGenerationChunk(message=AIMessageChunk(content="a", usage_metadata={**usage, **details}))

    def _generate(self, messages, stop=None, run_manager=None, **kwargs) -> ChatResult:
        raise NotImplementedError


_ONE = threading.Lock()


class Served:
    """A server with such a cache."""

    def __init__(self, **fields):
        self._chat = PrefixCache(seen=[], **fields)

    def chat(self, *, counts):
        assert counts
        return self._chat

    def style(self):
        return Style()


class TestRounds:
    @pytest.mark.parametrize("layout", LAYOUTS)
    @often
    @given(said=words, found_rounds=found_rounds, window=st.sampled_from([3_000, 4_096, 16_384]))
    def test_a_later_round_begins_with_the_messages_of_the_one_before_it(self, layout, said, found_rounds, window):
        rounds = [a_round(place, *one) for place, one in enumerate(found_rounds)]
        style = Style(layout=layout, budgets=Budgets(window=window, output=window // 4))
        before = None
        for count in range(len(rounds) + 1):
            messages = messages_of(state(turn(9, said), rounds=rounds[:count]), None, style, GO_ON)
            assert before is None or messages[: len(before)] == before
            before = messages

    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_the_last_round_differs_in_its_last_words_alone(self, layout):
        rounds = [a_round(0, "o", [("semantic", "The user has a dog.", 1.0)], False)]
        style = Style(layout=layout)
        on, last = (messages_of(state(turn(9, "And?"), rounds=rounds), None, style, closing) for closing in (GO_ON, "Answer."))
        assert on[:-1] == last[:-1]
        assert shared(on[-1].text, last[-1].text) == on[-1].text.removesuffix(GO_ON)


class TestTurns:
    @often
    @given(st.lists(st.tuples(words, words), min_size=1, max_size=12), scores, scores)
    def test_the_next_turn_begins_with_all_that_was_there_up_to_the_end_of_the_talk(self, said, then, now):
        talk = [turn(number, *words) for number, words in enumerate(said, start=1)]
        first = prompt("cache", said=turn(30, "One"), recent=talk[:-1], personality=then)
        second = prompt("cache", said=turn(40, "Two"), recent=talk, personality=now)
        last = _turn_text(talk[-2], {}) if len(talk) > 1 else "## Recent Conversations\n"
        before, _, _ = first.rpartition(last)
        assert second.startswith(before + last)

    def test_another_session_begins_with_the_rules_the_examples_and_the_profile(self):
        first = prompt("cache", said=turn(30, "One"), recent=[turn(1, "a", "b")])
        second = prompt("cache", said=turn(90, "Two"), personality=BigFive(openness=4))
        assert shared(first, second).endswith("## User Profile\nname: Ada\n\n## Recent Conversations\n")

    def test_another_person_shares_the_rules_and_the_examples(self):
        first, second = (prompt("cache", said=turn(30, "One"), profile={"name": name}) for name in ("Ada", "Bo"))
        assert shared(first, second).endswith("</system><human>## User Profile\nname: ")

    def test_in_the_published_layout_the_profile_is_what_turns_share(self):
        first = prompt("published", said=turn(30, "One"))
        second = prompt("published", said=turn(40, "Two"), personality=BigFive(openness=4))
        assert shared(first, second).endswith("name: Ada\n\n## Big Five scores\nopenness ")

    @pytest.mark.parametrize("size", [200, 400, 800])
    def test_a_long_talk_moves_on_by_several_turns_at_once(self, size):
        talk = [turn(number, "x" * size, "ok") for number in range(1, 120)]
        begins = [
            prompt("cache", said=turn(119, "Now?"), recent=talk[:count])
            .partition("## Recent Conversations\n")[2]
            .partition("]\n")[0]
            for count in range(1, 120)
        ]
        full = begins[begins.index(begins[0]) + begins.count(begins[0]) :]
        assert len(full) > 30
        assert len(set(full)) <= len(full) / 3


def chosen(entries, *budgets):
    """Return the texts that stay."""
    return [dict(entries)[number] for number in newest(entries, *budgets)]


class TestNewest:
    @often
    @given(st.lists(words, max_size=40), st.integers(0, 3), st.integers(0, 300), st.integers(0, 300))
    def test_the_newest_that_fit_stay_and_older_ones_stay_within_what_is_to_spare(self, texts, gap, budget, spare):
        entries = [(7 + (gap + 1) * number, text) for number, text in enumerate(texts)]
        kept = chosen(entries, budget, spare)
        least = fit(texts[::-1], budget)[::-1]
        assert kept[len(kept) - len(least) :] == least
        assert sum(map(estimate_tokens, kept[: len(kept) - len(least)])) <= spare
        assert chosen(entries, budget) == least

    def test_what_is_older_stays_down_to_a_round_number_and_leaves_together(self):
        entries = [(number, f"{number:03}") for number in range(60)]
        firsts = [chosen(entries[:count], 2 * 10, 2 * 8)[0] for count in range(20, 60)]
        assert sorted(set(firsts)) == firsts[:1] + [f"{number:03}" for number in range(16, 50, 8)]

    def test_the_same_words_twice_do_not_break_the_budget(self):
        assert newest([(1, "aaa"), (2, "aaa"), (3, "aaa")], 4) == [2, 3]


@pytest.fixture(scope="module")
def calls():
    return prefix.measure(Served(), WordEmbedder())


class TestMeasured:
    @pytest.mark.parametrize(
        ("talk", "layout", "shared", "least"),
        [
            # Measured, less 0.03.
            ("two sessions", "published", "across calls of a turn", 0.55),
            ("two sessions", "published", "across turns, replies", 0.14),
            ("two sessions", "published", "across turns, background", 0.82),
            ("two sessions", "cache", "across calls of a turn", 0.72),
            ("two sessions", "cache", "across turns, replies", 0.47),
            ("two sessions", "cache", "across turns, background", 0.89),
            ("a long session", "published", "across turns, replies", 0.07),
            ("a long session", "cache", "across turns, replies", 0.59),
        ],
    )
    def test_a_cache_that_forgets_nothing_has_read_so_much_of_it_before(self, calls, talk, layout, shared, least):
        assert prefix.summed(calls)[talk][layout]["shared"][shared]["rate"] >= least

    def test_every_call_of_a_turn_is_counted(self, calls):
        for layout in LAYOUTS:
            counted = prefix.summed(calls)["two sessions"][layout]["stages"]
            assert counted["reason again"]["calls"] == 4
            assert set(counted) >= {"reason", "direct", "personality", "semantic", "episodic", "procedural", "core"}

    def test_a_server_that_does_not_say_is_told_how_to(self):
        with pytest.raises(InvalidInput, match="--enable-prompt-tokens-details"):
            prefix.measure(Served(tells=False), WordEmbedder(), ["cache"])

    def test_the_talks_are_in_order(self):
        for talk in (prefix_talk.sessions(), prefix_talk.long()):
            times = [message.time for message in talk]
            assert times == sorted(set(times))
