"""Finds the subject of a question: the person, pet, place or thing that it names (pure rules).

"What do you know about Jonas?" is answered by texts about Jonas. Other texts with a similar meaning are about other people, and
a small model takes them for the answer.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from memory.core.tokenize import COMMON

_ABOUT = re.compile(
    r"(?:"
    # English
    r"\b(?:what|anything|everything|something|all)\b.{0,40}\b(?:know|remember|told you|tell me|said|say|heard|"
    r"recall)\b.{0,20}?\b(?:about|of|on)\s+|"
    r"\b(?:tell me|talk|remind me)\s(?:more |something |everything |all )?(?:about|of)\s+|"
    r"\b(?:do|did|can) you (?:still )?(?:know|remember|recall) (?:who |what |anything about |something about |about )?(?=\S)|"
    r"\bwho(?:['’]s| is| was| are| were)\s+|\bwhat do you know of\s+|"
    # German
    r"\bwas\b.{0,40}\b(?:über|von)\s+|\berz(?:ä|ae)hle?\b.{0,20}\b(?:über|von)\s+|\bwer (?:ist|war|sind)\s+|\bkennst du\s+|"
    # French, Spanish, Italian, Portuguese, Dutch, Polish
    r"\bque (?:sais|savez|t['’]ai|connais)\b.{0,40}?\b(?:de|sur|d['’])\s*|\bparle[- ]moi\s(?:de |d['’])|"
    r"\bqui (?:est|était)[- ]?\s*|"
    r"\bqu[eé] (?:sabes|te he (?:dicho|contado)|recuerdas)\b.{0,20}?\b(?:de|sobre)\s+|\bh[aá]blame\s(?:de|sobre)\s+|"
    r"\bqui[eé]n (?:es|era)\s+|"
    r"\b(?:che )?cosa (?:sai|ti ho detto|ricordi)\b.{0,20}?\b(?:di|su)\s+|\bparlami di\s+|\bchi (?:è|era)\s+|"
    r"\bo que (?:sabes|você sabe)\b.{0,20}?\b(?:de|sobre)\s+|\bquem é\s+|"
    r"\bwat (?:weet|heb)\b.{0,40}?\bover\s+|\bvertel me over\s+|\bwie is\s+|"
    r"\bco (?:wiesz|pamiętasz)\b.{0,20}?\bo\s+|\bopowiedz mi o\s+|\bkim jest\s+"
    r")(?P<subject>[^?!.,;:\n]{1,60})\s*[?!.]*\s*$",
    re.IGNORECASE,
)
_UNSPACED = re.compile(
    r"^(?:你知道(?:关于)?|跟我说说|告诉我关于)?(?P<one>[^\s?？。的]{1,12})(?:是谁|的什么|什么事|的事)[?？。]?$|"
    r"^你(?:知道|记得)(?:关于)?(?P<two>[^\s?？。]{1,12}?)(?:的?什么|的事|吗)[?？。]?$|"
    r"^(?P<three>[^\s?？。、]{1,12}?)(?:について.*|って誰.*|は誰.*|とは誰.*)[?？。]?$"
)
_OWNED = re.compile(
    r"^(?:(?:my|our|the|a|an|his|her|their|mein\w*|unser\w*|der|die|das|den|dem|mon|ma|mes|notre|nos|le|la|les|un|une|mi|mis|"
    r"nuestr[oa]s?|el|los|las|il|lo|gli|mio|mia|miei|meu|minha|o|os|as|mijn|ons|onze|de|het|mój|moja|moim|mojej)\s+|l['’]\s*|"
    r"我的?|私の)(?=\S)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_PRONOUN_WORDS = """
    i me my mine myself you yourself us we it that this them they him her he she mich mir dir dich uns ihn ihm moi toi te mi
"""
_TIME_WORDS = """
    january february march april may june july august september october november december monday tuesday wednesday thursday
    friday saturday sunday januar februar märz mai juni juli oktober dezember montag dienstag mittwoch donnerstag freitag
    samstag sonntag
"""
_PRONOUNS = frozenset(_PRONOUN_WORDS.split())
_NEVER = _PRONOUNS | frozenset(_TIME_WORDS.split())
"""These words are no names, even with a capital letter in the middle of a sentence."""
_SOMEBODY_WORDS = """
    sister brother mother mum mom father dad grandmother grandma granny grandfather grandpa aunt uncle cousin niece nephew
    son daughter wife husband partner girlfriend boyfriend fiance fiancee boss landlord landlady neighbour neighbor
    colleague teacher doctor dentist therapist flatmate roommate cat dog parrot horse rabbit hamster schwester bruder mutter
    mama vater papa oma opa tante onkel cousine nichte neffe sohn tochter frau mann freund freundin chef chefin vermieter
    nachbar nachbarin kollege kollegin lehrer lehrerin arzt arztin katze kater hund pferd soeur frere mere pere fille fils
    femme mari chien chat voisin voisine hermana hermano madre padre hija hijo mujer marido perro gato perra gata vecino
    vecina sorella fratello figlia figlio moglie marito cane gatto zus broer moeder vader dochter zoon vrouw man hond kat
    siostra brat matka ojciec corka syn
"""
_PERSON_NOUNS = frozenset(_SOMEBODY_WORDS.split())
_TITLE_WORDS = "mr mrs ms dr doctor aunt uncle lake mount river onkel tante herr frau oncle tia tio senor senora zia zio"
_TITLES = frozenset(_TITLE_WORDS.split())
"""Words before a name that do not tell who is meant."""
_MAX_SUBJECT_WORDS = 4
_MAX_MESSAGE_CHARACTERS = 200
_MIN_LETTERS = 3
_MAX_ENDING_LETTERS = 3
_LAST_ACCENT = "\u036f"
"""Later combining marks are no accents: in Indian scripts they are vowels."""
_NAME_AFTER = r"\w{0,3}(?:['’]s name)?,?\s+(?:is\s+)?(?:called\s+|named\s+|heißt\s+|s['’]appelle\s+|se llama\s+)?([^\W\d_]\w+)"


@dataclass(frozen=True)
class Subject:
    """The subject of a question.

    Attributes:
        words: Its words, folded. An entry that has one of them is about the subject.
        is_name: Whether the whole question is about a name. Entries without the name are then no answer.
        is_somebody: Whether the whole question is about one person or animal, named by a noun. Entries without the noun are
            then no answer, if any entry has it.
    """

    words: tuple[str, ...]
    is_name: bool = False
    is_somebody: bool = False

    def is_in(self, text: str) -> bool:
        """Return whether a text contains the subject, with any ending."""
        folded = fold(text)
        there = set(_WORD.findall(folded))
        return any(_is_unspaced(word) and word in folded for word in self.words) or any(
            _are_one(word, other) for word in self.words for other in there
        )

    def with_names(self, texts: list[str]) -> Subject:
        """Return the subject with the names that texts give it: `my sister` is also `Maya` if a text says so."""
        names = [
            fold(found[1])
            for text in texts
            for word in self.words
            for found in re.finditer(rf"\b{re.escape(word)}{_NAME_AFTER}", text, re.IGNORECASE)
            if found[1][0].isupper() and fold(found[1]) not in _NEVER
        ]
        return replace(self, words=tuple(dict.fromkeys([*self.words, *names])))


def subject_of(message: str) -> Subject | None:
    """Return the subject that a message asks about or names; None if it names nothing."""
    message = message.strip()
    if len(message) > _MAX_MESSAGE_CHARACTERS:
        return None
    found = _ABOUT.search(message)
    if found and (subject := _asked_about(found["subject"].strip())):
        return subject
    if (unspaced := _UNSPACED.match(message)) and (name := next((one for one in unspaced.groups() if one), None)):
        whose = _OWNED.match(name)
        return Subject((fold(name[whose.end() :] if whose else name),), is_name=whose is None)
    names = [word for word in _inside(message) if word[0].isupper() and fold(word) not in _NEVER | COMMON | _TITLES]
    return Subject(tuple(dict.fromkeys(map(fold, names)))) if names else None


def name_in(message: str) -> str | None:
    """Return the name that the whole message asks about, as it is written there; None if it asks about no name."""
    subject = subject_of(message)
    if subject is None or not subject.is_name:
        return None
    written = [word for word in _WORD.findall(message) if fold(word) in subject.words]
    return " ".join(dict.fromkeys(written)) or subject.words[0]


def fold(text: str) -> str:
    """Return a text in lower case and without accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    kept = [sign for sign in parts if sign > _LAST_ACCENT or unicodedata.category(sign) != "Mn"]
    return unicodedata.normalize("NFC", "".join(kept))


def _asked_about(said: str) -> Subject | None:
    bare = said
    while whose := _OWNED.match(bare):
        bare = bare[whose.end() :]
    words = [word for word in _WORD.findall(re.sub(r"['’]s?\b", "", bare)) if fold(word) not in COMMON]
    every = [fold(word) for word in _WORD.findall(bare)]
    if not words or len(words) > _MAX_SUBJECT_WORDS or every[0] in COMMON or any(word in _PRONOUNS for word in every):
        return None
    # A name with other words (`Aunt Rosa`, `the lake Balaton`): the name alone tells what is meant.
    names = [word for word in words if word[0].isupper()]
    is_name = bare == said and (len(names) == len(words) or _is_unspaced(words[0]))
    told = [fold(word) for word in (names or words)]
    meant = tuple(dict.fromkeys([word for word in told if word not in _TITLES] or told))
    return Subject(meant, is_name, is_somebody=not is_name and meant[-1] in _PERSON_NOUNS)


def _inside(message: str) -> list[str]:
    """Return the words of a message, without the first word of each sentence."""
    return [
        word
        for sentence in re.split(r"(?<=[.!?:\n\"“])\s*", message)
        for number, word in enumerate(_WORD.findall(re.sub(r"['’]s\b", "", sentence)))
        if number
    ]


def _are_one(word: str, other: str) -> bool:
    """Return whether two words are the same name or noun, apart from an ending."""
    short, long = sorted((word, other), key=len)
    return long == short or (
        len(short) >= _MIN_LETTERS and long.startswith(short) and len(long) - len(short) <= _MAX_ENDING_LETTERS
    )


def _is_unspaced(word: str) -> bool:
    return any("\u3040" <= sign <= "\u9fff" or "\u0e00" <= sign <= "\u0e7f" for sign in word)
