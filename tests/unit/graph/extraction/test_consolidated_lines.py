"""What a small model writes of a session: only what one sentence of the person bears is kept, in profile and habits."""

from __future__ import annotations

import pytest

from graph.extraction.kept_habits import keep_habits
from graph.extraction.kept_profile import keep_profile
from graph.extraction.said_words import Said
from graph.formats.memory_formats import parse_mapping
from graph.prompts.briefing import Style
from graph.prompts.texts import Prompts
from memory.core import clock
from tests.fakes import ScriptedChat

OLIVES = "There were olives on the pizza last night. I can't stand olives."
FLATMATE = "guess what, my flatmate Devi got into the conservatoire in Manchester!! cello. we danced round the kitchen"
AT = clock.parse_time("2026-03-02 09:00", "UTC")
BRAKES = "had my yearly assessment this morning. the assessor was a Martin Hale and he wrote down that I brake like butter"


@pytest.fixture
def session(serve):
    """Let one person say some sentences, and the model rewrite profile and habits of it; returns both."""
    services = []

    def talk(*said, core="", procedural="none", size="small", again=False):
        script = {"core": core or '"name": "unknown"', "procedural": procedural, "worth": '"decision": false'}
        if not again:
            services[:] = [serve(ScriptedChat(script), style=Style(size=size))]
        service = services[0]
        service.models._chat.script |= script
        for text in said:
            list(service.stream("ada", text, time=f"2026-03-{2 + 7 * again:02} 09:00"))
        service.memory.journal.end_session("ada")
        service.wait("ada")
        habits = [entry.text for entry in service.memory.memories.entries("ada", kind="procedural")]
        profile = service.memory.memories.profile("ada").values()
        return {key: value for key, value in profile.items() if value != "unknown"}, habits

    return talk


def profile_of(written, *said):
    return keep_profile(parse_mapping(written), {}, Said(tuple((text, AT) for text in said)), Prompts().core, small=True)


def habits_of(line, said):
    kept = keep_habits({"line": line}, {}, Said(((said, AT),)), Prompts().procedural, small=True)
    return list(kept.values())


@pytest.mark.parametrize(
    ("said", "core"),
    [
        (["I drive trams in Sheffield."], '"pets": "parrot Zazu"'),
        (["The landlady, Mrs Pike, lives below and has a parrot called Admiral."], '"pets": "parrot Zazu"'),
        (["The landlady, Mrs Pike, lives below and has a parrot called Admiral."], '"pets": "parrot Admiral"'),
        (["When Greta is away we get Leopold. he just waves", "I drive trams."], '"likes": "clocks, trams, Leopold"'),
        (
            [BRAKES, "not Martin from upstairs, he has my drill"],
            '"dislikes": "brakes like butter, Martin from upstairs, Greta"',
        ),
        ([BRAKES], '"likes": "butter"'),
        (["My back hurts after the move."], '"health": "healthy"'),
        (["I'm now at the Kelham depot, on route 12."], '"new information": "I\'m now at the Kelham depot, on route 12"'),
        ([FLATMATE], '"studies": "conservatoire in Manchester"'),
        (["My brother is a nurse in Leeds."], '"work": "nurse in Leeds"'),
        (["I drive trams in Sheffield, out of the Halfmoon depot."], '"work": "Sheffield"'),
        (["There's another Rosalind at my pool, a diver."], '"name": "Rosalind"'),
        (["Do you think I like opera?"], '"likes": "opera"'),
        (["I have no dog."], '"pets": "dog"'),
        (["My sister loves opera."], '"likes": "opera"'),
        (["Mein Bruder wohnt in Bremen."], '"home": "Bremen"'),
        (["Mi hermana vive en Sevilla."], '"home": "Sevilla"'),
        (["我妹妹住在成都。"], '"home": "成都"'),
        (["Ich backe gern Brot."], '"pets": "Papagei Zazu"'),
    ],
)
def test_a_profile_line_that_nothing_bears_is_dropped(said, core):
    assert profile_of(core, *said) == {}


@pytest.mark.parametrize(
    ("said", "core", "kept"),
    [
        ("I'm Rosalind but everyone calls me Roz", '"name": "Rosalind"', {"name": "Rosalind"}),
        ("Hello, Ben here.", '"name": "Ben"', {"name": "Ben"}),
        ("I drive trams in Sheffield, out of the Halfmoon depot.", '"work": "tram driver"', {"work": "tram driver"}),
        (OLIVES, '"dislikes": "olives, pizza"', {"dislikes": "olives"}),
        ("I love opera, and I hate plums.", '"likes": "opera, plums"\n"dislikes": "plums"', {"likes": "opera", "dislikes": "plums"}),
        ("My sister Abena is flying out at easter.", '"family": "sister Abena"', {"family": "sister Abena"}),
        ("I have a parrot called Zazu.", '"pets": "parrot Zazu"', {"pets": "parrot Zazu"}),
        ("My knee hurts when I run.", '"health": "knee hurts"', {"health": "knee hurts"}),
        ("I'm 34 and I'm allergic to walnuts.", '"age": "34"\n"allergies": "walnuts"', {"age": "34", "allergies": "walnuts"}),
        ("I play the cello in a quartet.", '"music group": "cello in a quartet"', {"music group": "cello in a quartet"}),
        ("Ich heiße Jürgen und wohne in Bremen.", '"name": "Jürgen"\n"home": "Bremen"', {"name": "Jürgen", "home": "Bremen"}),
        ("Ich mag Pflaumen, aber ich hasse Oper.", '"likes": "Pflaumen, Oper"\n"dislikes": "Oper"', {"likes": "Pflaumen", "dislikes": "Oper"}),
        ("Me llamo Lucía y vivo en Sevilla.", '"name": "Lucía"\n"home": "Sevilla"', {"name": "Lucía", "home": "Sevilla"}),
        ("Me encanta el flamenco.", '"likes": "flamenco, paella"', {"likes": "flamenco"}),
        ("我叫小明，我住在成都。", '"name": "小明"\n"home": "成都"', {"name": "小明", "home": "成都"}),
        ("我很喜欢火锅。", '"likes": "火锅, 川剧"', {"likes": "火锅"}),
    ],
)  # fmt: skip
def test_a_profile_line_that_a_sentence_bears_is_kept(said, core, kept):
    assert profile_of(core, said) == kept


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (FLATMATE, "The user got into the conservatoire in Manchester!! cello. we danced round the kitchen."),
        (BRAKES, "The user had their yearly assessment this morning, and the assessor was Martin Hale."),
        (BRAKES, "The user brake like butter."),
        ("I ring mum every sunday. I had my yearly assessment.", "The user wants to have their yearly assessment this year."),
        (OLIVES, "The user can't stand olives."),
        ("I drive trams.", "The user practises the oboe every Sunday."),
        ("Dennis is a darling. he kept a bacon roll for me every day for six years", "The user keeps a bacon roll every day."),
        ("My brother swims every Friday.", "The user swims every Friday."),
        ("I used to swim every Friday.", "The user swims every Friday."),
        ("I had yoga every Monday last year.", "The user has yoga every Monday."),
        ("After six months he wants to bring back the drill.", "The user wants to bring back the drill."),
        ("Mein Bruder schwimmt jeden Freitag.", "Die Person schwimmt jeden Freitag."),
        ("Mi madre nada todos los viernes.", "La persona nada todos los viernes."),
        ("我妈妈每天早上跑步。", "用户每天早上跑步。"),
        ("Ich habe einen Papagei adoptiert.", "Ich habe einen Papagei adoptiert."),
    ],
)
def test_a_habit_that_nothing_bears_is_dropped(said, line):
    assert habits_of(line, said) == []


@pytest.mark.parametrize(
    ("said", "line", "kept"),
    [
        ("Just off the phone with mum, I ring her every sunday at five.", "The user calls mum every Sunday.",
         "Just off the phone with mum, the user rings her every sunday at five."),
        ("thursday mornings are for the pool", "The user goes to the pool on Thursday mornings.", "Thursday mornings are for the pool"),
        ("I want to get to 100 lengths by the end of august", "The user wants to swim 100 lengths.",
         "The user wants to get to 100 lengths by the end of august"),
        ("so I've started portuguese, fifteen minutes every evening before bed", "The user learns Portuguese every evening.",
         "The user has started portuguese, fifteen minutes every evening before bed"),
        ("I'm saving for a second hand upright, 900 by christmas", "The user saves for a car or an upright.",
         "The user is saving for a second hand upright, 900 by christmas"),
        ("I sing alto with the Harbour Singers, fridays in the methodist hall", "The user sings alto on Fridays.",
         "The user sings alto with the Harbour Singers, fridays in the methodist hall"),
        ("Ich schwimme jeden Donnerstag.", "Die Person schwimmt jeden Donnerstag.", '"Ich schwimme jeden Donnerstag."'),
        ("Quiero aprender portugués este año.", "La persona quiere aprender portugués.", '"Quiero aprender portugués este año."'),
        ("我每天早上跑步。", "用户每天早上跑步。", '"我每天早上跑步。"'),
    ],
)  # fmt: skip
def test_a_habit_is_kept_in_the_persons_own_words(said, line, kept):
    assert habits_of(line, said) == [kept]


def test_a_line_of_before_is_kept_as_it_was_and_a_wrong_one_takes_none_away(session):
    session(
        "I'm Ada. I swim every Friday. I love plums.",
        core='"name": "Ada"\n"likes": "plums"',
        procedural='"swim": "The user swims every Friday."',
    )
    profile, habits = session(
        "I saw a heron.",
        core='"name": "unknown"\n"likes": "plums, herons"\n"pets": "parrot Zazu"',
        procedural='"bird": "The user saw a heron."',
        again=True,
    )  # fmt: skip
    assert profile == {"name": "Ada", "likes": "plums"}
    assert habits == ["The user swims every Friday."]


def test_what_ended_is_left_out(session):
    session("I swim every Friday.", procedural='"swim": "The user swims every Friday."')
    assert session("I gave up swimming.", again=True)[1] == []


def test_a_new_home_a_new_work_and_a_new_taste_replace_the_old(session):
    session(
        "I live in Tartu, I can't stand olives. I work as a baker.",
        core='"home": "Tartu"\n"dislikes": "olives"\n"work": "baker"',
    )
    old = '"home": "Tartu"\n"dislikes": "olives"\n"work": "baker"'
    profile, _ = session(
        "I've moved to Quito with my cat.", "I love olives now.", "I started as an instructor last week.", core=old, again=True
    )
    assert profile == {"home": "Quito", "work": "instructor"}


@pytest.mark.parametrize("said", ["I moved to Leeds in 2010.", "My sister moved to Leeds.", "I would love to live in Leeds."])
def test_an_older_or_only_wished_home_replaces_nothing(session, said):
    assert session("I live in Tartu.", said, core='"home": "Tartu"')[0] == {"home": "Tartu"}


def test_a_larger_model_says_it_in_other_words_and_leaks_no_example(session):
    profile, habits = session(
        "I hiked up Ben Nevis again, as I do each month, and finished two novels.",
        core='"name": "Odile"\n"likes": "outdoor activities, plums"\n"pets": "parrot Zazu"',
        procedural='"hikes": "The user goes for long walks regularly."\n"oboe": "The user practises the oboe every Sunday."',
        size="large",
    )
    assert profile == {"likes": "outdoor activities"}
    assert habits == ["The user goes for long walks regularly."]
