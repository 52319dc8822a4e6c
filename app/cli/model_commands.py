"""`persona models …`: list and download models, and choose the chat model and the text embedder."""

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

models = typer.Typer(no_args_is_help=True, help="List and download models, and choose the chat model and the text embedder.")

_EMBEDDED = "embedded"
_URL = re.compile(r"(?i)[a-z]+://|(?:localhost|[\d.]+|\[[\da-f:]+\])(?::\d+)?(?:/|$)")


@models.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List the models that can be downloaded, or are on this machine or a local server, and show which one is used."""
    from app.models import weights
    from app.models.catalogue import CATALOGUE
    from app.models.chat_model import answering
    from app.models.transfer import in_words
    from app.settings import Settings

    chosen = Settings()
    now = answering(chosen)
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
            *(("on this machine",) if found else () if model.tried else ("untested",)),
            *(("current",) if found and (now.is_embedded(model.name) or model.name == chosen.text_embedder) else ()),
        )
        say(f"{model.name:<20} {', '.join(facts)}\n    {model.description}")
    served = _served()
    for one in served:
        say(f"{one.model:<20} chat, {'sees pictures, ' if one.sees else ''}on {one.server} at {one.url}")
    say(now.describe(served))
    progress("Untested: known only from the pages of the model hub; neither downloaded nor run when this list was made.")


@models.command()
def pull(
    name: Annotated[
        str, typer.Argument(help="A name from `persona models list`. Default: the models that `make chat` needs.")
    ] = "",
    newer: Annotated[
        bool,
        typer.Option("--newer", help="Accept newer files, if the model has changed on the hub since you first downloaded it."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Download a model and check its hashes; if it is already there, only check its hashes."""
    from app.cli import embedder_choice
    from app.models import transfer, weights
    from app.models.catalogue import CATALOGUE
    from app.models.first_models import can_ask, pull_first
    from app.settings import Settings

    if name in CATALOGUE and CATALOGUE[name].role in {"picture-embedder", "detector"}:
        # Checked first: without the extra, nothing could load hundreds of megabytes.
        extras.require("photos", f"{name}, which analyses photos,")
    with transfer.bars() as bars:
        if name:
            located = [weights.pull(name, bars, newer=True) if newer else weights.pull_again(name, bars)]
        else:
            located = pull_first(bars, ask=ask_on_terminal if can_ask() and not as_json else None)
        for one in located:
            if CATALOGUE[one.name].role == "text-embedder":
                embedder_choice.make_ready(one.name, bars)
    if as_json:
        print_json([{"name": one.name, "path": str(one.model)} for one in located])
        return
    for one in located:
        say(f"{one.name} is at {one.model}")
    chosen, default = Settings(), weights.default_chat()
    answers = chosen.llm_base_url or chosen.llm_model or (default.name if default else name)
    if name and CATALOGUE[name].role == "chat" and answers != name:
        progress(f"Run `persona models use {name}` to make it the chat model.")
    if name and CATALOGUE[name].role == "text-embedder" and chosen.text_embedder != name:
        progress(f"Run `persona models use {name}` to make it the text embedder.")


@models.command()
def use(
    name: Annotated[
        str,
        typer.Argument(
            help="A model from `persona models list` or a local server, a GGUF file, a URL, or the word `embedded`."
        ),
    ],
    model: Annotated[
        str, typer.Option("--model", help="With a URL: the name of the model there. Default: the first one.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Choose the chat model or the text embedder. One that is set in the environment or in `.env` is used instead.

    A text embedder is downloaded, and the search index is rebuilt with it.
    """
    from app import settings
    from app.cli import embedder_choice
    from app.models import weights
    from app.models.catalogue import CATALOGUE

    if name == _EMBEDDED:
        path, what = settings.choose(), "The embedded model"
    elif _URL.match(name):
        path, what = _use_url(name, model)
    elif Path(name).expanduser().is_file():
        file = Path(name).expanduser().resolve()
        path, what = settings.choose(llm_model=str(file)), f"{file.name} (embedded)"
    elif name in CATALOGUE:
        if CATALOGUE[name].role == "text-embedder":
            embedder_choice.use(name, as_json=as_json)
            return
        if CATALOGUE[name].role != "chat":
            raise NotFound(f"{name} is not a chat model. Choose one of {', '.join(_chat_models())}.")
        if weights.located(name) is None:
            raise NotFound(f"{name} is not on this machine yet: run `persona models pull {name}` first.")
        path, what = settings.choose(llm_model=name), f"{name} (embedded)"
    else:
        path, what = _use_served(name)
    where = settings.chosen_in()
    report(
        {"file": str(path), "set": where},
        f"{what} answers from now on (saved in {path}). An open page uses it after a restart."
        + ("" if not where or where.startswith("set by") else f" But the model is {where}, which has priority."),
        as_json=as_json,
    )


def _served() -> list[Served]:
    """Return the models of servers on this machine; none if asking fails, because the list is useful without them."""
    from app.models.local_servers import detect_servers

    with suppress(Exception):
        return detect_servers()
    return []


def _use_url(url: str, model: str) -> tuple[Path, str]:
    from app import settings
    from app.models.model_server import remote_endpoint

    found = remote_endpoint(settings.Settings(llm_base_url=url, llm_model=model))
    return settings.choose(llm_base_url=found.url, llm_model=found.model), f"{found.model} at {found.url}"


def _use_served(name: str) -> tuple[Path, str]:
    from app import settings
    from app.models.local_servers import detect_servers

    served = detect_servers()
    found = next(
        (one for one in served if name.lower() in {one.model.lower(), one.model.lower().removesuffix(":latest")}), None
    )
    if found is None:
        here = ", ".join(one.model for one in served) or "none"
        raise NotFound(
            f"There is no model {name!r}. Choose a chat model: {', '.join(_chat_models())}; of a server on this machine: "
            f"{here}; or a URL. Or choose a text embedder: {', '.join(_text_embedders())}."
        )
    if found.advice:
        progress(found.advice.strip())
    path = settings.choose(llm_base_url=found.url, llm_model=found.model)
    return path, f"{found.model} on {found.server}"


def _text_embedders() -> list[str]:
    from app.models.catalogue import CATALOGUE

    return [name for name, model in CATALOGUE.items() if model.role == "text-embedder"]


def _chat_models() -> list[str]:
    from app.models.catalogue import CATALOGUE

    return [name for name, model in CATALOGUE.items() if model.role == "chat"]


def ask_on_terminal(question: str) -> str:
    """Ask on the terminal. End of input is an empty answer, and Ctrl-C exits; typer's prompt does not tell them apart."""
    sys.stderr.write(f"{question.rstrip()} ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        # After Ctrl-D the cursor is still on the line of the question.
        progress("")
    return answer.strip()
