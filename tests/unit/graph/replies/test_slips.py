"""What must never be shown of a reply, and that nothing else is held back or lost."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.language.language_id import reply_in
from graph.prompts.texts import Prompts
from graph.replies.slips import ReplyGuard, Talk

OURS = (
    *(text for field in fields(Prompts) if isinstance(text := getattr(Prompts(), field.name), str)),
    "Remembered facts",
    "User Profile",
    "Responde en español.",
)
TEA = "ich trinke am liebsten ostfriesentee mit kluntje, kaffee vertrag ich gar nicht"
CAT = "我今年29岁，在杭州做平面设计，养了一只猫叫豆包"


def passed(talk: Talk, reply: str, piece: int = 4) -> tuple[str, ReplyGuard]:
    guard = ReplyGuard(talk)
    shown = [delta for start in range(0, len(reply), piece) for delta in guard.feed(reply[start : start + piece])]
    return "".join(delta.text for delta in [*shown, *guard.close()]), guard


def talk(message: str, *own: str, language: str = "", last_reply: str = "") -> Talk:
    return Talk(message, own, OURS, language, (last_reply,) if last_reply else ())


@pytest.mark.parametrize("piece", [1, 3, 400])
@pytest.mark.parametrize(
    ("said", "reply", "kind", "left"),
    [
        (
            talk("hi"),
            "Memory holds nothing more about this. Answer from what they said in this conversation: x",
            "prompt text",
            "",
        ),
        (talk("hi"), "That is what memory holds. Your dog is called Rex.", "prompt text", "Your dog is called Rex."),
        (talk("hi"), "## Remembered facts\nYour dog is called Rex.", "prompt text", "Your dog is called Rex."),
        (talk("hi"), "- [2026-02-11 20:15 (Wednesday)] Your dog is called Rex.", "prompt text", "Your dog is called Rex."),
        (talk("hi"), "2026-02-11: Your dog is called Rex.", "prompt text", "Your dog is called Rex."),
        (talk("hi"), "Assistant: Hello there!", "prompt text", "Hello there!"),
        (talk("hi"), "<answer>Hello there!", "prompt text", "Hello there!"),
        (talk("hi"), "Hello there!\nUser: and you?\nAssistant: fine", "prompt text", "Hello there!"),
        (talk("hola", language="es"), "Responde en español. Hola, ¿qué tal?", "prompt text", "Hola, ¿qué tal?"),
        (talk("I love black coffee after a night shift"), "I love black coffee after a night shift.", "echo", ""),
        (
            talk("I love black coffee after a night shift"),
            "I love black coffee after a night shift. How cosy!",
            "echo",
            "How cosy!",
        ),
        (talk("I love coffee at dawn, and tea"), "Oh, I love coffee at dawn, and tea.", "echo", ""),
        (talk("what is a bain-marie exactly?"), "What is a bain-marie exactly?", "echo", ""),
        (talk(CAT, language="zh"), f"{CAT}。", "echo", ""),
        (talk(CAT, language="zh"), f"你好，{CAT}。", "echo", ""),
        (
            talk("moin! ich bin wiebke, 41, gärtnerin aus leer", language="de"),
            "Hallo! Ich bin wiebke, 41 Jahre alt und arbeite als Gärtnerin.",
            "wrong person",
            "Hallo!",
        ),
        (
            talk("heute is mein erster tag nach dem urlaub, und mein auto springt auch noch nicht an :(", language="de"),
            "Heute ist mein erster Tag nach dem Urlaub, und mein Auto springt auch noch nicht an :(",
            "echo",
            "",
        ),
        (
            talk("下午要给客户看方案", "你好呀，我叫林悦", CAT, "我的猫叫什么？", language="zh"),
            f"你好呀，我叫林悦。{CAT}。我的猫叫什么？",
            "wrong person",
            "",
        ),
        (talk("tengo 56 años y dos hijos, Pau y Marta"), "Tengo 56 años y dos hijos, Pau y Marta.", "echo", ""),
        (talk("my sister Ann lives in Cork"), "My sister Ann lives in Cork, and it is lovely there.", "wrong person", ""),
        (
            talk("where does my sister live?", "my sister Ann lives in Cork", language="en"),
            "My sister lives in Cork.",
            "wrong person",
            "Your sister lives in Cork.",
        ),
        (
            talk("was trink ich gern?", TEA, language="de"),
            "Am liebsten trinke ich Ostfriesentee.",
            "wrong person",
            f"Du hast gesagt: „{TEA}“",
        ),
        (talk("我的猫叫什么？", CAT, language="zh"), "我的猫叫豆包。", "wrong person", f"你说过：“{CAT}”"),
        (
            talk("wie alt bin ich nochmal", "ich bin wiebke, 41, aus leer", language="de"),
            "Ich bin 41 Jahre alt.",
            "wrong person",
            "Du hast gesagt: „ich bin wiebke, 41, aus leer“",
        ),
        (talk("what size are my shoes?"), "The user wears shoes of size 44.", "wrong person", ""),
        (talk("what's my best friend called"), "(b)", "letter", ""),
        (talk("what's my best friend called"), "g", "letter", ""),
        (talk("what's my best friend called"), "(b) Graupe.", "letter", "Graupe."),
        (talk("what's my best friend called"), "(Graupe)", "letter", "Graupe"),
        (
            talk("bin total kaputt", language="de"),
            "I'm sorry to hear that you are so tired today. Rest well!",
            "wrong language",
            "",
        ),
        (talk("你好呀，我叫林悦", language="zh"), "Hello Lin Yue! Nice to meet you, how can I help you?", "wrong language", ""),
    ],
)
def test_a_slip_is_never_shown(said: Talk, reply: str, kind: str, left: str, piece: int) -> None:
    shown, guard = passed(said, reply, piece)
    assert kind in guard.slips
    assert shown.strip() == left
    assert guard.is_spoilt == (not left)


GOOD = [
    (talk("hi"), "Hi! How are you today?"),
    (talk("good morning"), "Good morning!"),
    (talk("how are you today my friend?"), "I am fine. How are you today my friend?"),
    (talk("I love black coffee after a night shift"), "I love black coffee too!"),
    (talk("I love black coffee after a night shift"), "You love black coffee after a night shift, got it."),
    (talk("I love black coffee after a night shift"), "Black coffee after a night shift sounds perfect."),
    (talk("my sister Ann lives in Cork"), "Your sister Ann lives in Cork? How nice!"),
    (talk("do you like the sea?"), "I like the sea a lot."),
    (talk("what's my dog called?", "My dog is called Rex"), "Rex, I believe."),
    (talk("what's my dog called?", "My cat is called Tom"), "I don't know yet what your dog is called."),
    (talk("was trink ich gern?", TEA, language="de"), "Am liebsten trinkst du Ostfriesentee mit Kluntje."),
    (talk("what should i cook tonight?", "I love potato soup"), "Let me think: potato soup?"),
    (talk("what should i cook tonight?", "I love potato soup"), "I would make potato soup."),
    (talk("我晚饭吃什么？", "我很爱吃辣", language="zh"), "让我想想，吃点辣的吧。"),
    (talk("wie alt bin ich?", "ich bin wiebke, 41", language="de"), "Das hast du mir noch nicht gesagt."),
    (talk("我的猫叫什么？", CAT, language="zh"), "你的猫叫豆包。"),
    (talk("what did I say exactly?", "I love black coffee at dawn"), "I love black coffee at dawn."),
    (talk("Wiederhol bitte genau: ich mag Tee am Morgen", language="de"), "Ich mag Tee am Morgen."),
    (talk("translate into German: I love black coffee", language=""), "Ich liebe schwarzen Kaffee."),
    (talk("help me write a text to dee that ill be home late tonight"), "I'll be home late tonight, love you!"),
    (talk("which one, (a) tea or (b) coffee?"), "(b)"),
    (talk("the first", last_reply="(a) tea\n(b) coffee"), "(a) it is."),
    (talk("when was it?"), "2026-02-11 was a Wednesday."),
    (talk("how do I write a dialogue?"), "Like this:\nUser: hello\nAssistant: hi"),
    (talk("an example?"), "Here:\n```\nUser: x\n## User Profile\n```\nThat is all."),
    (talk("hola", language="es"), "¡Hola! ¿Cómo estás hoy?"),
    (talk("wer bist du", language="de"), "Jannis."),
    (talk("tell me a story"), "A bear (a brown one) slept.\n\n  Then it woke!  \n"),
]


@pytest.mark.parametrize("piece", [1, 5, 400])
@pytest.mark.parametrize(("said", "reply"), GOOD)
def test_a_good_reply_is_shown_as_it_is(said: Talk, reply: str, piece: int) -> None:
    shown, guard = passed(said, reply, piece)
    assert shown == reply
    assert guard.slips == []


@given(st.sampled_from(GOOD), st.data())
def test_no_cutting_into_pieces_loses_or_moves_anything(good: tuple[Talk, str], data: st.DataObject) -> None:
    said, reply = good
    guard, rest, shown = ReplyGuard(said), reply, ""
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        shown += "".join(delta.text for delta in guard.feed(rest[:size]))
        rest = rest[size:]
        # What is shown is always the beginning of the reply.
        assert reply.startswith(shown)
    shown += "".join(delta.text for delta in guard.close())
    assert shown == reply


@given(
    st.text(st.sampled_from("ab I.!?。\n(<[#*`User:您我 2-"), max_size=80), st.integers(1, 9), st.sampled_from(["", "de", "zh"])
)
def test_pieces_change_nothing_of_any_text(reply: str, piece: int, language: str) -> None:
    said = talk("I have a bus", "I was at a bar", language=language)
    whole, by_whole = passed(said, reply, 400)
    cut, by_pieces = passed(said, reply, piece)
    assert (whole, by_whole.slips) == (cut, by_pieces.slips)
    assert by_pieces.slips or cut == reply


@pytest.mark.parametrize(
    ("said", "reply", "most"),
    [
        (talk("my sister Ann lives in Cork"), "How nice! Cork is lovely.", 5),
        (
            talk("wo wohnt meine schwester?", "meine schwester wohnt in kiel", language="de"),
            "Deine Schwester wohnt in Kiel.",
            8,
        ),
        (talk("I'm so tired today"), "That sounds like a long day. Rest well.", 8),
        (talk("hi", language="en"), "Hello there! How are you?", 16),
        (talk("thanks for listening"), "You're welcome! Sleep well.", 8),
        (talk("me encanta el arroz", language="es"), "¡Qué rico! ¿Lo cocinas tú?", 12),
    ],
)
def test_the_first_word_is_not_late(said: Talk, reply: str, most: int) -> None:
    guard = ReplyGuard(said)
    came = next(place for place in range(len(reply)) if guard.feed(reply[place]))
    assert came < most


def test_what_was_wrong_is_said_in_one_line() -> None:
    _, guard = passed(talk("bin total kaputt und will ins bett", language="de"), "bin total kaputt und will ins bett")
    assert guard.problem == 'That repeated their message. Respond to it in your own words, and call them "you". ' + reply_in(
        "de"
    )
    assert guard.last_resort == "Danke, dass du mir das erzählst."
    assert passed(talk("wo bin ich?", language="de"), "(b)")[1].last_resort.startswith("Dazu habe ich")


def test_a_second_try_may_be_in_another_language() -> None:
    _, guard = passed(talk("bin total kaputt", language="de"), "I'm sorry to hear that you are so tired today.")
    second = guard.second()
    assert (
        "".join(delta.text for delta in [*second.feed("You should sleep early tonight."), *second.close()])
        == "You should sleep early tonight."
    )


@pytest.mark.parametrize("piece", [1, 4, 400])
def test_a_sentence_of_an_earlier_reply_is_not_said_once_more(piece: int) -> None:
    before = talk("it rains again", last_reply="Oh no! Is there anything else you'd like to know?")
    shown, guard = passed(before, "Take an umbrella. Is there anything else you'd like to know?", piece)
    assert (shown.strip(), guard.slips) == ("Take an umbrella.", ["repetition"])


def test_the_same_question_gets_the_same_answer() -> None:
    asked = talk("what is my dog called?", last_reply="Your dog is called Rex, as you said.")
    assert passed(asked, "Your dog is called Rex, as you said.")[0] == "Your dog is called Rex, as you said."


def test_where_both_tries_are_spoilt_a_question_is_answered_in_the_persons_own_words() -> None:
    asked = talk("a qué hora era la reunion?", "hola, soy Eva", "hoy tengo reunión a las 17:30", language="es")
    assert ReplyGuard(asked).last_resort == "Dijiste: «hoy tengo reunión a las 17:30»"
    assert "17:30" not in ReplyGuard(talk("cómo se llama mi tío?", *asked.own, language="es")).last_resort
