"""What a refusal of a model server means: what the same call will meet later, and what to do."""

from __future__ import annotations

import pytest

from app.models.refusals import refused
from memory.core.errors import MessageTooLong, ModelRefused

URL = "http://127.0.0.1:1/v1"


@pytest.mark.parametrize(
    ("status", "said", "fault"),
    [
        (400, "The response was filtered due to the prompt triggering Azure OpenAI's content management policy", "prompt"),
        (403, "Your input was flagged (moderation)", "prompt"),
        (413, "Request Entity Too Large", "prompt"),
        (422, "Unprocessable Entity", "prompt"),
        (500, "list index out of range", "prompt"),
        (None, "content_filter", "prompt"),
        (400, "API key not valid. Please pass a valid API key.", "settings"),
        (401, "Incorrect API key provided", "settings"),
        (403, "Forbidden", "settings"),
        (404, "The model `x` does not exist", "settings"),
        (405, "Method Not Allowed", "settings"),
        (408, "Request Timeout", "passing"),
        (429, "Rate limit reached for gpt-4o", "passing"),
        (502, "Bad Gateway", "passing"),
        (503, "Loading model", "passing"),
        (504, "Gateway Timeout", "passing"),
        (529, "overloaded_error", "passing"),
    ],
)
def test_a_refusal_says_whether_the_same_call_may_work_later(status, said, fault):
    error = refused(status, said, URL)
    assert isinstance(error, ModelRefused)
    assert (error.fault, error.status, error.reason) == (fault, status, said)


@pytest.mark.parametrize("status", [400, 413, 422, 500, None])
@pytest.mark.parametrize(
    "said",
    [
        "prompt is too long: 210000 tokens > 200000 maximum",
        "This model's maximum context length is 4096 tokens",
        "the request exceeds the available context size, try increasing it",
        "The input (9000 tokens) is longer than the model's context length (8192 tokens).",
        "The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).",
        "Please reduce the length of the messages or completion.",
        "`inputs` tokens + `max_new_tokens` must be <= 4096.",
    ],
)
def test_a_prompt_that_does_not_fit_is_a_message_that_is_too_long(status, said):
    assert isinstance(refused(status, said, URL), MessageTooLong)


def test_a_fault_of_the_server_that_speaks_of_a_context_is_none_of_the_message():
    assert isinstance(refused(500, "CUDA context is destroyed", URL), ModelRefused)
