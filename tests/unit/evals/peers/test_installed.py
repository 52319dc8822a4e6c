"""The embedder as other programs expect it, and the command that writes the table."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from evals.cli.bench import app
from evals.peers import installed
from tests import tiny_bert

TALK = {
    "conversation": {
        "session_1_date_time": "9:00 am on 1 May, 2024",
        "session_1": [
            {"speaker": "Ann", "dia_id": "D1:1", "text": "The kettle is in the cellar."},
            {"speaker": "Bob", "dia_id": "D1:2", "text": "My violin broke."},
        ],
    },
    "qa": [
        {"question": "Where is the kettle?", "answer": "cellar", "evidence": ["D1:1"], "category": 4},
        {"question": "What broke?", "answer": "violin", "evidence": ["D1:2"], "category": 4},
    ],
}


def test_the_onnx_file_has_the_inputs_and_outputs_of_an_export_and_its_numbers(tmp_path):
    from onnxruntime import InferenceSession

    folder = tiny_bert.write(tmp_path)
    ids = [2, 5, 6, 3]
    with installed.with_onnx_file(folder) as whole:
        assert {one.name for one in whole.iterdir()} == {"onnx", *(one.name for one in folder.iterdir())}
        session = InferenceSession(str(whole / "onnx" / "model.onnx"))
        given = {
            name: np.array([row])
            for name, row in (("input_ids", ids), ("attention_mask", [1] * 4), ("token_type_ids", [0] * 4))
        }
        [tokens, *_] = session.run(None, given)
    assert np.allclose(tokens[0], tiny_bert.tokens(ids), atol=1e-4)
    assert not whole.exists()


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "talks.json"
    path.write_text(json.dumps([TALK, TALK]))
    return path


def test_the_command_saves_the_figures_and_the_table(programs, data, tmp_path):
    programs(ours="", mem0="")
    saved = tmp_path / "out" / "results.json"
    done = CliRunner().invoke(
        app,
        ["peers", "--data", str(data), "--peers", "ours,mem0,chroma", "--conversations", "1", "--save", str(saved), "--json"],
    )
    assert done.exit_code == 0, done.output
    found = json.loads(saved.read_text())["found"]
    assert found["data"] == {"conversations": 1, "turns": 2, "questions": 2}
    assert found["programs"]["ours"]["recall@10"] == 1.0
    page = saved.with_name("RESULTS.md").read_text()
    assert "| Chroma alone | did not run: it is not installed |" in page
    assert str(tmp_path) not in page


def test_an_unknown_program_is_refused_before_anything_runs(data):
    done = CliRunner().invoke(app, ["peers", "--data", str(data), "--peers", "ours,zep"])
    assert "not 'zep'" in str(done.exception)
