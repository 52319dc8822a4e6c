"""Values of JSON files as a stream: what is right is read, whatever its size; what is not ends in one sentence."""

from __future__ import annotations

import io
import json
import math
import tracemalloc
from collections.abc import Iterator
from typing import Any

import ijson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.importers import json_stream, utf8
from memory.core.errors import InvalidInput
from tests.unit.app.importers.sources import Member


@pytest.fixture(autouse=True, params=["yajl2_c", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    try:
        backend = ijson.get_backend(request.param)
    except ImportError:
        pytest.skip("this parser is not built here")
    monkeypatch.setattr(json_stream, "_new_parser", backend.basic_parse_coro)
    return request.param


def read(data: bytes | str, path: str = "item", **options: Any) -> list[Any]:
    data = data.encode() if isinstance(data, str) else data
    return list(json_stream.items(Member(data, "chats.json"), path, **options))


def refusal(data: bytes | str, path: str = "item") -> str:
    with pytest.raises(InvalidInput) as error:
        read(data, path)
    assert error.value.message.count("\n") == 0
    return error.value.message


class Trickle(io.RawIOBase):
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self.name = "chats.json"
        self._data, self._step, self._at = data, step, 0

    def read(self, size: int = -1) -> bytes:
        piece = self._data[self._at : self._at + min(size, self._step)]
        self._at += len(piece)
        return piece


class Endless(io.RawIOBase):
    """A stream of one piece without an end."""

    def __init__(self, begin: bytes, piece: bytes) -> None:
        self.name = "chats.json"
        self.given = 0
        self._begin, self._piece = begin, piece

    def read(self, size: int = -1) -> bytes:
        data, self._begin = self._begin + self._piece * (size // len(self._piece)), b""
        self.given += len(data[:size])
        return data[:size]


def test_values_at_paths() -> None:
    telegram = '{"about": {"list": [0]}, "chats": {"list": [{"id": 1, "list": [2]}, [3], "x", 4, null, true]}, "left": [[5]]}'
    assert read(telegram, "chats.list.item") == [{"id": 1, "list": [2]}, [3], "x", 4, None, True]
    assert read(telegram, "chats.list.item.id") == [1]
    assert read(telegram, "left.item") == [[5]]
    assert read(telegram, "chats.item") == read(telegram, "nothing") == []
    assert read(telegram, "") == [json.loads(telegram)]
    assert read('{"item": 1, "messages": [{"messages": [2]}]}', "messages.item") == [{"messages": [2]}]
    assert read('{"item": 1}', "item") == [1]
    assert read("[1, [2, 3]]", "item.item") == [2, 3]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20), st.booleans(), st.integers(1, 40))  # fmt: skip
def test_what_json_reads_is_read_alike_in_pieces_of_any_size(value: Any, as_ascii: bool, step: int) -> None:
    text = json.dumps(value, ensure_ascii=as_ascii).encode(errors="replace")
    expected = json.loads(json.dumps(json.loads(text)).encode("utf-16", "surrogatepass").decode("utf-16"))
    assert list(json_stream.items(Trickle(text, step), "")) == [_whole_characters(expected)]


@given(st.lists(st.recursive(st.integers(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner), max_leaves=12)), st.integers(2, 6), st.integers(1, 40))  # fmt: skip
def test_only_what_is_nested_too_deep_is_missing(values: list[Any], deepest: int, step: int) -> None:
    found = list(json_stream.items(Trickle(json.dumps(values).encode(), step), "item", deepest=deepest))
    assert [None if isinstance(one, json_stream.TooDeep) else one for one in found] == [
        value if _depth(value) < deepest else None for value in values
    ]


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return max(map(_depth, inner), default=0) + isinstance(value, dict | list)


def _whole_characters(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole_characters(one) for one in value]
    if isinstance(value, dict):
        return {_whole_characters(key): _whole_characters(one) for key, one in value.items()}
    return value


@given(st.binary(max_size=60) | st.text(alphabet='[]{},:"\\u0dD8aefF1-. tn', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused_in_a_sentence(data: bytes) -> None:
    try:
        read(data, "item")
        read(data, "")
    except InvalidInput as error:
        assert error.message.startswith("chats.json is ")


def test_numbers() -> None:
    whole = 10**40
    values = read(f"[{whole}, -7, 1.5, 1690000000.123, 1e3, -0.0, 1e999, -1e400, 1e-999]")
    assert values == [whole, -7, 1.5, 1690000000.123, 1000.0, 0.0, None, None, 0.0]
    assert [type(one) for one in values[:3]] == [int, int, float]
    assert all(isinstance(one, int | float | None) for one in values)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "01", "1.", ".5", "0x1"])
def test_numbers_that_json_does_not_know(number: str) -> None:
    said = refusal(f"[1, {number}]")
    assert said.startswith(f"chats.json is no valid JSON in UTF-8 (before byte {len(number) + 5}, after ")
    assert said.endswith("). Download or export it again.")


@pytest.mark.parametrize("digits", [4_301, 70_000, 200_000])
def test_more_digits_than_a_number_may_have(digits: int) -> None:
    # The parser in C crashes over a number that Python refuses to read.
    assert "no valid JSON" in refusal("[" + "7" * digits + "]")
    text = "3." + "1415926535" * (digits // 10)
    assert read(json.dumps([text, f"\\{text}", 1])) == [text, f"\\{text}", 1]


def test_halves_of_characters_become_replacement_characters() -> None:
    # Programs that cut a text after a number of characters cut emoji in two.
    data = r'"\ud83d", "\ude00 x", "\ud83d\u0041", "\ud83d\ud83d\ude00", "\ude00\ud83d", "\\ud83d", "\\\ud83d", "\ud83d\ude00"]'
    for before in range(65_535 - len(data), 65_537):
        begin = '["' + "a" * (before - 4) + '",'
        found = read(begin + data)
        assert found[1:] == ["�", "� x", "�A", "�😀", "��", "\\ud83d", "\\�", "😀"], before


def test_encodings() -> None:
    text = '["é", "😀", "\\u00e9"]'
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-be"):
        mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
        assert read(mark + text.encode(encoding)) == ["é", "😀", "é"]
    assert read("\ufeff[1]".encode("utf-16-le")) == [1]
    for data in (
        b'["\xff"]',
        b'["\xed\xa0\xbd"]',
        '["é"]'.encode("latin-1"),
        "[1]".encode("utf-16-le"),
        b'["a\x00b"]',
        b'["a\nb"]',
    ):
        assert refusal(data).startswith("chats.json is no valid JSON in UTF-8 (before byte ")


@pytest.mark.parametrize("end", range(1, 42))
def test_cut_files_give_what_is_whole_and_then_a_sentence(end: int) -> None:
    data = b'[{"id": 1}, {"id": 2, "text": "\\u00e9\\n"}, 3]'
    found = []
    with pytest.raises(InvalidInput, match=r"chats\.json is (cut off|no valid JSON in UTF-8) \((at|before) byte") as error:
        found.extend(json_stream.items(Trickle(data[:end], 3), "item"))  # type: ignore[arg-type]
        pytest.fail("it was read")
    values = [one for one in ({"id": 1}, {"id": 2, "text": "é\n"}) if end > (9 if one == {"id": 1} else 40)]
    assert ("after " in error.value.message) == bool(values)


def test_values_before_the_damage_are_yielded_first() -> None:
    found = []
    with pytest.raises(InvalidInput, match="after 2 whole entries"):
        found.extend(json_stream.items(Member(b'[{"id": 1}, {"id": 2}, {"id": ', "chats.json"), "item"))
    assert found == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize(
    ("data", "said"), [(b"", "empty"), (b" \n ", "cut off"), (b"[1] [2]", "no valid"), (b"[1]x", "no valid")]
)
def test_nothing_and_too_much(data: bytes, said: str) -> None:
    assert f"chats.json is {said}" in refusal(data)


def test_the_last_of_equal_keys_counts() -> None:
    assert read('[{"a": 1, "a": 2, "b": {"c": 1, "c": [3]}}]') == [{"a": 2, "b": {"c": [3]}}]


@pytest.mark.parametrize("begin", ["[", '{"a":', '[{"a":'])
@pytest.mark.parametrize("path", ["", "item", "item.item", "a.a.a", "nothing"])
def test_ten_million_nested_brackets_end_at_once(begin: str, path: str) -> None:
    stream = Endless(b"", begin.encode())
    with pytest.raises(InvalidInput, match="nested deeper than 200,000"):
        list(json_stream.items(stream, path))
    assert stream.given <= 200_000 * len(begin) + 65_536


def test_nesting_up_to_the_limit_is_read() -> None:
    assert read("[" * 200 + "]" * 200, "")[0]
    assert read("[" * 201 + "]" * 201, "") == [json_stream.TooDeep()]
    with pytest.raises(InvalidInput, match="nested deeper than 200"):
        json_stream.whole(Member(b"[" * 201 + b"]" * 201, "chats.json"))
    assert json_stream.whole(Member(b"[" * 5_000 + b"]" * 5_000, "chats.json"), deepest=20_000)
    with pytest.raises(InvalidInput, match="deeper than 20,000"):
        json_stream.whole(Member(b"[" * 30_000 + b"]" * 30_000, "chats.json"), deepest=20_000)


@pytest.mark.parametrize("levels", [199, 200, 5_000, 150_000])
def test_a_value_that_is_nested_too_deep_is_passed_over(parser: str, levels: int) -> None:
    deep = "[" * levels + "]" * levels
    found = read(f'[{{"a": 1}}, {{"id": 7, "x": {deep}, "y": [{{}}]}}, 3, {{"{"a"}": {deep}}}, [], {{"z": 1}}]')
    assert found == [{"a": 1}, json_stream.TooDeep({"id": 7}), 3, json_stream.TooDeep(), [], {"z": 1}]
    # Outside of the path nothing is built.
    assert read(f'{{"about": {deep}, "chats": [1, [2]]}}', "chats.item") == [1, [2]]


def test_an_element_of_a_long_list_that_is_nested_too_deep_is_passed_over(parser: str) -> None:
    deep = "[" * 300 + "]" * 300
    chat = f'{{"id": 5, "messages": [1, {{"id": 7, "m": {deep}}}, [], 2, {deep}, 3], "end": 1}}'
    parts = read(chat, "", divided="messages", most=2)
    elements = [one for part in parts for one in part["messages"]]
    assert elements == [1, json_stream.TooDeep({"id": 7}), [], 2, json_stream.TooDeep(), 3]
    assert all(part["id"] == 5 for part in parts)
    assert parts[-1]["end"] == 1


def test_one_value_may_not_fill_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "MOST_BYTES", 1_000_000)
    for begin, piece in ((b'["', b"x"), (b'[{"a":["', b'y","'), (b"[", b" "), (b'{"skipped": "', b"x")):
        stream = Endless(begin, piece)
        with pytest.raises(InvalidInput, match=r"one value is larger than 1 MB \(before byte [\d,]+\)"):
            list(json_stream.items(stream, "item"))
        assert stream.given < 4_000_000
    values = [["x" * 10_000] * 20] * 20
    assert read(json.dumps(values)) == values


def test_a_value_of_many_parts_may_not_fill_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "_MOST_PARTS", 20_000)
    with pytest.raises(InvalidInput, match="one value has more than 20,000 parts"):
        list(json_stream.items(Endless(b"[[", b"[],"), "item"))
    assert len(read("[" + ",".join(["[[],[]]"] * 30_000) + "]")) == 30_000


def test_memory_is_bounded_by_one_value(parser: str) -> None:
    count = 20_000 if parser == "yajl2_c" else 2_000

    def pieces() -> Iterator[bytes]:
        yield b"["
        for number in range(count):
            yield json.dumps({"id": number, "text": "word " * 100}).encode() + (b"," if number < count - 1 else b"]")

    class Pieces(io.RawIOBase):
        name = "chats.json"
        rest = pieces()

        def read(self, size: int = -1) -> bytes:
            return next(self.rest, b"")

    tracemalloc.start()
    try:
        assert sum(1 for _ in json_stream.items(Pieces(), "item")) == count
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


def test_a_long_list_comes_in_parts() -> None:
    data = {"chats": [{"id": 1, "messages": [{"n": n, "messages": [9, 9, 9]} for n in range(5)], "end": 2}, {"id": 3, "messages": []}]}  # fmt: skip
    parts = read(json.dumps(data), "chats.item", divided="messages", most=2)
    assert [(part["id"], [one["n"] for one in part["messages"]], part.get("end")) for part in parts] == [
        (1, [0, 1], None), (1, [2, 3], None), (1, [4], 2), (3, [], None),
    ]  # fmt: skip
    assert read('{"id": 1, "messages": [1, 2]}', "", divided="messages", most=2) == [{"id": 1, "messages": [1, 2]}]
    assert read('{"messages": {"messages": [1, 2, 3]}}', "", divided="messages", most=2) == [
        {"messages": {"messages": [1, 2, 3]}}
    ]


def test_a_reader_that_is_left_early_ends_quietly() -> None:
    assert next(json_stream.items(Member(b"[1, 2, 3]", "chats.json"), "item")) == 1


def test_whole() -> None:
    assert json_stream.whole(Member(b'{"a": [1]}', "x.json")) == {"a": [1]}
    assert json_stream.whole(Member(b'"a"', "x.json"), 3) == "a"
    for data in (b'{"a": 1', b"", b"1 2"):
        with pytest.raises(InvalidInput, match=r"^x\.json is "):
            json_stream.whole(Member(data, "x.json"))
    with pytest.raises(InvalidInput, match="larger than 4 bytes"):
        json_stream.whole(Member(b"[1,2]", "x.json"), 4)
    assert math.isfinite(json_stream.whole(io.BytesIO(b"1.5")))  # type: ignore[arg-type]


def test_what_the_source_says_is_passed_on() -> None:
    class Damaged(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise InvalidInput("The file is damaged. Export it again.")

    with pytest.raises(InvalidInput, match="damaged"):
        list(json_stream.items(Damaged(), "item"))  # type: ignore[arg-type]


def test_lines() -> None:
    data = '{"a": 1}\r\n\n  \n"é"\n' + "x" * 50 + "\nlast"
    expected = [(1, b'{"a": 1}'), (4, '"é"'.encode()), (5, None), (6, b"last")]
    for encoding in ("utf-8-sig", "utf-16"):
        for step in (1, 3, 1_000):
            assert list(utf8.lines(Trickle(data.encode(encoding), step), most_bytes=40)) == expected
    assert list(utf8.lines(io.BytesIO(b""))) == []
    stream = Endless(b"1\n", b"x")
    lines = utf8.lines(stream, most_bytes=100)
    assert next(lines) == (1, b"1")
