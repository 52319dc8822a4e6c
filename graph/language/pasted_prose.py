"""Another person's prose: letters, long quotations, and texts that are introduced as such or never say "I" (pure)."""

from __future__ import annotations

import re

from graph.language.pasted_lines import end_of_letter, last_sign_off

_INTRODUCES = re.compile(
    r"\b(?:letter|e-?mail|mail|message|article|text|post|review|recipe|poem|lyrics|transcript|description|paragraph|passage|story|"
    r"essay|chapter|contract|clause|advert|ad|notice|speech|report|summary|abstract|statement|reply|answer|note|document|"
    r"wrote|writes|written|says|said|sent|reads|goes|quote|"
    r"brief|nachricht|artikel|rezept|gedicht|vertrag|anzeige|schrieb|schreibt|steht|lautet|"
    r"lettre|courriel|article|texte|contrat|annonce|écrit|dit|carta|correo|mensaje|artículo|texto|contrato|anuncio|escribió|dice|"
    r"lettera|messaggio|articolo|testo|contratto|annuncio|scritto|bericht|tekst|contract|schreef)\b[^\n:]{0,160}[:：]\s*$"
    r"|(?:信|邮件|文章|消息|手紙|メール|記事)[^\n:：]{0,80}[:：]\s*$",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"\b(?:my (?:own |draft |cover |first )*(?:letter|e-?mail|mail|message|text|post|review|poem|story|essay|speech|report|"
    r"reply|answer|note|draft|application|cv|diary|journal)|i(?: have|['’]ve)? (?:wrote|written|drafted)|"
    r"mein(?:e|en|em)? (?:eigene[rn]? )?(?:brief|mail|nachricht|text|entwurf|tagebuch)|habe ich geschrieben|"
    r"m(?:a|on) (?:lettre|courriel|message|texte|brouillon)|j['’]ai écrit|mi (?:carta|correo|mensaje|texto)|he escrito)\b",
    re.IGNORECASE,
)
_OPENS = re.compile(
    r"^\s*(?:dear|hi|hello|sehr geehrte[rs]?|liebe[rs]?|hallo|guten tag|cher|chère|chers|bonjour|madame|monsieur|estimad[oa]s?|"
    r"querid[oa]s?|hola|gentile|caro|cara|egregio|beste|geachte)\b[^\n.?!]{0,60},\s*$",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"“[^“”]{160,}”|„[^„“”]{160,}[“”]|«[^«»]{160,}»|「[^「」]{80,}」|(?<!\w)\"[^\"]{160,}\"(?!\w)")
_QUOTATIONS = re.compile(r"“[^“”]*”|„[^„“”]*[“”]|«[^«»]*»|\"[^\"]*\"")
_FIRST_PERSON = re.compile(
    r"\b(?:i|i['’](?:m|ve|d|ll)|me|my|mine|myself|we|us|our|ours|ich|mir|mich|mein\w*|wir|uns|unser\w*|je|j['’]\w+|moi|mon|ma|mes|nous|"
    r"notre|nos|ik|mij|mijn|wij|ons|onze)\b",
    re.IGNORECASE,
)
_PRONOUNS_ARE_SAID = re.compile(r"\b(?:the|and|of|der|die|und|das|le|la|les|des|et|het|een|van)\b", re.IGNORECASE)
"""Languages in which people use a pronoun for themselves: English, German, French, Dutch."""
_MIN_ARTICLE_CHARS = 600
_MIN_TEXT_CHARS = 200
_MIN_FUNCTION_WORDS = 8
_MAX_LINES_BEFORE = 2


def cut_letters(text: str, letter: str, pasted: str) -> str:
    """Cut out letters with salutation and sign-off, and texts introduced as another person's; the person's own letter stays."""
    lines = text.split("\n")
    kept: list[str] = []
    place, signed, last = 0, last_sign_off(lines), ""
    while place < len(lines):
        line = lines[place]
        before = "\n".join([*kept[-_MAX_LINES_BEFORE:], last])
        end = place
        if place < signed and _OPENS.match(line) and not _OWN.search(before):
            end, mark = end_of_letter(lines, place + 1), letter
        elif line.strip() and _INTRODUCES.search(last) and not _OWN.search(before):
            end, mark = _end_of_text(lines, place), pasted
        if end > place:
            kept.append(mark)
            place, last = end, ""
        else:
            kept.append(line)
            place += 1
            last = line if line.strip() else last
    return "\n".join(kept)


def cut_long_quotes(text: str, mark: str) -> str:
    """Cut out long text between quotation marks."""
    return _QUOTED.sub(mark, text)


def cut_others_prose(text: str, mark: str) -> str:
    """Cut out long paragraphs that never say "I": an article, an encyclopedia."""
    parts = re.split(r"(\n\s*\n)", text)
    return "".join(mark if _is_article(part) else part for part in parts)


def _end_of_text(lines: list[str], place: int) -> int:
    """Return where an introduced text ends: after its signature, or before a final question; a short line is no text."""
    end = end_of_letter(lines, place)
    rest = "\n".join(lines[place:end])
    if len(rest.strip()) < _MIN_TEXT_CHARS:
        return place
    while end == len(lines) and end - 1 > place and (not lines[end - 1].strip() or lines[end - 1].rstrip().endswith("?")):
        end -= 1
    return end


def _is_article(paragraph: str) -> bool:
    if len(paragraph) < _MIN_ARTICLE_CHARS or _FIRST_PERSON.search(_QUOTATIONS.sub("", paragraph)):
        return False
    return len(_PRONOUNS_ARE_SAID.findall(paragraph)) >= _MIN_FUNCTION_WORDS
