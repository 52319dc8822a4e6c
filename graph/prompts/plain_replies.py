"""Replies for a turn in which the model wrote nothing that can be shown: plain sentences in 14 languages (prose)."""

from __future__ import annotations

_UNSURE = {
    "de": "Dazu habe ich gerade keine gute Antwort. Magst du es anders fragen?",
    "en": "I have no good answer to that just now. Could you ask it another way?",
    "es": "Ahora mismo no tengo una buena respuesta. ¿Puedes preguntarlo de otra manera?",
    "fr": "Je n'ai pas de bonne réponse pour l'instant. Peux-tu le demander autrement ?",
    "it": "In questo momento non ho una buona risposta. Puoi chiederlo in un altro modo?",
    "ja": "今はうまく答えられません。別の言い方で聞いてもらえますか。",
    "ko": "지금은 좋은 답이 없어요. 다르게 물어봐 주시겠어요?",
    "nl": "Daar heb ik nu geen goed antwoord op. Kun je het anders vragen?",
    "pl": "Nie mam teraz na to dobrej odpowiedzi. Możesz zapytać inaczej?",
    "pt": "Não tenho uma boa resposta agora. Você pode perguntar de outra forma?",
    "ru": "Сейчас у меня нет хорошего ответа. Можешь спросить иначе?",
    "sv": "Jag har inget bra svar på det just nu. Kan du fråga på ett annat sätt?",
    "tr": "Şu anda buna iyi bir cevabım yok. Başka türlü sorabilir misin?",
    "zh": "这个我现在答不好，可以换个方式问我吗？",
}
_HEARD = {
    "de": "Danke, dass du mir das erzählst.",
    "en": "Thank you for telling me.",
    "es": "Gracias por contármelo.",
    "fr": "Merci de me l'avoir dit.",
    "it": "Grazie per avermelo detto.",
    "ja": "話してくれてありがとう。",
    "ko": "말해 줘서 고마워요.",
    "nl": "Bedankt dat je me dat vertelt.",
    "pl": "Dziękuję, że mi to mówisz.",
    "pt": "Obrigado por me contar.",
    "ru": "Спасибо, что рассказываешь мне об этом.",
    "sv": "Tack för att du berättar det.",
    "tr": "Bunu bana anlattığın için teşekkür ederim.",
    "zh": "谢谢你告诉我。",
}
_YOU_SAID = {
    "de": "Du hast gesagt: „{}“",
    "en": "You said: “{}”",
    "es": "Dijiste: «{}»",
    "fr": "Tu as dit : « {} »",
    "it": "Hai detto: «{}»",
    "ja": "こう言っていました：「{}」",
    "ko": "이렇게 말했어요: “{}”",
    "nl": "Je zei: “{}”",
    "pl": "Napisałeś/aś: „{}”",
    "pt": "Você disse: “{}”",
    "ru": "Ты говорил(а): «{}»",
    "sv": "Du sa: ”{}”",
    "tr": "Şöyle demiştin: “{}”",
    "zh": "你说过：“{}”",
}
_ENGLISH = "en"


def last_resort(language: str, *, question: bool) -> str:
    """Return an honest sentence for a message that got no reply; English if the language is not in the list."""
    said = _UNSURE if question else _HEARD
    return said.get(language, said[_ENGLISH])


def heard(language: str) -> str:
    """Return thanks for what was told, in a language (ISO 639-1); English if it is not in the list."""
    return _HEARD.get(language, _HEARD[_ENGLISH])


def you_said(language: str, words: str) -> str:
    """Return the person's own words as a quotation of them: a reply that said them as "I" meant to tell them that."""
    return _YOU_SAID.get(language, _YOU_SAID[_ENGLISH]).format(words.strip().strip('"“”„«»'))
