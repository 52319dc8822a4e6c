"""`persona eval first-day`: six synthetic people chat for a day and a morning; the replies are stored, and errors counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.console import AsJson, print_json, print_table, progress
from memory.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evals.first_day.days import Line, Person

PAGE, FIGURES = "transcripts.md", "first_day.json"


def first_day(
    data: Annotated[Path, typer.Option("--data", help="A folder of people, one JSON file each.")] = Path(
        "evals/data/first_day"
    ),
    out: Annotated[Path, typer.Option("--out", help="Folder of memories and transcripts; an existing run continues.")] = Path(
        "runs/first-day"
    ),
    person: Annotated[list[str] | None, typer.Option("--person", help="Only this person; repeatable.")] = None,
    remember: Annotated[bool, typer.Option("--remember/--no-remember", help="Off: memory contains only the messages.")] = True,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Stop after this many new replies.")] = None,
    as_json: AsJson = False,
) -> None:
    """Simulate people's first days with the configured model, write transcripts, and count replies that break a rule."""
    from app.service import PersonaService
    from app.settings import Settings
    from evals.first_day.days import LOG, Transcripts, live, load
    from evals.first_day.rules import RULES, count

    people = load(data)
    if wrong := set(person or ()) - {one.id for one in people}:
        raise InvalidInput(f"{data} has no person {min(wrong)}. It has {', '.join(one.id for one in people)}.")
    people = [one for one in people if not person or one.id in person]
    transcripts = Transcripts(out / LOG)
    settings = Settings().model_copy(update={"data_dir": out / "memory"})

    def on_done(line: Line) -> None:
        progress(f"{line.person} {line.number + 1}: {line.total_ms / 1000:.1f} s")

    with PersonaService.from_settings(settings, work=False) as service:
        live(service, people, transcripts, remember=remember, limit=limit, on_done=on_done)
    found = count(people, transcripts.lines)
    (out / PAGE).write_text(transcript_page(people, transcripts.lines, found["cases"]), encoding="utf-8")
    (out / FIGURES).write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if as_json:
        print_json(found)
        return
    rows = [(name, *(str(of[rule]) for rule in RULES)) for name, of in {**found["by_person"], "all": found["by_rule"]}.items()]
    print_table(("person", *RULES), rows)
    progress(f"{found['replies']} replies. Transcripts: {out / PAGE}. Broken rules: {out / FIGURES}")


def transcript_page(people: Sequence[Person], lines: Sequence[Line], cases: Sequence[dict[str, Any]]) -> str:
    """Return the transcripts as Markdown, with a mark where a rule is broken."""
    parts = ["# First days\n"]
    for person in people:
        parts.append(f"## {person.name}\n")
        for line in lines:
            if line.person != person.id:
                continue
            marks = [f"{case['rule']} ({case['shows']})" for case in cases if _is_of(case, line)]
            picture = " [photo]" if person.messages[line.number].scene else ""
            parts.append(
                f"**{line.number + 1}. {line.time:%Y-%m-%d %H:%M}, {line.kind}**{picture}: {line.text}\n\n"
                + "\n".join(f"> {row}" for row in (line.reply or "(no reply)").splitlines())
                + f"\n\n{line.first_word_ms / 1000:.1f} s to the first word, {line.total_ms / 1000:.1f} s, {line.steps} steps"
                + "".join(f"; *{note}*" for note in line.warnings)
                + (f"\n\n**Breaks: {'; '.join(marks)}**" if marks else "")
                + "\n"
            )
    return "\n".join(parts)


def _is_of(case: dict[str, Any], line: Line) -> bool:
    return bool(case["person"] == line.person and case["number"] == line.number + 1)
