"""What is sensitive waits for the person's word: until a yes, neither it nor its message is recalled."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from app.cli import main
from graph import persona
from graph.prompts.briefing import Style
from memory.core.errors import NotFound
from memory.memory import Memory
from tests.fakes import ScriptedChat, WordEmbedder, answer, fact, retrieve

pytestmark = pytest.mark.usefixtures("asking")
TOPICS = '"topic_summary": "Ada told of {}."\n"keywords": "x"\n"source_dialog_indices": 0, 1'
ILL = "I was diagnosed with diabetes last week."
KNOWN = "The user has diabetes."


@pytest.fixture
def told(relive):
    """Ada told of an illness and of a bird."""
    chat = ScriptedChat({"semantic": [fact(KNOWN, "diabetes"), fact("The user has a heron.", "heron")]})
    chat.script["episodic"] = lambda prompt: TOPICS.format("diabetes") if "diabetes" in prompt else TOPICS.format("a heron")
    chat.script["core"] = lambda prompt: (
        '"name": "Ada"\n' + ('"illness": "diabetes"' if "diabetes" in prompt else '"pet": "heron"')
    )
    return relive(_life, chat)


def _life(service, _chat):
    list(service.stream("ada", ILL, time="2026-03-01 09:00"))
    list(service.stream("ada", "I keep a heron.", time="2026-03-01 09:05"))
    service.memory.journal.end_session("ada")
    service.wait("ada")


def known(service) -> str:
    memory = service.memory
    found = memory.search("ada", "diabetes illness diagnosed", limit=50)
    return "\n".join(
        [
            *(one.model_dump_json() for one in memory.memories.entries("ada")),
            *(one.model_dump_json() for one in found),
            json.dumps(memory.memories.profile("ada").values()),
        ]
    )


def asks(service, time: str) -> str:
    """The prompt that answers a question after a look into memory."""
    service.models._chat.script["reasoning"] = [retrieve("diabetes illness"), answer("I see.")]
    service.models._chat.calls.clear()
    list(service.stream("ada", "What do you know of me?", time=time))
    return service.models._chat.prompts("reasoning")[-1]


def test_before_a_yes_neither_it_nor_its_message_is_recalled(told):
    assert "diabetes" not in known(told)
    prompt = asks(told, "2026-03-09 09:00")
    assert "diabetes" not in prompt.replace("diabetes illness", "")
    assert "heron" in prompt
    [waiting] = told.memory.approvals.waiting("ada")
    assert (waiting.topic, waiting.text, waiting.facts) == ("health", ILL, (KNOWN,))


def test_in_the_conversation_itself_it_is_heard(told):
    list(told.stream("ada", "And I keep goats.", time="2026-03-01 09:06"))
    assert "diabetes" in told.models._chat.prompts("reasoning")[-1]


def test_a_yes_makes_it_a_memory_like_any_other(told):
    [waiting] = told.memory.approvals.waiting("ada")
    told.memory.approvals.approve("ada", waiting.turn_id)
    told.wait("ada")
    assert not told.memory.approvals.waiting("ada")
    assert KNOWN in known(told)
    assert "Ada told of diabetes." in known(told), "the session is summed up with it"
    assert "diagnosed with diabetes" in asks(told, "2026-03-09 09:00")


def test_a_fact_may_be_named_instead_of_its_message(told):
    [one] = told.memory.memories.entries("ada", kind="semantic", include_pending=True)[:1]
    told.memory.approvals.approve("ada", one.id)
    assert told.memory.memories.get("ada", one.id).held is None


def test_a_no_forgets_it_and_undo_lets_it_wait_again(told):
    [waiting] = told.memory.approvals.waiting("ada")
    told.memory.reject("ada", waiting.turn_id)
    assert not told.memory.approvals.waiting("ada")
    told.memory.undo("ada", waiting.turn_id)
    assert [one.turn_id for one in told.memory.approvals.waiting("ada")] == [waiting.turn_id]
    assert "diabetes" not in known(told)
    told.memory.reject("ada", waiting.turn_id, now=True)
    assert not [path for path in told.memory.folder.rglob("*") if path.is_file() and b"diabetes" in path.read_bytes()]


def test_what_only_the_fact_shows_holds_the_message_too(serve):
    service = serve(ScriptedChat({"semantic": fact("The user is being treated for depression.", "depression")}))
    list(service.stream("ada", "The little green ones every morning, you know.", time="2026-03-01 09:00"))
    service.wait("ada")
    assert [one.topic for one in service.memory.approvals.waiting("ada")] == ["health"]
    assert not service.memory.search("ada", "green ones every morning")


def test_a_held_fact_makes_nothing_untrue_before_a_yes(serve):
    chat = ScriptedChat({"semantic": fact("The user votes Labour.", "vote"), "change": '"1": "changed"'})
    service = serve(chat)
    list(service.stream("ada", "I voted for Labour.", time="2026-03-01 09:00"))
    service.wait("ada")
    service.memory.approvals.approve("ada", service.memory.approvals.waiting("ada")[0].turn_id)
    chat.script["semantic"] = fact("The user no longer votes Labour.", "vote")
    list(service.stream("ada", "I no longer vote Labour, my vote went to the Tories.", time="2026-03-05 09:00"))
    service.wait("ada")
    [old] = service.memory.memories.entries("ada", kind="semantic")
    assert old.is_valid
    service.memory.approvals.approve("ada", service.memory.approvals.waiting("ada")[0].turn_id)
    assert not service.memory.memories.get("ada", old.id).is_valid


def test_who_need_not_be_asked_is_not(told):
    told.memory.consent.choose("ada", "off")
    list(told.stream("ada", "My sister has leukaemia.", time="2026-03-10 09:00"))
    assert len(told.memory.approvals.waiting("ada")) == 1, "from now on: what waited goes on waiting"


def test_an_answer_made_anew_waits_as_the_message_did(told):
    list(told.stream("ada", "I owe the bank a fortune, my debts are 40 grand.", time="2026-03-10 09:00"))
    last = told.memory.journal.turns("ada", limit=1)[0]
    list(told.answer_again("ada", last.id))
    again = told.memory.journal.turns("ada", limit=1)[0]
    assert again.held == "money"
    told.memory.approvals.approve("ada", again.id)
    list(told.answer_again("ada", again.id))
    assert told.memory.journal.turns("ada", limit=1)[0].held is None, "a yes is for the message, not for a reply"


def test_nobody_says_yes_for_another(told):
    [waiting] = told.memory.approvals.waiting("ada")
    for do in (told.memory.approvals.approve, told.memory.reject):
        with pytest.raises(NotFound, match="--held"):
            do("bob", waiting.turn_id)


def test_the_command_line_lists_approves_and_rejects(told, run):
    told.close()
    [waiting] = json.loads(run("memory", "list", "--held", "--user", "ada", "--json"))
    assert waiting["topic"] == "health"
    listed = run("memory", "list", "--user", "ada")
    assert "needs approval" in listed
    assert "(health)" in listed
    assert waiting["turn_id"] in run("memory", "approve", waiting["turn_id"], "--user", "ada")
    assert "Nothing needs approval" in run("memory", "list", "--held", "--user", "ada", stderr=True)
    assert json.loads(run("memory", "reject", "--all", "--user", "ada", "--json")) == {"rejected": []}


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("app.factory.build_embedder", lambda _settings: WordEmbedder())

    def call(*words: str, stderr: bool = False) -> str:
        monkeypatch.setattr("sys.argv", ["persona", *words])
        with suppress(SystemExit):
            main()
        shown = capsys.readouterr()
        return shown.err if stderr else shown.out

    return call


@pytest.mark.parametrize(("said", "left"), [("approve", False), ("reject", False), ("later", True)])
def test_studio_asks_by_an_interrupt(tmp_path, said, left):
    """The server that keeps checkpoints resumes the graph with the answer."""
    chat = ScriptedChat({"semantic": fact(KNOWN, "diabetes")})
    with Memory(tmp_path / "data", WordEmbedder()) as memory:
        graph = persona.build(chat, chat, memory, Style(), asks=True)
        graph.checkpointer = InMemorySaver()
        config = {"configurable": {"thread_id": "1"}}
        [asked] = graph.invoke({"text": ILL}, config)["__interrupt__"]
        assert (asked.value["topic"], asked.value["facts"]) == ("health", [KNOWN])
        calls = len(chat.calls)
        graph.invoke(Command(resume=said), config)
        assert len(chat.calls) == calls, "nothing is done twice"
        assert bool(memory.approvals.waiting("me")) is left
        assert bool(memory.search("me", "diabetes")) is (said == "approve")


def test_studio_does_not_ask_about_the_rest(tmp_path):
    chat = ScriptedChat({"semantic": fact("The user has a heron.", "heron")})
    with Memory(tmp_path / "data", WordEmbedder()) as memory:
        graph = persona.build(chat, chat, memory, Style(), asks=True)
        graph.checkpointer = InMemorySaver()
        assert "__interrupt__" not in graph.invoke({"text": "I keep a heron."}, {"configurable": {"thread_id": "1"}})
