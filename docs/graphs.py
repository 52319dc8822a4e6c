"""Draws the four graphs of the code into docs/graphs.md, between two markers: `python docs/graphs.py`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, cast

sys.path.insert(0, str(Path(__file__).parents[1]))

from graph import consolidate, persona, remember, respond

PAGE = Path(__file__).parent / "graphs.md"
_BETWEEN = re.compile(r"(<!-- graphs: made by docs/graphs\.py -->\n).*?(<!-- /graphs -->)", re.DOTALL)


def drawn() -> str:
    """Return the four graphs as Mermaid blocks, each below its name."""
    # Building a graph only wires it: no part is used before a run.
    nobody = cast("Any", None)
    graphs = {
        "respond": respond.build(nobody, nobody),
        "remember": remember.build(nobody, nobody),
        "consolidate": consolidate.build(nobody, nobody),
        "persona (one whole turn)": persona.build(nobody, nobody, nobody),
    }
    blocks = []
    for name, graph in graphs.items():
        lines = graph.get_graph().draw_mermaid(with_styles=False).replace("\t", "  ").strip()
        blocks.append(f"**{name}**\n\n```mermaid\n{lines}\n```\n")
    return "\n".join(blocks)


def put(page: str) -> str:
    """Return the text of the page with the graphs of the code between its markers."""
    return _BETWEEN.sub(lambda match: f"{match[1]}\n{drawn()}\n{match[2]}", page)


if __name__ == "__main__":
    PAGE.write_text(put(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
