"""`persona models …`: which chat models there are, fetching them, and which one answers."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.console import AsJson, print_json, progress, report, say
from memory.core import extras
from memory.core.errors import NotFound

if TYPE_CHECKING:
    from app.models.local_servers import Served
    from app.models.transfer import Progress

models = typer.Typer(no_args_is_help=True, help="See and fetch the models that run on this machine, and say which answers.")

_EMBEDDED = "embedded"
_URL = re.compile(r"(?i)[a-z]+://|(?:localhost|[\d.]+|\[[\da-f:]+\])(?::\d+)?(?:/|$)")


@models.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List the models that can be fetched, which are here, those of servers that run here, and which one answers."""
    from app.models import weights
    from app.models.catalogue import CATALOGUE
    from app.models.chat_model import answering
    from app.models.transfer import in_words
    from app.settings import Settings

    now = answering(Settings())
    rows = [(model, weights.located(name)) for name, model in CATALOGUE.items()]
    if as_json:
        shown = ("name", "role", "licence", "description", "sees", "tried", "hub")
        print_json(
            [
                {name: getattr(model, name) for name in shown}
                | {"megabytes": round(model.size / 1e6), "path": str(found.model) if found else None}
                | {"answers": found is not None and now.is_embedded(model.name)}
                for model, found in rows
            ]
        )
        return
    for model, found in rows:
        facts = (
            model.role.replace("-", " "),
            *(("sees pictures",) if model.role == "chat" and model.sees else ()),
            in_words(model.size),
            model.licence,
            *(("here",) if found else () if model.tried else ("not tried here",)),
            *(("answers",) if found and now.is_embedded(model.name) else ()),
        )
        say(f"{model.name:<20} {', '.join(facts)}\n    {model.description}")
    served = _served()
    for one in served:
        say(f"{one.model:<20} chat, {'sees pictures, ' if one.sees else ''}of {one.server} at {one.url}")
    say(now.told(served))
    progress("Not tried here: taken from the model hub's pages; neither fetched nor run when this list was made.")


@models.command()
def pull(
    name: Annotated[str, typer.Argument(help="A name of `persona models list`; left out: what `make chat` needs.")] = "",
    newer: Annotated[
        bool, typer.Option("--newer", help="Take what the hub has now, not what it had at the first pull.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch a model and check its hashes; one that is here is checked again."""
    from app.models import transfer, weights
    from app.models.catalogue import CATALOGUE, TEXT_EMBEDDER
    from app.models.first_models import can_ask, pull_first
    from app.settings import Settings

    if name in CATALOGUE and CATALOGUE[name].role in {"picture-embedder", "detector"}:
        # Before hundreds of megabytes that nothing here could load.
        extras.require("photos", f"{name}, which looks at photos,")
    with transfer.bars() as bars:
        if name:
            located = [weights.pull(name, bars, newer=True) if newer else weights.pull_again(name, bars)]
        else:
            located = pull_first(bars, ask=ask_on_terminal if can_ask() and not as_json else None)
        if any(one.name == TEXT_EMBEDDER for one in located):
            make_embedder_ready(bars)
    if as_json:
        print_json([{"name": one.name, "path": str(one.model)} for one in located])
        return
    for one in located:
        say(f"{one.name} is at {one.model}")
    chosen, default = Settings(), weights.default_chat()
    answers = chosen.llm_base_url or chosen.llm_model or (default.name if default else name)
    if name and CATALOGUE[name].role == "chat" and answers != name:
        progress(f"`persona models use {name}` lets it answer.")


def make_embedder_ready(bars: Progress) -> None:
    """Make now what is made of the text embedder once, and not while somebody waits for a reply."""
    from app.factory import build_embedder
    from app.models.catalogue import TEXT_EMBEDDER
    from app.settings import Settings

    embedder = build_embedder(Settings(text_embedder=TEXT_EMBEDDER))
    if not embedder.is_made:
        bars.note(f"Preparing {TEXT_EMBEDDER} for this machine.")
        embedder.read(["ready"])


@models.command()
def use(
    name: Annotated[
        str, typer.Argument(help="A model of `persona models list` or of a server here, a GGUF file, a URL, or: embedded.")
    ],
    model: Annotated[str, typer.Option("--model", help="With a URL: the model's name there; its first when left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say which chat model answers from now on; it is kept below the environment and `.env`."""
    from app import settings
    from app.models import weights
    from app.models.catalogue import CATALOGUE

    if name == _EMBEDDED:
        path, what = settings.choose(), "The embedded model answers"
    elif _URL.match(name):
        path, what = _use_url(name, model)
    elif Path(name).expanduser().is_file():
        file = Path(name).expanduser().resolve()
        path, what = settings.choose(llm_model=str(file)), f"{file.name} answers, embedded,"
    elif name in CATALOGUE:
        if CATALOGUE[name].role != "chat":
            raise NotFound(f"{name} is no chat model: choose one of {', '.join(_chat_models())}.")
        if weights.located(name) is None:
            raise NotFound(f"{name} is not on this machine yet: run `persona models pull {name}` first.")
        path, what = settings.choose(llm_model=name), f"{name} answers, embedded,"
    else:
        path, what = _use_served(name)
    where = settings.chosen_in()
    report(
        {"file": str(path), "set": where},
        f"{what} from now on (kept in {path}); a page that is open takes it at its next start."
        + ("" if not where or where.startswith("set by") else f" But the model is {where}, and that counts first."),
        as_json=as_json,
    )


def _served() -> list[Served]:
    """Return the models of servers on this machine; none where asking them fails: a list is a list without them."""
    from app.models.local_servers import look

    with suppress(Exception):
        return look()
    return []


def _use_url(url: str, model: str) -> tuple[Path, str]:
    from app import settings
    from app.models.model_server import remote_endpoint

    found = remote_endpoint(settings.Settings(llm_base_url=url, llm_model=model))
    return settings.choose(llm_base_url=found.url, llm_model=found.model), f"{found.model} at {found.url} answers"


def _use_served(name: str) -> tuple[Path, str]:
    from app import settings
    from app.models.local_servers import look

    served = look()
    found = next(
        (one for one in served if name.lower() in {one.model.lower(), one.model.lower().removesuffix(":latest")}), None
    )
    if found is None:
        here = ", ".join(one.model for one in served) or "none"
        raise NotFound(
            f"There is no chat model {name!r}: choose one of {', '.join(_chat_models())}; of a server on this machine: {here}; "
            "or give its URL."
        )
    if found.advice:
        progress(found.advice.strip())
    path = settings.choose(llm_base_url=found.url, llm_model=found.model)
    return path, f"{found.model} of {found.server} answers"


def _chat_models() -> list[str]:
    from app.models.catalogue import CATALOGUE

    return [name for name, model in CATALOGUE.items() if model.role == "chat"]


def ask_on_terminal(question: str) -> str:
    """Ask on the terminal; the end of the input is an empty answer, and Ctrl-C leaves (typer's prompt takes both for one)."""
    sys.stderr.write(f"{question.rstrip()} ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        # Ctrl-D leaves the cursor behind the question.
        progress("")
    return answer.strip()
