"""The command line as people and scripts use it, against a model server on loopback and the real embedder."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from app.cli import main
from memory.core import clock
from tests.fake_server import fake_server
from tests.fakes import ScriptedChat, ScriptedModels, WordEmbedder, fact

ROOT = Path(__file__).parents[2]
FACT = '"reason": "a pet"\n"decision": true\n"content": "The user has a dog called Rex."\n"keywords": "dog, Rex"'


def reply(body):
    said = str(body["messages"])
    if '"openness"' in said:
        return "\n".join(f'"{trait}": 4' for trait in TRAITS)
    if '"decision"' in said:
        return FACT
    if "source_dialog_indices" in said:
        return '"topic_summary": "The user has a dog."\n"keywords": "dog"\n"source_dialog_indices": 0'
    if "<answer>" not in said:
        return '"name": "Ada"'
    last = str(body["messages"][-1])
    if "User Input" in last and "What" in last and "Notes of what they told you" not in last:
        return '<think>Look.</think>\n<retrieve>\n"keywords": "dog"\n"start_time": null\n"end_time": null\n</retrieve>'
    return "<think>Plain.</think>\n<answer>He is Rex.</answer>"


TRAITS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")


@pytest.fixture(scope="module")
def server():
    with fake_server() as running:
        running.reply = reply
        yield running


@pytest.fixture
def persona(server, tmp_path, monkeypatch, capsys):
    """Run `persona …` in this process, with a small embedder; returns (exit code, stdout, stderr)."""
    monkeypatch.setattr("app.factory.build_embedder", lambda _settings, **_options: WordEmbedder())
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def run(*words, input="", **more):
        for name, value in {"PERSONA_LLM_BASE_URL": server.url, **more}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["persona", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(input))
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as done:
            code = done.code or 0
        return code, *capsys.readouterr()

    return run


def read(result):
    code, out, err = result
    assert code == 0, err
    return json.loads(out)


def test_ask_remember_and_ask_again_days_later(persona):
    first = read(persona("ask", "I have a dog called Rex", "--time", "2026-03-01 09:00", "--wait", "--json"))
    assert set(first) == {
        "turn_id", "state", "reply", "steps", "memories", "personality", "timings_ms", "usage", "personality_after",
    }  # fmt: skip
    assert set(first["usage"]) == {
        "prompt_tokens", "completion_tokens", "total_tokens", "calls", "seconds", "first_word_seconds", "estimated",
    }  # fmt: skip
    assert first["usage"]["calls"] == 1
    assert first["state"] == "answered"
    # One message is too few to say how somebody is.
    assert first["personality"] is None
    assert first["personality_after"] is None
    later = read(persona("ask", "What is my dog called?", "--time", "2026-03-11 09:00", "--json"))
    assert later["reply"] == "He is Rex."
    assert [step["action"] for step in later["steps"]] == ["retrieve", "answer"]
    assert {"id", "kind", "text", "time"} == set(later["memories"][0])
    # The words that the fact came from stand for it.
    assert any("I have a dog called Rex" in memory["text"] for memory in later["memories"])
    assert later["personality"] is None
    assert "personality_after" not in later


def test_what_is_coming_up_is_listed(persona):
    day = clock.now().date() + timedelta(days=3)
    persona("ask", f"My driving test is on {day}", "--json")
    assert "in 3 days" in persona("memory", "upcoming")[1]
    (entry,) = read(persona("memory", "upcoming", "--json"))
    assert (entry["day"], entry["days"], entry["kind"]) == (str(day), 3, "turn")
    assert read(persona("memory", "upcoming", "--days", "1", "--json")) == []
    assert "mentioned no event in the next day" in persona("memory", "upcoming", "--days", "1")[2]


def test_results_go_to_stdout_and_progress_to_stderr(persona):
    persona("ask", "I have a dog called Rex", "--time", "2026-03-01 09:00", "--wait")
    code, out, err = persona("ask", "What is my dog called?", "--time", "2026-03-11 09:00")
    assert (code, out) == (0, "He is Rex.\n")
    assert "searching for: the message itself" in err


def test_work_left_pending_is_done_by_persona_work(persona):
    read(persona("ask", "I have a dog", "--time", "2026-03-01 09:00", "--json"))
    assert read(persona("memory", "list", "--json")) == []
    assert read(persona("work", "--json"))["done"] == 1
    [memory] = read(persona("memory", "list", "--kind", "semantic", "--json"))
    # The server's answer names the dog, which the message does not.
    assert memory["content"] == "The user has a dog"


def test_memory_can_be_seen_changed_forgotten_and_brought_back(persona):
    persona("ask", "I have a dog", "--time", "2026-03-01 09:00", "--wait")
    [memory] = read(persona("memory", "list", "--json"))
    assert memory["id"] in persona("memory", "list")[1]
    assert read(persona("memory", "search", "Rex", "--json"))[0]["id"]
    assert read(persona("memory", "edit", memory["id"], "The user has a cat.", "--json"))["edited"] is True
    assert read(persona("memory", "show", memory["id"], "--json"))["content"] == "The user has a cat."
    read(persona("memory", "forget", memory["id"], "--json"))
    assert read(persona("memory", "list", "--json")) == []
    assert read(persona("memory", "undo", memory["id"], "--json"))["content"] == "The user has a cat."
    code, _, err = persona("memory", "show", memory["id"], "--user", "bob")
    assert code == 1
    assert "no memory" in err


def test_personality_can_be_seen_pinned_and_reset(persona):
    persona("ask", "Hi", "--time", "2026-03-01 09:00", "--wait")
    shown = read(persona("personality", "show", "--json"))
    assert (shown["scores"]["openness"], shown["known"]) == (3.5, [])
    assert persona("personality", "show")[1].count("too early to tell") == 5
    read(persona("personality", "pin", "openness", "2", "--json"))
    assert read(persona("personality", "show", "--json"))["known"] == ["openness"]
    assert "pinned" in persona("personality", "show")[1]
    assert len(read(persona("personality", "history", "--json"))) == 2
    assert read(persona("ask", "Hi", "--time", "2026-03-01 09:10", "--json"))["personality"]["openness"] == 2.0
    assert read(persona("personality", "reset", "--json"))["scores"]["openness"] == 3.0


def test_a_transcript_is_ingested_once_and_consolidated(persona, tmp_path):
    lines = [
        {"time": "2026-03-01 09:00", "user": "I have a dog", "assistant": "Nice"},
        {"time": "2026-03-01 09:01", "user": "He barks", "assistant": "Oh", "images": []},
    ]
    file = tmp_path / "talk.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    assert read(persona("ingest", str(file), "--user", "eve", "--json")) == {"added": 2, "skipped": 0, "pending": 3}
    assert read(persona("ingest", str(file), "--user", "eve", "--wait", "--json")) == {"added": 0, "skipped": 2, "pending": 0}
    assert len(read(persona("memory", "list", "--user", "eve", "--kind", "episodic", "--json"))) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"time": "2026-03-01 09:00", "user": "Hi"}', "line 2: assistant: Field required"),
        ('{"time": "yesterday", "user": "Hi", "assistant": "Ho"}', "line 2: 'yesterday' is not a time"),
        ("not json", "line 2 is not JSON"),
        ('{"time": "2026-03-01 09:00", "user": "", "assistant": "Ho"}', "line 2: The message is empty"),
        ('{"time": "2026-03-01 09:00", "user": "Hi", "assistant": "Ho", "images": ["../x.png"]}', "line 2: the picture"),
        ('{"time": "2026-03-01 09:00", "user": "Hi", "assistant": "Ho", "images": ["x.png"]}', "line 2: there is no picture"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_written(persona, tmp_path, line, said):
    file = tmp_path / "talk.jsonl"
    file.write_text('{"time": "2026-03-01 09:00", "user": "Fine", "assistant": "Ok"}\n' + line + "\n")
    code, out, err = persona("ingest", str(file), "--user", "eve")
    assert (code, out) == (1, "")
    assert said in err
    assert read(persona("user", "list", "--json")) == []


def test_a_name_is_one_user_however_its_letters_are_written(persona):
    persona("ask", "Hi", "--user", "Jose\u0301", "--time", "2026-03-01 09:00")
    persona("ask", "Hi again", "--user", "Jos\u00e9", "--time", "2026-03-01 09:10")
    assert [(user["id"], user["turns"]) for user in read(persona("user", "list", "--json"))] == [("Jos\u00e9", 2)]
    assert read(persona("user", "delete", "Jose\u0301", "--yes", "--json"))["deleted"]["turns"] == 2


def test_users_are_listed_and_deleted(persona):
    persona("ask", "Hi", "--user", "ada", "--time", "2026-03-01 09:00")
    persona("ask", "Hi", "--user", "bob", "--time", "2026-03-01 09:00")
    assert [user["id"] for user in read(persona("user", "list", "--json"))] == ["ada", "bob"]
    assert persona("user", "delete", "ada", input="n\n")[0] == 1
    assert read(persona("user", "delete", "ada", "--yes", "--json"))["deleted"]["turns"] == 1
    assert [user["id"] for user in read(persona("user", "list", "--json"))] == ["bob"]
    code, _, err = persona("user", "delete", "ada", "--yes", "--json")
    assert code == 1
    assert json.loads(err)["error"]["code"] == "not_found"


def test_errors_are_one_sentence_or_one_object(persona):
    persona("ask", "Hi", "--time", "2026-03-05 09:00")
    code, out, err = persona("ask", "Hi", "--time", "2026-03-01 09:00")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "2026-03-05 09:00 (Thursday)" in err
    code, out, err = persona("ask", "Hi", "--time", "soon", "--json")
    assert (code, out) == (1, "")
    assert set(json.loads(err)["error"]) == {"code", "message"}
    assert persona("ask")[0] == 2
    assert persona("memory", "list", "--kind", "odd")[0] == 2
    code, _, err = persona("ask", "Hi", PERSONA_LLM_BASE_URL="http://127.0.0.1:9/v1")
    assert code == 1
    assert "Start it" in err


def test_a_talk_goes_on_from_the_time_given(persona):
    code, out, err = persona("chat", "--time", "2026-03-01 09:00", input="Hello\nHow are you?\n\n")
    assert code == 0, err
    assert out.count("He is Rex.") == 2
    assert "Talking as me" in err


def test_doctor_says_what_works_and_what_is_off(persona):
    code, out, _ = persona("doctor")
    assert code == 0
    assert "works" in out
    assert "off" in out
    code, out, _ = persona("doctor", "--json", PERSONA_LLM_BASE_URL="http://127.0.0.1:9/v1")
    assert code == 1
    broken = [finding for finding in json.loads(out) if finding["state"] == "broken"]
    assert [finding["what"] for finding in broken] == ["chat model", "pictures"]


def test_reindex_counts_what_it_indexed(persona):
    persona("ask", "I have a dog", "--time", "2026-03-01 09:00", "--wait")
    assert read(persona("reindex", "--json"))["indexed"] == 2


def test_the_installed_command_runs_in_a_process_of_its_own_with_the_real_embedder(server, tmp_path):
    environment = {**os.environ, "PERSONA_LLM_BASE_URL": server.url, "PERSONA_DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(
        [Path(sys.executable).parent / "persona", "ask", "I have a dog", "--wait", "--json"],
        capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=600,
    )  # fmt: skip
    assert json.loads(done.stdout)["reply"] == "He is Rex.", done.stderr


def test_help_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['persona', '--help']\n"
        "from app.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'chromadb', 'langgraph', 'langchain_core', 'sqlalchemy', 'transformers', 'openai', 'pandas',\n"
        "         'numpy', 'pydantic', 'httpx', 'yaml', 'streamlit'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=600)
    assert done.stdout.splitlines()[-1] == "[]", f"after {time.perf_counter() - began:.1f} s"


def test_the_version_is_one_line_with_what_a_report_needs(persona):
    code, out, err = persona("--version")
    assert (code, err, out.count("\n")) == (0, "", 1)
    assert re.match(r"persona \d+\.\d+\.\d+ \(Python 3\.\d+\.\d+, \w+ \w+, langgraph \d", out)
    assert "xllamacpp 20" in out


def test_bytes_that_are_not_text_are_a_sentence(persona):
    code, out, err = persona("memory", "search", "caf\udce9")
    assert (code, out) == (1, "")
    assert "not text" in err
    code, _, err = persona("ask", "Hi", "--user", "caf\udce9", "--json")
    assert code == 1
    assert json.loads(err)["error"]["code"] == "invalid_input"


def test_a_settings_file_that_is_not_utf8_is_a_sentence(persona, tmp_path):
    (tmp_path / ".env").write_bytes(b"PERSONA_LLM_MODEL=caf\xe9\n")
    code, _, err = persona("user", "list")
    assert code == 1
    assert ".env" in err
    assert "UTF-8" in err


def test_a_talk_at_the_end_of_time_is_a_sentence(persona):
    code, _, err = persona("chat", "--time", "9999-12-31 23:59:59.999999", input="Hello\n\n")
    assert "Begin earlier" in err
    assert code == 0


def test_a_reply_is_printed_and_kept_when_remembering_it_fails(persona, server):
    def only_reply(body):
        if "<answer>" in str(body["messages"]):
            return reply(body)
        server.status = 500
        return ""

    server.reply = only_reply
    try:
        code, out, err = persona("ask", "I have a dog", "--time", "2026-03-01 09:00", "--wait", "--json")
    finally:
        server.reply, server.status = reply, 200
    assert code == 1
    assert json.loads(out)["reply"] == "He is Rex."
    assert "The reply is saved" in json.loads(err)["error"]["message"]
    assert read(persona("work", "--json"))["done"] == 1


def test_closed_streams_and_readers_that_leave_are_no_crash(tmp_path):
    command = f"{Path(sys.executable).parent / 'persona'} models list"
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    for shell in (f"{command} <&- >&- 2>&-", f"{command} | true", f"{command} <&- | head -1"):
        done = subprocess.run(shell, shell=True, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=600)
        assert "Traceback" not in done.stderr + done.stdout, shell


def test_what_a_newer_fact_replaced_is_listed_with_its_day_and_brought_back(persona, tmp_path):
    from app.service import PersonaService
    from memory.memory import Memory

    chat = ScriptedChat({
        "semantic": [fact("The user hates coriander."), fact("The user loves coriander.")], "change": '"1": "changed"',
    })  # fmt: skip
    with PersonaService(Memory(tmp_path / "kept", WordEmbedder()), ScriptedModels(chat), work=False) as service:
        for day, said in enumerate(("I hate coriander", "I love coriander"), start=1):
            list(service.stream("me", said, time=f"2026-03-0{day} 09:00"))
        service.wait()
    kept = {"PERSONA_DATA_DIR": str(tmp_path / "kept")}
    old, new = read(persona("memory", "list", "--kind", "semantic", "--json", **kept))
    assert (old["superseded_by"], old["valid_until"][:10]) == (new["id"], "2026-03-02")
    assert "until 2026-03-02, then" in persona("memory", "list", **kept)[1]
    code, out, _ = persona("memory", "undo", old["id"], **kept)
    assert (code, "is restored" in out) == (0, True)
    assert [one["superseded_by"] for one in read(persona("memory", "list", "--kind", "semantic", "--json", **kept))] == [
        None,
        None,
    ]
    code, _, err = persona("memory", "undo", old["id"], **kept)
    assert (code, "remembered, and valid" in err) == (1, True)


def test_an_answer_off_the_record_is_an_object_too(persona):
    out = read(persona("ask", "I have a dog", "--off-the-record", "--json"))
    assert (out["state"], bool(out["reply"])) == ("answered", True)


def test_an_id_is_never_cut_off(persona, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    persona("ask", "I have a dog called Biscuit", "--wait")
    [known] = read(persona("memory", "list", "--kind", "semantic", "--json"))
    for command in (("list",), ("search", "Biscuit")):
        assert known["id"] in persona("memory", *command)[1]
