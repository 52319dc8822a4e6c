"""Slips of replies in whole turns: cut, asked for once more, or a plain sentence; and the language that a reply is asked for in."""

from __future__ import annotations

import pytest

from app.events import AnswerDelta
from graph.language.language_id import guess, language_of_reply, reply_in
from graph.prompts.briefing import Style
from tests.fakes import ScriptedChat, answer

COFFEE = "I love black coffee after a night shift"
TRIES = {"reasoned": (Style(), "reasoning", answer), "direct": (Style(size="small"), "direct", str)}


def reply(serve, style, script, text, before=()):
    chat = ScriptedChat(script)
    service = serve(chat, style=style)
    for minute, said in enumerate(before):
        list(service.stream("ada", said, time=f"2026-03-01 09:{minute:02}"))
    events = list(service.stream("ada", text, time="2026-03-01 09:30"))
    shown = "".join(event.text for event in events if isinstance(event, AnswerDelta))
    turn = events[-1].turn
    assert shown.strip() == turn.reply
    return turn, chat


@pytest.mark.parametrize("way", TRIES)
class TestInTurns:
    def test_a_slip_before_a_good_sentence_is_cut(self, serve, way):
        style, step, written = TRIES[way]
        turn, chat = reply(serve, style, {step: written(f"{COFFEE}. That sounds cosy!")}, COFFEE)
        assert turn.reply == "That sounds cosy!"
        assert turn.trace.steps[-1].warning == "Left out of the reply: echo."
        assert len(chat.steps()) == 1

    def test_where_nothing_else_is_left_the_model_is_asked_once_more(self, serve, way):
        style, step, written = TRIES[way]
        second = {"answer": answer("How cosy!")} if step == "reasoning" else {}
        first = [written(f"{COFFEE}."), "How cosy!"] if step == "direct" else written(f"{COFFEE}.")
        turn, chat = reply(serve, style, {step: first, **second}, COFFEE)
        assert turn.reply == "How cosy!"
        assert turn.trace.steps[-1].warning == "Left out of the reply: echo. The model was asked once more."
        assert len(chat.steps()) == 2
        assert "That repeated their message." in chat.calls[-1][1]

    def test_after_two_slips_a_plain_sentence_in_their_language_is_said(self, serve, way):
        style, step, written = TRIES[way]
        said = "ich bin heute total kaputt und will nur noch schlafen"
        turn, chat = reply(serve, style, {step: written(said), "answer": answer(said)}, said)
        assert turn.reply == "Danke, dass du mir das erzählst."
        assert len(chat.steps()) == 2

    def test_their_own_words_are_given_back_as_theirs(self, serve, way):
        style, step, written = TRIES[way]
        script = {step: [written("How nice!"), written("My sister lives in Cork.")]}
        turn, _ = reply(serve, style, script, "where does my sister live?", ["my sister Ann lives in Cork"])
        assert turn.reply == "Your sister lives in Cork."

    def test_the_language_of_the_message_is_named_last_or_shown(self, serve, way):
        style, step, written = TRIES[way]
        _, chat = reply(serve, style, {step: written("Gute Nacht!")}, "danke fürs zuhören, gute nacht")
        first = chat.prompts(step)[0]
        named = "(Antworte der Person auf Deutsch, mit „du“. Wiederhole nicht, was sie sagt.)"
        # A small model is shown replies in it instead.
        assert first.endswith(named) if way == "reasoned" else "Das hast du mir noch nicht erzählt." in first
        _, chat = reply(serve, style, {step: written("Ich mag Tee.")}, "wiederhol bitte genau: ich mag tee")
        assert "Wiederhole nicht" not in chat.prompts(step)[0]
        _, chat = reply(serve, style, {step: written("Good night!")}, "thank you for listening, good night")
        assert "Antworte der Person" not in chat.prompts(step)[0]

    def test_another_language_is_broken_off_and_asked_for_once_more(self, serve, way):
        style, step, written = TRIES[way]
        english = "I am sorry to hear that you are so tired today. " * 20
        first = [english, "Ruh dich aus."] if step == "direct" else written(english)
        turn, _ = reply(serve, style, {step: first, "answer": answer("Ruh dich aus.")}, "bin heute so müde und kaputt")
        assert turn.reply == "Ruh dich aus."
        assert "wrong language" in turn.trace.steps[-1].warning


def test_a_letter_without_options_is_no_reply(serve):
    turn, _ = reply(serve, Style(), {"reasoning": answer("(b)"), "answer": answer("I don't know yet.")}, "what's my dog called")
    assert turn.reply == "I don't know yet."


def test_an_answer_without_its_tag_is_guarded_too(serve):
    script = {"reasoning": "Memory holds nothing more about this.", "answer": "Memory holds nothing more about this."}
    turn, _ = reply(serve, Style(), script, "what's my dog called")
    assert turn.reply == "I have no good answer to that just now. Could you ask it another way?"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "moin, bin die wiebke"),
        ("de", "wo wohnt meine schwester?"),
        ("de", "bin heute so müde"),
        ("es", "como se llama mi hermana?"),
        ("zh", "我的猫叫什么"),
        ("ja", "私の犬の名前は？"),
        ("en", "i love black coffee"),
        ("en", "what's my dog called?"),
        ("fr", "Où habite ma soeur ?"),
        ("it", "Come si chiama il mio cane?"),
        ("nl", "Hoe heet mijn hond?"),
        ("pt", "Onde mora a minha irmã?"),
        ("pl", "Jak ma na imię mój pies?"),
        ("tr", "Köpeğimin adı ne?"),
    ],
)
def test_the_language_of_a_short_message_is_known(language, text):
    assert language_of_reply(text) == language


def test_what_tells_too_little_is_read_with_what_was_written_before():
    assert language_of_reply("q tal") == ""
    assert language_of_reply("q tal", ["hola buenos dias, soy Inés y vivo en Teruel"]) == "es"
    assert language_of_reply("17:30") == ""
    assert guess("17:30") == ("", 0.0)


@pytest.mark.parametrize("text", ["Wie heißt Hund auf Englisch?", "translate this into German please: hello", "用英语怎么说"])
def test_where_a_language_is_named_none_is_prescribed(text):
    assert language_of_reply(text) == ""


def test_english_needs_no_line():
    assert reply_in("en") == reply_in("") == ""
    assert reply_in("zh").startswith("请用中文回复对方")
