"""Every figure of the pages is in the result file that docs/figures.toml names."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from tests.unit.repository.test_docs import DOCS, ROOT, read, script

figures = script("figures")
LISTED = tomllib.loads(read(DOCS / "figures.toml"))
RESULT = {
    "benchmark": "retrieval",
    "at": "2026-03-02T10:00:00+00:00",
    "machine": {"cores": 2, "processor": "Example 2.4 GHz"},
    "command": "persona eval retrieval --data talks.json",
    "found": {"ours": {"recall@10": 0.8514, "a/b": {"right": 28}, "plain": None}, "bm25": {"recall@10": 0.5}, "turns": 1234},
}
TEMPLATES = """
[[figure]]
pages = ["page.md"]
texts = [
  '| ours | {one/ours/recall@10:.3f} | {one/turns:,d} | {one/ours/plain:d} |',
  'ours has {one/ours/a/b/right:d} of 30 and finds {one/ours/recall@10:.0%} of',
  '* `{one/command}`, on {one/at:.10}, {one/machine/cores:d} cores of {one/machine/processor}.',
]

[[claim]]
pages = ["page.md"]
texts = ["better than BM25"]
holds = ["one/bm25/recall@10 < one/ours/recall@10"]

[[allowed]]
pages = ["page.md"]
texts = ["of 30", "1.2 GB"]
reason = "a size"
"""
PAGE = """# A page, made on 127.0.0.1 with a 1.5B model

`sleep 5.5` takes 1.2
GB.

| search | recall | turns | |
|---|---|---|---|
| ours | … | 1,111 | … |
| ours | words |

So ours has … of
30 and finds 80% of it: better than BM25.

```sh
persona eval --limit 3.5   # a comment
```

* `…`, on …, … cores of ….
"""


@pytest.fixture
def tree(tmp_path):
    """Write a list, a page and a result; returns a function that checks them."""

    def run(page=PAGE, result=RESULT, templates=TEMPLATES):
        (tmp_path / "docs").mkdir(exist_ok=True)
        (tmp_path / "docs" / "figures.toml").write_text(f'pages = ["page.md"]\n[files]\none = "one.json"\n{templates}')
        (tmp_path / "page.md").write_text(page)
        (tmp_path / "one.json").unlink(missing_ok=True)
        if result is not None:
            (tmp_path / "one.json").write_text(json.dumps(result))
        return figures.checked(tmp_path)["page.md"]

    return run


@pytest.mark.parametrize("name", LISTED["pages"])
def test_every_figure_of_a_page_is_in_its_result_file(name):
    page = figures.checked()[name]
    assert [*page.outdated, *page.wrong] == [], "after a new run: `python docs/figures.py`"


def test_every_result_file_is_quoted_and_has_its_command():
    kept = {path.relative_to(ROOT).as_posix() for path in (ROOT / "evals" / "results").glob("*.json")}
    assert kept <= set(LISTED["files"].values())
    commands = set(re.findall(r"^\| `(\S+)` \|", read(ROOT / "evals" / "results" / "README.md"), re.MULTILINE))
    assert commands == {path.rpartition("/")[2] for path in LISTED["files"].values() if path.startswith("evals/results/")}


def test_figures_are_put_where_their_texts_fit_and_once_put_they_stay(tree):
    page = tree()
    assert page.wrong == []
    assert "page.md:8: `1,111` stands there, and the result file says `1,234`." in page.outdated
    assert "| ours | 0.851 | 1,234 | – |\n| ours | words |" in page.text
    assert "ours has 28 of\n30 and finds 85% of it" in page.text
    line = "* `persona eval retrieval --data talks.json`, on 2026-03-02, 2 cores of Example 2.4 GHz."
    assert line in page.text
    again = tree(page.text)
    assert (again.text, again.outdated, again.wrong) == (page.text, [], [])


@pytest.mark.parametrize(
    "figure",
    [
        "0.859",
        "17 ms",
        "4.5 s",
        "12 seconds",
        "38%",
        "5 GB",
        "3 of 4",
        "| 7 |",
        "| 38.5 (30.8 to 46.2) |",
        "```sh\nx  # 3 minutes\n```",
    ],
)
def test_what_looks_measured_needs_a_result_or_a_reason(tree, figure):
    [line] = tree(f"{PAGE}\n{figure}\n").wrong
    assert re.fullmatch(
        r"page\.md:\d+: `.*` looks measured, and docs/figures\.toml names neither its result nor a reason\.", line
    )


@pytest.mark.parametrize(
    "words", ["Python3.11", "version 0.13.9", "127.0.0.1", "`0.859`", "[a](b-0.85.md)", "a 1.5B model", "1, 2 and 3", "| a 7 |"]
)
def test_names_versions_and_code_need_none(tree, words):
    assert tree(f"{PAGE}\n{words}\n").wrong == []


def test_a_figure_without_its_file_or_its_value_is_named_once(tree):
    page = tree(result=None)
    assert page.text == PAGE
    assert page.wrong == [
        "page.md:12: no result for `better than BM25`: one.json is not there.",
        "page.md:8: no result for 9 of the figures: one.json is not there.",
    ]
    [line] = tree(
        result={**RESULT, "found": {**RESULT["found"], "turns": {}, "total": 1}},
        templates=TEMPLATES.replace("one/turns", "one/turn"),
    ).wrong
    assert line == "page.md:8: no result for 1 of the figures: one.json has no `turn`."


def test_a_sentence_that_compares_has_to_be_true(tree):
    worse = {**RESULT, "found": {**RESULT["found"], "bm25": {"recall@10": 0.9}}}
    assert tree(result=worse).wrong == ["page.md:12: `better than BM25` is not true: one/bm25/recall@10 < one/ours/recall@10."]
    [line] = tree(PAGE.replace("better than BM25", "good")).wrong
    assert line == "page.md: the sentence `better than BM25` is not there."


def test_a_text_of_the_list_stands_on_its_page_once(tree):
    row = "| ours | … | 1,111 | … |\n"
    assert any("0 places fit `| ours |" in line for line in tree(PAGE.replace(row, "")).wrong)
    assert any("2 places fit `| ours |" in line for line in tree(PAGE.replace(row, row * 2)).wrong)
    [line] = tree(PAGE.replace("1.2\nGB", "much")).wrong
    assert line == "page.md: what is allowed is not there: `1.2 GB`."


def test_of_other_programs_the_better_ones_are_named(tree):
    def row(recall, ms, mb):
        same = {
            "peak_mb": 5,
            "survived": 1.0,
            "on_disk": mb > 0,
            "deleted_found": False,
            "remains_in": ["a", "b"] if mb > 3 else [],
        }
        return {"recall@10": recall, "search_ms": {"p50": ms}, "add_ms": {"p50": ms}, "disk_mb": mb, **same}

    rows = {"ours": row(0.8, 10, 3), "mem0": row(0.9, 9, 4), "chroma": row(0.1, 5, 0), "langmem": {"error": "no wheel"}}
    templates = """
[[figure]]
pages = ["page.md"]
texts = ["* {one/better/recall@10}; {one/better/search_ms}; {one/better/disk_mb}; {one/programs/chroma/survives}; {one/programs/mem0/remains}."]
[[claim]]
pages = []
[[allowed]]
pages = []
"""
    page = tree("* …; …; …; …; ….\n", {**RESULT, "benchmark": "peers", "found": {"programs": rows}}, templates)
    assert page.text == "* mem0; mem0, Chroma alone; none of them; nothing: in memory alone; in 2 files.\n"
