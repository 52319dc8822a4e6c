"""The multilingual embedder is offered to people who mostly write another language, and to nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import doctor
from app.embedder_offer import is_mostly_not_english, offer
from app.settings import Settings, choose_embedder
from memory.memory import Memory
from tests.fakes import WordEmbedder
from tests.unit.memory.stores.test_journal import at

GERMAN = [
    "Mein Bruder hat gestern seine neue Wohnung in Bremen bezogen.",
    "Kannst du mir sagen, wann der Zahnarzt morgen aufmacht?",
    "Die Katze schläft seit dem Frühstück auf meinem Schreibtisch.",
    "Am Wochenende wollen wir mit den Kindern zelten gehen.",
    "Ich suche noch ein Geschenk für meine Schwiegermutter.",
]
ENGLISH = [
    "My brother moved into his new flat in Leeds yesterday.",
    "Can you tell me when the dentist opens tomorrow?",
    "The cat has been asleep on my desk since breakfast.",
    "We want to go camping with the children this weekend.",
    "I am still looking for a present for my mother-in-law.",
]
CHINESE = ["我昨天把钥匙忘在办公室了。", "我妹妹下个月结婚。", "明天的会议几点开始?", "我想学做红烧肉。", "我们家的猫生病了。"]
HINDI = [
    "कल मैं अपनी बहन से मिलने गया था।",
    "मुझे आम बहुत पसंद हैं।",
    "मेरी परीक्षा अगले हफ़्ते है।",
    "आज बारिश हो रही है।",
    "पिताजी दुकान पर हैं।",
]


@pytest.mark.parametrize(
    ("messages", "offered"),
    [
        (GERMAN, True),
        (CHINESE, True),
        (HINDI, True),
        (ENGLISH, False),
        ([*GERMAN, *ENGLISH], False),
        ([*GERMAN, *ENGLISH[:3]], True),
        (GERMAN[:4], False),
        ([*GERMAN[:4], "ok", "?", "Biscuit", "12:30"], False),
        ([], False),
    ],
)
def test_it_is_offered_where_most_messages_are_in_another_language(messages: list[str], offered: bool) -> None:
    assert is_mostly_not_english(messages) is offered


def writes(messages: list[str], user: str = "ada", embedder: str = "all-minilm-l6-v2") -> None:
    named = WordEmbedder()
    named.name = embedder
    with Memory(Settings().data_dir, named) as memory:
        for number, message in enumerate(messages):
            memory.ingest_turn(
                user, at(f"2026-03-01 {10 + number // 60}:{number % 60:02}"), message, "Sure, I will remember that."
            )


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PERSONA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


def told() -> list[str]:
    return [one.detail for one in doctor.examine(Settings()) if one.what == "languages"]


def test_doctor_says_the_command_in_a_sentence() -> None:
    writes(GERMAN)
    [sentence] = told()
    assert "`persona models use multilingual-e5-small`" in sentence
    choose_embedder("multilingual-e5-small")
    assert told() == []


def test_doctor_says_nothing_to_people_who_write_english_or_nothing(tmp_path: Path) -> None:
    assert told() == []
    assert not (tmp_path / "data").exists()
    writes(ENGLISH)
    assert told() == []
    writes(CHINESE, user="bo")
    assert len(told()) == 1, "one of several people is enough"


def test_the_person_s_own_newest_messages_count_alone() -> None:
    writes([*GERMAN, *ENGLISH * 12])
    with Memory(Settings().data_dir, WordEmbedder()) as memory:
        assert offer(Settings(), memory.journal, ["ada"]) is None
