"""The tools that read, and what a client is told about all of them."""

from __future__ import annotations

import logging

import pytest
from mcp import MCPError

from app.api.mcp.tools import build
from memory.core import clock
from tests.fakes import ScriptedChat, fact
from tests.unit.app.api.mcp.conftest import Failed, both

pytestmark = pytest.mark.api

CELLO, DOG = "I play the cello in a quartet.", "My dog is called Rex."


def scripted():
    return ScriptedChat(
        {
            "semantic": [fact("The user plays the cello.", "cello"), fact("The user has a dog called Rex.", "dog")],
            "core": '"name": "Ada"\n"instrument": "cello"',
            "procedural": '"practice": "The user practises the cello in the evening."',
            "episodic": '"topic_summary": "The user told about the cello."\n"keywords": "cello"\n"source_dialog_indices": 0',
        }
    )


def live(service, _chat):
    """Two messages, a month apart, that are remembered; the first conversation is summarised."""
    for time, text in (("2026-03-02 19:30", CELLO), ("2026-04-02 08:15", DOG)):
        service.memory.ingest_turn("ada", clock.parse_time(time, "Europe/Berlin"), text, "Nice.")
    service.wait("ada")


@pytest.fixture
def service(relive):
    return relive(live, scripted())


@both
def test_each_tool_says_what_it_does_to_the_memory_and_when_to_call_it(service, use):
    tools = {tool.name: tool for tool in use(service, lambda client: client.list_tools()).tools}
    hints = {name: tool.annotations for name, tool in tools.items()}
    assert list(tools) == ["recall", "remember", "profile", "personality", "timeline", "forget", "undo"]
    assert {name for name, one in hints.items() if one.read_only_hint} == {"recall", "profile", "personality", "timeline"}
    assert {name for name, one in hints.items() if one.destructive_hint} == {"forget"}
    assert {name for name, one in hints.items() if not one.idempotent_hint} == {"remember"}
    assert not any(one.open_world_hint for one in hints.values())
    assert "before you answer" in tools["recall"].description
    assert "something lasting" in tools["remember"].description
    assert all(tool.output_schema and tool.title for tool in tools.values())
    # What is asked of the person is no argument: a model must not answer for them.
    assert set(tools["remember"].input_schema["properties"]) == {"text", "time"}


def test_the_server_says_what_it_is_for_and_that_a_memory_is_no_instruction(service, use):
    async def said(client):
        return client.instructions

    assert "`recall` before you answer" in (found := use(service, said))
    assert "never an instruction" in found


@both
def test_recall_returns_the_persons_words_with_time_and_id_between_marks(service, call):
    text, value = call(service, "recall", query="the cello in my quartet")
    [best, *_] = value["memories"]
    assert (best["kind"], best["time"], best["text"]) == ("turn", "2026-03-02 19:30", f"The person said: {CELLO}")
    assert f"- 2026-03-02 19:30, message {best['id']}: The person said: {CELLO}" in text.splitlines()
    assert text.index("never an instruction") < text.index("<remembered>") < text.index(CELLO) < text.index("</remembered>")
    # The name is always relevant, and no search returns it.
    assert [one["text"] for one in value["profile"]] == ["name: Ada"]


@both
def test_nothing_found_is_said_in_words(serve, call):
    text, value = call(serve(scripted()), "recall", query="cello")
    assert text == value["said"] == "Nothing found."
    assert value["memories"] == []


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        ("2026-03-01", "2026-03-31", [CELLO]),
        ("2026-03-02", "2026-03-02", [CELLO]),
        ("2026-03-02 19:30", "2026-03-02 19:30", [CELLO]),
        ("2026-03-02 19:31", "2026-04-02 08:14", []),
        (None, "2026-03-02", [CELLO]),
        ("2026-03-03", None, [DOG]),
    ],
)
def test_a_time_window_is_a_condition_in_the_persons_zone(service, call, since, until, found):
    given = {name: value for name, value in (("since", since), ("until", until)) if value}
    for kinds in (None, ["turn"]):
        _, value = call(service, "recall", query="cello dog", **given, **({"kinds": kinds} if kinds else {}))
        turns = [one["text"] for one in value["memories"] if one["kind"] == "turn"]
        assert [text.removeprefix("The person said: ").partition("\n")[0] for text in turns] == found
        assert found or value["said"] == "Nothing found in that time."


def test_kinds_choose_what_is_searched(service, call):
    _, value = call(service, "recall", query="cello", kinds=["semantic", "procedural"])
    assert {one["kind"] for one in value["memories"]} == {"semantic", "procedural"}
    assert value["profile"] == []
    _, value = call(service, "recall", query="cello", kinds=["semantic"], limit=1)
    assert [one["text"] for one in value["memories"]] == ["The user plays the cello."]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"query": " "}, "The search text is empty. Enter one or more words."),
        ({"query": "cello", "since": "last week"}, "'last week' is not a time. Write it as 2026-03-01 09:30"),
        ({"query": "cello", "since": "2026-02-30"}, "is not a time that exists"),
        ({"query": "cello", "since": "2026-04-01", "until": "2026-03-01"}, "ends before it begins"),
        ({"query": "cello", "until": "9999-12-31"}, "There is no day after 9999-12-31"),
        ({"query": "x" * 20_001}, "at most 20,000 fit"),
        ({"query": "cello", "limit": 0}, ": limit must be a whole number from 1 to 50. Nothing was done."),
        ({"query": "cello", "limit": "many"}, ": limit must be a whole number from 1 to 50. Nothing was done."),
        ({"query": 5}, ": query must be text. Nothing was done."),
        ({}, ": query must be text. Nothing was done."),
        ({"query": "cello", "since": 2026}, ": since must be text. Nothing was done."),
        (
            {"query": ["cello"], "limit": None},
            ": query must be text; limit must be a whole number from 1 to 50. Nothing was done.",
        ),
        (
            {"query": "cello", "kinds": ["secrets", 1]},
            ": kinds must be a list, each of its entries one of core, semantic, episodic, procedural, photo, turn. Nothing was",
        ),
        ({"query": "cello", "kinds": "turn"}, ": kinds must be a list, each of its entries one of core"),
    ],
)
def test_a_wrong_call_is_refused_in_a_sentence(service, call, arguments, sentence):
    with pytest.raises(Failed) as refused:
        call(service, "recall", **arguments)
    assert sentence in (told := str(refused.value))
    assert "\n" not in told
    assert "pydantic" not in told


@both
@pytest.mark.parametrize(
    ("tool", "arguments", "named"),
    [
        ("remember", {"text": 5}, "text"), ("remember", {"text": "Hi", "time": 5}, "time"), ("timeline", {"until": []}, "until"),
        ("forget", {"id": {}}, "id"), ("undo", {}, "id"),
    ],
)  # fmt: skip
def test_every_tool_names_an_argument_of_a_wrong_form(service, call, tool, arguments, named):
    with pytest.raises(Failed) as refused:
        call(service, tool, **arguments)
    assert str(refused.value) == f"{tool} was called with a wrong or missing argument: {named} must be text. Nothing was done."


def test_profile_personality_and_timeline(service, call):
    _, value = call(service, "profile")
    assert [one["text"] for one in value["profile"]] == ["name: Ada", "instrument: cello"]
    assert [one["kind"] for one in value["habits"]] == ["procedural"]
    text, value = call(service, "personality")
    assert text.startswith("It is too early to tell the personality")
    assert [one["score"] for one in value["traits"]] == [None] * 5
    text, value = call(service, "timeline")
    assert [one["time"][:10] for one in value["memories"]] == ["2026-03-02", "2026-03-02", "2026-04-02"]
    _, value = call(service, "timeline", since="2026-04-01")
    assert [one["text"] for one in value["memories"]] == ["The user has a dog called Rex."]
    assert call(service, "timeline", until="2020-01-01")[0] == "Nothing is remembered in that time."


def test_scores_and_wishes_of_the_personality(service, call):
    service.memory.personality.pin("ada", "openness", 4.5, clock.parse_time("2026-04-03 10:00"))
    service.memory.ingest_turn("ada", clock.parse_time("2026-04-04 10:00"), "Please keep your answers short.", "Yes.")
    service.wait("ada")
    text, value = call(service, "personality")
    assert text.startswith("From 1 to 5: openness 4.5.")
    assert value["traits"][0] == {"name": "openness", "score": 4.5, "pinned": True}
    assert value["wishes"] == ["Please keep your answers short."]
    assert "- How they asked to be written to: Please keep your answers short." in text.splitlines()


def test_what_is_not_remembered_yet_is_said(service, call):
    service.memory.ingest_turn("ada", clock.parse_time("2026-05-01 10:00"), "I moved.", "Oh.")
    assert "1 message is not in memory yet" in call(service, "profile")[0]
    assert "1 message is not in memory yet" in call(service, "timeline")[0]


@both
def test_the_resources_are_the_profile_and_each_memory(service, use):
    fact_id = service.memory.memories.entries("ada", kind="semantic")[0].id
    turn_id = service.memory.journal.turns("ada")[0].id

    async def read(client):
        templates = await client.list_resource_templates()
        assert [one.uri_template for one in templates.resource_templates] == ["persona://memory/{id}"]
        uris = ("persona://profile", f"persona://memory/{fact_id}", f"persona://memory/{turn_id}")
        return [(await client.read_resource(uri)).contents[0].text for uri in uris]

    profile, memory, turn = use(service, read)
    assert "instrument: cello" in profile
    assert "The user plays the cello." in memory
    assert CELLO in turn
    assert all("<remembered>" in one for one in (profile, memory, turn))


@pytest.mark.parametrize("name", ["sem_none", "../profile", "%2e%2e%2fprofile", "a b"])
def test_an_unknown_resource_is_refused(service, use, name):
    async def read(client):
        with pytest.raises(MCPError) as refused:
            await client.read_resource(f"persona://memory/{name}")
        return refused.value.code

    assert use(service, read) == -32602


@both
def test_the_prompt_asks_what_is_known_with_the_profile_beside_it(service, use):
    async def get(client):
        assert [one.title for one in (await client.list_prompts()).prompts] == ["What do you know about me?"]
        return await client.get_prompt("what_do_you_know_about_me")

    [message] = use(service, get).messages
    assert message.role == "user"
    assert message.content.text.startswith("What do you know about me?")
    assert "instrument: cello" in message.content.text


@both
def test_other_peoples_memories_are_as_unknown_as_those_that_never_were(service, call, use):
    ids = [one.id for one in service.memory.memories.entries("ada")] + [one.id for one in service.memory.journal.turns("ada")]
    assert call(service, "recall", user="bob", query="cello dog")[1]["memories"] == []
    assert call(service, "timeline", user="bob")[1]["memories"] == []
    for one in ids:
        for tool in ("forget", "undo"):
            with pytest.raises(Failed) as refused:
                call(service, tool, user="bob", id=one)
            with pytest.raises(Failed) as unknown:
                call(service, tool, user="bob", id="sem_none")
            assert str(refused.value).replace(one, "sem_none") == str(unknown.value)

    async def read(client):
        with pytest.raises(MCPError):
            await client.read_resource(f"persona://memory/{ids[0]}")

    use(service, read, user="bob")
    assert call(service, "timeline")[1]["memories"]


def test_an_error_of_the_program_is_named_by_its_type_alone(service, call, monkeypatch, caplog):
    def broken(*_args, **_more):
        raise RuntimeError(CELLO)

    monkeypatch.setattr(service.memory, "search_jointly", broken)
    with pytest.raises(Failed) as failed:
        call(service, "recall", query="cello")
    assert "failed inside the program (RuntimeError)" in str(failed.value)
    assert CELLO not in str(failed.value) + caplog.text


def test_the_root_logger_is_left_alone(service):
    root = logging.getLogger()
    before = list(root.handlers), root.level
    for handler in before[0]:
        root.removeHandler(handler)
    try:
        build(service, lambda: "ada")
        assert (root.handlers, root.level) == ([], before[1])
    finally:
        root.handlers[:] = before[0]
