"""Prompts of one's own, from a file."""

from __future__ import annotations

from dataclasses import fields

import pytest

from graph.formats.memory_formats import parse_personality
from graph.prompts.texts import Prompts, load_prompts
from memory.core.errors import InvalidInput

NAMES = [field.name for field in fields(Prompts) if isinstance(getattr(Prompts, field.name), str)]


def test_without_a_file_the_wording_is_ours():
    assert load_prompts(None) == Prompts()
    for name in NAMES:
        assert getattr(Prompts(), name).strip()


def test_a_file_replaces_by_name_and_the_others_stay(tmp_path):
    file = tmp_path / "prompts.toml"
    file.write_text('instructions = """\nBe brief. {user} %s ü\n"""\ndirect = ""\n', encoding="utf-8")
    prompts, ours = load_prompts(file), Prompts()
    assert prompts.instructions == "Be brief. {user} %s ü\n"
    assert prompts.direct == ""
    for field in fields(Prompts):
        if field.name not in ("instructions", "brief", "direct", "scores"):
            assert getattr(prompts, field.name) == getattr(ours, field.name)


def test_own_instructions_are_for_small_models_too_unless_these_have_theirs(tmp_path):
    file = tmp_path / "prompts.toml"
    file.write_text('instructions = "Mine."')
    assert load_prompts(file).brief == "Mine."
    assert load_prompts(file).scores == ""
    file.write_text('instructions = "Mine."\nbrief = "Short."')
    assert load_prompts(file).brief == "Short."


def test_another_judgement_of_personality_goes_without_our_examples(tmp_path):
    file = tmp_path / "prompts.toml"
    file.write_text('personality = "Mine."')
    assert load_prompts(file).judged == ()


def test_the_examples_are_in_the_forms_that_are_asked_for():
    for _, written in Prompts().judged:
        assert parse_personality(written) is not None


@pytest.mark.parametrize("name", NAMES)
def test_every_prompt_can_be_replaced(tmp_path, name):
    file = tmp_path / "prompts.toml"
    file.write_text(f'{name} = "Mine."')
    assert getattr(load_prompts(file), name) == "Mine."


def test_an_empty_file_replaces_nothing(tmp_path):
    file = tmp_path / "prompts.toml"
    file.write_text("")
    assert load_prompts(file) == Prompts()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('instruction = "Be brief."', "instruction"),
        ('Instructions = "Be brief."', "Instructions"),
        ("instructions = 3", "instructions"),
        ('instructions = ["Be brief."]', "instructions"),
        ('[instructions]\ntext = "Be brief."', "instructions"),
        ('direct = true\nwrong = "x"\nsemantic = "y"', "direct, wrong"),
    ],
)
def test_an_unknown_name_or_a_value_that_is_no_text_is_refused_by_name(tmp_path, text, wrong):
    file = tmp_path / "prompts.toml"
    file.write_text(text)
    with pytest.raises(InvalidInput) as refused:
        load_prompts(file)
    assert f"{file} names {wrong}." in refused.value.message
    assert "instructions" in refused.value.message.split("called")[1]


@pytest.mark.parametrize(
    "data", [b"instructions", b"instructions = \xff", b'instructions = "x"\ninstructions = "y"', b"\x00", b'direct = "']
)
def test_a_file_that_is_no_toml_is_refused_with_its_path(tmp_path, data):
    file = tmp_path / "prompts.toml"
    file.write_bytes(data)
    with pytest.raises(InvalidInput, match=r"cannot be read .*Correct PERSONA_PROMPTS") as refused:
        load_prompts(file)
    assert str(file) in refused.value.message


def test_a_file_that_is_not_there_or_is_a_folder_is_refused_with_its_path(tmp_path):
    for path in (tmp_path / "missing.toml", tmp_path):
        with pytest.raises(InvalidInput, match="cannot be read") as refused:
            load_prompts(path)
        assert str(path) in refused.value.message
