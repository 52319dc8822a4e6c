"""`persona eval beam`, `judge`, `forgetting`, `personamem` on v2 and corrected `locomo`, as a researcher runs them."""

from __future__ import annotations

import csv
import json
import sys

import pytest

from app.cli import main
from tests.fake_server import fake_server
from tests.fakes import WordEmbedder
from tests.system.test_eval_formats import CHAT
from tests.unit.evals.datasets.test_locomo_qa import TALK
from tests.unit.evals.datasets.test_personamem_v2 import HISTORY, ROW

pytestmark = pytest.mark.evals
PROBES = {
    "information_extraction": [
        {"question": "Who is ill?", "source_chat_ids": [0], "rubric": ["LLM response should state: the parrot Zazu"]}
    ],
    "abstention": [{"question": "Why so?", "rubric": ["there is no information related to the reason"]}],
}


def reply(body):
    said = str(body["messages"])
    if "You check a reply" in said:
        return '"verdict": 0.5'
    return "<think>Plain.</think>\n<answer>Your parrot Zazu.</answer>" if "<answer>" in said else "Your parrot Zazu."


@pytest.fixture
def persona(tmp_path, monkeypatch, capsys):
    """Run `persona …` in this process, with a small embedder; returns (exit code, stdout, stderr)."""
    monkeypatch.setattr("app.factory.build_embedder", lambda _settings: WordEmbedder())
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    with fake_server() as server:
        server.reply = reply
        server.counts = True
        monkeypatch.setenv("PERSONA_LLM_BASE_URL", server.url)

        def run(*words):
            monkeypatch.setattr(sys, "argv", ["persona", *words])
            code = 0
            try:
                main()
            except SystemExit as ended:
                code = ended.code or 0
            return code, *capsys.readouterr()

        run.server = server
        yield run


def test_beam_is_scored_by_words_and_by_the_judge_apart_and_a_second_run_asks_nothing(persona, tmp_path):
    folder = tmp_path / "beam" / "7"
    folder.mkdir(parents=True)
    (folder / "chat.json").write_text(json.dumps(CHAT))
    (folder / "probing_questions.json").write_text(json.dumps(PROBES))
    words = ("eval", "beam", "--data", "beam", "--remember", "none", "--baseline", "none", "--baseline", "hybrid")
    code, out, err = persona(*words, "--json")
    assert code == 0, err
    report = json.loads(out)
    assert list(report) == ["by words", "costs"]
    assert report["by words"]["ours"]["all"]["score"] == 0.5
    asked = len(persona.server.bodies)
    judge = ("--judge-url", persona.server.url, "--judge-model", "fake-model")
    code, out, err = persona(*words, *judge, "--json")
    assert code == 0, err
    report = json.loads(out)
    [judged] = [name for name in report if name.startswith("judged by ")]
    assert {solver: of["all"]["score"] for solver, of in report[judged].items()} == dict.fromkeys(
        ("ours", "none", "hybrid"), 0.5
    )
    assert report["by words"]["ours"]["all"]["score"] == 0.5
    # The replies are the same for every solver, and so are the two judgements.
    assert len(persona.server.bodies) == asked + 2
    code, out, err = persona(*words, *judge)
    assert code == 0, err
    assert len(persona.server.bodies) == asked + 2, "all of it was there already"
    assert "judged by" in err
    assert "Kendall" in err
    assert {path.name for path in (tmp_path / "runs" / "beam").glob("*.html")} == {"report.html", "report-judged.html"}


def test_a_part_has_every_ability_of_every_person(persona, tmp_path):
    for name in ("7", "8"):
        folder = tmp_path / "beam" / name
        folder.mkdir(parents=True)
        (folder / "chat.json").write_text(json.dumps(CHAT))
        twice = {ability: [*asked, *asked] for ability, asked in PROBES.items()}
        (folder / "probing_questions.json").write_text(json.dumps(twice))
    code, out, err = persona("eval", "beam", "--data", "beam", "--remember", "none", "--limit", "4", "--json")
    assert code == 0, err
    groups = json.loads(out)["by words"]["ours"]
    assert {name: of["cases"] for name, of in groups.items() if " / " in name} == {
        "BEAM / information extraction": 2,
        "BEAM / abstention": 2,
    }


def test_a_judge_is_compared_with_verdicts_by_hand(persona, tmp_path):
    code, out, err = persona("eval", "judge", "--json")
    assert code == 0, err
    assert json.loads(out)["by words"]["rows"] == 100
    (tmp_path / "labels.tsv").write_text(
        "kind\tquestion\titem\treply\tverdict\nhalf\tWho?\tthe parrot\tZazu\t0.5\nright\tWho?\tthe parrot\tthe parrot\t1\n"
    )
    words = (
        "eval",
        "judge",
        "--labels",
        "labels.tsv",
        "--judge-url",
        persona.server.url,
        "--judge-model",
        "fake-model",
        "--out",
        "kept",
    )
    code, out, err = persona(*words, "--json")
    assert code == 0, err
    _, judged = json.loads(out).values()
    assert (judged["raw"], judged["kappa"], judged["by_kind"]) == (0.5, 0.0, {"half": "1 of 1", "right": "0 of 1"})
    code, out, err = persona(*words)
    assert code == 0, err
    assert "by kind of reply" in out
    assert len(persona.server.bodies) == 2, "the second run asks nothing"


def test_forgetting_is_measured_without_a_model(persona):
    code, out, err = persona("eval", "forgetting", "--limit", "2", "--json")
    assert code == 0, err
    report = json.loads(out)
    assert report["scenes"] == 2
    assert report["of all"]["before the request"]["answered"] is None
    code, out, err = persona("eval", "forgetting", "--limit", "2")
    assert code == 0, err
    assert "the thing is on disk" in out
    assert "the thing is answered" not in out
    assert not persona.server.bodies


def test_personamem_is_read_in_the_form_of_its_second_version(persona, tmp_path):
    path = tmp_path / ROW["chat_history_32k_link"]
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"chat_history": HISTORY}))
    with (tmp_path / "benchmark.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ROW)
        writer.writeheader()
        writer.writerow(ROW)
    code, out, err = persona(
        "eval", "personamem", "--questions", "benchmark.csv", "--contexts", ".", "--remember", "none", "--json"
    )
    assert code == 0, err
    assert json.loads(out)["ours"]["PersonaMem-v2 / ask_to_forget"]["cases"] == 1


def test_locomos_answers_can_be_corrected_and_doubled_questions_counted_twice(persona, tmp_path):
    (tmp_path / "locomo.json").write_text(json.dumps([{**TALK, "qa": [TALK["qa"][0]] * 2}]))
    (tmp_path / "golds.json").write_text(json.dumps([{"question": TALK["qa"][0]["question"], "answer": "your parrot Zazu"}]))
    words = ("eval", "locomo", "--data", "locomo.json", "--remember", "none", "--json")
    scores = []
    for more in ((), ("--corrections", "golds.json"), ("--doubled",)):
        code, out, err = persona(*words, *more, "--out", f"runs/{len(scores)}")
        assert code == 0, err
        of = json.loads(out)["ours"]["all"]
        scores.append((of["cases"], of["score"]))
    assert scores == [(1, 0.0), (1, 1.0), (2, 0.0)]
