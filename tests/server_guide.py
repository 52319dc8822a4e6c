"""The model servers of the guide: how each behaves, and its row of the table in docs/model-servers.md.

`python -m tests.server_guide` writes the table; `tests/system/test_server_guide.py` tries each row, and fails where the guide differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.scripted_servers import Behaviour, error, listing, pieces

GUIDE = Path(__file__).parents[1] / "docs" / "model-servers.md"
BEGIN, END = "<!-- table: made by tests/server_guide.py -->", "<!-- /table -->"
SCRIPTED = "scripted after its documentation"


@dataclass(frozen=True)
class Row:
    """One server.

    Attributes:
        name: What it is called.
        url: What PERSONA_LLM_BASE_URL is set to; `tried` writes it with a host of its own.
        settings: The other settings.
        differs: What it does otherwise, and what is done about it.
        how: How it was tried: for real, by which test, or by script.
        behaviour: The script; None: it is tried for real.
        tried: The URL of the script, after its host; as `url` where it is left out.
        model: PERSONA_LLM_MODEL of the script.
    """

    name: str
    url: str
    settings: str
    differs: str
    how: str = SCRIPTED
    behaviour: Behaviour | None = None
    tried: str = "/v1"
    model: str = ""
    used: str = "/v1"

    @property
    def cells(self) -> str:
        """Return the row as Markdown."""
        return f"| {self.name} | `{self.url}` | {self.settings} | {self.differs} | {self.how} |"


def _refuses_openai(body: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
    if "max_tokens" in body:
        words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        return 400, error(words, param="max_tokens", code="unsupported_parameter")
    if body.get("temperature", 1) != 1:
        words = "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported."
        return 400, error(words, param="temperature", code="unsupported_value")
    return None


def _refuses_litellm(body: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
    if "temperature" in body:
        words = "litellm.UnsupportedParamsError: openai does not support parameters: ['temperature'], for model=o3. To drop these, set"
        return 400, error(f"{words} `litellm.drop_params=True`", code="400")
    return None


def _filtered_first(text: str, body: dict[str, Any]) -> list[Any]:
    """Azure begins a stream with a piece that has no choice: what its filter found in the prompt."""
    return [{"choices": [], "prompt_filter_results": [{"prompt_index": 0}]}, *pieces(text, body)]


def _thinks_apart(text: str, body: dict[str, Any]) -> list[Any]:
    """SGLang with a reasoning parser: the thought comes in a field of its own, and content is null meanwhile."""
    thought = {"choices": [{"index": 0, "delta": {"content": None, "reasoning_content": "Hm. <answer>No.</answer>"}}]}
    return [thought, *pieces(text, body)]


def _whole_piece(text: str, body: dict[str, Any]) -> list[Any]:
    return [b": keep-alive\n\n", *pieces(text, body)]


REAL = (
    Row(
        "llama.cpp, embedded",
        "(empty)",
        "`PERSONA_LLM_MODEL`: a catalogue name or a GGUF file",
        "holds the forms by grammar; a prompt that is too long is refused, never cut",
        "real: `tests/end_to_end/test_embedded.py`",
    ),
    Row(
        "llama.cpp's server",
        "http://127.0.0.1:8080/v1",
        "none; its `--ctx-size` is read",
        "as embedded; hangs up after each answer; a template that opens the thought: see below",
        "real: `tests/end_to_end/test_llama_server.py`",
    ),
    Row(
        "vLLM",
        "http://127.0.0.1:8000/v1",
        "none; its `--max-model-len` is read",
        "holds the forms by `structured_outputs`; `persona serve` writes its command",
        "real: `tests/vllm/test_served.py` (`make test-vllm`)",
    ),
)
SCRIPTS = (
    Row(
        "Ollama",
        "http://127.0.0.1:11434/v1",
        "`PERSONA_LLM_MODEL=qwen3` (`:latest` may be left out)",
        "**cuts prompts to its window without a word**: start it with `OLLAMA_CONTEXT_LENGTH=16384`; said with the reply when it does",
        behaviour=Behaviour(
            models=listing("nomic-embed-text:latest", "qwen3:latest", owner="library"),
            window=2_048,
            events=lambda text, body: pieces(text, body, window=2_048),
            missing=(404, "404 page not found"),
        ),
        tried="",
        model="qwen3",
    ),
    Row(
        "LM Studio",
        "http://127.0.0.1:1234/v1",
        "none: the first model that is no embedder",
        "set Context Length when the model is loaded; answers 200 at addresses that it does not have",
        behaviour=Behaviour(
            models=listing("text-embedding-nomic-embed-text-v1.5", "qwen/qwen3-8b", owner="organization_owner"),
            missing=(200, {"error": "Unexpected endpoint or method. (GET /models). Returning 200 anyway"}),
        ),
        tried="",
    ),
    Row(
        "SGLang",
        "http://127.0.0.1:30000/v1",
        "none; its `--context-length` is read",
        "no grammar is sent: forms are read leniently; a thought in `reasoning_content` is no part of the reply",
        behaviour=Behaviour(models=listing("Qwen/Qwen3-8B", owner="sglang", max_model_len=32_768), events=_thinks_apart),
    ),
    Row(
        "LiteLLM",
        "http://127.0.0.1:4000",
        "`PERSONA_LLM_API_KEY`; `PERSONA_LLM_MODEL` as its configuration calls it",
        "refuses parameters that the model behind it does not take: they are left out",
        behaviour=Behaviour(
            base="/v1",
            models=listing("*", owner="openai"),
            key=("Authorization", "Bearer the-key"),
            refuses=_refuses_litellm,
            events=_whole_piece,
        ),
        tried="",
        model="o3",
    ),
    Row(
        "OpenAI",
        "https://api.openai.com/v1",
        "`PERSONA_LLM_API_KEY`, `PERSONA_LLM_MODEL`",
        "newer models want `max_completion_tokens` and no temperature: found at the first call, kept while the program runs",
        behaviour=Behaviour(
            models=listing("gpt-x", "text-embedding-3-small", owner="system"),
            key=("Authorization", "Bearer the-key"),
            refuses=_refuses_openai,
        ),
        model="gpt-x",
    ),
    Row(
        "Azure OpenAI",
        "https://NAME.openai.azure.com/openai/v1",
        "`PERSONA_LLM_API_KEY`; `PERSONA_LLM_MODEL`: the deployment",
        "as OpenAI; its key goes in the header `api-key`; it lists models, not deployments",
        behaviour=Behaviour(base="/openai/v1", models=None, refuses=_refuses_openai, events=_filtered_first),
        tried="/openai/v1",
        model="my-deployment",
        used="/openai/v1",
    ),
    Row(
        "Azure OpenAI, older address",
        "https://NAME.openai.azure.com/openai/deployments/DEPLOYMENT?api-version=2024-10-21",
        "`PERSONA_LLM_API_KEY`",
        "the model is the deployment of the address; `/chat/completions` before the `?` may stay",
        behaviour=Behaviour(
            base="/openai/deployments/my-deployment",
            models=None,
            key=("api-key", "the-key"),
            query={"api-version": "2024-10-21"},
            missing=(404, error("Resource not found", code="404")),
            refuses=_refuses_openai,
            events=_filtered_first,
        ),
        tried="/openai/deployments/my-deployment/chat/completions?api-version=2024-10-21",
        used="/openai/deployments/my-deployment?api-version=2024-10-21",
    ),
)


def table() -> str:
    """Return the table as it stands in the guide."""
    head = "| server | `PERSONA_LLM_BASE_URL` | other settings | what differs | tried |\n|---|---|---|---|---|"
    return "\n".join([BEGIN, "", head, *(row.cells for row in (*REAL, *SCRIPTS)), "", END])


def put(guide: str) -> str:
    """Return the guide with the table in its place."""
    return guide[: guide.index(BEGIN)] + table() + guide[guide.index(END) + len(END) :]


if __name__ == "__main__":
    GUIDE.write_text(put(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
