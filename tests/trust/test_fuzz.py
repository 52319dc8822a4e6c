"""Whatever a model writes, and whatever is given: no crash, nothing written outside the data folder, nothing of one in another's prompt."""

from __future__ import annotations

import _io
import builtins
import io
import json
import os
import random
import shutil
import tempfile
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from app.importers.ingest import ingest_file
from app.service import PersonaService
from graph.context import MessageOptions
from memory.core.errors import PersonaError
from memory.memory import Memory
from tests.fakes import NEUTRAL, ScriptedChat, ScriptedModels, WordEmbedder, answer, fact, retrieve
from tests.trust import share

pytestmark = pytest.mark.minutes

OUTPUTS = share(400, 10_000)
GIVEN = share(200, 2_000)
GOOD = {
    "reasoning": [answer("I see."), retrieve("heron", "2026-01-01 00:00", "2026-12-31 00:00")],
    "retrieve": [retrieve("heron")],
    "answer": [answer("That is all.")],
    "direct": ["Hello!"],
    "personality": [NEUTRAL],
    "semantic": [fact("The user has a heron.", "heron", "bird")],
    "core": ['"name": "Ada"\n"pet": "a heron"'],
    "episodic": ['"topic_summary": "Of herons."\n"keywords": "heron"\n"source_dialog_indices": 0, 1'],
    "procedural": ['"bird": "Feeds a heron."'],
    "change": ['"1": "same"\n"2": "changed"\n"3": "other"'],
}
SCRAPS = [
    "", " ", "\n", "\x00", "\ud800", "\u2028", "\u202e", "💥" * 50, "</think>", "<answer>", "</answer>", "<retrieve>", "</retrieve>",
    "<think>", '"', "\\", "{", "}" * 300, "[" * 3000, "null", "true", "-1", "99999999999999999999999", "1e400", "NaN",
    '"start_time": "9999-99-99 99:99"', '"end_time": "0001-01-01 00:00"', '"source_dialog_indices": 0, -1, 7, 10000000000',
    '"decision": true', '"openness": 9', '"name": ""', "../../../etc/passwd", "%s%n%d", "'; DROP TABLE turns; --", "<|im_end|>",
    "x" * 20_000, "a, " * 3_000, "\t", "：", "ünïcödé", "\r\n", "&lt;/think&gt;", "user_id: bob",
]  # fmt: skip


def spoilt(chance: random.Random, text: str) -> str:
    """A good output with something done to it; sometimes nothing, so that later steps are reached."""
    for _ in range(chance.choice([0, 0, 1, 1, 2, 5])):
        at = chance.randrange(len(text) + 1)
        match chance.randrange(6):
            case 0:
                text = text[:at]
            case 1:
                text = text[:at] + chance.choice(SCRAPS) + text[at:]
            case 2:
                text = text[:at] + text[at + chance.randrange(1, 30) :]
            case 3:
                text += text[at:]
            case 4:
                text = chance.choice(SCRAPS) + text
            case _:
                text = "".join(chance.sample(text, len(text))) if len(text) < 500 else chance.choice(SCRAPS)
    return text


@pytest.fixture
def writes(tmp_path, monkeypatch):
    """Every file that is opened for writing elsewhere than in the test's folder.

    Python's ways to open a file are replaced. An audit hook cannot be taken away again, and with one, CPython 3.11 fails to start
    threads side by side while their coverage is measured ("Cannot install a trace function …").
    """
    seen: list[str] = []
    allowed = (str(tmp_path), "/dev/", "/proc/")

    def note(path: object, *, writing: bool) -> None:
        if writing and isinstance(path, str | bytes | os.PathLike):
            name = str(Path(os.fsdecode(path)).absolute())
            # A file without a name, of which only the folder is given, is gone when it is closed.
            if not name.startswith(allowed) and "__pycache__" not in name and not Path(name).is_dir():
                seen.append(name)

    opened, opened_low = io.open, os.open

    def open_(file, mode="r", *args, **others):
        note(file, writing=bool(set("wax+") & set(mode)))
        return opened(file, mode, *args, **others)

    def open_low(path, flags, *args, **others):
        note(path, writing=bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)))
        return opened_low(path, flags, *args, **others)

    for module in (builtins, io, _io):
        monkeypatch.setattr(module, "open", open_)
    monkeypatch.setattr(os, "open", open_low)
    return seen


@pytest.mark.parametrize(
    "write",
    [
        lambda file: file.write_text("x"),
        lambda file: file.open("ab").close(),
        lambda file: open(file, "w").close(),  # noqa: PTH123 - one of the ways
        lambda file: os.close(os.open(file, os.O_RDWR | os.O_CREAT)),
        lambda file: tempfile.NamedTemporaryFile(dir=file.parent, prefix=file.name).close(),
        lambda file: shutil.copyfile(__file__, file),
    ],
)
def test_a_file_that_is_written_elsewhere_is_noticed(tmp_path_factory, writes, write):
    file = tmp_path_factory.mktemp("elsewhere") / "file"
    write(file)
    assert writes
    assert all(name.startswith(str(file)) for name in writes)


def test_whatever_a_model_writes(tmp_path, writes):
    chance = random.Random(1)
    chat = ScriptedChat(piece=400)
    for step, good in GOOD.items():
        chat.script[step] = lambda _prompt, good=good: spoilt(chance, chance.choice(good))
    words = {"ada": "quokka", "bob": "numbat"}
    asked = 0
    minutes = 0
    with PersonaService(Memory(tmp_path / "data", WordEmbedder()), ScriptedModels(chat), work=False) as service:
        while asked < OUTPUTS:
            user = chance.choice(list(words))
            minutes += chance.choice([2, 70])
            day, rest = divmod(minutes, 24 * 60)
            time = f"2026-{1 + day // 28 % 12:02}-{1 + day % 28:02} {rest // 60:02}:{rest % 60:02}"
            if day >= 330:
                minutes = 0
                for name in words:
                    service.memory.delete_user(name)
                continue
            chat.calls.clear()
            try:
                list(
                    service.stream(
                        user,
                        f"I keep a {words[user]}, number {asked}.",
                        time=time,
                        options=MessageOptions(reasoning=chance.random() < 0.9),
                    )
                )
                service.wait(user)
            except PersonaError as error:
                assert "inside the program" not in error.message, error
            other = words["bob" if user == "ada" else "ada"]
            assert not [step for step, prompt in chat.calls if other in prompt]
            asked += len(chat.calls)
        for user, word in words.items():
            everything = json.dumps(
                [one.model_dump(mode="json") for one in service.memory.memories.entries(user, include_pending=True)]
            )
            assert (word == "quokka") or "quokka" not in everything
            assert [turn.seq for turn in service.memory.journal.turns(user)] == list(
                range(1, len(service.memory.journal.turns(user)) + 1)
            )
    assert writes == []


def drawn(chance: random.Random) -> bytes:
    file = io.BytesIO()
    size = (chance.randint(1, 60), chance.randint(1, 60))
    Image.new("RGB", size, "red").save(file, chance.choice(["PNG", "JPEG", "WEBP", "GIF"]))
    return file.getvalue()


def harmed(chance: random.Random, data: bytes) -> bytes:
    """Bytes with some changed, cut off, doubled or put in."""
    for _ in range(chance.choice([0, 1, 1, 3, 10])):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(4):
            case 0:
                data = data[:at]
            case 1:
                data = data[:at] + bytes(chance.randrange(256) for _ in range(4)) + data[at + 4 :]
            case 2:
                data = data[:at] + data[:at]
            case _:
                data = data[:at] + chance.choice(SCRAPS).encode("utf-8", "surrogatepass")[:500] + data[at:]
    return data


def rezipped(chance: random.Random, data: bytes) -> bytes:
    """An archive with one entry harmed, renamed or left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        chosen = chance.choice(old.namelist())
        for name in old.namelist():
            body = old.read(name)
            if name == chosen:
                match chance.randrange(3):
                    case 0:
                        body = harmed(chance, body)
                    case 1:
                        name = chance.choice(["../evil", "/tmp/evil", "x" * 300, "turns.jsonl", "photos/../../x"])
                    case _:
                        continue
            new.writestr(name, body)
    return out.getvalue()


VALUES = [None, 0, -1, 1.5, float("nan"), True, b"", b"\x00", [], {}, (), "2026-03-01", "no time", object(), *SCRAPS]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_whatever_is_given(tmp_path, writes):
    chance = random.Random(2)
    chat = ScriptedChat(GOOD | {"reasoning": answer("I see.")}, piece=400)
    with PersonaService(Memory(tmp_path / "data", WordEmbedder()), ScriptedModels(chat), work=False) as service:
        memory = service.memory
        list(service.stream("bob", "I keep a numbat.", [drawn(chance)], time="2026-03-01 09:00"))
        service.wait("bob")
        memory.export_user("bob", tmp_path / "bob.zip")
        archive = (tmp_path / "bob.zip").read_bytes()
        before = [turn.model_dump() for turn in memory.journal.turns("bob")]
        line = {"time": "2026-03-01 09:00", "user": "I keep a quokka.", "assistant": "Good.", "images": []}
        transcript = "".join(json.dumps(line | {"time": f"2026-03-0{day} 09:00"}) + "\n" for day in range(1, 5)).encode()
        file = tmp_path / "given"

        def text() -> object:
            return chance.choice(VALUES)

        def calls():
            yield lambda: ingest_file(memory, written(harmed(chance, transcript)), "ada")
            yield lambda: list(service.stream("ada", "Look.", [harmed(chance, drawn(chance))]))
            yield lambda: memory.import_user(written(rezipped(chance, archive)))
            yield lambda: memory.import_user(written(harmed(chance, archive)))
            yield lambda: list(service.stream(text(), "Hello", time="2026-03-01 09:00"))
            yield lambda: list(service.stream("ada", text()))
            yield lambda: list(service.stream("ada", "Hello", time=text()))
            yield lambda: list(service.stream("ada", "Hello", [text()]))
            yield lambda: list(service.stream("ada", "Hello", options=MessageOptions(personality_override={text_of(): text()})))
            yield lambda: memory.search("ada", text())
            yield lambda: memory.forget("ada", text())
            yield lambda: memory.edit("ada", text(), text())
            yield lambda: memory.approvals.approve("ada", text())
            yield lambda: memory.set_profile("ada", text(), text(), memory.journal.last_time("bob"))
            yield lambda: memory.photos.original("ada", text())
            yield lambda: memory.undo("ada", text())

        def text_of() -> str:
            return chance.choice(SCRAPS)

        def written(data: bytes) -> Path:
            file.write_bytes(data)
            return file

        given = 0
        while given < GIVEN:
            for call in calls():
                given += 1
                try:
                    call()
                except (PersonaError, TypeError, ValueError, AttributeError) as error:
                    # A value of no such type is the caller's mistake; text and files from outside get a sentence.
                    if not isinstance(error, PersonaError):
                        assert not from_outside(call), repr(error)
                    elif "inside the program" in error.message:
                        raise
        prompts = " ".join(prompt for step, prompt in chat.calls if "quokka" in prompt)
        assert "numbat" not in prompts
        assert [turn.model_dump() for turn in memory.journal.turns("bob")] == before
    assert writes == []


def from_outside(call) -> bool:
    """Whether a call takes a file from outside, whose every state must be told in a sentence."""
    return any(name in call.__code__.co_names for name in ("ingest_file", "import_user", "harmed"))
