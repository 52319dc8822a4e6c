"""How servers stream, and end their streams: whole answers are taken whatever is odd about them, and broken ones are said."""

from __future__ import annotations

import json

import pytest

from app.models.completions import Completions
from memory.core.errors import MessageTooLong, ModelRefused, ModelUnavailable
from tests.system.test_completions import CHUNKED, DONE, LAST_CHUNK, UNTIL_CLOSED, chat, chunk, event, go_on, refusal, serving

ANSWER = "<think>Plain.</think>\n<answer>Hello!</answer>"


def data(said):
    return f"data: {said if isinstance(said, str) else json.dumps(said)}\n\n".encode()


def delta(**fields):
    return data({"choices": [{"index": 0, "delta": fields}]})


def streamed(*events, end=LAST_CHUNK):
    return [CHUNKED, *(chunk(one) for one in events), end]


def whole(said, content_type="application/json"):
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return [f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body]


def message(content, reason="stop", **more):
    return {"choices": [{"index": 0, "message": {"role": "assistant", "content": content, **more}, "finish_reason": reason}]}


def said(answer, **asked):
    with serving(answer) as script:
        return "".join(one.text for one in chat(script).stream("Hi", **asked))


@pytest.mark.parametrize(
    "answer",
    [
        streamed(event("Hel"), event("lo"), DONE),
        streamed(event(ANSWER)),
        streamed(event(ANSWER), end=None),
        streamed(event('<think>t</think><retrieve>\n"keywords": "dog"\n</retrieve>\n'), end=None),
        streamed(event("Hello there.")),
        streamed(event("Hello"), data({"choices": [], "usage": {"prompt_tokens": 3}})),
        [UNTIL_CLOSED, event(ANSWER), None],
        [UNTIL_CLOSED, event("Hel"), event("lo", "stop").rstrip(b"\n"), None],
    ],
    ids=["done", "closed answer", "closed answer, cut connection", "closed look", "a sentence", "counted", "hung up", "no last line"],
)  # fmt: skip
def test_an_answer_may_end_without_a_reason(answer):
    assert said(answer)


@pytest.mark.parametrize(
    "answer",
    [
        streamed(event("Hel"), event("lo, my")),
        streamed(event("Hello there."), end=None),
        streamed(event("<think>t</think><answer>Hel")),
        streamed(event("<think>t</think><answer>Hello"), data({"choices": [{"delta": {}}], "usage": {"prompt_tokens": 3}})),
        streamed(),
        [UNTIL_CLOSED, event("Hel"), None],
        whole(b"{"),
        whole(b""),
        whole({"choices": []}),
    ],
    ids=["half a sentence", "cut connection", "half an answer", "counted on the way", "nothing", "hung up", "half a JSON", "empty", "no choice"],
)  # fmt: skip
def test_a_broken_stream_is_said(answer):
    with pytest.raises(ModelUnavailable, match="broke off"):
        said(answer)


@pytest.mark.parametrize("odd", [
    data({"choices": []}), data({"choices": [None]}), data({"choices": None}), data({}), data("[null]"), data("null"),
    data({"choices": [{"index": 0, "delta": None}]}), delta(content=None), delta(role="assistant"), delta(content=""),
    delta(content=[]), data({"choices": [{"index": 0}]}), data({"choices": [{"delta": {"content": None}, "finish_reason": None}]}),
    data({"choices": [], "usage": None, "error": None}), data({"choices": [], "usage": "none"}), data({"choices": "none"}),
    b": keep-alive\n\n", b":\n\n", b"event: ping\ndata: ping\n\n", b"data:\n\n", b"\n\n\n", b"id: 4\nretry: 10\n\n", b"data: [null]\n\n",
])  # fmt: skip
def test_pieces_that_say_nothing_are_passed_over(odd):
    assert said(streamed(odd, event("Hel"), odd, event("lo", "stop"), odd, DONE)) == "Hello"


def test_text_comes_in_many_shapes():
    parts = [{"type": "text", "text": "He"}, {"type": "text", "text": "l"}]
    assert said(streamed(delta(content=parts), delta(content={"text": "lo"}), DONE)) == "Hello"
    assert said(streamed(data({"choices": [{"message": {"content": "Hello"}}]}), DONE)) == "Hello"
    assert said(streamed(data({"choices": [{"text": "Hello"}]}), DONE)) == "Hello"
    assert said(streamed(delta(content=None, refusal="I won't."), DONE)) == "I won't."
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]
    assert said(streamed(delta(content=thinking), delta(content="Hello"), DONE)) == "Hello"


@pytest.mark.parametrize("ends", ["\n\n", "\r\n\r\n", "\r\r", "\n"], ids=["lf", "crlf", "cr", "one line each"])
@pytest.mark.parametrize("size", [1, 2, 7, 1_000])
def test_lines_may_end_in_any_way_and_be_cut_anywhere(ends, size):
    events = (
        "\ufeff: hi"
        + ends
        + "".join(f"data:{json.dumps({'choices': [{'delta': {'content': one}}]})}{ends}" for one in ("Hé", "llo"))
    )
    sent = (events + f"data: [DONE]{ends}").encode()
    assert said(streamed(*(sent[place : place + size] for place in range(0, len(sent), size)))) == "Héllo"


def test_an_event_of_several_lines_is_one():
    assert said(streamed(b'data: {"choices": [{"delta":\ndata: {"content": "Hello"}}]}\n\n', DONE)) == "Hello"


def test_a_whole_answer_to_a_request_for_a_stream_is_taken():
    for answer in (whole(message(ANSWER)), whole(message(ANSWER, None)), whole(json.dumps(message(ANSWER), indent=2).encode())):
        assert said(answer) == ANSWER


def test_a_stream_is_taken_where_a_whole_answer_was_asked_for():
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    with serving(streamed(event("Hel"), event("lo", "stop"), data({"choices": [], "usage": usage}), DONE)) as script:
        server = Completions(script.url, "", timeout_s=5.0, retries=0, proxied=False)
        piece = server.whole({}, go_on, 1.0)
    assert piece["choices"] == [{"delta": {"content": "Hello", "reasoning": ""}, "finish_reason": "stop"}]
    assert piece["usage"] == usage
    assert piece["done"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (streamed(event("Hel"), data({"error": {"message": "out of memory", "code": 500}})), "HTTP 500: out of memory"),
        (streamed(event("Hel"), data({"error": "out of memory"})), "out of memory"),
        (streamed(data({"object": "error", "message": "out of memory", "code": 400})), "out of memory"),
        (streamed(b'event: error\ndata: {"message": "out of memory"}\n\n'), "out of memory"),
        (streamed(data({"choices": [{"delta": {}, "error": {"message": "out of memory"}}]})), "out of memory"),
        (whole({"error": {"message": "out of memory"}}), "out of memory"),
        (whole({"detail": "out of memory"}), "out of memory"),
        (
            whole(b"<!doctype html><title>Sign in</title>", "text/html"),
            r"A web page answers at .* \(Sign in\).*PERSONA_LLM_BASE_URL",
        ),
        (refusal(500, "<html>"), "HTTP 500"),
    ],
)
def test_an_error_in_the_middle_is_said_in_the_servers_words(answer, words):
    with serving(answer) as script, pytest.raises(ModelRefused, match=words) as told:
        list(chat(script).stream("Hi"))
    assert "\n" not in told.value.message


def test_a_prompt_that_does_not_fit_is_said_in_mid_stream_too():
    with pytest.raises(MessageTooLong):
        said(streamed(data({"error": {"message": "the request exceeds the available context size", "code": 400}})))


class TestAThoughtInAFieldOfItsOwn:
    """With a grammar that binds inside the thought the answer arrives as that."""

    @pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
    def test_an_answer_that_arrives_as_the_thought_is_the_answer(self, name):
        pieces = [delta(content="", **{name: part}) for part in ("<think>Plain.</think>\n<ans", "wer>Hello!</answer>")]
        stop = data({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        assert said(streamed(*pieces, stop, DONE), grammar="root ::= x") == ANSWER
        assert said(whole(message("", **{name: ANSWER})), grammar="root ::= x") == ANSWER
        assert said(whole(message(None, **{name: ANSWER})), grammar="root ::= x") == ANSWER

    def test_beside_an_answer_it_is_no_part_of_it(self):
        assert (
            said(streamed(delta(reasoning_content="Hm. <answer>No</answer>"), event(ANSWER, "stop"), DONE), grammar="g")
            == ANSWER
        )

    def test_one_that_was_cut_off_is_none_and_neither_is_one_of_a_reply_in_no_form(self):
        assert said(streamed(delta(reasoning_content="Hm. I th"), event("", "length"), DONE), grammar="g") == ""
        assert said(streamed(delta(reasoning_content="Hm."), event("", "stop"), DONE)) == ""

    def test_it_travels_beside_the_text(self):
        with serving(streamed(delta(reasoning_content="Hm."), event("Hello", "stop"), DONE)) as script:
            chunks = list(chat(script).stream("Hi"))
        assert [one.additional_kwargs.get("reasoning_content") for one in chunks if one.additional_kwargs] == ["Hm."]

    @pytest.mark.parametrize("cut", [1, 3, 7, 100])
    def test_a_thought_that_the_template_opened_around_it_is_left_out(self, cut):
        text = '<think>\n"openness": 3\n'
        events = [event(text[place : place + cut]) for place in range(0, len(text), cut)]
        with serving(streamed(*events, event("", "stop"), DONE)) as script:
            chunks = chat(script, server="llamacpp").stream("Hi", grammar="root ::= x")
            assert "".join(one.text for one in chunks).strip() == '"openness": 3'
        with serving(streamed(event("<think>Plain.</think>"), event("", "stop"), DONE)) as script:
            chunks = chat(script, server="llamacpp").stream("Hi", grammar='root ::= "<think>" x')
            assert "".join(one.text for one in chunks) == "<think>Plain.</think>"
