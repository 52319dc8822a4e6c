"""Imports in threads of the service: one at a time for each person, ended cleanly whatever happens."""

from __future__ import annotations

import gc
import json
import tempfile
import threading
from pathlib import Path

import pytest

from app import importing_jobs
from app.importers import importing
from app.importers.importing import Wanted
from app.importers.upload import Upload
from app.importing_jobs import ImportRunning
from memory.core.errors import InvalidInput, PersonaError, StorageError
from tests.fakes import ScriptedChat

PATIENCE_S = 60


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def service(serve):
    return serve(ScriptedChat())


def given(messages=3, name="old.jsonl"):
    upload = Upload(name)
    lines = [
        {"time": f"2025-03-01T{number // 60:02}:{number % 60:02}Z", "user": f"Message {number}.", "assistant": "Noted."}
        for number in range(messages)
    ]
    upload.path.write_text("\n".join(map(json.dumps, lines)))
    return upload


def said(memory, user="ada"):
    return len(memory.journal.turns(user))


class Gate:
    """Holds an import at its first line, or at its first batch."""

    def __init__(self, monkeypatch, step):
        self.reached, self.open = threading.Event(), threading.Event()
        real = importing.import_history

        def held(memory, path, user_id, wanted, on_progress):
            def advance(at, turns):
                if at == step:
                    self.reached.set()
                    assert self.open.wait(PATIENCE_S)
                on_progress(at, turns)

            return real(memory, path, user_id, wanted, advance)

        monkeypatch.setattr(importing, "import_history", held)

    def open_when_the_service_waits(self, monkeypatch):
        real = importing_jobs.wait

        def wait(jobs, timeout):
            self.open.set()
            return real(jobs, timeout)

        monkeypatch.setattr(importing_jobs, "wait", wait)


def test_an_import_runs_in_the_background_and_its_file_is_gone_at_its_end(service, temporary):
    job = service.importing.start("ada", given(), Wanted(), expected=6)
    report = job.done.result(PATIENCE_S)
    assert (report["added"], said(service.memory)) == (3, 3)
    assert (job.read, job.written, job.share, job.name) == (6, 6, 1.0, "old.jsonl")
    assert list(temporary.iterdir()) == []
    assert service.importing.of("ada") is job
    service.importing.put_away("ada")
    assert service.importing.of("ada") is None


def test_one_at_a_time_for_each_person(service, monkeypatch):
    gate = Gate(monkeypatch, "read")
    first = service.importing.start("ada", given(), Wanted())
    assert gate.reached.wait(PATIENCE_S)
    with pytest.raises(ImportRunning, match=r"old.jsonl is being imported. Wait for its end"):
        service.importing.start("ada", given(), Wanted())
    service.importing.put_away("ada")
    assert service.importing.of("ada") is first, "it runs"
    other = service.importing.start("grace", given(), Wanted())
    gate.open.set()
    assert first.done.result(PATIENCE_S)["added"] == other.done.result(PATIENCE_S)["added"] == 3
    assert service.importing.start("ada", given(4), Wanted()).done.result(PATIENCE_S)["added"] == 1


def test_a_file_that_cannot_be_read_is_a_sentence_without_the_folder(service, temporary):
    upload = Upload("odd.bin")
    upload.path.write_bytes(b"nothing that is known")
    error = service.importing.start("ada", upload, Wanted()).done.exception(PATIENCE_S)
    assert isinstance(error, InvalidInput)
    assert error.message.startswith("odd.bin is not recognised.")
    gone = Upload("gone.jsonl")
    error = service.importing.start("ada", gone, Wanted()).done.exception(PATIENCE_S)
    assert isinstance(error, InvalidInput)
    assert str(temporary) not in error.message
    assert list(temporary.iterdir()) == []


def test_a_failure_inside_the_program_says_nothing_of_the_person(service, temporary, monkeypatch):
    def fails(*_):
        raise KeyError("I have a secret.")

    monkeypatch.setattr(importing, "import_history", fails)
    error = service.importing.start("ada", given(), Wanted()).done.exception(PATIENCE_S)
    assert isinstance(error, PersonaError)
    assert error.message == "The import failed inside the program (KeyError). Import the file again, or report it."
    assert list(temporary.iterdir()) == []


def test_the_end_of_the_program_while_a_file_is_read_leaves_nothing(service, serve, temporary, monkeypatch):
    gate = Gate(monkeypatch, "read")
    job = service.importing.start("ada", given(), Wanted())
    assert gate.reached.wait(PATIENCE_S)
    gate.open_when_the_service_waits(monkeypatch)
    service.close()
    error = job.done.exception(PATIENCE_S)
    assert isinstance(error, StorageError)
    assert error.message.startswith("The program ended before the file was read.")
    with pytest.raises(StorageError, match="ending"):
        service.importing.start("ada", given(), Wanted())
    again = serve(ScriptedChat())
    assert (said(again.memory), again.memory.imports.of("ada")) == (0, [])


def test_the_end_of_the_program_while_it_is_written_is_gone_on_from_at_the_next_start(service, serve, monkeypatch):
    gate = Gate(monkeypatch, "write")
    job = service.importing.start("ada", given(700), Wanted(depth="none"))
    assert gate.reached.wait(PATIENCE_S)
    gate.open_when_the_service_waits(monkeypatch)
    service.close()
    error = job.done.exception(PATIENCE_S)
    assert isinstance(error, StorageError)
    assert error.message == "The program ended. The import goes on at its next start."
    again = serve(ScriptedChat()).memory
    assert said(again) == 500
    again.imports.resume()
    assert said(again) == 700
    assert [one.state for one in again.imports.of("ada")] == ["done"]


def test_a_file_that_nobody_imports_goes_with_what_refers_to_it(temporary):
    upload = given()
    assert len(list(temporary.iterdir())) == 1
    del upload
    gc.collect()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("WhatsApp Chat with Béa.zip", "WhatsApp Chat with Béa.zip"),
        ("\u200eWhatsApp Chat - Bea\x00.zip", "WhatsApp Chat - Bea.zip"),
        ("../../etc/passwd", "passwd"),
        ("C:\\chats\\old.txt", "old.txt"),
        ("a:b?.txt", "a_b_.txt"),
        ("", "file"),
        ("..", "file"),
        ("folder/", "file"),
        ("\ud800old.txt", "old.txt"),
    ],
)
def test_names_of_files_are_kept_as_far_as_every_system_takes_them(name, kept, temporary):
    upload = Upload(name)
    assert upload.path.name == kept
    assert upload.path.parent.parent == temporary


def test_of_a_long_name_the_end_is_kept():
    name = Upload(f"{'é' * 300}.zip").path.name
    assert name.endswith("é.zip")
    assert len(name.encode()) <= 200
    assert Path(name).suffix == ".zip"
