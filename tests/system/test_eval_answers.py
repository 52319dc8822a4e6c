"""`persona eval persona-mme` and `personamem` as a researcher runs them, against a model server on loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app.cli import main
from tests.fake_server import fake_server
from tests.fakes import NOTHING, WordEmbedder
from tests.unit.evals.datasets.test_persona_mme import CASE, person
from tests.unit.evals.datasets.test_personamem import ROW, TALK
from tests.unit.evals.datasets.test_story import ASKED, TURN
from tests.unit.evals.datasets.test_story import STORY as ONE

ROOT = Path(__file__).parents[2]
MINI = ROOT / "evals" / "data" / "persona_mini"
NEUTRAL = "\n".join(
    f'"{trait}": 3' for trait in ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
)

LATER = {"time": "2026-03-05 08:00", "user": "The parrot is called Admiral", "assistant": "A parrot of rank."}
STORY = {
    **ONE,
    "sessions": [[TURN], [LATER]],
    "questions": [
        ASKED,
        {"id": "dog", "kind": "unknown", "text": "What is my dog called?", "answer": "Nobody said that there is one"},
    ],
}


def reply(body):
    said = str(body["messages"])
    if '"openness"' in said:
        return NEUTRAL
    if '"decision"' in said:
        return NOTHING
    if "source_dialog_indices" in said:
        return '"topic_summary": "The user showed a mug."\n"keywords": "mug"\n"source_dialog_indices": 0'
    if "Does it fit" in said:
        return "<think>Yes.</think>\n<answer>(a)</answer>"
    return "<think>Red.</think>\n<answer>(a)</answer>" if "<answer>" in said else '(a) because of "name": "Ada"'


def talks(body):
    """As `reply`, but in words: a letter is no reply to a person."""
    said = str(body["messages"])
    if not any(asked["text"] in said for asked in STORY["questions"]):
        return reply(body)
    words = "You have a parrot, called Admiral."
    return f"<think>Plain.</think>\n<answer>{words}</answer>" if "<answer>" in said else words


@pytest.fixture
def persona(tmp_path, monkeypatch, capsys):
    """Run `persona …` in this process, with a small embedder; returns (exit code, stdout, stderr)."""
    monkeypatch.setattr("app.factory.build_embedder", lambda _settings: WordEmbedder())
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    with fake_server() as server:
        server.reply = reply
        monkeypatch.setenv("PERSONA_LLM_BASE_URL", server.url)

        def run(*words):
            monkeypatch.setattr(sys, "argv", ["persona", *words])
            try:
                main()
                code = 0
            except SystemExit as ended:
                code = ended.code or 0
            said = capsys.readouterr()
            return code, said.out, said.err

        run.server = server
        yield run


@pytest.mark.evals
def test_persona_mme_from_files_to_a_table_and_a_second_run_asks_nothing(persona, tmp_path):
    person(tmp_path / "mme" / "samples" / "50" / "7")
    person(tmp_path / "mme" / "samples" / "100" / "12")
    cases = [CASE, {**CASE, "data_path": "samples/100/12", "answer": "(b)", "alignment": None}]
    (tmp_path / "mme" / "Persona-MME.json").write_text(json.dumps(cases))
    words = ("eval", "persona-mme", "--data", "mme", "--baseline", "none", "--baseline", "rag", "--baseline", "full-context")
    code, out, err = persona(*words, "--json")
    assert code == 0, err
    report = json.loads(out)
    assert list(report) == ["ours", "none", "rag", "full-context"]
    assert {solver: of["all"]["score"] for solver, of in report.items()} == dict.fromkeys(report, 0.5)
    # The reply that fits is judged rightly, and so is not the one that does not.
    assert report["ours"]["Alignment / Personality Alignment"]["score"] == 0.5
    asked = len(persona.server.bodies)
    code, out, err = persona(*words)
    assert code == 0, err
    assert len(persona.server.bodies) == asked, "all of it was there already"
    assert "Visual Detail Recall" in out
    assert "* PersonaVLM (RL)" in out
    assert "2 questions about 2 people of mme" in err
    assert "cases.jsonl" in err
    whole = (tmp_path / "runs" / "persona-mme" / "32k" / "report.html").read_bytes()
    code, _, err = persona(*words, "--limit", "1")
    assert code == 0, err
    assert "report-1.html" in err
    assert (tmp_path / "runs" / "persona-mme" / "32k" / "report.html").read_bytes() == whole, "the page of all stays"


@pytest.mark.evals
def test_personamem_from_files_to_a_table(persona, tmp_path):
    import csv

    with (tmp_path / "questions.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ROW)
        writer.writeheader()
        writer.writerow(ROW)
    (tmp_path / "contexts.jsonl").write_text(json.dumps({"c1": TALK}))
    code, out, err = persona("eval", "personamem", "--questions", "questions.csv", "--contexts", "contexts.jsonl", "--json")
    assert code == 0, err
    assert json.loads(out)["ours"]["PersonaMem / recall_user_shared_facts"]["score"] == 0.0


def test_a_story_is_asked_beside_every_baseline_and_a_second_run_asks_nothing(persona, tmp_path):
    persona.server.reply = talks
    (tmp_path / "story.json").write_text(json.dumps(STORY))
    persona.server.counts = True
    names = ("none", "full-context", "rag", "hybrid", "notes")
    words = ("eval", "story", "--data", ".", *(word for name in names for word in ("--baseline", name)))
    code, out, err = persona(*words, "--json")
    assert code == 0, err
    report = json.loads(out)
    assert list(report["right"]) == ["ours", *names]
    assert all(of["all"] == {"right": 1, "of": 2} for of in report["right"].values())
    assert report["right"]["ours"]["wrong"] == ["dog"]
    assert report["costs"]["ours"]["calls_to_first"] == 1.0
    assert report["costs"]["notes"]["prompt_tokens"] > report["costs"]["none"]["prompt_tokens"] > 0
    assert report["work"]["turns"] == 2
    assert report["work"]["calls"] >= 2
    asked = len(persona.server.bodies)
    code, out, err = persona(*words)
    assert code == 0, err
    assert len(persona.server.bodies) == asked, "all of it was there already"
    assert "1 of 2" in out
    assert "notes, dog: You have a parrot" in err


def test_without_remembering_no_model_is_asked_before_the_first_question(persona, tmp_path):
    persona.server.reply = talks
    (tmp_path / "story.json").write_text(json.dumps(STORY))
    code, out, err = persona("eval", "story", "--data", ".", "--remember", "none", "--limit", "1", "--json")
    assert code == 0, err
    assert json.loads(out)["work"] == {}
    assert all("Which bird" in str(body["messages"][-1]) for body in persona.server.bodies)
    code, _, err = persona("eval", "story", "--data", ".", "--limit", "1")
    assert code == 1
    assert "runs/story contains a run with another --remember" in err


def test_a_story_is_asked_again_in_a_memory_that_has_grown(persona, tmp_path, monkeypatch):
    monkeypatch.setattr("evals.perf.corpus.english", lambda: tuple(f"word{number}" for number in range(200)))
    monkeypatch.setattr("evals.grown.TURNS", 30)
    monkeypatch.setattr("evals.grown.FACTS", 5)
    persona.server.reply = talks
    (tmp_path / "story.json").write_text(json.dumps(STORY))
    words = ("eval", "story", "--data", ".", "--grow", "--baseline", "rag")
    code, out, err = persona(*words, "--json")
    assert code == 0, err
    report = json.loads(out)
    assert list(report["right"]) == ["ours", "rag", "ours, grown", "rag, grown"]
    assert report["work"]["turns"] == 2, "no model remembers what was added"
    asked = len(persona.server.bodies)
    code, _, err = persona(*words)
    assert code == 0, err
    assert len(persona.server.bodies) == asked


def test_hybrid_needs_what_ours_used(persona, tmp_path):
    (tmp_path / "story.json").write_text(json.dumps(STORY))
    code, _, err = persona("eval", "story", "--data", ".", "--no-ours", "--baseline", "hybrid")
    assert code == 1
    assert "as many tokens as ours used" in err
    assert persona.server.bodies == []


def test_what_is_missing_is_said_before_a_model_is_asked(persona):
    code, _, err = persona("eval", "persona-mme", "--data", "nowhere")
    assert code == 1
    assert "Persona-MME.json cannot be read" in err
    assert persona.server.bodies == []


@pytest.mark.evals
def test_a_run_that_is_killed_goes_on_where_it_was_to_the_same_result(persona, tmp_path):
    """With the real embedder, in a process of its own, ended by `kill -9` while it answers."""
    for name in ("1", "2", "3"):
        person(tmp_path / "mme" / "samples" / "50" / name)
    person(tmp_path / "mme" / "samples" / "100" / "12")
    cases = [{**CASE, "data_path": f"samples/50/{number % 3 + 1}", "query": f"Question {number}?"} for number in range(9)]
    (tmp_path / "mme" / "Persona-MME.json").write_text(json.dumps(cases))
    command = [sys.executable, "-m", "app.cli", "eval", "persona-mme", "--data", "mme", "--concurrency", "2", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def run(out):
        return subprocess.Popen([*command, "--out", out], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)

    with run("whole") as process:
        whole = json.loads(process.communicate()[0])
    usual, killed = persona.server.reply, threading.Event()

    def some(body):
        # Once some questions are answered, the next ones are not before it is killed.
        if log.exists() and log.read_bytes().count(b"\n") >= 5:
            killed.wait(600)
        return usual(body)

    persona.server.reply = some
    log = tmp_path / "killed" / "32k" / "cases.jsonl"
    with run("killed") as process:
        while not (log.exists() and log.read_bytes().count(b"\n") >= 5):
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
        process.communicate()
    killed.set()
    kept = log.read_bytes().count(b"\n")
    assert 5 <= kept < 27
    persona.server.reply = usual
    with run("killed") as process:
        again = json.loads(process.communicate()[0])
    taken = {"tokens", "seconds"}
    for one in (whole, again):
        for name in ("costs", "work"):
            one["ours"].pop(name)
        for figure in one["ours"].values():
            figure.update(dict.fromkeys(taken, 0))
    assert again == whole
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert len({(line["question"], line["kind"]) for line in lines}) == len(lines) == 27


def test_every_node_of_the_graphs_is_measured_and_what_moved_is_shown(persona):
    words = ("eval", "graph", "--data", str(MINI), "--limit", "13")
    code, out, err = persona(*words, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found["reason"]["looks when it must"] == 1.0, "every turn begins with a search"
    assert found["reason"]["answers when it can"] == 0.0
    assert found["extract_semantic"] == {"recall": 0.0, "decision": pytest.approx(4 / 24, abs=0.001)}
    assert found["infer_personality"]["evolved"] == found["infer_personality"]["neutral"]
    assert found["evolve_personality"]["tracking error, sudden, pem"] < 0.6
    asked = len(persona.server.bodies)
    before = Path("before.json")
    before.write_text(json.dumps({**found, "reason": {"decision": 0.875}}))
    code, out, err = persona(*words, "--against", str(before))
    assert code == 0, err
    [decision] = [line.split() for line in out.splitlines() if line.split()[:2] == ["reason", "decision"]]
    assert decision[2:] == ["0.5", "0.875"]
    assert len(persona.server.bodies) == asked, "all of it was there already"


def test_what_cannot_be_measured_is_said_before_any_model_is_asked(persona, tmp_path):
    person(tmp_path / "mme" / "samples" / "50" / "7")
    person(tmp_path / "mme" / "samples" / "100" / "12")
    (tmp_path / "mme" / "Persona-MME.json").write_text(json.dumps([CASE]))
    code, _, err = persona("eval", "graph", "--data", "mme")
    assert (code, "does not list which messages answer each question" in err) == (1, True)
    code, _, err = persona("eval", "graph", "--data", str(MINI), "--against", "gone.json")
    assert (code, "gone.json cannot be read" in err) == (1, True)
    for content in ("[1]", '{"reason": {"decision": "x"}}'):
        Path("list.json").write_text(content)
        code, _, err = persona("eval", "graph", "--data", str(MINI), "--against", "list.json")
        assert (code, "list.json is no graph.json" in err) == (1, True)
    Path("list.json").write_text("[1]")
    code, _, err = persona("eval", "graph", "--data", str(MINI), "--against", "list.json")
    assert (code, "list.json is no graph.json" in err) == (1, True)
    assert persona.server.bodies == []


def test_a_review_says_what_there_is_and_fails_where_something_is_wrong(persona, tmp_path):
    code, out, err = persona("eval", "review", "--data", str(MINI))
    assert code == 0, err
    assert "Tiered Explanation Delivery" in out
    assert "Every answer has its evidence." in err
    shutil.copytree(MINI, tmp_path / "mini")
    scenes = json.loads((MINI / "scenes.json").read_text())
    scenes.popitem()
    (tmp_path / "mini" / "scenes.json").write_text(json.dumps(scenes))
    code, _, err = persona("eval", "review", "--data", "mini")
    assert (code, "scenes.json does not say what is on it" in err) == (1, True)


@pytest.mark.evals
def test_a_run_never_goes_on_with_the_answers_of_another(persona, tmp_path, monkeypatch):
    folder = tmp_path / "mme"
    person(folder / "samples" / "50" / "7")
    person(folder / "samples" / "100" / "12")
    (folder / "Persona-MME.json").write_text(json.dumps([CASE]))
    words = ("eval", "persona-mme", "--data", "mme")
    assert persona(*words)[0] == 0
    asked = len(persona.server.bodies)

    (folder / "Persona-MME.json").write_text(json.dumps([{**CASE, "query": "What colour is the sky?"}]))
    code, _, err = persona(*words)
    assert (code, "Question 0 of the log differs" in err) == (1, True)
    (folder / "Persona-MME.json").write_text(json.dumps([CASE, {**CASE, "data_path": "samples/100/12"}]))
    assert persona(*words)[0] == 0, "questions and people may be added"

    shutil.rmtree(folder / "samples" / "50" / "7")
    person(folder / "samples" / "50" / "7", sessions=[[{"time": "2026-03-01 10:00", "user": "Hi", "assistant": "Hello!"}]])
    code, _, err = persona(*words)
    assert (code, "another history of 50/7" in err) == (1, True)
    monkeypatch.setenv("PERSONA_PROMPT_LAYOUT", "published")
    code, _, err = persona(*words)
    assert (code, "another set of prompts" in err) == (1, True)
    (tmp_path / "runs" / "persona-mme" / "32k" / "run.json").write_text("{")
    code, _, err = persona(*words)
    assert (code, "run.json cannot be read" in err) == (1, True)
    assert len(persona.server.bodies) > asked
