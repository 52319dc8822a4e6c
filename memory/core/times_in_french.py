"""Phrases about time in French (data; written as `time_rules.folded` returns a text)."""

from __future__ import annotations

from memory.core import time_meanings as means
from memory.core.time_rules import Language, Rule

_LAST, _NEXT = r"(?:dernier|derniere|passee?)", r"(?:prochaine?|qui vient)"
_HOURS = r"(?:soir|matin|midi|apres-midi)"
FRENCH = Language(
    weekdays="lundi mardi mercredi jeudi vendredi samedi dimanche",
    months="janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    counts={
        "quelques": 3,
        "une?": 1,
        "deux": 2,
        "trois": 3,
        "quatre": 4,
        "cinq": 5,
        "six": 6,
        "sept": 7,
        "huit": 8,
        "neuf": 9,
        "dix": 10,
        "onze": 11,
        "douze": 12,
    },
    units={"jours?": "days", "semaines?": "weeks", "mois": "months", "ans?|annees?": "years"},
    feasts={
        "noel": "christmas",
        "paques": "easter",
        "nouvel an": "new year",
        "saint-sylvestre": "new year's eve",
        "printemps": "spring",
        "ete": "summer",
        "automne": "autumn",
        "hiver": "winter",
    },
    rules=(
        Rule("(?:tous les|les|chaque) <weekday>s?", None),
        Rule(r"(?:[mts]'appell\w*|nomm\w+) <weekday>", None),
        Rule(r"le <weekday>s?(?! dernier| passe| prochain| qui vient| de la semaine| \d)", None),
        Rule("chaque (?:jour|semaine|week-?end|mois|annee)", None),
        Rule("(?:pendant|durant|depuis|pour|en|tou(?:te)?s les) (?:presque |environ )?<count> <unit>", None),
        Rule("avant[- ]hier", means.day(-2)),
        Rule(f"hier {_HOURS}|d'hier|la nuit derniere", means.day(-1)),
        Rule("hier", means.day(-1), unsure=True),
        Rule("aujourd'?hui|ce (?:matin|midi|soir)|cet(?:te)? apres-midi|cette nuit", means.day(0)),
        Rule(f"demain(?: {_HOURS})?", means.day(1)),
        Rule("apres[- ]demain", means.day(2)),
        Rule("y a (?:environ |a peu pres |plus de |presque )?<count> <unit>", means.ago),
        Rule("y a quinze jours", means.counted(means.ago, 2, "weeks")),
        Rule("y a huit jours", means.counted(means.ago, 1, "weeks")),
        Rule("(?:dans|d'ici) (?:environ )?<count> <unit>", means.ahead),
        Rule("dans quinze jours", means.counted(means.ahead, 2, "weeks")),
        Rule("(?:ces|les|des) (?:<count> )?derniere?s <unit>", means.up_to_now),
        Rule("(?:ces|les|des) (?:<count> )?prochaine?s <unit>", means.from_now),
        Rule(f"<weekday>(?: {_HOURS})? {_LAST}", means.last_weekday),
        Rule(f"<weekday>(?: {_HOURS})? {_NEXT}", means.next_weekday),
        Rule("d'ici (?:a )?<weekday>", means.next_weekday),
        Rule(f"ce <weekday>(?: {_HOURS})?", means.weekday_of_week(0)),
        Rule(f"<weekday>(?: {_HOURS})?", means.weekday),
        Rule(f"<weekday> de la semaine {_LAST}", means.weekday_of_week(-1)),
        Rule(f"<weekday> de la semaine {_NEXT}", means.weekday_of_week(1)),
        Rule(f"semaine {_LAST}", means.week(-1)),
        Rule("cette semaine", means.week(0)),
        Rule(f"semaine {_NEXT}", means.week(1)),
        Rule(f"week-?end {_LAST}", means.weekend_of_week(-1)),
        Rule("ce week-?end", means.weekend),
        Rule(f"week-?end {_NEXT}", means.weekend_of_week(1)),
        Rule(f"mois {_LAST}", means.month_at(-1)),
        Rule("ce mois(?:-ci)?", means.month_at(0)),
        Rule(f"mois {_NEXT}", means.month_at(1)),
        Rule(f"(?:an|annee) {_LAST}", means.year_at(-1)),
        Rule("cette annee", means.year_at(0)),
        Rule(f"(?:an|annee) {_NEXT}", means.year_at(1)),
        Rule("(?:en|depuis|l'annee) <year>", means.year),
        Rule(r"(?:en|pour|depuis|debut|fin|mi-?|courant|mois de|mois d')\s*<month>(?: <year>)?", means.month),
        Rule("(?:en )?<month> (?:dernier|passe)", means.last_month_named),
        Rule(f"(?:en )?<month> {_NEXT}", means.next_month_named),
        Rule(f"(?:en )?<month> de l'(?:an|annee) {_LAST}", means.month_of_year(-1)),
        Rule(f"l'(?:an|annee) {_LAST},? en <month>", means.month_of_year(-1)),
        Rule(f"(?:en )?<month> de l'(?:an|annee) {_NEXT}", means.month_of_year(1)),
        Rule("(?:le|du|au) (?:<weekday> )?<day>(?:er)? <month>(?: <year>)?", means.date_named),
        Rule("<weekday> <day>(?:er)? <month>(?: <year>)?", means.date_named),
        Rule("(?:le|du|au) <day>[/.-]<number>[/.-]<year>", means.date_named, unsure=True),
        Rule(r"(?:le|du|au) <day>/<number>(?:/<yy>)?(?![/\d])", means.date_named, unsure=True),
        Rule(f"(?:le|du|au) <day>(?:er)? <month> de l'(?:an|annee) {_LAST}", means.date_of_year(-1)),
        Rule("(?:a|au|pour|vers|avant|apres|depuis)(?: la| le)? (?!ete)<feast>(?: <year>)?", means.feast("at")),
        Rule("(?:en |l')<feast> <year>", means.feast("at")),
        Rule("en <feast>", means.feast("at")),
        Rule(f"<feast> {_LAST}", means.feast("last")),
        Rule("(?:ce|cet) <feast>", means.feast("this")),
        Rule(f"<feast> {_NEXT}", means.feast("next")),
    ),
    may_name=(
        "lundi mardi mercredi jeudi vendredi samedi dimanche _hier_ demain aujourd _ce_matin_ _ce_midi_ "
        "_ce_soir_ apres_midi _nuit_ _jour_ _jours_ semaine _week_end _weekend_ _mois_ _ans_ _l_an_ annee "
        "janvier fevrier _mars_ avril _mai_ _juin_ juillet _aout_ embre octobre noel paques nouvel_an "
        "sylvestre printemps _ete_ automne hiver _19 _20 _depuis_ _le_0 _le_1 _le_2 _le_3 "
        "_le_4 _le_5 _le_6 _le_7 _le_8 _le_9"
    ),
    ahead=r"prevue?s?|planifie\w*|vais|va|allons|dois|doit|devons|faut|rendez-vous|prochaine?s?|a faire|compte"
    r"|\w+(?:erai|irai|rons)",
    behind=r"etai\w*|avai\w*|derniere?s?"
    r"|(?:ai|as|a|avons|ont|suis|est|sommes)(?:-(?:t-)?(?:je|tu|il|elle|on|nous|ils))? (?:pas |deja |bien )?"
    r"(?!prevu|compte|rendez)\w{2,}(?:e|es|ee|ees|i|is|it|u|us|ue)",
    own_words=r"[cdjlmnqstu]{1,2}'\w+|que|quoi|qui|est|nous|ai|avons|ou|les|une|mon|comment|fait",
)
