"""Which programs there are, what runs them, and the text embedder that they share."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from app.models import weights
from app.settings import Settings
from memory.core.errors import InvalidInput, ModelMissing, NotFound
from memory.embedding import bert_folder, bert_graph

OURS = "ours"
PEERS = ("mem0", "langmem", "mempalace", "hindsight", "chroma", "langgraph_store")
"""Folders beside this file, each with an adapter and its requirements."""
FAILURE = "failed"
"""The file in the folder of an environment that says why it could not be installed."""
_FOLDER = Path(__file__).parent
_DRIVER = _FOLDER / "driver.py"


def check(names: Sequence[str], known: Sequence[str]) -> None:
    """Check that these programs are known and installed, with the text embedder that they share with us.

    Args:
        names: The programs.
        known: Those that can be named.

    Raises:
        InvalidInput: There is no such program.
        NotFound: It is not installed, or the embedder is not one of the catalogue.
        ModelMissing: The embedder is not on this machine.
    """
    check_known(names, known)
    for name in names:
        if why := missing(name):
            raise NotFound(f"{name} {why}. Run `make peers` in a checkout of this program.")
        embedder()


def check_known(names: Sequence[str], known: Sequence[str] = (OURS, *PEERS)) -> None:
    """Check that there are such programs, installed or not.

    Raises:
        InvalidInput: There is none with that name.
    """
    for name in names:
        if name not in known:
            raise InvalidInput(f"--peers takes {', '.join(known)}; not {name!r}.")


def missing(name: str) -> str:
    """Return why a program cannot run here, in words that follow its name; empty if it can."""
    if name == OURS or _python(name).exists():
        return ""
    failure = environment(name) / FAILURE
    why = failure.read_text(encoding="utf-8").strip().splitlines() if failure.is_file() else []
    return f"could not be installed: {why[-1]}" if why else "is not installed"


def command(name: str, model: Path, folder: Path) -> list[str]:
    """Return the command that runs a program.

    Args:
        name: One of `PEERS`, or `OURS`.
        model: The folder of the text embedder.
        folder: A folder for what it stores.
    """
    # Isolated: what this program finds on its path is not for the other environment. No bytecode beside the sources.
    python = [sys.executable] if name == OURS else [str(_python(name)), "-IB"]
    return [*python, str(_DRIVER), str(_FOLDER / name / "adapter.py"), str(model), str(folder)]


def environment(name: str) -> Path:
    """Return the folder of a program's environment."""
    return weights.models_folder().parent / "peers" / name


def embedder() -> Path:
    """Return the folder of the text embedder.

    Raises:
        NotFound: It is not one of the catalogue.
        ModelMissing: It is not on this machine.
    """
    name = Settings().text_embedder
    located = weights.located(name)
    if located is None:
        raise ModelMissing(f"The text embedder {name} is not on this machine. Run `persona models pull {name}`.")
    return located.model


@contextmanager
def with_onnx_file(model: Path) -> Iterator[Path]:
    """Yield a folder with the files of an embedder and, as its makers distribute it, `onnx/model.onnx`.

    Some programs embed with ONNX Runtime alone, and would download that file. Its numbers are those of the weights, in 32 bits.
    """
    from onnx import TensorProto, helper

    bert = bert_folder.describe(model)
    made = bert_graph.build(bert, bert_folder.Weights(bert), bert_graph.WHOLE)
    # As exported from torch: three inputs, and the vectors of the tokens first.
    made.graph.input.append(helper.make_tensor_value_info("token_type_ids", TensorProto.INT64, ["texts", "tokens"]))
    made.graph.output.reverse()
    with TemporaryDirectory(prefix="persona-bench-") as folder:
        whole = Path(folder) / model.name
        (whole / "onnx").mkdir(parents=True)
        for one in model.iterdir():
            (whole / one.name).symlink_to(one)
        (whole / "onnx" / "model.onnx").write_bytes(made.SerializeToString())
        yield whole


def _python(name: str) -> Path:
    return environment(name) / "bin" / "python"
