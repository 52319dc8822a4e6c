"""Chats that WhatsApp exported."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.importers.conversations import Choices, LeftOut, Role
from app.importers.formats import whatsapp
from app.importers.formats.whatsapp_lines import lines_of
from memory.core.errors import InvalidInput
from tests.unit.app.importers.damage import survives
from tests.unit.app.importers.sources import source_of

ANDROID, IOS = "WhatsApp Chat with Mona Weber.txt", "WhatsApp Chat - Mona Weber.zip/_chat.txt"
FIRST = "26.05.26, 20:00 - Mona: first"


def read(text, name=ANDROID, *, more=None, **choices):
    source = source_of({name: text.encode() if isinstance(text, str) else text, **(more or {})}, "upload.zip")
    left_out = LeftOut()
    found = list(whatsapp.read(source, Choices(**{"zone": "Europe/Berlin", **choices}), left_out))
    return found, left_out


def said(text, name=ANDROID, **more):
    found, left_out = read(text, name, **more)
    return [(message.speaker, message.text) for part in found for message in part.messages], dict(left_out.counts)


def android(*texts, sender="Mona"):
    return "\n".join([FIRST, *(f"26.05.26, 20:0{number} - {sender}: {text}" for number, text in enumerate(texts, 1))])


def ios(*texts, sender="Mona"):
    lines = (f"\u200e[26.05.26, 20:05:0{number}] {sender}: {text}" for number, text in enumerate(texts, 1))
    return "\n".join(["[26.05.26, 20:05:00] Mona: first", *lines])


def test_a_chat_of_android():
    found, left_out = read(
        "26.05.26, 20:00 - Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt. Niemand außerhalb dieses Chats kann sie lesen.\n"
        "26.05.26, 20:05 - Mona Weber: kommst du?\nbis später\n\nM.\n"
        "26.05.26, 20:05 - Ada Brandt: ja\n"
    )
    (chat,) = found
    assert (chat.id, chat.title, chat.between_people, chat.has_seconds) == (ANDROID, "Mona Weber", True, False)
    one, two = chat.messages
    assert (one.text, one.speaker, one.role) == ("kommst du?\nbis später\n\nM.", "Mona Weber", Role.OTHER)
    assert one.time == datetime(2026, 5, 26, 18, 5, tzinfo=UTC)
    assert (two.text, two.speaker, two.role) == ("ja", "Ada Brandt", Role.ME)
    assert two.time == one.time
    assert left_out.counts == {"system lines": 1}


def test_a_chat_of_ios():
    found, left_out = read(
        "\ufeff[26.05.26, 20:05:01] Mona Weber: \u200eMessages and calls are end-to-end encrypted. Only people here can read them.\r\n"
        "[26.05.26, 20:05:02] Mona Weber: hi @\u2068~\u202fAda\u2069\r\n"
        "\u200e[26.05.26, 20:05:03] ~\u202fAda: look \u200e<attached: 00000012-PHOTO-2026-05-26-20-05-03.jpg>\r\n",
        IOS,
        more={
            "WhatsApp Chat - Mona Weber.zip/00000012-PHOTO-2026-05-26-20-05-03.jpg": b"picture",
            "00000012-PHOTO-2026-05-26-20-05-03.jpg": b"other",
        },
    )
    (chat,) = found
    assert (chat.id, chat.title, chat.has_seconds) == (IOS, "Mona Weber", True)
    one, two = chat.messages
    assert (one.text, one.role) == ("hi @Ada", Role.OTHER)
    assert one.time == datetime(2026, 5, 26, 18, 5, 2, tzinfo=UTC)
    assert (two.text, two.speaker, two.role) == ("look", "Ada", Role.ME)
    (picture,) = two.pictures
    assert (picture.name, picture.read()) == (
        "WhatsApp Chat - Mona Weber.zip/00000012-PHOTO-2026-05-26-20-05-03.jpg",
        b"picture",
    )
    assert left_out.counts == {"system lines": 1}


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("WhatsApp Chat with Mona Weber.txt", "Mona Weber"),
        ("WhatsApp Chat mit Mona - Arbeit.txt", "Mona - Arbeit"),
        ("WhatsApp Chat - Mona with dog.zip/_chat.txt", "Mona with dog"),
        ("WhatsApp Chat - Mona (2).zip/_chat.txt", "Mona"),
        ("Discussion WhatsApp avec Mona.txt", "Mona"),
        ("Chat de WhatsApp con Mona.txt", "Mona"),
        ("Conversa do WhatsApp com Mona.txt", "Mona"),
        ("WhatsApp-chat met Mona.txt", "Mona"),
        ("WhatsApp-chatt med Mona.txt", "Mona"),
        ("Чат WhatsApp с контактом Мона.txt", "Мона"),
        ("Mona ile WhatsApp Sohbeti.txt", "Mona"),
        ("与Mona的 WhatsApp 聊天.txt", "Mona"),
        ("WhatsApp_Chat_with_Mona_Weber.txt", "Mona Weber"),
        ("_chat.txt", ""),
        ("whatsapp.txt", ""),
    ],
)
def test_whom_a_chat_is_with(name, title):
    (chat,), _ = read(FIRST, name)
    assert chat.title == title


def test_the_name_of_the_source_says_whom_a_chat_is_with():
    source = source_of({"_chat.txt": FIRST.encode()}, "WhatsApp Chat - Mona.zip")
    (chat,) = whatsapp.read(source, Choices(zone="UTC"), LeftOut())
    assert chat.title == "Mona"


@pytest.mark.parametrize(
    ("text", "words", "files", "left_out"),
    [
        ("IMG-20260526-WA0003.jpg (file attached)", "", 1, {}),
        ("\u200eIMG-20260526-WA0003.jpg (Datei angehängt)\nschau mal\nzweite", "schau mal\nzweite", 1, {}),
        ("IMG-20260526-WA0003.jpg (plik dołączony)", "", 1, {}),
        ("(קובץ מצורף) IMG-20260526-WA0003.jpg", "", 1, {}),
        ("IMG-20260526-WA0003.jpg", "", 1, {}),
        ("\u200e<attached: 00000012-PHOTO-2026-05-26-20-05-03.jpg>", "", 1, {}),
        ("\u200e<Anhang: 00000012-PHOTO-2026-05-26-20-05-03.jpg>", "", 1, {}),
        ("<pièce jointe : 00000012-PHOTO-2026-05-26-20-05-03.jpg>", "", 1, {}),
        ("<附件：00000012-PHOTO-2026-05-26-20-05-03.jpg>", "", 1, {}),
        ("words \u200e<adjunto: 00000012-PHOTO-2026-05-26-20-05-03.jpg>", "words", 1, {}),
        ("2016-05-06-PHOTO-00000012.jpg <\u200eattached>", "", 1, {}),
        ("\u200e<attached: holiday.jpg>", "", 1, {}),
        ("IMG-20260526-WA0009.jpg (file attached)\nsee", "see", 0, {"pictures that are not in the export": 1}),
        ("VID-20260526-WA0003.mp4 (file attached)\nsee", "see", 0, {"videos": 1}),
        ("PTT-20260526-WA0003.opus (archivo adjunto)", "", 0, {"voice messages without words": 1}),
        ("STK-20260526-WA0003.webp (file attached)", "", 0, {"stickers": 1}),
        ("\u200e<attached: 00000012-STICKER-2026-05-26-20-05-03.webp>", "", 0, {"stickers": 1}),
        ("\u200e<attached: 00000012-GIF-2026-05-26-20-05-03.mp4>", "", 0, {"animations": 1}),
        ("Mona Weber.vcf (file attached)", "", 0, {"contact cards": 1}),
        ("Rechnung Mai.pdf (Datei angehängt)\nRechnung Mai.pdf", "", 0, {"documents": 1}),
        ("Rechnung.pdf • \u200e2 pages \u200e<attached: 00000015-Rechnung.pdf>", "", 0, {"documents": 1}),
        ("Rechnung.pdf • \u200e2 pages \u200edocument omitted", "", 0, {"documents": 1}),
        ("<Media omitted>", "", 0, {"attachments that are not in the export": 1}),
        ("<Media omitted>\nat the lake", "at the lake", 0, {"attachments that are not in the export": 1}),
        ("<Medien ausgeschlossen>\nBericht.docx", "", 0, {"attachments that are not in the export": 1}),
        ("<Archivos multimedia omitidos>", "", 0, {"attachments that are not in the export": 1}),
        ("\u200eimage omitted", "", 0, {"pictures that are not in the export": 1}),
        ("at the lake \u200eimage omitted", "at the lake", 0, {"pictures that are not in the export": 1}),
        ("\u200eBild weggelassen", "", 0, {"pictures that are not in the export": 1}),
        ("\u200eaudio omitted", "", 0, {"voice messages without words": 1}),
        ("\u200eКарточка контакта отсутствует", "", 0, {"contact cards": 1}),
        ("This message was deleted", "", 0, {"deleted messages": 1}),
        ("\u200eSe eliminó este mensaje.", "", 0, {"deleted messages": 1}),
        ("null", "", 0, {"messages that can be seen once": 1}),
        ("\u200eMissed voice call, \u200eTap to call back", "", 0, {"calls": 1}),
        ("\u200eSprachanruf, \u200e3 Min.", "", 0, {"calls": 1}),
        ("Missed voice call", "", 0, {"calls": 1}),
        ("Waiting for this message. This may take a while.", "", 0, {"messages that the phone did not have": 1}),
        ("\u200eMona changed this group's icon", "", 0, {"system lines": 1}),
        ("location: https://maps.google.com/?q=48.137,11.575", "", 0, {"locations": 1}),
        ("\u200eLive location shared", "", 0, {"live locations": 1}),
        (
            "\u200eCafé Luna (Elm Street 1): https://foursquare.com/v/1",
            "Café Luna (Elm Street 1): https://foursquare.com/v/1",
            0,
            {},
        ),
        ("see you <This message was edited>", "see you", 0, {}),
        ("bis dann \u200e<Diese Nachricht wurde bearbeitet.>", "bis dann", 0, {}),
        ("hasta luego <Se editó este mensaje.>", "hasta luego", 0, {}),
        ("бувай <Повідомлення відредаговано>", "бувай", 0, {}),
        ("довиждане <Съобщението е редактирано>", "довиждане", 0, {}),
        ("<Без мултимедия>", "", 0, {"attachments that are not in the export": 1}),
        ("你删除了此消息", "", 0, {"deleted messages": 1}),
        ("hi \u2068@Kai\u2069 and @\u2068Eva\u2069", "hi @Kai and @Eva", 0, {}),
        ("sampai nanti \u200e<Mesej ini telah disunting>", "sampai nanti", 0, {}),
        (
            "POLL:\nWhere?\nOPTION: Rome (2 votes)\nOPTION: Oslo (1 vote)",
            "POLL:\nWhere?\nOPTION: Rome (2 votes)\nOPTION: Oslo (1 vote)",
            0,
            {},
        ),
        (
            "\u200ePOLL:\nWhere?\n\u200eOPTION: Rome (2 votes)\n\u200eOPTION: Oslo (0 votes)",
            "POLL:\nWhere?\nOPTION: Rome (2 votes)\nOPTION: Oslo (0 votes)",
            0,
            {},
        ),
        ("call \u202a+49 171 5550001\u202c", "call +49 171 5550001", 0, {}),
        ("", "", 0, {"empty messages": 1}),
        # A person's own words.
        ("<grins>", "<grins>", 0, {}),
        ("i <3 you > all", "i <3 you > all", 0, {}),
        ("image omitted", "", 0, {"pictures that are not in the export": 1}),
        ("the image omitted was mine", "the image omitted was mine", 0, {}),
        ("see report.pdf (page 3)", "see report.pdf (page 3)", 0, {}),
        ("null and void", "null and void", 0, {}),
        ("שלום \u200fa\u200e ב", "שלום \u200fa\u200e ב", 0, {}),
        ("end-to-end?", "end-to-end?", 0, {}),
    ],
)
@pytest.mark.parametrize("phone", [android, ios])
def test_what_a_message_holds(phone, text, words, files, left_out):
    names = [
        "IMG-20260526-WA0003.jpg",
        "00000012-PHOTO-2026-05-26-20-05-03.jpg",
        "2016-05-06-PHOTO-00000012.jpg",
        "holiday.jpg",
    ]
    more = dict.fromkeys(names, b"x")
    (chat,), counted = read(phone(text), more=more)
    assert chat.messages[0].text == "first"
    assert [message.text for message in chat.messages[1:]] == ([words] if words or files else [])
    assert sum(len(message.pictures) for message in chat.messages) == files
    assert counted.counts == left_out


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # The frame of another phone, no frame, times outside the course of the chat.
        (["26.05.26, 20:01 - Ada: plan:", "[26.05.26, 20:02:00] Kai: quoted", "27.05.26 train", "26.05.26, 20:03"], 1),
        (["26.05.26, 20:01 - Ada: plan:", "27.05.26, 18:00 - Kino", "28.05.26, 19:00 - Food: pizza"], 1),
        (["26.05.26, 20:01 - Ada: he wrote:", "01.04.26, 10:00 - Kai: april"], 1),
        (["26.05.26, 20:01 - Ada: when?", "99.99.26, 10:00 - Kai: never", "26.05.26, 29:00 - Kai: never"], 1),
        (["26.05.26, 20:01 - Ada: plan:", "5/27/26, 18:00 - Kai: other signs"], 1),
        # A person who wrote once is a sender like others.
        (["26.05.26, 20:01 - Ada: plan", "26.05.26, 20:02 - Kai: hello"], 2),
    ],
)  # fmt: skip
def test_lines_within_a_message_that_look_like_the_beginning_of_one(lines, expected):
    end = ["26.05.26, 20:05 - Mona: a", "26.05.26, 20:06 - Ada: b"]
    messages, counted = said("\n".join([FIRST, *lines, *end]))
    assert len(messages) == 3 + expected
    assert "system lines" not in counted
    if expected == 1:
        assert messages[1] == ("Ada", "\n".join(lines).removeprefix("26.05.26, 20:01 - Ada: "))


def test_system_lines():
    lines = [
        FIRST,
        '26.05.26, 20:01 - Ada created group "Trip: Rome"',
        "26.05.26, 20:01 - Ada added you",
        "26.05.26, 20:02 - Kai hat die Gruppe verlassen.",
        '26.05.26, 20:02 - Ada changed the group name from "Trip" to "Trip: Oslo"',
        "26.05.26, 20:02 - Ada a changé le sujet « Trip » en « Trip : Oslo: 2 »",
        "26.05.26, 20:02 - Ada loi ryhmän ”Retki: Lappi”",
        "26.05.26, 20:02 - Ada zmienił(a) temat na „Wyjazd: Harz”",
        "26.05.26, 20:02 - Adaさんが「旅行: 京都」を作成しました",
        "26.05.26, 20:02 - Ada created group ‘Trip: Rome’",
        "26.05.26, 20:03 - Mona: last",
    ]
    messages, counted = said("\n".join(lines))
    assert messages == [("Mona", "first"), ("Mona", "last")]
    assert counted == {"system lines": 9}
    lines = [
        "[26.05.26, 20:05:01] Trip: Messages and calls are end-to-end encrypted. Only people in this chat can read them.",
        "[26.05.26, 20:05:02] \u200eKai left",
        "[26.05.26, 20:05:02] Mona: hi",
    ]
    assert said("\n".join(lines)) == ([("Mona", "hi")], {"system lines": 2})


@pytest.mark.parametrize(
    ("lines", "senders"),
    [
        (["Team: Berlin: one", "Team: Berlin: two"], ["Team: Berlin", "Team: Berlin"]),
        (["Work: Kai: one", "Work: Kai: two", "Work: Eva: one", "Work: Eva: two"], ["Work: Kai", "Work: Kai", "Work: Eva", "Work: Eva"]),
        (["Kai: note: milk", "Kai: and bread"], ["Kai", "Kai"]),
        (["Kai: note: milk"], ["Kai"]),
        (["Kai: look: https://example.org/1", "Kai: look: https://example.org/2"], ["Kai", "Kai"]),
        (["Mona: Weber: once"], ["Mona: Weber"]),
        (["\u202a+49 171 5550001\u202c: hi", "+1 (777) 777‑7777: hi", "~\u202fEva: hi", "~ Eva: hi"], ["+49 171 5550001", "+1 (777) 777‑7777", "Eva", "Eva"]),
        (["Anna „Anni“ Schmidt: hi", 'Bo "Bob" Lee: hi'], ["Anna „Anni“ Schmidt", 'Bo "Bob" Lee']),
        (["Eva O’Neil: hi", "Zoë ”Z” Li: hi", "Jan „Jaś” Nowak: hi"], ["Eva O’Neil", "Zoë ”Z” Li", "Jan „Jaś” Nowak"]),
        (["Dr. K.: at 12:30: yes"], ["Dr. K."]),
    ],
)  # fmt: skip
def test_names_of_senders(lines, senders):
    messages, _ = said(
        "\n".join(f"26.05.26, 20:0{number} - {line}" for number, line in enumerate(lines)), "WhatsApp Chat with Mona Weber.txt"
    )
    assert [speaker for speaker, _ in messages] == senders


def roles(text, name=ANDROID, **more):
    found, _ = read(text, name, **more)
    return {message.speaker: message.role for chat in found for message in chat.messages}


def test_who_is_the_person():
    text = "26.05.26, 20:01 - Mona Weber: a\n26.05.26, 20:02 - Ada: b"
    assert roles(text) == {"Mona Weber": Role.OTHER, "Ada": Role.ME}
    assert roles(text, "WhatsApp Chat with Book club.txt") == {"Mona Weber": Role.OTHER, "Ada": Role.OTHER}
    assert roles(text, "_chat.txt") == {"Mona Weber": Role.OTHER, "Ada": Role.OTHER}
    assert roles(text, "_chat.txt", me="mona weber") == {"Mona Weber": Role.ME, "Ada": Role.OTHER}
    with pytest.raises(InvalidInput, match=r"Nobody called 'Eva'.*Mona Weber, Ada"):
        read(text, me="Eva")
    # Only the person who exported a chat reads "you deleted this message".
    deleted = f"{text}\n26.05.26, 20:03 - Kai: c\n26.05.26, 20:04 - Mona Weber: Du hast diese Nachricht gelöscht."
    assert roles(deleted, "_chat.txt") == {"Mona Weber": Role.ME, "Ada": Role.OTHER, "Kai": Role.OTHER}


@pytest.mark.parametrize(
    "name",
    [
        "WhatsApp-keskustelu: Mona.txt", "WhatsAppチャットとMona.txt", "דיון WhatsApp עם Mona.txt", "Mona님과의 WhatsApp 대화.txt",
        "WhatsApp-beszélgetés Mona partnerrel.txt", "chats/Συνομιλία WhatsApp με Mona.txt",
    ],
)  # fmt: skip
def test_a_file_that_names_the_other_one_in_any_language(name):
    text = "26.05.26, 20:01 - Mona: a\n26.05.26, 20:02 - Ada: b"
    assert roles(text, name) == {"Mona": Role.OTHER, "Ada": Role.ME}
    assert read(text, name)[0][0].title == "Mona"


@pytest.mark.parametrize("name", ["WhatsApp-keskustelu: Monas.txt", "WhatsApp: Mona, Ada.txt", "Mona.txt"])
def test_a_file_that_names_both_or_none(name):
    assert set(roles("26.05.26, 20:01 - Mona: a\n26.05.26, 20:02 - Ada: b", name).values()) == {Role.OTHER}


def test_the_person_may_be_called_you():
    text = "26.05.26, 20:01 - Mona: a\n26.05.26, 20:02 - You: b\n26.05.26, 20:02 - Kai: c"
    assert roles(text, "WhatsApp Chat with Book club.txt") == {"Mona": Role.OTHER, "You": Role.ME, "Kai": Role.OTHER}


def test_the_person_of_one_chat_is_the_person_of_the_others():
    group = {
        "WhatsApp Chat with Book club.txt": b"26.05.26, 20:01 - Kai: a\n26.05.26, 20:02 - Ada: b\n26.05.26, 20:02 - Eva: b"
    }
    text = "26.05.26, 20:01 - Mona Weber: a\n26.05.26, 20:02 - Ada: b"
    found, _ = read(text, more=group)
    assert [chat.title for chat in found] == ["Book club", "Mona Weber"]
    assert [{message.speaker for message in chat.messages if message.role == Role.ME} for chat in found] == [{"Ada"}, {"Ada"}]
    assert roles(text, more=group, me="Eva")["Eva"] == Role.ME


def test_clock_changes():
    lines = [
        "25.10.26, 02:50 - Mona: summer", "25.10.26, 02:10 - Mona: winter", "25.10.26, 02:20 - Mona: winter",
        "25.10.26, 03:10 - Mona: winter", "28.03.27, 02:30 - Mona: skipped",
    ]  # fmt: skip
    (chat,), _ = read("\n".join(lines))
    times = [message.time for message in chat.messages]
    assert [f"{time.astimezone(UTC):%H:%M}" for time in times] == ["00:50", "01:10", "01:20", "02:10", "01:30"]
    assert times == sorted(times, key=datetime.timestamp)
    assert f"{times[-1]:%H:%M}" == "03:30"


def test_the_zone_of_the_person():
    (chat,), _ = read(FIRST, zone="America/New_York")
    assert chat.messages[0].time == datetime(2026, 5, 27, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_and_line_ends(encoding):
    text = "26.05.26, 20:00 - Mona: größer 🦊\r\nzwei\r\n"
    assert said(text.encode(encoding)) == ([("Mona", "größer 🦊\nzwei")], {})
    assert said(b"26.05.26, 20:00 - Mona: a\x00b \x81 c")[0] == [("Mona", "ab \ufffd c")]


def test_a_long_chat_comes_in_parts_with_one_id():
    lines = [f"26.05.26, 20:00 - {'Mona' if number % 2 else 'Ada'}: {number}" for number in range(12_001)]
    found, _ = read("\n".join(lines))
    assert [len(part.messages) for part in found] == [5_000, 5_000, 2_001]
    assert {part.id for part in found} == {ANDROID}
    assert [message.text for part in found for message in part.messages] == [str(number) for number in range(12_001)]


def test_a_message_without_end_is_cut_and_counted():
    found, left_out = read(FIRST + "\n" + "x" * 1_000_000 + "\n" + "y\n" * 150_000)
    assert len(found[0].messages[0].text) <= 200_000
    assert left_out.counts["characters of messages with more than 200,000"] > 800_000


class Endless(io.RawIOBase):
    """A chat as large as wanted, made while it is read."""

    def __init__(self, size):
        self._left = size

    def read(self, size=-1):
        self._left -= size
        return b"26.05.26, 20:00 - Mona: hi\nmore\n" * (size // 32) if self._left > 0 else b""


def test_a_large_text_streams():
    assert sum(1 for _ in lines_of(Endless(20_000_000))) > 1_000_000


@pytest.mark.parametrize(
    "members",
    [
        {"notes.txt": b"26.05.2026 a day\nMona: hello\n"},
        {"notes.txt": b"Dear Mona,\n26.05.26, 20:00 - Mona: quoted once\nbye"},
        {"log.txt": b"2026-05-26 20:00:00,123 INFO started\n"},
        {"system.txt": b"26.05.26, 20:00 - nobody has a name\n"},
        {"lines.jsonl": b'{"time": "2026-03-01 09:30", "user": "a", "assistant": "b"}'},
        {"empty.txt": b""},
        {"binary.txt": bytes(range(256)) * 300},
        {},
    ],
)
def test_what_is_no_chat(members):
    source = source_of(members)
    assert not whatsapp.recognises(source)
    with pytest.raises(InvalidInput, match="no chat of WhatsApp"):
        list(whatsapp.read(source, Choices(), LeftOut()))


def test_a_chat_is_recognised_by_content():
    assert whatsapp.recognises(source_of({"anything.bin": FIRST.encode()}))
    assert whatsapp.recognises(source_of({"a/b/_chat.txt": FIRST.encode(), "a/b/IMG-20260526-WA0001.jpg": b""}))
    cut = "the end of a message\n" + "\n".join([FIRST] * 3)
    assert whatsapp.recognises(source_of({"_chat.txt": cut.encode()}))


PIECES = st.sampled_from(
    ["26.05.26, 20:00 - ", "[26.05.26, 20:00:01] ", "5/6/26, 8:05\u202fPM - ", "99.99.99, 77:77 - ", "Mona: ", "Ada: ", "\u200e", "\u2068", "\n", "\n\n", "\r\n",
     "<attached: ", "IMG-20260526-WA0003.jpg", " (file attached)", ">", "<Media omitted>", "\x00", "\ufeff", ":", " - ", "]", "[", "2026", "POLL:", "x", "null"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_text_is_read_or_refused_in_one_sentence(text):
    survives(whatsapp, source_of({"_chat.txt": text.encode(), "IMG-20260526-WA0003.jpg": b"x"}))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    survives(whatsapp, source_of({"_chat.txt": FIRST.encode() + b"\n" + data}))
