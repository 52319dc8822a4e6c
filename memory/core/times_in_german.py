"""Phrases about time in German (data; written as `time_rules.folded` returns a text)."""

from __future__ import annotations

from memory.core import time_meanings as means
from memory.core.time_rules import Language, Rule

_LAST, _NEXT, _THIS = r"(?:letzt|vergangen|vorig)e[nrsm]?", r"(?:nae?chst|kommend)e[nrsm]?", r"diese[nrsm]?"
_LEAD, _HOURS = r"(?:am|vom|zum|bis|ab|seit|den|dem|der)", r"(?:abend|morgen|frue?h|vormittag|mittag|nachmittag|nacht)"
_SHARED = "april|august|september|november"
GERMAN = Language(
    weekdays="montag dienstag mittwoch donnerstag freitag samstag|sonnabend sonntag",
    months="januar|jae?nner februar mae?rz april mai juni juli august september oktober november dezember",
    counts={
        "(?:ein )?paar|einigen": 3,
        "eine[mnr]?|ein": 1,
        "zwei": 2,
        "drei": 3,
        "vier": 4,
        "fue?nf": 5,
        "sechs": 6,
        "sieben": 7,
        "acht": 8,
        "neun": 9,
        "zehn": 10,
        "elf": 11,
        "zwoe?lf": 12,
    },
    units={"tag|tagen?": "days", "wochen?": "weeks", "monat|monaten?": "months", "jahr|jahren?": "years"},
    feasts={
        "heiligabend": "christmas eve",
        "weihnachten": "christmas",
        "silvester": "new year's eve",
        "neujahr": "new year",
        "ostermontag": "easter monday",
        "ostern": "easter",
        "frue?hling|frue?hjahr": "spring",
        "sommer": "summer",
        "herbst": "autumn",
        "winter": "winter",
    },
    rules=(
        Rule(r"jede[nrsm]? (?:zweite[nrsm]? )?(?:<weekday>|tag|woche|wochenende|monat|jahr)", None),
        Rule(r"(?:immer|meistens) (?:am )?<weekday>", None),
        Rule(r"(?:fue?r|seit|ue?ber|alle|pro) (?:etwa |rund |fast )?<count> <unit>", None),
        Rule(r"<count> <unit> lang", None),
        Rule(r"(?:guten|jeden|am|eines|diesen|nae?chsten) morgen", None),
        Rule("vorgestern", means.day(-2)),
        Rule(f"gestern(?: {_HOURS})?|(?:letzte|gestrige) nacht", means.day(-1)),
        Rule(f"heute(?: {_HOURS})?", means.day(0)),
        Rule(f"morgen(?: {_HOURS})?", means.day(1), unsure=True),
        Rule("ue?bermorgen", means.day(2)),
        Rule(r"vor (?:etwa |rund |ungefae?hr |gut |knapp |circa )?<count> <unit>", means.ago),
        Rule("heute vor <count> <unit>", means.ago),
        Rule(r"in (?:etwa |rund |ungefae?hr )?<count> <unit>", means.ahead),
        Rule("(?:letzten|vergangenen) <count> <unit>", means.up_to_now),
        Rule("(?:nae?chsten|kommenden) <count> <unit>", means.from_now),
        Rule(f"{_LAST} <weekday>{_HOURS}?", means.last_weekday),
        Rule(f"{_NEXT} <weekday>{_HOURS}?", means.next_weekday),
        Rule(f"{_THIS} <weekday>{_HOURS}?", means.weekday_of_week(0)),
        Rule(f"bis (?:zum )?<weekday>{_HOURS}?", means.next_weekday),
        Rule(f"{_LEAD} <weekday>{_HOURS}?", means.weekday),
        Rule(f"<weekday>{_HOURS}", means.weekday),
        Rule(f"(?:{_LEAD} )?<weekday>(?: der)? {_LAST} woche", means.weekday_of_week(-1)),
        Rule(f"{_LAST} woche (?:am )?<weekday>{_HOURS}?", means.weekday_of_week(-1)),
        Rule(f"(?:{_LEAD} )?<weekday>(?: der)? {_NEXT} woche", means.weekday_of_week(1)),
        Rule(f"{_NEXT} woche (?:am )?<weekday>{_HOURS}?", means.weekday_of_week(1)),
        Rule("vorletzte[nr]? woche", means.week(-2)),
        Rule(f"{_LAST} woche", means.week(-1)),
        Rule(f"{_THIS} woche", means.week(0)),
        Rule(f"{_NEXT} woche", means.week(1)),
        Rule("ue?bernae?chste[nr]? woche", means.week(2)),
        Rule("vorletzte[ns]? wochenende", means.weekend_of_week(-2)),
        Rule(f"{_LAST} wochenende", means.weekend_of_week(-1)),
        Rule(f"(?:{_THIS}|kommende[ns]?) wochenende", means.weekend_of_week(0)),
        Rule("nae?chste[ns]? wochenende", means.weekend_of_week(1)),
        Rule("(?:am|ue?bers|das) wochenende", means.weekend),
        Rule("vorletzten monat", means.month_at(-2)),
        Rule(f"{_LAST} monat", means.month_at(-1)),
        Rule(f"{_THIS} monat", means.month_at(0)),
        Rule(f"{_NEXT} monat", means.month_at(1)),
        Rule("vorletzte[ns]? jahr", means.year_at(-2)),
        Rule(f"{_LAST} jahr", means.year_at(-1)),
        Rule(f"{_THIS} jahr|heuer", means.year_at(0)),
        Rule(f"{_NEXT} jahr", means.year_at(1)),
        Rule("(?:im|seit dem) jahre? <year>", means.year),
        Rule(f"(?:im|fue?r|seit|bis|ab|anfang|mitte|ende) (?!{_SHARED})<month>(?: <year>)?", means.month),
        Rule("(?:im|fue?r|seit|bis|ab|anfang|mitte|ende) <month>(?: <year>)?", means.month, unsure=True),
        Rule(f"{_LAST} <month>", means.last_month_named),
        Rule(f"{_NEXT} <month>", means.next_month_named),
        Rule(f"(?:im )?<month>(?: des)? {_LAST} jahres", means.month_of_year(-1)),
        Rule(f"{_LAST} jahr im <month>", means.month_of_year(-1)),
        Rule(f"(?:im )?<month>(?: des)? {_NEXT} jahres", means.month_of_year(1)),
        Rule(f"{_NEXT} jahr im <month>", means.month_of_year(1)),
        Rule(rf"{_LEAD} (?:<weekday>,? (?:dem|den|der) )?<day>\.\s*<month>(?: <year>)?", means.date_named),
        Rule(rf"{_LEAD} (?:<weekday>,? (?:dem|den|der) )?<day>\.\s*<number>\.(?:\s*(?:<year>|<yy>))?", means.date_named),
        Rule(f"{_LEAD} <day>/<number>/<year>", means.date_named, unsure=True),
        Rule(rf"{_LEAD} <day>\.\s*<month>(?: des)? {_LAST} jahres", means.date_of_year(-1)),
        Rule("(?:an|zu|im|in|um|ue?ber|seit|bis|vor|nach) <feast>(?: <year>)?", means.feast("at")),
        Rule(f"{_LAST} jahr (?:an|zu|im) <feast>", means.feast_of_year(-1)),
        Rule(f"(?:an|zu|im) <feast>(?: des)? {_LAST} jahr(?:es)?", means.feast_of_year(-1)),
        Rule(f"{_LAST} <feast>", means.feast("last")),
        Rule(f"{_THIS} <feast>", means.feast("this")),
        Rule(f"{_NEXT} <feast>", means.feast("next")),
    ),
    may_name=(
        "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag _tag_ _tage woche monat _jahr "
        "gestern heute _heuer_ _nacht_ morgen januar_ janner_ jaenner_ februar_ marz_ maerz_ _april_ _mai_ "
        "_juni_ _juli_ _august_ _september_ oktober _november_ dezember weihnacht silvester ostern heiligabend "
        "herbst fruhling fruhjahr fruehling fruehjahr sommer _im_winter ten_winter sen_winter _bis_ _vom_ "
        "_zum_ _ab_ _19 _20 _am_0 _am_1 _am_2 _am_3 _am_4 _am_5 _am_6 _am_7 _am_8 _am_9"
    ),
    ahead=r"(?:steht|stehen) .{0,60}\ban|vor|vorhaben?|geplant|planen?|werden?|wird|muss|mue?ssen|soll\w*|will|wollen|moe?chte"
    r"|termine?|kommende\w*|nae?chste\w*|ansteh\w*|fae?llig|mache ich|machen wir|erinnere? mich",
    behind=r"war|waren|hatten?|wurden?|gab|ging\w*|kam|kamen|passiert\w*|sagte|letzt\w+|vergangen\w+"
    r"|(?:bin|sind|habe?|haben|hat|ist) .{0,80}\b\w*ge(?!plant|bucht)\w+(?:t|en)",
    own_words="ich|wir|wo|wer|wann|welche[nrsm]?|habe?|haben|ist|sind|das|und|nicht|mein\\w*|gab|los|mir|uns|war",
)
