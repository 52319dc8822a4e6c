"""What the documents show is what the code does."""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
from pathlib import Path

import pytest
import typer
import yaml

from app.cli import app
from tests.unit.evals.reports.test_report import case

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = [path for path in DOCS.rglob("*.md") if path.parent.name != "decisions"]
PROSE = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "GUARANTEES.md", "SECURITY.md")] + PAGES


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def read(path):
    return path.read_text(encoding="utf-8")


def test_the_graphs_of_the_page_are_those_of_the_code():
    graphs, page = script("graphs"), read(DOCS / "graphs.md")
    assert graphs.put(page) == page, "run `python docs/graphs.py`"
    pictures = {path: read(path) for path in (DOCS / "images").glob("*.svg")}
    assert graphs.drawings() == pictures, "run `python docs/graphs.py`"
    assert len(pictures) == 5
    assert all(f"(images/{path.name})" in page for path in pictures)


def test_the_page_of_commands_is_made_from_the_commands():
    assert script("cli_reference").page() == read(DOCS / "cli.md"), "run `python docs/cli_reference.py`"


def test_every_decision_is_in_the_list_and_on_the_site():
    decisions, page, site = script("decision_list"), read(DOCS / "decisions" / "index.md"), read(ROOT / "mkdocs.yml")
    assert (decisions.page(page), decisions.put(site)) == (page, site), "run `python docs/decision_list.py`"
    assert "| 021 | [Sensitive things" in page
    assert re.search(r"^\| 021 \|.*\| superseded by 059 \| 2026-11-24 \|$", page, re.MULTILINE)


def test_the_tables_of_answers_are_written_between_their_marks():
    answers = script("answers")
    cases = [
        case(1, 1.0, solver="rag"),
        case(1, 1.0, prompt_tokens=700, calls_to_first=1, first_seconds=2.0),
        case(1, 0.0, "chosen"),
    ]
    page = answers.put(read(DOCS / "guides" / "evaluate.md"), cases)
    assert "| ours | 100.0 (100.0 to 100.0) | 0.0 (0.0 to 0.0) |\n| top-5 messages | 100.0 (100.0 to 100.0) | – |" in page
    assert "| ours | 350 (665) | 0 (0) | 0.5 | 1.0 (1.9) | 2.0 (2.0) |" in page
    assert answers.put(page, cases) == page


def test_studio_serves_all_five_graphs():
    served = json.loads(read(ROOT / "langgraph.json"))["graphs"]
    assert served == {name: f"app.studio:{name}" for name in ("chat", "persona", "respond", "remember", "consolidate")}


def test_every_command_of_the_documents_exists():
    group = typer.main.get_command(app)
    seen = set()
    for path in PROSE:
        for block in re.findall(r"```sh\n(.*?)```", read(path), re.DOTALL):
            for first, rest in re.findall(
                r"(?:^|[ /])persona (?!http)([a-z|-]+)(?: ([a-z|-]+))?", re.sub(r"#.*", "", block), re.MULTILINE
            ):
                for name in first.split("|"):
                    assert name in group.commands or name.startswith("--"), (path.name, name)
                    inner = getattr(group.commands.get(name), "commands", None)
                    if inner is not None:
                        assert set(rest.split("|")) <= set(inner), (path.name, name, rest)
                    seen.add(name)
    assert seen >= {"ask", "chat", "memory", "user", "eval", "train", "bench", "models", "serve", "doctor"}


def test_the_makefile_has_what_the_documents_promise():
    targets = set(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), re.MULTILINE))
    for path in PROSE:
        assert set(re.findall(r"`make ([a-z-]+)", read(path))) <= targets, path.name
    assert {"chat", "test", "check", "docs", "story"} <= targets


@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.name)
def test_every_file_that_a_document_names_is_there(path):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", read(path)):
        assert (path.parent / target).exists(), target
    for name in re.findall(r"`((?:app|docs|evals|examples|graph|memory|tests|training)/[\w./-]+)`", read(path)):
        assert (ROOT / name).exists(), name


def test_every_module_of_a_room_that_architecture_names_is_there():
    rooms = re.findall(r"^\| `(\w+/\w+)` \|.*\| (.*) \|$", read(ROOT / "ARCHITECTURE.md"), re.MULTILINE)
    assert len(rooms) > 25
    for room, modules in rooms:
        for name in re.findall(r"`(\w+)`", modules):
            assert (ROOT / room / f"{name}.py").is_file(), (room, name)


def test_what_is_read_first_is_short():
    readme = read(ROOT / "README.md")
    assert len(readme.splitlines()) <= 150
    assert len(readme.split()) <= 1_200
    assert len(read(ROOT / "ARCHITECTURE.md").splitlines()) <= 130
    # It is on no package index, so such a command would install another project.
    assert not any(re.search(r"pip install (?:personavlm|'personavlm)", read(path)) for path in PROSE)


def test_the_site_needs_no_network():
    site = yaml.safe_load(read(ROOT / "mkdocs.yml"))
    assert site["strict"] is True
    assert site["theme"]["font"] is False
    assert site["plugins"] == ["search"]
    assert not {"extra_css", "extra_javascript", "hooks", "repo_url"} & set(site)


def test_the_changelog_knows_this_version():
    version = tomllib.loads(read(ROOT / "pyproject.toml"))["project"]["version"]
    assert f"## [{version}]" in read(ROOT / "CHANGELOG.md")


def test_every_promise_names_a_test_that_is_there():
    promised = re.findall(r"\| `(tests/\S+?)::(\w+)` \|", read(ROOT / "GUARANTEES.md"))
    assert len(promised) > 10
    for file, name in promised:
        text = read(ROOT / file)
        assert re.search(rf"^(def {name}\(|class {name}\b|{name} = )", text, re.MULTILINE), (file, name)
