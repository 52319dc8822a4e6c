"""Status of model and memory, checked on request, without opening anything a second time."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from app import set_aside
from app.embedder_offer import offer
from app.finding import Finding
from app.settings import Settings
from app.ui import auth, wording
from app.ui.account import account_wording
from app.ui.layout import Here
from memory.core import extras
from memory.core.errors import PersonaError

_LOW_SPACE_BYTES = 1_000_000_000
_ICONS = {"works": ":material/check_circle:", "off": ":material/do_not_disturb_on:", "broken": ":material/error:"}
_STATES = {"works": "works", "off": "off", "broken": "needs attention"}
_ASIDE, _EXTRAS = "Not remembered completely", "Extras"


def draw(here: Here) -> None:
    """Draw the status in an expander."""
    st.subheader("Model and memory", anchor=False)
    folded = st.expander("Status", key="health", on_change="rerun", icon=":material/monitor_heart:")
    if not folded.open:
        return
    with folded:
        for number, one in enumerate(examine(here, Settings())):
            with st.container(key=f"entry-health-{number}", gap=None):
                st.markdown(
                    f"{_ICONS[one.state]} **{one.what}**" + ("" if one.what in {_ASIDE, _EXTRAS} else f": {_STATES[one.state]}")
                )
                st.text(one.detail)
        if here.memory.refusals.count(here.user):
            st.button("Try again", key="try-again", icon=":material/replay:", on_click=_try_again, args=(here,))
        st.button("Check again", key="look-again", type="tertiary", icon=":material/refresh:")


def examine(here: Here, settings: Settings) -> list[Finding]:
    """Check each part in turn."""
    checks: list[tuple[str, Callable[[Here, Settings], list[Finding]]]] = [
        ("Chat model", _model),
        ("Picture search", _sight),
        ("Text embedder", _embedder),
        ("Data folder", _folder),
        ("Memory", _memory),
        (_EXTRAS, _extras),
    ]
    findings: list[Finding] = []
    for what, check in checks:
        try:
            findings += check(here, settings)
        except PersonaError as error:
            findings.append(Finding("broken", what, error.message))
    return findings


def _model(here: Here, settings: Settings) -> list[Finding]:
    from app.models.model_server import find_weights, remote_endpoint

    loaded = here.replies.service.models.loaded
    if settings.llm_base_url:
        endpoint = remote_endpoint(settings)
        name, sees, where = endpoint.model, endpoint.sees, f"at {endpoint.url}, context window {endpoint.window:,} tokens"
    elif loaded is not None:
        name, sees, where = loaded.model, loaded.sees, f"in this program, context window {loaded.window:,} tokens"
    else:
        path, projector = find_weights(settings)
        name, sees, where = path.stem, projector is not None, "loaded when you send the first message"
    seeing = (
        Finding("works", "Pictures in messages", "The model sees the pictures that you send.")
        if sees
        else Finding("off", "Pictures in messages", "This model can't see pictures. They are saved with your words.")
    )
    # A stand-in for the model server may have no notices.
    notices = getattr(here.replies.service.models, "notices", ())
    known = [Finding("off", "Model server", notice) for notice in notices]
    return [Finding("works", "Chat model", f"{name}, {where}."), *known, seeing]


def _sight(here: Here, _settings: Settings) -> list[Finding]:
    sight = here.memory.sight
    if sight.off is not None:
        return [Finding("off", "Picture search", sight.off)]
    things = " and the things in them" if sight.parts_things else ""
    return [Finding("works", "Picture search", f"Finds pictures by words, and by how they{things} look ({sight.called}).")]


def _embedder(here: Here, settings: Settings) -> list[Finding]:
    found = [Finding("works", "Text embedder", f"{settings.text_embedder} searches memories by meaning.")]
    if sentence := offer(settings, here.memory.journal, [here.user]):
        found.append(Finding("off", "Languages", sentence))
    return found


def _extras(_here: Here, _settings: Settings) -> list[Finding]:
    return [Finding("works", _EXTRAS, "\n".join(extras.told()))]


def _folder(here: Here, _settings: Settings) -> list[Finding]:
    folder = here.memory.folder
    used = 0
    for path in folder.rglob("*"):
        # Files may disappear during the walk.
        with suppress(OSError):
            used += path.stat().st_size
    free = shutil.disk_usage(folder).free
    # Where people sign in, the machine is not their own, so the path is not shown.
    where = "" if auth.asks_to_sign_in() else f"{folder}: "
    detail = f"{where}{account_wording.size(used)} used, {account_wording.size(free)} free on the disk."
    low = free < _LOW_SPACE_BYTES
    return [Finding("broken" if low else "works", "Data folder", f"{detail} The disk is almost full." if low else detail)]


def _memory(here: Here, _settings: Settings) -> list[Finding]:
    counts = here.memory.browse.counts(here.user)
    waits, held = here.memory.work.count(here.user), len(here.memory.approvals.waiting(here.user))
    said, known = counts.pop("turn"), sum(counts.values())
    parts = [f"{wording.counted(said, 'message', 'messages')}, {wording.counted(known, 'memory', 'memories')}."]
    aside = here.memory.refusals.set_aside(here.user)
    nothing = "No messages yet."
    if said:
        nothing = "Everything else is remembered." if aside or held else "Everything is remembered."
    parts += [f"Still remembering your messages ({wording.counted(waits, 'step', 'steps')} left)." if waits else nothing]
    parts += [f"{wording.counted(held, 'message needs', 'messages need')} your approval."] if held else []
    findings = [Finding("works", "Memory", " ".join(parts))]
    if aside:
        lines = set_aside.told(aside, own=True, then="choose Try again below")
        findings.append(Finding("off", _ASIDE, "\n".join(lines)))
    return findings


def _try_again(here: Here) -> None:
    here.replies.service.retry(here.user)
