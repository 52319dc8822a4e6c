"""The page You, without a browser: who it is, archives, agreements, receipts, health, and leaving."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import example
from app.service import PersonaService
from app.settings import Settings, choose
from app.ui import auth
from app.ui.account import account_wording, archive, deletion, health
from app.ui.layout import Here
from app.ui.live_replies import Replies
from memory.core import extras
from memory.core.errors import InvalidInput, ModelMissing, NotFound, StorageError
from memory.core.host_purge import HostPurge
from memory.core.records import PersonalityPoint, SemanticMemory, make_id
from memory.forgetting.purge import ForgetReceipt
from memory.memory import Memory
from tests.scripted_servers import Behaviour, listing, scripted

LONG_AGO = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
OpenYou = Callable[..., AppTest]
PAGE = "app/ui/views/you.py"


@pytest.fixture
def open_you(open_page: Callable[..., AppTest]) -> OpenYou:
    def make(user: str = "ada") -> AppTest:
        page = open_page(user).switch_page(PAGE).run()
        assert not page.exception
        return page

    return make


@pytest.fixture
def signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def as_ada() -> str:
        st.session_state.user = "ada"
        return "ada"

    monkeypatch.setattr(auth, "asks_to_sign_in", lambda: True)
    monkeypatch.setattr(auth, "_signed_in", as_ada)


def remember(memory: Memory, user: str = "ada", content: str = "The user keeps a heron called Momo.") -> SemanticMemory:
    said = LONG_AGO + timedelta(minutes=len(memory.journal.turns(user)))
    turn = memory.ingest_turn(user, said, "I keep a heron.", "Noted.")
    assert turn is not None
    fact = SemanticMemory(id=make_id(user, "semantic", turn.id), turn_id=turn.id, time=said, content=content)
    memory.memories.commit_remember(user, turn.id, PersonalityPoint(turn_id=turn.id, time=said), fact)
    memory.index(user)
    return fact


def captions(page: AppTest) -> str:
    return "\n".join(element.value for element in page.main.caption)


def texts(page: AppTest) -> str:
    return "\n".join(element.value for element in page.text)


def keys(page: AppTest) -> set[str | None]:
    return {button.key for button in page.main.button}


def unfolded(page: AppTest, key: str) -> AppTest:
    page.session_state[key] = True
    page = page.run()
    assert not page.exception
    return page


def test_of_a_new_user_there_is_nothing_to_export_agree_to_or_delete(open_you: OpenYou) -> None:
    page = open_you()
    assert "Nothing is remembered yet" in captions(page)
    assert "one trusted person on this machine" in captions(page)
    assert page.button(key="export").disabled
    assert not page.toggle
    assert "delete" not in keys(page)


def test_what_there_is_is_counted(open_you: OpenYou, service: PersonaService) -> None:
    remember(service.memory)
    page = open_you()
    assert {one.label: one.value for one in page.metric} == {"Messages": "1", "Facts": "1", "Topics": "0", "Pictures": "0"}


def test_a_new_name_begins_a_new_user(open_you: OpenYou, service: PersonaService) -> None:
    remember(service.memory)
    page = open_you()
    page.text_input(key="new-name").set_value(" grace ")
    page = page.button(key="begin-new-name").click().run()
    assert not page.exception
    assert page.sidebar.selectbox[0].value == "grace"
    assert page.query_params["user"] == "grace"
    assert "You are now talking as grace" in page.success[0].value
    assert "Nothing is remembered yet" in captions(page)


@pytest.mark.parametrize(("name", "said"), [("  ", "no name"), ("x" * 201, "at most 200")])
def test_what_is_no_name_is_refused(open_you: OpenYou, name: str, said: str) -> None:
    page = open_you()
    page.text_input(key="new-name").set_value(name)
    page = page.button(key="begin-new-name").click().run()
    assert said in page.error[0].value
    assert page.sidebar.selectbox[0].value == "ada"


def test_the_example_person_is_loaded_and_talked_to_and_deleted(open_you: OpenYou, service: PersonaService) -> None:
    page = open_you().button(key="load-example").click().run()
    assert not page.exception
    assert page.sidebar.selectbox[0].value == example.USER
    assert "45 messages, 75 memories and 5 pictures" in page.success[0].value
    assert "made up" in page.info[0].value
    page = open_you().button(key="go-example").click().run()
    assert page.sidebar.selectbox[0].value == example.USER
    page.text_input(key=f"confirm-{example.USER}").set_value(example.USER).run()
    page = page.button(key="delete").click().run()
    assert not page.exception
    assert "Nothing is left." in texts(page)
    assert not service.memory.journal.knows(example.USER)
    assert "load-example" in keys(open_you(example.USER))


def test_an_example_person_that_cannot_be_loaded_says_why(open_you: OpenYou, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> dict[str, int]:
        raise StorageError("The disk is full. Free some space.")

    monkeypatch.setattr(example, "load", full)
    page = open_you().button(key="load-example").click().run()
    assert page.error[0].value == "The disk is full. Free some space."
    assert page.sidebar.selectbox[0].value == "ada"


def test_an_export_is_offered_and_its_import_gives_the_same_back(open_you: OpenYou, service: PersonaService) -> None:
    fact = remember(service.memory)
    page = open_you().button(key="export").click().run()
    assert "It contains 1 message, 1 memory and 0 pictures" in captions(page)
    assert page.get("download_button")[0].proto.label == "Download"
    data, _ = archive.export_archive(service.memory, "ada")
    service.memory.delete_user("ada")
    page = open_you("grace")
    page.file_uploader(key="archive").set_value(("ada.zip", data, "application/zip")).run()
    page = page.button(key="import").click().run()
    assert not page.exception
    assert page.sidebar.selectbox[0].value == "ada"
    assert "ada was imported: 1 message, 1 memory and 0 pictures" in page.success[0].value
    assert service.memory.search("ada", "heron")[0].id == fact.id


def test_a_file_that_is_no_archive_is_refused_in_a_sentence(open_you: OpenYou) -> None:
    page = open_you()
    page.file_uploader(key="archive").set_value(("odd.zip", b"nothing", "application/zip")).run()
    page = page.button(key="import").click().run()
    assert page.error[0].value.startswith("odd.zip cannot be read as an archive")


def test_an_archive_is_not_mixed_into_what_is_there(service: PersonaService) -> None:
    remember(service.memory)
    data, _ = archive.export_archive(service.memory, "ada")
    with pytest.raises(InvalidInput, match="already exists"):
        archive.import_archive(service.memory, "ada.zip", data)


def test_of_nobody_there_is_no_archive(service: PersonaService) -> None:
    with pytest.raises(NotFound):
        archive.export_archive(service.memory, "nobody")


def test_an_export_that_fails_says_why(open_you: OpenYou, service: PersonaService, monkeypatch: pytest.MonkeyPatch) -> None:
    remember(service.memory)

    def full(_user: str, _file: Path) -> dict[str, int]:
        raise StorageError("The disk is full. Free some space.")

    monkeypatch.setattr(service.memory, "export_user", full)
    page = open_you().button(key="export").click().run()
    assert page.error[0].value == "The disk is full. Free some space."


@pytest.mark.usefixtures("signed_in")
def test_who_signed_in_chooses_nobody_else(open_you: OpenYou, service: PersonaService) -> None:
    remember(service.memory)
    page = open_you()
    assert "trusted person" not in captions(page)
    assert "You are signed in" in captions(page)
    assert keys(page).isdisjoint({"begin-new-name", "load-example", "go-example"})


@pytest.mark.usefixtures("signed_in")
def test_who_signed_in_brings_back_their_own_alone(open_you: OpenYou, service: PersonaService) -> None:
    for user in ("ada", "grace"):
        remember(service.memory, user)
    archives = {user: archive.export_archive(service.memory, user)[0] for user in ("ada", "grace")}
    for user in archives:
        service.memory.delete_user(user)
    page = open_you()
    page.file_uploader(key="archive").set_value(("grace.zip", archives["grace"], "application/zip")).run()
    page = page.button(key="import").click().run()
    assert "another person" in page.error[0].value
    assert not service.memory.journal.knows("grace")
    page.file_uploader(key="archive").set_value(("ada.zip", archives["ada"], "application/zip")).run()
    page = page.button(key="import").click().run()
    assert not page.exception
    assert service.memory.journal.knows("ada")


def test_deleting_needs_the_name_and_leaves_a_receipt(open_you: OpenYou, service: PersonaService) -> None:
    remember(service.memory)
    remember(service.memory, "grace")
    page = open_you()
    assert page.button(key="delete").disabled
    page = page.text_input(key="confirm-ada").set_value("Ada").run()
    assert page.button(key="delete").disabled
    page = page.text_input(key="confirm-ada").set_value("ada").run()
    page = page.button(key="delete").click().run()
    assert not page.exception
    assert "User: ada" in texts(page)
    assert "Deleted content: 1 message, 1 memory and 0 pictures" in texts(page)
    assert "Nothing is left." in texts(page)
    assert [one.proto.label for one in page.get("download_button")] == ["Download the receipt"]
    assert page.sidebar.selectbox[0].value == "me"
    assert service.memory.journal.knows("grace")
    page = page.button(key="put-away").click().run()
    assert "User: ada" not in texts(page)


def test_nobody_is_deleted_while_a_reply_to_them_is_written(service: PersonaService) -> None:
    service.memory.receive("ada", "Are you there?")
    with pytest.raises(InvalidInput, match="being written"):
        deletion.deleted(service.memory, "ada")
    assert service.memory.journal.knows("ada")


def test_a_deletion_that_fails_says_why(open_you: OpenYou, service: PersonaService) -> None:
    service.memory.receive("ada", "Are you there?")
    page = open_you()
    page.text_input(key="confirm-ada").set_value("ada").run()
    page = page.button(key="delete").click().run()
    assert "Stop it on the Chat page" in page.error[0].value


def test_what_is_agreed_to_is_written_down(open_you: OpenYou, service: PersonaService) -> None:
    remember(service.memory)
    page = open_you()
    assert "You have not decided yet" in captions(page)
    page = page.toggle(key="training-ada").set_value(True).run()
    assert "You said yes on" in captions(page)
    assert service.memory.consent.of("ada").training
    page = page.toggle(key="training-ada").set_value(False).run()
    assert "You said no on" in captions(page)
    assert page.radio(key="sensitive-ada").value == "off"
    page = page.radio(key="sensitive-ada").set_value("never-keep").run()
    assert "answered but not saved" in captions(page)
    assert service.memory.consent.chosen("ada") == "never-keep"


def test_a_refused_agreement_is_not_shown_as_made(open_you: OpenYou, service: PersonaService) -> None:
    remember(service.memory)
    page = open_you()

    def away(*_: object, **__: object) -> None:
        raise StorageError("The disk is full. Free some space.")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(service.memory.consent, "say", away)
        page = page.toggle(key="training-ada").set_value(True).run()
    assert page.error[0].value == "The disk is full. Free some space."
    assert page.toggle(key="training-ada").value is False


def test_what_the_machine_says_cannot_be_chosen(open_you: OpenYou, service: PersonaService) -> None:
    marker = service.memory.consent._marker
    assert marker is not None
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(service.memory.consent, "_marker", replace(marker, machine="each"))
        page = open_you()
    assert page.radio(key="sensitive-ada").disabled
    assert page.radio(key="sensitive-ada").value == "each"
    assert "This is set for everyone on this machine (PERSONA_ASK_CONSENT)." in captions(page)


def test_somebody_new_chooses_before_the_first_word_and_nothing_is_called_remembered(
    open_you: OpenYou, service: PersonaService
) -> None:
    page = open_you().radio(key="sensitive-ada").set_value("never-keep").run()
    assert not page.exception
    assert service.memory.consent.chosen("ada") == "never-keep"
    page = open_you()
    assert "Everything is remembered." not in [one.value for one in page.sidebar.text]


def test_receipts_of_what_was_forgotten_stand_newest_first_and_in_pages(
    open_you: OpenYou, service: PersonaService, monkeypatch: pytest.MonkeyPatch
) -> None:
    fact = remember(service.memory)
    page = unfolded(open_you(), "receipts")
    assert "Nothing yet" in captions(page)
    service.memory.forget("ada", fact.id, now=True)
    (kept,) = service.memory.receipts("ada")
    many = [kept.model_copy(update={"kind": kind}) for kind in ["photo", *["semantic"] * 10, "turn"]]
    monkeypatch.setattr(service.memory, "receipts", lambda _user: many)
    page = page.run()
    assert texts(page).startswith("A message, deleted for good on")
    assert texts(page).count("deleted for good on") == 10
    assert texts(page).count("A check found nothing left") == 10
    page.session_state["shown-receipts"] = 2
    assert "A picture, deleted for good on" in texts(page.run())


def test_health_is_looked_at_when_it_is_unfolded(
    open_you: OpenYou, service: PersonaService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_settings: Settings) -> None:
        raise ModelMissing("No chat model is on this machine. Run `persona models pull`, or set PERSONA_LLM_BASE_URL.")

    # Whatever is on the machine that runs the tests.
    monkeypatch.setattr("app.models.model_server.find_weights", none)
    remember(service.memory)
    page = open_you()
    assert "models pull" not in texts(page)
    page = unfolded(page, "health")
    assert "PERSONA_LLM_BASE_URL" in texts(page)
    assert "not by sight" in texts(page)
    assert str(service.memory.folder) in texts(page)
    assert "1 message, 1 memory. Everything is remembered." in texts(page)


def test_the_model_that_was_chosen_before_is_named(service: PersonaService) -> None:
    with scripted(Behaviour(models=listing("first", "qwen3-vl:4b"))) as server:
        choose(llm_base_url=f"{server.root}/v1", llm_model="qwen3-vl:4b")
        found = health.examine(Here(Replies(service), "ada"), Settings())
    assert found[0].detail == f"qwen3-vl:4b, at {server.root}/v1, context window 16,384 tokens."
    assert found[1].detail == "The model sees the pictures that you send."
    found = health.examine(Here(Replies(service), "ada"), Settings())
    assert found[0].detail.endswith("`persona models use embedded` reverses that."), "the server has gone"


def test_a_model_server_that_is_away_is_named(service: PersonaService) -> None:
    found = health.examine(Here(Replies(service), "ada"), Settings(llm_base_url="http://127.0.0.1:9/v1"))
    assert (found[0].state, found[0].what) == ("broken", "Chat model")
    assert "No model server answers" in found[0].detail
    assert [one.state for one in found[1:]] == ["off", "works", "works", "works", "works"]
    assert found[-1].detail == "\n".join(extras.told())


def test_a_person_who_writes_another_language_is_offered_an_embedder_for_it(service: PersonaService) -> None:
    here = Here(Replies(service), "ada")
    assert "Languages" not in [one.what for one in health.examine(here, Settings())]
    for number, message in enumerate(
        ("Guten Morgen, wie wird das Wetter?", "Ich wohne jetzt am Hafen.", "Meine Katze ist krank.") * 2
    ):
        time = datetime(2026, 3, 1, 9, number, tzinfo=UTC)
        service.memory.ingest_turn("ada", time, message, "Gut.")
    [found] = [one for one in health.examine(here, Settings()) if one.what == "Languages"]
    assert "`persona models use multilingual-e5-small`" in found.detail


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ("ada", "ada-2026-03-01.zip"),
        ("../a b/ü", "a-b-2026-03-01.zip"),
        ("日本", "user-2026-03-01.zip"),
        ("x" * 99, f"{'x' * 60}-2026-03-01.zip"),
    ],
)
def test_files_are_named_in_safe_characters(user: str, name: str) -> None:
    assert account_wording.file_name(user, ".zip", LONG_AGO) == name


@pytest.mark.parametrize(("count", "said"), [(12, "12 bytes"), (4_200, "4 kB"), (4_250_000, "4.2 MB"), (3e12, "3000.0 GB")])
def test_sizes_are_written_as_they_are_read(count: int, said: str) -> None:
    assert account_wording.size(count) == said


def test_a_receipt_names_what_is_left() -> None:
    text = account_wording.farewell("ada", {"turns": 2, "memories": 1, "photos": 0}, {"journal": 0, "vectors": 1}, LONG_AGO)
    assert "2 messages, 1 memory and 0 pictures" in text
    assert "data for search by meaning: 1" in text
    assert "Something is left" in text
    did = [HostPurge(host="1", name="host-a", state="purged"), HostPurge(host="2", name="host-b", state="down")]
    text = account_wording.farewell("ada", {"turns": 2}, {"journal": 0, "hosts": 1}, LONG_AGO, did)
    assert "Nothing is left in any store. 1 of 2 hosts removed it from their files. Not running: host-b." in text
    assert "Something is left" not in text
    forgotten = ForgetReceipt(
        subject="sem_1", kind="semantic", forgotten_at=LONG_AGO, purged_at=LONG_AGO, removed={"memories": 1, "pictures": 0},
        found={"journal": 0, "files": 2},
    )  # fmt: skip
    title, detail = account_wording.forgotten(forgotten)
    assert title == "A fact, deleted for good on 2026-03-01 at 09:30 (UTC)"
    assert detail.startswith("Removed: 1 memory. Something is left (other files with this text: 2)")


def test_an_archive_has_everything(service: PersonaService, tmp_path: Path) -> None:
    remember(service.memory)
    data, counts = archive.export_archive(service.memory, "ada")
    (tmp_path / "a.zip").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "a.zip") as kept:
        assert "turns.jsonl" in kept.namelist()
    assert counts == {"turns": 1, "memories": 1, "photos": 0}
