"""Each server of the guide, with the settings of its row: whole turns, remembered, a wrong key; and the guide says just that."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.models.model_server import ModelServer
from app.service import PersonaService
from app.settings import Settings
from memory.core.errors import ModelUnavailable
from memory.memory import Memory
from tests.fakes import WordEmbedder
from tests.scripted_servers import scripted
from tests.server_guide import GUIDE, REAL, SCRIPTED, SCRIPTS, put
from tests.system.test_server_ways import background

ROOT = Path(__file__).parents[2]


def test_the_table_of_the_guide_is_what_was_tried():
    guide = GUIDE.read_text(encoding="utf-8")
    assert put(guide) == guide, "run `python -m tests.server_guide`"
    assert "docs/model-servers.md" in (ROOT / "README.md").read_text(encoding="utf-8")
    for row in REAL:
        [test] = re.findall(r"`(tests/\S+\.py)`", row.how)
        assert (ROOT / test).is_file()
    assert {row.how for row in SCRIPTS} == {SCRIPTED}
    for name in ("Ollama", "LM Studio", "llama.cpp", "vLLM", "SGLang", "LiteLLM", "OpenAI", "Azure"):
        assert any(name in row.name for row in (*REAL, *SCRIPTS))


@pytest.mark.parametrize("row", SCRIPTS, ids=lambda row: row.name)
def test_it_is_talked_with_under_the_settings_of_its_row(row, tmp_path):
    with scripted(row.behaviour) as server:
        server.reply = background
        asked = Settings(llm_base_url=server.root + row.tried, llm_model=row.model, llm_api_key="the-key", llm_timeout_s=5)
        models = ModelServer(asked)
        with PersonaService(Memory(tmp_path / "data", WordEmbedder()), models, work=False) as service:
            turns = [list(service.stream("ada", text))[-1].turn for text in ("Hi", "word " * 3_500, "Bye")]
            assert [turn.reply for turn in turns] == ["Hello!"] * 3
            assert service.wait("ada") == 3
            assert service.memory.work.count() == 0
        assert models.notices or "cuts prompts" not in row.differs
        assert not models.notices or "cuts prompts" in row.differs
    assert server.asked[-1].startswith("POST")


@pytest.mark.parametrize("row", [row for row in SCRIPTS if row.behaviour.key], ids=lambda row: row.name)
def test_a_wrong_key_is_said_to_be_one(row):
    with scripted(row.behaviour) as server:
        asked = Settings(llm_base_url=server.root + row.tried, llm_model=row.model, llm_api_key="wrong", llm_timeout_s=5)
        with pytest.raises(ModelUnavailable, match=r"HTTP 401.*PERSONA_LLM_API_KEY"):
            list(ModelServer(asked).chat().stream("Hi"))


@pytest.mark.parametrize("row", SCRIPTS, ids=lambda row: row.name)
def test_the_address_that_is_used_is_the_one_that_answers(row):
    with scripted(row.behaviour) as server:
        asked = Settings(llm_base_url=server.root + row.tried, llm_model=row.model, llm_api_key="the-key", llm_timeout_s=5)
        assert ModelServer(asked).endpoint().url == server.root + row.used
