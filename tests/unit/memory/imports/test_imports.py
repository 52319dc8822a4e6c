"""An import is written to its end or not at all, never twice, found by its words at once, and undone as a whole."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select

from memory.core import clock
from memory.core.errors import InvalidInput, NotFound
from memory.core.records import BigFive, PersonalityPoint, SemanticMemory, make_id
from memory.core.speakers import own_text
from memory.facts.acceptance import Changes
from memory.imports import service
from memory.imports.lines import ImportedLine, ImportedPicture, Source
from memory.imports.reasons import BAD_PICTURES, KNOWN, PICTURES_ALONE
from memory.index.documents import in_sequence, places
from memory.personality.pem import evolve
from memory.storage.schema import metadata, turns

BEGIN = clock.parse_time("2025-03-01 09:00", "UTC")
SOURCE = Source("chatgpt", "conversations.json", messages=lambda: 1)


def line(minute, text="Yes.", reply="Ok", conversation="a", **more):
    return ImportedLine(BEGIN + timedelta(minutes=minute), text, reply, conversation, **more)


def taken(memory, *lines, depth="none", user="ada"):
    begun = memory.imports.begin(user, SOURCE, lines, depth)
    return memory.imports.write(user, begun.id)


def said(memory, user="ada"):
    return [turn.text for turn in memory.journal.turns(user)]


def rows(memory):
    """All rows of all tables but those that count users."""
    with memory._database.read() as connection:
        return {
            table.name: sorted(map(str, connection.execute(select(table)).all()))
            for table in metadata.sorted_tables
            if table.name not in ("users", "api_keys")
        }


class TestWriting:
    def test_the_turns_of_a_conversation_are_sessions_of_their_own(self, memory):
        done = taken(
            memory, line(0, "One"), line(5, "Two"), line(2, "Other", conversation="b"), line(90, "Three"), line(91, "Four")
        )
        assert (done.added, done.state) == (5, "done")
        assert said(memory) == ["One", "Other", "Two", "Three", "Four"]
        numbers = {turn.text: turn.session for turn in memory.journal.turns("ada")}
        assert numbers["One"] == numbers["Two"] != numbers["Other"]
        assert numbers["Three"] == numbers["Four"] not in (numbers["One"], numbers["Other"])

    def test_it_takes_its_place_before_what_was_said_here(self, memory):
        memory.journal.finish(memory.receive("ada", "Today").id, "Ok")
        taken(memory, line(0, "Then"))
        assert said(memory) == ["Then", "Today"]

    def test_what_another_person_said_keeps_their_name(self, memory):
        taken(memory, line(0, "Bea: I have a dog.", "", speaker="Bea", by_other=True), line(1, "Ada: Nice!", "", speaker="Ada"))
        assert [(turn.speaker, turn.by_other, own_text(turn)) for turn in memory.journal.turns("ada")] == [
            ("Bea", True, "Bea: I have a dog."), ("Ada", False, "Nice!"),
        ]  # fmt: skip

    def test_nothing_is_written_if_the_source_ends_in_an_error(self, memory, tmp_path):
        before = rows(memory)

        def broken():
            yield line(0)
            raise InvalidInput("The file is cut off.")

        with pytest.raises(InvalidInput, match="cut off"):
            memory.imports.begin("ada", SOURCE, broken(), "none")
        assert rows(memory) == before
        assert list((tmp_path / "data" / "imports").iterdir()) == []

    def test_a_source_without_a_message_is_refused(self, memory):
        with pytest.raises(InvalidInput, match="no message"):
            memory.imports.begin("ada", Source("chatgpt", "conversations.json"), [], "none")

    def test_pictures_come_along_and_broken_ones_are_counted(self, memory):
        data = io.BytesIO()
        Image.new("RGB", (40, 40), "red").save(data, "PNG")
        pictures = tuple(ImportedPicture(str(one), lambda one=one: one) for one in (data.getvalue(), b"no picture"))
        done = taken(memory, line(0, "Look", pictures=pictures))
        [turn] = memory.journal.turns("ada")
        assert [photo.id for photo in memory.photos.list("ada")] == list(turn.images)
        assert done.skipped == {BAD_PICTURES: 1}


class TestAgain:
    def test_the_same_file_adds_nothing(self, memory):
        lines = [line(0, "One"), line(0, "One"), line(1, "Two")]
        assert taken(memory, *lines).added == 3
        again = taken(memory, *lines)
        assert (again.added, again.skipped) == (0, {KNOWN: 3})
        assert len(said(memory)) == 3
        assert len(memory.imports.of("ada")) == 1, "there is nothing to undo"
        assert list((memory.folder / "imports").iterdir()) == []

    def test_a_longer_export_adds_what_is_new(self, memory):
        taken(memory, line(0, "One"), line(0, "One"))
        assert taken(memory, line(0, "One"), line(0, "One"), line(0, "One"), line(5, "Two")).added == 2
        assert said(memory) == ["One", "One", "One", "Two"]

    def test_equal_messages_of_two_conversations_in_one_file_are_both_taken(self, memory):
        assert taken(memory, line(0, "Hi"), line(0, "Hi", conversation="b")).added == 2

    @pytest.mark.parametrize("first_has_seconds", [True, False])
    def test_a_source_without_seconds_has_the_same_message_once(self, memory, first_has_seconds):
        exact = line(0.4, "Hi")
        rough = line(0, "Hi", has_seconds=False)
        one, two = (exact, rough) if first_has_seconds else (rough, exact)
        taken(memory, one)
        assert taken(memory, two).added == 0

    def test_with_seconds_two_messages_of_a_minute_are_two(self, memory):
        taken(memory, line(0.4, "Hi"))
        assert taken(memory, line(0.8, "Hi")).added == 1

    def test_what_was_said_here_and_forgotten_does_not_come_back(self, memory):
        taken(memory, line(0, "I have a dog."), line(1, "I have a cat."))
        [dog, _] = memory.journal.turns("ada")
        memory.forget("ada", dog.id, now=True)
        assert taken(memory, line(0, "I have a dog."), line(1, "I have a cat.")).added == 0
        rough = line(0, "I have a dog.", has_seconds=False)
        assert taken(memory, rough).added == 0

    @given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab")), max_size=8), st.integers(0, 8))
    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
    def test_a_part_and_then_the_whole_is_as_the_whole_alone(self, memory, given_lines, cut):
        if not given_lines:
            return
        user = f"user {make_id('x', 'turn', repr((given_lines, cut)))}"
        lines = [line(minute, text) for minute, text in given_lines]
        if lines[:cut]:
            taken(memory, *lines[:cut], user=user)
        taken(memory, *lines, user=user)
        assert sorted(said(memory, user)) == sorted(text for _, text in given_lines)


class TestInterrupted:
    def test_it_goes_on_to_its_end_wherever_it_was(self, memory, monkeypatch):
        monkeypatch.setattr(service, "_BATCH_LINES", 3)
        lines = [line(minute * 7, f"Message {minute}", conversation="ab"[minute % 2]) for minute in range(20)]
        stops = 0
        while True:
            user = f"user {stops}"
            begun = memory.imports.begin(user, SOURCE, lines, "all")
            left = [stops]

            def stop(_rows, left=left):
                left[0] -= 1
                if left[0] < 0:
                    raise KeyboardInterrupt

            try:
                memory.imports.write(user, begun.id, stop)
            except KeyboardInterrupt:
                stops += 1
            else:
                break
            assert memory.imports.unfinished() == [(user, begun.id, "writing")]
            memory.imports.resume()
            assert memory.imports.unfinished() == []
            assert said(memory, user) == [one.text for one in lines]
            numbers = [turn.session for turn in memory.journal.turns(user)]
            assert len(set(numbers)) == 2
            assert memory.work.count(user) == 22
        assert stops == 7

    def test_an_undo_goes_on_too(self, memory, monkeypatch):
        done = taken(memory, line(0, "One"))
        monkeypatch.setattr(service.undoing, "remove", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            memory.imports.undo("ada", done.id)
        monkeypatch.undo()
        assert memory.imports.get("ada", done.id).state == "undoing"
        memory.imports.resume()
        assert said(memory) == []


class TestDepth:
    def test_none_leaves_nothing_to_read(self, memory):
        taken(memory, line(0))
        assert memory.work.count("ada") == 0

    def test_sessions_are_read_newest_first_and_after_what_is_said_here(self, memory):
        taken(memory, line(0), line(100), line(200), depth="sessions")
        memory.journal.finish(memory.receive("ada", "Today").id, "Ok")
        first = memory.work.next_of("ada")
        assert first.kind == "remember"
        with memory._database.write() as connection:
            from memory.storage import work_queue

            work_queue.done(connection, "ada", "remember", first.subject)
        newest = max(memory.journal.turns("ada")[:-1], key=lambda turn: turn.time)
        assert memory.work.next_of("ada").subject == str(newest.session)

    def test_all_reads_every_message_in_the_order_of_time(self, memory):
        taken(memory, line(0, "One"), line(1, "Two"), line(100, "Three"), depth="all")
        first = memory.work.next_of("ada")
        assert (first.kind, first.subject) == ("remember", memory.journal.turns("ada")[0].id)
        assert memory.work.count("ada") == 5


class TestUndo:
    def test_it_leaves_everything_as_it_was(self, memory):
        memory.journal.finish(memory.receive("ada", "I have a cat.").id, "Ok")
        memory.index("ada")
        before = rows(memory)
        done = taken(memory, line(0, "I have a dog named Rex."), line(100, "Rex barks."), depth="all")
        while memory.imports.deepen("ada"):
            pass
        assert memory.search("ada", "dog Rex")
        assert memory.imports.undo("ada", done.id) == {"messages": 2, "memories": 0, "pictures": 0}
        assert rows(memory) == before
        assert all("Rex" not in found.text for found in memory.search("ada", "dog Rex"))
        assert memory.imports.of("ada") == []

    def test_facts_that_it_superseded_are_valid_again(self, memory):
        turn = memory.receive("ada", "I live in Lima.", time=BEGIN - timedelta(days=9))
        memory.journal.finish(turn.id, "Ok")
        old = fact(memory, turn, "The user lives in Lima.")
        done = taken(memory, line(0, "I live in Oslo."))
        imported = next(one for one in memory.journal.turns("ada") if one.text == "I live in Oslo.")
        fact(memory, imported, "The user lives in Oslo.", Changes(supersedes=[old.id]))
        assert memory.memories.entries("ada", ids=[old.id])[0].valid_until == imported.time
        memory.imports.undo("ada", done.id)
        [left] = memory.memories.entries("ada", kind="semantic")
        assert (left.id, left.valid_until) == (old.id, None)

    def test_the_personality_is_as_it_was(self, memory):
        mine = memory.receive("ada", "I painted.", time=BEGIN + timedelta(days=9))
        done = taken(memory, line(0, "I worry."))
        [imported] = [one for one in memory.journal.turns("ada") if one.text == "I worry."]
        for turn, inferred in ((mine, BigFive(openness=5)), (imported, BigFive(neuroticism=5))):
            last = memory.personality.before("ada", turn.time) or PersonalityPoint(turn_id=None, time=turn.time)
            scores = evolve(last.scores, inferred, 0)
            point = PersonalityPoint(turn_id=turn.id, time=turn.time, inferred=inferred, scores=scores)
            memory.memories.commit_remember("ada", turn.id, point, None, before=last.scores)
        assert memory.personality.newest("ada").scores.neuroticism > 3.0
        memory.imports.undo("ada", done.id)
        [left] = memory.personality.history("ada")
        assert (left.turn_id, left.scores, left.m) == (mine.id, BigFive(openness=4), 0)

    def test_the_same_file_can_be_imported_again(self, memory):
        done = taken(memory, line(0, "One"))
        memory.imports.undo("ada", done.id)
        assert taken(memory, line(0, "One")).added == 1

    def test_other_peoples_imports_do_not_exist(self, memory):
        done = taken(memory, line(0))
        with pytest.raises(NotFound):
            memory.imports.undo("bea", done.id)
        assert memory.imports.of("bea") == []
        assert said(memory)


def fact(memory, turn, text, changes=None):
    record = SemanticMemory(
        id=make_id("ada", "semantic", turn.id), content=text, keywords=(), time=turn.time, turn_id=turn.id, reason="said"
    )
    memory.memories.commit_remember("ada", turn.id, None, record, changes)
    return record


class TestSearch:
    def test_its_words_are_found_at_once_and_its_meaning_later(self, memory):
        taken(memory, line(0, "I play the cello."), line(1, "My sister plays chess."))
        assert memory.imports.shallow("ada") == (2, 0)
        assert memory.search("ada", "cello")[0].text.count("cello")
        assert memory.imports.deepen("ada") == 2
        assert memory.imports.shallow("ada") == (0, 2)
        assert memory.imports.deepen("ada") == 2
        assert memory.imports.shallow("ada") == (0, 0)
        assert memory.imports.deepen("ada") == 0

    def test_embedded_whole_it_is_found_as_if_it_had_been_said_here(self, memory):
        lines = [
            line(minute, f"I saw {what} today. It was fine.", "Nice.") for minute, what in enumerate(("a cat", "a dog", "rain"))
        ]
        taken(memory, *lines)
        while memory.imports.deepen("ada"):
            pass
        imported = memory._indexes.search
        found = {kind: sorted(_vectors(imported, "ada")) for kind in ("turn",)}
        with memory._database.write() as connection:
            connection.execute(turns.update().values(indexed_revision=0))
        memory._indexer.run("ada")
        assert found == {"turn": sorted(_vectors(memory._indexes.search, "ada"))}

    def test_a_turn_that_changes_meanwhile_keeps_its_new_words(self, memory):
        taken(memory, line(0, "I play the cello."))
        [turn] = memory.journal.turns("ada")
        memory.journal.finish(memory.threads.change(turn.id, "I play chess.", None).id, "Nice.")
        memory.index("ada")
        while memory.imports.deepen("ada"):
            pass
        assert memory.imports.shallow("ada") == (0, 0)
        assert "chess" in memory.search("ada", "play")[0].text

    @given(st.lists(st.tuples(st.integers(0, 200), st.sampled_from("ab")), min_size=1, max_size=12))
    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
    def test_places_in_sequence_are_those_that_are_counted(self, memory, given_lines):
        user = f"user {make_id('x', 'turn', repr(given_lines))}"
        taken(memory, *(line(minute, "Hi", conversation=name) for minute, name in given_lines), user=user)
        query = select(turns).where(turns.c.user_id == user).order_by(turns.c.session, turns.c.at, turns.c.seq)
        with memory._database.read() as connection:
            stored = connection.execute(query).all()
            counted, walked = places(connection, stored), in_sequence(connection, stored)
        assert {name: (one.number, one.before and one.before.id) for name, one in walked.items()} == {
            name: (one.number, one.before and one.before.id) for name, one in counted.items()
        }


def test_a_person_who_is_deleted_while_their_history_is_written_does_not_come_back(memory, monkeypatch):
    monkeypatch.setattr(service, "_BATCH_LINES", 2)
    begun = memory.imports.begin("ada", SOURCE, [line(minute, f"Message {minute}") for minute in range(6)], "none")
    with pytest.raises(NotFound, match="gone"):
        memory.imports.write("ada", begun.id, lambda _rows: memory.delete_user("ada") if said(memory) else None)
    assert memory.journal.users() == []
    assert not any(memory.left_of("ada").values())
    assert list((memory.folder / "imports").iterdir()) == []


def test_a_restart_leaves_an_import_that_is_being_written_to_its_thread(memory):
    begun = memory.imports.begin("ada", SOURCE, [line(0)], "none")
    memory.imports.resume()
    assert memory.imports.get("ada", begun.id).state == "writing"
    assert memory.imports.write("ada", begun.id).state == "done"


def _vectors(index, user):
    with index.files.use(user) as (file, _):
        return file.execute("SELECT id, facets, vectors, tokens, session, seq FROM entries JOIN kept USING (number)").fetchall()


def test_the_same_message_of_a_program_that_keeps_whole_seconds_is_one(memory):
    taken(memory, line(0.4, "Hi"))
    exact = ImportedLine(BEGIN + timedelta(minutes=0.4, milliseconds=700), "Hi", "Ok", "a")
    assert taken(memory, exact).added == 0
    both = [ImportedLine(BEGIN + timedelta(minutes=3, milliseconds=one), "Ho", "Ok", "a") for one in (100, 900)]
    taken(memory, both[0])
    assert taken(memory, both[1]).added == 1


def test_a_message_of_an_unreadable_picture_alone_is_no_turn(memory):
    broken = (ImportedPicture("a.jpg", lambda: b"no picture"),)
    done = taken(memory, line(0, "Ada:", "", speaker="Ada", pictures=broken), line(1, "", "", pictures=broken), line(2, "Hi"))
    assert (said(memory), done.added) == (["Hi"], 1)
    assert done.skipped == {BAD_PICTURES: 2, PICTURES_ALONE: 2}
