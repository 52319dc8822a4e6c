"""What a server refuses to be told: read out of its own words."""

from __future__ import annotations

import json

import pytest

from app.models.parameters import Parameters
from app.models.server_events import words_in

BODY = {
    "model": "m", "messages": [], "temperature": 0, "max_tokens": 64, "grammar": "root ::= x", "cache_prompt": True,
    "stream_options": {"include_usage": True}, "chat_template_kwargs": {"enable_thinking": False}, "stop": ["x"],
    "structured_outputs": {"grammar": "x"},
}  # fmt: skip


def told(parameters):
    return set(parameters.applied(BODY))


@pytest.mark.parametrize(
    ("status", "said", "gone"),
    [
        (400, "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.", {"temperature"}),
        (400, "Unsupported parameter: 'temperature' is not supported with this model.", {"temperature"}),
        (400, "litellm.UnsupportedParamsError: openai does not support parameters: ['temperature', 'stop'], for model=o3.", {"temperature", "stop"}),
        (400, 'Invalid JSON payload received. Unknown name "grammar": Cannot find field.', {"grammar", "structured_outputs"}),
        (400, "Unrecognized request argument supplied: stream_options", {"stream_options"}),
        (400, "property 'cache_prompt' is unsupported", {"cache_prompt"}),
        (400, "chat_template_kwargs is not supported for this model", {"chat_template_kwargs"}),
        (422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]}, {"stream_options"}),
        (422, {"object": "error", "message": {"detail": [{"loc": ["body", "cache_prompt"], "msg": "Extra inputs are not permitted"}]}}, {"cache_prompt"}),
        (400, {"error": {"message": "Unsupported", "param": "temperature"}}, {"temperature"}),
        (400, "Failed to parse grammar", {"grammar", "structured_outputs"}),
    ],
)  # fmt: skip
def test_what_a_refusal_names_is_left_out(status, said, gone):
    words = words_in(json.dumps({"error": {"message": said}} if isinstance(said, str) else said).encode())
    less = Parameters().without(BODY, status, words)
    assert less is not None
    assert told(less) == set(BODY) - gone


def test_the_limit_of_tokens_is_called_as_the_server_calls_it():
    words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    less = Parameters().without(BODY, 400, words)
    assert less.applied(BODY)["max_completion_tokens"] == 64
    assert "max_tokens" not in less.applied(BODY)
    none = less.without(less.applied(BODY), 400, "Unknown parameter: 'max_completion_tokens'")
    assert not {"max_tokens", "max_completion_tokens"} & told(none)
    assert none.without(none.applied(BODY), 400, "Unknown parameter: 'max_completion_tokens'") is None


def test_a_server_that_cannot_stream_is_asked_for_whole_answers():
    for words in (
        "Your organization must be verified to stream this model.",
        "Streaming is not supported",
        "Unknown field (body.stream)",
    ):
        assert "stream" in Parameters().without(BODY, 400, words).left_out


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "Invalid value in messages[0].content"),
        (400, "The model `m` does not exist"),
        (400, "The response was filtered due to the prompt triggering the content management policy"),
        (400, "I had to stop: the prompt is bad"),
        (401, "Unsupported parameter: 'temperature'"),
        (500, "temperature sensor failed"),
        (None, "temperature"),
        (400, ""),
    ],
)
def test_another_refusal_changes_nothing(status, said):
    assert Parameters().without(BODY, status, said) is None
