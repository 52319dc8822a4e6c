"""Pictures through llama.cpp: SmolLM2-135M with a projector of random weights takes them, and sees noise."""

from __future__ import annotations

import io

import httpx
import pytest
from PIL import Image

from app.models.model_server import ModelServer
from app.models.trial import try_model
from app.service import PersonaService
from app.settings import Settings
from graph.prompts.showing import shown
from memory.core.errors import ModelMissing, ModelUnavailable
from memory.core.records import PhotoMemory, TurnState
from memory.memory import Memory
from tests.end_to_end.conftest import SMALL, Shared
from tests.end_to_end.tiny_projector import build

pytestmark = pytest.mark.sees


def picture(colour, size=(900, 600)):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture(scope="module")
def projector(tmp_path_factory):
    return build(tmp_path_factory.mktemp("projector") / "mmproj.gguf")


@pytest.fixture(scope="module")
def seeing(projector):
    server = ModelServer(Settings(**SMALL, llm_projector=projector))
    yield server
    server.close()


@pytest.fixture
def service(tmp_path, seeing, embedder):
    with PersonaService(Memory(tmp_path / "data", embedder), Shared(seeing), work=False) as opened:
        yield opened


def say(service, text, images, time):
    return list(service.stream("ada", text, images, time))[-1].turn


def test_a_model_with_a_projector_is_one_that_sees(seeing, projector):
    assert seeing.endpoint().sees
    assert seeing.style().sees
    assert "with a red picture" in try_model(Settings(**SMALL, llm_projector=projector))[0].detail


def test_a_picture_reaches_the_model(seeing, service):
    turn = say(service, "Look", [picture("red")], "2026-03-01 09:00")
    [seen] = shown(service.memory, "ada", turn.images)
    endpoint = seeing.endpoint()

    def read(content):
        asked = {"messages": [{"role": "user", "content": content}], "max_tokens": 1}
        headers = {"Authorization": f"Bearer {endpoint.key}"}
        answer = httpx.post(f"{endpoint.url}/chat/completions", json=asked, headers=headers, timeout=600).json()
        return answer["usage"]["prompt_tokens"]

    words = {"type": "text", "text": "Look"}
    assert read([{"type": "image_url", "image_url": {"url": seen.url}}, words]) >= read([words]) + 36, "36 patches"


def test_turns_with_pictures_are_answered_and_remembered(service):
    first = say(service, "This is my grandmother's mug", [picture("red"), picture("blue")], "2026-03-01 09:00")
    second = say(service, "And what is this?", [picture("red")], "2026-03-05 09:00")
    assert [turn.state for turn in (first, second)] == [TurnState.ANSWERED] * 2
    assert not any("can't see" in note for note in first.trace.notes)
    assert service.wait("ada") == 3
    photos = [one for one in service.memory.memories.entries("ada", kind="photo") if isinstance(one, PhotoMemory)]
    assert {one.photo_id for one in photos} == set(first.images)


def test_a_projector_that_is_none_is_said_to_be(tmp_path):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"nothing")
    for path, error in ((broken, ModelUnavailable), (tmp_path / "missing.gguf", ModelMissing)):
        with pytest.raises(error, match="PERSONA_LLM_PROJECTOR"):
            ModelServer(Settings(**SMALL, llm_projector=path)).endpoint()
