"""HTML answers as plain text: what a person reads is kept, and hostile markup costs no time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.importers.html_text import plain_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One</p><p>Two<br>lines</p>", "One\n\nTwo\nlines"),
        ("<h2>Plan</h2><p>Go <strong>now</strong>, <em>please</em>.</p>", "Plan\n\nGo now, please."),
        (
            "<ul><li><p>One</p><p>more</p></li><li>Two<ul><li>deep</li></ul></li></ul><p>After</p>",
            "- One\n  more\n- Two\n  - deep\n\nAfter",
        ),
        ("<ol start=3><li>c</li><li>d</li></ol>", "3. c\n4. d"),
        ("<ol start='x'><li>c</li></ol>", "1. c"),
        ("<table><tr><th>A</th><th><p>B</p></th></tr><tr><td>1</td><td>2</td></tr></table>x", "A | B\n1 | 2\n\nx"),
        ("<pre><code>if a &lt; b:\n    c()\n</code></pre>end", "```\nif a < b:\n    c()\n```\n\nend"),
        ('<p>See <a href="https://a.example">this</a> <img alt="a cat" src="x"></p>', "See this a cat"),
        ("a<script>bad()</script>b<!-- no --><svg><path/></svg>c", "abc"),
        ("1 < 2 && 3 > 2 <3 &euro; &nbsp;x", "1 < 2 && 3 > 2 <3 €  x"),
        ("<li>loose</li>", "- loose"),
        ("</ul></pre></table><!-- open", ""),
        ("", ""),
    ],
)
def test_markup_as_text(markup: str, text: str) -> None:
    assert plain_text(markup) == text


@pytest.mark.parametrize("piece", ["<!--", "<", "<a ", "</", "<![CDATA[", "<ul><li>", "<br><p>", "<pre>", "&"])
def test_repeated_pieces_take_time_by_their_length_alone(piece: str) -> None:
    # With a parser that searches again from each piece this takes minutes.
    assert isinstance(plain_text(piece * 20_000), str)


@given(
    st.lists(
        st.sampled_from(
            ["<p>", "</p>", "<ul>", "</ul>", "<li>", "<tr>", "<td>", "</table>", "<pre>", "</pre>", "<br>", "word", " "]
        )
    )
)
def test_words_are_never_lost(pieces: list[str]) -> None:
    assert plain_text("".join(pieces)).count("word") == pieces.count("word")
