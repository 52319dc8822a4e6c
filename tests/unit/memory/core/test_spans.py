"""Spans: nothing without a tracer; with one, each below the span around it, ended however its block ends."""

from __future__ import annotations

import pytest

from memory.core import spans


class Recorded:
    def __init__(self, name, parent, attributes):
        self.name, self.parent, self.attributes, self.said = name, parent, dict(attributes), []

    def note(self, name, value):
        self.attributes[name] = value

    def fail(self, kind):
        self.said.append(kind)

    def end(self):
        self.said.append("ended")


class Recorder:
    def __init__(self):
        self.all = []

    def begin(self, name, parent, attributes):
        self.all.append(Recorded(name, parent, attributes))
        return self.all[-1]


@pytest.fixture
def recorder():
    made = Recorder()
    end = spans.record_with(made)
    yield made
    end()


def test_spans_nest_and_end(recorder):
    with spans.span("outer", number=1) as outer:
        with spans.span("inner"):
            call = spans.begin("call")
        call.end()
        outer.note("more", 2)
    assert [(one.name, one.parent and one.parent.name, one.said) for one in recorder.all] == [
        ("outer", None, ["ended"]), ("inner", "outer", ["ended"]), ("call", "inner", ["ended"]),
    ]  # fmt: skip
    assert recorder.all[0].attributes == {"number": 1, "more": 2}
    assert spans.current() is None


def test_a_block_that_fails_says_the_kind_of_its_error_and_no_word_of_it(recorder):
    with pytest.raises(ValueError, match="secret"), spans.span("outer"):
        raise ValueError("secret")
    assert recorder.all[0].said == ["ValueError", "ended"]


def test_without_a_tracer_there_is_no_span():
    with spans.span("outer") as outer:
        outer.note("any", 1)
        outer.fail("any")
        assert spans.current() is None
