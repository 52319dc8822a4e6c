"""Turns the HTML of an answer into plain text that keeps its paragraphs, lists, tables and code (pure)."""

from __future__ import annotations

import html
import re

_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9]{0,30})(?P<attributes>(?:[\s/][^<>]{0,4000})?)>|<[!?][^<>]{0,4000}>"
)
_ATTRIBUTE = re.compile(r"""\b(alt|start)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_MOST_INDENT = 20
_BLOCKS = frozenset({"p", "div", "blockquote", "table", "dl", "dt", "dd", "hr", "section", "figure", "figcaption"})
_BLOCKS |= {"h1", "h2", "h3", "h4", "h5", "h6"}
_CLOSE_TOGETHER = frozenset({"dt", "dd", "figcaption", "tr", "li"})
_SILENT = frozenset({"script", "style", "template", "svg", "button"})
_CELLS = frozenset({"td", "th"})
_MANY_EMPTY = re.compile(r"\n{3,}")
_SPACES = re.compile(r"[ \t\r\n\f]+")


def plain_text(markup: str) -> str:
    """Return the text of an HTML fragment.

    List items begin with `- ` or their number, indented by depth; the cells of a table row stand between ` | `; blocks of code
    stand between lines of three backticks. Anything that is no markup stays as it is.
    """
    # Not html.parser: before Python 3.12 a file of unclosed comments costs it minutes.
    writer = _Writer()
    position = 0
    while (begin := markup.find("<", position)) >= 0:
        writer.words(html.unescape(markup[position:begin]))
        if markup.startswith("<!--", begin):
            end = markup.find("-->", begin)
            position = len(markup) if end < 0 else end + 3
        elif tag := _TAG.match(markup, begin):
            position = tag.end()
            if name := (tag["name"] or "").lower():
                (writer.close if tag["close"] else writer.open)(name, tag["attributes"])
        else:
            writer.words("<")
            position = begin + 1
    writer.words(html.unescape(markup[position:]))
    return writer.text()


class _Writer:
    """Writes the text of elements as they open and close."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self._silent = 0
        self._code = 0
        self._lists: list[int | None] = []
        """Of each open list the number of its next item; None for a list without numbers."""
        self._cells = 0
        """Cells before this one in the open row of a table; 0 outside of tables."""
        self._ended = 2
        """How many line ends there are after the last word; as if there were two before the first."""
        self._goes_on = False
        """Whether the next words are a further paragraph of a list item."""

    def open(self, tag: str, attributes: str) -> None:
        """Begin an element."""
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br":
            self._write("\n")
        elif tag == "pre":
            self._break(2)
            self._write("```\n")
            self._code += 1
        elif tag in {"ul", "ol"}:
            self._break(2 if not self._lists else 1)
            self._lists.append(int(_attribute(attributes, "start", r"\d{1,6}") or 1) if tag == "ol" else None)
        elif tag == "li":
            self._goes_on = False
            self._break(1)
            self._write(self._bullet())
        elif tag in _CELLS or tag == "tr":
            self._cell(tag)
        elif tag == "img":
            self._write(_attribute(attributes, "alt", ".*"))
        elif tag in _BLOCKS:
            self._block(tag)

    def close(self, tag: str, _attributes: str) -> None:
        """End an element."""
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "pre" and self._code:
            self._code -= 1
            self._break(1)
            self._write("```")
            self._break(2)
        elif tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
            self._break(1 if self._lists else 2)
        elif tag in _BLOCKS:
            self._cells = 0 if tag == "table" else self._cells
            self._block(tag)

    def words(self, text: str) -> None:
        """Write words; outside of code with single spaces."""
        if self._silent or self._code:
            self._write(text)
            return
        text = _SPACES.sub(" ", text)
        if self._goes_on and text.strip():
            self._goes_on = False
            self._write("  " * min(len(self._lists), _MOST_INDENT))
        at_start = self._ended or self._written[-1].endswith(" ")
        self._write(text.removeprefix(" ") if at_start else text)

    def text(self) -> str:
        """Return what was written, with at most one empty line between paragraphs."""
        lines = "".join(self._written).replace("\xa0", " ").split("\n")
        return _MANY_EMPTY.sub("\n\n", "\n".join(line.rstrip() for line in lines)).strip()

    def _cell(self, tag: str) -> None:
        """Begin a row, or a cell of it."""
        if tag == "tr":
            self._break(1)
            self._cells = 0
            return
        if self._cells:
            self._write(" | ")
        self._cells += 1

    def _bullet(self) -> str:
        indent = "  " * max(0, min(len(self._lists), _MOST_INDENT) - 1)
        number = self._lists[-1] if self._lists else None
        if number is None:
            return f"{indent}- "
        self._lists[-1] = number + 1
        return f"{indent}{number}. "

    def _block(self, tag: str) -> None:
        """Begin a paragraph; inside a list item on a line of its own, inside a cell on the same line."""
        if self._lists:
            if not self._ended and not self._written[-1].endswith((" ", ". ")):
                self._break(1)
                self._goes_on = True
        elif self._cells:
            self._write("" if self._ended or self._written[-1].endswith(" ") else " ")
        else:
            self._break(1 if tag in _CLOSE_TOGETHER else 2)

    def _break(self, lines: int) -> None:
        """End the line, with `lines - 1` empty ones after it, unless it has ended already."""
        self._write("\n" * (lines - self._ended))

    def _write(self, text: str) -> None:
        if not text or self._silent:
            return
        self._written.append(text)
        bare = text.rstrip(" ")
        ends = len(bare) - len(bare.rstrip("\n"))
        self._ended = ends if bare.strip("\n") else self._ended + ends


def _attribute(attributes: str, name: str, form: str) -> str:
    """Return the value of an attribute if it has a form; otherwise an empty text."""
    for found in _ATTRIBUTE.finditer(attributes):
        value = html.unescape(found[2] or found[3] or found[4] or "")
        if found[1].lower() == name and re.fullmatch(form, value):
            return value
    return ""
