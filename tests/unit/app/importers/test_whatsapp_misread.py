"""Chats of WhatsApp whose letters or dates are not as the rest of the file says: nothing of that is silent."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from app.importers.formats.whatsapp import NO_SUCH_DAY, OTHER_ORDER
from app.importers.formats.whatsapp_lines import lines_of
from tests.unit.app.importers.test_whatsapp import ANDROID, read


def test_a_text_of_windows_is_read_and_said():
    text = "26.05.26, 20:00 - Zoë: größer\n27.05.26, 20:00 - Zoë: schön “gut”\n"
    found, left_out = read(text.encode("cp1252"), ANDROID)
    assert [(one.speaker, one.text) for part in found for one in part.messages] == [("Zoë", "größer"), ("Zoë", "schön “gut”")]
    told = [place for place in left_out.places if "UTF-8" in place]
    assert told == [f"{ANDROID!r}: letters that are no UTF-8 are read as Windows-1252 (Latin-1)"]
    assert not any("UTF-8" in place for place in read(text.encode(), ANDROID)[1].places)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60), st.integers(1, 9))
def test_any_utf_8_is_read_as_it_is(text, size):
    class Slow(io.BytesIO):
        def read(self, _=-1):
            return super().read(size)

    told = []
    lines = list(lines_of(Slow(b"x" + text.encode()), lambda: told.append(1)))
    assert "\n".join(lines) == "\n".join(line.removesuffix("\r") for line in f"x{text}".removesuffix("\n").split("\n"))
    assert told == []


def test_a_line_with_another_order_of_day_and_month_is_told_and_stays_text():
    text = "13/6/24, 10:00 - Ada: a\n6/14/24, 10:01 - Ben: b\n45/45/24, 10:01 - Ben: c\n6/14/24 no message\n15/6/24, 10:02 - Ben: d\n"
    found, left_out = read(text, ANDROID)
    assert [(one.speaker, one.text) for part in found for one in part.messages] == [
        ("Ada", "a\n6/14/24, 10:01 - Ben: b\n45/45/24, 10:01 - Ben: c\n6/14/24 no message"), ("Ben", "d"),
    ]  # fmt: skip
    assert left_out.counts == {OTHER_ORDER: 1, NO_SUCH_DAY: 1}
    assert left_out.places[-2:] == [f"{ANDROID!r}, line 2: {OTHER_ORDER}", f"{ANDROID!r}, line 3: {NO_SUCH_DAY}"]
