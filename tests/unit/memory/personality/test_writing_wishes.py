"""How a person asks to be written to is seen by rules, and what only sounds like it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.personality.writing_wishes import wishes_in

WISHES = {
    "Please answer short.": "length",
    "please keep your replies brief and to the point": "length",
    "I like it when you answer in detail": "length",
    "Can you keep your answers short?": "length",
    "Two sentences at most please.": "length",
    "I'm dyslexic, so short sentences please.": "length",
    "Bitte antworte kurz.": "length",
    "Könntest du mir bitte kürzer antworten?": "length",
    "Schreib mir keine langen Texte.": "length",
    "Sé breve, por favor": "length",
    "Prefiero respuestas cortas": "length",
    "Réponds-moi brièvement.": "length",
    "请简短回答": "length",
    "No emojis please.": "emojis",
    "Keine Emojis bitte!": "emojis",
    "不要用表情": "emojis",
    "Du statt Sie bitte.": "form",
    "Wir können uns duzen": "form",
    "On se tutoie ?": "form",
    "¿Puedes tutearme?": "form",
    "Please write in German.": "language",
    "Antworte mir bitte immer auf Deutsch.": "language",
    "请用中文回答": "language",
    "Don't give me advice, just listen.": "advice",
    "Could you explain things step by step?": "way",
    "Be honest with me.": "way",
    "No small talk.": "way",
    "I understand things through examples.": "way",
    "不要说教": "way",
}
NONE = (
    "How short is the train ride?",
    "My boss told me to be brief.",
    "I'm feeling calm today.",
    "Call me tomorrow!",
    "I keep a short list of books.",
    "The talk was short.",
    "We had a long talk about the garden.",
    "Can you write a short poem about moss?",
    "Write me a short email to my landlord.",
    "Please give me a short summary of the film.",
    "Tell me a long story about whales.",
    "She calls me Kim.",
    "They call me Grandpa at the yard.",
    "I sent him an emoji.",
    "Please don't give me advice today, just listen.",
    "I need to be patient with my son.",
    "He never answers in detail.",
    "Explain how bread rises with yeast.",
    "Give me a recipe with numbers.",
    "Good, no small talk involved.",
    "Ich war heute lange im Büro.",
    "Der Vortrag war kurz.",
    "On se voit demain ?",
)


@pytest.mark.parametrize(("text", "kind"), WISHES.items())
def test_a_wish_is_seen_with_its_sentence(text: str, kind: str) -> None:
    [wish] = wishes_in(f"I was at the lake. {text}")
    assert (wish.kind, wish.sentence) == (kind, text)


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_wish_for_good_of_the_persons_own_is_none(text: str) -> None:
    assert wishes_in(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Please call me Kim, not Kimberly.", "Kim"),
        ("Don't call me Robert, call me Bob.", "Bob"),
        ("you can call me Mary Ann", "Mary Ann"),
        ("Nenn mich Lena.", "Lena"),
        ("Llámame Paco", "Paco"),
        ("叫我小明", "小明"),
    ],
)
def test_a_name_is_taken_as_it_is_written(text: str, name: str) -> None:
    [wish] = wishes_in(text)
    assert (wish.kind, wish.name) == ("name", name)


def test_one_sentence_may_hold_several_wishes():
    found = wishes_in("Please answer short, no emojis, and call me Kim.")
    assert [wish.kind for wish in found] == ["name", "emojis", "length"]


@given(st.text(max_size=400))
def test_any_text_can_be_read(text: str) -> None:
    for wish in wishes_in(text):
        assert wish.sentence in " ".join(text.split()) or wish.sentence.strip()
