"""Fetching while the page is open: it begins with the program, once, and ends with it."""

from __future__ import annotations

import threading

import pytest

from app.models import first_models
from app.models.background_fetch import Fetching
from app.models.model_server import ModelServer
from app.settings import Settings
from app.ui import program
from app.ui.layout import program as kept
from memory.core.errors import ModelMissing


class Pull:
    """In the place of `first_models.pull_first`: waits until it may go on, and moves then."""

    def __init__(self):
        self.times, self.begun, self.go, self.ended = 0, threading.Event(), threading.Event(), threading.Event()

    def __call__(self, progress, **_more):
        self.times += 1
        self.begun.set()
        assert self.go.wait(600)
        try:
            progress.moved("tiny", 1, 2)
        finally:
            self.ended.set()


@pytest.fixture
def pull(monkeypatch):
    scripted = Pull()
    monkeypatch.setattr(first_models, "pull_first", scripted)
    yield scripted
    scripted.go.set()


def test_it_begins_with_the_server_whether_or_not_somebody_comes(pull, monkeypatch, tmp_path):
    from streamlit.web import cli

    left = []
    monkeypatch.setattr(cli, "main", lambda *_args, **_more: pull.begun.wait(600) and pull.go.set())
    monkeypatch.setattr(program, "leave_program", lambda service, code: left.append((service, code)))
    monkeypatch.setattr(kept, "fetching", None)
    monkeypatch.setattr(kept, "service", None)
    program.run(tmp_path / "page.py", 8501, headless=True, fetch=True)
    assert (pull.times, left) == (1, [(None, 0)])


def test_it_is_fetched_once_whoever_asks(pull):
    fetching = Fetching()
    first = fetching.begin()
    asking = [threading.Thread(target=fetching.bring) for _ in range(3)]
    for one in asking:
        one.start()
    pull.go.set()
    for one in asking:
        one.join()
    assert first.result() is None
    assert (pull.times, fetching.now) == (1, None)


def test_it_is_tried_again_after_a_failure(monkeypatch):
    failures = [ModelMissing("No source answers.")]
    monkeypatch.setattr(first_models, "pull_first", lambda *_args, **_more: failures and (_ for _ in ()).throw(failures.pop()))
    fetching = Fetching()
    with pytest.raises(ModelMissing, match="No source"):
        fetching.bring()
    fetching.bring()


def test_a_program_that_ends_does_not_wait_for_it(pull, monkeypatch):
    from app.models import model_server

    def none(_settings):
        raise ModelMissing("None.")

    monkeypatch.setattr(model_server, "find_weights", none)
    fetching = Fetching()
    server, said = ModelServer(Settings(llm_base_url="", llm_model=""), fetching), []

    def load():
        try:
            server.endpoint()
        except ModelMissing as error:
            said.append(error.message)

    loading = threading.Thread(target=load)
    loading.start()
    assert pull.begun.wait(600)
    server.wind_down()
    server.close()
    loading.join()
    assert said == ["The program ended before the model was downloaded. The next start continues the download."]
    pull.go.set()
    fetching.stop()
    assert pull.ended.is_set(), "the pull was broken off, and with it the process that it may have started"
    with pytest.raises(ModelMissing):
        fetching.begin().result()
