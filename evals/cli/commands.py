"""`persona eval …`: evaluations on data that the user provides."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.console import AsJson, print_json, print_table, progress, say
from evals.cli import answers as cli_answers
from evals.cli import beam as cli_beam
from evals.cli import changes as cli_changes
from evals.cli import facts as cli_facts
from evals.cli import first_day as cli_first_day
from evals.cli import forgetting as cli_forgetting
from evals.cli import graph as cli_graph
from evals.cli import story as cli_story
from evals.cli import times as cli_times
from evals.cli.saving import Save, saved
from memory.core import extras
from memory.core.errors import InvalidInput

if TYPE_CHECKING:
    from evals.datasets.evidence import Conversation

app = typer.Typer(no_args_is_help=True, help="Measure retrieval, memory and answers.")
app.command("persona-mme")(cli_answers.persona_mme)
app.command()(cli_answers.personamem)
app.command()(cli_answers.locomo)
app.command()(cli_beam.beam)
app.command()(cli_beam.judge)
app.command()(cli_story.story)
app.command()(cli_graph.graph)
app.command()(cli_changes.changes)
app.command()(cli_facts.facts)
app.command()(cli_times.times)
app.command("first-day")(cli_first_day.first_day)
app.command()(cli_forgetting.forgetting)


class Format(StrEnum):
    """Supported file formats."""

    LOCOMO = "locomo"
    M3EXAM = "m3exam"
    BEAM = "beam"
    LONGMEMEVAL = "longmemeval"
    LANGUAGES = "languages"


class RetrieverName(StrEnum):
    """Search methods."""

    ALL = "all"
    OURS = "ours"
    HYBRID = "hybrid"
    DENSE = "dense"
    BM25 = "bm25"
    REFERENCE = "reference"


@app.command()
def retrieval(
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            help="LoCoMo's or LongMemEval's file, M3Exam's or BEAM's folder (not part of this project); evals/data/languages.",
        ),
    ],
    form: Annotated[Format, typer.Option("--format", help="Its format.")] = Format.LOCOMO,
    retriever: Annotated[
        RetrieverName,
        typer.Option(
            "--retriever", help="Which search to measure: `hybrid` combines dense and BM25 by rank; `reference` is the paper's."
        ),
    ] = RetrieverName.ALL,
    corrections: Annotated[
        Path | None, typer.Option("--corrections", help="LoCoMo: a JSON file with other evidence for single questions.")
    ] = None,
    doubled: Annotated[bool, typer.Option("--doubled", help="LoCoMo: count questions that stand twice as two.")] = False,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Measure how much of the evidence a search finds, where each turn of a dialogue is one memory; no chat model is used.

    `any@K`: at least one answering turn among K; `session_any@K`: an answering session among the first K distinct ones.
    """
    from app.factory import build_embedder
    from app.settings import Settings
    from evals.components.retrieval import RULES, measure

    conversations = _conversations(form, data, corrections, doubled=doubled)
    rules = [rule for rule in RULES if retriever in {RetrieverName.ALL, rule}]
    report = measure(conversations, build_embedder(Settings(), caches=False), rules, progress)
    saved(save, "retrieval", report)
    if as_json:
        print_json(report)
    else:
        _print(report)


def _conversations(form: Format, data: Path, corrections: Path | None, *, doubled: bool) -> list[Conversation]:
    from evals.datasets import beam, locomo, longmemeval, m3exam, own_talk
    from evals.datasets import corrections as corrected

    if form is Format.LOCOMO:
        return locomo.load(data, corrected.load(corrections) if corrections else None, doubled=doubled)
    if corrections or doubled:
        raise InvalidInput(f"--corrections and --doubled are for --format locomo, not for {form}. Leave them out.")
    loads = {
        Format.M3EXAM: m3exam.load,
        Format.BEAM: beam.load,
        Format.LONGMEMEVAL: longmemeval.load,
        Format.LANGUAGES: own_talk.load,
    }
    return loads[form](data)


@app.command()
def sensitive(
    write: Annotated[bool, typer.Option("--write", help="Fit the weights on all messages, and save them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure how well sensitive messages are recognised, on built-in messages."""
    from app.factory import build_embedder
    from app.settings import Settings
    from memory.consent import sensitive_classifier

    extras.require("evals", "Fitting the sensitive classifier")
    from evals.components import sensitive as measured

    embedder = build_embedder(Settings())
    result = measured.measure(embedder)
    if write:
        measured.write(embedder, Path(sensitive_classifier.__file__).parent / "sensitive.json")
    if as_json:
        print_json(result)
        return
    for name in (*measured.SETS, *measured.APART):
        for way in ("words and meaning", "words alone"):
            say(f"{name}, {way}: " + ", ".join(f"{what} {value}" for what, value in result[name][way].items()))
    for name in ("missed", "held for nothing"):
        say(f"{name}:")
        for message in result[name]:
            say(f"  {message}")


@app.command()
def weights(
    data: Annotated[Path, typer.Option("--data", help="LoCoMo's file; not part of this project.")],
    as_json: AsJson = False,
) -> None:
    """Fit the weights of the turn search and show what each signal adds; each conversation in turn is left out for testing."""
    from app.factory import build_embedder
    from app.settings import Settings
    from evals.datasets import locomo

    extras.require("evals", "Fitting the weights of a search")
    from evals.components import weights as fitting

    conversations = locomo.load(data)
    if len(conversations) < 2:  # noqa: PLR2004 - one is left out, one is left
        raise InvalidInput(f"{data} contains one conversation; leaving one out needs at least two.")
    result = fitting.report(*fitting.gather(conversations, build_embedder(Settings()), progress))
    if as_json:
        print_json(result)
        return
    print_table(*fitting.table(result))
    print_table(("weight", "value"), [(name, str(value)) for name, value in result["weights"].items()])


@app.command()
def pictures(
    data: Annotated[Path, typer.Option("--data", help="JSON lines of {image, text}; images are paths beside the file.")],
    write: Annotated[bool, typer.Option("--write", help="Save the threshold beside the weights.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure how well the configured image embedder finds photos by words, and calibrate its threshold."""
    from app.factory import build_picture_embedder
    from app.settings import Settings
    from evals.components.pictures import load, measure

    embedder = build_picture_embedder(Settings())
    pairs = load(data)
    report = measure(embedder, pairs)
    if write:
        embedder.keep_threshold(report["threshold"])
    if as_json:
        print_json(report)
        return
    print_table(("measure", "value"), [(name, str(value)) for name, value in report.items()])
    progress("Saved beside the weights." if write else "Not saved: --write saves the threshold beside the weights.")


@app.command()
def review(
    data: Annotated[Path, typer.Option("--data", help="A folder in Persona-MME's layout, with evidence and scenes.")],
    as_json: AsJson = False,
) -> None:
    """Check benchmark data of our own: every answer has its evidence, and each photo matches its description."""
    from evals.components.review import review as check

    wrong, counts = check(data)
    if as_json:
        print_json({"wrong": wrong, **counts})
    else:
        print_table(("what", "count"), [(name, str(value)) for name, value in counts.items() if not isinstance(value, dict)])
        for name in ("by task", "right letters"):
            print_table((name, "questions"), [(key, str(value)) for key, value in counts[name].items()])
    if wrong:
        raise InvalidInput(f"{len(wrong)} errors:\n" + "\n".join(wrong))
    progress("Every answer has its evidence.")


@app.command()
def compare(
    before: Annotated[
        Path, typer.Argument(help="The --out folder of a run (for persona-mme, the subfolder of its context, such as 32k).")
    ],
    after: Annotated[Path, typer.Argument(help="The --out folder of another run of the same questions.")],
    solver: Annotated[str, typer.Option("--solver", help="The solver to compare.")] = "ours",
    as_json: AsJson = False,
) -> None:
    """Compare two runs on the questions that both asked, for example before and after training."""
    from evals.answering import LOG
    from evals.reports.compare import side_by_side
    from evals.runner import Log

    for folder in (before, after):
        if not (folder / LOG).is_file():
            raise InvalidInput(f"{folder} contains no run ({LOG}). Give the --out folder of a run.")
    rows = side_by_side(Log(before / LOG).cases, Log(after / LOG).cases, solver)
    if not rows:
        raise InvalidInput(f"{solver} answered no question in both runs.")
    if as_json:
        print_json(rows)
        return
    columns = ("what", "cases", "before", "after", "moved")
    print_table(columns, [[str(row[name]) for name in columns] for row in rows])
    progress(f"Cases that became better: {rows[0]['better']}; worse: {rows[0]['worse']}.")


@app.command()
def pem(
    people: Annotated[int, typer.Option("--people", min=1)] = 200,
    turns: Annotated[int, typer.Option("--turns", min=20)] = 120,
    as_json: AsJson = False,
) -> None:
    """Measure how closely PEM follows synthetic people whose personality changes half-way; no model is asked."""
    from evals.components.pem import track

    found = track(people, turns)
    if as_json:
        print_json(found)
        return
    columns = ("change", "estimate", "before", "after", "end")
    rows = [
        (drift, name, *(f"{errors[when]:.3f}" for when in columns[2:]))
        for drift, of in found.items()
        for name, errors in of.items()
    ]
    print_table(columns, rows)
    progress("Mean absolute error, in points of the scale from 1 to 5.")


def _print(report: dict[str, Any]) -> None:
    # Two tables: one would be too wide for a terminal.
    for columns in (("questions", "recall@4", "recall@10", "recall@20", "mrr"), ("any@10", "session_any@10", "tokens@10")):
        rows = []
        for rule, figures in report.items():
            for name, part in {"all": figures, **figures["by_category"]}.items():
                rows.append((rule, name, *(str(part.get(column, "")) for column in columns)))
        print_table(("retriever", "category", *columns), rows)
    for rule, figures in report.items():
        latency = figures["latency_ms"]
        progress(
            f"{rule}: one search takes {latency['p50']} ms (p50), {latency['p95']} ms (p95), the question's embedding included"
        )
