"""By which words forgotten texts are known again."""

from __future__ import annotations

import pytest

from memory.forgetting.text_match import TextMatch, phrases


def telling(*texts: str, keywords: tuple[str, ...] = (), counts: dict[str, int] | None = None, turns: int = 100) -> TextMatch:
    return TextMatch(texts, keywords, lambda words: ({word: (counts or {}).get(word, 1) for word in words}, turns))


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("Good morning to you and Zazu!", True),
        ("How is zazu?", True),
        ("Parrots, as yours was called, live long.", True),
        ("Parrots live long.", False),
        ("I called the plumber.", False),
        ("", False),
    ],
)
def test_a_name_tells_or_two_rare_words(text, tells):
    assert telling("My parrot is called Zazu.").tells(text) is tells


@pytest.mark.parametrize(
    ("said", "text", "tells"),
    [
        ("Мой попугай Зазу любит яблоки.", "Сегодня я купила яблоки.", False),
        ("Мой попугай Зазу любит яблоки.", "Как там Зазу?", True),
        ("Ο παπαγάλος μου λέγεται Ζαζού.", "Ένας παπαγάλος πέταξε.", False),
        ("मेरे तोते का नाम ज़ाज़ू है", "ज़ाज़ू कैसा है?", True),
        ("우리 앵무새 이름은 자주예요", "자주가 잔다", True),
    ],
)
def test_a_name_in_any_script_tells_and_another_word_does_not(said, text, tells):
    assert telling(said).tells(text) is tells


def test_a_number_tells_as_a_name_does():
    assert telling("I owe 8350 to the bank.").tells("So 8350 in all.")


def test_another_number_that_begins_alike_tells_nothing():
    known = telling("My number is 5550100 and the room is room12345.")
    assert not known.tells("Call 5550199. It is in room12346.")


def test_what_is_said_all_the_time_tells_nothing():
    often = {"monday": 60, "train": 50, "office": 40}
    known = telling("Every Monday I take the train to the office.", counts=often)
    assert not known.tells("Is the office open on Monday, and is there a train?")
    assert telling("Every Monday I take the train.", turns=10).tells("Monday it is.")


def test_a_name_that_is_said_in_a_few_turns_is_still_one():
    known = telling("My parrot is called Zazu.", counts={"zazu": 9}, turns=20)
    assert known.names("Zazu sleeps.")


def test_nothing_forgotten_tells_nothing():
    assert not telling().tells("Anything at all, Zazu.")


def test_short_texts_are_not_looked_for_word_for_word():
    assert phrases(["Yes.", " My parrot is Zazu. ", "My parrot is Zazu."]) == ["My parrot is Zazu."]
