"""llama.cpp's own server as a server behind a URL, with a template that opens the thought itself: our forms come all the same."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import xllamacpp
from langchain_core.messages import HumanMessage

from app.models import weights
from app.models.local_servers import detect_servers
from app.models.model_server import ModelServer
from app.settings import Settings
from graph.calls.asking import stream_text
from graph.formats import memory_formats, protocol

OPENS_THE_THOUGHT = """{%- for message in messages %}
{%- if message.role == 'assistant' and message.reasoning_content %}
{{- '<|im_start|>assistant\\n<think>\\n' + message.reasoning_content + '\\n</think>\\n\\n' + message.content + '<|im_end|>\\n' }}
{%- else %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\\n' }}
{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- else %}{{- '<think>\\n' }}{%- endif %}
{%- endif %}"""


@pytest.fixture(scope="module")
def url():
    params = xllamacpp.CommonParams()
    params.model.path = str(weights.located("smollm2-135m").model)
    params.n_ctx, params.n_parallel, params.port = 4_096, 1, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.warmup, params.verbosity = False, -1
    params.chat_template = OPENS_THE_THOUGHT
    server = xllamacpp.Server(params)
    yield server.listening_address
    del server


def test_it_is_known_with_its_window(url):
    endpoint = ModelServer(Settings(llm_base_url=url)).endpoint()
    assert (endpoint.url, endpoint.kind, endpoint.window) == (f"{url}/v1", "llamacpp", 4_096)


def test_it_is_found_where_it_runs_and_offered(url):
    (found,) = detect_servers({urlsplit(url).port: "a server"})
    assert (found.server, found.url, found.sees) == ("llama.cpp", f"{url}/v1", False)
    assert ModelServer(Settings(llm_base_url=found.url, llm_model=found.model)).endpoint().window == 4_096


@pytest.mark.parametrize("background", [False, True], ids=["a reply", "remembering"])
def test_an_output_in_a_form_comes_whatever_the_template_opens(url, background):
    chat = ModelServer(Settings(llm_base_url=url)).chat(background=background)
    text = "".join(stream_text(chat, [HumanMessage("Hello.")], grammar=memory_formats.PERSONALITY_GRAMMAR, max_tokens=100))
    assert memory_formats.parse_personality(text)


def test_a_reply_is_read_out_of_it(url):
    grammar = protocol.ANSWER_GRAMMAR.replace("prose{1,600}", "prose{1,20}").replace("prose+", "prose{1,20}")
    chat = ModelServer(Settings(llm_base_url=url)).chat()
    text = "".join(stream_text(chat, [HumanMessage("Hello.")], grammar=grammar, max_tokens=100))
    assert isinstance(protocol.parse_reasoning(text), protocol.Answer), text
