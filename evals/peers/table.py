"""The result of a comparison as a page of Markdown; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

TITLES = {
    "ours": "this program",
    "mem0": "mem0",
    "langmem": "langmem",
    "mempalace": "MemPalace",
    "hindsight": "Hindsight",
    "chroma": "Chroma alone",
    "langgraph_store": "LangGraph's InMemoryStore",
}
"""The programs in the order of the table."""
_IN_MEMORY = "nothing: in memory alone"
_SHARES = ("recall@10", "any@10", "session_any@10", "mrr")
_HEAD = (
    "program", "version", "recall@10", "any@10", "session any@10", "MRR", "search p50, ms", "p95", "add p50, ms", "p95",
    "memory, MB", "disk, MB", "survives a kill", "remains after a deletion",
)  # fmt: skip
COMMAND = "make peers DATA=…"


def page(result: Mapping[str, Any]) -> str:
    """Return the page.

    Args:
        result: What `evals.perf.results` saved: `at`, `machine`, and `found` with `data`, `memory_gb` and the `programs`.
    """
    found = result["found"]
    rows: Mapping[str, Mapping[str, Any]] = found["programs"]
    lines = [
        "# Programs for memory, measured in one run",
        "",
        f"Made by `{COMMAND}` on {result['at'][:10]}. {_machine(result['machine'], found['memory_gb'])} {_data(found)}",
        "[SETTINGS.md](SETTINGS.md) says how each program is set and what each figure counts.",
        "",
        _line(_HEAD),
        _line("---" if number < 2 else "---:" if number < len(_HEAD) - 2 else "---" for number in range(len(_HEAD))),  # noqa: PLR2004 - two columns of words at each end
        *(_line(_cells(name, rows[name])) for name in TITLES if name in rows),
        "",
    ]
    return "\n".join([*lines, *_beside(rows)])


def _machine(machine: Mapping[str, Any], memory_gb: int) -> str:
    return f"Machine: {machine['cores']} cores of {machine['processor']}, {memory_gb} GB of memory; no GPU is used."


def _data(found: Mapping[str, Any]) -> str:
    data = found["data"]
    return f"Data: LoCoMo, {data['conversations']} conversation(s), {data['turns']} turns, {data['questions']} questions."


def _cells(name: str, row: Mapping[str, Any]) -> list[str]:
    if "error" in row:
        return [TITLES[name], f"did not run: {row['error']}".replace("|", "\\|"), *[""] * (len(_HEAD) - 2)]
    times = [f"{row[what][share]:.1f}" for what in ("search_ms", "add_ms") for share in ("p50", "p95")]
    return [
        TITLES[name], row["version"], *(f"{row[share]:.3f}" for share in _SHARES), *times, f"{row['peak_mb']:,}",
        f"{row['disk_mb']:.1f}" if row["on_disk"] else "0", survives(row), remains(row),
    ]  # fmt: skip


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def survives(row: Mapping[str, Any]) -> str:
    """Return what is left after a kill, in words or as a share."""
    return f"{row['survived']:.0%}" if row["on_disk"] else _IN_MEMORY


def remains(row: Mapping[str, Any]) -> str:
    """Return what is left after a deletion, in words."""
    if row["deleted_found"]:
        return "a search still finds it"
    if not row["on_disk"]:
        return "nothing: no files"
    return ", ".join(f"`{name}`" for name in row["remains_in"]) if row["remains_in"] else "nothing"


def _beside(rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the ratio of our search to mem0's, if both ran."""
    ours, theirs = (rows.get(name, {}).get("search_ms", {}).get("p50", 0) for name in ("ours", "mem0"))
    if not ours or not theirs:
        return []
    return [
        f"Search, p50: {ours:.1f} ms here, {theirs:.1f} ms with mem0, in turn by conversation: a ratio of {ours / theirs:.2f}.",
        "",
    ]
