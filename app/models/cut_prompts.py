"""Noticing that a server cuts prompts to its window without a word, by the tokens that it says it has read (pure).

Ollama and LM Studio do. What is compared with is a bound that no tokenizer goes below: one token for each word between spaces,
and for writing without spaces one for eight characters. A server may count what it has cached apart, or not at all.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

_WORD = re.compile(r"\S+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{8}")
_CERTAIN = 0.9
_LEAST_SETTING = 2_048
"""The smallest PERSONA_LLM_CONTEXT."""
_SMALLEST_WINDOW = 256
"""No server's window is smaller: fewer tokens are what was new to its cache."""


def least_tokens(messages: Sequence[dict[str, Any]]) -> int:
    """Return how many tokens a prompt has at least; pictures count for nothing."""
    texts: list[str] = []
    for message in messages:
        content = message.get("content")
        parts = content if isinstance(content, list) else [{"text": content}]
        texts += [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
    return sum(len(_WORD.findall(text)) + len(_UNSPACED.findall(text)) for text in texts)


def tokens_read(usage: dict[str, Any]) -> int:
    """Return how many tokens of a prompt a server says it has read; 0: it does not say."""
    details = usage.get("prompt_tokens_details")
    apart = [usage.get("cache_read_input_tokens"), usage.get("prompt_cache_hit_tokens"), usage.get("cached_tokens")]
    cached = [details.get("cached_tokens") if isinstance(details, dict) else None, *apart]
    read = usage.get("prompt_tokens")
    # Most count what they have cached with the rest, some apart: the larger reading raises no false alarm.
    return count_in(read) + max(map(count_in, cached)) if count_in(read) else 0


def was_cut(least: int, read: int, whole: int) -> bool:
    """Say whether a prompt was cut.

    Args:
        least: Its tokens at least.
        read: How many the server says it has read.
        whole: The most that it has read of any prompt: its window is no smaller than that.
    """
    return max(_SMALLEST_WINDOW, whole * _CERTAIN) <= read < least * _CERTAIN


def cut_sentence(url: str, read: int, least: int, window: int) -> str:
    """Say it to a person, with what to set."""
    shorter = f", or set PERSONA_LLM_CONTEXT={read} here, so that prompts are kept as short" if read >= _LEAST_SETTING else ""
    return (
        f"The model server at {url} read only {read:,} tokens of a prompt that has at least {least:,}: it cuts longer prompts "
        "without a word, and the model did not see all that it was told. Give the model a window of "
        f"{window:,} tokens there (Ollama: OLLAMA_CONTEXT_LENGTH={window} before `ollama serve`, or the model's num_ctx; "
        f"LM Studio: Context Length){shorter}."
    )


def count_in(value: object) -> int:
    """Read a count that a server states; what is no count is nothing: no reply is lost for it."""
    return int(value) if isinstance(value, int | float) and math.isfinite(value) and value > 0 else 0
