"""Requests to forget in German, French, Spanish, Italian, Portuguese and Dutch.

Pure rules. `memory.forgetting.request_rules` has those for English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Read = tuple[Literal["subject", "last", "everything"], str, bool]
"""What is meant (`subject`, `last`, `everything`), the person's name for it, and whether that is certain."""


@dataclass(frozen=True)
class _Language:
    """The patterns by which one language asks to forget.

    Attributes:
        please: Words that only make the request polite.
        ask: Phrases before an infinitive: "can you".
        forget: Imperatives and infinitives that also occur in idioms ("forget it").
        delete: Imperatives and infinitives that do not occur in idioms.
        kept: "I do not want you to remember", "do not remember". The object follows.
        told: "what I told you". A preposition of `about` after it introduces the subject.
        everything: "everything (that you know)".
        about: Prepositions that introduce the subject.
        that: Pronouns for the last message.
        me: Pronouns for the person.
        own: Possessives.
        end: Words that end the clause and name nothing.
        never: "do not forget".
    """

    please: str
    ask: str
    forget: str
    delete: str
    kept: str
    told: str
    everything: str
    about: str
    that: str
    me: str
    own: str
    end: str
    never: str


_LANGUAGES = (
    _Language(
        please=r"bitte|doch|mal|jetzt|sofort|einfach|danke",
        ask=r"(?:kannst|könntest|kannste|würdest|magst|willst) du|ich (?:möchte|will|hätte gern)e?,? dass du|du (?:kannst|sollst|darfst)",
        forget=r"vergiss|vergesse|vergessen|vergisst",
        delete=r"lösche?|löschst|löschen|entferne?|entfernst|entfernen|streiche?|streichen",
        kept=r"ich (?:möchte|will) nicht,? dass du(?: dir)?|merke? dir(?= .*\bnicht\b|\b)(?=.*\bnicht)|(?:behalte?|speichere?)(?=.*\bnicht)|"
        r"(?:kannst|könntest|würdest|magst) du(?: dir| es)?(?=.*\bbitte\b)(?=.*\bnicht (?:mehr )?(?:zu )?(?:merken|behalten|speichern|aufbewahren|notieren)\b)",
        told=r"was ich(?: dir| ihnen)?",
        everything=r"alles(?:,? was du)?",
        about=r"über|von|zu|zum|zur|bezüglich|wegen",
        that=r"das|dies|es|das alles|das hier",
        me=r"mich|mir",
        own=r"mein\w*|unser\w*",
        end=r"gesagt|erzählt|geschrieben|erwähnt|anvertraut|verraten|habe|hab|hast|weißt|merkst|behältst|speicherst|gerade|eben|nicht|merken|behalten|speichern|aufbewahren|notieren|vorhin|aus deinem gedächtnis|wieder",
        never=r"\b(?:vergiss|vergesse|vergessen)\b.{0,20}\b(?:nicht|nie|bloß)\b|\bnicht\b.{0,25}\bvergess",
    ),
    _Language(
        please=r"s'il te pla[iî]t|s'il vous pla[iî]t|stp|svp|merci|maintenant",
        ask=r"(?:peux|pourrais|veux|voudrais)[- ]tu|(?:pouvez|pourriez)[- ]vous|tu (?:peux|pourrais|dois)|est-ce que tu (?:peux|pourrais)|je (?:veux|voudrais|souhaite) que tu",
        forget=r"oublie[rsz]?",
        delete=r"efface[rsz]?|supprime[rsz]?|enlève[rsz]?",
        kept=r"je ne veux (?:pas|plus) que tu (?:te )?(?:souviennes|rappelles|retiennes|gardes|saches|mémorises)(?: de| du| d'| des)?|n'enregistre (?:pas|plus)|ne (?:retiens|garde|mémorise|enregistre|te souviens) (?:pas|plus)(?: de)?|"
        r"(?:(?:peux|pourrais|veux)[- ]tu|(?:pouvez|pourriez)[- ]vous|tu (?:peux|pourrais)|est-ce que tu (?:peux|pourrais)),? (?:s'il te plaît,? )?ne (?:pas|plus) (?:te |vous )?(?:retenir|garder|conserver|mémoriser|enregistrer|noter|souvenir|rappeler)(?: de| du)?",
        told=r"(?:de )?ce que (?:je|j'ai|j')(?: (?:t'ai|te|vous ai|t'avais|viens de te|viens de|ai))?",
        everything=r"tout(?: ce que tu (?:sais|as))?",
        about=r"sur|de|du|d'|des|à propos de|au sujet de|concernant",
        that=r"ça|cela|ceci|tout ça",
        me=r"moi",
        own=r"mon|ma|mes|notre|nos",
        end=r"dit|dire|raconté|raconter|écrit|confié|parlé|de ta mémoire|à l'instant|tout à l'heure",
        never=r"n'oublie|\bne\b.{0,15}\boubli",
    ),
    _Language(
        please=r"por favor|porfa|gracias|ahora|ya",
        ask=r"(?:puedes|podrías|puede|podría|quieres)|(?:quiero|quisiera|me gustaría) que",
        forget=r"olvida(?:r|te)?|olvídate|olvídese|olvides?|olvide",
        delete=r"borra|borrar|borres?|borre|elimina|eliminar|elimines?|elimine",
        kept=r"(?:ya )?no (?:quiero|quisiera) que (?:recuerdes|guardes|sepas|te acuerdes|recuerde|guarde)(?: de)?|no (?:recuerdes|guardes|te acuerdes)(?: de)?|"
        r"(?:puedes|podrías|puede|podría),? (?:por favor,? )?(?:ya )?no (?:recordar|guardar|conservar|memorizar|anotar|acordarte de)",
        told=r"lo que (?:te|le)(?: (?:acabo de|he|había))?",
        everything=r"todo(?: lo que sabes)?",
        about=r"sobre|de|del|acerca de",
        that=r"eso|esto|todo eso",
        me=r"mí|mi vida",
        own=r"mi|mis|nuestr\w+",
        end=r"dije|dicho|decir|conté|contado|contar|escribí|mencioné|de tu memoria|hace un momento",
        never=r"\bno\b(?: te| lo| se)? olvid",
    ),
    _Language(
        please=r"per favore|per piacere|grazie|ora|adesso",
        ask=r"(?:puoi|potresti|può|potrebbe|vuoi)|(?:voglio|vorrei) che tu",
        forget=r"dimentica(?:re)?|dimenticati|dimentichi",
        delete=r"cancella(?:re)?|cancelli|elimina(?:re)?|elimini|rimuovi|rimuovere",
        kept=r"non voglio (?:più )?che (?:tu )?(?:ti )?(?:ricordi|tenga|conservi|sappia|memorizzi)(?: di)?|non (?:ricordare|memorizzare|conservare|tenere)|"
        r"(?:puoi|potresti|può|potrebbe),? (?:per favore,? )?non (?:ricordare|ricordarti|memorizzare|conservare|tenere|salvare|annotare)(?: più)?(?: di| del| della)?",
        told=r"(?:quello|ciò|quel) che (?:ti|le)(?: ho| avevo)?",
        everything=r"tutto(?: (?:quello|ciò) che sai)?",
        about=r"su|sul|sulla|sullo|sui|sulle|di|del|della|dei|riguardo a",
        that=r"questo|quello|ciò|tutto questo",
        me=r"me",
        own=r"(?:il |la |i |le |l')?(?:mio|mia|miei|mie|nostr\w+)",
        end=r"detto|raccontato|scritto|dalla tua memoria|poco fa|appena",
        never=r"\bnon\b(?: ti)? dimentic",
    ),
    _Language(
        please=r"por favor|se faz favor|obrigad[oa]|agora",
        ask=r"(?:podes|pode|poderias|poderia|queres)|(?:quero|queria|gostava|gostaria) que",
        forget=r"esque[cç][ea]r?|esqueças?|esquece-te",
        delete=r"apagar?|apagues?|apague|eliminar?|elimines?|elimine|remove|remova",
        kept=r"(?:já )?não quero (?:mais )?que (?:te |se )?(?:lembres|lembre|guardes|guarde|saibas|saiba|recordes)(?: d[oae]s?)?|não (?:te lembres|guardes|recordes|memorizes)(?: d[oae]s?)?|"
        r"(?:podes|pode|poderias|poderia),? (?:por favor,? )?não (?:guardar|recordar|memorizar|conservar|anotar|te lembrar)(?: d[oae]s?)?",
        told=r"o que (?:te|lhe|eu te|eu)(?: acabei de)?",
        everything=r"tudo(?: o que sabes)?",
        about=r"sobre|do|da|de|dos|das|acerca d[eoa]",
        that=r"isso|isto|tudo isso",
        me=r"mim",
        own=r"(?:o |a |os |as )?(?:meu|minha|meus|minhas|noss\w+)",
        end=r"disse|dizer|contei|contar|falei|escrevi|da tua memória|há pouco",
        never=r"\bnão\b(?: te| se)? esque",
    ),
    _Language(
        please=r"alsjeblieft|alstublieft|aub|graag|even|nu|maar|dank je",
        ask=r"(?:kun|kan|kunt|wil|wilt|zou|zal) (?:je|u)|ik wil(?: graag)? dat je|je (?:mag|kunt|moet)",
        forget=r"vergeet|vergeten",
        delete=r"verwijder|verwijderen|verwijdert|wis|wissen|wist",
        kept=r"ik wil niet(?: meer)? dat (?:je|u)|onthoud(?=.*\b(?:niet|niets))|bewaar(?=.*\bniet)|"
        r"(?:kun|kan|kunt|wil|wilt|zou|zal) (?:je|u)(?=.*\b(?:alsjeblieft|alstublieft|aub)\b)(?=.*\bniet (?:meer )?(?:bewaren|onthouden|opslaan|noteren)\b)",
        told=r"wat ik(?: je| jou| u)?",
        everything=r"alles(?: wat je)?",
        about=r"over|van|omtrent",
        that=r"dat|dit|dat alles",
        me=r"mij|me",
        own=r"mijn|onze?",
        end=r"heb|net|verteld|gezegd|geschreven|zei|vertelde|weet|onthoudt|bewaart|niet|bewaren|onthouden|opslaan|noteren|uit je geheugen",
        never=r"\bvergeet\b.{0,15}\b(?:niet|nooit)\b",
    ),
)


_LAST_MESSAGE = re.compile(
    r"(?:\w+ )?(?:letzten?|vorige|dernier|último|última|ultimo|laatste|vorige) (?:nachricht|message|mensaje|messaggio|mensagem|bericht)|"
    r"(?:mi|il mio|a minha|o meu) (?:mensaje|messaggio|mensagem) (?:anterior|precedente)",
    re.IGNORECASE,
)
_ANY_VERB = re.compile(rf"\b(?:{'|'.join(f'{one.forget}|{one.delete}|{one.kept}' for one in _LANGUAGES)})", re.IGNORECASE)
"""A clause that matches none of these verbs is no request in any of these languages."""


def read(clause: str) -> Read | None:
    """Return what a clause asks to forget; None if it is no request in any of these languages."""
    if _ANY_VERB.search(clause) is None:
        return None
    for language in _LANGUAGES:
        found = _read(" ".join(clause.split()), language)
        if found is not None:
            return found
    return None


def _read(clause: str, to: _Language) -> Read | None:
    if re.search(to.never, clause, re.IGNORECASE):
        return None
    polite = bool(re.search(rf"\b(?:{to.please})", clause, re.IGNORECASE))
    said = re.sub(rf"^(?:(?:{to.please})\b[,\s]*)+", "", clause, flags=re.IGNORECASE)
    verb = rf"(?:(?P<forget>{to.forget})|(?P<delete>{to.delete}))"
    if match := re.match(rf"^(?:{to.kept})\b(?P<object>.*)$", said, re.IGNORECASE):
        return _object(match["object"], to, forget=False, polite=True)
    if match := re.match(rf"^(?:{to.ask})\b(?P<before>.*?)\b{verb}\b(?P<after>.*)$", said, re.IGNORECASE):
        return _object(f"{match['before']} {match['after']}", to, forget=bool(match["forget"]), polite=True)
    if match := re.match(rf"^{verb}\b(?P<object>.+)$", said, re.IGNORECASE):
        return _object(match["object"], to, forget=bool(match["forget"]), polite=polite)
    return None


def _object(said: str, to: _Language, *, forget: bool, polite: bool) -> Read | None:  # noqa: PLR0911 - one rule after another
    said = re.sub(rf"(?:^|[\s,])(?:{to.please})(?=$|[\s,])", " ", f" {said} ", flags=re.IGNORECASE)
    said = " ".join(said.replace(",", " ").split())
    ends = rf"(?:^|\s)(?:(?:{to.end})(?:\s|$))+"
    if match := re.match(rf"^(?:(?:{to.everything}|das|dat) )?(?:{to.told})(?:\s|(?<='))(?P<rest>.*)$", said, re.IGNORECASE):
        rest = re.sub(ends, " ", match["rest"], flags=re.IGNORECASE).strip()
        about = re.search(rf"(?:^|\s)(?:{to.about})(?:\s|(?<='))(?P<subject>.+)$", rest, re.IGNORECASE)
        if about is None:
            return ("subject", rest, True) if rest else ("last", "", True)
        return ("subject", about["subject"], True)
    if match := re.match(rf"^(?:{to.everything})(?: (?:{to.about})(?:\s|(?<='))(?P<subject>.+))?$", said, re.IGNORECASE):
        subject = re.sub(ends, " ", match["subject"] or "", flags=re.IGNORECASE).strip()
        whole = not subject or re.fullmatch(to.me, subject, re.IGNORECASE)
        return ("everything", "", not forget or polite) if whole else ("subject", subject, True)
    said = re.sub(ends, " ", said, flags=re.IGNORECASE).strip()
    if _LAST_MESSAGE.fullmatch(said):
        return ("last", "", True)
    said = re.sub(rf"^(?:{to.about})(?:\s+|(?<='))", "", said, flags=re.IGNORECASE)
    if re.fullmatch(to.that, said, re.IGNORECASE):
        return ("last", "", not forget or polite)
    that_clause = re.match(r"^(?:dass|que|che|dat) (?P<subject>\S+ .+)$", said, re.IGNORECASE)
    if that_clause:
        return ("subject", that_clause["subject"], True)
    if re.match(rf"^(?:{to.own}) \S", said, re.IGNORECASE) or re.fullmatch(r"[A-ZÀ-ÞŠŽ][\w'’-]+(?: [A-ZÀ-ÞŠŽ][\w'’-]+)*", said):
        return ("subject", said, forget or polite)
    return ("last", "", False) if forget and said else None
