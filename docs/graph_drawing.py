"""Draws a small directed graph as SVG, in rows from top to bottom, so that the documents need no drawing program."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean

_Item = str | tuple[str, str, int]
"""What has a place in a row: a node, or an edge where it passes the row."""

_ROW, _HEIGHT, _GAP, _PORT = 92, 32, 24, 22
"""Pixels: from row to row, the height of a box, between two boxes, between two arrows at one box."""
# Grey arrows and boxes of one colour can be read on a light and on a dark page.
_HEAD = """<style>
path{fill:none;stroke:#7d8590;stroke-width:1.5} .choice{stroke-dasharray:5 4} marker path{fill:#7d8590;stroke:none}
rect{fill:#2f6db5} .outer{fill:#5b6470} text{fill:#fff;font:14px system-ui,sans-serif;text-anchor:middle}
</style>
<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse">
<path d="M0 0L8 4L0 8Z"/></marker>"""


def svg(edges: Mapping[tuple[str, str], bool]) -> str:
    """Return the drawing of a graph from `start` to `end`: its edges, and whether each is a choice, which is dashed."""
    row_of = _rows(list(edges))
    paths: dict[tuple[str, str], list[_Item]] = {}
    for edge in edges:
        upper, lower = sorted(edge, key=row_of.__getitem__)
        paths[edge] = [upper, *((*edge, row) for row in range(row_of[upper] + 1, row_of[lower])), lower]
    links = [(edge, pair) for edge, path in paths.items() for pair in pairwise(path)]
    x = _across(row_of, paths)

    def end(link: tuple[tuple[str, str], tuple[_Item, _Item]], side: int) -> tuple[float, int]:
        """Return where a link meets its upper (0) or lower (1) item: arrows at one box are in the order of their other ends."""
        item = link[1][side]
        meeting = sorted((one for one in links if one[1][side] == item), key=lambda one: (x[one[1][1 - side]], one[0]))
        row = row_of[item] if isinstance(item, str) else item[2]
        across = x[item] + (meeting.index(link) - (len(meeting) - 1) / 2) * _PORT
        return across, _GAP + row * _ROW + (0 if side else _HEIGHT)

    drawn = []
    for edge, choice in edges.items():
        (left, top), *points = [end(link, side) for link in links if link[0] == edge for side in (0, 1)]
        curve = f"M{left:.0f} {top}"
        for right, bottom in points:
            curve += f"C{left:.0f} {(top + bottom) // 2} {right:.0f} {(top + bottom) // 2} {right:.0f} {bottom}"
            left, top = right, bottom
        tip = "start" if row_of[edge[0]] > row_of[edge[1]] else "end"
        drawn.append(f'<path class="{"choice" if choice else "always"}" marker-{tip}="url(#tip)" d="{curve}"/>')
    for node, row in row_of.items():
        left, top, kind = x[node] - _width(node) / 2, _GAP + row * _ROW, "outer" if node in {"start", "end"} else "inner"
        drawn.append(f'<rect class="{kind}" x="{left:.0f}" y="{top}" width="{_width(node)}" height="{_HEIGHT}" rx="8"/>')
        drawn.append(f'<text x="{x[node]:.0f}" y="{top + 21}">{node}</text>')
    width = round(max(x[item] + _width(item) / 2 for item in x)) + _GAP
    height = max(row_of.values()) * _ROW + _HEIGHT + 2 * _GAP
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', _HEAD, *drawn, "</svg>\n"])


def _width(item: _Item) -> int:
    return max(5 * _PORT, 8 * len(item) + 24) if isinstance(item, str) else 2


def _rows(edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Return the row of each node: below every node that leads to it, apart from arrows that lead back."""
    rows, down = {"start": 0}, []

    def visit(node: str, above: tuple[str, ...]) -> None:
        # The last name first: so `retrieve` comes before `reason`.
        for target in [target for source, target in reversed(edges) if source == node and target not in above]:
            down.append((node, target))
            if target not in rows:
                rows[target] = 0
                visit(target, (*above, target))

    visit("start", ("start",))
    for _ in rows:
        for source, target in down:
            rows[target] = max(rows[target], rows[source] + 1)
    return rows


def _across(row_of: Mapping[str, int], paths: Mapping[tuple[str, str], Sequence[_Item]]) -> dict[_Item, float]:
    """Return how far right the middle of each item is: close to what it is linked with, and clear of its neighbours."""
    linked, rows = defaultdict[_Item, list[_Item]](list), defaultdict[int, list[_Item]](list)
    for above, below in (pair for path in paths.values() for pair in pairwise(path)):
        linked[above].append(below)
        linked[below].append(above)
    for item in linked:
        rows[row_of[item] if isinstance(item, str) else item[2]].append(item)
    x: dict[_Item, float] = {item: 99.0 * number for row in rows.values() for number, item in enumerate(row)}
    for ordered in (False,) * 30 + (True,) * 30:
        for row in rows.values():
            wanted = {item: fmean(x[other] for other in linked[item]) for item in row}
            if not ordered:
                row.sort(key=wanted.__getitem__)
            right, left = dict(wanted), dict(wanted)
            for one, other in pairwise(row):
                right[other] = max(right[other], right[one] + (_width(one) + _width(other)) / 2 + _GAP)
            for one, other in reversed(list(pairwise(row))):
                left[one] = min(left[one], left[other] - (_width(one) + _width(other)) / 2 - _GAP)
            x |= {item: (left[item] + right[item]) / 2 for item in row}
    begin = min(x[item] - _width(item) / 2 for item in x) - _GAP
    return {item: place - begin for item, place in x.items()}
