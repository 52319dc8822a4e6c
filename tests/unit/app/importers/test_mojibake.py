"""Strings of Facebook and Instagram: UTF-8 bytes as Latin-1 characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.importers.mojibake import repaired


def broken(text: str) -> str:
    return text.encode().decode("latin-1")


@pytest.mark.parametrize("text", ["Grüße aus Köln", "😂", "Zażółć gęślą jaźń", "元気？", "plain", "", "👩\u200d👩\u200d👧 são"])
def test_a_broken_string_is_repaired(text):
    assert repaired(broken(text)) == text


@pytest.mark.parametrize(
    "text", ["Grüße aus Köln", "voilà", "déjà vu", "São Paulo", "naïve café", "5 °C", "« oui »", "元気？", "🎂 für Zoë", "à"]
)
def test_a_right_string_stays(text):
    assert repaired(text) == text


def test_a_last_character_that_is_cut_is_dropped():
    assert repaired(broken("schön 😂")[:-2]) == "schön "


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_string_comes_back(text):
    assert repaired(broken(text)) == text


@given(st.text())
def test_any_string_is_taken(text):
    assert isinstance(repaired(text), str)
    if any(ord(sign) > 255 for sign in text):
        assert repaired(text) == text
