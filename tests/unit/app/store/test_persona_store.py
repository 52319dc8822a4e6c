"""`PersonaStore`: what an agent puts is remembered, found, shown, forgotten and exported like any memory."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from langgraph.graph import StateGraph
from langgraph.runtime import Runtime, get_runtime
from langgraph.store.base import GetOp, ListNamespacesOp, PutOp, SearchOp
from typing_extensions import TypedDict

from app.store import PersonaStore
from memory.core import clock
from memory.core.errors import InvalidInput
from memory.core.query import Query

NOTES = ("ada", "notes")
TEA = {"content": "Ada drinks her tea without sugar."}


@pytest.fixture
def store(memory):
    return PersonaStore(memory)


@pytest.fixture
def known(memory):
    """A person whose memories the assistant made by itself."""
    turn = memory.receive("ada", "I play the cello in a quartet.")
    memory.journal.finish(turn.id, "How nice.")
    memory.set_profile("ada", "name", "Ada", clock.now())
    return memory


class TestItems:
    def test_are_put_got_replaced_and_deleted(self, store):
        assert store.get(NOTES, "tea") is None
        store.put(NOTES, "tea", TEA)
        first = store.get(NOTES, "tea")
        assert (first.namespace, first.key, first.value) == (NOTES, "tea", TEA)
        store.put(NOTES, "tea", {"content": "Ada drinks coffee now.", "since": 2026})
        second = store.get(NOTES, "tea")
        assert second.value == {"content": "Ada drinks coffee now.", "since": 2026}
        assert (second.created_at, second.updated_at > first.updated_at) == (first.created_at, True)
        store.delete(NOTES, "tea")
        assert store.get(NOTES, "tea") is None
        store.delete(NOTES, "tea")
        store.put(NOTES, "tea", TEA)
        assert store.get(NOTES, "tea").value == TEA

    @pytest.mark.parametrize(
        "value",
        [
            {},
            {"a": None},
            {"n": 1.5, "b": True},
            {"list": [1, "two", {"three": [4]}], "deep": {"er": {"x": "y"}}},
            {"text": "ü \x01"},
        ],
    )
    def test_may_be_any_json(self, store, value):
        store.put(NOTES, "any", value)
        assert store.get(NOTES, "any").value == value

    @pytest.mark.parametrize("value", [{"x": object()}, {"x": float("nan")}, {"content": "x" * 20_000}])
    def test_that_are_no_json_or_too_long_are_refused(self, store, value):
        with pytest.raises(InvalidInput, match=r"JSON"):
            store.put(NOTES, "any", value)

    def test_in_a_batch(self, store):
        done = store.batch(
            [PutOp(NOTES, "a", TEA), GetOp(NOTES, "a"), SearchOp(("ada",)), ListNamespacesOp(), PutOp(NOTES, "a", None)]
        )
        assert done[0] is None
        assert (done[1].value, [one.key for one in done[2]], done[3]) == (TEA, ["a"], [NOTES])
        assert store.get(NOTES, "a") is None

    def test_asynchronously(self, store):
        async def use():
            await store.aput(NOTES, "tea", TEA)
            found = await store.asearch(("ada",), query="sugar")
            await store.adelete(NOTES, "tea")
            return found, await store.aget(NOTES, "tea"), await store.alist_namespaces()

        [found], gone, names = asyncio.run(use())
        assert (found.key, gone, names) == ("tea", None, [])


class TestSearch:
    def test_is_ours_with_scores_best_first(self, store):
        store.put(NOTES, "tea", TEA)
        store.put(NOTES, "dog", {"content": "Ada has a dog called Rex."})
        found = store.search(("ada",), query="How does she take tea and sugar?")
        assert found[0].key == "tea"
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
        assert found[0].score > 0

    def test_without_a_query_lists_the_last_stored_first(self, store):
        for number in range(3):
            store.put(NOTES, str(number), {"number": number})
        assert [one.key for one in store.search(("ada",))] == ["2", "1", "0"]
        assert [one.key for one in store.search(("ada",), limit=1, offset=1)] == ["1"]
        assert store.search(("ada",))[0].score is None

    @pytest.mark.parametrize(
        ("wanted", "keys"),
        [
            ({"n": 2}, {"b"}), ({"n": {"$eq": 2}}, {"b"}), ({"n": {"$ne": 2}}, {"a", "c", "d"}), ({"n": {"$gt": 1}}, {"b", "c"}),
            ({"n": {"$gte": 1, "$lt": 3}}, {"a", "b"}), ({"n": {"$lte": 1}}, {"a"}), ({"meta": {"kind": "x"}}, {"d"}),
            ({"tags": ["p", "q"]}, {"d"}), ({"n": 1, "meta": {"kind": "x"}}, set()),
        ],
    )  # fmt: skip
    def test_filters_by_the_value(self, store, wanted, keys):
        for key, value in {
            "a": {"n": 1},
            "b": {"n": 2},
            "c": {"n": 3},
            "d": {"meta": {"kind": "x"}, "tags": ["p", "q"]},
        }.items():
            store.put(NOTES, key, value)
        assert {one.key for one in store.search(("ada",), filter=wanted)} == keys
        assert {one.key for one in store.search(("ada",), query="n", filter=wanted)} == keys

    def test_an_unknown_operator_is_refused(self, store):
        store.put(NOTES, "a", TEA)
        with pytest.raises(InvalidInput, match=r"\$in is unknown"):
            store.search(("ada",), filter={"content": {"$in": ["x"]}})

    def test_a_filter_reaches_beyond_the_first_results(self, store):
        for number in range(60):
            store.put(NOTES, str(number), {"content": f"Tea number {number}.", "n": number})
        assert [one.key for one in store.search(("ada",), query="tea", filter={"n": 59})] == ["59"]
        pages = [one.key for at in range(0, 60, 20) for one in store.search(("ada",), query="tea", limit=20, offset=at)]
        assert sorted(map(int, pages)) == list(range(60))


class TestNamespaces:
    def test_are_searched_by_their_beginning(self, store):
        store.put(("ada", "notes", "old"), "a", TEA)
        store.put(("ada", "todo"), "a", TEA)
        store.put(("bob", "notes"), "a", TEA)
        assert [one.namespace for one in store.search(("ada", "notes"), query="tea")] == [("ada", "notes", "old")]
        assert {one.namespace for one in store.search(("ada",))} == {("ada", "notes", "old"), ("ada", "todo")}
        assert store.list_namespaces() == [("ada", "notes", "old"), ("ada", "todo"), ("bob", "notes")]
        assert store.list_namespaces(prefix=("ada",), max_depth=2) == [("ada", "notes"), ("ada", "todo")]
        assert store.list_namespaces(suffix=("notes",)) == [("bob", "notes")]
        assert store.list_namespaces(prefix=("*", "notes"), limit=1, offset=1) == [("bob", "notes")]

    def test_name_the_person_by_one_label(self, memory):
        store = PersonaStore(memory, label=1)
        store.put(("memories", "ada", "tea"), "a", TEA)
        store.put(("memories", "bob", "tea"), "a", {"content": "Bob likes tea."})
        assert [one.value for one in store.search(("memories", "ada"), query="tea")] == [TEA]
        assert store.list_namespaces(prefix=("memories", "ada")) == [("memories", "ada", "tea")]
        for refused in (
            lambda: store.search(("memories",)),
            lambda: store.get(("memories",), "a"),
            lambda: store.put(("x",), "a", TEA),
        ):
            with pytest.raises(InvalidInput, match="names no person"):
                refused()

    def test_may_all_belong_to_one_person(self, memory):
        store = PersonaStore(memory, user_id="ada@example.org")
        store.put(("notes",), "a", TEA)
        assert [one.namespace for one in store.search((), query="tea")] == [("notes",)]
        assert PersonaStore(memory).list_namespaces() == [("ada@example%2Eorg", "notes")]
        assert PersonaStore(memory).get(("ada@example%2Eorg", "notes"), "a").value == TEA

    def test_one_person_reaches_nothing_of_another(self, store, memory):
        store.put(NOTES, "a", TEA)
        [item] = memory.items.of("ada")
        assert store.get(("bob", "notes"), "a") is None
        assert store.get(("bob", "persona", "semantic"), item.id) is None
        store.delete(("bob", "notes"), "a")
        assert store.search(("bob",), query="tea") == []
        assert store.get(NOTES, "a").value == TEA


class TestWhatIsRemembered:
    def test_can_be_read(self, known):
        store = PersonaStore(known)
        [line] = store.search(("ada", "persona", "core"))
        assert (line.namespace, line.value["kind"]) == (("ada", "persona", "core"), "core")
        assert "Ada" in line.value["content"]
        assert store.get(("ada", "persona", "core"), line.key).value == line.value
        assert store.get(("ada", "persona", "semantic"), line.key) is None
        assert store.list_namespaces() == [("ada", "persona", "core")]
        assert [one.key for one in store.search(("ada",), query="name")] == [line.key]

    def test_cannot_be_written(self, known):
        store = PersonaStore(known)
        [line] = store.search(("ada", "persona"))
        for refused in (
            lambda: store.put(("ada", "persona", "core"), "x", TEA),
            lambda: store.delete(("ada", "persona", "core"), line.key),
        ):
            with pytest.raises(InvalidInput, match="can only be read"):
                refused()


class TestAnItemIsAMemory:
    def test_that_our_search_finds(self, store, memory):
        store.put(NOTES, "tea", TEA)
        assert [one.text for one in memory.search("ada", "sugar")] == [TEA["content"]]
        query = Query(message="Do I take sugar?", keywords="tea sugar", time=clock.now())
        [found] = memory.search_jointly("ada", query).memories
        assert (found.text, found.turn_ids) == (TEA["content"], ())

    def test_that_a_reply_uses(self, serve):
        from tests.fakes import ScriptedChat

        chat = ScriptedChat()
        service = serve(chat)
        PersonaStore(service.memory).put(NOTES, "tea", TEA)
        *_, answered = service.stream("ada", "Do I take sugar in my tea?")
        assert TEA["content"] in chat.prompts("reasoning")[-1]
        assert [one.text for one in answered.turn.trace.memories] == [TEA["content"]]

    def test_that_the_page_shows_and_the_person_edits(self, store, memory):
        store.put(NOTES, "tea", {**TEA, "n": 1})
        [shown], total = memory.browse.memories("ada", ["semantic"], limit=10)
        assert (shown.content, total) == (f"{TEA['content']}\nn: 1", 1)
        memory.edit("ada", shown.id, "Ada takes honey.")
        assert store.get(NOTES, "tea").value == {"content": "Ada takes honey."}
        assert [one.key for one in store.search(("ada",), query="honey")] == ["tea"]
        store.put(NOTES, "tea", TEA)
        assert store.get(NOTES, "tea").value == TEA

    def test_that_the_person_forgets_for_good(self, store, memory):
        store.put(NOTES, "tea", TEA)
        [item] = memory.items.of("ada")
        memory.forget("ada", item.id)
        assert store.get(NOTES, "tea") is None
        assert store.search(("ada",), query="sugar") == []
        with pytest.raises(InvalidInput, match="forgotten"):
            store.put(NOTES, "tea", TEA)
        memory.undo("ada", item.id)
        assert store.get(NOTES, "tea").value == TEA
        memory.forget("ada", item.id, now=True)
        with pytest.raises(InvalidInput, match="forgotten"):
            store.put(NOTES, "tea", TEA)
        store.put(NOTES, "tea", {"content": "Ada drinks coffee."})
        assert store.get(NOTES, "tea").value == {"content": "Ada drinks coffee."}

    def test_that_a_delete_purges_without_a_cascade(self, store, memory, monkeypatch):
        store.put(NOTES, "tea", TEA)
        turn = memory.receive("ada", "Do I take sugar in my tea?")
        memory.journal.finish(turn.id, TEA["content"])
        store.delete(NOTES, "tea")
        assert memory.journal.turn(turn.id).reply == TEA["content"]
        monkeypatch.setattr("memory.memory.UNDO_WINDOW", timedelta(0))
        memory.purge_due()
        assert memory.memories.entries("ada", include_pending=True) == []
        store.put(NOTES, "tea", TEA)
        assert store.get(NOTES, "tea").value == TEA

    def test_that_is_exported_imported_and_deleted_with_the_person(self, store, memory, tmp_path):
        store.put(NOTES, "tea", {**TEA, "n": [1, 2]})
        [item] = memory.items.of("ada")
        memory.edit("ada", item.id, "Ada takes honey.")
        store.put(NOTES, "dog", {"content": "Rex"})
        before = [(one.key, one.value, one.created_at) for one in store.search(("ada",))]
        memory.export_user("ada", tmp_path / "ada.zip")
        memory.delete_user("ada")
        assert store.search(("ada",)) == []
        memory.import_user(tmp_path / "ada.zip")
        assert [(one.key, one.value, one.created_at) for one in store.search(("ada",))] == before
        assert [one.key for one in store.search(("ada",), query="honey")][:1] == ["tea"]

    def test_that_the_person_repeats(self, serve):
        """A fact that repeats an item counts as said again; deleting the item leaves what the person said."""
        from tests.fakes import ScriptedChat, fact

        service = serve(ScriptedChat({"semantic": fact(TEA["content"], "tea"), "change": '"1": "same"'}))
        store = PersonaStore(service.memory)
        store.put(NOTES, "tea", TEA)
        *_, _answered = service.stream("ada", TEA["content"])
        service.wait("ada")
        store.delete(NOTES, "tea")
        assert [one.text for one in service.memory.search("ada", "sugar", kind="semantic")] == [TEA["content"]]


class TestWhatIsRefused:
    def test_a_time_to_live(self, store):
        with pytest.raises(NotImplementedError, match="TTL is not supported"):
            store.put(NOTES, "a", TEA, ttl=5)
        with pytest.raises(InvalidInput, match="time to live is not supported"):
            store.batch([PutOp(NOTES, "a", TEA, ttl=5)])

    @pytest.mark.parametrize("index", [False, ["content"]])
    def test_an_index(self, store, index):
        with pytest.raises(InvalidInput, match="index is not supported"):
            store.put(NOTES, "a", TEA, index=index)

    def test_something_sensitive_of_a_person_who_is_asked_first(self, store, memory):
        ill = {"content": "Ada was diagnosed with diabetes last week."}
        memory.consent.choose("ada", "each")
        with pytest.raises(InvalidInput, match="about health"):
            store.put(NOTES, "a", ill)
        memory.consent.choose("ada", "off")
        store.put(NOTES, "a", ill)
        [shown], _ = memory.browse.memories("ada", ["semantic"], limit=10)
        assert shown.sensitive == "health"


def test_a_graph_of_langgraph_uses_it(store):
    class State(TypedDict):
        text: str

    def remember(state: State, runtime: Runtime):
        runtime.store.put(NOTES, "said", {"content": state["text"]})
        found = get_runtime().store.search(("ada",), query=state["text"])
        return {"text": found[0].value["content"]}

    graph = StateGraph(State).add_node("remember", remember).set_entry_point("remember").compile(store=store)
    assert graph.invoke({"text": "Ada sings."}) == {"text": "Ada sings."}
    assert datetime.now(UTC) - store.get(NOTES, "said").updated_at < timedelta(minutes=5)
