"""A fact keeps the language in which it was said, and the words that matter."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.language.language import in_their_words, is_translated, language_of
from graph.prompts.texts import Prompts
from tests.fakes import NOTHING, ScriptedChat, fact

often = settings(deadline=None, max_examples=100)
TRANSLATED = (
    # What was said, and what the embedded 1.5B model made of it: often wrong, and always in English.
    ("Ich ziehe nach Wien.", "The user is planning to go to Wien."),
    ("Meine Schwester Lena ist Hebamme in Graz.", "The user's sister Lena is a Hebamme in Graz."),
    ("Ich vertrage keine Milch mehr.", "The user has stopped drinking milk."),
    ("Je viens d'arrêter de fumer.", "The user has stopped smoking."),
    ("J'ai horreur des champignons.", "The user has a dislike for champignons."),
    ("Me he mudado a Valencia con mi perro Tito.", "The user has moved to Valencia with their dog Tito."),
    ("Trabajo de enfermera por las noches.", "The user works as a night nurse."),
    ("Ho perso il lavoro la settimana scorsa.", "The user has worked the previous week."),
    ("Io abito a Torino.", "The user lives in Turin."),
    ("Ik ben allergisch voor katten.", "The user is allergic to cats."),
    ("Przeprowadzam się do Krakowa.", "The user is planning to go to Krakow."),
    ("Mój syn Kuba gra na skrzypcach.", "The user's syn Kuba is playing on skates."),
    ("我下个月搬到成都。", "The user plans to move to 成都 next month."),
    ("娘のさくらはバイオリンを習っています。", "The user's mother plays the violin."),
    ("Deixei de comer carne.", "The user stopped eating meat."),
    ("Kedimin adı Pamuk.", "The user has a name called Pamuk."),
    ("Я работаю учительницей в Казани.", "The user works as a teacher in Kazan."),
)
KEPT = (
    ("I am moving to Vienna.", "The user is moving to Vienna."),
    ("Mum's 60 next week.", "The user's mother turns 60 next week."),
    ("Moved house, finally.", "The user has a new home."),
    ("Something, day 3.", "A zebra slept."),
    ("Café crème, always!", "The user drinks café au lait, a crème."),
    ("My abuela lives in Oaxaca.", "The user's grandmother lives in Oaxaca."),
    ("I work at Die Zeit and live in La Paz.", "The user works at Die Zeit and lives in La Paz."),
    ("Ich ziehe nach Wien.", "Der Nutzer zieht nach Wien."),
    ("Je viens d'arrêter de fumer.", "L'utilisateur a arrêté de fumer."),
    ("我对花生过敏。", "用户对花生过敏。"),
)


@pytest.mark.parametrize(("said", "written"), TRANSLATED)
def test_what_was_translated_is_kept_as_it_was_said(said, written):
    assert in_their_words(said, written) == f'"{said}"'


@pytest.mark.parametrize(("said", "written"), KEPT)
def test_what_is_in_the_language_that_was_spoken_stays(said, written):
    assert not is_translated(said, written)
    assert in_their_words(said, written) == written


def test_questions_that_were_translated_tell_nothing():
    assert not in_their_words("¿Cómo se llama mi perro?", "The user's perro is named Zazu.")
    assert in_their_words("Ich ziehe nach Wien. Was kostet ein Zug?", "The user goes to Wien.") == '"Ich ziehe nach Wien."'


@often
@given(st.text(), st.text())
def test_any_text_is_read(said, written):
    assert language_of(said) in ("english", "other", "unknown")
    assert in_their_words(said, written) in ("", written) or is_translated(said, written)


@pytest.mark.parametrize(("said", "written"), TRANSLATED[:8])
def test_a_fact_keeps_the_words_that_were_said_and_is_found_by_them(serve, said, written):
    chat = ScriptedChat({"semantic": fact(written, "gloss")})
    service = serve(chat)
    list(service.stream("ada", said, time="2026-03-01 09:00"))
    service.wait("ada")
    (kept,) = service.memory.memories.entries("ada", kind="semantic")
    assert kept.content == f'"{said}"'
    assert kept.keywords == ("gloss",)
    assert service.memory.search("ada", said.split()[-1], kind="semantic")[0].id == kept.id


def test_the_model_is_asked_for_the_language_that_was_spoken_where_that_is_not_english(serve):
    chat = ScriptedChat({"semantic": NOTHING})
    service = serve(chat)
    for user, said in (("ada", "I am moving to Vienna."), ("bob", "Ich ziehe nach Wien.")):
        list(service.stream(user, said, time="2026-03-01 09:00"))
        service.wait(user)
        service.memory.journal.end_session(user)
        service.wait(user)
    for step in ("semantic", "core", "episodic", "procedural"):
        english, german = chat.prompts(step)
        assert Prompts().same_language not in english
        assert german.endswith(Prompts().same_language)
    assert not any(Prompts().same_language in prompt for prompt in chat.prompts("personality"))
