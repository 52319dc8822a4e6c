"""Unit tests have no network: a test that opens a socket to another machine, or to this one, fails."""

from __future__ import annotations

from pathlib import Path

import pytest
import trl
from pytest_socket import disable_socket, enable_socket
from transformers import AutoProcessor

from tests import tiny_vlm


@pytest.fixture(autouse=True)
def no_network() -> object:
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny Qwen2.5-VL, in the chat template of the real one."""
    template = (Path(trl.__file__).parent / "chat_templates" / "qwen2_5_vl.jinja").read_text()
    return tiny_vlm.build(tmp_path_factory.mktemp("tiny"), template)


@pytest.fixture(scope="session")
def processor(tiny: Path):
    loaded = AutoProcessor.from_pretrained(tiny)
    loaded.chat_template = loaded.tokenizer.chat_template
    return loaded
