"""Example replies for a small model: three exchanges in the language of the message (prose, our own).

They come before the conversation as earlier turns. A small model follows examples more readily than instructions: with these
it reacts to news instead of repeating it, says when it was not told something, and keeps to the language
(docs/decisions/055).
"""

from __future__ import annotations

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

Exchange = tuple[str, str]

SHOWN: dict[str, tuple[Exchange, Exchange, Exchange]] = {
    "de": (
        ("der bus war heute schon wieder zu spät", "Oh je, wie ärgerlich! Bist du noch rechtzeitig angekommen?"),
        ("wie heißt mein bruder?", "Das hast du mir noch nicht erzählt."),
        ("ich mag am liebsten pilzrisotto", "Oh, lecker! Kochst du es selbst?"),
    ),
    "en": (
        ("my bus was late again today", "How annoying! Did you still get there in time?"),
        ("what is my brother called?", "You haven't told me that yet."),
        ("mushroom risotto is my favourite", "Oh, delicious! Do you cook it yourself?"),
    ),
    "es": (
        ("hoy el autobús ha vuelto a llegar tarde", "¡Qué rabia! ¿Has llegado a tiempo?"),
        ("¿cómo se llama mi hermano?", "Todavía no me lo has contado."),
        ("lo que más me gusta es el risotto de setas", "¡Qué rico! ¿Lo cocinas tú?"),
    ),
    "fr": (
        ("mon bus était encore en retard aujourd'hui", "Oh, c'est agaçant ! Tu es arrivé à temps quand même ?"),
        ("comment s'appelle mon frère ?", "Tu ne me l'as pas encore dit."),
        ("ce que je préfère, c'est le risotto aux champignons", "Miam ! Tu le cuisines toi-même ?"),
    ),
    "it": (
        ("oggi l'autobus era di nuovo in ritardo", "Che seccatura! Sei riuscito ad arrivare in tempo?"),
        ("come si chiama mio fratello?", "Non me l'hai ancora detto."),
        ("il mio piatto preferito è il risotto ai funghi", "Che buono! Lo cucini tu?"),
    ),
    "ja": (
        ("今日もまたバスが遅れたよ", "それは大変でしたね。間に合いましたか。"),
        ("私の兄の名前は？", "まだ聞いていません。"),
        ("きのこのリゾットが一番好き", "おいしそうですね。自分で作るんですか。"),
    ),
    "ko": (
        ("오늘 버스가 또 늦었어", "정말 짜증났겠어요. 제시간에 도착했어요?"),
        ("우리 형 이름이 뭐지?", "아직 말해 준 적이 없어요."),
        ("나는 버섯 리소토를 제일 좋아해", "맛있겠네요! 직접 만들어요?"),
    ),
    "nl": (
        ("de bus was vandaag alweer te laat", "Wat vervelend! Was je nog op tijd?"),
        ("hoe heet mijn broer?", "Dat heb je me nog niet verteld."),
        ("ik eet het liefst paddenstoelenrisotto", "Lekker! Maak je die zelf?"),
    ),
    "pl": (
        ("dziś autobus znowu się spóźnił", "Ojej, to denerwujące! Czy wszystko się udało na czas?"),
        ("jak ma na imię mój brat?", "Jeszcze o tym nie było mowy."),
        ("najbardziej lubię risotto z grzybami", "Pycha! Gotujesz je sam?"),
    ),
    "pt": (
        ("o ônibus atrasou de novo hoje", "Que chato! Você ainda chegou a tempo?"),
        ("como se chama o meu irmão?", "Você ainda não me contou."),
        ("o que eu mais gosto é risoto de cogumelos", "Que delícia! É você que faz?"),
    ),
    "ru": (
        ("сегодня автобус опять опоздал", "Как неприятно! Ты всё-таки успел?"),
        ("как зовут моего брата?", "Ты мне этого ещё не говорил."),
        ("больше всего я люблю ризотто с грибами", "Вкусно! Ты сам его готовишь?"),
    ),
    "sv": (
        ("bussen var sen igen idag", "Så irriterande! Hann du fram i tid ändå?"),
        ("vad heter min bror?", "Det har du inte berättat för mig än."),
        ("jag tycker bäst om svamprisotto", "Vad gott! Lagar du den själv?"),
    ),
    "tr": (
        ("otobüs bugün yine geç kaldı", "Ne can sıkıcı! Yine de zamanında varabildin mi?"),
        ("kardeşimin adı ne?", "Bunu bana henüz söylemedin."),
        ("en çok mantarlı risottoyu severim", "Çok lezzetli! Kendin mi yapıyorsun?"),
    ),
    "zh": (
        ("今天公交车又晚点了", "真让人着急！你后来赶上了吗？"),
        ("我哥哥叫什么？", "你还没有告诉过我。"),
        ("我最喜欢蘑菇烩饭", "听起来很香！是你自己做的吗？"),
    ),
}
_ENGLISH = "en"


def shown(language: str) -> list[BaseMessage]:
    """Return the exchanges of a language as messages; the English ones if it has none.

    Args:
        language: ISO 639-1; empty if unknown.
    """
    exchanges = SHOWN.get(language, SHOWN[_ENGLISH])
    return [message for said, replied in exchanges for message in (HumanMessage(said), AIMessage(replied))]
