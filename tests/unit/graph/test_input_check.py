"""Input of another form is refused in a sentence that names the right one; today's forms are all taken."""

from __future__ import annotations

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from app.chat_replies import ServiceReplies
from graph import chat, consolidate, persona, remember, respond
from graph.prompts.briefing import Style
from memory.core.errors import InvalidInput, PersonaError
from tests.fakes import ScriptedChat
from tests.threads import ADA, IN_ONE

MESSAGES = {"messages": [{"role": "user", "content": "Hello"}]}
RIGHT = {
    "chat": '{"messages": [{"role": "user", "content": "Hello"}]}',
    "persona": '{"text": "Hello"}',
    "respond": '{"text": "Hello"}',
    "remember": '{"turn_id": ',
    "consolidate": '{"session": 1}',
}


@pytest.fixture
def graphs(serve):
    model = ScriptedChat()
    service = serve(model)
    built = {
        "chat": chat.build(ServiceReplies(service)),
        "persona": persona.build(model, model, service.memory, Style()),
        "respond": respond.build(model, service.memory, Style()),
        "remember": remember.build(model, service.memory),
        "consolidate": consolidate.build(model, service.memory),
    }
    for one in built.values():
        one.checkpointer = InMemorySaver()
    return built


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("nonsense", ["Hello", ["Hello"], 5, {"foo": 1}, {"foo": None, "bar": {}}])
def test_nonsense(graphs, name, nonsense):
    with pytest.raises(InvalidInput) as refused:
        graphs[name].invoke(nonsense, IN_ONE, context=ADA)
    assert f"The graph {name} takes {RIGHT[name]}" in str(refused.value)
    assert list(graphs[name].get_state_history(IN_ONE)) == [], "nothing of it is kept"


@pytest.mark.parametrize(
    ("name", "given", "why"),
    [
        ("persona", MESSAGES, "messages belongs to chat."),
        ("respond", MESSAGES, "messages belongs to chat."),
        ("remember", {"text": "Hello"}, "text belongs to persona and respond."),
        ("remember", {}, ""),
        ("consolidate", {"text": "Hello"}, "text belongs to persona and respond."),
        ("chat", {"text": "Hello"}, "text belongs to persona and respond."),
        ("chat", {}, ""),
        ("chat", {"messages": [{"foo": 1}]}, "messages has another form."),
        ("chat", {"messages": 5}, "messages has another form."),
        ("persona", {"text": 5}, "text has another form"),
        ("respond", {"images": "p1"}, "images has another form"),
        ("respond", {"turn": {"id": "x"}}, "turn has another form"),
        ("consolidate", {"session": "last"}, "session has another form"),
    ],
)
def test_the_form_of_another_graph(graphs, name, given, why):
    with pytest.raises(InvalidInput) as refused:
        graphs[name].invoke(given, IN_ONE, context=ADA)
    assert RIGHT[name] in str(refused.value)
    assert why in str(refused.value)


@pytest.mark.parametrize(
    "given", [{"messages": "Hello"}, {"messages": {"role": "user", "content": "Hello"}}, {"messages": [("user", "Hello")]}]
)
def test_what_langgraph_takes_for_messages_is_taken(graphs, given):
    assert graphs["chat"].invoke(given, IN_ONE, context=ADA)["messages"][-1].text == "Hello!"


def test_a_refused_input_leaves_the_thread_as_it_was(graphs):
    for name, given in (("chat", MESSAGES), ("persona", {"text": "Hello", "images": None})):
        graphs[name].invoke(given, IN_ONE, context=ADA)
        before = graphs[name].get_state(IN_ONE)
        with pytest.raises(InvalidInput):
            graphs[name].invoke({"foo": 1}, IN_ONE, context=ADA)
        assert graphs[name].get_state(IN_ONE).config == before.config
        graphs[name].invoke(given, IN_ONE, context=ADA)


def test_langgraphs_server_passes_our_sentences_on():
    """It does so for the errors that it lists, among them every `RuntimeError`; it hides the sentence of any other."""
    serde = pytest.importorskip("langgraph_api.serde")
    told = serde.default(PersonaError("No model server answers."))
    assert told == {"error": "PersonaError", "message": "No model server answers."}
