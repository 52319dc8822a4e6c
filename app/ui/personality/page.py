"""The Personality page: the five traits now and over time, and the messages that changed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from app.ui import charts, wording
from app.ui import layout as frame
from app.ui.layout import Here
from app.ui.personality import manual_scores, scores
from graph.prompts import manner
from memory.browse.personality import TimelineSteps
from memory.core import clock
from memory.core.records import TRAITS, BigFive, PersonalityPoint, Turn
from memory.personality.evidence import Evidence

_MAX_POINTS = 150
"""Approximate number of points in the chart; the list below it has all of them."""
_STEPS_PER_PAGE = 8
_MAX_TEXT_CHARACTERS = 60
_LATE_HISTORY = (
    "Some older messages were remembered after newer ones. The scores changed in the order in which messages were "
    "remembered, so the chart may look uneven."
)
_CHOSEN, _CHOICES, _CURVES = "shown-step", "shown-steps", "shown-curves"


def draw(here: Here) -> None:
    """Draw the page."""
    st.title("Personality", anchor=False)
    st.caption(
        "How you come across, from 1 to 5. Everyone starts at 3, and each remembered message can change a score a little. "
        "The scores only affect the tone of replies. A reply uses a score only after several messages have "
        "shown the same tendency."
    )
    points, total = here.memory.browse.points(here.user, _MAX_POINTS)
    # Points are in the order in which messages were remembered; history may be imported late.
    in_time = sorted(points, key=lambda point: point.time)
    now = points[-1] if points else PersonalityPoint(turn_id=None, time=clock.now())
    evidence = here.memory.personality.evidence(here.user)
    known = manner.known(evidence)
    told = manner.scores_of(known) or BigFive()
    with st.grid(2, min_column_width=300, gap="medium", vertical_alignment="center"):
        _radar(told, known)
        with st.container(key="scores", gap="xsmall"):
            _scores(here, now, evidence, known)
    _manner(evidence)
    st.subheader("Over time", anchor=False)
    if points:
        _curves(here, in_time)
        if in_time != points:
            st.caption(_LATE_HISTORY)
        _chosen(here)
        _list(here, total)
    else:
        st.info(
            "No message has been remembered yet. Write something on the Chat page. Changes of your scores then appear here."
        )
    manual_scores.next_reply(here, told)


def _radar(now: BigFive, known: Mapping[str, float]) -> None:
    early = ", ".join(trait for trait in TRAITS if trait not in known)
    said = "; ".join(part for part in (scores.listed(known), f"too early to tell: {early}" if early else "") if part)
    st.vega_lite_chart(
        charts.personality_radar(now, BigFive()), key="radar",
        alt=f"Five traits from 1 to 5. Now: {said}. At the start each was 3.",
    )  # fmt: skip


def _manner(evidence: Evidence) -> None:
    """Draw the instructions on how to write to the person, exactly as the model receives them."""
    lines = manner.lines(evidence)
    if lines:
        with st.expander("How replies are written for you", key="manner", icon=":material/edit_note:"):
            st.caption("The model receives these instructions with your message. Your own sentences are in quotation marks.")
            for line in lines:
                st.text(line)


def _scores(here: Here, now: PersonalityPoint, evidence: Evidence, known: Mapping[str, float]) -> None:
    for trait, score in now.scores.items():
        held = trait in now.pinned
        with st.container(key=f"score-{trait}", gap=None):
            label = f"{trait.capitalize()} {score:.1f}" if trait in known else trait.capitalize()
            icon = ":material/lock:" if held else None
            with st.popover(label, key=f"pin-{trait}", type="tertiary", icon=icon, help="Set this score yourself."):
                manual_scores.pin_trait(here, trait, known.get(trait), held=held)
            in_words = scores.in_words(trait, score).capitalize() + (" (pinned by you)" if held else "")
            st.caption(in_words if trait in known else scores.too_early(manner.shown_by(evidence, trait)))
    if now.scores != BigFive() or now.pinned:
        manual_scores.reset_button(here)


def _curves(here: Here, points: Sequence[PersonalityPoint]) -> None:
    chosen: PersonalityPoint | None = st.session_state.get(_CHOSEN)
    marked = chosen.time if chosen else None
    # Each choice makes a new chart without a selection, so that the same point can be clicked again.
    key = f"{_CURVES}-{st.session_state.get(_CHOICES, 0)}"
    st.vega_lite_chart(
        charts.personality_curves(points, _beginnings(here, points), marked), key=key,
        on_select=partial(_choose_point, key, points), selection_mode=charts.STEP,
        alt=f"The five traits from {points[0].time:%Y-%m-%d} to {points[-1].time:%Y-%m-%d}; the list below has the same data.",
    )  # fmt: skip
    st.caption(
        "Circles are messages, diamonds are scores that you set, crosses are resets. Choose a point to see what it changed."
    )


def _beginnings(here: Here, points: Sequence[PersonalityPoint]) -> dict[str, str]:
    turns = here.memory.browse.turns_by_id(here.user, [point.turn_id for point in points if point.turn_id])
    return {name: turn.text for name, turn in turns.items()}


def _chosen(here: Here) -> None:
    """Draw one step: its message, the scores inferred from that message alone, and the traits before and after."""
    point: PersonalityPoint | None = st.session_state.get(_CHOSEN)
    step = TimelineSteps(here.memory.browse).of_turn(here.user, point.turn_id) if point and point.turn_id else None
    if point is None or (point.turn_id and step is None):
        return
    with st.container(border=True, key="step", gap="small"):
        st.caption(wording.heading(point.time))
        if step is None:
            st.text(f"{scores.moved(point.scores, point)}.")
        else:
            turn = here.memory.browse.turns_by_id(here.user, [point.turn_id or ""]).get(point.turn_id or "")
            _message(turn)
            before, point = step
            st.table(
                scores.table(before, point), border="horizontal", hide_index=True,
                alt="What this message suggested, and each trait before and after it",
            )  # fmt: skip
        with st.container(horizontal=True, gap="small"):
            if step and turn and st.button("Show it in the conversation", key="go-step", icon=":material/forum:"):
                frame.go_to_turn(turn.session, turn.id)
            st.button("Close", key="close-step", type="tertiary", on_click=_close)


def _message(turn: Turn | None) -> None:
    if turn is None:
        return
    if turn.text.strip():
        st.text(wording.shortened(turn.text))
    else:
        st.caption("A picture without words.")


def _list(here: Here, total: int) -> None:
    """Draw all steps with their changes, last remembered first."""
    pages = -(-total // _STEPS_PER_PAGE)
    page: int = st.session_state.get("shown-steps-page", 1)
    offset = (min(page, pages) - 1) * _STEPS_PER_PAGE
    # One step more than shown: the last row needs the scores before it.
    found = here.memory.browse.last_points(here.user, _STEPS_PER_PAGE + 1, offset)
    said = _beginnings(here, found)
    with st.expander(f"History: {wording.counted(total, 'step', 'steps')}, last step first", key="steps", expanded=True):
        with st.container(key="step-list", gap=None):
            for place, point in enumerate(found[:_STEPS_PER_PAGE]):
                before = found[place + 1].scores if place + 1 < len(found) else BigFive()
                st.button(
                    wording.label(row(point, before, said)), key=f"line-step-{offset + place}", type="tertiary",
                    width="stretch", on_click=_choose, args=(point,), help="Show what changed the scores.",
                )  # fmt: skip
        if pages > 1:
            st.pagination(pages, key="shown-steps-page")


def row(point: PersonalityPoint, before: BigFive, said: Mapping[str, str]) -> str:
    """Return one step as a line: time, changes, and the beginning of the message."""
    parts = [f"{point.time:%Y-%m-%d %H:%M}", scores.moved(before, point)]
    parts += [wording.shortened(text, _MAX_TEXT_CHARACTERS)] if (text := said.get(point.turn_id or "")) else []
    return " · ".join(parts)


def _choose_point(chart: str, points: Sequence[PersonalityPoint]) -> None:
    index = pointed_at(st.session_state.get(chart))
    if index is not None and index < len(points):
        _choose(points[index])


def pointed_at(state: Mapping[str, Any] | None) -> int | None:
    """Return the index of the point that a chart's selection names; None if it names none."""
    chosen = ((state or {}).get("selection") or {}).get(charts.STEP) or []
    return int(chosen[-1][charts.STEP]) if chosen else None


def _choose(point: PersonalityPoint) -> None:
    st.session_state[_CHOSEN] = point
    st.session_state[_CHOICES] = st.session_state.get(_CHOICES, 0) + 1


def _close() -> None:
    st.session_state[_CHOSEN] = None
    st.session_state[_CHOICES] += 1
