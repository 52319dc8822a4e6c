"""A server that cuts prompts without a word: noticed by what it counts, and never where it only counts in its own way."""

from __future__ import annotations

from app.models.cut_prompts import least_tokens
from app.models.learned_limits import Learned

LONG = {"messages": [{"role": "system", "content": "Be kind. " * 100}, {"role": "user", "content": "one two three " * 2_000}]}
URL = "http://127.0.0.1:11434/v1"


def told(*counted, body=LONG):
    learned = Learned(URL, 16_384)
    for usage in counted:
        learned.counted(body, usage)
    return learned.taken()


def test_fewer_tokens_than_words_are_said_once_with_what_to_set():
    [said] = told({"prompt_tokens": 4_096}, {"prompt_tokens": 4_096}, {"prompt_tokens": 4_095})
    for words in ("4,096", "6,200", URL, "OLLAMA_CONTEXT_LENGTH=16384", "Context Length", "PERSONA_LLM_CONTEXT=4096"):
        assert words in said
    learned = Learned(URL, 16_384)
    learned.counted(LONG, {"prompt_tokens": 1_024})
    assert "PERSONA_LLM_CONTEXT" not in learned.taken()[0], "less than can be set"
    assert learned.taken() == ()


def test_ways_of_counting_are_no_cut():
    for usage in (
        {"prompt_tokens": 8_000},
        {"prompt_tokens": 0},
        {"prompt_tokens": None},
        {},
        {"prompt_tokens": 12},
        {"prompt_tokens": 300, "prompt_tokens_details": {"cached_tokens": 7_900}},
        {"prompt_tokens": 300, "prompt_cache_hit_tokens": 7_900},
        {"prompt_tokens": 300, "cache_read_input_tokens": 7_900},
        {"prompt_tokens": 5_900, "prompt_tokens_details": None},
        {"prompt_tokens": "many"},
    ):
        assert told(usage) == (), usage


def test_a_server_that_has_read_more_cuts_nothing_at_less():
    assert told({"prompt_tokens": 8_000}, {"prompt_tokens": 700}) == ()


def test_no_text_has_fewer_tokens_than_is_reckoned():
    """With a tokenizer that knows these very texts by heart, and so needs as few tokens as one can."""
    from pathlib import Path

    from tokenizers import ByteLevelBPETokenizer

    root = Path(__file__).parents[4]
    texts = [
        path.read_text(encoding="utf-8")
        for path in (root / "README.md", root / "graph/prompts/texts.py", root / "graph/respond.py")
    ]
    reads = ByteLevelBPETokenizer()
    reads.train_from_iterator(texts, vocab_size=30_000, min_frequency=1, show_progress=False)
    for text in texts:
        assert least_tokens([{"content": text}]) <= len(reads.encode(text).ids) <= 3 * least_tokens([{"content": text}])


def test_pictures_count_for_nothing_and_writing_without_spaces_for_little():
    parts = [{"type": "text", "text": "e f"}, {"type": "image_url", "image_url": {"url": "data:x y z"}}]
    assert least_tokens([{"content": "a b  c\n\n d"}, {"content": parts}, {"content": None}]) == 6
    assert least_tokens([{"content": "今天天气很好我们去公园散步吧" * 4}]) == 1 + 7
