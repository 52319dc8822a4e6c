"""`persona train data`: check, count and plot training samples; or make them from your own conversations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.console import AsJson, print_json, print_table, progress
from memory.core import extras
from memory.core.errors import InvalidInput

if TYPE_CHECKING:
    from memory.memory import Memory
    from training.data.lessons import Lesson
    from training.data.questions import Question

SFT, RL = "sft.json", "rl.jsonl"
_NOBODY = "No user has agreed to training. `persona user consent NAME --training yes` records an agreement."


def data(
    file: Annotated[Path | None, typer.Argument(help="Samples to check: .json for SFT, .jsonl for RL.")] = None,
    pictures: Annotated[Path | None, typer.Option("--pictures", help="The folder that picture paths are relative to.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="Count tokens as this model does.")] = None,
    most: Annotated[int, typer.Option("--max-tokens", min=1, help="The limit in tokens that is drawn in the chart.")] = 16_384,
    from_journal: Annotated[
        bool, typer.Option("--from-journal", help="Make samples from the conversations of users who have agreed.")
    ] = False,
    user: Annotated[
        list[str] | None, typer.Option("--user", "-u", help="Only this user. Default: all users who have agreed.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for samples and the chart of lengths.")] = Path("data/own"),
    as_json: AsJson = False,
) -> None:
    """Check and count samples, or make them from the conversations of users who have agreed to training."""
    if from_journal == (file is not None):
        raise typer.BadParameter("give either a FILE to check, or --from-journal.")
    if from_journal:
        _make(user or [], out, as_json=as_json)
    elif file is not None:
        _measure(file, pictures, model, most, out, as_json=as_json)


def _measure(file: Path, pictures: Path | None, model: str | None, most: int, out: Path, *, as_json: bool) -> None:
    if model:
        extras.require("train", "Counting tokens as a model does")
    from training.data import histories, measure, questions, sft_data

    asked = questions.read(file, pictures) if file.suffix == ".jsonl" else []
    for memory in {one.memory for one in asked}:
        histories.read(memory)
    lessons = [] if asked else sft_data.read(file, pictures)
    processor = None
    if model:
        from training.vlm import processor_of

        processor = processor_of(model)
    samples = [*measure.of_questions(asked, processor), *measure.of_lessons(lessons, processor)]
    _show(measure.counts(samples), as_json=as_json)
    if processor is not None:
        longer = sum((one.tokens or 0) > most for one in samples)
        progress(f"Longer than {most:,} tokens: {longer} of {len(samples)}. Chart: {measure.draw(samples, most, out)}")


def _make(names: list[str], out: Path, *, as_json: bool) -> None:
    from app.factory import build_memory
    from app.settings import Settings
    from training.data.measure import counts, of_lessons, of_questions
    from training.data.sft_data import written

    if (out / SFT).exists() or (out / RL).exists():
        raise InvalidInput(f"{out} already contains samples. Give another --out.")
    with build_memory(Settings()) as memory:
        users = _agreed(memory, names)
        try:
            out.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise InvalidInput(f"{out} cannot be written ({error.strerror}). Give another --out.") from error
        lessons, questions = _taught(memory, users, out)
    from training.data.journal_questions import line_of

    (out / SFT).write_text(json.dumps(written(lessons), ensure_ascii=False, indent=1), encoding="utf-8")
    lines = [json.dumps(line_of(one, out), ensure_ascii=False) for one in questions]
    (out / RL).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    samples, asked = counts(of_lessons(lessons)), counts(of_questions(questions))
    if as_json:
        print_json({"people": len(users), "samples": samples, "questions": asked, "out": str(out)})
        return
    _show(samples, as_json=False)
    _show(asked, as_json=False)
    progress(f"Made from {', '.join(users)}: {out / SFT} and {out / RL}. They are private: protect them like the journal.")
    if not questions:
        progress("No questions: they need facts from four days, changed facts, or questions that triggered a retrieval.")
    if not any(lesson.kind in ("core", "procedural") for lesson in lessons):
        progress("No profiles or habits: these are recorded from the day of the agreement on.")


def _taught(memory: Memory, users: list[str], out: Path) -> tuple[list[Lesson], list[Question]]:
    from dataclasses import replace

    from app.settings import Settings
    from graph.prompts.briefing import Style
    from graph.prompts.texts import load_prompts
    from training.data.from_journal import Teacher
    from training.data.journal_questions import Examiner
    from training.data.lessons import MARK

    style = Style(prompts=load_prompts(Settings().prompts))
    lessons: list[Lesson] = []
    questions: list[Question] = []
    for name in users:
        made = [
            one
            for one in Teacher(memory, name, style, out / "pictures").lessons()
            if not any(MARK.search(message.text) for message in one.messages)
        ]
        # Relative to the file of samples.
        lessons += [replace(one, images=tuple(path.relative_to(out) for path in one.images)) for one in made]
        examiner = Examiner(memory, name, out / "memories")
        mine = examiner.questions()
        if mine:
            history = examiner.history()
            examiner.file.parent.mkdir(parents=True, exist_ok=True)
            examiner.file.write_text(history.model_dump_json(indent=1), encoding="utf-8")
            questions += mine
    return lessons, questions


def _agreed(memory: Memory, names: list[str]) -> list[str]:
    everyone = [row["id"] for row in memory.journal.users()]
    yes = []
    for name in dict.fromkeys(names) or everyone:
        said = memory.consent.of(name)
        if said is not None and said.training:
            yes.append(name)
        elif names:
            raise InvalidInput(
                f"{name} has not agreed to it. `persona user consent {name} --training yes` writes an agreement down."
            )
    if not yes:
        raise InvalidInput(_NOBODY)
    return yes


def _show(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json(rows)
    else:
        print_table(list(rows[0]), [[str(value) for value in row.values()] for row in rows])
