"""Keys and passwords stand in no log, at whatever level, and in no error; nothing that a person said does from INFO on."""

from __future__ import annotations

import logging

import pytest

from app.factory import build_memory
from app.models.model_server import ModelServer
from app.service import PersonaService
from app.settings import Settings
from memory.core.errors import PersonaError
from tests.fake_server import fake_server
from tests.fakes import WordEmbedder
from tests.system.test_cli import reply

KEY = "sk-marzipan-4471"
SAID = "I have a dog called Zazuquill."


@pytest.mark.parametrize("status", [200, 401, 500])
def test_the_key_and_what_was_said_are_in_no_log(tmp_path, monkeypatch, caplog, capfd, status):
    monkeypatch.setattr("app.factory.build_embedder", lambda _settings: WordEmbedder())
    caplog.set_level(logging.DEBUG)
    with fake_server() as server:
        server.reply = reply
        settings = Settings(llm_base_url=server.url, llm_api_key=KEY, data_dir=tmp_path / "data")
        with PersonaService(build_memory(settings), ModelServer(settings), work=False) as service:
            server.status = status
            try:
                list(service.stream("ada", SAID, time="2026-03-01 09:00"))
                service.wait("ada")
                assert status == 200
            except PersonaError as error:
                assert status != 200
                assert KEY not in error.message
    shown = capfd.readouterr()
    assert KEY not in caplog.text + shown.out + shown.err
    assert KEY not in repr(settings)
    loud = "\n".join(record.getMessage() for record in caplog.records if record.levelno >= logging.INFO)
    assert "Zazuquill" not in loud + shown.err


def test_the_password_of_the_database_is_in_no_error_and_no_log(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("app.factory.build_embedder", lambda _settings: WordEmbedder())
    caplog.set_level(logging.DEBUG)
    settings = Settings(data_dir=tmp_path / "data", database_url="postgresql://ada:marzipan-4471@127.0.0.1:9/x")
    with pytest.raises(PersonaError) as raised:
        build_memory(settings)
    assert "marzipan" not in str(raised.value) + caplog.text + repr(settings)
