"""The same encoder, run by ONNX Runtime: it reads a question two to three times faster than torch, to six digits alike."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from sentence_transformers.base.modules import Transformer
from transformers.modeling_outputs import BaseModelOutput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onnxruntime import InferenceSession
    from sentence_transformers import SentenceTransformer

_log = logging.getLogger(__name__)
_EXAMPLES = ("What did she say about the dog?", "Hello!")
_ALIKE = 1e-3
"""The graph is believed where no number of the examples differs by more."""
_LAYOUT = 1
_TALKATIVE = ("torch.onnx", "onnxscript", "onnx_ir")


def quicken(model: SentenceTransformer, folder: Path) -> bool:
    """Let ONNX Runtime run a model's transformer; says whether it does. What it cannot run, torch goes on running.

    Args:
        model: Changed in place: its transformer is replaced, what comes before and after it stays.
        folder: Where graphs are kept, under a name made of the weights; made once (some ten seconds), as large as the model.
    """
    transformer = model[0]
    if not isinstance(transformer, Transformer):
        return False
    network = transformer.model
    inputs = _inputs(model, _EXAMPLES)
    path = folder / f"{_fingerprint(network)}.onnx"
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            _export(network, inputs, path)
        graph = _Graph(path, network)
        with torch.inference_mode():
            expected = network(**inputs, return_dict=True).last_hidden_state
            found = graph(**inputs).last_hidden_state
        alike = expected.shape == found.shape and float((expected - found).abs().max()) < _ALIKE
    except Exception as error:  # noqa: BLE001 - exporters fail in ways of their own, and torch can do the same work
        _log.info("The text embedder runs on torch: it has no graph for ONNX Runtime (%s)", type(error).__name__)
        # One that was damaged is made again at the next start.
        with suppress(OSError):
            path.unlink()
        return False
    if alike:
        transformer.model = graph
    return alike


class _Graph(torch.nn.Module):
    """Stands where the network stood: takes and returns the same tensors."""

    def __init__(self, path: Path, network: torch.nn.Module) -> None:
        super().__init__()
        self.config: Any = network.config
        self._session = _session(path)
        self._names = [one.name for one in self._session.get_inputs()]
        # Who asks a model where it runs asks its parameters.
        self.where = torch.nn.Parameter(torch.zeros(0), requires_grad=False)

    def forward(self, **features: Any) -> BaseModelOutput:
        """Run the graph."""
        fed = {name: features[name].numpy() for name in self._names}
        return BaseModelOutput(last_hidden_state=torch.from_numpy(self._session.run(None, fed)[0]))


class _Hidden(torch.nn.Module):
    """The one output of a network that is needed."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self._network = network

    def forward(self, features: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return the hidden states of the last layer."""
        hidden: torch.Tensor = self._network(**features, return_dict=True).last_hidden_state
        return hidden


def _inputs(model: SentenceTransformer, texts: Sequence[str]) -> dict[str, torch.Tensor]:
    features = model.preprocess(list(texts))
    return {name: value for name, value in features.items() if isinstance(value, torch.Tensor)}


def _export(network: torch.nn.Module, inputs: dict[str, torch.Tensor], path: Path) -> None:
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    os.close(handle)
    try:
        with warnings.catch_warnings(), _quiet():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                _Hidden(network),
                (),
                part,
                kwargs={"features": inputs},
                input_names=list(inputs),
                dynamic_shapes={"features": {name: {0: batch, 1: length} for name in inputs}},
                dynamo=True,
                external_data=False,
                verbose=False,
            )
        # Two processes may make the same graph: each puts a whole one there.
        Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what exporters note about themselves from a person who asked for none of it."""
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _session(path: Path) -> InferenceSession:
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    # Threads that wait by spinning take the cores from whatever comes next.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _fingerprint(network: torch.nn.Module) -> str:
    """Name the weights and what would make another graph of them."""
    digest = hashlib.sha256(f"{_LAYOUT} {torch.__version__} {type(network).__name__}".encode())
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.contiguous().view(torch.uint8).numpy())
    return digest.hexdigest()[:32]
