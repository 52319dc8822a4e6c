"""Which language a message is in, and how a model is told to reply in it.

Py3langid identifies the language (4.6 MB; decision 056). Two words say little: a guess counts only above a confidence, and a
message that is too short is joined with what the person wrote before it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

SURE = 0.5
"""Minimum confidence of a guess: of 44 short messages in 12 languages, none above it was wrong."""
_EARLIER_MESSAGES = 4
"""Number of earlier messages that a short one is joined with, the newest first."""
_MAX_CHARS = 1_000
_LANGUAGES = "ar bg cs da de el en es fa fi fr he hi hr hu id it ja ko nl no pl pt ro ru sk sl sr sv th tr uk vi zh"
"""Languages to choose from: each further language makes short texts harder to identify."""
_NAMED = re.compile(
    r"\b(?:english|german|spanish|french|italian|portuguese|dutch|polish|russian|turkish|chinese|japanese|korean|swedish|arabic"
    r"|englisch\w*|deutsch\w*|spanisch\w*|französisch\w*|italienisch\w*|inglés|alemán|español|francés|italiano|portugués"
    r"|anglais|allemand|espagnol|français|inglese|tedesco|spagnolo|inglês|alemão|espanhol)\b|[英德法中日韩俄][语文]|西班牙语",
    re.IGNORECASE,
)
"""Names of languages: if the message contains one, the reply may be wanted in that language."""
_REPLY_LINES = {
    "ar": "أجب بالعربية.",
    "cs": "Odpověz česky.",
    "da": "Svar på dansk.",
    "de": "Antworte der Person auf Deutsch, mit „du“. Wiederhole nicht, was sie sagt.",
    "el": "Απάντησε στα ελληνικά.",
    "es": "Responde a la persona en español, de «tú». No repitas lo que dice.",
    "fi": "Vastaa suomeksi.",
    "fr": "Réponds à la personne en français, en la tutoyant. Ne répète pas ce qu'elle dit.",
    "hu": "Válaszolj magyarul.",
    "id": "Jawab dalam bahasa Indonesia.",
    "it": "Rispondi alla persona in italiano, dandole del «tu». Non ripetere quello che dice.",
    "ja": "相手に日本語で答えてください。相手の言葉を繰り返さないでください。",
    "ko": "한국어로 대답하세요.",
    "nl": "Antwoord de persoon in het Nederlands, met ‘je’. Herhaal niet wat die zegt.",
    "no": "Svar på norsk.",
    "pl": "Odpowiedz tej osobie po polsku, na „ty”. Nie powtarzaj jej słów.",
    "pt": "Responda à pessoa em português, por «você». Não repita o que ela diz.",
    "ro": "Răspunde în română.",
    "ru": "Ответь человеку по-русски, на «ты». Не повторяй его слова.",
    "sv": "Svara personen på svenska, med ”du”. Upprepa inte vad hen säger.",
    "tr": "Kişiye Türkçe, “sen” diye cevap ver. Söylediğini tekrarlama.",
    "uk": "Відповідай українською.",
    "vi": "Hãy trả lời bằng tiếng Việt.",
    "zh": "请用中文回复对方，称呼对方为“你”，不要重复对方的话。",
}


_LOADING = threading.Lock()


def warm() -> None:
    """Load the model in a thread: half a second of processor time that no reply should wait for."""
    threading.Thread(target=_identifier, name="persona-languages", daemon=True).start()


def _identifier() -> LanguageIdentifier:
    with _LOADING:
        return _loaded()


@cache
def _loaded() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_LANGUAGES.split())
    return identifier


def guess(text: str) -> tuple[str, float]:
    """Return the likeliest language of a text (ISO 639-1; empty if it has no letter), and the confidence, from 0 to 1."""
    if not any(letter.isalpha() for letter in text):
        return "", 0.0
    language, confidence = _identifier().classify(text[:_MAX_CHARS])
    return language, float(confidence)


def language_of_reply(message: str, before: Iterable[str] = ()) -> str:
    """Return the language to reply in; empty if it is unclear, or if the message names a language.

    Args:
        message: What the person wrote.
        before: Their earlier messages, the newest last.
    """
    if _NAMED.search(message):
        return ""
    language, confidence = guess(message)
    if confidence >= SURE:
        return language
    earlier = [text for text in before if text.strip()][-_EARLIER_MESSAGES:]
    if not earlier:
        return ""
    language, confidence = guess("\n".join([message, *reversed(earlier)]))
    return language if confidence >= SURE else ""


def reply_in(language: str) -> str:
    """Return the line that names the language of the reply, in that language; empty for English and unknown languages.

    The instructions are English, and a small model follows the language that it saw last.
    """
    return _REPLY_LINES.get(language, "")
