"""Writes docs/cli.md from the command line itself: `python docs/cli_reference.py`.

The page is made from what each command declares, and not from its `--help`, whose layout depends on the terminal and on Typer.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

sys.path.insert(0, str(Path(__file__).parents[1]))

from typer import Typer
from typer.models import OptionInfo, ParamMeta
from typer.utils import get_params_from_function

from app.cli import app

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).parent / "cli.md"
_INTRODUCTION = """# Commands

This page is made from the program by `python docs/cli_reference.py`. `persona COMMAND --help` shows the same on a terminal.
After `make chat` or `make test` the command is `.venv/bin/persona`.

Results go to stdout, progress goes to stderr. `--json` prints one object or one array. An error is one sentence on stderr and
exit code 1; with `--json` it is `{"error": {"code", "message"}}`. A wrong call exits with 2. One process at a time owns a data
folder; a second process is told which one owns it. With journal and vectors on servers, [several](guides/hosts.md) share them.
"""


def page() -> str:
    """Return the whole page: every command with its arguments and options, in the order of `persona --help`."""
    return "\n".join([_INTRODUCTION, *_commands(app, "persona")])


def _commands(group: Typer, path: str) -> Iterator[str]:
    """Yield the sections of a group: its own, then those of its commands."""
    yield f"## {path}\n"
    yield f"{_prose(group.info.help)}\n"
    if group.registered_callback and group.registered_callback.callback:
        yield from _table(get_params_from_function(group.registered_callback.callback))
    for command in group.registered_commands:
        if command.callback and not command.hidden:
            name = command.name or command.callback.__name__.replace("_", "-")
            parameters = get_params_from_function(command.callback)
            given = [_argument(one) for one in parameters.values() if not isinstance(one.default, OptionInfo)]
            yield f"### {path} {name}\n"
            yield f"{_prose(command.help or inspect.getdoc(command.callback))}\n"
            yield f"```sh\n{' '.join([path, name, *given])}\n```\n"
            yield from _table(parameters)
    for inner in group.registered_groups:
        if inner.typer_instance and not inner.hidden:
            yield from _commands(inner.typer_instance, f"{path} {inner.name}")


def _table(parameters: Mapping[str, ParamMeta]) -> Iterator[str]:
    shown = [one for one in parameters.values() if hasattr(one.default, "param_decls") and not one.default.hidden]
    if shown:
        yield "| | | default |\n|---|---|---|"
        yield from (f"| `{_cell(_name(one))}` | {_cell(_prose(one.default.help))} | {_default(one)} |" for one in shown)
        yield ""


def _argument(parameter: ParamMeta) -> str:
    name = parameter.name.upper() + ("…" if get_origin(_type(parameter)) is list else "")
    return name if parameter.default.default is ... else f"[{name}]"


def _name(parameter: ParamMeta) -> str:
    if not isinstance(parameter.default, OptionInfo):
        return _argument(parameter)
    declared = parameter.default.param_decls or [f"--{parameter.name.replace('_', '-')}"]
    wanted = _type(parameter)
    [inner] = get_args(wanted) if get_origin(wanted) is list else [wanted]
    return ", ".join(declared) + ("" if inner is bool else f" {parameter.default.metavar or _value(inner)}")


def _value(wanted: Any) -> str:
    """Return how a value of this type is named: its choices, or the type."""
    if get_origin(wanted) is Literal:
        return "|".join(map(str, get_args(wanted)))
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return "|".join(str(one.value) for one in wanted)
    return {str: "TEXT", int: "NUMBER", float: "NUMBER", Path: "PATH"}[wanted]


def _type(parameter: ParamMeta) -> Any:
    """Return the annotation without `| None`."""
    wanted = parameter.annotation
    if isinstance(wanted, UnionType):
        [wanted] = [one for one in get_args(wanted) if one is not NoneType]
    return wanted


def _default(parameter: ParamMeta) -> str:
    value = parameter.default.default
    if value is ...:
        return "required"
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, Path):
        # Where the checkout is differs from machine to machine.
        value = str(value).removeprefix(f"{ROOT}/")
    return "" if value is None or value is False or value == "" else f"`{value}`"


def _prose(text: Any) -> str:
    return " ".join(text.split()) if isinstance(text, str) else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
