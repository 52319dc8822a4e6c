"""Asked in the chat to forget something, the assistant names what it would forget, and forgets it after one yes."""

from __future__ import annotations

import json
from contextlib import nullcontext

import pytest

from app.cli import main
from graph.context import MessageOptions
from memory.core.records import TurnState
from memory.forgetting.verify import files_with
from tests.fakes import ScriptedChat, answer, fact

BROTHER, VEGAN = "The user's brother is called Jonasquill.", "Jonasquill is vegan."
NAMED_BROTHER = "Your brother is called Jonasquill."
"""The fact as a reply names it."""
ASK = "Please forget what I told you about Jonasquill"


@pytest.fixture
def told(relive):
    """Ada told of her brother in two sessions, and of a heron."""
    chat = ScriptedChat({"core": '"name": "Ada"\n"brother": "Jonasquill"', "episodic": _topics})
    return relive(_life, chat)


def _life(service, chat):
    def say(text: str, time: str, reply: str, remembered: str) -> None:
        chat.script["reasoning"] = answer(reply)
        chat.script["semantic"] = fact(remembered, *remembered.split()[-1:])
        list(service.stream("ada", text, time=time))
        service.wait("ada")

    say("My brother is called Jonasquill.", "2026-03-01 09:00", "A fine name, Jonasquill.", BROTHER)
    say("Jonasquill is vegan.", "2026-03-03 09:00", "Noted.", VEGAN)
    say("I keep a heron.", "2026-03-05 09:00", "Lovely.", "The user keeps a heron.")
    chat.script["reasoning"] = answer("I have forgotten all of it.")
    chat.script["semantic"] = fact("The user wants Jonasquill forgotten.", "Jonasquill")


def _topic(summary: str) -> str:
    return f'"topic_summary": "{summary}"\n"keywords": "talk"\n"source_dialog_indices": 0'


def _topics(prompt: str) -> str:
    return _topic("Ada told of Jonasquill." if "Jonasquill" in prompt else "Ada told of a heron.")


def ask(service, text: str = ASK, time: str = "2026-03-09 09:00", **switches):
    return list(service.stream("ada", text, time=time, options=MessageOptions(**switches)))[-1].turn


def known(service) -> str:
    memory = service.memory
    return "\n".join(
        [
            *(one.model_dump_json() for one in memory.memories.entries("ada")),
            *(one.model_dump_json() for one in memory.journal.turns("ada")),
            *(one.model_dump_json() for one in memory.search("ada", "Jonasquill brother vegan", limit=50)),
        ]
    )


def test_what_it_would_forget_is_named_and_nothing_is_done_yet(told):
    before = told.memory.memories.entries("ada", kind="semantic")
    calls = len(told.models._chat.calls)
    turn = ask(told)
    assert len(told.models._chat.calls) == calls, "no model writes this reply"
    assert turn.reply.startswith("Nothing is forgotten yet.")
    for text in (NAMED_BROTHER, VEGAN, "My brother is called Jonasquill.", "brother: Jonasquill"):
        assert text in turn.reply
    assert "heron" not in turn.reply
    assert turn.trace.forget.state == "open"
    told.wait("ada")
    assert told.memory.memories.entries("ada", kind="semantic") == before
    assert "name Jonasquill" not in known(told), "it is no fact"


def test_before_a_yes_the_request_is_no_fact_and_found_by_no_search(told):
    turn = ask(told)
    told.memory.journal.end_session("ada")
    told.wait("ada")
    assert turn.state is TurnState.REQUEST
    assert not [one for one in told.memory.memories.entries("ada") if "forgotten" in one.model_dump_json()]
    found = told.memory.search("ada", "forget what I told you about Jonasquill", limit=50)
    assert turn.id not in {name for one in found for name in (one.id, *one.turn_ids)}
    chat = told.models._chat
    chat.calls.clear()
    chat.script["reasoning"] = answer("Hello.")
    ask(told, "Good morning", "2026-03-09 09:05")
    assert "forget" not in chat.prompts("reasoning")[-1].split("## Recent Conversations")[1]


def test_a_yes_forgets_all_of_it_with_the_request_and_undo_brings_it_back(told):
    before = known(told)
    request = ask(told)
    done = ask(told, "Yes, please", "2026-03-09 09:01")
    assert "onasquill" not in known(told)
    assert "heron" in known(told)
    assert done.reply.startswith("Forgotten (3 memories, 2 summaries, profile lines or habits, 3 messages")
    assert told.memory.journal.turn(request.id).state is TurnState.FORGOTTEN
    back = ask(told, "undo", "2026-03-09 09:02")
    assert back.reply.startswith("It is back")
    assert all(line in known(told) for line in before.splitlines() if '"kind":"turn"' not in line)


def test_a_purge_leaves_nothing_of_it_nor_of_the_request_in_any_file(told, tmp_path):
    request = ask(told)
    told.forget_offered(request)
    receipt = told.memory.forget("ada", request.id, now=True)
    assert receipt.is_clean, receipt
    told.models._chat.script |= {"core": '"name": "Ada"', "episodic": _topic("Ada talked.")}
    told.wait("ada")
    told.close()
    assert files_with(tmp_path / "data", ["Jonasquill"]) == 0


def test_a_no_keeps_all_of_it(told):
    ask(told)
    assert ask(told, "no", "2026-03-09 09:01").reply == "Nothing was forgotten: all of it is kept."
    assert BROTHER in known(told)
    told.models._chat.script["reasoning"] = answer("Yes what?")
    assert ask(told, "yes", "2026-03-09 09:02").reply == "Yes what?", "it was answered already"


def test_a_yes_to_something_else_forgets_nothing(told):
    ask(told)
    told.models._chat.script["reasoning"] = answer("It is sunny.")
    ask(told, "What is the weather like?", "2026-03-09 09:01")
    ask(told, "yes", "2026-03-09 09:02")
    ask(told, ASK, "2026-03-09 09:03")
    ask(told, "yes", "2026-03-09 12:00")
    assert BROTHER in known(told), "nor one that comes hours later"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Forget Jonasquill and the heron.", ["You keep a heron.", VEGAN]),
        ("I don't want you to remember my brother.", [NAMED_BROTHER, VEGAN]),
        ("Lösch bitte alles über Jonasquill", [NAMED_BROTHER]),
        ("delete what I told you yesterday", ["I keep a heron."]),
        ("Sorry, please forget what I just told you.", ["I keep a heron."]),
        ("erase that", ["I keep a heron."]),
    ],
)
def test_what_is_named_is_what_was_meant(told, text, named):
    time = "2026-03-05 09:10" if "yesterday" not in text else "2026-03-06 12:00"
    turn = ask(told, text, time)
    assert turn.state is TurnState.REQUEST
    for one in named:
        assert one in turn.reply
    if "heron" not in text and named[-1] != NAMED_BROTHER and named[-1] != VEGAN:
        assert "onasquill" not in turn.reply


def test_nothing_found_says_so_and_what_to_do(told):
    turn = ask(told, "Please forget what I told you about Zaphod")
    assert "found nothing about “Zaphod”" in turn.reply
    assert "nothing was forgotten" in turn.reply
    assert "Zaphod" not in "".join(one.text for one in told.memory.search("ada", "Zaphod", limit=50))


def test_everything_points_to_where_the_user_is_deleted(told):
    turn = ask(told, "Please delete everything you know about me")
    assert "persona user delete ada" in turn.reply
    assert BROTHER in known(told)


def test_this_message_itself_is_forgotten(told):
    turn = ask(told, "My PIN is 4711. Please don't remember that.")
    assert "4711" in turn.reply
    assert "heron" not in turn.reply
    ask(told, "yes", "2026-03-09 09:01")
    assert "4711" not in known(told)


def test_off_the_record_nothing_is_written_before_a_yes(told):
    turns = len(told.memory.journal.turns("ada"))
    turn = ask(told, off_the_record=True)
    assert NAMED_BROTHER in turn.reply
    assert len(told.memory.journal.turns("ada")) == turns
    assert not told.memory.browse.undoable("ada")
    told.forget_offered(turn)
    assert "onasquill" not in known(told)


def test_what_only_sounds_like_it_goes_to_the_model_with_a_note(told):
    chat = told.models._chat
    turn = ask(told, "Forget it.")
    assert "you cannot do that" in chat.prompts("reasoning")[-1]
    assert turn.state is TurnState.ANSWERED
    assert turn.trace.notes[0].startswith("Nothing was forgotten"), "the model claimed that it had"
    ask(told, "I forgot my keys", "2026-03-09 09:01")
    assert "you cannot do that" not in chat.prompts("reasoning")[-1]


@pytest.mark.usefixtures("asking")
def test_what_waits_for_a_yes_can_be_forgotten_too(told):
    chat = told.models._chat
    chat.script |= {"reasoning": answer("Oh."), "semantic": fact("The user's salary is 52,000.", "salary")}
    ask(told, "My salary is 52,000 a year.", "2026-03-08 09:00")
    told.wait("ada")
    assert told.memory.approvals.waiting("ada")
    turn = ask(told, "Please forget my salary")
    assert "52,000" in turn.reply
    ask(told, "yes", "2026-03-09 09:01")
    assert not told.memory.approvals.waiting("ada")
    assert "52,000" not in known(told)


def test_a_request_goes_with_what_it_named_when_that_is_forgotten_elsewhere(told):
    request = ask(told)
    [one] = [one for one in told.memory.memories.entries("ada", kind="semantic") if one.content == VEGAN]
    told.memory.forget("ada", one.id)
    assert told.memory.journal.turn(request.id).state is TurnState.FORGOTTEN
    told.memory.undo("ada", one.id)
    assert told.memory.journal.turn(request.id).text == ASK


@pytest.fixture
def command(told, monkeypatch, capsys):
    """Run a command on the folder of `told`; returns what it printed."""
    from app.service import PersonaService

    monkeypatch.setattr(PersonaService, "from_settings", lambda work=False: told)
    monkeypatch.setattr(told, "close", lambda: None)

    def run(*words: str, typed: str = "") -> tuple[str, str]:
        lines = iter(typed.splitlines())
        monkeypatch.setattr("builtins.input", lambda _question: next(lines, ""))
        monkeypatch.setattr("sys.argv", ["persona", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        out, err = capsys.readouterr()
        return out, err

    return run


def test_ask_says_what_forgets_it(command, told):
    out, err = command("ask", ASK, "--user", "ada", "--time", "2026-03-09 09:00")
    assert NAMED_BROTHER in out
    assert "`persona ask yes --user ada --time 2026-03-09T09:00" in err
    out, err = command("ask", "yes", "--user", "ada", "--time", "2026-03-09 09:01")
    assert out.startswith("Forgotten (")
    assert "persona memory undo tur_" in err
    assert "onasquill" not in known(told)


def test_ask_keeps_its_keys_and_adds_what_would_be_forgotten(command):
    plain = json.loads(command("ask", "Hello", "--user", "ada", "--json", "--time", "2026-03-09 08:00")[0])
    asked = json.loads(command("ask", ASK, "--user", "ada", "--json", "--time", "2026-03-09 09:00")[0])
    assert set(asked) == {*plain, "forget"} - {"notes"}
    assert asked["state"] == "answered"
    assert {one["kind"] for one in asked["forget"]["entries"]} == {"semantic", "core", "episodic", "turn"}


@pytest.mark.parametrize(("typed", "gone"), [("y", True), ("n", False), ("", False)])
def test_chat_asks_yes_or_no(command, told, typed, gone):
    out, _ = command("chat", "--user", "ada", "--time", "2026-03-09 09:00", typed=f"{ASK}\n{typed}\n")
    assert ("Forgotten (" in out) is gone
    assert ("Nothing was forgotten" in out) is not gone
    assert ("onasquill" not in known(told)) is gone


def test_chat_off_the_record_asks_too(command, told):
    command("chat", "--user", "ada", "--off-the-record", typed=f"{ASK}\nyes\n")
    assert "onasquill" not in known(told)


def test_another_message_instead_of_yes_or_no_is_answered(command, told):
    told.models._chat.script["reasoning"] = answer("Sunny.")
    out, _ = command("chat", "--user", "ada", "--time", "2026-03-09 09:00", typed=f"{ASK}\nHow is the weather?\n")
    assert out.strip().endswith("Sunny.")
    assert BROTHER in known(told)


def test_what_is_not_remembered_yet_is_forgotten_too(serve):
    service = serve(ScriptedChat({"semantic": fact(VEGAN, "Jonasquill")}))
    list(service.stream("ada", VEGAN, time="2026-03-09 08:50"))
    assert VEGAN in ask(service).reply
    ask(service, "yes", "2026-03-09 09:01")
    service.wait("ada")
    assert "onasquill" not in known(service)


def test_an_archive_takes_a_request_along_and_nothing_is_made_of_it(told, tmp_path):
    ask(told)
    told.memory.export_user("ada", tmp_path / "ada.zip")
    told.memory.delete_user("ada")
    told.memory.import_user(tmp_path / "ada.zip")
    told.wait("ada")
    assert told.memory.journal.turns("ada")[-1].state is TurnState.REQUEST
    assert not [one for one in told.memory.memories.entries("ada") if "forgotten" in one.model_dump_json()]
    ask(told, "yes", "2026-03-09 09:01")
    assert "onasquill" not in known(told)


def test_another_users_yes_and_things_are_their_own(told):
    list(told.stream("bob", "Jonasquill is my cat.", time="2026-03-09 08:00"))
    ask(told)
    list(told.stream("bob", "yes", time="2026-03-09 09:01"))
    assert BROTHER in known(told)
    ask(told, "yes", "2026-03-09 09:02")
    assert told.memory.journal.turns("bob")[0].text == "Jonasquill is my cat."


def test_made_again_a_request_asks_again_and_both_go(told):
    first = ask(told)
    again = list(told.answer_again("ada", first.id))[-1].turn
    assert again.trace.forget.state == "open"
    told.forget_offered(again)
    assert "onasquill" not in known(told)


def test_several_ids_are_forgotten_and_brought_back_together(command, told, monkeypatch):
    monkeypatch.setattr("app.cli.memory_commands.open_memory", lambda: nullcontext(told.memory))
    names = [one.id for one in told.memory.memories.entries("ada", kind="semantic") if "onasquill" in one.content]
    out, _ = command("memory", "forget", *names, "--user", "ada", "--json")
    assert json.loads(out)["id"] == names[0]
    assert "onasquill" not in known(told)
    told.memory.undo("ada", names[0])
    assert BROTHER in known(told)
    assert VEGAN in known(told)
