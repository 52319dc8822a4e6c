"""Evaluate the assistant on people and questions of your own, beside two baselines.

Our graphs first live through a person's history: they record, remember and consolidate it. Then every solver answers the same
questions, and a rule scores each reply. The log keeps every case, so an interrupted run continues where it stopped.
Run it from a checkout:

    persona models pull
    python examples/own_evaluation.py
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from app.factory import build_memory
from app.graph_loading import Models
from app.models.model_server import ModelServer
from app.settings import Settings
from evals.baselines import Baseline, FullContext
from evals.runner import Log, run
from evals.says import NOT_KNOWN, Says
from evals.solvers import Ours
from evals.types import Person, Question, Said
from memory.memory import Memory

HISTORY = (
    Said(datetime(2026, 3, 2, 9, tzinfo=UTC), "Our dog Pepper is afraid of thunder.", "Poor Pepper!", images=()),
    Said(datetime(2026, 3, 4, 9, tzinfo=UTC), "I moved from Bremen to Graz.", "Welcome to Graz.", images=()),
)
PEOPLE = [Person("ada", HISTORY)]
ASKED = {"What is Pepper afraid of?": "thunder", "Which city did I move to?": "Graz", "What is my brother's name?": NOT_KNOWN}
"""Each question with what a right reply says; `a|b` is one of two phrases."""
QUESTIONS = [
    Question(text, "ada", aspect="Memory", task="recall", text=text, answer=phrases, rule="says", says=Says((phrases,)))
    for text, phrases in ASKED.items()
]


def main(models: Models, memory: Memory, log: Path) -> None:
    """Let each solver answer all questions, and print the replies and the mean scores."""
    chat, style = models.chat(), models.style()
    solvers = {"ours": Ours(chat, memory, style), "full context": FullContext(chat, style), "no memory": Baseline(chat, style)}
    cases = run(PEOPLE, QUESTIONS, solvers, Log(log), on_done=lambda case: print(f"[{case.solver}] {case.asked} {case.reply}"))
    for name in solvers:
        print(f"{name:<12} {mean(case.score for case in cases if case.solver == name):.2f}")


if __name__ == "__main__":
    with (
        TemporaryDirectory() as folder,
        closing(ModelServer(Settings())) as server,
        build_memory(Settings(data_dir=folder)) as kept,
    ):
        main(server, kept, Path(folder, "cases.jsonl"))
