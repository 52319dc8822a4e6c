"""Draws the five graphs of the code into docs/images/ and lists them in docs/graphs.md: `python docs/graphs.py`."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

import graph_drawing

from graph import chat, consolidate, persona, remember, respond

PAGE = Path(__file__).parent / "graphs.md"
IMAGES = Path(__file__).parent / "images"
_BETWEEN = re.compile(r"(<!-- graphs: made by docs/graphs\.py -->\n).*?(<!-- /graphs -->)", re.DOTALL)


def graphs() -> dict[str, Mapping[tuple[str, str], bool]]:
    """Return the edges of each graph, and whether an edge is one of several to choose from."""
    # Building a graph only wires it: no part is used before a run.
    nobody = cast("Any", None)
    built = {
        "respond": respond.build(nobody, nobody),
        "remember": remember.build(nobody, nobody),
        "consolidate": consolidate.build(nobody, nobody),
        "persona": persona.build(nobody, nobody, nobody),
        "chat": chat.build(nobody),
    }
    return {
        name: {(edge.source.strip("_"), edge.target.strip("_")): edge.conditional for edge in sorted(one.get_graph().edges)}
        for name, one in built.items()
    }


def drawings() -> dict[Path, str]:
    """Return the SVG text of each graph by the path of its file."""
    return {IMAGES / f"graph-{name}.svg": graph_drawing.svg(edges) for name, edges in graphs().items()}


def put(page: str) -> str:
    """Return the text of the page with a picture of each graph between its markers; in words, too, for a screen reader."""
    blocks = []
    for name, edges in graphs().items():
        targets = {source: ", ".join(to for other, to in edges if other == source) for source, _ in edges}
        words = "; ".join(f"{source} → {to}" for source, to in targets.items())
        blocks.append(f"## {name}\n\n![{words}](images/graph-{name}.svg)\n")
    listed = "\n".join(blocks)
    return _BETWEEN.sub(lambda match: f"{match[1]}\n{listed}\n{match[2]}", page)


if __name__ == "__main__":
    PAGE.write_text(put(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    for path, text in drawings().items():
        path.write_text(text, encoding="utf-8")
