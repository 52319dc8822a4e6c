"""Slots: things that a person has one of at a time, such as a home, a job, a partner, a diet or a car (pure; English).

A slot has parts, such as the place and the company of a home. Only values of the same part exclude each other.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping

from memory.facts.change_phrases import PERSONS
from memory.facts.statement import Statement, stem

_NAME = r"[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*"
_END = r"(?= (?:at|in|for|with|on|of|from|near|and|since|now|again|who|to|after|because)\b|[,.;]|$)"

_NOT_JOBS = frozenset(
    """
    vegetarian vegan smoker non-smoker lover mother father brother sister son daughter runner swimmer member beginner
    owner gamer christian believer drinker eater sleeper singer dancer hiker cyclist collector reader volunteer donor twin
    person man woman fan patient mum mom dad parent grandmother grandfather friend foreigner climber diver skier player
    learner listener listener winner pescatarian omnivore widow widower bachelor introvert extrovert morning-person
    optimist pessimist perfectionist morning night owl citizen resident native human adult teenager kid child girl boy
    student pensioner single customer client subscriber voter tenant
    """.split()
)
_HOBBY = re.compile(
    r"\b(?:hobby|amateur|keen|passionate|avid|good|great|bad|big|heavy|light|former|early|late|very|proud"
    r"|new|strict|lapsed)\b"
)
_JOB_ENDING = re.compile(
    r"(?:er|or|ist|ian|eer|ant|man|woman|ess|smith|wright|yst|ic|host|guard|nurse|chef|cook|clerk|pilot"
    r"|architect|judge|vet|coach"
    r"|intern|apprentice|trainee|head|chief|midwife|surgeon|model|monk|priest|doctor|agent|assistant"
    r"|dentist|aide|diplomat|hostess"
    r"|au pair|nanny|warden|butler|secretary|partner|scholar|sales rep|rep|analyst|lead|ceo|captain|sergeant|officer)$"
)
_IN_A_CLUB = re.compile(r"\b(?:club|association|society|choir|council|parish|band|committee|orchestra|foundation|party)\b")
_RANK = re.compile(
    r"\b(?:head|senior|chief|lead|junior|trainee|apprentice|assistant|deputy|shift|team|vice|intern"
    r"|principal|associate)\b"
)

_WORK = {
    "profession": re.compile(
        rf"\b(?:works|working|started(?: working)?|begins?|began|employed|hired|trained|serves?"
        rf"|earns \w+ living|promoted|job|retrained"
        rf"|retraining|position|freelances?) (?:now |full-time |part-time |again |\w+ly )?(?:as|to) (?:an? "
        rf"|the |her |his )?(?P<value>[\w' -]+?){_END}"
    ),
    "is": re.compile(
        rf"\b(?:is|became|has become|turned) (?:now |currently )?(?:an? |the "
        rf"|again an? )(?P<value>[\w' -]+?){_END}"
    ),
    "hours": re.compile(
        r"\b(?P<value>full-time|part-time|nights|night shifts?|day shifts?|early shifts?|late shifts?"
        r"|from home|remotely|hybrid|(?:in|from) the office)\b"
    ),
    "as": re.compile(rf"\bas (?:an? |the )?(?P<value>[\w' -]+?){_END}"),
    "contract": re.compile(r"\b(?P<value>permanent|fixed-term|temporary|temp|trainee|intern|probation)\b"),
    "living": re.compile(r"^the user (?P<value>\w+s [\w' -]+?) for a living\b"),
    "none": re.compile(
        r"\b(?P<value>retired|unemployed|jobless|out of work|between jobs|laid off"
        r"|(?:was|been|is) made redundant|dismissed|(?:lost|quit|without|has no|not have) (?:(?:her|his|their"
        r"|a) )?job|resignation|handed in (?:her|his|their) notice|looking for (?:a )?(?:new )?(?:job|work)"
        r"|resigned|quit(?: (?:her|his|their|the))? job"
        r"|on (?:maternity|parental) leave|was fired|self-employed|stay-at-home)\b"
    ),
}
_HOURS = tuple(
    (kind, re.compile(rule))
    for kind, rule in (
        (("much", "all"), "full-time"),
        (("much", "part"), "part-time"),
        (("where", "home"), "home|remote"),
        (("where", "office"), "office"),
        (("where", "both"), "hybrid"),
        (("when", "night"), "night"),
        (("when", "day"), "day shift"),
        (("when", "early"), "early"),
        (("when", "late"), "late"),
    )
)
"""How much, where and when a person works. `part-time` and `at night` do not exclude each other."""
_EMPLOYER = re.compile(rf"\b(?:at|for) (?:an? |the )?(?P<value>[\w'&. -]+?){_END}")
_BUSINESS = re.compile(
    r"\b(?:runs|opened|manages|took over) (?:an?|her own|his own|their own"
    r"|the family) (?P<value>(?:\w+ )?(?:shop|store|bakery|café|cafe|restaurant"
    r"|business|company|farm|hotel|bar|studio|salon|practice|agency|guesthouse|start-up|startup))\b"
)
_WORK_WORDS = re.compile(
    r"\b(?:works|working|for a living|(?:fixed-term|permanent|temporary) (?:contract|position|job)|made permanent"
    r"|is a temp\b|(?:back|returned) (?:to|at) work|resignation|handed in (?:her|his|their) notice"
    r"|job(?! (?:interview|application|offer|advert|search))|employed|hired|promoted"
    r"|retired|unemployed|resigned|freelances?|teaches|fired|laid off|made redundant|dismissed|self-employed|position"
    r"|retraining|retrained|in(?:to)? the office|on (?:maternity|parental) leave)\b"
)
_HOME_WORDS = re.compile(
    r"\b(?:lives?|(?<!for a )living|resides?|moved (?:to|into|in|out|from|back)|relocated|shares? an? (?:flat|house"
    r"|room|apartment)|rents? an? (?:[\w-]+ )?(?:flat|room|apartment|house|studio)"
    r"|pays rent for|home is|(?<!mail )address is|settled in|stays with|based in|(?:her|his"
    r"|their) own (?:flat|house|apartment|place|home)|(?:flat|house|apartment|place|home) of (?:her|his|their) own"
    r"|address changed)\b"
)
_HOME = {
    "place": re.compile(
        rf"\b(?:in|to|outside|near|at|of|address is|is|for|from .+ to)\s(?:the "
        rf"|a \w+ in )?(?P<value>\d*\s?{_NAME}(?: \d+)?)"
    ),
    "with": re.compile(
        r"\b(?P<value>alone|(?:her|his|their) own (?:flat|house|apartment|place|home)|(?:place|home) of (?:her|his|their) own"
        r"|by (?:herself|himself|themselves)|(?:in )?with (?:an? |the |her |his "
        r"|their )?[\w' -]+?)(?= (?:in|at|near|and|again|now)\b|[,.;]|$)"
    ),
    "urban": re.compile(r"\b(?:in|to|into) (?:the|an?) (?:\w+ )?(?P<value>city|town|downtown)\b"),
    "rural": re.compile(r"\b(?:in|to) (?:the|an?) (?:\w+ )?(?P<value>countryside|village|country|suburbs?|outskirts)\b"),
    "dwelling": re.compile(
        r"\b(?P<value>flat|apartment|house|cottage|studio|dormitory|dorm|houseboat|room|caravan|van|bungalow"
        r"|loft|villa|farm)\b"
    ),
}
_STATUS = (
    ("single", re.compile(r"\bsingle\b|\b(?:broke|broken|called) (?:up|off)\b|\bsplit (?:up|from|with)|\bdumped\b"
        r"|\bno longer (?:together"
        r"|in a relationship)")),
    ("divorced", re.compile(r"\bdivorced?\b|\bseparated\b|\blives? apart\b|\bleft (?:her|his) (?:husband|wife)"
        r"|\bmarriage (?:has )?ended")),
    ("widowed", re.compile(r"\bwidow(?:ed|er)?\b|\b(?:husband|wife) (?:has )?died")),
    ("engaged", re.compile(r"\bengaged\b|\bfianc[ée]e?\b|\bproposed\b")),
    ("married", re.compile(r"\b(?:re)?married\b|\bwedded\b|\btied the knot\b|\bhas an? (?:husband|wife)\b")),
    ("together", re.compile(
        r"\bin a relationship\b|\bdating\b|\bis seeing\b|\bhas (?:an? )?(?:new )?(?:girlfriend|boyfriend"
            r"|partner)\b|\btogether with\b"
        r"|\bgot together\b|\blives? together\b|\bback (?:together )?with\b")),
)  # fmt: skip
_DIET = (
    ("vegan", re.compile(r"\bvegan\b|\bplant-based\b")),
    ("vegetarian", re.compile(r"\bvegetarian\b|\b(?:no|doesn't eat|does not eat|avoids|stopped eating|gave up|given up"
        r"|no longer eats)\b[\w ]* meat\b")),
    ("pescatarian", re.compile(r"\bpescatarian\b")),
    ("meat", re.compile(r"\beat(?:s|ing)? (?:[\w ]+)?(?:meat|chicken|beef|steak|everything|pork)\b|\bomnivore\b"
        r"|\bmeat[- ]eater\b")),
    ("fish", re.compile(r"\beat(?:s|ing)? (?:\w+ )*fish\b")),
    ("dairy", re.compile(r"\beat(?:s|ing)? (?:\w+ )*(?:cheese|eggs?|dairy|yoghurt)\b")),
)  # fmt: skip
_DIETS_APART = [
    *({"vegan", other} for other in ("vegetarian", "pescatarian", "meat", "fish", "dairy")),
    *({"vegetarian", other} for other in ("pescatarian", "meat", "fish")),
    {"pescatarian", "meat"},
]
_STUDY_WORDS = re.compile(
    r"\b(?:stud(?:ies|ying) (?!for)|majors? in|majoring|enrolled"
    r"|is (?:now )?(?:an? )?(?:\w+ )?student(?! \w)|student of|degree|phd|doctorate|apprenticeship|dropped out"
    r"|graduated|thesis"
    r"|master's|bachelor's|major(?:ed)?|high school|university|in \w+ (?:grade|semester|year))\b"
)
_SUBJECT = re.compile(
    rf"\b(?:stud(?:ies|ying)|student of|major(?:s|ing|ed)? (?:in|to)|degree in|enrolled (?:in|for)|(?:switched"
    rf"|changed)(?: \w+)*? to|phd in|master's in"
    rf"|bachelor's in|apprenticeship as)\s(?:an? )?(?P<value>[\w' -]+?){_END}"
)
_SUBJECTS = (
    r"law|medicine|history|art|music|english|german|french|spanish|theology|nursing|architecture|teaching"
    r"|education|business|design"
    r"|engineering|computer science|accounting|journalism|management|(?:\w+ )?(?:sciences?|studies)"
    r"|(?!\bmusic)\w+(?:ology|istry|estry|acy|omics|sophy|graphy|onomy|matics|ematics|tics|ysics)"
)
_SCHOOL = re.compile(
    r"\b(?:goes to|attends|is (?:a pupil )?(?:in|at)|started|starts|moved (?:up )?to|changed to|transferred to)"
    r"(?: at| in)?(?: (?!(?:evening|driving|music|dance|language|ski|sunday|night|summer|riding|sailing"
    r"|cooking)\b)[\w'-]+){0,3}? "
    r"(?P<value>(?:[\w'-]+ )?(?:school|college|kindergarten|nursery|preschool|gymnasium|academy))\b(?! \w)"
)
_SWITCHED_SUBJECT = re.compile(rf"\b(?:switched|changed)(?: from \w+)? to (?P<value>{_SUBJECTS})\b")
_PHONE = (
    r"iphone|android|fairphone|pixel|galaxy|samsung|nokia|xiaomi|oneplus|motorola|huawei|oppo|blackberry"
    r"|smartphone|dumbphone|flip phone"
    r"|sony|honor|redmi"
)
_CAR = (
    r"vw|volkswagen|golf|polo|passat|skoda|škoda|octavia|fabia|fiat|panda|punto|seat|ibiza|opel|corsa"
    r"|astra|ford|fiesta|focus|toyota|yaris"
    r"|corolla|prius|honda|civic|mazda|nissan|leaf|kia|hyundai|volvo|bmw|audi|mercedes|mini|tesla|renault"
    r"|clio|zoe|twingo|peugeot|citroën"
    r"|citroen|dacia|duster|porsche|subaru|suzuki|jeep|land rover|lexus|saab|jaguar|lada|chevrolet|beetle"
    r"|vauxhall|buick|chrysler|dodge"
    r"|electric car|suv|convertible|hybrid|estate|hatchback|minivan"
)
_OWN = (
    r"\b(?:got|bought|has|uses|drives) (?:her|his|their|an?) new\b|\bswitched\b"
    r"|\bchanged\b|\bupgraded\b|\bhas\b.*\bnow\b|\bnow has\b|\bwent back\b|\btraded\b"
)
_THINGS = {
    "phone": (re.compile(rf"\b(?:{_PHONE})\b[\w ]*"), re.compile(rf"\buses\b|\bphone is\b|\bnew phone\b|{_OWN}")),
    "car": (re.compile(rf"\b(?:{_CAR})\b[\w ]*"), re.compile(rf"\bdrives\b|\bcar is\b|\bnew car\b|{_OWN}")),
}
_OF_A_THING = re.compile(
    rf"^the user's (?!(?:{PERSONS})\b|[\w-]+ (?:{PERSONS})\b|home\b|address\b|new address\b|job\b|new job\b"
    rf"|profession\b|major\b|employer\b|diet\b)"
)
_NOT_MINE = re.compile(r"\b(?:work|company|second|rental|rented|borrowed|test|old|other|business|spare|dreams|toy|model)\b")
_DRIVES = re.compile(rf"\bdrives (?:now )?(?:an? |the |her |his )?(?P<value>[\w' -]+?){_END}")
_NOT_CARS = re.compile(
    r"\bdrives (?:\w+ )?(?:to|home|bus|taxi|truck|lorry|train|tram|too|very|fast|slowly|carefully|kids"
    r"|children|people|through)\b|\bwork\b|\bcompany\b"
)
_ONE_VERB = re.compile(
    rf"\b(?P<verb>banks with|dates|is dating|is with|commutes|sleeps (?:in|on)|parks (?:in|on|at|outside)"
    rf"|sits (?:next to|opposite|beside)|heats with|votes for"
    rf"|is an? (?:customer|client|patient) (?:of|with|at)|(?:is on|follows|keeps to|sticks to)(?= an? [\w-]+ diet)"
    rf"|goes to (?:bed|school))\s(?P<value>[\w' -]+?){_END}"
)
_TO_WORK = re.compile(
    r"\b(?:drives?|cycles?|walks?|commutes?|goes|gets|travels?|rides?|takes (?:the )?(?P<what>bus|train"
    r"|tram|car|bike|metro|subway|ferry))\b"
    r"[\w ]*\bto (?:work|the office|school|university|college)\b(?: (?:by|on|with) (?P<by>\w+))?"
)


def slots_of(fact: Statement) -> Mapping[str, Mapping[str, str]]:
    """Return the slots that a fact fills, each with the values of its parts.

    Args:
        fact: The parsed fact.
    """
    found: dict[str, Mapping[str, str]] = {}
    if _OF_A_THING.match(fact.lower):
        # The fact is about a thing: the user's wedding has moved, not the user.
        return found | _things(fact)
    if work := _work(fact):
        found["work"] = work
    if _HOME_WORDS.search(fact.lower):
        found["home"] = {part: match["value"].lower() for part, rule in _HOME.items() if (match := _last(rule, fact.text))}
    for slot, states in (("status", _STATUS), ("diet", _DIET)):
        state = next((name for name, rule in states if rule.search(fact.lower)), None)
        if state:
            found[slot] = {"diet" if slot == "diet" else "state": state} | (
                {"who": who} if slot == "status" and (who := _with_whom(fact.text)) else {}
            )
    if (study := _study(fact)) is not None:
        found["study"] = study
    if (match := _DRIVES.search(fact.lower)) and not _NOT_CARS.search(fact.lower):
        found["drives"] = {"what": match["value"]}
    if match := _ONE_VERB.search(fact.lower):
        found[stem(match["verb"])] = {"what": match["value"]}
    found |= _things(fact)
    if match := _TO_WORK.search(fact.lower):
        found["commute"] = {"by": match["what"] or match["by"] or stem(match[0].split()[0])}
    return found


def _study(fact: Statement) -> dict[str, str] | None:
    """Return subject, school or place of study, as far as the fact gives them; None if it tells of no studies."""
    named = _SWITCHED_SUBJECT.search(fact.lower)
    school = {"school": match["value"]} if (match := _SCHOOL.search(fact.lower)) else {}
    if school:
        return school
    if not named and not _STUDY_WORDS.search(fact.lower):
        return None
    match = _SUBJECT.search(fact.lower) or named
    place = re.search(rf"\b(?:studies|studying|enrolled)\b.* (?:at|in) (?:the )?(?P<value>{_NAME})", fact.text)
    return ({"subject": match["value"]} if match else {}) | ({"place": place["value"].lower()} if place else {})


def _things(fact: Statement) -> dict[str, Mapping[str, str]]:
    """Return the phone and the car that a fact names, if they are the person's own."""
    if _NOT_MINE.search(fact.lower):
        return {}
    named = {slot: match[0].strip() for slot, (thing, _) in _THINGS.items() if (match := _last(thing, fact.lower))}
    return {slot: {"thing": thing} for slot, thing in named.items()}


def differ(slot: str, new: Mapping[str, str], old: Mapping[str, str], said: str) -> bool:
    """Return whether a part of a slot has another value in the newer fact.

    Args:
        slot: The slot.
        new: The values of the newer fact, by part.
        old: The values of the older fact, by part.
        said: The newer fact in lower case.
    """
    if slot in _THINGS and not _THINGS[slot][1].search(said):
        # A person can have two cars or phones, but only one that they drive or call `my phone`.
        return False
    if slot == "work" and ("none" in new) != ("none" in old):
        return True
    if {"urban", "rural"} == {part for part in ("urban", "rural") for one in (new, old) if part in one}:
        return not ("place" in new and "place" in old and new["place"] == old["place"])
    return any(_excludes(part, new[part], old[part]) for part in new.keys() & old.keys())


def _excludes(part: str, new: str, old: str) -> bool:
    if part == "diet":
        return {new, old} in _DIETS_APART
    if part == "profession":
        ranks = [set(_RANK.findall(value)) for value in (new, old)]
        heads = [stem(value.split()[-1]) for value in (new, old)]
        return heads[0] != heads[1] or (ranks[0] != ranks[1] and bool(ranks[0] or ranks[1]))
    if part == "contract":
        return (new == "permanent") != (old == "permanent")
    if part == "hours":
        kinds = [next((kind for kind, rule in _HOURS if rule.search(value)), ("", "")) for value in (new, old)]
        return kinds[0][0] == kinds[1][0] and new != old and kinds[0] != kinds[1]
    if part in ("state", "none", "by"):
        return new != old
    words = [{stem(word) for word in value.split()} for value in (new, old)]
    return not (words[0] <= words[1] or words[1] <= words[0])


def _work(fact: Statement) -> dict[str, str]:
    """Return profession, employer, hours and contract, as far as the fact gives them."""
    parts: dict[str, str] = {}
    match = _WORK["profession"].search(fact.lower) or _WORK["living"].search(fact.lower) or _BUSINESS.search(fact.lower)
    if (
        match is None
        and (called := _WORK["is"].search(fact.lower))
        and _is_job(called["value"])
        and not _IN_A_CLUB.search(fact.lower)
    ):
        match = called
    if match is None and (called := _WORK["as"].search(fact.lower)) and _is_job(called["value"]):
        match = called
    if match:
        parts["profession"] = match["value"]
    if not parts and (not _WORK_WORDS.search(fact.lower) or re.search(r"\bworks (?:with|on|out|towards)\b", fact.lower)):
        return {}
    match = _EMPLOYER.search(fact.lower)
    if match and not re.match(r"(?:home|night|now|years|months|\d)", match["value"]):
        parts["employer"] = match["value"]
    for part in ("hours", "none", "contract"):
        if match := _WORK[part].search(fact.lower):
            parts[part] = match["value"]
    return parts or {"work": fact.lower}


def _is_job(noun: str) -> bool:
    last = noun.rsplit(maxsplit=1)[-1]
    return last not in _NOT_JOBS and not _HOBBY.search(noun) and bool(_JOB_ENDING.search(last))


def _with_whom(text: str) -> str:
    match = re.search(rf"\b(?:to|with|from|(?:boy|girl)friend(?: is)?(?: called)?|husband|wife)\s({_NAME})", text)
    return match[1] if match else ""


def _last(rule: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Return the last match: in `moved from Leeds to York` the place is York."""
    return next(iter(deque(rule.finditer(text), maxlen=1)), None)
