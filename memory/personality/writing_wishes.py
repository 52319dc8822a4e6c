"""Recognises wishes about the writing style: "please answer short", "call me Kim", "no emojis", "du statt Sie" (pure rules).

A wish is about the person themselves and permanent. Words reported of another person, and wishes for today alone, do not count.
The rules know English, German, French, Spanish, Italian, Portuguese, Dutch and Chinese.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["name", "length", "form", "emojis", "advice", "language", "way"]
"""The type of a wish. The newest wish of a type replaces older ones. `way` is any other wish, and several can be valid."""

_SENTENCE = re.compile(r"[^.!?;\n。！？；]+[.!?;。！？；]?")
_MAX_SENTENCE_CHARACTERS = 240
"""A sentence of more characters tells a story and is no wish."""

_WRITE = (
    r"answer|reply|respond|explain|write|talk|speak|keep|be|make|tell|give|teach|show|antworte\w*|"
    r"schreibe?\w*|erkläre?\w*|halte?n?|"
    r"fasse?n?|sage?n?|sprich|répond\w*|écri\w*|expli\w*|sois|soyez|respond\w*|contesta\w*|escrib\w*|"
    r"sé|rispo\w*|scriv\w*|spiega\w*|"
    r"antwoord\w*|schrijf|leg"
)
_WRITTEN = (
    r"answers?|replies|responses?|explanations?|messages|texts?|sentences|lists|antwort\w*|"
    r"schreib\w*|erklär\w*|sätze|texte|réponses?|"
    r"phrases|respuestas?|frases|risposte|frasi|respostas?|antwoorden|zinnen"
)
_SHORT = (
    r"short(?:er|ly)?|brief(?:ly)?|concise(?:ly)?|to the point|one sentence|few words|kurz\w*|"
    r"kürzer\w*|knapp\w*|courte?s?|bref|brièvement|"
    r"concis\w*|breves?|cort[oa]s?|brevemente|conciso|curt[oa]s?|kort\w*|beknopt"
)
_LONG = (
    r"long(?:er)?|(?:more |in )(?:\w+ )?details?|thorough(?:ly)?|ausführlich\w*|detailliert\w*|"
    r"longues?|détaillé\w*|en détail|largas?|"
    r"detallad[oa]s?|dettagliat[oae]|detalhad[oa]s?|uitgebreid"
)
_TONE = (
    r"honest|direct|blunt|frank|patient|gentle|kind|funny|serious|formal|informal|casual|calm|ehrlich|direkt|geduldig|locker|"
    r"sachlich|franc|directe?|paciente?|direct[oa]|honest[oa]|sincer[oa]|paziente|direkt|eerlijk|geduldig"
)
_PACE = (
    r"step by step|(?:one|a) step at a time|slowly|calmly|in (?:plain|simple|easy) (?:words|english|language)|simply|"
    r"with (?:an? )?(?:examples?|numbers|pictures|images)|schritt für schritt|langsam|in einfachen worten|mit beispielen|"
    r"étape par étape|pas à pas|lentement|simplement|paso a paso|despacio|con ejemplos|passo (?:a|dopo|per) passo|lentamente|"
    r"stap voor stap|langzaam"
)
_WITHOUT = (
    r"jargon|formulas?|small talk|sugar-?coating|jokes?|lists?|bullet points?|exclamation marks?|"
    r"technical terms|buzzwords|markdown|"
    r"headings|fachwörter|fachbegriffe|listen|witze|floskeln|ausrufezeichen|jargon|listes?|blagues|"
    r"listas?|tecnicismos|elenchi|"
    r"opsommingen|vaktaal"
)
_NO = (
    r"no|not|without|never|stop|skip|less|don'?t|do not|kein\w*|ohne|nicht|pas d[e']?|sans|sin|no|"
    r"nada de|senza|sem|geen|zonder"
)
_PLEASE = r"please|bitte|s'il (?:te|vous) pla[iî]t|por favor|per favore|alsjeblieft|graag"
_LIKE = (
    rf"{_PLEASE}|prefer|like|want|love|need|hate|only|rather|keep|give|lieber|mag|möchte|nur|gib|"
    rf"préfère|aime|veux|seulement|prefiero|"
    r"gustan|quiero|solo|preferisco|voglio|prefiro|quero|liever|wil"
)
_BEGIN = (
    rf"(?:^|[,:;(–—-]\s*|(?:{_PLEASE}|so|and|but|just|always|you|du|sie|usted|und|aber|immer|et|mais|"
    rf"toujours|tu|y|pero|siempre)\s+)"
)
"""What comes before an imperative or a request. Verbs after "I" are about the person and are no requests."""
_END = rf"(?=\W*$|[,;:]|\s+(?:{_PLEASE}|and|but|with me|to me|when|if|und|mit mir|et|avec moi|y|conmigo|e|en|met mij)(?!\w))"
"""What follows a style word. A style word that is followed by a noun is about that noun ("a short poem")."""


@dataclass(frozen=True)
class FoundWish:
    """A wish in a message.

    Attributes:
        kind: The type of the wish.
        sentence: The sentence that says it.
        name: The name, for a wish of type `name`; otherwise empty.
    """

    kind: Kind
    sentence: str
    name: str = ""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _rule(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)


def _begun(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"{_BEGIN}(?:{pattern})(?!\w)", re.IGNORECASE)


_NAME = re.compile(
    r"(?:(?<!\w)(?i:(?:please |just |you can |feel free to |everyone |everybody |friends |"
    r"my friends )*call me(?: just| only)?|"
    r"nenn(?:e|en sie)? mich(?: doch| bitte| einfach)*|appelle[- ]moi|appelez[- ]moi|llám[ae]me|"
    r"chiamami|chama-me|me chame de|"
    r"noem me)|叫我|称呼我(?:为)?)\s*[\"“'«]?(?P<name>[^\W\d_][\w'’-]*(?: [A-ZÀ-Þ][\w'’-]*)?)"
)
_NO_NAME = frozenset(
    _words(
        """
    back later tomorrow tonight today now when if on at in a an the crazy old-fashioned and or but this that
    as by via again anytime maybe before after once whenever sometime soon for to up out every monday tuesday
    wednesday thursday friday saturday sunday
        """
    )
)
_RULES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "form",
        _rule(
            r"duz(?:en?|t|e) (?:mich|wir|uns)|wir (?:können|könnten|dürfen) uns (?:gern )?(?:duzen|siezen)|"
            r"siez(?:en?|t|e) (?:mich|uns)|"
            r"sag(?:en sie)? (?:doch |ruhig |bitte |gern )*(?:du|sie)(?: zu mir)?|du statt sie|sie statt du|"
            r"per (?:du|sie)|beim (?:du|sie)|"
            r"das (?:du|sie)|bitte (?:du|sie)|(?:tutoie|tutoyez|vouvoie|vouvoyez)[- ]moi|(?:on se|on peut se|"
            r"nous|me) (?:tuto|vouvo)\w+|(?:puedes|podemos|prefiero) tute\w+|"
            r"tutéame|tutéeme|háblame de (?:tú|usted)|trát[ae]me de (?:tú|usted)|dammi del (?:tu|lei)|"
            r"diamoci del tu|zeg (?:maar )?(?:je|jij|u)"
        ),
    ),
    ("form", re.compile(r"(?:用|说)[“\"]?[您你][”\"]?(?:称呼|来|就|吧|$)|别用[“\"]?您|不要用[“\"]?您")),
    ("emojis", _rule(r"emojis?|emoticons?|smileys?|smilies|emoticonos?")),
    ("emojis", re.compile(r"表情")),
    (
        "language",
        _rule(
            r"(?:answer|reply|respond|write|speak|talk)(?: to me| always| please| only)* in "
            r"(?:english|german|french|spanish|italian|portuguese|dutch|chinese|polish|turkish|russian|arabic|japanese)|"
            r"(?:antworte|schreib|schreibe|sprich|rede)(?: mir| mit mir| bitte| immer)* auf \w+|"
            r"(?:réponds|répondez|écris|écrivez|parle)(?:[- ]moi| toujours)* en (?:français|anglais|allemand|espagnol)|"
            r"(?:responde|contesta|escribe|háblame|respóndeme)(?: siempre)* en (?:español|inglés|alemán|francés)"
        ),
    ),
    ("language", re.compile(r"(?:请|都|只)?(?:用|说)(?:中文|英文|英语|德语|普通话)(?:回答|回复|说|写|吧)?")),
    (
        "advice",
        _rule(
            rf"(?:{_NO}) (?:\w+ ){{0,3}}(?:advice|ratschläge|tipps|conseils|consejos|consigli|conselhos|"
            rf"advies)|just listen|hör einfach zu|"
            r"(?:i|ich) (?:like|want|prefer|love|mag|will) (?:\w+ ){0,2}(?:advice|tips|ratschläge|tipps)"
        ),
    ),
    ("length", _begun(rf"(?:{_WRITE})\b[^,;]{{0,40}}?(?<!\w)(?:{_SHORT}|{_LONG}){_END}")),
    (
        "length",
        _begun(
            rf"(?:mir |me |m')?(?:\w+ ){{0,2}}?(?:{_SHORT}|{_LONG}) (?:antworten|schreiben|erklären|"
            rf"fassen){_END}"
        ),
    ),
    (
        "length",
        _rule(
            rf"(?:{_LIKE})\b[^.]{{0,30}}?(?<!\w)(?:{_SHORT}|{_LONG}) (?:{_WRITTEN})|(?:{_SHORT}|"
            rf"{_LONG}) (?:{_WRITTEN}),? (?:{_PLEASE})"
        ),
    ),
    ("length", _rule(rf"(?:(?:{_WRITE})(?: \w+)? |^)(?:{_NO}) (?:\w+ )?(?:{_LONG}|langen?|lunghe) (?:{_WRITTEN})")),
    ("length", _rule(rf"(?:{_LIKE}) (?:{_WRITTEN}) (?:{_SHORT}|{_LONG})")),
    (
        "length",
        _rule(
            r"(?:one|two|three|\d) (?:sentences?|lines?|words) (?:at most|max\w*|are enough|is enough|"
            r",? please)|(?:under|within|at most) (?:one|two|three|\d+) (?:sentences?|lines?|words)"
        ),
    ),
    ("length", _begun(r"(?:just|only) (?:give|tell) me the answer")),
    ("length", _begun(r"don'?t ramble|get to the point|komm zum punkt|va droit au but|ve al grano")),
    (
        "length",
        re.compile(
            r"(?:回答|回复|说|讲|写|解释)[^，。]{0,6}(?:简短|短一点|短些|简洁|简单点|详细)|长话短说|"
            r"(?:简短|简洁|详细)(?:一点|一些|些|地)?(?:回答|回复|说|解释)"
        ),
    ),
    ("way", _begun(rf"(?:be|bleib|sei|seien sie|sois|soyez|sé|sea|sii|seja|wees) (?:\w+ )?(?:{_TONE}){_END}")),
    ("way", _begun(rf"(?:{_WRITE})(?! (?:\w+ )?(?:a|an|the|ein\w*|une?|una?) )\b.{{0,60}}?(?<!\w)(?:{_PACE}){_END}")),
    ("way", _begun(rf"use (?:more |fewer |simple |short )?(?:{_WITHOUT}|words|examples|numbers|pictures){_END}")),
    ("way", _begun(rf"(?:{_NO}) (?:\w+ ){{0,2}}(?:{_WITHOUT}){_END}")),
    (
        "way",
        _begun(
            r"make it (?:more )?(?:fun|simple|easy|clear|light)|leave out the basics|skip the basics|"
            r"speak plainly|talk to me like"
        ),
    ),
    ("way", _rule(r"i (?:understand|learn|take in|remember) (?:\w+ ){0,3}(?:through|by|best|better|with)")),
    (
        "way",
        _rule(
            rf"i (?:prefer|like|want|need|hate|can'?t stand|don'?t (?:like|want|"
            rf"need)) (?:\w+ ){{0,4}}(?:answers?|explanations?|replies|{_WITHOUT})"
        ),
    ),
    (
        "way",
        _rule(
            r"(?:numbers|examples|pictures|facts|beispiele|zahlen)(?: only)?,? (?:please|bitte)|"
            r"don'?t explain (?:\w+ ){0,3}to me"
        ),
    ),
    (
        "way",
        re.compile(
            r"(?:一步一步|慢慢|用(?:简单|通俗)的话|举(?:个)?例子?)[^，。]{0,4}(?:说|讲|解释|教|来)|"
            r"(?:别|不要|不用)(?:说教|客套|用术语)"
        ),
    ),
)
_ABOUT_EMOJIS = _rule(
    rf"(?:{_NO})|{_PLEASE}|use|more|love|like|gern|mehr|mit|avec|más|con|hate|stop|lass|weniger|moins|menos|meno"
)
_ABOUT_EMOJIS_ZH = re.compile(r"[不别用多少]")
_POLITE = _rule(_PLEASE)
_NOT = re.compile(r"(?:don'?t|do not|never|not|they|people|he|she|nicht|ne|no|non|niet|别|不要)\W*$", re.IGNORECASE)
_NOW = _rule(
    r"today|right now|this time|for now|just now|this once|tonight|heute|diesmal|jetzt gerade|"
    r"im moment|aujourd'hui|cette fois|pour "
    r"l'instant|hoy|esta vez|por ahora|oggi|stavolta|hoje|desta vez|vandaag|deze keer"
)
_NOW_ZH = re.compile(r"今天|这次|现在|暂时")
_OTHERS = _rule(
    r"(?:he|she|they|who|[a-z]+'s|(?:my|the|our|his|her|a|an) \w+) (?:always |never |just )?(?:said|"
    r"says|say|told|tells|asked|asks|"
    r"wants|wanted|likes|prefers|wrote|writes|calls|called)|(?:told|asked|calls|called) me to|"
    r"(?:er|sie|mein\w* \w+|der \w+|die \w+) (?:sagte|sagt|meinte|meint|wollte|will|bat)|"
    r"(?:il|elle|ma \w+|mon \w+) (?:a dit|dit|disait|veut)|(?:él|ella|mi \w+) (?:dijo|dice|quiere|pidió)"
)
_ASKED = re.compile(
    r"^\W*(?:could|can|would|will|may|might|kannst|könntest|würdest|können|könnten|peux|pourrais|"
    r"pouvez|puedes|podrías|"
    r"puoi|potresti|podes|kun|zou|能|可以|请)",
    re.IGNORECASE,
)


_WORDS = _words(
    """
    short brief concis point sentence line words bullet tute kurz kürz knapp court bref brièv brev cort curt
    kort beknopt long detail détail detall dettagl thorough ausführ lang larg lungh uitgebreid honest direct
    blunt frank patient gentle kind funny serious formal informal casual calm ehrlich direkt gedul locker
    sachlich franc paci sincer pazien eerlijk step slow plain simpl easy example number picture image schritt
    beispiel worten étape pas pass paso despa lent stap jargon formula sugar joke list exclamation technical
    buzz markdown heading fach witz floskel ausruf blag tecnic elenc opsom vaktaal fun clear light basics talk
    understand learn take remember answer explan repl numbers facts zahlen explain call nenn appel llám chiam
    chama noem duz siez tuto vouvo tuté trát dammi diamoci del zeg du sie emoji emotic smil advice listen zu
    rats tipp tips conse consig consel advies english german french spanish italian portug dutch chinese
    polish turkish russian arabic japanese deutsch englisch fran anglais españ inglés ramble grano but
    """
)
"""Every wish has a word that begins with one of these. This check alone skips most messages."""
_WORDS_ZH = re.compile(r"[叫呼您你表用说讲答复写长短简详慢步例客教]")
_WORD = re.compile(r"\w+")


def _may_wish(text: str) -> bool:
    return any(word.startswith(_WORDS) for word in _WORD.findall(text.lower())) or bool(_WORDS_ZH.search(text))


def wishes_in(text: str) -> list[FoundWish]:
    """Return the wishes of a message in the order of its sentences; of one sentence at most one of each type.

    Args:
        text: The person's own words.
    """
    found = []
    for match in _SENTENCE.finditer(text):
        sentence = " ".join(match[0].split())
        if sentence and len(sentence) <= _MAX_SENTENCE_CHARACTERS and _may_wish(sentence):
            found += _wishes(sentence)
    return found


def _wishes(sentence: str) -> list[FoundWish]:
    if _OTHERS.search(sentence) or _NOW.search(sentence) or _NOW_ZH.search(sentence):
        return []
    found: dict[Kind, FoundWish] = {}
    named = [match["name"] for match in _NAME.finditer(sentence) if not _NOT.search(sentence[: match.start()])]
    if named and _is_name(named[-1]):
        found["name"] = FoundWish("name", sentence, named[-1])
    asks = not sentence.endswith(("?", "？")) or _ASKED.search(sentence) or _POLITE.search(sentence)
    for kind, rule in _RULES:
        # Proposing a form of address is a wish for it: "Can we say du?"
        if kind not in found and (asks or kind == "form") and rule.search(sentence):
            if kind == "emojis" and not (_ABOUT_EMOJIS.search(sentence) or _ABOUT_EMOJIS_ZH.search(sentence)):
                continue
            if kind == "way" and found.keys() - {"name"}:
                # Another rule has already classified the wish more exactly.
                continue
            found[kind] = FoundWish(kind, sentence)
    return list(found.values())


def _is_name(word: str) -> bool:
    first = word.split(maxsplit=1)[0]
    return first.lower() not in _NO_NAME and (first[:1].isupper() or not first.isascii())
