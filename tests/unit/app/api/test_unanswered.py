"""Several messages of a person in a row, without a reply between: each is in the journal once, and none is lost."""

from __future__ import annotations

import base64

import pytest

from memory.core.errors import ModelUnavailable
from memory.core.records import TurnState
from tests.unit.app.api.test_chat import URL, ask, assistant, opened, said, scripted, square, user

pytestmark = pytest.mark.api
__all__ = ["opened"]


def test_what_was_never_sent_alone_is_part_of_the_new_message(opened):
    service, client = opened("Hello Ada.", "The cello.", "Again.")
    two = [user("My name is Ada."), user("I play the cello.")]
    assert ask(client, *two) == "Hello Ada."
    ask(client, *two, assistant("Hello Ada."), user("What do I play?"))
    ask(client, *two, assistant("Hello Ada."), user("What do I play?"))
    assert said(service) == [("My name is Ada.\nI play the cello.", "Hello Ada."), ("What do I play?", "Again.")]


def test_what_failed_before_is_in_the_journal_already(serve, connect):
    model = scripted()
    model.script["reasoning"] = [ModelUnavailable("No model server answers."), *model.script["reasoning"]]
    service = serve(model)
    client = connect(service)
    assert client.post(URL, json={"messages": [user("I have a dog.")]}).status_code == 503
    ask(client, user("I have a dog."), user("And a cat."))
    assert [(one.text, one.state) for one in service.memory.journal.turns("me")] == [
        ("I have a dog.", TurnState.FAILED), ("And a cat.", TurnState.ANSWERED),
    ]  # fmt: skip


@pytest.mark.parametrize("now", [False, True])
def test_what_was_forgotten_does_not_come_back(opened, now):
    service, client = opened("One.", "Two.")
    ask(client, user("I have a dog."))
    [turn] = service.memory.journal.turns("me")
    service.memory.forget("me", turn.id, now=now)
    ask(client, user("I have a dog."), user("And a cat."))
    assert said(service)[-1] == ("And a cat.", "Two.")
    assert "dog" not in str(said(service))


def test_their_pictures_come_along(opened):
    service, client = opened("A red square.")
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{base64.b64encode(square()).decode()}"}}
    ask(client, {"role": "user", "content": [picture, {"type": "text", "text": "Look."}]}, user("What is it?"))
    [turn] = service.memory.journal.turns("me")
    assert (turn.text, len(turn.images)) == ("Look.\nWhat is it?", 1)


def test_off_the_record_all_of_them_are_answered_and_none_is_saved(serve, connect):
    model = scripted("Ada.")
    service = serve(model)
    ask(connect(service), user("My name is Ada."), user("What is my name?"), model="persona-off-the-record")
    assert "My name is Ada." in model.prompts("reasoning")[-1]
    assert said(service) == []
