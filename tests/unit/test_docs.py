"""What the documents show is what the code does."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

from typer.testing import CliRunner

from app.cli import app

ROOT = Path(__file__).parents[2]


def test_the_graph_pictures_in_the_readme_are_those_of_the_code():
    spec = importlib.util.spec_from_file_location("graphs", ROOT / "docs" / "graphs.py")
    graphs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(graphs)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert graphs.drawn() in readme
    assert graphs.put(readme) == readme, "run `python docs/graphs.py`"


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
