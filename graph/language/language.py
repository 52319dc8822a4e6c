"""Whether a text is English or another language, as precisely as extraction needs it (pure rules)."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from memory.core.sentences import sentences

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_ENGLISH_WORDS = """
    i i'm i've i'd i'll my me mine we we're our us the a an and or but is are am was were be been being have has had do does
    did don't doesn't didn't can can't could will won't would should to of in on at with for from by about into that this
    these those it it's he she they his her their them you your not no never any some all very too just than then there here
    what when where who why how which if because as so up out got get gets getting like likes love loves hate want wants
    need needs think went go going goes today tomorrow yesterday now again last next week month year please thanks hello hi
    yes
"""
_OTHER_WORDS = """
    ich mein meine meinen meiner wir unser der das und ist sind bin hat habe haben nicht kein keine mit von zu nach auf ein
    eine einen im am für bei aus sich auch noch mehr wird du dein sie ihr den dem des hab je j'ai mon ma mes nous notre le
    la les un une et est suis ai à au aux de du des ne pas avec pour dans sur qui que c'est j'aime elle il ils sont yo mi
    mis nos nuestro el los las una y es soy estoy tengo he no con para por en del al que se lo su muy io mio mia miei
    abbiamo ho sono gli uno e è di da con per che non nel alla della dal ik mijn wij ons onze de het een en ben heb heeft
    niet geen met van naar op voor uit zijn is dat ze hij mam jestem mój moja się nie na z w do i że jest są mnie eu meu
    minha nós o os um uma e sou tenho não com para em no na do da dos me he a in an so was on to will die ben benim bir ve
    çok değil için jag min mitt vi och är har inte med på för en ett av som jeg mit ikke og er til det den
"""
_ENGLISH, _OTHERS = frozenset(_ENGLISH_WORDS.split()), frozenset(_OTHER_WORDS.split())
_BOTH = _ENGLISH & _OTHERS
"""English words that are also words of another language: they say nothing about the language."""
_ELIDED = re.compile(r"^(?:[jldcnsmt]|qu|un|dell|nell|all|sull)'(?=[^\W\d_]{2})")
_ASKING = ("?", "？", "؟")
_QUOTES = " \"'”“»«)"
_MAX_QUOTED_CHARS = 400


def language_of(text: str) -> Literal["english", "other", "unknown"]:
    """Return whether a text is in English; `unknown` if no word decides it (`Moved house!`, `Abito a Torino`).

    Counts function words: those of English against those of twelve other languages in Latin letters.
    """
    letters = [letter for letter in text if letter.isalpha()]
    latin = sum("LATIN" in unicodedata.name(letter, "") for letter in letters)
    if 2 * latin < len(letters):
        return "other"
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    ours = sum(word in _ENGLISH and word not in _BOTH for word in words)
    others = sum((word in _OTHERS and word not in _BOTH) or bool(_ELIDED.match(word)) for word in words)
    if ours != others:
        return "english" if ours > others else "other"
    return "unknown" if letters else "english"


def is_translated(said: str, written: str) -> bool:
    """Return whether `written` is English but `said` was in another language.

    If no word reveals the language of `said`, its letters do: a lower-case word with a letter that English does not have.
    """
    if language_of(written) != "english":
        return False
    spoken = language_of(said)
    foreign = [word for word in _WORD.findall(said) if word.islower() and not word.replace("’", "'").isascii()]
    return spoken == "other" or (spoken == "unknown" and bool(foreign) and not any(word in written for word in foreign))


def in_their_words(said: str, written: str) -> str:
    """Return a fact as written, or, if that is a translation, what the person said, as a quotation.

    A small model that translates turns a move into a journey and a daughter into a mother. The original words are never
    wrong, and a search finds them.

    Returns:
        Empty if the translation was made from questions alone: they state nothing.
    """
    if not is_translated(said, written):
        return written
    statements = [part for part in sentences(said) if not part.rstrip(_QUOTES).endswith(_ASKING)]
    own = " ".join(" ".join(statements).split())
    if len(own) > _MAX_QUOTED_CHARS:
        own = f"{own[:_MAX_QUOTED_CHARS].rsplit(' ', 1)[0]} …"
    return f'"{own}"' if own else ""
