"""Recognises passwords, keys, PINs and numbers of cards, accounts and documents (pure rules).

They are recognised by their form (a card number has a check digit, a key has a prefix), or by a word that introduces a value.
A question about passwords contains none.
"""

from __future__ import annotations

import re

_CARD = re.compile(r"(?<![\d.,])(?<!\d[ -])\d(?:[ -]?\d){12,18}(?![ -]?\d)(?![.,]\d)")
_ISSUED = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|"
    r"35\d{14}|62\d{14,17}"
)
"""Lengths and first digits of the card networks: Visa, Mastercard, American Express, Diners, Discover, JCB, UnionPay."""
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?\b")
_SOCIAL_SECURITY = re.compile(r"(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")
_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"  # a JSON web token
    r"|\b(?:sk|pk|rk)[-_](?:live[-_]|test[-_]|proj-|ant-)?[\w-]{16,}"
    r"|\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|hf_|npm_|pypi-|dop_v1_|shpat_|whsec_|SG\.)[\w.-]{16,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}|\bya29\.[\w-]{20,}"
    r"|\bssh-(?:rsa|ed25519) AAAA[\w+/=]{40,}|\bBearer\s+[\w.~+/-]{20,}"
    r"|\b[\w.+-]+@[\w-]+\.[\w.]+\s*[/:|]\s*(?=\S*[\d!#$%&*])\S{6,}"  # an address and a password
    r"|://[^\s/:@]{1,100}:[^\s/@]{3,}@"  # a URL with a password
)
_OPENS = (
    r"pass ?(?:word|code|phrase)|pass ?wd|pwd|pin[ -]?(?:code|number)|cvv|cvc2?|seed phrase|"
    r"(?:door|gate|alarm|safe|locker|garage|entry|access|unlock|lock|sim|puk|verification|backup|recovery|security)[ -]"
    r"(?:code|combination|phrase)|(?:api|secret|private|access|licen[cs]e|encryption)[ _-]?(?:key|token)|client[ _-]secret|"
    r"passwort|kennwort|zugangscode|türcode|geheimzahl|mot de passe|code (?:pin|secret|d['’]accès)|contraseña|senha|wachtwoord|"
    r"pincode|lösenord|adgangskode|passord|salasana|hasło|heslo|jelszó|şifre|пароль|пин-?код|κωδικός|סיסמה|كلمة (?:السر|المرور)"
)
_MAY_OPEN = r"pin|log ?in|pw|tan|otp|combination|secret|clave|parola|code"
"""These words also mean other things, so their value must contain a digit."""
_NUMBERED = (
    r"(?:passport|driving licen[cs]e|driver['’]?s licen[cs]e|id card|identity card|national insurance|social security|tax id|"
    r"(?:credit |debit |bank )?card|(?:bank )?account)\s+(?:number|no\.?|nr\.?)"
)
_FOR = (
    r"(?:\s+(?:for|to|of|at|on|from|für|zum|zur|meine[rs]|unsere[rs]|der|des|von|pour|del?|du|della|para|voor)"
    r"\s+(?:[\w.'’@-]+\s+){0,3}?[\w.'’@-]+)?"
    r"\s*(?:[:=]|['’]s\s(?=\S*\d)|\b(?:is|was|ist|lautet|war|est|es|to|é|è|är|er|on|(?:changed|set|reset) to)(?!\w)[:=]?|"
    r"[-–—>]{1,2}|\s(?=[\"'“„«`]))"
    r"\s*(?:(?:now|still|always|jetzt|noch|immer noch|todavía|encore|toujours)\s+)?"
    r"(?P<quote>[\"'“„«`]?)(?P<value>[^\s\"'“”„«»`]{3,})"
)
"""What the secret opens, the word that introduces the value, and the value."""
_INTRODUCED = re.compile(rf"(?<!\w)(?:{_OPENS}){_FOR}", re.IGNORECASE)
_NUMBER_INTRODUCED = re.compile(rf"(?<!\w)(?:{_MAY_OPEN}|{_NUMBERED}){_FOR}", re.IGNORECASE)
_OPENED_WITH = re.compile(
    rf"(?<!\w)(?:(?:use|take|set|put|make it|nimm|usa|pon)\s+[\"'“„]?(?P<used>\S{{4,}}?)[\"'”“]?\s+(?:as|for|als|como|para)\s+"
    rf"(?:my|the|our|a|mein|das|la|mi)?\s*(?:\w+\s+)?(?:{_OPENS}|pin|code|login)"
    r"|(?:unlocks?|opens?|unlocked|opened|gets? in|lets? you in)\s+(?:\w+\s+){0,2}?(?:with|by|mit)\s+"
    r"(?:the\s+)?(?:code\s+|number\s+)?"
    r"(?P<typed>\d[\d -]{2,}\d)(?!\w)"
    r"|(?:wi-?fi|wlan|router|network|hotspot|netzwerk)\b[^.!?\n]{0,30}?\b(?:key|code|pw|pass|schlüssel|clave)\b"
    r"\s*(?:is|:|=|ist|es)?\s*(?P<network>(?=\S*\d)\S{5,}))",
    re.IGNORECASE,
)
"""A value before the word for it, a number that opens something, or the key of a network."""
_NOT_ONE = re.compile(
    r"\b(?:dress|post|zip|error|area|country|source|promo|discount|voucher|tax|morse|qr|bar|colou?r)[ -]?code\b", re.IGNORECASE
)
_PLAYED = re.compile(r"\b(?:quiz|riddle|escape room|treasure hunt|film|movie|novel|story|crossword|charades)\b", re.IGNORECASE)
"""A password in a game or a story: a plain word is then no secret."""
_EAST = re.compile(
    r"(?:密码|密碼|口令|パスワード|暗証番号|비밀번호|암호)\s*(?:是|为|為|は|는|은|이)?\s*[:：=]?\s*(?P<value>[\w!@#$%^&*.-]{4,})"
)
_BARE = re.compile(rf"(?<!\w)(?:{_OPENS}|pin|pw)\s+(?P<value>(?=\S*\d)\S{{4,}})", re.IGNORECASE)
_NO_VALUE = frozenset(
    """
    the a an too very so not never no my your his her our their same weak strong safe secure unsafe expired wrong
    correct right invalid old new long short easy hard difficult simple secret unique different important required
    missing forgotten lost gone stolen blocked locked changed reset saved stored written hidden known broken good bad
    fine okay used up out in on about that this these what which where how who when why because only always still
    already now again there here it something anything everything nothing being been going set kept made required
    needed case-sensitive from with for of and or to at by
    """.split()
)
_MIN_CHARACTERS = 3


def holds_credential(text: str) -> bool:
    """Return whether a text contains a password, a key, a PIN, or the number of a card, an account or a document."""
    if _KEY.search(text) or _SOCIAL_SECURITY.search(text) or _EAST.search(text):
        return True
    if any(_is_card(match[0]) for match in _CARD.finditer(text)) or any(_is_iban(match[0]) for match in _IBAN.finditer(text)):
        return True
    said = _NOT_ONE.sub(" ", text)
    values = [match["value"] for match in (*_INTRODUCED.finditer(said), *_BARE.finditer(said)) if _is_value(match["value"])]
    values += [value for match in _OPENED_WITH.finditer(said) if _is_value(value := next(filter(None, match.groups())))]
    if _PLAYED.search(said):
        values = [value for value in values if not value.strip(".,;!?'\"”").isalpha()]
    numbers = [match["value"] for match in _NUMBER_INTRODUCED.finditer(said)]
    return bool(values) or any(_is_value(number) and re.search(r"\d", number) for number in numbers)


def _is_value(word: str) -> bool:
    """Return whether a word can be a secret, rather than continue a sentence about one ("is too weak", "has been changed")."""
    bare = word.strip(".,;!?)(").lower()
    return len(bare) >= _MIN_CHARACTERS and bare not in _NO_VALUE and not (bare.isalpha() and bare.endswith(("ing", "ed")))


def _is_card(digits: str) -> bool:
    """Return whether digits have the length and network of a card and its check digit (Luhn, ISO/IEC 7812-1)."""
    number = re.sub(r"\D", "", digits)
    if not _ISSUED.fullmatch(number):
        return False
    doubled = "".join(str(int(digit) * (2 if place % 2 else 1)) for place, digit in enumerate(reversed(number)))
    return sum(map(int, doubled)) % 10 == 0


def _is_iban(text: str) -> bool:
    """Return whether an account number has valid check digits (ISO 13616)."""
    number = text.replace(" ", "")
    turned = number[4:] + number[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1
