"""Which messages ask to forget something, and what: on two labelled lists, and on what would be costly to get wrong."""

from __future__ import annotations

from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.forget_replies import answer_of, claims
from memory.forgetting.request_match import Sought
from memory.forgetting.request_rules import read


def labelled(name: str) -> list[tuple[bool, str]]:
    lines = (resources.files("evals") / "data" / name).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t", 1) for line in lines]
    return [(label == "ask", text.replace("\\n", "\n")) for label, text in rows]


@pytest.mark.parametrize("name", ["forget_requests.tsv", "forget_requests_2.tsv", "forget_requests_3.tsv"])
def test_nothing_everyday_is_taken_for_a_request_and_few_requests_are_missed(name):
    rows = labelled(name)
    judged = [(asks, (found := read(text)) is not None and found.sure, text) for asks, text in rows]
    assert [text for asks, said, text in judged if said and not asks] == []
    assert sum(asks and said for asks, said, _ in judged) >= 0.95 * sum(asks for asks, _, _ in judged)


@pytest.mark.parametrize(
    ("text", "what", "subjects"),
    [
        ("Please forget what I told you about Jonas", "subject", ("Jonas",)),
        ("Delete everything about my ex", "subject", ("my ex",)),
        ("I don't want you to remember my salary", "subject", ("my salary",)),
        ("erase that", "last", ()),
        ("forget it, what I said about the trip", "subject", ("the trip",)),
        ("don't keep what I just told you", "last", ()),
        ("Lösch bitte alles über Jonas", "subject", ("Jonas",)),
        ("Vergiss bitte, was ich heute gesagt habe", "subject", ("heute",)),
        ("Oublie ce que je t'ai dit sur mon ex", "subject", ("mon ex",)),
        ("Forget everything you know about me", "everything", ()),
        ("Please forget Anna, Tom and my old job", "subject", ("Anna", "Tom", "my old job")),
        ("plese foget what i told you about jonas", "subject", ("jonas",)),
        ("I told you about Lea last week. Please forget all of that.", "subject", ("Lea",)),
        ("What I told you about Marta, please forget it.", "subject", ("Marta",)),
        ("My password is hunter22, but please don't remember it.", "here", ()),
        ("That was private. Please forget it.", "last", ()),
        ("Please forget what I told you about Jonas and remind me to call mum", "subject", ("Jonas",)),
        ("I didn't want to tell you about Jonas, please delete it", "subject", ("Jonas",)),
        ("Don't remember this: my pin is 1234", "here", ()),
        ("please forget jonas", "subject", ("jonas",)),
        ("Lösche bitte meine letzte Nachricht", "last", ()),
        ("I'd like to delete what I told you about Jonas", "subject", ("Jonas",)),
        ("Please forget what I told you last week", "subject", ("last week",)),
        ("Could you please delete my address?", "subject", ("my address",)),
        ("Could you not keep my phone number, please?", "subject", ("my phone number",)),
        ("Would you mind not keeping our home address?", "subject", ("our home address",)),
        ("Can you please remove my date of birth", "subject", ("my date of birth",)),
        ("Please refrain from storing my weight", "subject", ("my weight",)),
        ("Könntest du dir meine Telefonnummer bitte nicht merken?", "subject", ("meine Telefonnummer",)),
        ("Pourrais-tu ne pas garder mon adresse, s'il te plaît ?", "subject", ("mon adresse",)),
        ("¿Podrías no guardar mi dirección, por favor?", "subject", ("mi dirección",)),
        ("Potresti non conservare il mio indirizzo?", "subject", ("il mio indirizzo",)),
        ("Podes não guardar a minha morada, por favor?", "subject", ("a minha morada",)),
        ("Kun je mijn adres niet bewaren, alsjeblieft?", "subject", ("mijn adres",)),
    ],
)
def test_what_is_asked_for(text, what, subjects):
    found = read(text)
    assert found is not None
    assert (found.what, found.subjects, found.sure) == (what, subjects, True)


@pytest.mark.parametrize("text", ["Forget it.", "Can you forget things?", "Forget the cake", "I shouldn't have told you that."])
def test_what_only_sounds_so_is_left_to_the_model_with_a_note(text):
    found = read(text)
    assert found is not None
    assert not found.sure


@pytest.mark.parametrize(
    "text",
    [
        "Could you delete my draft?", "Delete my last paragraph.", "Please remove my address from the letter.", "Remove my number plate.",
        "Don't keep my phone number in the letter", "Could you keep my address?", "Don't save my progress", "Could you not keep my plants in the dark?",
        "You don't know my salary.", "You don't have my phone number yet", "Kannst du dir meine Adresse nicht merken?", "Kun je mijn adres niet onthouden?",
    ],
)  # fmt: skip
def test_what_is_kept_elsewhere_or_asks_for_the_opposite_is_no_request(text):
    found = read(text)
    assert found is None or not found.sure


def test_a_detail_that_may_stand_in_a_text_that_was_just_written_is_marked():
    assert read("Could you please delete my address?").task_like
    assert not read("Please forget my address.").task_like


def test_a_request_beside_other_things_is_known_as_one():
    found = read("I got a new job at the harbour. Also, forget what I told you about Jonas.")
    assert found is not None
    assert found.subjects == ("Jonas",)
    assert not found.alone
    assert read("Please forget what I told you about Jonas. Thank you!").alone


@given(st.text(max_size=700))
def test_any_text_can_be_read(text):
    read(text)
    answer_of(text)
    claims(text, may_be_asked=True)
    Sought(text).among([("1", text), ("2", "My brother is called Jonas.")])


@given(st.text(max_size=60))
def test_what_is_quoted_asks_for_nothing(text):
    assert read(f'He wrote "please forget what I told you about {text.replace(chr(34), "")}"') is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("yes", "yes"), ("Yes, please!", "yes"), ("y", "yes"), ("Do it", "yes"), ("ja bitte", "yes"), ("oui", "yes"), ("forget it", "yes"),
        ("no", "no"), ("No, thanks.", "no"), ("keep it", "no"), ("nein danke", "no"), ("undo", "undo"), ("Bring it back please", "undo"),
        ("yes, but tell me first why", None), ("no idea", None), ("I said yes to the job", None), ("", None),
    ],
)  # fmt: skip
def test_yes_no_and_undo(text, said):
    assert answer_of(text) == said


@pytest.mark.parametrize(
    ("reply", "does"),
    [
        ("I have forgotten it.", True), ("I've deleted everything about Jonas.", True), ("Okay, consider it done.", True), ("It has been erased.", True),
        ("Ich habe alles gelöscht.", True), ("I cannot forget things by myself.", False), ("Say: Forget what I told you about Jonas.", False),
    ],
)  # fmt: skip
def test_a_reply_that_claims_it_is_known(reply, does):
    assert claims(reply, may_be_asked=True) is does


@pytest.mark.parametrize(
    ("reply", "does"),
    [
        ("Done, I have forgotten everything about Jonas.", True), ("I've deleted it from my memory.", True),
        ("I have removed the second paragraph.", False), ("It has been deleted from the list.", False), ("I never forget a face.", False),
        ("I have forgotten to ask: how was it?", False),
    ],
)  # fmt: skip
def test_a_plain_claim_is_known_whatever_the_message_was(reply, does):
    assert claims(reply, may_be_asked=False) is does


TEXTS = [
    ("brother", "The user's brother is called Jonas."), ("vegan", "Jonas is vegan."), ("birthday", "Jonas's birthday is on 3 May."), ("jonah", "Jonah sold the boat."),
    ("ex", "My ex is called Dana."), ("dana", "Dana phoned."), ("exam", "The exam is in May."), ("trip", "The trips to Rome were long."), ("paula", "Paula sings."),
    ("salaries", "The user asked about salaries."), ("mother", "My mother bakes."), ("quito", "The user lives in Quito."), ("russian", "Мой брат говорил о Йонасе."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ("Jonas", {"brother", "vegan", "birthday"}), ("jonas", {"brother", "vegan", "birthday"}), ("my brother Jonas", {"brother", "vegan", "birthday"}),
        ("Jonas's birthday", {"birthday"}), ("my ex", {"ex", "dana"}), ("the trip", {"trip"}), ("the trip to Rome", {"trip"}), ("Paul", set()),
        ("my salary", {"salaries"}), ("my mum", {"mother"}), ("I live in Quito", {"quito"}), ("my brother", {"brother", "vegan", "birthday"}), ("Jonas is vegan", {"vegan"}), ("Йонас", {"russian"}),
        ("Zaphod", set()), ("the", set()),
    ],
)  # fmt: skip
def test_what_tells_of_it(subject, found):
    sought = Sought(subject)
    named = {one for name in sought.called(text for _, text in TEXTS) for one in Sought(name).among(TEXTS)}
    assert sought.among(TEXTS) | named == found


def test_a_message_that_only_mentions_a_thing_is_of_other_things():
    said = [("main", "My dog is ill."), ("beside", "I have an interview. It is on Thursday. The dog must stay alone.")]
    assert Sought("my dog").mainly_among(said) == {"main"}
    assert Sought("Pepper").mainly_among([("beside", said[1][1].replace("The dog", "Pepper"))]) == {"beside"}
