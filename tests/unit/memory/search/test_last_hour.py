"""The last hour: the prompt shows what fits, and whatever it leaves out is found like everything else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.context import MessageOptions
from graph.prompts.briefing import Style
from graph.prompts.budgets import Budgets, estimate_tokens
from graph.prompts.recent_turns import choose
from graph.prompts.sections import _turn_text
from memory.core import clock
from memory.core.passages import passage_id, passages, turn_of
from memory.core.query import Query, SearchLimits
from memory.core.records import PersonalityPoint, Turn, make_id
from tests.fakes import ScriptedChat, answer, fact, retrieve

NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)
TOPICS = (
    "garden", "council", "roof", "choir", "ferry", "bakery", "museum", "winter coat", "kettle", "violin", "bicycle", "harbour",
)  # fmt: skip
PASSED = {"english": "The meeting room smelled of fresh paint and everybody talked at once about number {n}. ",
          "chinese": "昨天开会的时候大家一直在讨论第{n}件事情，最后没有结果。",
          "japanese": "会議ではみんなが第{n}の議題について長い間話し合っていました。",
          "no ends": "the meeting room smelled of fresh paint and everybody talked about number {n} ",
          "no spaces": "meeting-{n}-room-fresh-paint-"}  # fmt: skip


def at(minute):
    return f"2026-03-01 {9 + minute // 60:02}:{minute % 60:02}"


def say(service, text, minute, **switches):
    return list(service.stream("ada", text, time=at(minute), options=MessageOptions(**switches)))[-1].turn


def filled(kind, size, told=""):
    """Return a long text, with something told in the middle of it."""
    text = "".join(PASSED[kind].format(n=number) for number in range(2_000))
    return text[: size // 2] + told + text[size // 2 : size]


def recalled(turn):
    return "\n".join(entry.text for entry in turn.trace.memories)


def talk_in(prompt):
    return prompt.rpartition("## Recent Conversations")[2].partition("## ")[0]


LONG_REPLY = " ".join(f"Good to hear that, {number}." for number in range(12))


class TestPreviousTurn:
    @pytest.mark.parametrize("size", [5_000, 12_000, 19_000])
    def test_most_of_a_long_message_is_in_the_next_prompt(self, serve, size):
        chat = ScriptedChat({"reasoning": [answer("A good letter."), answer("Shorter.")]})
        service = serve(chat)
        say(service, f"BEGIN {filled('english', size)} END", 0)
        say(service, "Now make that letter shorter.", 1)
        talk = talk_in(chat.prompts("reasoning")[1])
        assert "BEGIN" in talk
        assert "END" in talk
        assert len(talk) > 0.9 * size

    @pytest.mark.parametrize("size", [4_600, 15_000])
    def test_a_long_reply_too(self, serve, size):
        chat = ScriptedChat({"reasoning": [answer(f"BEGIN {filled('english', size)} END"), answer("More.")]})
        service = serve(chat)
        say(service, "Tell me a story", 0)
        say(service, "Go on", 1)
        assert len(talk_in(chat.prompts("reasoning")[1])) > 0.9 * size

    @pytest.mark.parametrize("layout", ["published", "cache"])
    @pytest.mark.parametrize("kind", PASSED)
    @pytest.mark.parametrize("window", [4_096, 8_192, 16_384])
    def test_what_does_not_fit_is_shortened_and_says_so(self, serve, layout, kind, window):
        chat = ScriptedChat({"reasoning": [answer("REPLY " + filled(kind, 9_000) + " DONE"), answer("Shorter.")]})
        budgets = Budgets(window=16_384)
        service = serve(chat, style=Style(layout=layout, budgets=budgets))
        say(service, "BEGIN " + filled(kind, 8_000 if kind in {"chinese", "japanese"} else 19_000) + " END", 0)
        service = serve(chat, style=Style(layout=layout, budgets=Budgets(window=window)))
        say(service, "Now make that shorter.", 1)
        talk = talk_in(chat.prompts("reasoning")[1])
        [stored, _] = service.memory.journal.turns("ada")
        assert all(mark in talk for mark in ("BEGIN", "REPLY"))
        assert (stored.text in talk and stored.reply in talk) or "characters are left out here" in talk
        if window > 4_096:
            assert "END" in talk
            assert "DONE" in talk
        assert estimate_tokens(chat.prompts("reasoning")[1]) <= window - 1_024 + 100

    def test_without_reasoning_it_is_shown_too(self, serve):
        chat = ScriptedChat({"direct": ["Fine.", "Shorter."]})
        service = serve(chat)
        say(service, f"BEGIN {filled('english', 8_000)} END", 0, reasoning=False)
        say(service, "Shorter, please", 1, reasoning=False)
        assert "END" in talk_in(chat.prompts("direct")[1])


class TestFound:
    def locker(self, service, asked="What is my locker number?", **switches):
        say(service, "By the way, my locker number is 4711.", 0)
        for minute in range(1, 20):
            text = f"I spent the day with the {TOPICS[minute % len(TOPICS)]} and thought about day {minute}. " * 5
            say(service, text[:300], minute)
        return say(service, asked, 20, **switches)

    @pytest.mark.parametrize("layout", ["published", "cache"])
    def test_a_number_that_the_budget_left_out_is_found(self, serve, layout):
        chat = ScriptedChat({"reasoning": [*[answer("I see. " + LONG_REPLY)] * 20, retrieve("locker number"), answer("4711.")]})
        turn = self.locker(serve(chat, style=Style(layout=layout)))
        first, second = chat.prompts("reasoning")[-2:]
        assert "4711" not in talk_in(first)
        assert "Earlier talk of this hour is left out" in talk_in(first)
        assert "4711" in recalled(turn)
        assert second.count("4711") == 1

    def test_also_where_it_is_told_to_look_or_may_not_think(self, serve):
        said = [answer("I see. " + LONG_REPLY)]
        chat = ScriptedChat({"reasoning": said, "retrieve": retrieve("locker"), "direct": "4711."})
        assert "4711" in recalled(self.locker(serve(chat), force_retrieve=True))
        chat = ScriptedChat({"reasoning": said, "direct": "4711."})
        service = serve(chat)
        for minute, switches in ((21, {}), (22, {"off_the_record": True})):
            say(service, "Which locker was that?", minute, reasoning=False, **switches)
            assert chat.prompts("direct")[-1].count("my locker number is 4711") == 1

    def test_a_window_of_the_last_hour_brings_it(self, serve):
        said = [answer("I see. " + LONG_REPLY)] * 20
        chat = ScriptedChat({"reasoning": [*said, retrieve("locker", at(-30 + 20), at(20)), answer("4711.")]})
        turn = self.locker(serve(chat))
        assert turn.trace.steps[0].warning is None
        assert "4711" in recalled(turn)
        assert all(entry.time <= clock.parse_time(at(20)) for entry in turn.trace.memories)

    def test_the_facts_of_left_out_turns_are_found_and_those_of_shown_ones_are_not(self, serve):
        said = [answer("I see. " + LONG_REPLY)] * 20
        chat = ScriptedChat(
            {
                "reasoning": [*said, retrieve("locker day"), answer("4711.")],
                "semantic": lambda prompt: fact(
                    "The user's locker has the number 4711." if "4711" in prompt else f"The user was busy {prompt[-60:]!r}.",
                    "locker day",
                ),
            }
        )
        service = serve(chat)
        say(service, "By the way, my locker number is 4711.", 0)
        for minute in range(1, 20):
            say(service, (f"I spent the day with the {TOPICS[minute % 12]} and thought about day {minute}. " * 5)[:300], minute)
        service.wait()
        turn = say(service, "What is my locker number?", 20)
        facts = turn.trace.memories
        assert any("4711" in entry.text for entry in facts)
        shown = talk_in(chat.prompts("reasoning")[-2])
        turns = {one.id: one for one in service.memory.journal.turns("ada")}
        assert not [entry for entry in facts if clock.show(turns[entry.turn_ids[0]].time) in shown]

    def test_the_rest_of_a_shortened_message_is_found_and_nothing_is_shown_twice(self, serve):
        chat = ScriptedChat(
            {"reasoning": [answer("Noted."), retrieve("deposit account"), retrieve("deposit account"), answer("Ok.")]}
        )
        service = serve(chat, style=Style(budgets=Budgets(window=8_192)))
        text = filled("english", 15_000, " The deposit account is PURPLE-19. ")
        say(service, text, 0)
        turn = say(service, "Which account does the deposit go to?", 1)
        first, second, third = chat.prompts("reasoning")[1:4]
        assert "PURPLE-19" not in first.partition("## Notes of what")[0]
        assert first.count("PURPLE-19") == second.count("PURPLE-19") == 1
        [one, *others] = [entry for entry in turn.trace.memories if entry.kind == "turn"]
        assert "PURPLE-19" in one.text
        parts = [part for entry in (one, *others) for part in entry.parts]
        assert len(parts) == len(set(parts))
        assert third.count("PURPLE-19") == 1
        [stored, *_] = service.memory.journal.turns("ada")
        talk = first.partition("## Notes of what")[0]
        hidden = {part for part in parts if not (words := _words(stored, part)) or words in talk}
        assert not hidden


def _words(turn, part):
    [passage] = [one for one in passages(turn.text, turn.reply) if passage_id(turn.id, one.number) == part]
    return (turn.text if passage.of == "text" else turn.reply)[passage.start : passage.end].strip()


class TestParts:
    FACTS = {
        "english": (" The spare key of the boat shed hangs behind the blue lantern. ", "Where does the spare key of the boat shed hang?", "blue lantern"),
        "chinese": ("备用钥匙挂在蓝色灯笼后面。", "备用钥匙挂在哪里？", "蓝色灯笼"),
        "japanese": ("予備の鍵は青い提灯の後ろにあります。", "予備の鍵はどこですか？", "青い提灯"),
        "no ends": (" the spare key of the boat shed hangs behind the blue lantern ", "Where is the spare key?", "blue lantern"),
        "no spaces": (" sparekey-bluelantern ", "sparekey-bluelantern?", "bluelantern"),
    }  # fmt: skip

    @pytest.mark.parametrize("kind", FACTS)
    @pytest.mark.parametrize("days", [0, 30])
    @pytest.mark.parametrize("of", ["text", "reply"])
    def test_a_fact_in_the_middle_of_a_long_text_reaches_the_prompt(self, serve, kind, days, of):
        told, asked, expected = self.FACTS[kind]
        size = 19_800 if kind in {"english", "no ends", "no spaces"} else 6_000
        text = filled(kind, size, told)
        chat = ScriptedChat(
            {
                "reasoning": [
                    answer(text if of == "reply" else "I see."),
                    *[answer("Ok. " * 200)] * 8,
                    retrieve(asked),
                    answer("There."),
                ]
            }
        )
        service = serve(chat)
        ask = {"chinese": "请告诉我关于船屋的一切", "japanese": "ボート小屋のことを全部教えてください"}
        say(service, text if of == "text" else ask.get(kind, "Tell me everything about the boat shed"), 0)
        for minute in range(1, 9):
            say(service, f"We talked about the {TOPICS[minute]} and day {minute}. " * 8, minute)
        time = clock.parse_time(at(20)) + timedelta(days=days)
        turn = list(service.stream("ada", asked, time=time))[-1].turn
        [entry, *_] = [one for one in turn.trace.memories if expected in one.text]
        assert expected in chat.prompts("reasoning")[-1]
        assert "(excerpt)" in entry.text
        assert "[…]" in entry.text
        assert len(entry.text.encode()) < 4_500

    def test_a_step_of_a_plan_that_it_gave(self, serve):
        steps = "\n".join(
            f"Step {n}: take the {word} and {'go on with it calmly ' * 12}." for n, word in enumerate(TOPICS, start=1)
        )
        chat = ScriptedChat(
            {
                "reasoning": [
                    answer(f"Here is the plan.\n{steps}"),
                    answer("Ok."),
                    answer("Ok."),
                    retrieve("step 7 of the plan"),
                    answer("Museum."),
                ]
            }
        )
        service = serve(
            chat,
            style=Style(limits=SearchLimits(turns=2, characters=600), max_retrievals=1),
        )
        chat.script["answer"] = answer("The museum.")
        say(service, "Give me a plan for the trip", 0)
        say(service, "Thanks!", 1)
        say(service, "Good night", 70)
        turn = say(service, "What was step 7 of the plan you gave me?", 200)
        assert "Step 7: take the museum" in recalled(turn)

    def test_a_search_of_a_person_shows_the_best_passages(self, serve):
        service = serve(ScriptedChat())
        told, asked, expected = self.FACTS["english"]
        say(service, filled("english", 18_000, told), 0)
        [found, *_] = service.memory.search("ada", asked)
        assert expected in found.text
        assert len(found.text) < 4_000

    def test_forgetting_takes_all_parts_along(self, serve):
        service = serve(ScriptedChat())
        told, asked, expected = self.FACTS["english"]
        turn = say(service, filled("english", 18_000, told), 0)
        assert service.memory.search("ada", asked)
        service.memory.forget("ada", turn.id, now=True)
        assert not [one for one in service.memory.search("ada", asked) if expected in one.text]
        assert turn.id not in service.memory._indexes.search.ids("ada")


class TestChosen:
    turns = st.lists(
        st.tuples(st.sampled_from([0, 3, 40, 400, 2_500, 20_000]), st.sampled_from([0, 5, 200, 900, 6_000]), st.sampled_from(["word ", "猫", "x"])),
        max_size=25,
    )  # fmt: skip

    @settings(deadline=None, max_examples=150)
    @given(turns, st.integers(0, 1_500), st.integers(0, 1_000), st.integers(0, 9_000))
    def test_every_turn_is_shown_whole_or_left_to_the_search(self, sizes, share, spare, most):
        recent = [
            _turn(number, (word * size)[:size], (word * reply)[:reply])
            for number, (size, reply, word) in enumerate(sizes, start=1)
        ]
        show = lambda turn: _turn_text(turn, {})  # noqa: E731 - one use
        talk = choose(recent, show, share=share, spare=spare, most=max(most, share))
        by_id = {turn.id: turn for turn in recent}
        whole, partly = set(talk["whole"]), {turn_of(part) for part in talk["parts"]}
        assert not whole & partly
        for turn in talk["turns"]:
            stored = by_id[turn.id]
            if turn.id in whole:
                assert turn == stored
                continue
            # What counts as shown is shown, word for word; the rest is what a search may bring.
            assert "characters are left out here" in turn.text + turn.reply
            shown = {part for part in talk["parts"] if turn_of(part) == turn.id}
            assert all(_words(stored, part) in f"{turn.text}\n{turn.reply}" for part in shown)
            assert len(shown) < len(passages(stored.text, stored.reply))
        assert talk["left_out"] == (len(talk["turns"]) < len(recent))
        size = sum(estimate_tokens(show(turn)) for turn in talk["turns"])
        assert size <= max(share + spare, most)
        if recent and max(most, share // 2) > 300:
            assert talk["turns"][-1].id == recent[-1].id


@settings(deadline=None, max_examples=20)
@given(
    st.lists(st.tuples(st.sampled_from([40, 400, 2_500, 9_000]), st.sampled_from([5, 900, 6_000])), min_size=1, max_size=8),
    st.sampled_from([3_500, 6_000, 16_384]),
)
def test_prompt_and_search_together_hold_every_turn(tmp_path_factory, sizes, window):
    from app.service import PersonaService
    from memory.memory import Memory
    from tests.fakes import ScriptedModels, WordEmbedder

    chat = ScriptedChat({"reasoning": retrieve("zebra"), "answer": answer("Ok.")})
    style = Style(layout="published", budgets=Budgets(window=window), max_retrievals=1)
    with PersonaService(
        Memory(tmp_path_factory.mktemp("data"), WordEmbedder()), ScriptedModels(chat, style), work=False
    ) as service:
        for number, (text, reply) in enumerate(sizes):
            service.memory.ingest_turn(
                "ada", NINE + timedelta(minutes=number), f"zebra{number} " + "word " * (text // 5), "reply " * (reply // 6)
            )
        asked = NINE + timedelta(minutes=30)
        list(service.stream("ada", "Which zebra?", time=asked))
        talk = talk_in(chat.prompts("reasoning")[-1])
        for number, turn in enumerate(service.memory.journal.turns("ada")[:-1]):
            if f"User: {turn.text}\nAssistant: {turn.reply}".rstrip() in talk:
                continue
            found = service.memory.search_by_kind(
                "ada", Query(f"zebra{number}", "", asked), SearchLimits(episodic=20, size=100_000)
            ).memories
            assert any(turn.id in entry.turn_ids for entry in found)


def _turn(number, text, reply):
    time = NINE + timedelta(minutes=number)
    return Turn(id=make_id("ada", "turn", number), user_id="ada", seq=number, session=1, time=time, text=text, reply=reply)


def test_a_picture_that_the_prompt_leaves_out_is_recalled(serve):
    from memory.core.records import PhotoMemory

    service = serve(ScriptedChat())
    memory = service.memory
    turn = memory.ingest_turn("ada", NINE, "This is my grandmother's mug", "Lovely!")
    photo = PhotoMemory(
        id=make_id("ada", "photo", turn.id), turn_id=turn.id, photo_id="p" * 8, time=NINE, caption="grandmother's mug"
    )
    memory.memories.commit_remember("ada", turn.id, PersonalityPoint(turn_id=turn.id, time=NINE), None, photos=[photo])
    memory.index("ada")
    asked = Query("Where is my grandmother's mug?", "", NINE + timedelta(minutes=20))
    shown = Query(asked.message, "", asked.time, prompt_turns=frozenset({turn.id}), shown_photos=frozenset({"p" * 8}))
    unseen = Query(asked.message, "", asked.time, prompt_turns=frozenset({turn.id}))
    kinds = [[entry.kind for entry in memory.search_by_kind("ada", query).memories] for query in (asked, shown, unseen)]
    assert kinds == [["photo", "episodic"], [], ["photo"]]


@pytest.mark.parametrize("word", ["word ", "猫", "x"])
@pytest.mark.parametrize("window", [4_096, 16_384])
def test_a_session_of_one_huge_message_is_summed_up(window, word):
    from graph.consolidate import rewrite_prompt, topics_prompt

    budgets = Budgets(window=window, session=min(4_000, window // 2))
    huge = _turn(1, "BEGIN " + (word * 20_000)[:19_000] + " END", "Noted.")
    for turns in ([huge], [huge, _turn(2, "I also have a cat called Tim.", "Nice!")]):
        for told in (topics_prompt(turns, budgets), rewrite_prompt("Profile", {}, turns, budgets)):
            assert "0 [" in told
            assert "BEGIN" in told
            assert "END" in told
            assert ("Tim" in told) == (len(turns) == 2)
            assert estimate_tokens(told) <= window // 2 + 50


def test_a_huge_message_is_remembered_by_its_beginning_and_its_end():
    from graph.remember import message_prompt

    huge = _turn(1, "BEGIN " + "猫" * 19_000 + " END", "Noted.")
    assert message_prompt(huge) == message_prompt(huge, 99_000)
    told = message_prompt(huge, 3_000)
    assert "BEGIN" in told
    assert "END" in told
    assert estimate_tokens(told) <= 3_000
