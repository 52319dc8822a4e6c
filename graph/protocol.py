r"""The wire format of reasoning: its grammar, its parser, and the incremental stream of the answer (pure functions).

`<think>…</think>` and then exactly one of `<answer>…</answer>` and
`<retrieve>⏎"keywords": "…"⏎"start_time": …⏎"end_time": …⏎</retrieve>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from graph.lines import quote, read_pairs

# Text may hold "<", but not the start of one of our closing tags.
_TEXT = """prose ::= [^<] | "<" [^/<] | "</" [^atr< ]
think ::= "<think>" prose{1,600} "</think>\\n"
"""
_ANSWERING = 'answer ::= "<answer>" prose+ "</answer>"\n'
_RETRIEVING = r"""retrieve ::= "<retrieve>\n" words "\n\"start_time\": " time "\n\"end_time\": " time "\n</retrieve>"
words ::= "\"keywords\": \"" [^"\\<\n]{1,120} "\""
time ::= "null" | "\"" d d d d "-" d d "-" d d " " d d ":" d d "\""
d ::= [0-9]
"""

REASONING_GRAMMAR = "root ::= think (answer | retrieve)\n" + _TEXT + _ANSWERING + _RETRIEVING
"""GBNF for one round; llama.cpp takes it as `grammar`, vLLM as `structured_outputs.grammar`."""
RETRIEVE_GRAMMAR = "root ::= think retrieve\n" + _TEXT + _RETRIEVING
"""The same, with retrieving as the only choice (the switch that forces a first retrieval)."""
ANSWER_GRAMMAR = "root ::= think answer\n" + _TEXT + _ANSWERING
"""The same, with answering as the only choice (the last round)."""

_TAGS = ("<think>", "</think>", "<answer>", "</answer>", "<retrieve>", "</retrieve>")
# ASCII: by Unicode's rules "K" (the Kelvin sign) would be a k.
_ANY_CASE = re.IGNORECASE | re.ASCII
_TAG = re.compile(r"</?(?:think|answer|retrieve)>", _ANY_CASE)
_CHOICE = re.compile(r"<(answer|retrieve)>", _ANY_CASE)
_THINK = re.compile(r"<think>(.*?)(?:</think>|(?=<answer>|<retrieve>)|$)", _ANY_CASE | re.DOTALL)
_RETRIEVE = re.compile(r"<retrieve>(.*?)(?:</retrieve>|$)", _ANY_CASE | re.DOTALL)
_END = re.compile("</retrieve>", _ANY_CASE)
# The spaces are bounded, so that "<" and 20,000 spaces cost no time, and the stream knows how long to wait.
_NAMED = r"(?:\s{0,8}/?\s{0,8}(?i:think|answer|retrieve)\b|\||/?(?i:s|bos|eos|start_of_turn|end_of_turn)>)"
"""Our tags, and what chat templates mark turns with: a server takes `<|im_end|>` in a message for the end of that message."""
_ESCAPED = re.compile(r"&(?=(?:amp;)*lt;)")
_OURS = re.compile(f"<(?={_NAMED})", re.ASCII)
_UNESCAPED = re.compile(f"&lt;(?={_NAMED})", re.ASCII)
_UNAMP = re.compile(r"&amp;(?=(?:amp;)*lt;)")
_BEGUN = re.compile(r"(?:</?[a-z]{0,8}|&(?:amp;)*(?:a|am|amp|l|lt|lt;\s{0,8}/?\s{0,8}[a-z_]{0,13})?)\Z", _ANY_CASE)


@dataclass(frozen=True)
class Answer:
    """The model answers."""

    text: str
    think: str = ""


@dataclass(frozen=True)
class Retrieve:
    """The model wants to look into memory; the times are as it wrote them, or None."""

    keywords: str
    start_time: str | None = None
    end_time: str | None = None
    think: str = ""


@dataclass(frozen=True)
class Malformed:
    """The output is neither; `problem` tells the model what was wrong."""

    problem: str
    think: str = ""


Reasoned = Answer | Retrieve | Malformed


def parse_reasoning(text: str) -> Reasoned:
    """Read one round of reasoning; lenient about what stands around it, and never raises.

    A missing or cut closing tag at the end (the length limit) is forgiven. Whichever of answer and retrieve comes
    first counts; an answer ends at the next of our tags, whichever it is.
    """
    choice = _CHOICE.search(text)
    head, body = (text[: choice.start()], text[choice.end() :]) if choice else (text, "")
    think = _thought(head, cut=choice is None)
    if choice and choice[1].lower() == "retrieve":
        values = {key.lower(): value for key, value in read_pairs(_END.split(body, maxsplit=1)[0])}
        keywords = values.get("keywords")
        keywords = ", ".join(keywords) if isinstance(keywords, list) else keywords
        if not isinstance(keywords, str) or not keywords.strip():
            return Malformed('Inside <retrieve> there was no line "keywords": "…" with words to look for.', think)
        return Retrieve(unescape(keywords.strip()), _time(values.get("start_time")), _time(values.get("end_time")), think)
    if choice:
        end = _TAG.search(body)
        answer = (body[: end.start()] if end else _without_cut_tag(body)).strip()
        return Answer(unescape(answer), think) if answer else Malformed("The text inside <answer> was empty.", think)
    return Malformed("After </think> there was neither <answer>…</answer> nor <retrieve>…</retrieve>.", think)


def format_reasoning(reasoned: Answer | Retrieve) -> str:
    """Write a round as the model is asked to; `parse_reasoning` reads it back."""
    head = f"<think>{escape(reasoned.think)}</think>\n"
    if isinstance(reasoned, Answer):
        return f"{head}<answer>{escape(reasoned.text)}</answer>"
    start = quote(reasoned.start_time) if reasoned.start_time else "null"
    end = quote(reasoned.end_time) if reasoned.end_time else "null"
    words = quote(escape(reasoned.keywords))
    return f'{head}<retrieve>\n"keywords": {words}\n"start_time": {start}\n"end_time": {end}\n</retrieve>'


def plain_answer(text: str) -> str:
    """Take whatever a model wrote as the answer: what stands in `<answer>`, or all of it without our tags."""
    reasoned = parse_reasoning(text)
    if isinstance(reasoned, Answer):
        return reasoned.text
    without_thought = _THINK.sub("", text, count=1).strip() or text
    return unescape(_TAG.sub("", _RETRIEVE.sub("", without_thought)).strip())


def escape(text: str) -> str:
    """Make our tags, and chat templates' marks, in a person's or a memory's text stay text; `unescape` undoes it."""
    return _OURS.sub("&lt;", _ESCAPED.sub("&amp;", text))


def unescape(text: str) -> str:
    """Undo `escape`."""
    return _UNAMP.sub("&", _UNESCAPED.sub("<", text))


@dataclass(frozen=True)
class Delta:
    """A piece of the stream: of the thought, or of the answer."""

    part: Literal["think", "answer"]
    text: str


class AnswerStream:
    """Cuts the model's text stream into thought and answer as it comes, tags left out.

    The answer deltas, joined, are the answer that `parse_reasoning` gives (but for space at its ends).
    """

    def __init__(self) -> None:
        self._buffer = ""
        self._part: Literal["think", "answer"] | None = None
        self._answered = False

    def feed(self, text: str) -> list[Delta]:
        """Take the next piece of text; returns what can be shown now."""
        self._buffer += text
        deltas: list[Delta] = []
        while match := _TAG.search(self._buffer):
            self._emit(deltas, self._buffer[: match.start()])
            self._buffer = self._buffer[match.end() :]
            self._enter(match[0].lower())
        # A tag, or an escaped one, may be cut in two: its beginning waits for the rest.
        begun = _BEGUN.search(self._buffer)
        keep = begun.start() if begun else len(self._buffer)
        self._emit(deltas, self._buffer[:keep])
        self._buffer = self._buffer[keep:]
        return deltas

    def close(self) -> list[Delta]:
        """End the stream; returns what was still held back."""
        deltas: list[Delta] = []
        self._emit(deltas, _without_cut_tag(self._buffer))
        self._buffer = ""
        return deltas

    def _enter(self, tag: str) -> None:
        if tag == "<think>" and not self._answered:
            self._part = "think"
        elif tag == "<answer>" and not self._answered:
            self._part, self._answered = "answer", True
        else:
            if tag == "<retrieve>" and self._part != "answer":
                self._answered = True
            self._part = None

    def _emit(self, deltas: list[Delta], text: str) -> None:
        if text and self._part is not None:
            deltas.append(Delta(self._part, unescape(text)))


def _thought(head: str, *, cut: bool) -> str:
    """Read the thought; `cut`: the output may have ended in the middle of its closing tag."""
    thought = _THINK.search(head)
    if thought is None:
        return ""
    closed = thought[0].lower().endswith("</think>")
    return unescape((_without_cut_tag(thought[1]) if cut and not closed else thought[1]).strip())


def _without_cut_tag(text: str) -> str:
    """Leave out the beginning of one of our tags at the end of a text that was cut off."""
    begun = text.rfind("<")
    return text[:begun] if begun >= 0 and any(tag.startswith(text[begun:].lower()) for tag in _TAGS) else text


def _time(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
