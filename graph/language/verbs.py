"""English verb forms for telling a sentence in the third person (pure)."""

from __future__ import annotations

_ADVERBS_WORDS = """
    just also still always never often usually really only even finally already now then once almost hardly rarely so
    too very sometimes actually honestly recently lately currently probably maybe definitely simply mostly mainly
    again soon not first both all today yesterday kinda sorta literally basically totally accidentally secretly
    normally generally ever nearly
"""
ADVERBS = frozenset(_ADVERBS_WORDS.split())
"""Words between a subject and its verb."""
_FEELINGS_WORDS = """
    tired excited exhausted worried scared bored annoyed pleased relieved married divorced stressed confused
    disappointed frustrated happy sad glad proud sick nervous anxious sorry afraid allergic vegan vegetarian thrilled
    homesick hungry busy
"""
FEELINGS = frozenset(_FEELINGS_WORDS.split())
"""Words that a sentence without a subject uses about its speaker."""
_PASTS_WORDS = """
    was were had did went got said saw came took made gave found thought told became left felt kept began brought
    bought wrote stood heard meant met ran paid sat spoke lay led grew lost fell sent built understood drew broke
    spent rose drove wore chose ate drank slept sang swam flew rode threw taught caught won held knew forgot forgave
    woke hid hung dug stuck struck sold swore stole shot shook lent bit blew bent bound burnt dreamt learnt leant
    leapt spilt spoilt spelt smelt dealt fought fed froze sought shone sank stung swung tore wept withdrew overslept
    outgrew misplaced rang froze lit slid spun split sprang
"""
PASTS = frozenset(_PASTS_WORDS.split())
_PARTICIPLES_WORDS = """
    been gone done seen taken given become come run written spoken grown fallen drawn broken risen driven worn chosen
    eaten drunk sung swum flown ridden thrown known forgotten forgiven woken hidden stolen shaken bitten blown torn
"""
PARTICIPLES = PASTS | frozenset(_PARTICIPLES_WORDS.split())
_BASES_WORDS = """
    live love like hate work drink eat play go get take make do have want need keep try run cook bake read write paint
    sing teach learn study train drive ride walk swim sleep wake wear buy sell save own speak meet see visit travel
    grow collect prefer avoid enjoy miss help volunteer practise practice sew knit spend start finish hope plan think
    feel know believe use bring leave call stay sit stand watch listen hear say tell ask give pay send build draw
    dance climb hike cycle jog garden fish hunt commute
"""
BASES = frozenset(_BASES_WORDS.split())
"""Words after `and` that are almost always verbs: `I run and never miss a session`."""
_NO_PAST_WORDS = "need feed speed succeed proceed exceed bleed breed weed seed shed sled indeed"
_NO_PAST = frozenset(_NO_PAST_WORDS.split())
_MIN_PAST_CHARS = 3
_IRREGULAR = {"have": "has", "do": "does", "go": "goes", "be": "is", "am": "is", "are": "is"}


def present(verb: str) -> str:
    """Return the third person singular of a verb in the present: `miss` becomes `misses`, `carry` becomes `carries`."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith(("s", "x", "z", "ch", "sh", "o")):
        return f"{verb}es"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}s"


def is_past(word: str) -> bool:
    """Return whether a lower-case word is a past form, as far as its form shows."""
    return word in PASTS or (word.endswith("ed") and len(word) > _MIN_PAST_CHARS and word not in _NO_PAST)
