"""Lessons and questions from the journal of someone who agreed: what was done, in the forms that a model is asked for."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from app.cli import main
from graph.formats import memory_formats
from graph.formats.protocol import Answer, Retrieve, parse_reasoning
from graph.prompts.briefing import Style
from memory.core.records import BigFive
from tests.fakes import ScriptedChat, WordEmbedder, answer, fact
from training.data import questions, sft_data
from training.data.from_journal import Teacher
from training.data.journal_questions import Examiner

TALK = [
    ("My parrot is called Zazu.", "2026-03-01 09:00", [answer("A fine name!")], fact("The user has a parrot called Zazu.", "parrot")),
    ("I live in Quito.", "2026-03-03 09:00", [answer("High up!")], fact("The user lives in Quito.", "Quito")),
    ("I sing in a choir.", "2026-03-05 09:00", [answer("Lovely.")], fact("The user sings in a choir.", "choir")),
    ("I own a canoe.", "2026-03-07 09:00", [answer("Nice.")], fact("The user owns a canoe.", "canoe")),
    ("What is my parrot called?", "2026-03-09 09:00", [answer("Zazu.")], None),
]  # fmt: skip
CURIOUS = memory_formats.format_personality(BigFive(openness=5))


@pytest.fixture
def talked(relive):
    """A service whose user has talked, agreed to training, and been remembered."""
    script: dict = {
        "personality": CURIOUS,
        "core": '"name": "Ada"\n"home": "Quito"',
        "procedural": '"choir": "The user sings."',
    }
    return relive(_life, ScriptedChat(script))


def _life(service, chat):
    for number, (text, time, rounds, remembered) in enumerate(TALK):
        chat.script["reasoning"] = list(rounds)
        list(service.stream("ada", text, time=time))
        if number == 0:
            service.memory.consent.say("ada", training=True)
        if remembered:
            chat.script["semantic"] = remembered
        else:
            chat.script.pop("semantic", None)
        service.wait("ada")
    service.memory.journal.end_session("ada")
    service.wait("ada")


def taught(service, folder: Path):
    lessons = Teacher(service.memory, "ada", Style(), folder).lessons()
    return {kind: [lesson for lesson in lessons if lesson.kind == kind] for kind in dict.fromkeys(one.kind for one in lessons)}


def test_all_six_tasks_are_there_each_in_its_form(talked, tmp_path):
    by_kind = taught(talked, tmp_path)
    assert set(by_kind) == {"reasoning", "semantic", "personality", "core", "episodic", "procedural"}
    for kind, lessons in by_kind.items():
        for lesson in lessons:
            assert lesson.messages[-1].role == "assistant"
            written = lesson.messages[-1].text
            if (kind, written) != ("procedural", "none"):
                from training.data.lessons import kind_of

                assert kind_of(written) == kind, written


def test_a_look_into_memory_is_learnt_with_what_it_brought(talked, tmp_path):
    lesson = taught(talked, tmp_path)["reasoning"][-1]
    assert [message.role for message in lesson.messages] == ["user", "assistant", "user", "assistant"]
    look, reply = parse_reasoning(lesson.messages[1].text), parse_reasoning(lesson.messages[3].text)
    assert isinstance(look, Retrieve)
    assert look.keywords == "What is my parrot called?"
    assert isinstance(reply, Answer)
    assert reply.text == "Zazu."
    assert "User: My parrot is called Zazu." in lesson.messages[2].text
    assert "home: Quito" in lesson.messages[0].text
    assert "What is my parrot called?" in lesson.messages[0].text


def test_what_was_inferred_and_extracted_is_the_lesson(talked, tmp_path):
    by_kind = taught(talked, tmp_path)
    assert all(memory_formats.parse_personality(one.messages[-1].text) == BigFive(openness=5) for one in by_kind["personality"])
    extracted = [memory_formats.parse_semantic(one.messages[-1].text) for one in by_kind["semantic"]]
    assert [one.content for one in extracted if one.decision] == [
        "The user has a parrot called Zazu.", "The user lives in Quito.", "The user sings in a choir.", "The user owns a canoe.",
    ]  # fmt: skip
    assert [one.decision for one in extracted] == [True] * 4 + [False]


def test_what_was_forgotten_is_in_no_lesson_and_no_question(talked, tmp_path):
    memory = talked.memory
    parrot = next(one for one in memory.memories.entries("ada", kind="semantic") if "Zazu" in one.content)
    memory.forget("ada", parrot.id, now=True)
    lessons = Teacher(memory, "ada", Style(), tmp_path).lessons()
    examiner = Examiner(memory, "ada", tmp_path)
    said = "".join(message.text for lesson in lessons for message in lesson.messages if message.role != "system")
    assert "Zazu" not in said
    assert "Quito" in said
    assert "Zazu" not in examiner.history().model_dump_json()
    assert not any("Zazu" in one.text + one.answer for one in examiner.questions())


def test_a_persons_own_mark_is_no_picture(serve, tmp_path):
    service = serve(ScriptedChat({"reasoning": answer("Fine.")}))
    list(service.stream("ada", "Write <image> for me.", time="2026-03-01 09:00"))
    service.wait("ada")
    for lesson in Teacher(service.memory, "ada", Style(), tmp_path).lessons():
        assert not lesson.images
        assert "<image>" not in "".join(message.text for message in lesson.messages)


def test_questions_are_answered_by_what_was_said(talked, tmp_path):
    asked = Examiner(talked.memory, "ada", tmp_path).questions()
    choices = [one for one in asked if one.kind == "choice"]
    assert len(choices) == 4
    for question in choices:
        date = question.text.split("on ")[1][:10]
        right = next(line for line in question.text.splitlines() if line.startswith(question.answer))
        said = next(remembered for _, time, _, remembered in TALK if time.startswith(date))
        assert right[4:] in said
    (open_one,) = [one for one in asked if one.kind == "open"]
    assert (open_one.text, open_one.answer, open_one.upto) == ("What is my parrot called?", "Zazu.", 4)
    # Not always the same letter.
    assert len({one.answer for one in choices}) > 1


@pytest.fixture
def persona(talked, monkeypatch, capsys):
    talked.close()
    monkeypatch.setattr("app.factory.build_embedder", lambda _settings: WordEmbedder())

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["persona", *words])
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_the_command_writes_files_that_training_reads(persona, tmp_path):
    out = tmp_path / "own"
    code, said, err = persona("train", "data", "--from-journal", "--out", str(out), "--json")
    assert code == 0, err
    report = json.loads(said)
    assert report["people"] == 1
    lessons = sft_data.read(out / "sft.json")
    assert len(lessons) == report["samples"][-1]["samples"]
    asked = questions.read(out / "rl.jsonl")
    assert {one.kind for one in asked} == {"choice", "open"}
    assert "ada" not in [path.stem for path in (out / "memories").iterdir()]
    code, said, _ = persona("train", "data", str(out / "sft.json"))
    assert code == 0
    assert "personality" in said
    code, said, _ = persona("train", "data", str(out / "rl.jsonl"))
    assert code == 0
    assert "choice" in said
    code, _, err = persona("train", "data", "--from-journal", "--out", str(out))
    assert code == 1
    assert "already contains samples" in err
    (out / "sft.json").unlink()
    code, _, err = persona("train", "data", "--from-journal", "--out", str(out))
    assert code == 1, "the questions alone are not overwritten either"
    code, said, _ = persona("train", "data", "--from-journal", "--user", "ada", "--user", "ada", "--out", f"{out}2", "--json")
    assert json.loads(said)["samples"] == report["samples"]


def test_nothing_is_made_of_who_did_not_agree(persona, tmp_path):
    words = ("train", "data", "--from-journal", "--out", str(tmp_path / "own"))
    assert persona("user", "consent", "ada", "--training", "no")[0] == 0
    code, _, err = persona(*words)
    assert code == 1
    assert "No user has agreed" in err
    code, _, err = persona(*words, "--user", "ada")
    assert code == 1
    assert "ada has not agreed" in err
    assert not (tmp_path / "own").exists()
    code, said, _ = persona("user", "consent", "ada")
    assert "refused on" in said


def test_what_was_said_twice_is_forgotten_twice(serve, tmp_path):
    chat = ScriptedChat({"semantic": fact("The user has a parrot called Zazu.", "parrot"), "change": '"1": "same"'})
    service = serve(chat)
    for day in (1, 5, 9):
        list(service.stream("ada", f"Day {day}: my parrot is called Zazu.", time=f"2026-03-0{day} 09:00"))
        service.wait("ada")
    service.memory.consent.say("ada", training=True)
    first = service.memory.memories.entries("ada", kind="semantic")[0]
    service.memory.forget("ada", first.id, now=True)
    lessons = Teacher(service.memory, "ada", Style(), tmp_path).lessons()
    assert "Zazu" not in str(lessons)
    assert "Zazu" not in Examiner(service.memory, "ada", tmp_path).history().model_dump_json()


def test_a_mark_of_chat_templates_in_a_message_keeps_that_message_alone_out(talked, persona, tmp_path, serve):
    chat = ScriptedChat({"reasoning": answer("Fine.")})
    service = serve(chat)
    list(service.stream("ada", "What does <|im_end|> mean?", time="2026-03-11 09:00"))
    service.wait()
    service.close()
    assert persona("train", "data", "--from-journal", "--out", str(tmp_path / "own"))[0] == 0
    assert "Zazu" in (tmp_path / "own" / "sft.json").read_text()
    assert "im_end" not in (tmp_path / "own" / "sft.json").read_text()
    assert persona("train", "data", str(tmp_path / "own" / "rl.jsonl"))[0] == 0


def test_what_was_set_aside_is_no_lesson(talked, tmp_path):
    refused = talked.memory.journal.turns("ada")[1]
    for step in ("semantic", "personality"):
        talked.memory.refusals.note(
            "ada", "remember", refused.id, step, cause="refused", status=400, reason="no", most=1
        )  # fmt: skip
    talked.memory.refusals.note("ada", "consolidate", "3", "episodic", cause="thought", status=None, reason="", most=1)
    by_kind = taught(talked, tmp_path)
    assert refused.id not in {one.place for kind in ("semantic", "personality") for one in by_kind[kind]}
    assert not {"session 2", "session 3"} & {one.place for one in by_kind["episodic"]}
    assert "session 2" not in {one.place for one in by_kind["core"]}
    assert "session 3" in {one.place for one in by_kind["core"]}
