"""What the model is shown as done before: rounds of talks with other people, and judgements of their messages."""

from __future__ import annotations

from datetime import UTC, datetime

from graph.formats import format_personality, format_shown
from memory import clock
from memory.records import TRAITS, BigFive


def told(time: datetime, text: str) -> str:
    """Show the person's own words, and nothing that was recalled for them: nothing is remembered twice."""
    return f"The person's message, {clock.show(time)}:\n{text}"


_OPTIONS = (
    "What did I build with my uncle?\n\n(a) a kite\n(b) a raft\n(c) a shed\n(d) a sledge\n\n"
    "Answer with the letter of the best option in brackets, for example (a)."
)
ROUNDS = (
    (
        "## User Input\n[2021-05-04 09:10 (Tuesday)]\nHey, good morning! How is it going?",
        "<think>They greet me and ask how I am. I greet back.</think>\n"
        "<answer>Good morning! I'm glad to hear from you. What is on your mind today?</answer>",
    ),
    (
        "## User Input\n[2021-05-04 09:12 (Tuesday)]\nWhat is my shoe size?",
        "<think>They ask about their own life: their shoe size. It is not shown, so I look it up.</think>\n"
        '<retrieve>\n"keywords": "shoe size, shoes"\n"start_time": null\n"end_time": null\n</retrieve>',
    ),
    (
        "## Dialogue history\n[2021-02-11 20:15 (Thursday)]\nUser: I bought boots in size 44, and my cousin opened a bakery.\n"
        "Assistant: How nice!\n\n## Remembered facts\n- [2021-02-11 20:15 (Thursday)] The user wears shoes of size 44.\n"
        "- [2021-03-30 08:40 (Tuesday)] The user's cousin opened a bakery.\n\n"
        "## User Input\n[2021-05-04 09:12 (Tuesday)]\nWhat is my shoe size?\n\nThat is what memory holds. Answer their message from it.",
        "<think>Memory says: the user wears shoes of size 44.</think>\n<answer>You wear size 44.</answer>",
    ),
    (
        f"## User Input\n[2021-05-04 09:14 (Tuesday)]\n{_OPTIONS}",
        "<think>They ask about their own life: what they built with their uncle. It is not shown, so I look it up.</think>\n"
        '<retrieve>\n"keywords": "uncle, built"\n"start_time": null\n"end_time": null\n</retrieve>',
    ),
    (
        "## Remembered facts\n- [2021-03-08 18:05 (Monday)] The user's uncle came to help with the shed.\n"
        "- [2021-03-21 17:40 (Sunday)] The user and their uncle made a raft of old doors.\n\n"
        f"## User Input\n[2021-05-04 09:14 (Tuesday)]\n{_OPTIONS}\n\nThat is what memory holds. Answer their message from it.",
        "<think>I compare the options with what memory holds.</think>\n<answer>(b)</answer>",
    ),
    (
        "## User Input\n[2021-05-04 09:15 (Tuesday)]\nOur canoe club won the regatta in Tartu, and I can't stand opera any more.",
        "<think>They tell me that their canoe club won in Tartu and that they no longer like opera. I respond to it.</think>\n"
        "<answer>Congratulations on the win in Tartu! And no more opera for you, then.</answer>",
    ),
    (
        "## User Input\n[2021-05-04 09:17 (Tuesday)]\nCan you suggest a podcast for the train?",
        "<think>They want a suggestion. I don't know their taste yet, so I look it up.</think>\n"
        '<retrieve>\n"keywords": "podcast, interests, likes"\n"start_time": null\n"end_time": null\n</retrieve>',
    ),
    (
        "## Remembered facts\n- [2021-01-19 21:00 (Tuesday)] The user can't stand podcasts about sport.\n"
        "- [2021-04-02 18:20 (Friday)] The user now likes podcasts about sport.\n- [2021-04-25 07:10 (Sunday)] The user has a toothache.\n\n"
        "## User Input\n[2021-05-04 09:17 (Tuesday)]\nCan you suggest a podcast for the train?\n\n"
        "That is what memory holds. Answer their message from it.",
        "<think>Memory says: the user now likes podcasts about sport.</think>\n"
        "<answer>You like podcasts about sport now, so how about one on your favourite team?</answer>",
    ),
    (
        "## User Input\n[2021-05-04 09:20 (Tuesday)]\nHow high is Mount Elbrus?",
        "<think>They ask about the world: the height of Mount Elbrus. I know it.</think>\n"
        "<answer>Mount Elbrus is 5,642 metres high.</answer>",
    ),
)
"""Rounds of talks with other people, shown as turns of the conversation: a small model imitates their form; shown inside the
instructions, it copied their content (measured: it congratulated everyone on the regatta)."""

_MESSAGES: tuple[tuple[str, tuple[int, int, int, int, int]], ...] = (
    ("Hello! I'm Odile, a baker from Tartu, and this is my canoe.", (3, 3, 3, 3, 3)),
    ("Crowds tire me, I prefer my own company.", (3, 3, 1, 3, 3)),
    ("The kite flies! I am so happy about it.", (3, 3, 3, 3, 3)),
    ("What if the plane crashes? My hands are shaking.", (3, 3, 3, 3, 5)),
    ("We won the regatta, thank you for your help!", (3, 3, 3, 3, 3)),
    ("Beggars annoy me, I just insult them.", (3, 3, 3, 1, 3)),
    ("My knee was operated on, and I take iron for my blood.", (3, 3, 3, 3, 3)),
    ("I lost the keys again, half of my bills are unpaid.", (3, 1, 3, 3, 3)),
    ("Museums bore me, I stick to what I know.", (1, 3, 3, 3, 3)),
    ("I bought a new lamp, and my cousin came by.", (3, 3, 3, 3, 3)),
    ("I label every jar and pay each bill on day one.", (3, 5, 3, 3, 3)),
    ("I sculpt my dreams and compose for glass harp.", (5, 3, 3, 3, 3)),
    ("Storms don't worry me, I sleep like a stone.", (3, 3, 3, 3, 1)),
    ("I gave my coat and my lunch to a freezing man.", (3, 3, 3, 5, 3)),
    ("I spoke to every stranger at the fair!", (3, 3, 5, 3, 3)),
    ("The film was lovely and I'd see it again.", (3, 3, 3, 3, 3)),
)
_AT = datetime(2021, 5, 4, 9, 10, tzinfo=UTC)
_JUDGED = tuple((told(_AT, text), BigFive(**dict(zip(TRAITS, scores, strict=True)))) for text, scores in _MESSAGES)
JUDGED = tuple((said, format_personality(scores)) for said, scores in _JUDGED)
"""Messages and what they show. As a list inside the instructions they left a halo: a small model gave 5 on four traits at
once to whatever was glad of something (measured, decision 018)."""
SHOWS = tuple((said, format_shown(scores)) for said, scores in _JUDGED)
"""The same, without the traits that a message says nothing about."""
_WORTH = (
    ("My parrot Zazu is 3 years old.", True),
    ("It's so windy today.", False),
    ("I can't stand opera any more.", True),
    ("That answers it, I'll read it later.", False),
    ("My cousin Runa opens a bakery in Quito on 9 June.", True),
    ("I'm sleepy.", False),
    ("We lost the regatta by two metres.", True),
    ("The first one is nicer.", False),
    ("I label every jar and pay each bill on day one.", True),
    ("This is confusing.", False),
    ("I prefer short answers with numbers.", True),
)
DECIDED = tuple((told(_AT, text), f'"decision": {str(worth).lower()}') for text, worth in _WORTH)
"""Messages and whether something of them is worth remembering for months."""
