"""What the documents show is what the code does."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

from typer.testing import CliRunner

from app.cli import app
from tests.unit.test_report import case

ROOT = Path(__file__).parents[2]


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_the_graph_pictures_in_the_readme_are_those_of_the_code():
    graphs = script("graphs")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert graphs.drawn() in readme
    assert graphs.put(readme) == readme, "run `python docs/graphs.py`"


def test_the_tables_of_answers_are_written_between_their_marks():
    answers = script("answers")
    cases = [
        case(1, 1.0, solver="rag"),
        case(1, 1.0, prompt_tokens=700, calls_to_first=1, first_seconds=2.0),
        case(1, 0.0, "chosen"),
    ]
    readme = answers.put((ROOT / "README.md").read_text(encoding="utf-8"), cases)
    assert "| ours | 100.0 (100.0 to 100.0) | 0.0 (0.0 to 0.0) |\n| top-5 messages | 100.0 (100.0 to 100.0) | – |" in readme
    assert "| ours | 350 (665) | 0 (0) | 0.5 | 1.0 (1.9) | 2.0 (2.0) |" in readme
    assert answers.put(readme, cases) == readme


def test_studio_serves_all_four_graphs():
    served = json.loads((ROOT / "langgraph.json").read_text())["graphs"]
    assert served == {name: f"app.studio:{name}" for name in ("persona", "respond", "remember", "consolidate")}


def test_every_command_of_the_readme_exists():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"```sh\n(persona ask.*?)```", readme, re.DOTALL)[1]
    for line in block.splitlines():
        for command in re.findall(r"persona ([a-z]+)(?: ([a-z|]+))?", line):
            for name in command[1].split("|") if "|" in command[1] else [""]:
                words = [command[0], name] if name else [command[0]]
                assert CliRunner().invoke(app, [*words, "--help"]).exit_code == 0, words


def test_the_makefile_has_what_the_readme_promises():
    targets = (ROOT / "Makefile").read_text()
    for name in ("chat", "test", "check", "story"):
        assert re.search(rf"^{name}:", targets, re.MULTILINE)


def test_every_promise_names_a_test_that_is_there():
    promised = re.findall(r"\| `(tests/\S+?)::(\w+)` \|", (ROOT / "GUARANTEES.md").read_text(encoding="utf-8"))
    assert len(promised) > 10
    for file, name in promised:
        text = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"^(def {name}\(|{name} = )", text, re.MULTILINE), (file, name)
