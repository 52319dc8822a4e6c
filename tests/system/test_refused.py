"""A model server that refuses some remembering calls for good: they are set aside and said, and the rest goes on."""

from __future__ import annotations

import logging

import pytest

from app.models.model_server import ModelServer
from app.service import PersonaService
from app.settings import Settings
from graph.context import Context
from memory.core.errors import ModelUnavailable
from memory.memory import Memory
from tests.fake_server import fake_server
from tests.fakes import NEUTRAL, WordEmbedder

BAD = "My neighbour Xerxes"
OPEN = NEUTRAL.replace('"openness": 3', '"openness": 5')


def said(body):
    return str(body["messages"][-1]["content"])


def step(body):
    """Say which step a request is of, by what it is to write."""
    rules = str(body["messages"][0]["content"])
    names = {
        '"decision"': "semantic", '"openness"': "personality", "source_dialog_indices": "episodic",
        "habits and goals": "procedural", "the profile of one person": "core", "older ones": "change",
    }  # fmt: skip
    return next((name for words, name in names.items() if words in rules), "reply")


WRITES = {
    "personality": OPEN,
    "change": '"1": "other"\n"2": "other"\n"3": "other"',
    "episodic": '"topic_summary": "They talked."\n"keywords": "talk"\n"source_dialog_indices": 0, 1, 2',
    "procedural": '"tea": "The user drinks tea every day."',
    "core": '"name": "Ada"',
    "reply": "<think>Plain.</think>\n<answer>I see.</answer>",
}


def reply(body):
    if step(body) == "semantic":
        words = said(body).splitlines()[-1]
        return f'"reason": "told"\n"decision": true\n"content": "The user said: {words}"\n"keywords": "word"'
    return WRITES[step(body)]


@pytest.fixture
def server():
    with fake_server() as running:
        running.reply = reply
        yield running


@pytest.fixture
def open_service(server, tmp_path):
    opened = []

    def make(*, work=False, **settings):
        while opened:
            opened.pop().close()
        models = ModelServer(Settings(llm_base_url=server.url, **settings))
        service = PersonaService(Memory(tmp_path / "data", WordEmbedder(), asks=False), models, work=work)
        opened.append(service)
        return service

    yield make
    for service in opened:
        service.close()


def tell(service, *words, user="ada", day=1):
    for minute, text in enumerate(words):
        list(service.stream(user, text, time=f"2026-03-{day:02} 09:{minute:02}"))


def facts(service, user="ada"):
    told = [one.content.removeprefix("The user said: ") for one in service.memory.memories.entries(user, kind="semantic")]
    # Where a fact says "my", it is told in the third person.
    return [content.replace("The user's", "My") for content in told]


def refusing(status, words="no", headers=None, steps=("semantic", "personality"), word=BAD):
    def refuses(body):
        return (status, words, headers or {}) if word in said(body) and step(body) in steps else None

    return refuses


def tries(server, name):
    return sum(step(body) == name and BAD in said(body) for body in server.bodies)


TALK = ("I bake bread", f"{BAD} shouts", "I keep a heron")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "The response was filtered due to the prompt triggering content management policy"),
        (400, "prompt is too long: 9 > 8"),
        (403, "Your input was flagged by moderation"),
        (403, "no"),
        (413, "Request Entity Too Large"),
        (422, "Unprocessable"),
        (451, "no"),
        (500, "Internal Server Error"),
        (502, "Bad gateway"),
        (503, "no"),
    ],
)
def test_what_is_refused_for_good_is_set_aside_and_the_rest_goes_on(server, open_service, status, words):
    service = open_service()
    tell(service, *TALK)
    server.refuses = refusing(status, words)
    service.wait()
    assert facts(service) == ["I bake bread", "I keep a heron"]
    assert service.memory.work.count() == 0
    aside = service.memory.refusals.set_aside("ada")
    assert [(one.step, one.text) for one in aside] == [("personality", TALK[1]), ("semantic", TALK[1])]
    assert all(one.status == status or one.cause == "too_long" for one in aside)
    assert all(words in one.reason for one in aside)
    most = 3 if status != 503 else 6  # a 503 is asked for once more at once, as it may pass
    assert 1 <= tries(server, "semantic") <= most
    assert service.memory.search("ada", "Xerxes", kind=None), "the message itself is found"
    assert [point.m for point in service.memory.personality.history("ada")] == [0, 1, 2]
    before = len(server.bodies)
    service.wait()
    assert len(server.bodies) == before, "it is not asked again by itself"


def test_a_server_that_hangs_up_on_one_prompt_alone_holds_nothing_else_up(server, open_service):
    service = open_service()
    tell(service, *TALK)
    server.hangs_up = lambda body: BAD in said(body) and step(body) == "semantic"
    service.wait()
    assert facts(service) == ["I bake bread", "I keep a heron"]
    [aside] = service.memory.refusals.set_aside("ada")
    assert (aside.step, aside.status) == ("semantic", None)
    assert "broke off" in aside.reason


def test_a_server_that_hangs_up_on_everything_sets_nothing_aside(server, open_service):
    service = open_service()
    tell(service, *TALK)
    server.hangs_up = lambda _body: True
    with pytest.raises(ModelUnavailable, match="broke off"):
        service.wait()
    assert service.memory.refusals.set_aside("ada") == []
    assert service.memory.work.count() == 3


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (429, {}),
        (429, {"Retry-After": "0"}),
        (503, {"Retry-After": "0"}),
        (401, {}),
        (404, {}),
        (402, {}),
        (408, {}),
        (504, {}),
        (529, {}),
    ],
)
def test_what_may_pass_or_the_person_has_to_mend_waits(server, open_service, status, headers):
    service = open_service()
    tell(service, *TALK)
    server.refuses = refusing(status, headers=headers)
    for _ in range(4):
        with pytest.raises(ModelUnavailable):
            service.wait()
    assert service.memory.refusals.count() == 0
    assert service.memory.work.count() == 2, "the refused one, and the one after it"
    server.refuses = lambda _body: None
    service.wait()
    assert facts(service) == list(TALK)


@pytest.mark.parametrize("status", [400, 403, 413, 500, 502, 503])
def test_a_server_that_refuses_everything_sets_nothing_aside(server, open_service, status):
    service = open_service()
    tell(service, *TALK)
    server.refuses = lambda _body: (status, "no", {})
    for _ in range(5):
        with pytest.raises(ModelUnavailable):
            service.wait()
    assert (service.memory.refusals.count(), service.memory.work.count()) == (0, 3)
    server.refuses = lambda _body: None
    service.wait()
    assert facts(service) == list(TALK)


def test_what_was_set_aside_is_tried_again_when_it_is_asked_for(server, open_service):
    service = open_service()
    tell(service, *TALK)
    tell(service, "Hello again", day=2)
    server.refuses = refusing(400, "content_filter", steps=("semantic", "personality", "episodic", "core", "procedural"))
    service.wait()
    assert [one.step for one in service.memory.refusals.set_aside()] == ["personality", "semantic"]
    [topic] = service.memory.memories.entries("ada", kind="episodic")
    assert (topic.summary, len(topic.turn_ids)) == ("They talked.", 3), "the session is summed up without the refused words"
    assert service.memory.memories.profile("ada").values() == {"name": "Ada"}
    curve = [point.scores.openness for point in service.memory.personality.history("ada")]
    assert service.memory.refusals.retry("ada") == 2
    service.wait()
    assert service.memory.refusals.count() == 2, "it is refused still"
    server.refuses = lambda _body: None
    assert service.memory.refusals.retry() == 2
    service.wait()
    assert service.memory.refusals.count() == 0
    assert sorted(facts(service)) == sorted([*TALK, "Hello again"])
    history = service.memory.personality.history("ada")
    assert [point.m for point in history] == [0, 1, 2, 3]
    assert [point.inferred.openness for point in history] == [5, 5, 5, 5]
    assert history[0].scores.openness == curve[0]
    assert history[1].scores.openness > curve[1]
    assert history[3].scores.openness > curve[3]
    asked = [body for body in server.bodies if step(body) == "episodic"]
    assert BAD in said(asked[-1]), "its session is summed up again, with it"
    before = len(server.bodies)
    service.wait()
    assert len(server.bodies) == before


def test_each_step_of_a_session_is_set_aside_alone(server, open_service):
    service = open_service()
    tell(service, "I bake bread", "I'm Ada, and I drink tea every day")
    tell(service, "Hello again", day=2)
    server.refuses = refusing(422, steps=("core",), word="I bake bread")
    service.wait()
    [aside] = service.memory.refusals.set_aside()
    assert (aside.kind, aside.step, aside.text) == ("consolidate", "core", "I bake bread")
    assert [one.key for one in service.memory.memories.entries("ada", kind="procedural")] == ["tea"]
    assert service.memory.memories.profile("ada").values() == {"name": "unknown"}
    assert [one.summary for one in service.memory.memories.entries("ada", kind="episodic")] == ["They talked."]
    server.refuses = lambda _body: None
    asked = len(server.bodies)
    service.memory.refusals.retry()
    service.wait()
    assert [step(body) for body in server.bodies[asked:]] == ["core"], "the others are done"
    assert service.memory.memories.profile("ada").values() == {"name": "Ada"}
    assert service.memory.refusals.count() == 0


def test_a_crash_between_two_tries_forgets_none_of_them(server, open_service, monkeypatch):
    service = open_service()
    tell(service, *TALK)
    server.refuses = refusing(400)
    note = service.memory.refusals.note

    def dies(*words, **more):
        note(*words, **more)
        raise KeyboardInterrupt

    monkeypatch.setattr(service.memory.refusals, "note", dies)
    seen = []
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            service.wait()
        seen.append(tries(server, "semantic") + tries(server, "personality"))
    service = open_service()
    service.wait()
    assert facts(service) == ["I bake bread", "I keep a heron"]
    assert tries(server, "semantic") <= 3
    assert tries(server, "personality") <= 3
    assert service.memory.refusals.count() == 2


def test_other_users_and_other_drains(server, open_service):
    service = open_service()
    tell(service, *TALK)
    tell(service, "I sail", user="bob")
    server.refuses = refusing(400)
    style = service.models.style()
    from graph import persona

    chat = service.models.chat()
    graph = persona.build(chat, chat, service.memory, style)
    state = graph.invoke({"text": "Good night"}, context=Context(user_id="ada", time="2026-03-01 09:30"))
    assert state["remembered"] is True
    assert facts(service) == ["I bake bread", "I keep a heron", "Good night"]
    assert service.memory.refusals.count("ada") == 2
    assert service.memory.refusals.count("bob") == 0
    service.wait()
    assert facts(service, "bob") == ["I sail"]


def test_no_log_names_what_was_said(server, open_service, caplog):
    caplog.set_level(logging.INFO)
    service = open_service()
    tell(service, *TALK)
    server.refuses = refusing(400, f"{BAD} is filtered")
    service.wait()
    assert "set aside" in caplog.text
    assert "Xerxes" not in caplog.text


def test_what_is_forgotten_is_set_aside_no_more(server, open_service, tmp_path):
    service = open_service()
    tell(service, *TALK)
    tell(service, "Hello again", day=2)
    server.refuses = refusing(400, f"filtered: {BAD} shouts")
    service.wait()
    turn = next(turn for turn in service.memory.journal.turns("ada") if BAD in turn.text)
    service.memory.forget("ada", turn.id)
    assert service.memory.refusals.set_aside("ada") == []
    service.memory.refusals.retry()
    service.wait()
    service.memory.undo("ada", turn.id)
    assert [one.text for one in service.memory.refusals.set_aside("ada")] == [TALK[1]] * 2
    service.memory.export_user("ada", tmp_path / "ada.zip")
    assert service.memory.forget("ada", turn.id, now=True).is_clean
    assert service.memory.refusals.count() == 0
    service.memory.delete_user("ada")
    service.memory.import_user(tmp_path / "ada.zip")
    assert [one.step for one in service.memory.refusals.set_aside("ada")] == ["personality", "semantic"]
    server.refuses = lambda _body: None
    service.memory.refusals.retry("ada")
    service.wait()
    assert TALK[1] in facts(service)
    assert service.memory.refusals.count() == 0
    service.memory.delete_user("ada")
    assert not any(service.memory.left_of("ada").values())
