"""The wire format of reasoning: its grammar, and its parser on top of `answer_stream` (pure functions).

`<think>…</think>` and then exactly one of `<answer>…</answer>` and
`<retrieve>⏎"keywords": "…"⏎"start_time": …⏎"end_time": …⏎</retrieve>`.
"""

from __future__ import annotations

from dataclasses import dataclass

from graph.formats.answer_stream import TAG, AnswerStream, Delta
from graph.formats.escaping import escape, unescape
from graph.formats.lines import quote, read_pairs

__all__ = [
    "ANSWER_GRAMMAR",
    "REASONING_GRAMMAR",
    "RETRIEVE_GRAMMAR",
    "Answer",
    "AnswerStream",
    "Delta",
    "Malformed",
    "Reasoned",
    "Retrieve",
    "escape",
    "format_reasoning",
    "parse_reasoning",
    "plain_answer",
    "unescape",
]

# Text may contain "<", but not the start of one of our closing tags.
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


@dataclass(frozen=True)
class Answer:
    """The model answers."""

    text: str
    think: str = ""


@dataclass(frozen=True)
class Retrieve:
    """The model asks for a retrieval; the times are as it wrote them, or None."""

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
    """Parse one reasoning round as `AnswerStream` shows it; lenient about surrounding text, and never raises.

    A missing or truncated closing tag at the end (the length limit) is forgiven. After the thought, the first of answer and
    retrieve counts. Tags that a thought, an answer or code quotes are text.
    """
    return _read(text)[0]


def format_reasoning(reasoned: Answer | Retrieve) -> str:
    """Return a round as the model is asked to write it; `parse_reasoning` parses it back."""
    head = f"<think>{escape(reasoned.think)}</think>\n"
    if isinstance(reasoned, Answer):
        return f"{head}<answer>{escape(reasoned.text)}</answer>"
    start = quote(reasoned.start_time) if reasoned.start_time else "null"
    end = quote(reasoned.end_time) if reasoned.end_time else "null"
    words = quote(escape(reasoned.keywords))
    return f'{head}<retrieve>\n"keywords": {words}\n"start_time": {start}\n"end_time": {end}\n</retrieve>'


def plain_answer(text: str) -> str:
    """Return any model output as an answer: the text in `<answer>`, or all text except the thought, without our tags."""
    reasoned, stream = _read(text)
    if isinstance(reasoned, Answer):
        return reasoned.text
    said = stream.outside.strip()
    if not said and stream.choice is None:
        return reasoned.think
    return unescape(TAG.sub("", said).strip())


def _read(text: str) -> tuple[Reasoned, AnswerStream]:
    stream = AnswerStream()
    deltas = [*stream.feed(text), *stream.close()]
    think, answer = ("".join(one.text for one in deltas if one.part == part).strip() for part in ("think", "answer"))
    if stream.choice == "answer":
        return Answer(answer, think) if answer else Malformed("The text inside <answer> was empty.", think), stream
    if stream.choice is None:
        problem = "After </think> there was neither <answer>…</answer> nor <retrieve>…</retrieve>."
        return Malformed(problem, think), stream
    values = {key.lower(): value for key, value in read_pairs(stream.request)}
    keywords = values.get("keywords")
    keywords = ", ".join(keywords) if isinstance(keywords, list) else keywords
    if not isinstance(keywords, str) or not keywords.strip():
        return Malformed('Inside <retrieve> there was no line "keywords": "…" with words to look for.', think), stream
    return Retrieve(unescape(keywords.strip()), _time(values.get("start_time")), _time(values.get("end_time")), think), stream


def _time(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
