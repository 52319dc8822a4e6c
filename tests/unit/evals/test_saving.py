"""`--save` of the evaluations: the figures, and beside them when, where and by which command they were made."""

from __future__ import annotations

import json
import sys

import pytest
import typer

from app.cli import app, main
from evals.perf import results


def test_the_figures_are_saved_as_json_prints_them(tmp_path, monkeypatch, capsys):
    file = tmp_path / "kept" / "times.json"
    monkeypatch.setattr(sys, "argv", ["/bin/persona", "eval", "times", "--json", "--save", str(file)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    out, err = capsys.readouterr()
    kept = json.loads(file.read_text())
    assert kept["found"] == json.loads(out)
    assert (kept["benchmark"], kept["command"]) == ("times", "persona eval times --json --save times.json")
    assert set(kept["machine"]) == {"cores", "processor", "python"}
    assert f"Saved to {file}." in err


@pytest.mark.parametrize("content", [None, "notes of mine", '{"ada": 1}'])
def test_a_file_that_cannot_be_saved_to_is_refused_before_the_run(tmp_path, monkeypatch, capsys, content):
    file = tmp_path / "there"
    if content is None:
        file.mkdir()
    else:
        file.write_text(content)
    monkeypatch.setattr(sys, "argv", ["/bin/persona", "eval", "times", "--save", str(file)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "Give a file written by --save" in capsys.readouterr().err
    assert content is None or file.read_text() == content


def test_an_earlier_result_is_replaced(tmp_path, monkeypatch):
    file = tmp_path / "times.json"
    file.write_text('{"found": {"old": 1}}')
    monkeypatch.setattr(sys, "argv", ["/bin/persona", "eval", "times", "--save", str(file)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert "old" not in json.loads(file.read_text())["found"]


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (
            ["persona", "eval", "beam", "--data", "/data/of mine/beam/", "--limit", "3"],
            "persona eval beam --data beam --limit 3",
        ),
        (["persona", "--data=/data/talks of May.json"], "persona '--data=talks of May.json'"),
        (
            ["persona", "--judge-url", "http://127.0.0.1:8000/v1", "--retriever", "all"],
            "persona --judge-url SERVER --retriever all",
        ),
        (["persona", "--sizes", "100,1000", "--data", "."], "persona --sizes 100,1000 --data ."),
    ],
)
def test_a_saved_command_names_no_place_of_the_machine(words, command):
    assert results.typed(words) == command


@pytest.mark.parametrize(
    "name", ["retrieval", "times", "forgetting", "judge", "story", "personamem", "beam", "persona-mme", "locomo"]
)
def test_every_evaluation_that_the_pages_quote_can_be_saved(name):
    command = typer.main.get_command(app).commands["eval"].commands[name]
    assert "--save" in {option for parameter in command.params for option in parameter.opts}
