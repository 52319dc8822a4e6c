"""Import a transcript into memory from Python, and search it.

A transcript has one JSON object per line, in the format of `persona ingest`. The import checks all lines before it writes
the first one, and skips a line that is already there. Raw turns are found without a chat model.
Run it from a checkout, with a sample or with a transcript and a question of your own:

    persona models pull all-minilm-l6-v2
    python examples/scripted_import.py
    python examples/scripted_import.py transcript.jsonl "What did I say about the garden?"
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from app.factory import build_memory
from app.importers.ingest import ingest_file
from app.settings import Settings
from memory.memory import Memory

USER = "ada"
QUESTION = "What did I plant in the garden?"
TURNS = (
    {"time": "2026-02-14 10:05", "user": "I planted two fig trees in the garden.", "assistant": "Lovely! Which variety?"},
    {"time": "2026-02-14 10:07", "user": "Brown Turkey, they survive our winters.", "assistant": "A sturdy choice."},
    {"time": "2026-03-01 19:40", "user": "My train to Leipzig was late again.", "assistant": "That is annoying."},
)


def write_sample(folder: str) -> str:
    """Write a short transcript, and return its path."""
    file = Path(folder, "sample.jsonl")
    file.write_text("".join(f"{json.dumps(turn)}\n" for turn in TURNS), encoding="utf-8")
    return str(file)


def main(memory: Memory, transcript: str, question: str = QUESTION) -> None:
    """Import a transcript, and print what memory finds for a question, best first."""
    counts = ingest_file(memory, Path(transcript), USER)
    print(f"{counts['added']} turns added, {counts['skipped']} skipped.\n\n{question}")
    for found in memory.search(USER, question, limit=3):
        print(f"{found.kind}, score {found.score:.3f}\n{found.text}\n")


if __name__ == "__main__":
    with TemporaryDirectory() as temporary, build_memory(Settings(data_dir=temporary)) as opened:
        main(opened, *(sys.argv[1:3] or [write_sample(temporary)]))
