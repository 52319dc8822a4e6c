"""Which lines of a message are a pasted block: each rule returns how many lines from a position belong to one (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_CODE = re.compile(
    r"^\s*(?:"
    r"(?:def|class|import|from|return|function|const|let|var|public|private|protected|static|void|int|float|double|bool|package|"
    r"namespace|using|struct|enum|fn|pub|impl|func|type|interface|export|async|await|try|except|catch|finally|elif|else|switch|"
    r"case|foreach|lambda|yield|raise|throw)\b(?=.*(?:[(){}\[\];=:]|\bimport\b)|\s+[\w.*{}, ]+$)(?!.*[a-z][.!?]\s*$)"
    r"|(?:import|from)\s+[\w.]+(?:\s+(?:import|as)\s+[\w.*, ]+)?\s*;?\s*$"
    r"|(?:if|for|while)\s*(?:\(.*\)|.*:)\s*\{?\s*$"
    r"|(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|ALTER TABLE|DROP TABLE|FROM|WHERE|JOIN|GROUP BY|ORDER BY|"
    r"VALUES)\b[^.!?]*;?\s*$"
    r"|#include\b|#define\b|#!/|//|/\*|\*/|<!--|<\?|<!|</?[a-zA-Z][\w:-]*(?:\s[^<>]*)?/?>|@\w+\b\s*(?:\(|$)|>>> |\$ \w|\.\.\. "
    r"|[\w.\[\]\"'>-]{1,60}\s*(?:=|:=|\+=|-=|==|=>|->)\s*\S"
    r"|[\w.]{1,60}\([^)]*\)\s*[;{]?\s*$"
    r"""|["'][^"'\n]{1,80}["']\s*:\s*\S"""
    r"|[{}\[\]()]+[,;]?\s*$"
    r"|@@ .* @@|diff --git |(?:\+\+\+|---) [ab/]|[+-]\s{2,}\S|index [0-9a-f]{7}"
    r")|[{};]\s*$|\)\s*=>\s*\{?$"
)
_ALONE = re.compile(
    r"^\s*(?:<[a-zA-Z!?][^<>]*>.*</?[a-zA-Z][^<>]*>|(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE)\b.*;|"
    r"[\w.$]{1,80}\(.*\);|(?:def|class|function|const|let|var)\s+\w+.*[:{;])\s*$"
)
"""Code that fits on one line."""
_INDENTED = re.compile(r"^(?: {4,}|\t+)\S")
_YAML_KEY = re.compile(r"^\s*(?:- )?[a-z_][\w.-]{0,40}:(?:\s|$)")
_YAML_PARENT = re.compile(r"^\s*(?:- )?[a-z_][\w.-]{0,40}:\s*$")
_LOG = re.compile(
    r"^\s*(?:\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d|\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL)\]?[ :]|"
    r"[A-Z][a-z]{2}\s+\d{1,2} \d\d:\d\d:\d\d \S+ \S+:|\d{1,3}(?:\.\d{1,3}){3} \S+ \S+ \[|\d\d:\d\d:\d\d[.,]\d{3}\b|"
    r"\[\s*\d+\.\d+\] )"
)
_TRACE = re.compile(
    r"^\s*(?:Traceback \(most recent call last\)|Exception in thread|Unhandled exception|panicked at|thread '.*' panicked|"
    r"(?:[\w.$]+\.)?[A-Z]\w*(?:Error|Exception)\b\s*(?::|$)|goroutine \d+)"
)
_TRACED = re.compile(
    r"^\s*(?:File \".*\", line \d+.*|at \S+.*|Caused by:.*|\.\.\. \d+ more|[\w.$]*(?:Error|Exception|Warning)\b\s*(?::.*)?|"
    r"During handling of .*|The above exception .*|\^+|~*\^+~*|\d+: .*)$"
)
_DIFF = re.compile(r"^(?:diff --git |--- [ab/]|@@ -\d+)")
_TABLE_MARKS = ("\t", "|", ";")
_CHAT = re.compile(
    r"^\s*(?:[*_]{0,2}(?:User|Assistant|Human|AI|System|ChatGPT|Claude|Gemini|Bot|You said|ChatGPT said)[*_]{0,2}\s?[:：]"
    r"|\[?\d{1,4}[./-]\d{1,2}[./-]\d{2,4},? \d{1,2}:\d{2}(?::\d{2})?(?:\s?[APap]\.?[Mm]\.?)?\]?(?: -)? [^:\n]{1,40}: )"
)
_HEADER = re.compile(
    r"^\s*\**(?:From|To|Cc|Bcc|Subject|Date|Sent|Reply-To|Von|An|Betreff|Gesendet|Datum|De|À|Objet|Envoyé|Para|Asunto|Enviado|"
    r"Da|A|Oggetto|Inviato|Van|Aan|Onderwerp|Verzonden)\**\s?:\**\s*\S"
)
_FORWARDED = re.compile(
    r"^\s*(?:-{2,}\s*(?:Original Message|Forwarded message|Ursprüngliche Nachricht|Weitergeleitete Nachricht|Message d'origine|"
    r"Message transféré|Mensaje original|Mensaje reenviado)\s*-{2,}|Begin forwarded message:)\s*$",
    re.IGNORECASE,
)
_WROTE = re.compile(r"^\s*(?:On|Am|Le|El|Il|Op)\b.{4,120}\b(?:wrote|schrieb.*|a écrit|escribió|ha scritto|schreef.*)\s?:\s*$")
_SIGN_OFF = re.compile(
    r"^\s*(?:(?:best|kind|warm|many)?\s*(?:regards|wishes)|sincerely|yours\b.*|cheers|love|thanks|many thanks|thank you|"
    r"(?:mit )?(?:freundlichen|freundliche|herzliche|viele|liebe|beste|schöne)n? grüße?n?|mfg|hochachtungsvoll|"
    r"cordialement|bien à vous|salutations.*|(?:un )?saludos?.*|atentamente|cordiali saluti|distinti saluti|"
    r"met vriendelijke groet)"
    r"\s*[,.!]?\s*$",
    re.IGNORECASE,
)
_MAX_SIGNATURE_LINES = 5
_MAX_NAME_CHARS = 60
_LOOKAHEAD_LINES = 4


def _run(lines: Sequence[str], place: int, belongs: Callable[[str], bool]) -> int:
    """Return how many lines from a position on belong together, with empty lines between them."""
    end = place
    for number in range(place, len(lines)):
        if belongs(lines[number]):
            end = number + 1
        elif lines[number].strip():
            break
    return end - place


def quoted(lines: Sequence[str], place: int) -> int:
    """Return the number of lines of a quoted mail: `> …`, and the line before it that names the writer."""
    led = 1 if _WROTE.match(lines[place]) else 0
    while led and place + led < len(lines) and not lines[place + led].strip():
        led += 1
    begins = place + led
    run = _run(lines, begins, lambda line: line.lstrip().startswith(">") and not line.startswith(">>> "))
    return led + run if run else 0


def mail(lines: Sequence[str], place: int) -> int:
    """Return the number of lines of a mail with its header, up to its signature; all lines if no end is found."""
    begins = place + 1 if _FORWARDED.match(lines[place]) else place
    head = _run(lines, begins, lambda line: bool(_HEADER.match(line)))
    if not head or (begins == place and sum(bool(line.strip()) for line in lines[begins : begins + head]) < 2):  # noqa: PLR2004 - one is a sentence
        return len(lines) - place if begins > place else 0
    return end_of_letter(lines, begins + head) - place


def end_of_letter(lines: Sequence[str], place: int) -> int:
    """Return the line after a letter's signature; the end if there is no sign-off."""
    for number in range(place, len(lines)):
        if _SIGN_OFF.match(lines[number]):
            end = number + 1
            while end < min(len(lines), number + 1 + _MAX_SIGNATURE_LINES):
                line = lines[end].strip()
                if (not line and end > number + 1) or len(line) > _MAX_NAME_CHARS or line.endswith(("?", "!")):
                    break
                end += 1
            return end
    return len(lines)


def last_sign_off(lines: Sequence[str]) -> int:
    """Return the position of the last line that ends a letter; -1 if there is none."""
    return max((number for number, line in enumerate(lines) if _SIGN_OFF.match(line)), default=-1)


def chat(lines: Sequence[str], place: int) -> int:
    """Return the number of lines of a pasted chat: at least two that begin with the speaker, and the lines between them."""
    if not _CHAT.match(lines[place]):
        return 0
    last, speakers = place, 0
    for number in range(place, len(lines)):
        if _CHAT.match(lines[number]):
            last, speakers = number, speakers + 1
    end = last + 1
    while end < len(lines) and lines[end].strip():
        end += 1
    return end - place if speakers > 1 else 0


def trace(lines: Sequence[str], place: int) -> int:
    """Return the number of lines of a stack trace."""
    if not _TRACE.match(lines[place]):
        return 0
    rest = _run(lines, place + 1, lambda line: bool(_TRACED.match(line) or line.startswith(("  ", "\t"))))
    return 1 + rest


def diff(lines: Sequence[str], place: int) -> int:
    """Return the number of lines of a diff."""
    if not _DIFF.match(lines[place]):
        return 0
    return _run(lines, place, lambda line: line.startswith(("+", "-", " ", "@@", "index ", "diff ")))


def log(lines: Sequence[str], place: int) -> int:
    """Return the number of lines of a log."""
    return _run(lines, place, lambda line: bool(_LOG.match(line)))


def table(lines: Sequence[str], place: int) -> int:
    """Return the number of lines of a table: at least three with the same number of separators."""
    for mark in (*_TABLE_MARKS, ","):
        count = lines[place].strip().count(mark)
        if not count or (mark in ",;" and count < 2):  # noqa: PLR2004 - one is a sentence
            continue
        run = _run(lines, place, lambda line, mark=mark, count=count: _is_row(line, mark, count))  # type: ignore[misc] # bound now
        if run > 2:  # noqa: PLR2004 - two lines are no table
            return run
    return 0


def _is_row(line: str, mark: str, count: int) -> bool:
    row = line.strip()
    spaced = row.count(f"{mark} ") if mark == "," else 0
    return row.count(mark) == count and spaced * 4 <= count and not row.endswith((".", "!", "?"))


def code(lines: Sequence[str], place: int) -> int:
    """Return the number of lines of code or settings: at least two that resemble code, with indented ones between them."""
    if not _looks_like_code(lines, place):
        return 0
    end, strong = place, 0
    for number in range(place, len(lines)):
        line = lines[number]
        if not line.strip():
            continue
        if _looks_like_code(lines, number):
            strong += 1
        elif not _INDENTED.match(line) and not (_YAML_KEY.match(line) and number > place and end == number):
            break
        end = number + 1
    is_code = strong > 1 or end - place > 2 or _ALONE.match(lines[place])  # noqa: PLR2004 - a line alone may be a sentence
    return end - place if is_code else 0


def _looks_like_code(lines: Sequence[str], place: int) -> bool:
    line = lines[place]
    following = next((other for other in lines[place + 1 : place + _LOOKAHEAD_LINES] if other.strip()), "")
    nested = bool(_YAML_PARENT.match(line)) and len(following) - len(following.lstrip()) > len(line) - len(line.lstrip())
    return bool(_CODE.match(line) or _ALONE.match(line)) or (
        nested and bool(_YAML_KEY.match(following) or following.lstrip().startswith("- "))
    )
