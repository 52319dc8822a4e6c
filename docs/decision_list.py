"""Writes docs/decisions/index.md and the decisions in mkdocs.yml: `python docs/decision_list.py`.

Number and title come from a decision's first line. The date is the day on which git first knew the file. A date that the page
already has is kept, so that the page can be checked without a history.
"""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).parent / "decisions"
PAGE = FOLDER / "index.md"
SITE = Path(__file__).parents[1] / "mkdocs.yml"
_TITLE = re.compile(r"# (\d{3}):? (.+)")
_BETWEEN = re.compile(r"( *# decisions: made by docs/decision_list\.py\n).*?( *# /decisions\n)", re.DOTALL)
_REPLACED = re.compile(r"(superseded|taken back) by (\d{3})", re.IGNORECASE)
_INTRODUCTION = """# Decisions

A decision says what was chosen, why, what was measured, and what was tried and not kept. It is *accepted* until a later one
supersedes it. When files move, the paths in a decision are corrected. `python docs/decision_list.py` makes this list.

| | decision | status | date |
|---|---|---|---|
"""


def page(before: str = "") -> str:
    """Return the page.

    Args:
        before: The page as it is now; its dates are kept.
    """
    dates = dict(re.findall(r"^\| (\d{3}) \|.*\| (\d{4}-\d\d-\d\d) \|$", before, re.MULTILINE))
    rows = []
    for path in _decisions():
        text = path.read_text(encoding="utf-8")
        number, title = _TITLE.match(text).groups()  # type: ignore[union-attr] - a decision without a title fails here
        rows.append(f"| {number} | [{title}]({path.name}) | {_status(text)} | {dates.get(number) or _added(path)} |\n")
    return _INTRODUCTION + "".join(rows)


def put(site: str) -> str:
    """Return the text of mkdocs.yml with every decision between its markers; the site takes their titles from the files."""
    listed = "".join(f"      - decisions/{path.name}\n" for path in _decisions())
    return _BETWEEN.sub(lambda match: match[1] + listed + match[2], site)


def _decisions() -> list[Path]:
    return sorted(FOLDER.glob("[0-9]*.md"))


def _status(text: str) -> str:
    """Return what a later decision did to this one, by the line that says so; else that it is accepted."""
    for line in text.splitlines():
        if found := _REPLACED.search(line):
            whole = line.startswith(found[0])
            return f"superseded by {found[2]}" if whole else f"superseded in part by {found[2]}"
    return "accepted"


def _added(path: Path) -> str:
    """Return the day on which git first knew the file: today where it does not know it yet."""
    command = ["git", "log", "--follow", "--format=%as", "-1", "--diff-filter=A", "--", path.name]
    found = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    return found.stdout.strip() or f"{datetime.now(UTC):%Y-%m-%d}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""), encoding="utf-8")
    SITE.write_text(put(SITE.read_text(encoding="utf-8")), encoding="utf-8")
