"""Other languages than English: what was said is found again, by the real embedder, and by words alone in any script."""

from __future__ import annotations

import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from app.factory import build_embedder
from app.settings import Settings
from memory.core import clock
from memory.memory import Memory

pytestmark = pytest.mark.embedders

LIVES = {
    "German": (
        ["Mein Hund heißt Bärli.", "Gestern war ich in Köln im Museum.", "Meine Schwester heiratet im Juni.",
         "Ich lerne seit Mai Geige.", "Der Kuchen ist mir angebrannt."],
        [("Wie heißt mein Hund?", 0), ("Wer heiratet im Juni?", 2), ("Welches Instrument lerne ich, die Geige?", 3)],
    ),
    "Russian": (
        ["Мою собаку зовут Тузик.", "Вчера я был в музее в Казани.", "Моя сестра выходит замуж в июне.",
         "С мая я учусь играть на скрипке.", "Пирог у меня подгорел."],
        [("Как зовут мою собаку?", 0), ("Кто выходит замуж в июне?", 2), ("Что подгорел?", 4)],
    ),
    "Japanese": (
        ["私の犬の名前はポチです。", "昨日は京都の博物館に行きました。", "姉は六月に結婚します。",
         "五月からバイオリンを習っています。", "ケーキが焦げました。"],
        [("犬の名前は何ですか？", 0), ("博物館はどこでしたか？", 1), ("誰が結婚しますか？", 2)],
    ),
    "Hindi": (
        ["मेरे कुत्ते का नाम शेरू है।", "कल मैं जयपुर के संग्रहालय गया था।", "मेरी बहन की शादी जून में है।",
         "मई से मैं वायलिन सीख रहा हूँ।", "केक जल गया।"],
        [("मेरे कुत्ते का नाम क्या है?", 0), ("किसकी शादी जून में है?", 2), ("केक का क्या हुआ?", 4)],
    ),
    "Korean": (
        ["우리 강아지는 이름이 초코예요.", "어제 경주에서 박물관을 봤어요.", "언니가 유월에 결혼해요.",
         "오월부터 바이올린을 배워요.", "케이크가 탔어요."],
        [("강아지 이름이 뭐예요?", 0), ("경주 박물관", 1), ("바이올린은 언제부터?", 3)],
    ),
    "Arabic": (
        ["اِسْمُ كَلْبِي بُنْدُق.", "ذهبت أمس إلى المتحف في فاس.", "أختي تتزوج في يونيو.",
         "أتعلم الكمان منذ مايو.", "احترقت الكعكة."],
        [("ما اسم كلبي؟", 0), ("أين المتحف؟", 1), ("من تتزوج في يونيو؟", 2)],
    ),
}  # fmt: skip


def remember(memory, turns):
    ids = []
    for number, text in enumerate(turns):
        ids.append(memory.ingest_turn("ada", clock.parse_time(f"2026-03-0{number + 1} 10:00", "UTC"), text, "").id)
    memory.index("ada")
    return ids


@pytest.mark.parametrize("language", LIVES)
def test_what_was_said_in_another_language_comes_first(tmp_path, language):
    turns, asked = LIVES[language]
    with Memory(tmp_path, build_embedder(Settings())) as memory:
        ids = remember(memory, turns)
        for question, place in asked:
            later = clock.parse_time("2026-06-01 10:00", "UTC")
            best, _ = memory.retriever.search_turns("ada", question, 1, asked=later)[0]
            assert turns[ids.index(best)] == turns[place], question


def test_a_multilingual_embedder_of_ones_own_is_a_setting(tmp_path, monkeypatch):
    monkeypatch.setenv("PERSONA_CACHE_DIR", str(tmp_path / "cache"))
    # Random weights and a tokenizer of another family: what is tried is that any sentence-transformers folder does.
    words = [
        "<unk>",
        "<s>",
        "</s>",
        *sorted({f"▁{word}" for turns, _ in LIVES.values() for text in turns for word in text.split()}),
    ]
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    model = tmp_path / "bert"
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<unk>", bos_token="<s>")
    fast.save_pretrained(model)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=len(words), **sizes)).save_pretrained(model)
    parts = Transformer(str(model))
    folder = tmp_path / "embedder"
    SentenceTransformer(modules=[parts, Pooling(32)], device="cpu").save(str(folder))
    settings = Settings(text_embedder=str(folder))
    with Memory(tmp_path / "data", build_embedder(settings)) as memory:
        turns, asked = LIVES["German"]
        ids = remember(memory, turns)
        question, place = asked[1]
        later = clock.parse_time("2026-06-01 10:00", "UTC")
        found = [name for name, _ in memory.retriever.search_turns("ada", question, 5, asked=later)]
        assert found.index(ids[place]) < 3
