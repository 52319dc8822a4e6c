"""One file holds everything of a user: back from it comes the same; what is damaged or hostile is refused whole."""

from __future__ import annotations

import hashlib
import io
import json
import random
import threading
import zipfile

import pytest
from PIL import Image

from memory.core.errors import InvalidInput, NotFound, PersonaError
from memory.memory import Memory
from tests.fakes import ScriptedChat, WordEmbedder, answer, fact


def picture(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def lived(relive):
    """Ada told of herself in two sessions, with a picture; changed a fact; pinned a trait; forgot something; something waits."""
    chat = ScriptedChat({"core": '"name": "Ada"', "procedural": '"run": "Runs on Sundays."'})
    chat.script["personality"] = (
        '"openness": 5\n"conscientiousness": 2\n"extraversion": 3\n"agreeableness": 4\n"neuroticism": 1'
    )
    return relive(_life, chat)


def _life(service, chat):
    def say(text: str, time: str, remembered: str, images: tuple[bytes, ...] = ()) -> None:
        chat.script["reasoning"] = answer(f"I see, {text}")
        chat.script["semantic"] = fact(remembered, *remembered.split()[-1:])
        list(service.stream("ada", text, images, time=time))
        service.wait("ada")

    say("I keep a heron.", "2026-03-01 09:00+02:00", "The user keeps a heron.")
    say("This is it.", "2026-03-01 09:05", "The user shows a heron.", (picture("red"),))
    say("I live in Quito.", "2026-03-09 09:00", "The user lives in Quito.")
    say("Never mind the axolotl.", "2026-03-09 09:05", "The user has an axolotl.")
    say("I was diagnosed with diabetes.", "2026-03-12 09:00", "The user has diabetes.")
    list(service.answer_again("ada", service.memory.journal.turns("ada", limit=1)[0].id))
    list(service.stream("ada", "Not remembered yet.", time="2026-03-12 09:30"))
    service.memory.personality.pin("ada", "openness", 4.5, service.memory.journal.last_time("ada"))
    service.memory.forget("ada", next(one.id for one in facts(service.memory) if "axolotl" in one.content))
    list(service.stream("bob", "I am somebody else, with a heron.", time="2026-03-01 09:00"))


def facts(memory: Memory):
    return memory.memories.entries("ada", kind="semantic", include_pending=True)


def all_of(memory: Memory, user: str = "ada") -> dict[str, object]:
    """Everything that anything shows of a user."""
    return {
        "turns": [turn.model_dump(mode="json") for turn in memory.journal.turns(user)],
        "memories": [one.model_dump(mode="json") for one in memory.memories.entries(user, include_pending=True)],
        "curve": [one.model_dump(mode="json") for one in memory.personality.history(user)],
        "profile": memory.memories.profile(user).values(),
        "pictures": [(one.id, memory.photos.original(user, one.id)) for one in memory.photos.list(user)],
        "waiting": [one.model_dump(mode="json") for one in memory.approvals.waiting(user)],
        "found": [(one.id, one.kind) for one in memory.search(user, "heron")],
        "work": memory.work.count(user),
        "receipts": memory.receipts(user),
    }


def test_a_round_trip_gives_the_same_back(lived, tmp_path):
    memory, file = lived.memory, tmp_path / "ada.zip"
    before = all_of(memory)
    counts = memory.export_user("ada", file)
    assert counts["photos"] == 1
    memory.delete_user("ada")
    assert memory.import_user(file) == ("ada", counts)
    assert all_of(memory) == before
    assert memory.search("bob", "heron"), "nobody else is touched"


def test_it_goes_on_where_it_was(lived, tmp_path):
    file = tmp_path / "ada.zip"
    lived.memory.export_user("ada", file)
    lived.memory.delete_user("ada")
    lived.memory.import_user(file)
    assert lived.wait("ada") > 0, "what waited to be remembered still does"
    before = lived.memory.personality.newest("ada")
    list(lived.stream("ada", "And I have goats.", time="2026-04-01 09:00"))
    lived.wait("ada")
    assert lived.memory.personality.newest("ada").m == before.m + 1
    assert [turn.seq for turn in lived.memory.journal.turns("ada")] == list(range(1, 9))


def test_it_is_taken_in_elsewhere(lived, tmp_path):
    before = all_of(lived.memory)
    lived.memory.export_user("ada", tmp_path / "ada.zip")
    with Memory(tmp_path / "other", WordEmbedder()) as other:
        other.import_user(tmp_path / "ada.zip")
        assert all_of(other) == before


def test_what_is_forgotten_is_not_in_it(lived, tmp_path):
    lived.memory.export_user("ada", tmp_path / "ada.zip")
    with zipfile.ZipFile(tmp_path / "ada.zip") as archive:
        text = b"".join(archive.read(name) for name in archive.namelist())
    assert b"axolotl" not in text
    assert b"heron" in text
    assert b"somebody else" not in text


def test_an_older_archive_is_brought_up_to_date(lived, tmp_path):
    """As schema 0003 had it: without consent, receipts, and what is held."""
    lived.memory.export_user("ada", tmp_path / "ada.zip")
    gone = {
        "users": ("training", "training_since", "sensitive", "bring_up"),
        "turns": ("held", "approved", "sensitive", "wishes", "import_id", "speaker", "by_other", "process_id"),
        "memories": ("held", "sensitive"),
        "personality": ("shows", "place"),
        "sessions": ("summed_up",),
        "work": ("import_id",),
        "photos": ("hidden_at",),
    }

    def older(name: str, row: dict) -> dict:
        return {key: value for key, value in row.items() if key not in gone.get(name, ())}

    remade(tmp_path / "ada.zip", tmp_path / "old.zip", older, schema="0003", without=("rewrites", "forgettings"))
    with Memory(tmp_path / "other", WordEmbedder()) as other:
        other.import_user(tmp_path / "old.zip")
        assert [one.id for one in facts(other)] == [one.id for one in facts(lived.memory)]
        assert other.personality.history("ada") == lived.memory.personality.history("ada")


def test_a_file_that_is_there_is_not_written_over(lived, tmp_path):
    (tmp_path / "ada.zip").write_text("mine")
    with pytest.raises(InvalidInput, match="exists already"):
        lived.memory.export_user("ada", tmp_path / "ada.zip")
    assert (tmp_path / "ada.zip").read_text() == "mine"
    with pytest.raises(NotFound):
        lived.memory.export_user("nobody", tmp_path / "none.zip")
    assert [path.name for path in tmp_path.glob("*.zip")] == ["ada.zip"]


def test_somebody_who_is_here_is_not_mixed_with_it(lived, tmp_path):
    lived.memory.export_user("ada", tmp_path / "ada.zip")
    before = all_of(lived.memory)
    with pytest.raises(InvalidInput, match="user delete ada"):
        lived.memory.import_user(tmp_path / "ada.zip")
    assert all_of(lived.memory) == before


def remade(source, target, change=lambda _name, row: row, *, schema=None, without=(), more=(), manifest=None):
    """Write an archive again with changed rows and right hashes: what somebody who knows the format could make."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        about = json.loads(old.read("manifest.json"))
        parts = {}
        for name in about["parts"]:
            data = old.read(name)
            table = name.removesuffix(".jsonl")
            if table in without:
                continue
            if name.endswith(".jsonl"):
                rows = [change(table, json.loads(line)) for line in data.splitlines()]
                data = "".join(json.dumps(row) + "\n" for row in rows if row is not None).encode()
            new.writestr(name, data)
            parts[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, data in more:
            new.writestr(name, data)
            parts[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        about |= {"parts": parts, **({"schema_version": schema} if schema else {}), **(manifest or {})}
        new.writestr("manifest.json", json.dumps(about))


def only(table: str, **values: object):
    return lambda name, row: {**row, **values} if name == table else row


HOSTILE = {
    "another user's rows": {"change": only("turns", user_id="bob")},
    "another user's name alone": {"manifest": {"user": "bob"}},
    "an id of another user's next message": {"change": only("turns", id="tur_00000000000000000000")},
    "a memory under a free id": {"change": only("memories", id="sem_00000000000000000000")},
    "a path for a picture": {"change": only("photos", id="../../../etc/passwd")},
    "a path in the zip": {"more": [("../../evil.txt", b"x")]},
    "an absolute path": {"more": [("/tmp/evil", b"x")]},
    "a table of no archive": {"more": [("outputs.jsonl", b"{}\n")]},
    "alembic's table": {"more": [("alembic.jsonl", b"{}\n")]},
    "a picture of nobody": {"more": [(f"photos/{'0' * 64}", picture("blue"))]},
    "a newer schema": {"schema": "9999"},
    "no schema": {"schema": "../x"},
    "a number as text": {"change": only("turns", text=7)},
    "a text as number": {"change": only("turns", seq="1")},
    "a flag as number": {"change": only("turns", pending=1)},
    "no time": {"change": only("turns", at="yesterday")},
    "a time without zone": {"change": only("turns", at="2026-03-01T09:00:00")},
    "no such zone": {"change": only("turns", zone="../../etc/passwd")},
    "no such state": {"change": only("turns", state="admin")},
    "a session that is not there": {"change": only("turns", session=99)},
    "a trace that is none": {"change": only("turns", trace={"steps": 5})},
    "images that are none": {"change": only("turns", images=["/etc/passwd"])},
    "a message of no end": {"change": only("turns", text="x" * 30_000)},
    "no such kind": {"change": only("memories", kind="admin")},
    "keywords that are none": {"change": only("memories", keywords=5)},
    "scores beyond the scale": {"change": only("personality", scores={"openness": 9})},
    "scores without number": {"change": only("personality", scores={"openness": "high"})},
    "no pins": {"change": only("personality", pinned=7)},
    "replaced by nothing": {"change": only("memories", superseded_by="x")},
    "replaced without end": {"change": only("memories", same_as="sem_x")},
    "what is forgotten": {"change": only("memories", hidden_at="2026-03-01T09:00:00+00:00")},
    "another's messages in a topic": {
        "change": lambda name, row: (
            {**row, "extra": {**row["extra"], "turn_ids": ["tur_1"]}}
            if name == "memories" and row["kind"] == "episodic"
            else row
        )
    },
    "no extras": {"change": only("memories", extra=-1)},
    "extras of no kind": {
        "change": lambda name, row: {**row, "extra": {**row["extra"], "changes": 5}} if name == "memories" else row
    },
    "said never": {"change": only("memories", strength=-5)},
    "said more often than anything": {"change": only("memories", strength=10**15)},
    "a memory that says nothing": {"change": only("memories", text=" ")},
    "a memory of no end": {"change": only("memories", text="x" * 100_000)},
    "what only repeats itself": {
        "change": lambda name, row: {**row, "same_as": row["id"]} if name == "memories" and row["kind"] == "semantic" else row
    },
    "fewer than no messages counted": {"change": only("personality", m=-5)},
    "a pin that is none": {"change": only("personality", pinned="x")},
    "a pinned trait that is none": {"change": only("personality", pinned=["height"])},
    "a picture of no size": {"change": only("photos", width=-1)},
    "a picture that is a page": {"change": only("photos", media_type="text/html")},
    "days apart in one session": {"change": lambda name, row: {**row, "session": 1} if name == "turns" else row},
    "half a character": {"change": only("personality", pinned=["\ud800"])},
    "work of no kind": {"change": only("work", kind="shell")},
    "work about nothing": {"change": only("work", subject="sem_1")},
    "one field more": {"change": lambda name, row: {**row, "x": 1} if name == "turns" else row},
    "one field less": {"change": lambda name, row: {k: v for k, v in row.items() if k != "reply"} if name == "turns" else row},
    "a row twice": {"change": only("sessions", number=1)},
    "no user": {"without": ("users",)},
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_archive_is_refused_whole(lived, tmp_path, what):
    lived.memory.export_user("ada", tmp_path / "ada.zip")
    remade(tmp_path / "ada.zip", tmp_path / "bad.zip", **HOSTILE[what])
    refuses(tmp_path, "bad.zip")


def refuses(tmp_path, name: str) -> None:
    with Memory(tmp_path / "other", WordEmbedder()) as other:
        list_before = sorted(
            path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if "chroma" not in path.parts
        )
        with pytest.raises(InvalidInput, match="Nothing was imported"):
            other.import_user(tmp_path / name)
        after = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if "chroma" not in path.parts)
        assert after == list_before
        assert not other.journal.users()


def test_a_bomb_is_refused_without_unpacking_it(lived, tmp_path):
    lived.memory.export_user("ada", tmp_path / "ada.zip")
    remade(tmp_path / "ada.zip", tmp_path / "bad.zip", more=[(f"photos/{'1' * 64}", b"\0" * 80_000_000)])
    refuses(tmp_path, "bad.zip")
    bomb = json.dumps({"x": "0" * 40_000_000}).encode() + b"\n"
    remade(tmp_path / "ada.zip", tmp_path / "bad2.zip", without=("sessions",), more=[("sessions.jsonl", bomb)])
    refuses(tmp_path, "bad2.zip")
    many = b"".join(json.dumps({"x": "0" * 1_000_000}).encode() + b"\n" for _ in range(40))
    remade(tmp_path / "ada.zip", tmp_path / "bad4.zip", without=("sessions",), more=[("sessions.jsonl", many)])
    refuses(tmp_path, "bad4.zip")
    deep = b"[" * 100_000 + b"]" * 100_000 + b"\n"
    remade(tmp_path / "ada.zip", tmp_path / "bad3.zip", without=("sessions",), more=[("sessions.jsonl", deep)])
    refuses(tmp_path, "bad3.zip")


@pytest.mark.usefixtures("asking")
def test_what_is_left_of_things_that_were_forgotten_can_be_taken_in_again(serve, tmp_path):
    """A message whose only picture is forgotten; a held change to a forgotten fact; a line forgotten for good, and once more."""
    chat = ScriptedChat({"change": '"1": "changed"'})
    service = serve(chat)

    def say(text: str, time: str, remembered: str, images: tuple[bytes, ...] = ()) -> str:
        chat.script["semantic"] = fact(remembered, *remembered.split()[-1:])
        turn = list(service.stream("ada", text, images, time=time))[-1].turn
        service.wait("ada")
        return turn.id

    memory = service.memory
    seen = say("", "2026-03-01 09:00", "The user shows a red square.", (picture("red"),))
    say("I take no pills.", "2026-03-02 09:00", "The user takes no pills.")
    say("I take pills for my depression.", "2026-03-03 09:00", "The user takes pills, no longer none.")
    for one in memory.approvals.waiting("ada")[:-1]:
        memory.approvals.approve("ada", one.turn_id)
    memory.forget("ada", memory.journal.turn(seen).images[0], now=True)
    memory.forget("ada", next(one.id for one in facts(memory) if one.content == "The user takes no pills."))
    for now in (True, False):
        line = memory.set_profile("ada", "name", "Ada Quillon", memory.journal.last_time("ada"))
        memory.forget("ada", line.id, now=now)
    memory.export_user("ada", tmp_path / "ada.zip")
    with Memory(tmp_path / "other", WordEmbedder()) as other:
        other.import_user(tmp_path / "ada.zip")
        assert other.journal.turns("ada")[0].text == ""
        [waiting] = other.approvals.waiting("ada")
        other.approvals.approve("ada", waiting.turn_id)
        assert [one.content for one in facts(other) if one.is_valid][-1] == "The user takes pills for their depression."


def test_a_picture_that_is_missing_and_not_named_so_is_refused(lived, tmp_path):
    lived.memory.export_user("ada", tmp_path / "ada.zip")
    with zipfile.ZipFile(tmp_path / "ada.zip") as archive:
        [name] = [name for name in archive.namelist() if name.startswith("photos/")]
    remade(tmp_path / "ada.zip", tmp_path / "bad.zip", without=(name,))
    refuses(tmp_path, "bad.zip")


def test_a_picture_that_is_none_is_refused(lived, tmp_path):
    lived.memory.export_user("ada", tmp_path / "ada.zip")
    [photo] = lived.memory.photos.list("ada")
    name = f"photos/{photo.id}"
    remade(tmp_path / "ada.zip", tmp_path / "bad.zip", without=(name,), more=[(name, b"<svg onload=alert(1)>")])
    refuses(tmp_path, "bad.zip")


def test_damage_anywhere_is_noticed(lived, tmp_path):
    lived.memory.export_user("ada", tmp_path / "ada.zip")
    good = (tmp_path / "ada.zip").read_bytes()
    chance = random.Random(7)
    with Memory(tmp_path / "other", WordEmbedder()) as other:
        for _ in range(60):
            bad = bytearray(good)
            if chance.random() < 0.3:
                del bad[chance.randrange(len(bad)) :]
            else:
                for _ in range(chance.randint(1, 4)):
                    bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
            (tmp_path / "bad.zip").write_bytes(bytes(bad))
            try:
                other.import_user(tmp_path / "bad.zip")
            except PersonaError:
                assert not other.journal.users()
            else:
                # A bit of the zip's own dates: everything in it was whole.
                assert all_of(other) == all_of(lived.memory)
                other.delete_user("ada")


def test_archives_that_are_imported_at_once_do_not_disturb_each_other(lived, tmp_path):
    """Alembic keeps its connection in variables of its modules: without a lock, threads broke each other's migration."""
    lived.memory.export_user("ada", tmp_path / "ada.zip")
    results = []

    def taken(number):
        with Memory(tmp_path / f"other {number}", WordEmbedder()) as other:
            ready.wait()
            results.append(other.import_user(tmp_path / "ada.zip")[0])

    ready = threading.Barrier(4)
    threads = [threading.Thread(target=taken, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["ada"] * 4
