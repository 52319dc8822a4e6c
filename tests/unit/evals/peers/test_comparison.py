"""One run of several programs: each gets the same, and one that fails does not end the run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evals.components import peers
from evals.datasets.evidence import Asked, Conversation, Said
from evals.peers import installed, table
from memory.core.errors import InvalidInput, NotFound
from tests.unit.evals.conftest import ADAPTER

DAY = datetime(2024, 5, 1, tzinfo=UTC)
LINES = ("Ann: The kettle is in the cellar.", "Bob: My violin broke.", "Ann: We walked by the sea.", "Bob: Yes!", "Ann: Yes!")
TALK = Conversation(
    "talk-1",
    tuple(
        Said(f"D1:{number}", DAY + timedelta(days=number), text, session=f"s{number // 2}") for number, text in enumerate(LINES)
    ),
    (
        Asked("Where is the kettle?", "single-hop", ("D1:0",)),
        Asked("What broke of Bob's violin?", "single-hop", ("D1:1", "D1:4")),
    ),
)
TURNS = {said.id: said for said in TALK.turns}


def test_each_program_gets_its_figures_or_the_reason_why_it_has_none(programs):
    programs(ours="", mem0="", chroma="breaks", hindsight="dies")
    seen: list[str] = []
    rows = peers.compare([TALK], ["ours", "mem0", "langmem", "chroma", "hindsight"], seen.append)
    assert list(rows) == ["ours", "mem0", "langmem", "chroma", "hindsight"]
    assert rows["langmem"] == {"error": "it is not installed"}
    assert rows["chroma"]["error"].startswith("chroma ended with an error: ValueError: no store")
    assert rows["hindsight"] == {"error": "hindsight ended with an error: Fatal: out of luck"}
    for name in ("ours", "mem0"):
        row = rows[name]
        assert (row["turns"], row["questions"], row["recall@10"], row["any@10"], row["session_any@10"]) == (5, 2, 1.0, 1.0, 1.0)
        assert row["mrr"] == 1.0
        assert 0 <= row["search_ms"]["p50"] <= row["search_ms"]["p95"]
        assert row["survived"] == 1.0
        assert row["remains_in"] == []
        assert row["peak_mb"] > 1
    assert "talk-1: 5 turns, 2 questions" in seen


def test_a_turn_is_found_where_its_text_is_and_sessions_count_once():
    found = peers.scored(TALK.questions[1], ["a text of its own", LINES[2], LINES[4], LINES[1]], TURNS)
    assert found.places == (4.0, 3.0)
    # Its own text, s1 (by the third line), s2, s0.
    assert found.session == 3.0
    nothing = peers.scored(TALK.questions[0], [LINES[2]], TURNS)
    assert nothing.places == (float("inf"),)
    assert nothing.session == float("inf")


RESULT = {
    "at": "2026-03-02T10:00:00+00:00",
    "machine": {"cores": 2, "processor": "Example 1", "python": "3.11.7"},
    "found": {
        "data": {"conversations": 1, "turns": 5, "questions": 2},
        "memory_gb": 24,
        "programs": {
            "mem0": {
                "version": "2", "recall@10": 0.5, "any@10": 0.6, "session_any@10": 0.7, "mrr": 0.4, "search_ms": {"p50": 20.0, "p95": 30.0},
                "add_ms": {"p50": 40.0, "p95": 50.0}, "peak_mb": 1200, "disk_mb": 3.0, "survived": 0.975, "on_disk": True,
                "deleted_found": False, "remains_in": ["a.db", "b/c"],
            },
            "hindsight": {"error": "it could not be installed: no | wheel"},
        },
    },
}  # fmt: skip


def test_the_page_has_a_row_for_each_and_says_what_is_left():
    mem0 = RESULT["found"]["programs"]["mem0"]
    in_memory = {**mem0, "on_disk": False, "survived": 0.0, "remains_in": []}
    ours = {**mem0, "search_ms": {"p50": 11.0, "p95": 12.0}, "remains_in": []}
    programs = {**RESULT["found"]["programs"], "ours": ours, "langgraph_store": in_memory}
    page = table.page({**RESULT, "found": {**RESULT["found"], "programs": programs}})
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert [row.count(" | ") for row in rows] == [13] * len(rows)
    assert "on 2026-03-02. Machine: 2 cores of Example 1, 24 GB of memory" in page
    assert rows[2].startswith(
        "| this program | 2 | 0.500 | 0.600 | 0.700 | 0.400 | 11.0 | 12.0 | 40.0 | 50.0 | 1,200 | 3.0 | 98% | nothing |"
    )
    assert rows[3].endswith("| 98% | `a.db`, `b/c` |")
    assert "did not run: it could not be installed: no \\| wheel" in rows[4].replace(" | ", "|")
    assert rows[5].endswith("| 0 | nothing: in memory alone | nothing: no files |")
    assert "11.0 ms here, 20.0 ms with mem0, in turn by conversation: a ratio of 0.55." in page
    assert "a search still finds it" in table.remains({**mem0, "deleted_found": True})
    assert "ratio" not in table.page(RESULT)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PERSONA_CACHE_DIR", str(tmp_path))
    return tmp_path


def test_a_program_is_missing_until_its_environment_has_a_python(cache):
    assert installed.missing("ours") == ""
    assert installed.missing("mem0") == "is not installed"
    folder = cache / "peers" / "mem0"
    (folder / "bin").mkdir(parents=True)
    (folder / "failed").write_text("ERROR: No matching distribution\n")
    assert installed.missing("mem0") == "could not be installed: ERROR: No matching distribution"
    with pytest.raises(NotFound, match=r"^mem0 could not be installed: ERROR: No matching distribution\. Run `make peers`"):
        installed.check(["mem0"], ["mem0"])
    (folder / "bin" / "python").touch()
    assert installed.missing("mem0") == ""


def test_an_unknown_program_is_refused_with_the_known_ones():
    with pytest.raises(InvalidInput, match=r"^--peers takes ours, mem0, .*; not 'zep'\.$"):
        installed.check_known(["mem0", "zep"])


def test_every_program_has_an_adapter_exact_requirements_and_a_title():
    folder = installed.Path(installed.__file__).parent
    assert {one.parent.name for one in folder.glob("*/adapter.py")} == {installed.OURS, *installed.PEERS} == set(table.TITLES)
    for name in installed.PEERS:
        assert all("==" in line for line in (folder / name / "requirements.txt").read_text().splitlines()), name
        assert name == "mem0" or "DISTRIBUTION" in (folder / name / "adapter.py").read_text()
    assert "DISTRIBUTION" in ADAPTER
