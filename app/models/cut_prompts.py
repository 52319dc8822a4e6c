"""Detects a server that silently cuts prompts to its context window, by the token count that it reports (pure).

Ollama and LM Studio cut prompts. The count is compared with a lower bound that holds for every tokenizer: one token per word
between spaces, and one per eight characters in scripts without spaces. A server may count cached tokens separately, or not at
all.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

_WORD = re.compile(r"\S+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{8}")
_TOLERANCE = 0.9
_MIN_CONTEXT_SETTING = 2_048
"""The smallest PERSONA_LLM_CONTEXT."""
_MIN_WINDOW_TOKENS = 256
"""No context window is smaller; a lower count means only the tokens that were not cached."""


def least_tokens(messages: Sequence[dict[str, Any]]) -> int:
    """Return a lower bound for the tokens of a prompt; pictures are not counted."""
    texts: list[str] = []
    for message in messages:
        content = message.get("content")
        parts = content if isinstance(content, list) else [{"text": content}]
        texts += [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
    return sum(len(_WORD.findall(text)) + len(_UNSPACED.findall(text)) for text in texts)


def tokens_read(usage: dict[str, Any]) -> int:
    """Return the number of prompt tokens that a server reports; 0 if it reports none."""
    details = usage.get("prompt_tokens_details")
    apart = [usage.get("cache_read_input_tokens"), usage.get("prompt_cache_hit_tokens"), usage.get("cached_tokens")]
    cached = [details.get("cached_tokens") if isinstance(details, dict) else None, *apart]
    read = usage.get("prompt_tokens")
    # Most servers include cached tokens in the count, some do not; adding them avoids false alarms.
    return count_in(read) + max(map(count_in, cached)) if count_in(read) else 0


def was_cut(least: int, read: int, whole: int) -> bool:
    """Return whether a prompt was cut.

    Args:
        least: A lower bound for its tokens.
        read: The tokens that the server reports.
        whole: The largest count reported for any prompt; the context window is at least this large.
    """
    return max(_MIN_WINDOW_TOKENS, whole * _TOLERANCE) <= read < least * _TOLERANCE


def cut_sentence(url: str, read: int, least: int, window: int) -> str:
    """Return a sentence for a person that says what to set."""
    shorter = f", or set PERSONA_LLM_CONTEXT={read} here to make prompts shorter" if read >= _MIN_CONTEXT_SETTING else ""
    return (
        f"The model server at {url} read only {read:,} tokens of a prompt that has at least {least:,}. It silently cuts longer "
        "prompts, so the model did not see everything. Set the context window there to "
        f"{window:,} tokens (Ollama: OLLAMA_CONTEXT_LENGTH={window} before `ollama serve`, or the model's num_ctx; "
        f"LM Studio: Context Length){shorter}."
    )


def count_in(value: object) -> int:
    """Return a count that a server reports; 0 for anything that is not a count, so that no reply fails because of it."""
    return int(value) if isinstance(value, int | float) and math.isfinite(value) and value > 0 else 0
