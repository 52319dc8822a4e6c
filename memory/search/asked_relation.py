"""Recognises questions for the name of a relative, a pet or a thing of the person (pure rules, six languages)."""

from __future__ import annotations

import re

from memory.search.asked_subject import Subject, fold

_NOUN = r"(?P<noun>[^\W\d_]+(?:-[^\W\d_]+)?(?: [^\W\d_]+)?)"
_ASKED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\bwhat(?:['’]?s| is| was| are| were) (?:the )?names? of my {_NOUN}",
        rf"\bwhat(?:['’]?s| is| was| are| were) my {_NOUN}?(?:['’]?s['’]?)? (?:names?|called)\b",
        rf"\bwhat did i (?:call|name) my {_NOUN}",
        rf"\bwie hei(?:ß|ss)(?:t|en) (?:\w+ ){{0,2}}mein\w{{0,2}} {_NOUN}",
        rf"\bc[oó]mo se llaman? mis? {_NOUN}",
        rf"\bcomment s['’]appell\w+ m(?:on|a|es) {_NOUN}",
        rf"\bcome si chiama(?:no)? (?:il |la |i |le )?(?:mi[oa]|miei|mie) {_NOUN}",
        r"我的?(?P<noun>[^的我你叫\s]{1,4}?)(?:的名字)?(?:叫|是)什么",
    )
)
_SYNONYM_GROUPS = (
    "wife husband spouse partner married wedding fiance fiancee girlfriend boyfriend",
    "mother mum mom mummy mama",
    "father dad daddy papa",
    "child children kid kids son sons daughter daughters boy boys girl girls baby",
    "dog puppy pup",
    "cat kitten kitty",
    "boss manager supervisor chef",
    "frau mann ehefrau ehemann verheiratet partner partnerin hochzeit geheiratet",
    "mutter mama mutti",
    "vater papa vati",
    "kind kinder sohn soehne söhne tochter töchter jungs mädchen",
    "hund welpe",
    "katze kater kätzchen",
    "chef chefin vorgesetzter vorgesetzte",
    "esposa esposo marido mujer casada casado pareja boda",
    "madre mamá",
    "padre papá",
    "hijo hija hijos hijas niño niña",
    "femme mari épouse époux marié mariée",
    "老婆 太太 妻子 老公 丈夫 爱人 结婚",
    "妈妈 母亲 我妈",
    "爸爸 父亲 我爸",
    "孩子 儿子 女儿",
)
_SYNONYMS = {fold(word): tuple(map(fold, group.split())) for group in _SYNONYM_GROUPS for word in group.split()}


_SAID_WITH = frozenset({"called", "name", "again", "eigentlich", "nochmal", "still", "old", "new", "best", "little", "big"})
"""Words beside the noun that do not tell whose name is asked for."""


def relation_asked(message: str) -> Subject | None:
    """Return the noun whose name a message asks for, with its synonyms; None if the message asks for no name."""
    found = next((match for pattern in _ASKED if (match := pattern.search(message))), None)
    if found is None:
        return None
    said = [word for word in fold(found["noun"]).split() if word not in _SAID_WITH]
    # "my wifes name", as people write it.
    words = [*said, *(word[:-1] for word in said if word.endswith("s"))]
    alike = [other for word in words for other in _SYNONYMS.get(word, ())]
    return Subject(tuple(dict.fromkeys([*words, *alike]))) if words else None
