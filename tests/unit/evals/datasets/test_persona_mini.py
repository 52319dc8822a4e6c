"""Our own benchmark: every answer's evidence is there, and the review that says so sees what is not."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from evals.components.review import review
from evals.datasets import probes
from evals.datasets.persona_mme import load
from memory.core.errors import InvalidInput

MINI = Path(__file__).parents[4] / "evals" / "data" / "persona_mini"


@pytest.fixture
def copy(tmp_path):
    """Copy the data, with one of its files changed."""

    def make(name=None, change=None):
        shutil.copytree(MINI, tmp_path / "mini")
        if name:
            path = tmp_path / "mini" / name
            content = json.loads(path.read_text())
            change(content)
            path.write_text(json.dumps(content, ensure_ascii=False))
        return tmp_path / "mini"

    return make


def test_every_answers_evidence_exists():
    wrong, counts = review(MINI)
    assert wrong == []
    assert counts["people"] >= 8
    assert len(counts["by task"]) == 13
    assert counts["alignment pairs"] >= 8
    # Neither a letter nor a length tells what is right.
    assert max(counts["right letters"].values()) <= 0.35 * counts["questions"]
    assert counts["right option is the longest"] <= 0.35


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("Persona-MME.json", lambda cases: cases[0].pop("evidence"), "Question 0 .*: it has no evidence"),
        ("Persona-MME.json", lambda cases: cases[1]["evidence"][0].update(quote="18 November"), "turn 10 does not say '18 Nov"),
        ("Persona-MME.json", lambda cases: cases[0]["evidence"][0]["shows"].update(dots=4), "turn 2 does not show .*'dots': 4"),
        ("Persona-MME.json", lambda cases: cases[0]["evidence"][0].pop("shows"), "turn 2 does not show None"),
        ("Persona-MME.json", lambda cases: cases[1].update(time="2026-03-03 10:00"), "turn 10 comes after the question"),
        ("Persona-MME.json", lambda cases: cases[1]["evidence"][0].pop("quote"), "neither words nor a picture"),
        ("Persona-MME.json", lambda cases: cases[1]["evidence"][0].update(note=1), "its evidence is malformed"),
        ("Persona-MME.json", lambda cases: cases[3]["choices"].update({"(a)": cases[3]["choices"]["(b)"]}), "two options are the"),
        ("Persona-MME.json", lambda cases: cases[0].update(answer=next(k for k, v in cases[0]["choices"].items() if "red" in v)), "answer says 'green'"),
        ("Persona-MME.json", lambda cases: cases[1].update(answer=next(k for k, v in cases[1]["choices"].items() if v == "12 April")), "answer says '12'"),
        ("scenes.json", lambda scenes: scenes.update(extra=1), "scenes.json, line 1 .extra"),
        ("Persona-MME.json", lambda cases: [case.pop("alignment", None) for case in cases], "No question has a pair"),
        (
            "Persona-MME.json",
            lambda cases: cases.__setitem__(slice(None), [one for one in cases if "Tiered" not in one["question_type"]]),
            "No question is of the task Tiered Explanation Delivery",
        ),
        ("scenes.json", lambda scenes: scenes.pop("samples/50/ana/imgs/cat.png"), "scenes.json does not say what is on it"),
        ("scenes.json", lambda scenes: scenes["samples/50/ana/imgs/cat.png"].update(background="red"), "cat.png: it is not what"),
        ("scenes.json", lambda scenes: scenes["samples/50/ana/imgs/cat.png"]["things"][0].update(thing="dog"), "no drawing of 'dog'"),
        (
            "samples/50/ana/user_data.json",
            lambda person: person["sessions"][0][1]["facts"].append(["Zanzibar"]),
            "50/ana, turn 1: it does not say Zanzibar",
        ),
        ("samples/50/ana/user_data.json", lambda person: person["sessions"].pop(), "50/ana has 20 turns|no turn 2\\d in the history"),
    ],
)  # fmt: skip
def test_a_review_sees_what_is_wrong(copy, name, change, said):
    folder = copy(name, change)
    try:
        wrong = "\n".join(review(folder)[0])
    except InvalidInput as error:
        wrong = error.message
    assert re.search(said, wrong), wrong


def test_a_picture_that_is_another_one_is_seen(copy):
    folder = copy()
    Image.new("RGB", (320, 320), "black").save(folder / "samples" / "50" / "ana" / "imgs" / "cat.png")
    assert review(folder)[0] == ["samples/50/ana/imgs/cat.png: it is not what scenes.json says."]


def test_probes_are_about_people_who_are_there(copy):
    people, _ = load(MINI, "32k")
    read = probes.load(MINI, people)
    assert {probe.person for probe in read} == {person.id for person in people}
    assert not any(probe.evidence for probe in read)
    last = {person.id: person.turns[-1].time for person in people}
    for probe in read:
        since = (probe.time - last[probe.person]).total_seconds() / 60
        assert (0 < since < 60) == (probe.task == "Just said"), probe
    folder = copy("probes.json", lambda entries: entries[2].update(person="50/nobody"))
    with pytest.raises(InvalidInput, match=r"probes\.json, line 1 \(2\.person\): there is no person '50/nobody'"):
        probes.load(folder, people)
    assert probes.load(folder / "samples", people) == []
