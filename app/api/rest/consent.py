"""What the person agreed to, and what is not in memory yet."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app import backlog, set_aside
from app.api.rest.person import Me, Person, failures
from memory.consent.modes import IN_WORDS, SECRETS, Mode

router = APIRouter(tags=["consent and background work"])


class Consent(BaseModel):
    """What the person agreed to."""

    training: bool | None = Field(
        description="Whether a model may be trained on the conversations; null: not answered yet, which counts as no."
    )
    training_since: datetime | None = Field(description="When the person said so.")
    sensitive: Mode = Field(
        description="`off`: sensitive messages are remembered and marked. `each`: only after approval. `never-keep`: answered, "
        "and not saved."
    )
    sensitive_chosen: bool = Field(description="Whether the person chose that; false: ask when a message is sensitive.")
    sensitive_fixed: bool = Field(description="Whether this machine sets that for everyone, so that a choice has no effect.")
    reminders: bool = Field(description="Whether the first reply of a day may remind of what is coming up.")
    reminders_fixed: bool = Field(description="Whether reminders are switched off on this machine for everyone.")
    message: str = Field(description="How sensitive messages are treated, in words.")


class Choices(BaseModel):
    """New choices; what is left out, or null, stays as it is."""

    model_config = ConfigDict(extra="forbid")

    training: bool | None = Field(default=None, strict=True, description="Whether a model may be trained on the conversations.")
    sensitive: Mode | None = Field(default=None, description="How sensitive messages are treated from now on.")
    reminders: bool | None = Field(
        default=None, strict=True, description="Whether the first reply of a day may remind of what is coming up."
    )


class SetAside(BaseModel):
    """A message or a conversation that could not be remembered completely."""

    what: str = Field(description="Its time and its first words.")
    without: str = Field(description="What is missing in memory.")
    why: str = Field(description="The reason.")


class Backlog(BaseModel):
    """What is not in memory yet."""

    messages: int = Field(description="Messages that are not remembered yet.")
    conversations: int = Field(description="Sessions that have ended and are not summarised yet: a pause of an hour ends one.")
    steps: int = Field(description="Steps of background work that are left.")
    failed: bool = Field(description="Whether a step failed and waits for its next try.")
    message: str = Field(description="The same in one sentence; empty: everything is in memory.")
    set_aside: list[SetAside] = Field(description="What the model server refused for good; `POST /backlog/retry` tries again.")


class Retried(BaseModel):
    """What is tried again."""

    steps: int = Field(description="The number of steps that are tried again.")


@router.get("/consent", summary="What was agreed to", operation_id="get_consent", responses=failures())
def get_consent(me: Me) -> Consent:
    """Return the person's choices."""
    return _consent(me)


@router.patch("/consent", summary="Change what was agreed to", operation_id="set_consent", responses=failures(404))
def set_consent(me: Me, choices: Choices) -> Consent:
    """Change some choices. Training and reminders can be chosen once the person has sent a message."""
    if choices.training is not None or choices.reminders is not None:
        # A person without any data has no such choice yet; then nothing at all is changed.
        me.memory.consent.of(me.id)
    if choices.sensitive is not None:
        me.memory.consent.choose(me.id, choices.sensitive)
    if choices.training is not None:
        me.memory.consent.say(me.id, training=choices.training)
    if choices.reminders is not None:
        me.memory.dates.let_bring_up(me.id, allowed=choices.reminders)
    return _consent(me)


@router.get("/backlog", summary="What is not in memory yet", operation_id="get_backlog", responses=failures())
def get_backlog(me: Me) -> Backlog:
    """Return what the background work has still to do."""
    left = me.memory.work.backlog(me.id)
    aside = set_aside.asides(me.memory.refusals.set_aside(me.id), own=True)
    return Backlog(
        messages=left.messages,
        conversations=left.sessions,
        steps=me.memory.work.count(me.id),
        failed=left.failed,
        message=backlog.sentence(left, backlog.WHEN_IT_ANSWERS if left.failed else backlog.SOON),
        set_aside=[SetAside(what=one.what, without=one.without, why=one.why) for one in aside],
    )


@router.post("/backlog/retry", summary="Try again what was set aside", operation_id="retry_backlog", responses=failures())
def retry_backlog(me: Me) -> Retried:
    """Put what was set aside back into the queue."""
    return Retried(steps=me.service.retry(me.id))


def _consent(me: Person) -> Consent:
    said = me.memory.consent.of(me.id) if me.memory.journal.knows(me.id) else None
    mode = me.memory.consent.mode(me.id)
    return Consent(
        training=said.training if said else None,
        training_since=said.since if said else None,
        sensitive=mode,
        sensitive_chosen=me.memory.consent.chosen(me.id) is not None,
        sensitive_fixed=me.memory.consent.machine is not None,
        reminders=me.memory.dates.brings_up(me.id),
        reminders_fixed=not me.memory.dates.may_bring_up,
        message=f"{IN_WORDS[mode]} {SECRETS}",
    )
