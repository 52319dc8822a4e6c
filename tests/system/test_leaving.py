"""Every way to leave: what is quick is finished, and what is not in memory yet is named in a sentence, without a code."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.fake_server import fake_server
from tests.system.test_cli import persona, read, reply

__all__ = ["persona"]

LAST_TWO = "Your last two messages are not in memory yet; they will be remembered at the next start."
LAST = "Your last message is not in memory yet; it will be remembered at the next start"


class Switch:
    """Replies at once; what follows a reply is answered while it is on."""

    def __init__(self, server):
        self.server, self.on = server, True

    def refuses(self, body):
        return None if self.on or "<answer>" in str(body["messages"]) else (503, "busy", {})


@pytest.fixture
def server():
    with fake_server() as running:
        running.reply = reply
        yield running


@pytest.fixture
def busy(server):
    """A server that replies, and does nothing else."""
    switch = Switch(server)
    switch.on = False
    server.refuses = switch.refuses
    return switch


def plain(err):
    """What a person reads holds no code, no traceback and no empty line."""
    assert "model_" not in err
    assert "Traceback" not in err
    assert "Error" not in err
    return err


def test_a_talk_with_a_quick_model_is_remembered_when_it_ends(persona):
    code, _, err = persona("chat", input="I have a dog called Rex\n\n")
    assert code == 0
    assert "not in memory" not in plain(err)
    assert len(read(persona("memory", "list", "--kind", "semantic", "--json"))) == 1


@pytest.mark.parametrize("end", ["\n", ""], ids=["an empty line", "the end of input"])
def test_a_talk_that_ends_names_what_is_not_in_memory(persona, busy, end):
    code, _, err = persona("chat", "--time", "2026-03-01 09:00", input=f"I have a dog\nHe barks\n{end}")
    assert code == 0
    assert plain(err).splitlines()[-1] == LAST_TWO


def test_a_later_talk_says_it_too_and_does_it_once_the_model_is_back(persona, busy):
    persona("chat", input="I have a dog\nHe barks\n\n")
    assert plain(persona("chat", input="\n")[2]).splitlines()[-1] == LAST_TWO
    busy.on = True
    persona("work")
    assert "not in memory" not in persona("chat", input="\n")[2]


def test_an_answer_says_what_brings_it_into_memory(persona):
    code, out, err = persona("ask", "I have a dog", "--time", "2026-03-01 09:00")
    assert (code, out) == (0, "He is Rex.\n")
    assert plain(err).splitlines()[-1].startswith(LAST)
    assert "`persona work`" in err
    assert "not in memory" not in persona("ask", "He barks", "--time", "2026-03-01 09:01", "--wait")[2]


def test_off_the_record_there_is_nothing_to_name(persona):
    assert "not in memory" not in persona("ask", "I have a dog", "--off-the-record")[2]
    assert "not in memory" not in persona("chat", "--off-the-record", input="I have a dog\n\n")[2]


def test_an_error_stays_the_one_sentence(persona):
    persona("ask", "Hi", "--time", "2026-03-05 09:00")
    code, _, err = persona("ask", "Hi", "--time", "2026-03-01 09:00")
    assert (code, "not in memory" in err) == (1, False)


def test_what_is_listed_and_found_says_what_is_missing_and_the_array_stays_an_array(persona, busy):
    persona("ask", "I have a dog", "--time", "2026-03-01 09:00")
    for words in (("list",), ("list", "--held"), ("search", "dog")):
        assert LAST in persona("memory", *words)[2]
        code, out, err = persona("memory", *words, "--json")
        assert (code, out[0], LAST in err) == (0, "[", True)
    assert "not in memory" not in persona("memory", "list", "--user", "bob")[2], "another's work is not theirs"


def test_a_server_that_went_away_is_no_code(persona, server):
    replies = []

    def goes(body):
        if "<answer>" in str(body["messages"]):
            replies.append(body)
            return False
        return True

    server.hangs_up = goes
    code, _, err = persona("chat", "--time", "2026-03-01 09:00", input="I have a dog\nHe barks\n\n")
    assert (code, len(replies)) == (0, 2)
    assert plain(err).splitlines()[-1] == LAST_TWO


def reads_its_terminal(pid):
    """Whether a process waits in read(0, …): its number is 0 on x86, 63 on ARM."""
    return Path(f"/proc/{pid}/syscall").read_text().split()[:2] in (["0", "0x0"], ["63", "0x0"])


def stays_at_its_question(process, looks=50_000):
    """Whether a process reads its terminal at every one of some looks."""
    return all(process.poll() is None and reads_its_terminal(process.pid) for _ in range(looks))


def run_on_a_terminal(server, folder, keys, *words):
    """Run `persona …` on a terminal of its own; `keys` are (what to wait for, what to press); returns what the person sees."""
    leader, follower = pty.openpty()
    # An environment without a model of its own: the words are counted. What runs in the background may have Ctrl-C ignored for its children.
    code = (
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import app.factory, sys\nfrom tests.fakes import WordEmbedder\n"
        "app.factory.build_embedder = lambda _settings: WordEmbedder()\n"
        f"sys.argv = ['persona', *{list(words)!r}]\nfrom app.cli import main\nmain()\n"
    )
    environment = {
        **os.environ, "PERSONA_LLM_BASE_URL": server.url, "PERSONA_DATA_DIR": str(folder / "data"), "TERM": "dumb",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=follower, stdout=follower, stderr=follower, env=environment, cwd=folder, start_new_session=True,
    )  # fmt: skip
    os.close(follower)
    seen = b""
    for awaited, pressed in keys:
        mark = len(seen)
        while awaited.encode() not in seen[mark:]:
            seen += os.read(leader, 4096)
        if pressed == "\x03":
            # Python notices a signal while it reads, or after it; one between the question and the read waits for the next key.
            while awaited.endswith("> ") and process.poll() is None and not reads_its_terminal(process.pid):
                os.sched_yield()
            process.send_signal(signal.SIGINT)
            # One that another thread received does not end the read: a person presses again where nothing happens.
            while awaited.endswith("> ") and process.poll() is None and not select.select([leader], [], [], 0)[0]:
                if stays_at_its_question(process):
                    process.send_signal(signal.SIGINT)
        else:
            os.write(leader, pressed.encode())
    while True:
        try:
            more = os.read(leader, 4096)
        except OSError:
            break
        if not more:
            break
        seen += more
    os.close(leader)
    return process.wait(), seen.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(("key", "code"), [("\x04", 0), ("\x03", 130)], ids=["Ctrl-D", "Ctrl-C"])
def test_keys_that_leave_a_talk_name_it_too(server, busy, tmp_path, key, code):
    keys = [("> ", "I have a dog\n"), ("Rex.\n> ".replace("\n", "\r\n"), key)]
    left, seen = run_on_a_terminal(server, tmp_path, keys, "chat")
    assert left == code, seen
    assert f"\n{LAST}.\n" in plain(seen)


def test_a_second_ctrl_c_leaves_at_once_and_still_names_it(server, tmp_path):
    silent = threading.Event()
    server.reply = lambda body: reply(body) if "<answer>" in str(body["messages"]) else str(silent.wait(600))
    keys = [("> ", "I have a dog\n"), ("Rex.\r\n> ", "\x03"), ("Ctrl-C to quit at once", "\x03")]
    try:
        _, seen = run_on_a_terminal(server, tmp_path, keys, "chat")
    finally:
        silent.set()
    assert f"{LAST}.\n" in plain(seen)


@pytest.mark.parametrize("closes", [True, False], ids=["closed", "never closed"])
def test_a_script_names_it_when_it_ends(server, busy, tmp_path, closes):
    script = (
        "import app.factory\nfrom tests.fakes import WordEmbedder\n"
        "app.factory.build_embedder = lambda _settings: WordEmbedder()\n"
        "from app.service import PersonaService\n"
        "service = PersonaService.from_settings()\n"
        "for minute in range(2):\n"
        "    list(service.stream('ada', 'I have a dog', time=f'2026-03-01 09:0{minute}'))\n"
    ) + ("service.close()\n" if closes else "")
    environment = {
        **os.environ, "PERSONA_LLM_BASE_URL": server.url, "PERSONA_DATA_DIR": str(tmp_path / "data"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert plain(done.stderr).splitlines()[-1] == LAST_TWO


def test_ctrl_c_while_the_program_is_imported_is_no_traceback(tmp_path):
    code = (
        "import sys\n"
        "class Pressed:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'typer':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Pressed())\n"
        "from app.cli import main\n"
        "main()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Stopped.\n")
