"""Puts the figures of result files into the pages, as docs/figures.toml lists them.

`python docs/figures.py` rewrites the pages. With `--check` it changes nothing. It names what differs from the result files, and
each figure of the pages that comes from none.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from figure_results import Results, Slot

ROOT = Path(__file__).parents[1]
LIST = "docs/figures.toml"
_PLACEHOLDER = re.compile(r"\{(?P<alias>[^{}/:]+)/(?P<path>[^{}:]+)(?::(?P<form>[^{}]*))?\}")
_LOOKS_MEASURED = re.compile(
    r"(?<![\w.,])\d[\d,]*\.\d+(?!\.?\w)"  # 0.859, and neither 127.0.0.1 nor 1.5B
    r"|(?<![\w.])\d[\d,]*(?:\.\d+)?\s?(?:(?:ms|s|seconds?|minutes?|hours?|kB|MB|GB|times)\b|%)"  # 17 ms
    r"|(?<![\w.])\d[\d,]* of (?:the )?\d[\d,]*"  # 28 of 30
    r"|(?<=\|)[ \d,.()–%×to]*\d[ \d,.()–%×to]*(?=\|)",  # a cell of a table
)
_NOT_PROSE = re.compile(r"`[^`\n]+`|\]\([^)]*\)|<!--.*?-->", re.DOTALL)
_FENCED = re.compile(r"^```\w*\n.*?^```$", re.DOTALL | re.MULTILINE)
_BEFORE_A_COMMENT = re.compile(r"^(?:(?! # )[^\n])*", re.MULTILINE)


class Place(NamedTuple):
    """A figure of a page: where it stands, what stands there, and what its result file says; None: nothing, and `why`."""

    start: int
    end: int
    stands: str
    says: str | None
    why: str = ""


class Page(NamedTuple):
    """A page as `checked` returns it.

    Attributes:
        text: The page with the figures of the result files.
        outdated: Where another figure stands, a line for each: rewriting the page mends it.
        wrong: What else is wrong, a line for each.
    """

    text: str
    outdated: list[str]
    wrong: list[str]


def checked(root: Path = ROOT) -> dict[str, Page]:
    """Compare the pages of the list with the result files.

    Args:
        root: The folder that the paths of the list start from.

    Returns:
        The pages by their paths.
    """
    listed = tomllib.loads((root / LIST).read_text(encoding="utf-8"))
    results = Results(root, listed["files"])
    return {name: _Check(name, (root / name).read_text(encoding="utf-8"), listed, results).page() for name in listed["pages"]}


class _Check:
    """The check of one page."""

    def __init__(self, name: str, text: str, listed: Mapping[str, Any], results: Results) -> None:
        self._name = name
        self._text = text
        self._listed = listed
        self._results = results
        self._wrong: list[str] = []

    def page(self) -> Page:
        places = list(self._places())
        for claim, entry in self._of_page("claim"):
            self._compare(claim, entry["holds"])
        # A file that is missing is named once, and not with each of its figures.
        for why, count in Counter(one.why for one in places if one.says is None).items():
            self._fault(next(one.start for one in places if one.why == why), f"no result for {count} of the figures: {why}.")
        covered = [*self._allowed(), *((one.start, one.end) for one in places)]
        for match in uncovered(self._text, covered):
            self._fault(
                match.start(), f"`{match[0].strip()}` looks measured, and {LIST} names neither its result nor a reason."
            )
        outdated = [one for one in places if one.says is not None and one.says != one.stands]
        text = self._text
        for one in sorted(outdated, key=lambda one: -one.start):
            text = f"{text[: one.start]}{one.says}{text[one.end :]}"
        lines = [
            self._line(one.start, f"`{one.stands}` stands there, and the result file says `{one.says}`.") for one in outdated
        ]
        return Page(text, lines, self._wrong)

    def _of_page(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        return ((text, entry) for entry in self._listed[kind] if self._name in entry["pages"] for text in entry["texts"])

    def _line(self, place: int, what: str) -> str:
        return f"{self._name}:{self._text.count(chr(10), 0, place) + 1}: {what}"

    def _fault(self, place: int, what: str) -> None:
        self._wrong.append(self._line(place, what))

    def _places(self) -> Iterator[Place]:
        for template, _ in self._of_page("figure"):
            try:
                yield from places(self._text, template, self._results)
            except LookupError as error:
                self._wrong.append(f"{self._name}: {error.args[0]}")

    def _compare(self, claim: str, comparisons: Sequence[str]) -> None:
        """Note what is wrong with a sentence that compares: it is not there, or not true."""
        place = re.search(_literal(claim), self._text)
        if place is None:
            self._wrong.append(f"{self._name}: the sentence `{claim}` is not there.")
            return
        for comparison in comparisons:
            try:
                if not self._results.holds(comparison):
                    self._fault(place.start(), f"`{claim}` is not true: {comparison}.")
            except LookupError as error:
                self._fault(place.start(), f"no result for `{claim}`: {error.args[0]}.")

    def _allowed(self) -> Iterator[tuple[int, int]]:
        for text, _ in self._of_page("allowed"):
            matches = list(re.finditer(_literal(text), self._text))
            yield from (match.span() for match in matches)
            if not matches:
                self._wrong.append(f"{self._name}: what is allowed is not there: `{text}`.")


def places(page: str, template: str, results: Results) -> list[Place]:
    """Return the figures at the one place of a page that fits a template.

    Raises:
        LookupError: No place fits, or several do.
    """
    slots = [Slot(one["alias"], one["path"], one["form"] or "") for one in _PLACEHOLDER.finditer(template)]
    first, *rest = (_literal(words) for words in _PLACEHOLDER.split(template)[:: _PLACEHOLDER.groups + 1])
    pattern = first + "".join(f"({slot.pattern}){words}" for slot, words in zip(slots, rest, strict=True))
    matches = list(re.finditer(f"^{pattern}$" if template.startswith(("|", "*")) else pattern, page, re.MULTILINE))
    if len(matches) != 1:
        msg = f"{len(matches)} places fit `{template}`, and there has to be one."
        raise LookupError(msg)
    return [_place(matches[0], number, slot, results) for number, slot in enumerate(slots, start=1)]


def _place(match: re.Match[str], group: int, slot: Slot, results: Results) -> Place:
    try:
        return Place(*match.span(group), match[group], results.says(slot))
    except LookupError as error:
        return Place(*match.span(group), match[group], None, str(error.args[0]))


def _literal(words: str) -> str:
    """Return the regular expression of words, wherever their lines break."""
    return r"\s+".join(re.escape(part) for part in re.split(r"\s+", words))


def uncovered(page: str, covered: Sequence[tuple[int, int]]) -> Iterator[re.Match[str]]:
    """Yield what looks like a measured figure and has a digit outside the covered places.

    Code and links are left out; comments in a block of code are not.
    """
    for match in _LOOKS_MEASURED.finditer(_prose(page)):
        digits = [place for place in range(*match.span()) if page[place].isdigit()]
        if not all(any(start <= digit < end for start, end in covered) for digit in digits):
            yield match


def _prose(page: str) -> str:
    """Return the page, as long as it is, with spaces instead of code and links."""
    comments = _FENCED.sub(lambda block: _BEFORE_A_COMMENT.sub(lambda code: " " * len(code[0]), block[0]), page)
    return _NOT_PROSE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), comments)


def main(words: Sequence[str]) -> int:
    """Rewrite the pages, or check them; returns the exit code."""
    faults = []
    for name, page in checked().items():
        faults += page.wrong
        if "--check" in words:
            faults += page.outdated
        else:
            (ROOT / name).write_text(page.text, encoding="utf-8")
    sys.stderr.write("".join(f"{fault}\n" for fault in faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
