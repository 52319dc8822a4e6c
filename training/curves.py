"""The progress of a run without a tracker: one progress line, and a page with its curves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from transformers import TrainerCallback

from app.console import console

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from rich.progress import TaskID
    from transformers import TrainerControl, TrainerState, TrainingArguments

LOG, PAGE = "log.jsonl", "curves.html"
_PANEL_TITLES = {
    "loss": "loss",
    "reward": "reward",
    "rewards/accuracy": "accuracy",
    "rewards/looks": "retrievals per rollout",
    "kl": "KL divergence",
    "learning_rate": "learning rate",
    "grad_norm": "gradient norm",
}


class Curves(TrainerCallback):
    """Shows progress on stderr, writes the log as JSON lines, and plots it.

    Args:
        folder: Where log and page are written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[now]}"),
            console=console(),
        )
        self._task: TaskID | None = None

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:  # noqa: ARG002 - the trainer's signature
        """Show the progress bar."""
        if state.is_world_process_zero:
            self._bar.start()
            self._task = self._bar.add_task("steps", total=state.max_steps, completed=state.global_step, now="")

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:  # noqa: ARG002 - the same
        """Advance the progress bar."""
        if self._task is not None:
            self._bar.update(self._task, completed=state.global_step)

    def on_log(
        self,
        args: TrainingArguments,  # noqa: ARG002 - the same
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002 - the same
        logs: Mapping[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Show the newest figures next to the progress bar."""
        if self._task is not None and logs:
            shown = [f"{_PANEL_TITLES[name]} {value:.3g}" for name, value in logs.items() if name in ("loss", "reward")]
            self._bar.update(self._task, now=", ".join(shown))
            write(self._folder, state.log_history)

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:  # noqa: ARG002 - the same
        """Remove the progress bar, and plot the curves."""
        if self._task is not None:
            self._bar.stop()
            write(self._folder, state.log_history)
            draw(state.log_history).write_html(self._folder / PAGE, include_plotlyjs=True)


def write(folder: Path, history: Sequence[Mapping[str, Any]]) -> None:
    """Write the log, one step per line."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LOG).write_text("".join(json.dumps(line) + "\n" for line in history), encoding="utf-8")


def draw(history: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Return a chart of the log's loss, reward and other values, one panel each (a pure function)."""
    from plotly.subplots import make_subplots

    found = [name for name in _PANEL_TITLES if any(name in line for line in history)]
    chart = make_subplots(
        rows=max(1, len(found)), cols=1, shared_xaxes=True, subplot_titles=[_PANEL_TITLES[name] for name in found]
    )
    for row, name in enumerate(found, start=1):
        points = [(line["step"], line[name]) for line in history if name in line]
        chart.add_scatter(
            x=[step for step, _ in points], y=[value for _, value in points], row=row, col=1, name=_PANEL_TITLES[name]
        )
    chart.update_layout(height=max(300, 220 * len(found)), showlegend=False, template="plotly_white")
    return chart
