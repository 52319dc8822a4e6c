"""`persona eval beam` and `persona eval judge`: answers scored by a rubric, and how far a judge can be trusted."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.console import AsJson, print_json, print_table, progress
from evals.answering import LOG, How, answer_all
from evals.cli.answers import Baselines, Concurrency, Out, People, Remembered, SpreadLimit, of_most, part_of, spread
from evals.cli.saving import Save, saved
from memory.core import extras
from memory.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evals.components.judge import Judge
    from evals.datasets.judged import Judged

LABELS = Path(__file__).parents[1] / "data" / "judged.tsv"
BY_WORDS = "by words"
"""The rule where there is no judge: the numbers and most of the words of each item of the rubric."""
_NOTE = (
    "Event ordering: `right %` is Kendall's tau as BEAM measures it, which is above 0 for a reply without any event, and high "
    "for a reply with one; `strict %` multiplies it by the F1 of the events. Elsewhere `right %` is the mean of the verdicts "
    "(0, 0.5 or 1 for each item of the rubric), and `strict %` the share of replies that satisfy every item."
)

JudgeUrl = Annotated[
    str, typer.Option("--judge-url", help="An OpenAI-compatible server with the judge; none: --judge-model is on this machine.")
]
JudgeModel = Annotated[str, typer.Option("--judge-model", help="The judge's name; without it, replies are scored by words.")]
JudgeKey = Annotated[str, typer.Option("--judge-key-from", help="The environment variable with the key of the judge's server.")]


def beam(
    data: Annotated[Path, typer.Option("--data", help="A folder of BEAM: one conversation, or several.")],
    baseline: Baselines = None,
    remember: Remembered = None,
    judge_url: JudgeUrl = "",
    judge_model: JudgeModel = "",
    judge_key_from: JudgeKey = "",
    out: Out = Path("runs/beam"),
    concurrency: Concurrency = 1,
    people_asked: People = None,
    limit: SpreadLimit = None,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Answer BEAM's probing questions, and score each answer by its rubric: by words, and by a judge if one is set."""
    # Check now rather than after hours of answering.
    extras.require("evals", "The report page of a run")
    from evals.components.judge import FILE, judged
    from evals.datasets.beam_qa import load
    from evals.reports import costs
    from evals.reports.page import render
    from evals.reports.report import as_json as plain
    from evals.reports.report import figures, table

    people, found = load(data)
    questions = spread(of_most(found, people_asked), limit)
    how = How(out, baseline or (), concurrency, remember or How.remember)
    cases = answer_all(people, questions, how)
    scored = {BY_WORDS: cases}
    with _judge(judge_url, judge_model, judge_key_from, out / FILE) as judge:
        if judge is not None:
            scored[f"judged by {judge.name}"] = judged(cases, questions, judge, concurrency=concurrency)
    took = costs.costs(cases)
    for name, of in scored.items():
        page = out / f"report{part_of(people_asked, limit)}{'' if name == BY_WORDS else '-judged'}.html"
        page.write_text(render(f"BEAM, {name}", of, note=_NOTE), encoding="utf-8")
    whole = {**{name: plain(figures(of)) for name, of in scored.items()}, "costs": costs.as_json(took)}
    saved(save, "beam", whole)
    if as_json:
        print_json(whole)
        return
    for name, of in scored.items():
        progress(f"BEAM, {len(questions)} questions, {name}: {len(of)} replies.")
        print_table(*table(figures(of)))
    print_table(*costs.table(took))
    progress(_NOTE)
    progress(f"Log of all replies: {out / LOG}")


def judge(
    labels: Annotated[
        Path, typer.Option("--labels", help="A table of replies judged by hand; evals/data/README.md has its columns.")
    ] = LABELS,
    judge_url: JudgeUrl = "",
    judge_model: JudgeModel = "",
    judge_key_from: JudgeKey = "",
    out: Annotated[Path | None, typer.Option("--out", help="Folder that keeps the judge's verdicts.")] = None,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Measure how far a judge of rubrics agrees with verdicts by hand: the rule by words, and the model if one is set."""
    extras.require("evals", "The rule by words")
    from evals.components.judge import FILE
    from evals.datasets.judged import load
    from evals.scoring import rubric

    rows = load(labels)
    given: dict[str, list[float | None]] = {BY_WORDS: [rubric.by_words(row.question, row.item, row.reply) for row in rows]}
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    with _judge(judge_url, judge_model, judge_key_from, out / FILE if out else None) as model:
        if model is not None:
            given[model.name] = [model.verdict(row.question, row.item, row.reply) for row in rows]
    result = {name: _agreement(rows, verdicts) for name, verdicts in given.items()}
    saved(save, "judge", result)
    if as_json:
        print_json(result)
        return
    columns = ("rows", "raw", "kappa", "labels", "judge", "unread")
    print_table(("judge", *columns), [(name, *(f"{one[column]:g}" for column in columns)) for name, one in result.items()])
    kinds = list(dict.fromkeys(row.kind for row in rows))
    print_table(
        ("equal, by kind of reply", *result),
        [(kind, *(str(one["by_kind"][kind]) for one in result.values())) for kind in kinds],
    )
    progress("`labels` and `judge` are the mean verdicts: a judge with the higher mean is lenient.")


@contextmanager
def _judge(url: str, model: str, key_from: str, kept: Path | None) -> Iterator[Judge | None]:
    """Open the judge that is set; None if none is."""
    from evals.components.judge import Judgements, opened

    if not (url or model):
        yield None
        return
    with opened(url, model, key_from, Judgements(kept)) as judge:
        yield judge


def _agreement(rows: Sequence[Judged], verdicts: Sequence[float | None]) -> dict[str, Any]:
    """Return the agreement over all rows, and by kind how many verdicts are equal."""
    from evals.scoring.agreement import agreement

    read = [(row, verdict) for row, verdict in zip(rows, verdicts, strict=True) if verdict is not None]
    if not read:
        raise InvalidInput("The judge wrote no verdict. Give another --judge-model.")
    whole = agreement([row.verdict for row, _ in read], [verdict for _, verdict in read])
    by_kind = {}
    for kind in dict.fromkeys(row.kind for row in rows):
        of = [row.verdict == verdict for row, verdict in zip(rows, verdicts, strict=True) if row.kind == kind]
        by_kind[kind] = f"{sum(of)} of {len(of)}"
    return {
        **{name: round(value, 3) for name, value in asdict(whole).items()},
        "unread": len(rows) - len(read),
        "by_kind": by_kind,
    }
