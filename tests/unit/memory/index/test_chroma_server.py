"""Which URLs name a Chroma server, or a database of it."""

from __future__ import annotations

import pytest

from memory.core.errors import StorageError
from memory.index.chroma_server import _parts


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://chroma:8001", ("chroma", 8001, False, "")),
        ("https://chroma.example/", ("chroma.example", 8000, True, "")),
        ("http://chroma/first", ("chroma", 8000, False, "first")),
        ("http://chroma:80/my.first-one_2/", ("chroma", 80, False, "my.first-one_2")),
        ("http://[::1]:8001/first", ("::1", 8001, False, "first")),
    ],
)
def test_its_parts(url, parts):
    assert _parts(url) == parts


@pytest.mark.parametrize(
    "url",
    ["chroma:8000", "ftp://chroma", "http://chroma:x", "http://chroma:70000", "http://chroma?x=1", "http://chroma#f", "http://me:secret@chroma"],
)  # fmt: skip
def test_it_is_no_url_of_a_server(url):
    with pytest.raises(StorageError, match="is no URL of a server") as raised:
        _parts(url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("name", ["ab", "a b", "-abc", "abc-", "a/b", "..", "Größe", "a" * 513])
def test_it_names_a_database_that_chroma_does_not_allow(name):
    with pytest.raises(StorageError, match="3 to 512"):
        _parts(f"http://chroma:8000/{name}")
