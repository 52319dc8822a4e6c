"""What is pending approval counts for nothing elsewhere: it is in its own conversation, and in what waits, and nowhere else."""

from __future__ import annotations

import pytest

from graph.prompts.briefing import Style
from tests.fakes import ScriptedChat, answer, fact, retrieve
from training.data.from_journal import Teacher

pytestmark = pytest.mark.usefixtures("asking")

ILL = "I was diagnosed with zoster last week."
WORD = "zoster"


@pytest.fixture
def service(serve):
    """Ada told of an illness, which is pending, and of a bird; the session has ended."""
    chat = ScriptedChat({"semantic": [fact("The user has zoster.", WORD), fact("The user has a heron.", "heron")]})
    chat.script["episodic"] = '"topic_summary": "Ada told of a heron."\n"keywords": "x"\n"source_dialog_indices": 0'
    opened = serve(chat)
    list(opened.stream("ada", ILL, time="2026-03-01 09:00"))
    list(opened.stream("ada", "I keep a heron.", time="2026-03-01 09:05"))
    opened.memory.journal.end_session("ada")
    opened.wait("ada")
    assert len(opened.memory.approvals.waiting("ada")) == 1
    return opened


def test_what_is_pending_approval_is_nowhere_else(service, tmp_path):
    memory, chat = service.memory, service.models._chat
    told = [prompt for step in ("episodic", "procedural", "core") for prompt in chat.prompts(step)]
    assert told, "the session was summed up"
    assert not [prompt for prompt in told if WORD in prompt], "nothing was summed up of it"
    memory.consent.say("ada", training=True)
    chat.calls.clear()
    chat.script["reasoning"] = [retrieve("illness"), answer("I see.")]
    chat.script["semantic"] = fact("The user has had zoster for long.", WORD)
    turn = list(service.stream("ada", "What do you know of me?", time="2026-03-09 09:00"))[-1].turn
    [known] = memory.memories.entries("ada", kind="semantic")
    nothing: list[str] = []
    places = {
        "the next conversation": chat.prompts("reasoning"),
        "the receipt": [entry.text for entry in turn.trace.memories],
        "search": [one.text for one in memory.search("ada", "diagnosed zoster illness", limit=50)],
        "what is alike": [one.fact.content for part in memory.similar_facts("ada", known) for one in part],
        "the list": [one.model_dump_json() for one in memory.memories.entries("ada")],
        "the profile": list(memory.memories.profile("ada").values().values()),
        "lessons": [said.text for one in Teacher(memory, "ada", Style(), tmp_path / "p").lessons() for said in one.messages],
    }
    assert {place: [text for text in texts if WORD in text] for place, texts in places.items()} == dict.fromkeys(
        places, nothing
    )
