"""English words that show whose a fact is, what its values are, and that something ended (pure data).

`memory.facts.statement` parses facts with these everyday words. `memory.facts.supersession` compares facts with them.
"""

from __future__ import annotations

import re

_MONTH = (
    "january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar"
    "|apr|jun|jul|aug|sept?|oct"
    "|nov|dec"
)
_DAY = "(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
DAY_OR_MONTH = f"(?i:{_DAY}|{_MONTH})"
_COUNTS = (
    ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
    [
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
        "eleventh",
        "twelfth",
        "thirteenth",
    ],
)
_COUNTED = {word: str(place) for names in _COUNTS for place, word in enumerate(names, start=1)} | {"once": "1", "twice": "2"}

COUNTS = "|".join(_COUNTS[0])
ANIMALS = "cats?|dogs?|puppy|kitten|rabbits?|horse|parrot|hamster|pets?|birds?|guinea pigs?|tortoise"
PERSONS = (
    "(?:step|grand|god)?(?:mother|father|son|daughter|child|children|sister|brother|parents?)(?:-in-law)?"
    "|mum|mom|dad|granny|grandma"
    "|grandpa|kids?|baby|twins?|husband|wife|partner|girlfriend|boyfriend|fianc[ée]e?|ex|friend|colleague"
    "|co-?worker|boss|manager"
    "|supervisor|neighbou?r|cousin|aunt|uncle|niece|nephew|flatmate|roommate|housemate|landlord|landlady|siblings?"
    f"|{ANIMALS}"
)
"""People and animals that a fact can be about. `ONE_OF` has those of whom a person has one at a time."""
ONE_OF = (
    "best friend|husband|wife|partner|girlfriend|boyfriend|fianc[ée]e?|boss|manager|supervisor|landlord"
    "|landlady|dentist|doctor|gp|therapist"
    "|hairdresser|trainer|coach|tutor"
)
MANY_OF = re.compile(
    rf"\b(?:hobby|hobbies|interests?|goals?|dreams?|plans|allerg\w+|languages?|instruments?|sports?|friends?|{PERSONS})$"
)
"""The last word of the name of something that a person can have several of."""

VALUES = {
    "date": re.compile(
        rf"\b\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?(?:{_MONTH})\b(?: \d{{4}})?"
        rf"|\b(?:{_MONTH}) \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}})?|\b\d{{1,2}}\.\d{{1,2}}\.(?:\d{{4}})?"
        rf"|\b(?:in|since|until|by|from|this|next|last|early|late|mid) (?:{_MONTH})\b(?: \d{{4}})?"
        rf"|\b(?:{_MONTH}) \d{{4}}\b|\b(?:in|since|from|to|until) (?:19|20)\d\d\b"
    ),
    "weekday": re.compile(rf"\b{_DAY}\b"),
    "money": re.compile(
        r"[€$£]\s?\d[\d.,]*\d|[€$£]\s?\d|\b\d[\d.,]*\s?(?:€|\$|£|(?:euros?|dollars?|pounds?|francs?|cents?|lira|usd|eur|gbp|chf"
        r"|crowns?|yen|rupees?)\b)|\b(?:is|for) free\b(?! from)|\bfree of charge\b|\bpays nothing\b"
    ),
    "level": re.compile(
        r"\b(?:beginners?|elementary|basic|intermediate|advanced|[abc][12])\b(?:['’]s?(?!\w))?(?= (?:level|course|class|group))"
        r"|(?<=level )[abc][12]\b|(?<=at )[abc][12]\b"
    ),
    "label": re.compile(
        r"(?<=\bzone )[a-z]\d*\b|(?:(?<=\bblock )|(?<=\bclass )|(?<=\bgroup ))[a-z]\d*\b"
        r"|(?<=\bgate )[a-z]\d*\b"
    ),
    "frequency": re.compile(r"\bevery (?:other |second |two |three |four |six )?(?:day|week|month|year)s?\b"),
    "phone": re.compile(r"\+?\d[\d /()-]{6,}\d"),
    "clock": re.compile(
        r"\b\d{1,2}[:.]\d\d\b(?!\s*(?:kg|km|m|%|percent))(?:\s*[ap]\.?m\b\.?)?|\b\d{1,2}\s*(?:[ap]\.?m\b\.?|o'clock\b)"
        r"|\b(?:at|until|by|from|to|past) (?:noon|midnight|(?:half|quarter) (?:past|to) \w+|\d{1,2}|"
        + "|".join(_COUNTS[0])
        + r")\b(?! \w+)|\b(?:noon|midnight)\b"
    ),
    "number": re.compile(
        rf"\b\d+(?:[.,]\d+)*(?:st|nd|rd|th)?\b|\b(?:{'|'.join(_COUNTED)}|half|(?:a"
        rf"|the) whole (?:day|night|week)|all day)\b|\b(?:ground|top)(?= floor)"
    ),
}
"""Patterns of the values in a fact, by type. Each type is removed from the text before the next one is searched."""

CIRCUMSTANCES = re.compile(
    rf"\b(?:in the (?:early |late )?(?:mornings?|evenings?|afternoons?)|at nights?|(?:on"
    rf"|at) (?:the )?weekends?|on {_DAY[:-1]}\b"
    rf"|on (?:mon|tues|wednes|thurs|fri|satur|sun)days(?: and {_DAY})?|(?:every|each) (?:{_DAY}|morning"
    rf"|evening|night|summer|winter)"
    r"|on weekdays|in (?:the )?(?:summer|winter|spring|autumn|fall)s?|at (?:work|home|breakfast|lunch"
    r"|dinner)|for (?:breakfast|lunch|dinner|fun)"
    r"|sometimes|occasionally|now and then|from time to time|when(?:ever)? .*|during .*|while .*|if .*"
    r"|except .*|unless .*|on the side"
    r"|as a side job|(?:after|before) (?:work|noon|dark|lunch|dinner|bed|school|\d.*)|(?:\w+) (?:days?"
    r"|evenings?|nights?) a week"
    r"|as a volunteer|on (?:holidays?|trips))\b"
)
"""When or where a fact applies. A fact about Saturdays excludes nothing about other days."""
SIDE_JOB = re.compile(r"\b(?:part-time|freelances?|volunteers?|on the side|second job|side job|also)\b")

PAST = re.compile(
    r"^the user(?:'s(?: (?!is\b|are\b|has\b)[\w'-]+)+?)? (?:once |recently |already "
    r"|last \w+ )?(?:has (?:been to|visited|seen|met|read|done|had|lived|worked)"
    r"|\w{2,}ed|went|was|were|had|bought|saw|met|took|ate|made|ran|flew|won(?!'t)|grew|wrote|came|did|spent|gave"
    r"|fell|swam|rode|drove|wore"
    r"|slept|sang|taught|read|got|left|lost|sold|used to|broke|found|began|became|caught|paid|cost|played)\b"
)
RESULTS = re.compile(
    r"\b(?:moved|relocated|settled|started|began|joined|became|become|switched|changed|got (?:an?|engaged"
    r"|married|divorced|together|his"
    r"|her|their|promoted)|adopted|enrolled|signed|broke|sprained|injured|fractured|went (?:vegan"
    r"|vegetarian)|turned|converted|hired|promoted|rented"
    r"|quit|stopped|gave up|given up|retired|leased|subscribed|planned|scheduled|booked|decided|separated|split|upgraded|bought"
    r"|caught|ordered|reserved|arranged|agreed|failed|left|lost|sold|found|landed|accepted|took up|married"
    r"|remarried|divorced|proposed|gave birth|went (?:up|down|back)|rose|increased|raised|dropped|fell"
    r"|came down|replaced|repaired|fixed|passed|finished|graduated|handed|healed|recovered|retrained"
    r"|transferred|traded|exchanged|cancelled|canceled|paid|postponed|rescheduled|repaid"
    r"|ended|extended|renewed|shortened|awarded|granted|called off|broke off|discharged|released|passed away|died"
    r"|made redundant|laid off|fired)\b(?!.*\b(?:from (?:19|20)\d\d (?:to|until)|until (?:19|20)\d\d))"
)
"""Past forms that tell of a state that has lasted since."""
ADDS = re.compile(
    r"\b(?:also|as well|too|another|additionally|besides|in addition|both|second (?:job|dog|cat|car|child"
    r"|phone|home))\b"
)
INTENDS = re.compile(
    r"\b(?:wants?|would (?:like|love|prefer|rather)|hopes?|dreams?|wish(?:es)?|plans to|planning|intends?|is going to|will"
    r"|is about to|is thinking|considers?"
    r"|considering|is looking (?:for|to)|looks for|is saving|saves for|is trying|tries|is waiting|waits|awaits?|expects?"
    r"|might|is searching|applied|is applying|has applied|searches|for sale)\b"
)
NEEDS = re.compile(r"\b(?:needs? (?:to|an?|new|some|more)|lacks?|requires?|is missing|has to (?:get|buy|find))\b")
NOW = re.compile(
    r"\b(?:now|nowadays|these days|instead|meanwhile|started|starts|became|become|becomes|turned|switched|changed|moved|joined"
    r"|hired|promoted|converted|again|as of|from now on|since (?:last|this|yesterday|today|\w+day)|went|upgraded|found|new|got"
    r"|just|recently|by now|back|left|quit|resigned|relocated|replaced|no longer|landed)\b"
)
STILL = re.compile(
    r"\b(?:now|nowadays|these days|again|back|instead|meanwhile|by now|since (?:then|last|this)|can|could"
    r"|from now on|finished|completed|over|done|postponed|rescheduled|put off|called off|renovated"
    r"|paid off"
    r"|no more|as of|today|at last|finally|has (?:just )?(?:been|become|turned|started|begun|switched"
    r"|changed|moved|gone|stopped))\b"
)
"""Phrases that say that it was different before."""
CORRECTS = re.compile(r"\b(?:actually|in fact|corrects?|corrected|correction|not \w+ but|by mistake|misspoke|really)\b")
MOVES_IN_TIME = re.compile(
    r"\b(?:instead|now|moved|postponed|rescheduled|delayed|brought forward|pushed (?:back|to)|shifted"
    r"|earlier|later|changed|put off"
    r"|new (?:time|date|appointment)|has been set|rebooked)\b"
)
NONE = re.compile(r"\b(?:no|without|skips?|never|cannot|can't|nothing|none|not|\w+n't|stopped|quit|gave up|avoids?|neither)\b")
REPLACED = re.compile(
    r"\b(?:instead of|rather than|in place of|(?:switched|changed|moved|went|upgraded|swapped|transferred"
    r"|traded|turned|converted|rebooked"
    r"|rescheduled|postponed|risen|rose|raised|fell|dropped|up|down)\b[\w ']*? from|(?:has "
    r"|have )?(?:replaced|swapped|traded(?: in)?|exchanged)(?: the| her| his| their)?"
    r"|no longer (?:the )?|, not|\bnot(?= [\w ]+ but))"
    r"\s+(?P<what>.+?)(?:\s+(?:to|for|with|by|but|in favou?r of)\s+|[.,;]|$)"
)
"""Phrases that name the thing that is replaced: `switched from the Golf to a Skoda`, `tea instead of coffee`."""

ENDS = re.compile(
    r"\b(?:no longer|not any ?more|any ?more|any longer|stopped (?=\w+ing)|quit|quits|gave up|given up"
    r"|gives up|giving up|dropped"
    r"|has dropped|cancell?ed|ended|dissolved|used to|is over|came to an end|called off|got over"
    r"|terminated|unsubscribed|left|is out of|paid (?:[\w ]+ )?(?:back|off)|settled|hung up"
    r"|closed|deleted|broke off|made redundant|laid off|dismissed|discharged|released|stopped(?= using)|abandoned"
    r"|over with|done with|has stopped|no more)\b"
)
NEGATES = re.compile(r"\b(?:not|never|cannot|\w+n't)\b(?: (?:been|be|really|ever))? ?(\w+)?")
PARTS_WITH = re.compile(
    r"\b(?:sold|lost|(?:gave|given) (?:[\w' ]+ )?(?:away|back|up)|gave (?:her|his|their|the) \w+ to"
    r"|got rid of|returned|scrapped|traded in|stolen|was stolen|donated|threw away|handed back"
    r"|rehomed|rehoused|died|passed away|is dead|broke down|totall?ed|crashed|wrote off|put down|moved out|ran away)\b"
)
HAS = re.compile(
    r"\b(?:has|have|owns?|drives?|rides?|uses?|keeps?|bought|got|adopted|leases?|rents?|plays?|lives? with"
    r"|holds?|wears?|carries)\b|'s \w+"
)
LET_GO = re.compile(
    r"\b(?:sold|lost|gave|given|returned|donated|scrapped|stolen|traded in|threw away|handed back) (?:an?"
    r"|some|\d+|old|several|many)\b"
)
COMPLETES = re.compile(
    r"\b(?:finished|completed|passed|graduated|handed in|submitted|defended|earned|obtained|received"
    r"|got (?:his|her|their|the|an?)"
    r"|dropped out|done with|failed|took|has taken|has (?:a|her|his|their)|holds|is done)\b"
)
UNDERTAKES = re.compile(
    r"\b(?:stud(?:ies|ying)|writing|writes|works? on|working on|learning|learns|prepar(?:es|ing)|enrolled"
    r"|student|is doing|does|takes"
    r"|is taking|training|attends|apprentice\w*|in (?:the|her|his) \w+ (?:year|semester)|revising"
    r"|reads for|reading|is building|has an? [\w ]*(?:exam|test)"
    r"|exam is|test is|waiting|retaking|hopes|wants|plans|will)\b"
)
STOOD_BEFORE = re.compile(rf"{UNDERTAKES.pattern}|\bfailed\b")
AILS = re.compile(
    r"\b(?:sore|aches?|aching|has|have|had|caught|suffers?|suffering|is in|broke|broken|cracked|stuck|out of order"
    r"|in for repair|leaks?|leaking|dented|scratched|dead|stolen|lost|missing|blocked|(?:does|do"
    r"|did)(?:n't| not) work|at the garage|sprained|injured|fractured|sick|ill|wears?|cast|crutches|takes"
    r"|treated"
    r"|recovering|pregnant|pain|hurts?|infection|flu|cold|fever|cough|on (?:\w+ )?leave|expecting|swollen|bandaged?)\b"
)
RECOVERS = re.compile(
    r"\b(?:repaired|fixed|mended|replaced|works again|working again|turned up|found (?:[\w ]+ )?again|is back|healed"
    r"|recovered|cured|is over|gone|came off|removed|taken off|remission|symptom-free|better|fine|healthy"
    r"|well again|negative"
    r"|gave birth|had (?:a|her|their) baby|got over|back on|back at work|off (?:the )?(?:crutches"
    r"|antibiotics|medication)|cleared up|normal|without pain|pain-free"
    r"|no longer|passed|stopped|went away|off sick)\b"
)
ACUTE = re.compile(r"\b(?:flu|cold|fever|cough|sick|ill|infection|covid|bronchitis|migraine|crutches|cast)\b")
WELL = re.compile(r"\b(?:recovered|healthy|better|fine|is well again|fit|back at work)\b")
EXPECTING = re.compile(r"\b(?:pregnant|expecting)\b")
BIRTH = re.compile(r"\b(?:g(?:a|i)ven? birth|had (?:a|her|his|their|the) baby|baby was born|has a (?:new)?born)\b")
GETS = re.compile(
    r"\b(?:got|sold|awarded|granted|bought|has|had (?:the|her|his|their)|adopted|found|signed|started|passed|booked|owns"
    r"|moved|finished|achieved|reached"
    r"|became|is|visited|received"
    r"|quit|stopped|learned|learnt|went|ran|married|accepted|ordered)\b"
)

QUALIFIED = re.compile(
    r"\b(work|office|business|company|private|personal|home|second|other|landline|spare|winter|summer"
    r"|holiday|weekend|school) (\w+)"
)

FILLERS = frozenset(
    """
    a an and any are as at be been being but by can could did do does for from had has have he her hers him his how i if
    in into is it its me my of off on or our out over she so than that the their theirs them then there these they this
    those to too up us was we were what when where which while who will with would you your user user's about after all
    around before between down each every just more most no not nor only own same some such until very via per now
    nowadays again instead anymore longer actually fact still yet already currently since soon lately recently today
    tomorrow tonight yesterday new newly old cost costs costing pay pays paying paid price priced charge charges rise
    rises rose risen raise raised increase increased increases decrease decreased went gone go goes going come comes came
    become becomes became get gets got getting take takes taking make makes start starts started begin begins leave leaves
    leaving depart departs departing arrive arrives scheduled rescheduled postponed moved move moves changed change
    changes shifted switched switch set set-up takes-place place planned booked brought forward put pushed delayed earlier
    later time o'clock am pm called named name use uses using amount amounts total worth monthly weekly daily yearly
    annual annually month week day year hour hours minute minutes days weeks months years kg km mg ml g cm m metres meters
    kilos kilograms pounds percent euro euros dollar dollars one ones thing things lot bit about around roughly
    approximately almost nearly exactly like likes liked love loves loved enjoy enjoys hate hates hated dislike dislikes
    adore adores detest detests stand prefer prefers fond keen loathe loathes can't cannot don't doesn't didn't isn't
    looking looks searching searches want wants hope hopes hoping wish wishes plan plans planning planned wait waits
    waiting try tries trying saving saves found find finds bought buy buys adopted adopt got gotten signed decided
    considering back gave give given gives away own owns owned sold lost kept keeps hand handed only usually normally
    always often never sometimes mostly regularly early late quit quits stopped stops without nothing fully completely
    entirely anybody anyone anything level course's taken due last lasts need needs needed sale
    done happen happens well
    """.split()
)
"""Words that do not say what a fact is about, or that only relate it to an earlier fact."""
GENERIC = frozenset(
    """
    appointment visit meet date session trip see member membership subscription number phon tick glas cup dos tablet pill
    mobil bill fee rate check-up checkup travel fli fly train class lesson course exam test contract plan drink eat earn
    weigh weight sleep run walk work job salari rent drop lower high up jump reduc
    """.split()
)
"""Stems that name a type of thing. Two facts may share them and still be about different things."""


def normal(value: str) -> str:
    """Return a value in normal form: `two` as `2`, `09:40` as `9:40`, `2,400` as `2400`."""
    one = re.sub(r"^(?:in|on|at|since|until|by|from|this|next|last|early|late|mid|to|past) ", "", value.strip().rstrip("."))
    one = _COUNTED.get(one, one)
    return re.sub(r"(?<=\d),(?=\d{3})|\s|^0(?=\d)", "", one)


KINDS = {
    "alcohol": "wine beer whisky vodka gin rum cocktails prosecco champagne cider",
    "meat": "steak chicken beef pork sausages bacon ham lamb burgers",
    "smoke": "cigarettes vapes cigars nicotine tobacco",
    "sugar": "sweets chocolate candy desserts",
    "pet": "cat dog puppy kitten rabbit hamster parrot",
    "child": "son daughter baby",
    "car": "golf polo skoda fiat tesla volvo toyota audi bmw honda kia peugeot renault opel ford mazda dacia seat mercedes",
    "dairy": "milk cheese yoghurt butter",
}
"""Types of things and their members: a person who drinks wine drinks alcohol."""
