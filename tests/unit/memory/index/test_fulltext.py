"""Full-text search: what is found by which words, and whose words they are."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from memory.core.errors import StorageError
from memory.core.time_window import TimeWindow
from memory.index.entries import Entry
from memory.index.filters import Filters
from memory.index.search_index import SearchIndex
from memory.index.turn_traits import Traits


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SearchIndex]:
    opened = SearchIndex(tmp_path / "words")
    yield opened
    opened.files.close()


def turn(name: str, text: str, at: float = 0.0) -> Entry:
    return Entry(name, "turn", at, text)


def found(
    index: SearchIndex,
    query: str,
    user: str = "ada",
    kind: str = "turn",
    limit: int = 10,
    since: float = -math.inf,
    until: float = math.inf,
) -> list[str]:
    window = TimeWindow(since, math.nextafter(until, math.inf))
    return [name for name, _ in index.search(Filters(user, window), query, kind=kind, limit=limit)]


def test_a_word_finds_its_other_forms(index):
    index.put(
        "ada", [turn("a", "I was running with two dogs"), turn("b", "She plays the violin"), turn("c", "Müller moved to Köln")]
    )
    assert found(index, "run") == ["a"]
    assert found(index, "Which dog?") == ["a"]
    assert found(index, "PLAYING violins") == ["b"]
    assert found(index, "muller") == ["c"]


def test_the_best_come_first_with_higher_scores_and_no_more_than_asked_for(index):
    index.put("ada", [turn("one", "tea and cake and bread"), turn("both", "green tea with jasmine"), turn("none", "coffee")])
    ranked = index.search(Filters("ada"), "jasmine tea", kind="turn", limit=10)
    assert [name for name, _ in ranked] == ["both", "one"]
    assert ranked[0][1] > ranked[1][1] > 0
    assert found(index, "jasmine tea", limit=1) == ["both"]


def test_equal_scores_are_in_the_order_of_the_ids(index):
    index.put("ada", [turn(name, "the same words") for name in ("c", "a", "b")])
    assert found(index, "words") == ["a", "b", "c"]


def test_common_words_count_only_where_there_are_no_others(index):
    index.put("ada", [turn("a", "What is this about?"), turn("b", "My violin")])
    assert found(index, "what about the violin") == ["b"]
    assert found(index, "what about") == ["a"]


def test_putting_again_replaces(index):
    index.put("ada", [turn("a", "a zebra"), turn("b", "a lion")])
    index.put("ada", [turn("a", "a giraffe")])
    assert found(index, "zebra") == []
    assert found(index, "giraffe") == ["a"]
    assert index.ids("ada") == {"a", "b"}
    before = index.search(Filters("ada"), "giraffe", kind="turn", limit=10)
    index.put("ada", [turn("a", "a giraffe")] * 3)
    assert index.search(Filters("ada"), "giraffe", kind="turn", limit=10) == before


def test_of_several_with_one_id_the_last_counts(index):
    index.put("ada", [turn("a", "a zebra"), turn("a", "a giraffe")])
    assert found(index, "zebra giraffe") == ["a"]
    assert found(index, "zebra") == []


def test_what_is_removed_is_not_found_and_what_is_unknown_is_passed_over(index):
    index.put("ada", [turn("a", "zebra"), turn("b", "zebra")])
    index.remove("ada", ["a", "unknown"])
    index.remove("nobody", ["a"])
    assert found(index, "zebra") == ["b"]
    assert index.ids("ada") == {"b"}


def test_a_kind_and_a_window_with_both_ends_inclusive(index):
    index.put("ada", [turn("t1", "zebra", 100.0), turn("t2", "zebra", 200.5), Entry("s", "semantic", 150.0, "zebra")])
    assert found(index, "zebra", kind="semantic") == ["s"]
    assert found(index, "zebra", kind="episodic") == []
    assert found(index, "zebra", since=100.0, until=200.5) == ["t1", "t2"]
    assert found(index, "zebra", since=100.000001) == ["t2"]
    assert found(index, "zebra", until=200.499999) == ["t1"]
    assert found(index, "zebra", since=201) == []
    index.put("ada", [turn("old", "zebra", -62_135_596_800.0), turn("far", "zebra", 253_402_300_799.0)])
    assert found(index, "zebra", until=-1.0) == ["old"]
    assert found(index, "zebra", since=1e9) == ["far"]


HOSTILE = [
    '"', "'", '""zebra"', "zebra OR", "AND zebra", "NOT zebra", "zebra NEAR(lion, 2)", "body:zebra",
    "kind : zebra", "{id body} : zebra", "^zebra", "zebra*",
    "(zebra", "zebra)", "-zebra",
    "zebra + lion", "'; DROP TABLE words; --", "zebra\x00lion", "\x00", "\u202ezebra", "</think><answer>zebra", "%s {x} zebra",
    "zebra_lion", "\u0301", "😀", "🦓 zebra", "_", "*", "?", "zebra\n\t\rlion",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_operators_quotes_and_control_characters_are_data(index, text):
    index.put("ada", [turn("zebra", "a zebra"), turn("hostile", f"giraffe {text} giraffe"), turn(text, "gnu")])
    assert ("zebra" in found(index, text)) is ("zebra" in text.replace("zebra_lion", ""))
    assert found(index, "giraffe") == ["hostile"]
    assert found(index, "gnu") == [text]
    assert index.ids("ada") == {"zebra", "hostile", text}
    index.remove("ada", [text])
    assert index.ids("ada") == {"zebra", "hostile"}


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60), query=st.text(max_size=60))
@example(text="x", query="NEAR OR AND NOT")
def test_any_text_is_found_by_a_word_of_it_and_any_query_is_answered(index, text, query):
    index.put("ada", [turn("a", f"{text} quokka")])
    assert found(index, "quokka") == ["a"]
    assert set(found(index, query)) <= {"a"}


def test_a_query_of_twenty_thousand_characters_is_answered(index):
    index.put("ada", [turn("a", "w3333 and more"), turn("b", "other")])
    assert found(index, " ".join(f"w{number}" for number in range(4_000))) == ["a"]


@pytest.mark.parametrize("query", ["", "  ", "?!", "\x00", "¿"])
def test_a_query_without_words_finds_nothing(index, query):
    index.put("ada", [turn("a", "zebra")])
    assert found(index, query) == []


def test_nobody_finds_anothers_words(index):
    index.put("ada", [turn("a", "zebra")])
    index.put("ada ", [turn("b", "zebra")])
    index.put("../ada", [turn("c", "zebra")])
    assert found(index, "zebra") == ["a"]
    assert found(index, "zebra", "ada ") == ["b"]
    assert found(index, "zebra", "../ada") == ["c"]
    assert found(index, "zebra", "ADA") == []
    assert index.ids("bob") == set()


def test_nobodys_words_weigh_in_anothers_scores(index):
    mine = [turn("a", "green tea with jasmine"), turn("b", "black tea")]
    index.put("ada", mine)
    before = index.search(Filters("ada"), "jasmine tea", kind="turn", limit=10)
    index.put("bob", [turn(f"b{number}", "jasmine jasmine tea") for number in range(200)])
    index.remove("bob", ["b1"])
    index.files.delete_user("bob")
    assert index.search(Filters("ada"), "jasmine tea", kind="turn", limit=10) == before


def test_a_deleted_user_leaves_no_file_and_no_word(index, tmp_path):
    index.put("ada", [turn("a", "xylophonist " * 100)])
    index.put("bob", [turn("b", "zebra")])
    assert len(list((tmp_path / "words").glob("*.db"))) == 2
    index.files.delete_user("ada")
    assert len(list((tmp_path / "words").glob("*.db"))) == 1
    assert not any(b"xylophonist" in path.read_bytes() for path in (tmp_path / "words").iterdir())
    assert found(index, "zebra", "bob") == ["b"]
    assert found(index, "xylophonist") == []
    index.files.delete_user("ada")
    index.files.delete_user("nobody")
    index.files.close()
    assert sorted(path.suffix for path in (tmp_path / "words").iterdir()) == [".db"]


def test_what_a_crash_left_behind_is_deleted_too(index, tmp_path):
    index.put("ada", [turn("a", "zebra")])
    index.files.close()
    (file,) = (tmp_path / "words").iterdir()
    file.with_suffix(".db-wal").write_bytes(b"xylophonist")
    index.files.delete_user("ada")
    assert list((tmp_path / "words").iterdir()) == []


def test_a_deleted_user_may_come_back(index):
    index.put("ada", [turn("a", "zebra")])
    index.files.delete_user("ada")
    index.put("ada", [turn("b", "zebra")])
    assert found(index, "zebra") == ["b"]


def test_everything_is_still_there_after_a_restart(tmp_path):
    first = SearchIndex(tmp_path / "words")
    first.put("ada", [turn("a", "zebra", 5.0)])
    first.files.close()
    second = SearchIndex(tmp_path / "words")
    assert found(second, "zebras", since=5.0, until=5.0) == ["a"]
    second.files.close()


def test_more_users_than_files_are_kept_open(index):
    for number in range(70):
        index.put(f"user {number}", [turn(f"t{number}", "zebra")])
    assert [found(index, "zebra", f"user {number}") for number in range(70)] == [[f"t{number}"] for number in range(70)]


def test_no_user_name_is_a_file_name(index, tmp_path):
    for user in ("../outside", "/etc/passwd", "a" * 200, "con\x00", "..", 'Robert"); DROP'):
        index.put(user, [turn("a", "zebra")])
        assert found(index, "zebra", user) == ["a"]
    index.files.close()
    assert {path.parent for path in tmp_path.rglob("*.db")} == {tmp_path / "words"}
    assert all(path.stem.isalnum() for path in tmp_path.rglob("*.db"))


def test_a_damaged_file_is_a_sentence(tmp_path):
    index = SearchIndex(tmp_path / "words")
    index.put("ada", [turn("a", "zebra")])
    index.files.close()
    for file in (tmp_path / "words").glob("*.db"):
        file.write_bytes(b"no database " * 400)
    with pytest.raises(StorageError, match="persona reindex") as refused:
        index.search(Filters("ada"), "zebra", kind="turn", limit=1)
    assert isinstance(refused.value.__cause__, sqlite3.Error)
    index.files.delete_user("ada")
    index.put("ada", [turn("a", "zebra")])
    assert found(index, "zebra") == ["a"]
    index.files.close()


def test_a_label_now_and_then_is_nobody_who_speaks(index):
    labels = ["Recipe", *["Ada"] * 12, *["Ben"] * 12]
    index.put("ada", [Entry(f"t{n}", "turn", 0.0, "words", traits=Traits(speaker=name)) for n, name in enumerate(labels)])
    assert index.speakers("ada") == ["Ada", "Ben"]
    assert index.speakers("bob") == []


def test_a_text_is_searched_with_what_was_said_before_it_only_when_that_is_asked_for(index):
    index.put("ada", [Entry("t", "turn", 0.0, "yes", around="do you like zebras?\nyes")])
    assert found(index, "zebras") == []
    assert [name for name, _ in index.search(Filters("ada"), "zebras", kind="turn", limit=3, around=True)] == ["t"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("私の犬の名前はポチです。", "犬"),
        ("我有一只猫，叫小白。", "猫"),
        ("ฉันมีแมวหนึ่งตัว", "แมว"),
        ("Мою собаку зовут Тузик", "СОБАКУ"),
        ("मेरी बिल्ली का नाम रानी है", "बिल्ली"),
        ("என் பூனையின் பெயர் மீனா", "மீனா"),
        ("আমার বিড়ালের নাম রানী", "রানী"),
        ("ನನ್ನ ಬೆಕ್ಕಿನ ಹೆಸರು ಮೀನಾ", "ಮೀನಾ"),
        ("שְׁמוֹ שֶׁל הַכֶּלֶב רֶקְס", "הכלב"),
        ("אני אוהב את הכלב", "הַכֶּלֶב"),
        ("اِسْمُ قِطَّتِي لُولُو", "قطتي"),
        ("نام گربه‌ام لولو است", "گربهام"),
        ("แมวของฉันชื่อมะลิ", "ชื่อ"),
        ("ແມວຂອງຂ້ອຍ", "ແມວ"),
        ("ឆ្មារបស់ខ្ញុំ", "ឆ្មា"),
        ("ကြောင်ကလေး", "ကြောင်"),
        ("제 고양이를 좋아해요", "고양이"),
        ("서울에서는 비가 와요", "서울"),
        ("집에서 일해요", "집"),
        ("할머니께서 오셨어요", "할머니"),
        ("우리 강아지", "강아지가"),
        ("ΜΟΥ ΑΡΕΣΕΙ Ο ΚΑΦΕΣ", "καφές"),
        ("Tôi thích cà phê đặc", "cà"),
        ("старый за\u0301мок", "замок"),
    ],
)
def test_a_word_is_found_in_scripts_without_spaces_too(index, text, word):
    index.put("ada", [turn("a", text), turn("b", "全然別の話です。"), turn("c", "Nothing of it")])
    assert found(index, word) == ["a"]


@pytest.mark.parametrize(
    ("text", "other"),
    [("मेरी बिल्ली", "बकरी"), ("আমার নাম", "আমি"), ("என் பெயர்", "எது"), ("고양이를 봤어", "고래"), ("שָׁלוֹם", "שֶׁמֶשׁ")],
)
def test_a_word_is_no_row_of_single_letters(index, text, other):
    index.put("ada", [turn("a", text)])
    assert found(index, other) == []


def test_a_bare_korean_noun_is_counted_in_all_its_forms(index):
    index.put("ada", [turn("a", "고양이를 봤어"), turn("b", "고양이가 잔다"), turn("c", "고양이"), turn("d", "강아지를 봤어")])
    assert index.in_turns("ada", ["고양이", "강아지"]) == ({"고양이": 3, "강아지": 1}, 4)


def test_of_a_word_that_stands_in_thousands_of_texts_the_last_ones_are_scored_and_a_window_still_finds_the_first(
    index, monkeypatch
):
    monkeypatch.setattr("memory.index.fulltext._MAX_SCORED_TEXTS", 3)
    monkeypatch.setattr("memory.index.fulltext._MAX_SQLITE_SCORED_TEXTS", 2)
    index.put("ada", [turn(f"t{n}", "tea again", float(n)) for n in range(9)])
    assert sorted(found(index, "tea")) == ["t6", "t7", "t8"]
    assert found(index, "tea", since=0.0, until=1.0) == ["t0", "t1"]
    index.put("ada", [turn("rare", "oolong", 10.0)])
    assert found(index, "oolong tea") == ["rare"]


WORDS = st.lists(
    st.sampled_from(
        [
            "tea",
            "teas",
            "run",
            "running",
            "dog",
            "Köln",
            "koln",
            "oolong",
            "the",
            "犬",
            "don_t",
            "बिल्ली",
            "고양이를",
            "고양이",
            "καφές",
        ]
    ),
    max_size=6,
).map(" ".join)


def ranked(scored):
    """The names by score. Two sums of the same numbers in another order may differ in the last digit."""
    return [name for name, _ in sorted(scored, key=lambda one: (-float(f"{one[1]:.9g}"), one[0]))]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 12), WORDS, WORDS), max_size=8), min_size=1, max_size=5),
    st.lists(st.integers(0, 12), max_size=4),
    WORDS,
    st.sampled_from(
        [{}, {"window": TimeWindow(3.0, 9.5)}, {"said": TimeWindow(end=6.5)}, {"excluded": frozenset({"t1", "t2"})}]
    ),
)
def test_many_texts_are_scored_as_sqlite_scores_few(tmp_path, puts, removed, query, filters):
    index = SearchIndex(tmp_path / f"words{len(list(tmp_path.iterdir()))}")

    def both():
        for around in (False, True):
            with pytest.MonkeyPatch.context() as patch:
                of_sqlite = index.search(Filters("ada", **filters), query, kind="turn", limit=4, around=around)
                patch.setattr("memory.index.fulltext._MAX_SQLITE_SCORED_TEXTS", 0)
                patch.setattr("memory.index.fulltext._EXTRA_TEXTS", 1)
                of_arrays = index.search(Filters("ada", **filters), query, kind="turn", limit=4, around=around)
            assert ranked(of_arrays) == ranked(of_sqlite)
            assert [score for _, score in of_arrays] == pytest.approx([score for _, score in of_sqlite])

    for put in puts:
        index.put("ada", [Entry(f"t{n}", "turn", float(n), text, around=around) for n, text, around in put])
        both()
    index.remove("ada", [f"t{n}" for n in removed])
    both()
    index.put("ada", [turn("t13", "tea and oolong and tea", 13.0)])
    both()
    index.files.close()


def test_a_word_is_as_rare_as_it_is_among_its_kind(index):
    index.put("ada", [turn(f"t{n}", "zebra", 1.0) for n in range(50)])
    index.put("ada", [Entry(f"s{n}", "semantic", 1.0, "giraffe" if n else "zebra giraffe") for n in range(5)])
    assert found(index, "zebra giraffe", kind="semantic")[0] == "s0"
    assert index.search(Filters("ada"), "zebra", kind="semantic", limit=1)[0][1] > 0.5


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("We flew to İstanbul", "İstanbul"),
        ("We flew to İstanbul", "istanbul"),
        ("so na\u00efve of me", "nai\u0308ve"),
        ("nai\u0308ve", "NAÏVE"),
        ("dinner with Nguyễn", "Nguye\u0302\u0303n"),
        ("my code is ＡＢＣ１２３", "abc123"),
        ("a ﬁle of papers", "file"),
        ("Мы едем в Ёлкино", "елкино"),
        ("أحب القَهْوَة", "القهوة"),
    ],
)
def test_letters_that_are_written_in_several_ways_find_each_other(index, said, asked):
    index.put("ada", [turn("t1", said), turn("t2", "something else")])
    assert found(index, asked) == ["t1"]
