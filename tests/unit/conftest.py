"""Unit tests have no network: a test that opens a socket to another machine, or to this one, fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def no_network() -> object:
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny Qwen2.5-VL, in the chat template of the real one; for tests marked `train`."""
    import trl

    from tests import tiny_vlm

    template = (Path(trl.__file__).parent / "chat_templates" / "qwen2_5_vl.jinja").read_text()
    return tiny_vlm.build(tmp_path_factory.mktemp("tiny"), template)


@pytest.fixture(scope="session")
def processor(tiny: Path):
    from transformers import AutoProcessor

    loaded = AutoProcessor.from_pretrained(tiny)
    loaded.chat_template = loaded.tokenizer.chat_template
    return loaded
