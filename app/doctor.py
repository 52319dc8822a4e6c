"""Checks an installation: what works, what is off, and how to turn it on. Loads no model and changes nothing."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from app.finding import Finding
from memory.core import extras
from memory.core.errors import NotFound, PersonaError

if TYPE_CHECKING:
    from app.settings import Settings

_LOW_SPACE_BYTES = 1_000_000_000


def examine(settings: Settings) -> list[Finding]:
    """Check each part in turn."""
    from app.misspelt_settings import misspelt

    checks: list[tuple[str, Callable[[Settings], Finding | None]]] = [
        ("python", _python),
        ("data folder", _folder),
        ("chat model", _chat),
        ("pictures", _pictures),
        ("photo files", _photo_files),
        ("photo memory", _photos),
        ("text embedder", _embedder),
        ("languages", _languages),
        ("extras", _extras),
        ("memory", _memory),
        ("sensitive things", _sensitive),
    ]
    findings: list[Finding] = []
    for what, check in checks:
        try:
            findings += [found] if (found := check(settings)) else []
        except PersonaError as error:
            findings.append(Finding("broken", what, error.message))
    if names := misspelt():
        findings.append(Finding("off", "settings", "\n".join(names)))
    return findings


def _sensitive(settings: Settings) -> Finding:
    from memory.consent.modes import DEFAULT, IN_WORDS, SECRETS

    mode = settings.ask_consent
    whose = f"PERSONA_ASK_CONSENT={mode}." if mode else "Each user chooses (`persona user consent NAME --sensitive`). Default:"
    return Finding("works", "sensitive things", f"{whose} {IN_WORDS[mode or DEFAULT]} {SECRETS}")


def _python(_settings: Settings) -> Finding:
    return Finding("works", "python", f"{sys.version.split()[0]} at {sys.prefix}")


def _folder(settings: Settings) -> Finding:
    folder = settings.data_dir.expanduser()
    there = folder
    while not there.exists():
        there = there.parent
    if not os.access(there, os.W_OK) or not there.is_dir():
        return Finding("broken", "data folder", f"{folder} is not writable. Make it writable, or set PERSONA_DATA_DIR.")
    free = shutil.disk_usage(there).free
    if free < _LOW_SPACE_BYTES:
        return Finding("broken", "data folder", f"{folder} has only {free / 1e6:.0f} MB left. Free some space.")
    return Finding("works", "data folder", f"{folder} ({free / 1e9:.0f} GB free)")


def _chat(settings: Settings) -> Finding:
    from app.settings import chosen_in

    if settings.llm_base_url:
        from app.models.model_server import remote_endpoint

        endpoint = remote_endpoint(settings)
        formats = "output formats enforced by grammar" if endpoint.kind != "other" else "no grammar support: parsed leniently"
        written = settings.llm_base_url
        where = endpoint.url if endpoint.url == written else f"{endpoint.url} (corrected from {written})"
        detail = f"{endpoint.model} at {where}, context window {endpoint.window:,} tokens, {formats}"
        return Finding("works", "chat model", f"{detail}; {chosen_in()}")
    from app.models.model_server import find_weights

    path, _ = find_weights(settings)
    detail = f"embedded llama.cpp with {path.name}, context window {settings.llm_context:,} tokens"
    return Finding("works", "chat model", f"{detail}; {chosen}" if (chosen := chosen_in()) else detail)


def _pictures(settings: Settings) -> Finding:
    how = "Set PERSONA_LLM_BASE_URL to a server of a vision model, or PERSONA_LLM_MODEL and PERSONA_LLM_PROJECTOR."
    if settings.llm_base_url:
        from app.models.model_server import remote_endpoint

        sees = remote_endpoint(settings).sees
    else:
        from app.models.model_server import find_weights

        projector = find_weights(settings)[1]
        if projector and not Path(projector).is_file():
            return Finding("broken", "pictures", f"The projector {projector} does not exist. Correct PERSONA_LLM_PROJECTOR.")
        sees = projector is not None
    if sees:
        return Finding("works", "pictures", "the model sees the pictures that you send")
    return Finding("off", "pictures", f"this model can't see pictures; they are saved with your words. {how}")


def _photo_files(settings: Settings) -> Finding | None:
    from app.factory import build_objects
    from memory.hosts.orphans import MARK

    store = build_objects(settings)
    if store is None:
        return None
    remark = store.check()
    with suppress(NotFound):
        # It is not there before the first host has looked; if its key is not set, pictures cannot be read either.
        store.get(MARK)
    encrypted = "encrypted" if settings.objects_key else "not encrypted (PERSONA_OBJECTS_KEY is not set)"
    return Finding("off" if remark else "works", "photo files", f"in {store.place}, {encrypted}. {remark}".rstrip())


def _photos(settings: Settings) -> Finding:
    from app.factory import build_sight
    from app.models.catalogue import DETECTOR

    sight = build_sight(settings)
    if sight.off is not None:
        return Finding("off", "photo memory", sight.off)
    sight.words(["a picture"])
    if sight.off is not None:
        # The weights are broken; everything else works without them.
        return Finding("off", "photo memory", sight.off)
    whole = "" if sight.parts_things else f"; only whole pictures, because {DETECTOR} is not on this machine"
    return Finding("works", "photo memory", f"photos are searched by content and by words ({sight.called}){whole}")


def _embedder(settings: Settings) -> Finding:
    from app.factory import build_embedder, check_embedder

    check_embedder(settings)
    return Finding("works", "text embedder", build_embedder(settings).name)


def _languages(settings: Settings) -> Finding | None:
    from app.embedder_offer import offer
    from app.factory import open_journal
    from memory.stores.journal import Journal

    if not _has_journal(settings):
        return None
    database = open_journal(settings)
    try:
        journal = Journal(database)
        sentence = offer(settings, journal, [row["id"] for row in journal.users()])
    finally:
        database.close()
    return Finding("off", "languages", sentence) if sentence else None


def _extras(_settings: Settings) -> Finding:
    return Finding("works", "extras", "\n".join(extras.told()))


def _memory(settings: Settings) -> Finding:
    from app import set_aside
    from app.factory import build_memory, check_embedder
    from app.remembering import is_alone

    if not _has_journal(settings):
        return Finding("works", "memory", "empty until the first message")
    check_embedder(settings)
    with build_memory(settings) as store:
        users = store.journal.users()
        waiting = store.work.count()
        aside = store.refusals.set_aside()
        own = is_alone(store)
    turns = sum(row["turns"] for row in users)
    tail = f"; {waiting} steps are left to remember them (`persona work` does them now)" if waiting else ""
    lines = [f"{len(users)} user(s), {turns} turns{tail}", *set_aside.told(aside, own=own, named=True)]
    return Finding("off" if aside else "works", "memory", "\n".join(lines))


def _has_journal(settings: Settings) -> bool:
    return bool(settings.database_url) or (settings.data_dir.expanduser() / "journal.db").exists()
