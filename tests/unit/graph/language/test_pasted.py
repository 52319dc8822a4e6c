"""What was pasted or quoted is no fact about the person; their own words around it are."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.language.pasted import own_words, without_marks
from tests.fakes import ScriptedChat, fact

often = settings(deadline=None, max_examples=100)
LETTER = (
    "Dear Ms Brandt,\n\nI have sold the house and I am moving to Oslo in June. The rent rises by 50 euros from July on. "
    "Please send me the keys by then.\n\nKind regards,\nOtto Klein"
)
ARTICLE = (
    "The city of Oslo lies at the end of a fjord. It was founded in the year 1040 and is the capital of the country. The harbour "
    "is the largest of the land, and the city has grown faster than any other of the north. In the last years the railway was "
    "rebuilt and the roads were closed to cars in the centre. The people of the city like the forests around it, and on Sundays "
    "the trams to the lakes are full. The museums of the peninsula show ships and rafts of famous journeys, and the new library "
    "by the water is open until late in the evening. The mayor said that the plans for the next years are ready and the money is there."
)
PASTED = {
    "fenced code": '```python\nname = "Bob"\ncity = "Oslo"\n```',
    "a fence that is not closed": "~~~\nI am Bob from Oslo",
    "JSON": '{"name": "Bob", "city": "Oslo", "likes": ["tea", "jazz"]}',
    "JSON lines": '{\n  "name": "Bob",\n  "city": "Oslo"\n}',
    "JSON cut off": '{\n  "name": "Bob",\n  "city": "Oslo",\n  "pets": [',
    "a list": '["Oslo", "Rome", "Graz", "Bob"]',
    "Python": 'def greet(name):\n    print("I live in Oslo")\n\ngreet("Bob")',
    "JavaScript": 'const me = "Bob";\nfunction city() {\n  return "Oslo";\n}',
    "one line of Java": 'System.out.println("I live in Oslo");',
    "SQL": "SELECT name FROM people\nWHERE city = 'Oslo';",
    "HTML": "<p>I am Bob and I live in <b>Oslo</b></p>",
    "YAML": "services:\n  db:\n    image: postgres\n    user: bob\n    city: oslo",
    "a log": "2026-01-01 10:00:00 INFO Bob logged in\n2026-01-01 10:00:01 ERROR Bob moved to Oslo",
    "a stack trace": 'Traceback (most recent call last):\n  File "/app/x.py", line 3, in <module>\n    main()\nValueError: I live in Oslo',
    "CSV": "name,city,age\nBob,Oslo,34\nEve,Rome,22",
    "a table": "| name | city |\n|------|------|\n| Bob | Oslo |",
    "a diff": 'diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-city = "Rome"\n+city = "Oslo"',
    "a quoted mail": "On Mon, 3 May 2026, Bob <b@x.org> wrote:\n> I moved to Oslo.\n> I have a dog.",
    "a mail": "From: Bob <bob@x.org>\nTo: Anna\nSubject: Holiday\n\nI am in Oslo with my wife.\n\nBest wishes,\nBob",
    "a letter": LETTER,
    "a chat": "User: I have a dog called Rex.\nAssistant: Nice!\nUser: I live in Oslo.",
    "a phone's chat": "[12/01/2026, 10:00:11] Bob: I moved to Oslo\n[12/01/2026, 10:01:12] Eve: I have a dog",
    "an article": ARTICLE,
    "a long quotation": "“I was born in Oslo. " + "I worked there as a baker for years. " * 6 + "”",
}
OWN = (
    "My sister Lena is a nurse in Graz, and I miss her.",
    "I have two kids: Mia and Ben.\nMia = 5, Ben = 7.\nWe live in Graz.",
    "name: Anna\nage: 30\ncity: Graz\nlikes: tea",
    "Today I did a lot:\n- went running (5 km)\n- called mum; she is fine\n- bought eggs, milk, bread\nTomorrow: rest.",
    "She said “I live in Oslo” and I laughed. [really] {well}",
    "Here is my cover letter:\n\nDear Ms Brandt,\n\nI am a nurse from Graz with ten years of experience.\n\nKind regards,\nAnna",
    "Ich ziehe nach Wien.\n\nMeine Schwester sagt: bleib!",
    "我的狗叫豆豆。\n他三岁。",
    "My brother wrote a letter. He says: come home! I will.",
    "    I indent everything I write.",
    "From: my heart. I love Graz.",
    "",
)


@pytest.mark.parametrize("name", PASTED)
def test_a_paste_is_cut_out_and_the_persons_own_words_around_it_stay(name):
    before, after = "My sister Lena sent me this from Graz.", "I am tired of it, I leave my job."
    own = own_words(f"{before}\n\n{PASTED[name]}\n\n{after}")
    if name != "a fence that is not closed":
        assert after in own
    assert before in own
    assert "Oslo" not in own
    assert "Bob" not in own
    assert "[pasted " in own or "[quoted text]" in own


@pytest.mark.parametrize("name", PASTED)
def test_nothing_is_left_of_a_paste_alone(name):
    assert not without_marks(own_words(PASTED[name])).strip()


@pytest.mark.parametrize("text", OWN)
def test_ones_own_words_stay_whole(text):
    assert own_words(text) == text
    assert without_marks(text) == text


def test_what_is_introduced_as_somebody_elses_text_is_cut_up_to_its_end():
    own = own_words(f"Here is a letter from my landlord:\n\n{LETTER}\n\nI am so angry about that.")
    assert own == "Here is a letter from my landlord:\n\n[pasted e-mail]\n\nI am so angry about that."
    story = "I was born in Oslo. " * 20
    assert own_words(f"My teacher gave me this text:\n{story}\nWhat do you think?").startswith(
        "My teacher gave me this text:\n["
    )
    assert "Oslo" not in own_words(f"My teacher gave me this text:\n{story}\nWhat do you think?")


@often
@given(st.text())
def test_any_text_is_read_and_reading_twice_changes_nothing(text):
    own = own_words(text)
    assert own_words(own) == own


@often
@given(
    st.dictionaries(st.text(st.characters(categories=["L"]), min_size=1, max_size=8), st.text(max_size=20), min_size=1),
    st.sampled_from([None, 2]),
)
def test_no_value_of_json_is_left(values, indent):
    data = {f"key_{key}": f"⟦{value}⟧" for key, value in values.items()}
    assert "⟦" not in own_words(f"I got this today:\n{json.dumps(data, indent=indent)}\nIt is odd.").replace("\\u27e6", "⟦")


@often
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200).map(lambda text: text.replace("```", "")))
def test_nothing_inside_a_fence_is_left(text):
    assert own_words(f"I say\n```\n⟦{text}⟧\n```\nthis.") == "I say\n[pasted code]\nthis."


@pytest.mark.parametrize(
    "sign", ["{", "[1,", "\n", "> \n", "a,b,c\n", "From: x\n", "User: a\n", "```\n", "“", "Dear x,\n", "key:\n "]
)
def test_a_text_of_any_length_costs_time_in_proportion(sign):
    assert isinstance(own_words(sign * (20_000 // len(sign))), str)


def test_a_paste_is_not_shown_to_extraction_nor_to_the_judge_of_personality_and_stays_searchable(serve):
    chat = ScriptedChat({"semantic": fact("The user's sister is called Lena.", "Lena")})
    service = serve(chat)
    said = f"My sister Lena sent me this:\n{PASTED['JSON lines']}"
    list(service.stream("ada", said, time="2026-03-01 09:00"))
    service.wait("ada")
    service.memory.journal.end_session("ada")
    service.wait("ada")
    assert "Lena" in chat.prompts("reasoning")[-1]
    assert "Oslo" in chat.prompts("reasoning")[-1]
    for step in ("semantic", "personality", "core", "procedural"):
        (prompt,) = chat.prompts(step)
        assert "My sister Lena sent me this:\n[pasted code]" in prompt
        assert "Oslo" not in prompt
    (found,) = service.memory.search("ada", "Oslo", kind="turn")
    assert "Oslo" in found.text


@pytest.mark.parametrize("name", PASTED)
def test_no_model_is_asked_what_a_paste_alone_tells_of_the_person(serve, name):
    chat = ScriptedChat({"semantic": fact("The user lives in Oslo.", "Oslo")})
    service = serve(chat)
    list(service.stream("ada", PASTED[name], time="2026-03-01 09:00"))
    service.wait("ada")
    assert not {"semantic", "personality"} & set(chat.steps())
    assert not service.memory.memories.entries("ada", kind="semantic")
    assert service.memory.personality.newest("ada").inferred.openness == 3
