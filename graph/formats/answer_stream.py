"""Parse one reasoning round as it streams: which text is thought, which is the answer, and which tags are only quoted (pure).

A tag counts by its place. Inside a thought every tag is text until `</think>`; inside an answer every tag is text until
`</answer>`; a quoted tag (`</think>` in backticks) is text too. Text that cannot be classified yet is buffered; nothing that
was shown is taken back. A thought that the chat template opened shows no `<think>`, and a thought that is never closed shows
no `</think>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from graph.formats.escaping import unescape

TAGS = ("<think>", "</think>", "<answer>", "</answer>", "<retrieve>", "</retrieve>")
# ASCII only: by Unicode's rules the Kelvin sign "K" would match k.
ANY_CASE = re.IGNORECASE | re.ASCII
TAG = re.compile(r"</?(?:think|answer|retrieve)>", ANY_CASE)
_BEGUN = re.compile(r"(?:</?[a-z]{0,8}|&(?:amp;)*(?:a|am|amp|l|lt|lt;\s{0,8}/?\s{0,8}[a-z_]{0,13})?)\Z", ANY_CASE)
"""The beginning of a tag, or of an escaped tag, at the end of the text so far."""
_OPENS, _CLOSES = "`\"'“‘«„", "`\"'”’»“"
_FENCE = "```"


@dataclass(frozen=True)
class Delta:
    """One delta of the stream: part of the thought or of the answer."""

    part: Literal["think", "answer"]
    text: str


@dataclass
class _Line:
    """The line up to a position: whether the position is in code, and the text before it."""

    last: str = ""
    blank: bool = True
    in_code: bool = False
    fences: int = 0
    start: str = ""

    @property
    def fenced(self) -> bool:
        """Return whether the line is inside a fence."""
        return self.fences % 2 == 1

    def take(self, text: str) -> None:
        """Advance by a text."""
        for number, part in enumerate(text.split("\n")):
            if number:
                # "```code```" in one line has an even number of backticks, and opens nothing.
                self.fences += self.start == _FENCE and self.in_code
                self.last, self.blank, self.in_code = "", True, False
                self.start = ""
            if not part:
                continue
            self.last = part[-1]
            if len(self.start) < len(_FENCE):
                self.start = (self.start + (part if self.start else part.lstrip()))[: len(_FENCE)]
            self.blank = self.blank and not part.strip()
            self.in_code ^= part.count("`") % 2 == 1


@dataclass(frozen=True)
class _Choice:
    """An opening tag that may be the choice: its name, its position, and whether it begins a line (or follows `</think>`)."""

    name: str
    start: int
    end: int
    leads: bool
    quoted: bool
    line: _Line


class AnswerStream:
    """Splits the model's text stream into thought and answer as it arrives.

    The joined answer deltas are the answer that `parse_reasoning` gives (except for space at the ends): it uses this class
    too.

    Attributes:
        choice: `answer` or `retrieve`, once it is known.
        request: The text inside `<retrieve>`.
        outside: The text outside thought, answer and retrieve.
    """

    def __init__(self) -> None:
        self.choice: Literal["answer", "retrieve"] | None = None
        self.request = ""
        self.outside = ""
        self._state: Literal["outside", "thought", "answer", "retrieve", "done"] = "outside"
        self._buffer = ""
        self._from = self._at = 0
        self._line = _Line()
        self._depth = 0
        self._wrote = False
        """Whether the current part has text other than space."""
        self._thought = False
        """Whether a thought has been closed."""
        self._choices: list[_Choice] = []
        self._end: tuple[int, int] | None = None
        """Where the answer may have ended, and the number of the fence around that place (0: none)."""
        self._final = False
        self._deltas: list[Delta] = []

    def feed(self, text: str) -> list[Delta]:
        """Take the next chunk of text; returns the deltas that can be shown now."""
        self._buffer += text
        self._scan()
        return self._taken()

    def close(self) -> list[Delta]:
        """End the stream; returns the deltas that were still buffered."""
        self._final = True
        self._scan()
        if chosen := self._chosen():
            self._flush(chosen.start)
            self._at, self._line = chosen.end, chosen.line
            self._choose(chosen.name)
            self._scan()
        if self._end is not None:
            self._flush(self._end[0])
            self._enter("done")
        if self._state in {"thought", "answer"}:
            self._buffer = self._buffer[: self._from] + without_cut_tag(self._buffer[self._from :])
        self._flush(len(self._buffer))
        return self._taken()

    def _taken(self) -> list[Delta]:
        if not self._choices and self._end is None:
            # Nothing refers to text that has been shown.
            self._at -= self._from
            self._buffer, self._from = self._buffer[self._from :], 0
        deltas, self._deltas = self._deltas, []
        return deltas

    def _scan(self) -> None:
        """Process the tags that are complete; then show the text that needs no more context."""
        while match := TAG.search(self._buffer, self._at):
            self._pass(match.start())
            if not self._take(match[0].lower(), match.start(), match.end()):
                return
            self._pass(match.end())
        begun = _BEGUN.search(self._buffer, self._at)
        self._pass(begun.start() if begun else len(self._buffer))
        if self._end is not None and self._end[1] not in {0, self._line.fences}:
            # The fence was closed: the text inside it stays text.
            self._end = None
        if self._state in {"retrieve", "done"} or (
            self._state in {"thought", "answer"} and not self._choices and self._end is None
        ):
            self._flush(self._at)

    def _pass(self, place: int) -> None:
        """Advance to a position, including the tags before it."""
        text = self._buffer[self._at : place]
        self._at = place
        self._line.take(text)
        self._wrote = self._wrote or bool(text.strip())

    def _take(self, tag: str, start: int, end: int) -> bool:
        """Process a tag; False if more text is needed first."""
        if self._state in {"retrieve", "done"}:
            if self._state == "retrieve" and tag == "</retrieve>":
                self._flush(start)
                self._skip(end)
                self._enter("done")
            return True
        mention = self._is_mention(end)
        if mention is None:
            return False
        if self._state == "answer":
            self._in_answer(tag, start, end, mention=mention)
        elif tag == "</think>":
            self._close_thought(start, end, mention=mention)
        elif tag == "<think>":
            self._open_thought(end, mention=mention)
        elif tag in {"<answer>", "<retrieve>"}:
            self._may_choose(tag[1:-1], start, end)
        return True

    def _open_thought(self, end: int, *, mention: bool) -> None:
        if mention:
            return
        if self._state == "thought":
            if self._wrote:
                self._depth += 1
            else:
                # The chat template opened the thought, and the model opened it again.
                self._skip(end)
        elif not self._choices and not self._depth and (not self._wrote or (self._line.blank and not self._line.fenced)):
            self._flush(self._at)
            self._skip(end)
            self._enter("thought")
            self._next_thought()
        else:
            # This may be a thought that the template opened and that quotes the format.
            self._depth += 1

    def _close_thought(self, start: int, end: int, *, mention: bool) -> None:
        if self._depth:
            self._depth -= 1
        elif not mention:
            if self._state == "outside" and self._wrote:
                # All text so far was a thought that the chat template opened.
                self._next_thought()
            self._state = "thought"
            self._flush(start)
            self._skip(end)
            self._enter("outside")
            self._thought = True

    def _next_thought(self) -> None:
        if self._thought:
            self._deltas.append(Delta("think", "\n"))

    def _may_choose(self, name: str, start: int, end: int) -> None:
        sure = not self._wrote or (self._thought and self._line.blank and not self._choices)
        if self._state == "outside" and sure and not self._depth:
            self._flush(start)
            self._skip(end)
            self._choose(name)
            return
        line = replace(self._line)
        line.take(self._buffer[start:end])
        leads = self._line.blank or self._buffer[max(0, start - 40) : start].rstrip()[-8:].lower() == "</think>"
        quoted = self._line.in_code or self._line.fenced or (self._line.last != "" and self._line.last in _OPENS)
        if self._state == "thought" and not self._choices:
            self._flush(start)
        self._choices.append(_Choice(name, start, end, leads, quoted, line))

    def _in_answer(self, tag: str, start: int, end: int, *, mention: bool) -> None:
        if tag == "<answer>":
            if not self._wrote:
                self._skip(end)
            elif not mention:
                self._depth += 1
        elif tag == "</answer>":
            in_code = mention or self._line.fenced
            if self._depth:
                self._depth -= 1
                if not in_code:
                    # The tag belongs to an answer quoted inside the answer, unless nothing more comes.
                    self._flush(start)
                    self._end = (start, 0)
            elif not in_code:
                self._flush(start)
                self._skip(end)
                self._enter("done")
            elif not mention:
                # The tag is inside code that goes on, unless the code was never closed.
                self._flush(start)
                self._end = (start, self._line.fences)

    def _is_mention(self, end: int) -> bool | None:
        """Return whether the current tag is quoted, such as `</think>` in backticks; None if more text is needed first."""
        before = self._line.last in _OPENS and self._line.last != ""
        if not before and not self._line.in_code:
            return False
        after = self._buffer[end : end + len(_FENCE)]
        if not self._final and (not after or (after != _FENCE and after == _FENCE[: len(after)] and len(after) < len(_FENCE))):
            return None
        if not after or after == _FENCE:
            return False
        return after[0] == "`" if self._line.in_code else after[0] in _CLOSES

    def _chosen(self) -> _Choice | None:
        """Return the choice among the tags that no thought is known to contain."""
        if self._state == "outside":
            return next((one for one in self._choices if not one.quoted), self._choices[0] if self._choices else None)
        if self._state != "thought":
            return None
        # The thought was never closed: text follows a quoted tag, but nothing follows a reply.
        text = self._buffer.lower()
        closed = {name: text.rfind(f"</{name}>") for name in ("answer", "retrieve")}
        ends = not TAG.sub("", text[max(0, *closed.values()) :]).strip()
        plain = [one for one in self._choices if not one.quoted]
        last = [one for one in plain if (ends if closed[one.name] > one.start else one.leads)]
        retrievals = [one for one in plain if one.name == "retrieve" and one.leads and closed["retrieve"] > one.start]
        return retrievals[0] if retrievals else last[-1] if last else None

    def _choose(self, name: str) -> None:
        self.choice = "answer" if name == "answer" else "retrieve"
        self._from = self._at
        self._enter(self.choice)

    def _enter(self, state: Literal["outside", "thought", "answer", "retrieve", "done"]) -> None:
        self._state = state
        self._depth, self._wrote, self._end = 0, False, None
        self._choices = []
        self._line.fences = 0

    def _skip(self, end: int) -> None:
        """Leave out a tag."""
        self._line.take(self._buffer[self._at : end])
        self._at = self._from = end

    def _flush(self, place: int) -> None:
        """Show the text up to a position, or store it in the part that it belongs to."""
        text = self._buffer[self._from : place]
        self._from = max(self._from, place)
        if not text:
            return
        if self._state == "thought":
            self._deltas.append(Delta("think", unescape(text)))
        elif self._state == "answer":
            self._deltas.append(Delta("answer", unescape(text)))
        elif self._state == "retrieve":
            self.request += text
        else:
            self.outside += text


def without_cut_tag(text: str) -> str:
    """Return a truncated text without the beginning of one of our tags at its end."""
    begun = text.rfind("<")
    return text[:begun] if begun >= 0 and any(tag.startswith(text[begun:].lower()) for tag in TAGS) else text
