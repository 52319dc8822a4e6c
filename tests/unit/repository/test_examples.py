"""The programs of `examples/` do what they say, with a scripted model and no network."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.fakes import ScriptedChat, ScriptedModels, answer, fact

EXAMPLES = Path(__file__).parents[3] / "examples"


def program(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.py")), ids=lambda file: file.stem)
def test_a_program_is_short_and_says_how_to_run_it(file):
    loaded = program(file.stem)
    assert f"python examples/{file.name}" in loaded.__doc__
    assert callable(loaded.main)
    assert len(file.read_text(encoding="utf-8").splitlines()) < 60


def test_a_chat_streams_its_reply_and_recalls_the_day_before(serve, capsys):
    chat = ScriptedChat({"reasoning": [answer("How exciting for Mara!"), answer("At the observatory in Jena.")]})
    service = serve(chat)
    program("chat_from_python").main(service)
    first, second = capsys.readouterr().out.split("[2026-03-08 09:00]")
    assert "How exciting for Mara!\n  saved as tur_" in first
    assert "recalled:" not in first
    assert "recalled: " in second
    assert "Mara starts at the observatory in Jena" in second
    assert "At the observatory in Jena.\n  saved as tur_" in second
    assert len(service.memory.journal.turns("ada")) == 2


def test_an_agent_searches_before_it_answers_and_records_the_turn(serve, capsys):
    chat = ScriptedChat({
        "direct": ["Enjoy it!", "On Thursdays."],
        "semantic": [fact("The user's quartet rehearses on Thursdays.", "quartet")],
    })  # fmt: skip
    service = serve(chat)
    program("agent_with_memory").main(service)
    said = capsys.readouterr().out
    first, second = chat.prompts("direct")
    assert "conversations:\n\n" in first, "there was nothing to find"
    assert "My quartet rehearses on Thursdays at seven." in second.split("human:")[0]
    assert "On which day does my quartet rehearse?\n  On Thursdays.\n" in said
    assert "  The user's quartet rehearses on Thursdays." in said
    assert [turn.reply for turn in service.memory.journal.turns("ada")] == ["Enjoy it!", "On Thursdays."]
    assert service.memory.work.count("ada") == 0


def test_an_agent_remembers_in_the_store_what_the_assistant_finds(serve, capsys):
    chat = ScriptedChat({
        "direct": "Take the night train.",
        "semantic": fact("The user gets seasick and travels by train.", "train", "seasick"),
    })  # fmt: skip
    service = serve(chat)
    program("agent_with_store").main(service)
    said = capsys.readouterr().out
    assert "The user gets seasick and travels by train." in chat.prompts("direct")[-1].split("human:")[0]
    assert said.startswith("The agent: Take the night train.\n")
    assert "  Wish for a trip: Plan a trip to Sweden by train." in said


def test_an_import_takes_every_line_once_and_finds_the_right_one(memory, tmp_path, capsys):
    loaded = program("scripted_import")
    transcript = loaded.write_sample(str(tmp_path))
    loaded.main(memory, transcript)
    said = capsys.readouterr().out
    assert said.startswith("3 turns added, 0 skipped.")
    assert "I planted two fig trees in the garden." in said.split("\n\n")[1]
    loaded.main(memory, transcript, "Where did the train go?")
    said = capsys.readouterr().out
    assert said.startswith("0 turns added, 3 skipped.")
    assert "My train to Leipzig was late again." in said.split("\n\n")[1]


def knows(prompt):
    """Answer from what the prompt shows."""
    asked = prompt.rpartition("What is Pepper afraid of?")
    if asked[1]:
        return "Thunder." if "thunder" in prompt else "Cats."
    return "To Graz." if "Graz" in prompt else "To Rome."


def test_an_evaluation_scores_ours_and_the_baselines(memory, tmp_path, capsys):
    chat = ScriptedChat({"direct": knows, "reasoning": lambda prompt: answer(knows(prompt))})
    log = tmp_path / "cases.jsonl"
    program("own_evaluation").main(ScriptedModels(chat), memory, log)
    said = capsys.readouterr().out
    assert len(log.read_text(encoding="utf-8").splitlines()) == 9
    assert "[ours] Which city did I move to? To Graz." in said
    assert said.endswith("ours         0.67\nfull context 0.67\nno memory    0.00\n")
