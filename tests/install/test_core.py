"""The core alone is enough for a conversation in words, on the command line and on the page; it stays small and says what it lacks."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.install.conftest import ROOT, Core

pytestmark = [pytest.mark.install, pytest.mark.xdist_group("install")]

HEAVY = (
    "torch", "torchvision", "transformers", "sentence_transformers", "open_clip", "onnxscript", "scipy", "sklearn", "plotly",
    "openai", "langchain_openai", "sympy", "networkx", "trl", "peft", "datasets", "psycopg", "authlib", "vllm", "pytest",
)  # fmt: skip
MOST_BYTES = 1_200_000_000
STARTS = 2_400
"""Looks for the page's server; each failed one is followed by a quarter of a second."""


def size(folder: Path) -> int:
    """Return the bytes of all files, each counted once."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def mini(core: Core) -> str:
    """Return where the benchmark of our own lies in the installation."""
    return core.run(
        "import evals; from pathlib import Path; print(Path(evals.__file__).parent / 'data' / 'persona_mini')"
    ).strip()


def test_nothing_heavy_is_there(core: Core) -> None:
    code = f"from importlib.util import find_spec; print([name for name in {HEAVY} if find_spec(name)])"
    assert core.run(code) == "[]\n"


def test_a_turn_is_taken_and_remembered_with_the_real_models(core: Core) -> None:
    done = core.persona("ask", "I adopted a beagle, Biscuit.", "--json", "--wait")
    assert done.returncode == 0, done.stderr
    turn = json.loads(done.stdout)
    assert turn["state"] == "answered"
    assert turn["reply"]
    found = core.persona("memory", "search", "dog beagle", "--user", "me", "--json")
    assert "Biscuit" in found.stdout
    assert size(core.environment) <= MOST_BYTES


def test_the_page_answers_its_health_check_from_outside_a_checkout(core: Core) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(core.environment / "bin" / "persona"), "page", "--headless", "--port", str(port)]
    with (core.folder / "page.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=core.folder, env=core.variables(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            for _ in range(STARTS):
                assert process.poll() is None, (core.folder / "page.log").read_text()
                try:
                    if httpx.get(f"http://127.0.0.1:{port}/_stcore/health").text == "ok":
                        break
                except httpx.HTTPError:
                    time.sleep(0.25)
            else:
                pytest.fail((core.folder / "page.log").read_text())
            # Its own settings came along: this machine alone, and no word to Streamlit's makers.
            listening = {line.split()[1] for line in Path(f"/proc/{process.pid}/net/tcp").read_text().splitlines()[1:]}
            assert f"0100007F:{port:04X}" in listening
            assert f"00000000:{port:04X}" not in listening
        finally:
            process.terminate()
            process.wait()


def test_a_message_is_answered_on_the_page(core: Core) -> None:
    code = """
import json
from pathlib import Path
import app
from streamlit.testing.v1 import AppTest
page = AppTest.from_file(str(Path(app.__file__).parent / "streamlit_app.py"), default_timeout=3600)
page.query_params["user"] = "page"
page.run()
page.chat_input[0].set_value("Good morning!").run()
# The reply is written beside the page; a browser would draw it again by itself.
while not page.error and not "".join(element.value for element in page.main.markdown):
    page.run()
said = [element.value for element in page.main.text], [element.value for element in page.main.markdown]
views = {}
for view in ("memory", "personality", "photos", "you"):
    shown = page.switch_page(str(Path(app.__file__).parent / "ui" / "views" / f"{view}.py")).run()
    views[view] = [str(one.value) for one in (*shown.exception, *shown.error)]
print(json.dumps({"said": said, "errors": [str(one.value) for one in page.error], "views": views}))
"""
    shown = json.loads(core.run(code).splitlines()[-1])
    assert shown["errors"] == []
    message, reply = shown["said"]
    assert "Good morning!" in message
    assert "".join(reply)
    assert shown["views"] == {"memory": [], "personality": [], "photos": [], "you": []}


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("photos", ["models", "pull", "clip-vit-b-32"]),
        ("photos", ["eval", "pictures", "--data", "pairs.jsonl"]),
        ("train", ["train", "sft", "--config", "training/recipes/sft_lora.yaml"]),
        ("train", ["train", "grpo", "--config", "training/recipes/grpo_lora.yaml"]),
        ("train", ["train", "judge-check", "--config", "training/recipes/grpo_lora.yaml"]),
        ("train", ["train", "data", "samples.json", "--model", "any"]),
        ("train", ["train", "merge", "adapters", "--out", "merged"]),
        ("evals", ["eval", "persona-mme", "--data", "MINI"]),
        ("evals", ["eval", "weights", "--data", "locomo.json"]),
        ("evals", ["eval", "sensitive"]),
    ],
)
def test_what_needs_more_says_which_extra_in_one_sentence(core: Core, extra: str, words: list[str]) -> None:
    mini = core.run(
        "import evals; from pathlib import Path; print(Path(evals.__file__).parent / 'data' / 'persona_mini')"
    ).strip()
    done = core.persona(*(mini if word == "MINI" else word for word in words))
    assert done.returncode == 1
    assert f"needs the extra [{extra}]" in done.stderr
    # From where it was installed: on a package index, the name may be somebody else's.
    command = f"`{core.python} -m pip install 'personavlm-langgraph[{extra}] @ {ROOT.as_uri()}'`"
    assert command in " ".join(done.stderr.split())
    assert done.stdout == ""


def test_another_embedder_and_a_database_on_a_server_say_theirs(core: Core) -> None:
    (core.folder / "embedder").mkdir(exist_ok=True)
    (core.folder / "embedder" / "modules.json").write_text("[]")
    (core.folder / "embedder" / "pytorch_model.bin").touch()
    for extra, variable, value in (
        ("embedders", "PERSONA_TEXT_EMBEDDER", str(core.folder / "embedder")),
        ("server", "PERSONA_DATABASE_URL", "postgresql://me@127.0.0.1:9/persona"),
    ):
        done = core.persona("memory", "search", "dog", "--user", "me", **{variable: value})
        assert done.returncode == 1
        assert f"[{extra}]" in done.stderr


def test_doctor_says_which_extras_are_off_and_what_each_brings(core: Core) -> None:
    said = " ".join(core.persona("doctor").stdout.split())
    for extra in ("photos", "embedders", "train", "serve", "server", "auth", "evals"):
        assert f"[{extra}] off:" in said
    assert "off photo memory" in said


def test_every_command_explains_itself(core: Core) -> None:
    code = """
import typer
from click import Context
from app.cli import app
def walk(command, path):
    inner = getattr(command, "commands", None)
    if inner is None:
        command.get_help(Context(command, info_name=path))
        print(path)
    for name, one in (inner or {}).items():
        walk(one, f"{path} {name}")
walk(typer.main.get_command(app), "persona")
"""
    commands = core.run(code).splitlines()
    assert {"persona ask", "persona memory list", "persona eval retrieval", "persona train sft", "persona bench turn"} <= set(
        commands
    )


COMMANDS = """
memory list|memory list --held|memory outdated|memory receipts|memory show x|memory undo|memory approve x|memory reject x
personality show|personality history|personality reset|user list|user consent me|user export me me.zip|user import none.zip
user delete nobody --yes|work|reindex|models list|doctor --json|serve|serve --print|ingest none.jsonl --user me
eval changes|eval pem|eval review --data MINI|eval compare a b|eval retrieval --data none.json|eval locomo --data none.json
eval personamem --questions none.csv --contexts none.jsonl|eval graph --data none|train data none.json
train data --from-journal --out own|bench compare a b|bench pages|--version
"""


def test_no_command_fails_otherwise_than_by_a_sentence(core: Core) -> None:
    commands = [line.replace("MINI", mini(core)).split() for line in COMMANDS.strip().replace("\n", "|").split("|")]
    code = f"""
import json
from typer.testing import CliRunner
from app.cli import app
from memory.core.errors import PersonaError
for words in {commands}:
    done = CliRunner().invoke(app, words)
    ours = done.exception is None or isinstance(done.exception, PersonaError | SystemExit)
    print(json.dumps([words, done.exit_code, ours, repr(done.exception), done.output[-500:]]))
"""
    said = [json.loads(line) for line in core.run(code, data="commands").splitlines() if line.startswith("[[")]
    assert len(said) == len(commands)
    assert [one for one in said if not one[2] or one[1] not in {0, 1, 2}] == []
    assert [one for one in said if "No module named" in "".join(map(str, one[3:]))] == []
