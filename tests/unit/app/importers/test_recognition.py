"""Which program a source comes from: by content, one answer for each, and a sentence that helps where there is none."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.importers import recognition
from app.importers.conversations import Choices, LeftOut
from app.importers.members import Member, MemberSource
from app.importers.opening import open_source
from app.importers.recognition import FORMATS, by_name, has_facts, in_source, recognise
from memory.archive.zip_file import ArchiveWriter
from memory.core.errors import InvalidInput
from tests.unit.app.importers.sources import source_of


def rows(*values: Any) -> bytes:
    return "\n".join(map(json.dumps, values)).encode()


NODE = {
    "id": "n",
    "parent": None,
    "message": {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["Hello"]}},
}
WEBUI = {"id": "w", "title": "Trip", "chat": {"history": {"messages": {}, "currentId": None}, "messages": []}, "created_at": 1}
SIDECAR = {"title": "a.jpg", "description": "", "photoTakenTime": {"timestamp": "1551606123", "formatted": "3 Mar 2019"}}
SAMPLES: dict[str, dict[str, bytes]] = {
    "chatgpt": {"conversations-000.json": rows([{"title": "Trip", "mapping": {"n": NODE}, "current_node": "n"}])},
    "claude": {"conversations.json": rows([{"uuid": "u", "name": "Trip", "created_at": "2026-05-06T10:00:00Z", "chat_messages": [{"uuid": "m", "text": "Hello", "sender": "human", "created_at": "2026-05-06T10:00:00Z"}]}])},
    "gemini": {"Takeout/My Activity/Gemini Apps/MyActivity.json": rows([{"header": "Gemini Apps", "title": "Prompted Hello", "time": "2026-05-06T10:00:00Z", "products": ["Gemini Apps"]}])},
    "whatsapp": {"_chat.txt": b"[06.05.26, 12:30:00] Ada: Hallo\n[07.05.26, 12:30:00] Ben: Hallo\n"},
    "telegram": {"result.json": rows({"name": "Ben", "type": "personal_chat", "id": 1, "messages": [{"id": 1, "type": "message", "date": "2026-05-06T12:30:00", "from": "Ben", "text": "Hi"}]})},
    "sillytavern": {"chat.jsonl": rows({"user_name": "Ada", "character_name": "Moth", "create_date": "2026-05-06"}, {"name": "Ada", "is_user": True, "mes": "Hello", "send_date": "2026-05-06T10:00:00Z"})},
    "discord": {"Messages/c1/messages.json": rows([{"ID": 1, "Timestamp": "2026-05-06 12:30:00", "Contents": "Hello", "Attachments": ""}])},
    "signal": {"main.jsonl": rows({"version": 1, "backupTimeMs": 1}, {"recipient": {"id": "1", "self": {}}}, {"chatItem": {"chatId": "1", "authorId": "1", "dateSent": "1", "standardMessage": {"text": {"body": "Hello"}}}})},
    "facebook": {"messages/inbox/ben_1/message_1.json": rows({"participants": [{"name": "Ben"}], "messages": [{"sender_name": "Ben", "timestamp_ms": 1, "content": "Hello"}], "thread_path": "inbox/ben_1"})},
    "open-webui": {"chats.json": rows([WEBUI])},
    "librechat": {"chat.json": rows({"conversationId": "c", "endpoint": "openAI", "title": "Trip", "exportAt": "now", "branches": True, "recursive": False, "options": {}, "messages": [{"messageId": "m", "conversationId": "c", "parentMessageId": "0", "sender": "User", "isCreatedByUser": True, "text": "Hello", "createdAt": "2026-05-06T10:00:00Z"}]})},
    "memories": {"memories.json": rows({"results": [{"id": "1", "memory": "Has a dog", "created_at": "2026-05-06T10:00:00Z", "updated_at": None}]})},
    "json-lines": {"talk.jsonl": rows({"time": "2026-05-06 12:30", "user": "Hello", "assistant": "Hi"})},
    "google-photos": {"Takeout/Google Photos/2019/a.jpg": b"\xff\xd8", "Takeout/Google Photos/2019/a.jpg.supplemental-metadata.json": rows(SIDECAR)},
}  # fmt: skip
TALK = [name for name in SAMPLES if name != "memories"]


def names(members: Mapping[str, bytes]) -> list[str]:
    return [one.NAME for one in in_source(source_of(members))]


def refusal(members: Mapping[str, bytes], name: str = "export.zip") -> str:
    with pytest.raises(InvalidInput) as error:
        recognise(source_of(members, name))
    assert error.value.message.isprintable()
    return error.value.message


def test_each_format_has_a_sample_a_name_and_a_label() -> None:
    modules = [recognition._module(name) for name in FORMATS]
    assert [one.NAME for one in modules] == list(SAMPLES)
    assert len({one.LABEL for one in modules}) == len(modules)
    assert [one.NAME for one in modules if has_facts(one)] == ["memories"]
    assert all(hasattr(one, "read") != has_facts(one) for one in modules)
    files = Path(recognition.__file__).parent / "formats"
    assert {path.stem for path in files.glob("*.py") if "\nNAME = " in path.read_text()} == set(FORMATS)


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_is_of_one_format(name: str) -> None:
    assert names(SAMPLES[name]) == [name]
    assert name == recognise(source_of(SAMPLES[name])).NAME
    below = {f"backup/of me.zip/{member}": data for member, data in SAMPLES[name].items()}
    assert name == recognise(source_of(below | {"backup/readme.md": b"# Read me", "backup/cat.png": b"\x89PNG"})).NAME


@pytest.mark.parametrize("name", [name for name in SAMPLES if len(SAMPLES[name]) == 1])
def test_a_single_file_is_known_by_its_content_alone(name: str) -> None:
    (data,) = SAMPLES[name].values()
    assert name == recognise(source_of({"download": data}, "download")).NAME
    assert name == recognise(source_of({"x.txt": b"\xef\xbb\xbf" + data}, "x.txt")).NAME


@pytest.mark.parametrize("name", TALK)
def test_a_recognised_sample_is_read(name: str) -> None:
    left_out = LeftOut()
    found = list(by_name(name).read(source_of(SAMPLES[name]), Choices(zone="UTC"), left_out))
    assert found or left_out.counts


@pytest.mark.parametrize("name", TALK)
def test_several_formats_are_named(name: str) -> None:
    other = "telegram" if name != "telegram" else "claude"
    together = {f"a/{member}": data for member, data in SAMPLES[name].items()} | {
        f"b/{member}": data for member, data in SAMPLES[other].items()
    }
    said = refusal(together, "downloads")
    assert said.startswith("downloads holds ")
    assert by_name(name).LABEL in said
    assert f"--format {other}" in said
    assert "one by one" in said


def test_facts_give_way_to_conversations() -> None:
    together = SAMPLES["chatgpt"] | SAMPLES["memories"]
    assert recognise(source_of(together)).NAME == "chatgpt"
    assert names(together) == ["chatgpt", "memories"]


def test_by_name() -> None:
    assert by_name("json-lines") is by_name("json_lines")
    assert by_name("ChatGPT").LABEL == "ChatGPT"
    with pytest.raises(
        InvalidInput, match=r"^There is no format 'chat'\. Choose one of chatgpt, .*, google-photos, or leave it out\.$"
    ):
        by_name("chat")


def test_an_archive_of_ours_is_pointed_to_its_command(tmp_path: Path) -> None:
    file = tmp_path / "ada.zip"
    with file.open("wb") as opened, ArchiveWriter(opened) as archive:
        archive.lines("turns", iter([{"time": "2026-05-06 12:30", "user": "Hello", "assistant": "Hi"}]))
        archive.finish(schema_version="1", user="ada", made_at="2026-05-06T10:00:00+00:00")
    for path in (file, tmp_path):
        with open_source(path) as source, pytest.raises(InvalidInput) as error:
            recognise(source)
        assert error.value.message == "This is an archive of PersonaVLM: `persona user import FILE` reads it."
    assert recognise(source_of(SAMPLES["claude"] | {"manifest.json": b'{"format": "other"}'})).NAME == "claude"


def test_nothing_known() -> None:
    said = refusal({"holiday.odt": b"PK\x03\x04\x00\xff words\n" + b"x" * 100}, "holiday.odt")
    assert said.startswith("holiday.odt is not recognised. Looked for: ChatGPT, Claude, Gemini (Google Takeout), WhatsApp, ")
    assert r"Its one file is holiday.odt; the first begins with “PK\x03\x04\x00\xff words\nxxx" in said
    assert "x" * 46 not in said
    said = refusal({f"{number}.bin": b"" for number in range(5)}, "folder")
    assert "Its 5 files are 0.bin, 1.bin, 2.bin, …; the first begins with nothing: it is empty." in said
    assert refusal({}, "folder").startswith("folder holds no files. Give an export of one of these: ChatGPT")
    assert f"Its one file is …{'x' * 79};" in refusal({"folder/" + "x" * 300: b"1"})
    assert "“caf\\xe9 日本”" in refusal({"a": b"caf\xe9 " + "日本".encode()})


@given(st.binary(max_size=80) | st.sampled_from([next(iter(one.values())) for one in SAMPLES.values()]).flatmap(lambda data: st.integers(0, len(data)).map(lambda end: data[:end])), st.sampled_from(["a", "a.json", "a.jsonl", "_chat.txt", "messages.json", "manifest.json"]))  # fmt: skip
def test_any_bytes_are_recognised_or_refused_in_a_sentence(data: bytes, name: str) -> None:
    try:
        recognise(source_of({name: data}))
    except InvalidInput as error:
        assert error.message.isprintable()


def test_a_damaged_member_is_named() -> None:
    class Damaged(io.BytesIO):
        pass

    source = source_of({"a.json": b"", "b.txt": b""})

    def head(name: str, size: int = 65_536) -> bytes:
        raise InvalidInput(f"{name} cannot be read: it is damaged. Download or export it again.")

    source.head = source.open = head  # type: ignore[method-assign, assignment]
    with pytest.raises(InvalidInput, match=r"a\.json cannot be read: it is damaged"):
        recognise(source)


def stored(members: Mapping[str, bytes], damaged: str) -> bytes:
    """Return a zip file of members as they are, with a wrong letter in one of them."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    with zipfile.ZipFile(file) as archive:
        start = archive.getinfo(damaged).header_offset + 30 + len(damaged)
    damage = bytearray(file.getvalue())
    damage[start] ^= 1
    return bytes(damage)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("chosen", [False, True])
def test_a_file_with_a_wrong_letter_is_damaged(tmp_path: Path, name: str, *, chosen: bool) -> None:
    member = next(one for one in SAMPLES[name] if not one.endswith(".jpg"))
    path = tmp_path / "export.zip"
    path.write_bytes(stored(SAMPLES[name], member))
    with open_source(path) as source, pytest.raises(InvalidInput) as error:
        if not chosen:
            recognise(source)
        elif name == "memories":
            list(by_name(name).read_facts(source, LeftOut()))  # type: ignore[attr-defined] # this one has facts
        else:
            list(by_name(name).read(source, Choices(zone="UTC"), LeftOut()))
    assert error.value.message == f"{member} cannot be read: it is damaged. Download or export it again."


def test_a_list_of_memories_is_not_taken_for_the_talk_that_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(stored(SAMPLES["claude"] | SAMPLES["memories"], "conversations.json"))
    with (
        open_source(path) as source,
        pytest.raises(InvalidInput, match=r"^conversations\.json cannot be read: it is damaged\. "),
    ):
        recognise(source)


def test_a_damaged_transcript_beside_others_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    talk = SAMPLES["json-lines"]["talk.jsonl"]
    path.write_bytes(stored({"a.jsonl": talk, "b.jsonl": talk}, "b.jsonl"))
    left_out = LeftOut()
    with open_source(path) as source:
        assert recognise(source).NAME == "json-lines"
        assert len(list(by_name("json-lines").read(source, Choices(zone="UTC"), left_out))) == 1
    assert left_out.counts == {"files that cannot be read": 1}
    assert left_out.places[0].startswith("b.jsonl (b.jsonl cannot be read: it is damaged.")


@pytest.mark.parametrize(
    "members", [{"talk/page.HTML": b""}, {"chat": b"\n<!-- of Ada --> <!DOCTYPE html>\n<p>Hi"}, {"chat": b"<html lang=en>"}]
)
def test_web_pages_are_named(members: Mapping[str, bytes]) -> None:
    assert refusal(members).endswith(
        "Web pages (HTML) are not read: export it again, and choose JSON where the program asks for a format; of WhatsApp and "
        "Signal, the export as plain text."
    )
    assert "Web pages" not in refusal({"chat": b"<htmlx>"})


@pytest.mark.parametrize("name", ["{}.json", "{}.jsonl", "{}.txt", "{}/messages.json"])
def test_each_member_is_opened_once_whatever_the_number_of_formats(name: str) -> None:
    opened: Counter[str] = Counter()

    def member(path: str) -> Member:
        def opens() -> io.BytesIO:
            opened[path] += 1
            return io.BytesIO()

        return Member(path, 0, opens, is_packed=True)

    source = MemberSource("export.zip", [member(name.format(number)) for number in range(300)])
    with pytest.raises(InvalidInput, match="is not recognised"):
        recognise(source)
    assert set(opened.values()) == {1}
