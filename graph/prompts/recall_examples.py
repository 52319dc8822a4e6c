"""Examples of how a small model answers from notes in languages other than English: one exchange per language (prose, our own).

Without it, a small model answers German, Spanish or Chinese notes as the person ("Mein Sohn lebt …"); with it, it says
"you". English needs none: there it only distracts (docs/decisions/055).
"""

from __future__ import annotations

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from graph.prompts.compact import TOLD, remembered

_DAY = "[2025-01-06 Mon]"
EXAMPLES: dict[str, tuple[str, str, str]] = {
    "de": ("meine schwester jule arbeitet im hafen", "wo arbeitet meine schwester?", "Deine Schwester Jule arbeitet im Hafen."),
    "es": ("mi hermana julia trabaja en el puerto", "¿dónde trabaja mi hermana?", "Tu hermana Julia trabaja en el puerto."),
    "fr": ("ma sœur julie travaille au port", "où travaille ma sœur ?", "Ta sœur Julie travaille au port."),
    "it": ("mia sorella giulia lavora al porto", "dove lavora mia sorella?", "Tua sorella Giulia lavora al porto."),
    "ja": ("姉のゆいは港で働いている", "姉はどこで働いている？", "お姉さんのゆいさんは港で働いています。"),
    "ko": ("우리 누나 유리는 항구에서 일해", "우리 누나는 어디에서 일해?", "누나 유리 씨는 항구에서 일해요."),
    "nl": ("mijn zus julia werkt in de haven", "waar werkt mijn zus?", "Je zus Julia werkt in de haven."),
    "pl": ("moja siostra julia pracuje w porcie", "gdzie pracuje moja siostra?", "Twoja siostra Julia pracuje w porcie."),
    "pt": ("minha irmã júlia trabalha no porto", "onde minha irmã trabalha?", "Sua irmã Júlia trabalha no porto."),
    "ru": ("моя сестра юля работает в порту", "где работает моя сестра?", "Твоя сестра Юля работает в порту."),
    "sv": ("min syster julia jobbar i hamnen", "var jobbar min syster?", "Din syster Julia jobbar i hamnen."),
    "tr": ("kız kardeşim jale limanda çalışıyor", "kız kardeşim nerede çalışıyor?", "Kız kardeşin Jale limanda çalışıyor."),
    "zh": ("我姐姐小芳在港口上班", "我姐姐在哪儿上班？", "你姐姐小芳在港口上班。"),
}


def example(language: str) -> list[BaseMessage]:
    """Return the exchange of a language as messages; empty for English, and for a language without one.

    Args:
        language: ISO 639-1; empty if unknown.
    """
    if language not in EXAMPLES:
        return []
    said, asked, replied = EXAMPLES[language]
    return [
        HumanMessage(f'{TOLD}\n{_DAY} "{said}"'),
        AIMessage(remembered(language)),
        HumanMessage(asked),
        AIMessage(replied),
    ]
