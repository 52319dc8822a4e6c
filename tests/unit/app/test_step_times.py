"""How long steps take is what was measured here with this model, and nothing where nothing was measured."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.background_steps import BackgroundSteps, Pace, Remaining
from app.models.endpoint import Endpoint
from app.settings import Settings
from app.step_times import Model, StepTimes, steps_of
from memory.core.errors import ModelUnavailable
from memory.core.records import WorkItem
from memory.imports.staging import Added
from memory.storage.work_queue import Left
from tests.fakes import ScriptedChat

MODEL = Model("small")
_NAMES = st.sampled_from(["series", "model", "server", "kind", "seconds"])
_VALUES = st.recursive(
    st.none() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=5),
)


@pytest.fixture
def times(tmp_path):
    return StepTimes(tmp_path)


def noted(times, kind, *seconds, model=MODEL):
    for one in seconds:
        times.note(model, kind, one)


def test_nothing_is_invented(times):
    assert times.estimate(MODEL, {"topics": 3}) is None
    assert times.estimate(None, {"topics": 3}) is None
    noted(times, "message", 4.0)
    assert times.estimate(MODEL, {"topics": 3}) is None
    assert times.estimate(Model("other"), {"message": 3}) is None
    assert times.estimate(MODEL, {"message": 3}) == 12.0


def test_nothing_to_do_takes_no_time(times):
    assert times.estimate(None, {}) == times.estimate(None, {"topics": 0}) == 0.0


def test_each_kind_takes_its_own_time(times):
    noted(times, "message", 2.0, 4.0)
    noted(times, "conversation", 30.0)
    assert times.estimate(MODEL, {"message": 10, "conversation": 2}) == 90.0


def test_calls_that_read_a_conversation_stand_for_each_other_until_they_are_measured(times):
    noted(times, "conversation", 30.0)
    assert times.estimate(MODEL, {"topics": 5, "sets": 1}) == 5 * 10.0 + 20.0
    noted(times, "topics", 4.0)
    assert times.estimate(MODEL, {"topics": 5, "sets": 1}) == 5 * 4.0 + 8.0


def test_the_slowest_in_ten_is_left_out_and_the_newest_count(times):
    noted(times, "topics", *[2.0] * 9, 900.0)
    assert times.estimate(MODEL, {"topics": 10}) == 20.0
    noted(times, "topics", *[5.0] * 60)
    assert times.estimate(MODEL, {"topics": 10}) == 50.0


def test_a_server_is_another_machine_and_its_url_is_not_kept(times, tmp_path):
    there = Model("small", ("http://host:8000/v1?key=secret",))
    noted(times, "topics", 1.0)
    noted(times, "topics", 9.0, model=there)
    assert times.estimate(MODEL, {"topics": 1}) == 1.0
    assert times.estimate(there, {"topics": 1}) == 9.0
    assert times.estimate(Model("", ("http://host:8000", *there.servers)), {"topics": 1}) == 9.0
    [file] = tmp_path.iterdir()
    assert "secret" not in file.read_text()


def test_the_settings_name_the_model_without_loading_it(monkeypatch):
    assert Model.named_by(Settings(llm_base_url="http://host:8000", llm_model="big")) == Model(
        "big", ("http://host:8000/v1", "http://host:8000")
    )
    assert Model.named_by(Settings(llm_base_url="", llm_model="no-such-model")) is None
    endpoint = Endpoint("http://host:8000/v1", "big", "other", 4096, sees=False, embedded=False)
    assert Model.of(endpoint) == Model("big", ("http://host:8000/v1",))


@given(st.binary(max_size=200) | _VALUES.map(lambda value: json.dumps(value).encode()))
def test_a_damaged_file_is_as_none(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("times")
    (folder / "step_times.json").write_bytes(data)
    times = StepTimes(folder)
    assert times.estimate(MODEL, {"topics": 1}) is None
    times.note(MODEL, "topics", 2.0)
    assert times.estimate(MODEL, {"topics": 1}) == 2.0


def test_a_folder_that_is_not_there_is_not_made(tmp_path):
    times = StepTimes(tmp_path / "none")
    times.note(MODEL, "topics", 2.0)
    assert times.estimate(MODEL, {"topics": 1}) is None
    assert not (tmp_path / "none").exists()


def test_the_steps_of_an_import():
    added = Added(turns=9, messages=18, own_turns=7, sessions=2, bad_pictures=0, pictures_alone=0)
    assert steps_of("none", added) == {}
    assert steps_of("sessions", added) == {"topics": 2, "sets": 1}
    assert steps_of("all", added) == {"message": 7, "conversation": 2}


class TestPace:
    def test_a_run_has_a_rate_once_a_step_is_done(self):
        pace = Pace()
        pace.begins(10.0)
        assert pace.a_minute(20.0) is None
        pace.ends(20.0)
        assert pace.a_minute(20.0) == 6.0
        pace.begins(21.0)
        pace.ends(40.0)
        assert pace.a_minute(41.0) == 4.0

    def test_a_rest_ends_the_run(self):
        pace = Pace()
        pace.begins(0.0)
        pace.ends(1.0)
        assert pace.a_minute(500.0) is None
        pace.begins(500.0)
        pace.ends(530.0)
        assert pace.a_minute(530.0) == 2.0


class Graph:
    def __init__(self, clock, takes):
        self.clock, self.takes, self.asked = clock, takes, []

    def invoke(self, state, **_):
        self.asked.append(state)
        self.clock.now += self.takes
        if "fails" in str(state):
            raise ModelUnavailable("It is down.")


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Loaded:
    loaded = Endpoint("http://127.0.0.1:1/v1", "small", "llamacpp", 4096, sees=False, embedded=True)


@pytest.fixture
def steps(memory):
    clock = Clock()
    graphs = (None, Graph(clock, 3.0), Graph(clock, 12.0))
    return BackgroundSteps(memory, Loaded(), lambda: graphs, clock)


def item(kind, subject):
    return WorkItem(id=1, user_id="ada", kind=kind, subject=subject, attempts=0)


def test_steps_are_timed_and_tell_what_is_left(steps, memory):
    assert steps.remaining("ada") == Remaining(0, None, 0.0)
    said = [Left("ada", None, "message", False, 4), Left("ada", None, "conversation", True, 1)]
    assert steps.estimate(said) is None
    steps.do(item("remember", "tur_1"))
    steps.do(item("consolidate", "1"))
    assert steps.estimate(said) == 4 * 3.0 + 12.0
    turn = memory.receive("ada", "Hello")
    memory.journal.finish(turn.id, "Ok")
    assert steps.remaining("ada") == Remaining(1, 8.0, 7.5)


def test_a_step_that_failed_tells_nothing(steps):
    with pytest.raises(ModelUnavailable):
        steps.do(item("remember", "fails"))
    assert steps.estimate([Left("ada", None, "message", False, 4)]) is None
    assert steps.remaining("ada").a_minute is None


def test_a_service_notes_the_times_of_its_model(serve, tmp_path):
    service = serve(ScriptedChat())
    service.models.loaded = Loaded.loaded
    list(service.stream("ada", "I have a dog."))
    service.wait("ada")
    assert service.steps.estimate([Left("ada", None, "message", False, 1)]) is not None
