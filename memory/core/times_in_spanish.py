"""Phrases about time in Spanish (data; written as `time_rules.folded` returns a text)."""

from __future__ import annotations

from memory.core import time_meanings as means
from memory.core.time_rules import Language, Rule

_LAST, _NEXT = r"(?:pasad[oa])", r"(?:que viene|proxim[oa]|entrante)"
SPANISH = Language(
    weekdays="lunes martes miercoles jueves viernes sabado domingo",
    months="enero febrero marzo abril mayo junio julio agosto septiembre|setiembre octubre noviembre diciembre",
    counts={
        "un par de|unos pocos|unas pocas|algun[oa]s": 3,
        "un|una": 1,
        "dos": 2,
        "tres": 3,
        "cuatro": 4,
        "cinco": 5,
        "seis": 6,
        "siete": 7,
        "ocho": 8,
        "nueve": 9,
        "diez": 10,
        "once": 11,
        "doce": 12,
    },
    units={"dias?": "days", "semanas?": "weeks", "mes|meses": "months", "anos?": "years"},
    feasts={
        "nochebuena": "christmas eve",
        "navidad|navidades": "christmas",
        "nochevieja": "new year's eve",
        "ano nuevo": "new year",
        "semana santa|pascua": "easter",
        "primavera": "spring",
        "verano": "summer",
        "otono": "autumn",
        "invierno": "winter",
    },
    rules=(
        Rule("(?:(?:todos )?los|cada) <weekday>s?", None),
        Rule("cada (?:dia|semana|mes|ano)", None),
        Rule("(?:durante|desde hace|por|cada) (?:casi |unos |unas )?<count> <unit>", None),
        Rule("(?:por|de|a|en) la manana|cada manana|las mananas", None),
        Rule("anteayer|antes de ayer|antier", means.day(-2)),
        Rule("ayer(?: por la (?:manana|tarde|noche))?|anoche", means.day(-1)),
        Rule("hoy|esta (?:manana|tarde|noche)", means.day(0)),
        Rule("manana(?: por la (?:manana|tarde|noche))?", means.day(1)),
        Rule("pasado manana", means.day(2)),
        Rule("hace (?:unos |unas |mas de |como |casi )?<count> <unit>", means.ago),
        Rule("<count> <unit> atras", means.ago),
        Rule("(?:dentro de|en) (?:unos |unas )?<count> <unit>", means.ahead),
        Rule("(?:l[oa]s|est[oa]s) ultim[oa]s (?:<count> )?<unit>", means.up_to_now),
        Rule("(?:l[oa]s|est[oa]s) <count> ultim[oa]s <unit>", means.up_to_now),
        Rule("(?:l[oa]s|est[oa]s) proxim[oa]s (?:<count> )?<unit>", means.from_now),
        Rule(f"(?:el )?<weekday> {_LAST}", means.last_weekday),
        Rule("(?:el )?(?:pasado|ultimo) <weekday>", means.last_weekday),
        Rule(f"(?:el )?<weekday> {_NEXT}", means.next_weekday),
        Rule("(?:el )?proximo <weekday>", means.next_weekday),
        Rule("para el <weekday>", means.next_weekday),
        Rule("este <weekday>", means.weekday_of_week(0)),
        Rule("(?:el|del|al) <weekday>", means.weekday),
        Rule("(?:el )?<weekday> de la (?:semana pasada|pasada semana)", means.weekday_of_week(-1)),
        Rule(f"(?:el )?<weekday> de la (?:semana {_NEXT}|proxima semana)", means.weekday_of_week(1)),
        Rule("semana antepasada", means.week(-2)),
        Rule("semana pasada|(?:pasada|ultima) semana", means.week(-1)),
        Rule("esta semana", means.week(0)),
        Rule(f"semana {_NEXT}|proxima semana", means.week(1)),
        Rule("(?:el )?(?:(?:fin de semana|finde) pasado|(?:pasado|ultimo) (?:fin de semana|finde))", means.weekend_of_week(-1)),
        Rule("(?:el|este) (?:fin de semana|finde)", means.weekend),
        Rule(f"(?:el )?(?:(?:fin de semana|finde) {_NEXT}|proximo (?:fin de semana|finde))", means.weekend_of_week(1)),
        Rule("mes pasado|(?:pasado|ultimo) mes", means.month_at(-1)),
        Rule("este mes", means.month_at(0)),
        Rule(f"mes {_NEXT}|proximo mes", means.month_at(1)),
        Rule("ano pasado|pasado ano", means.year_at(-1)),
        Rule("este ano", means.year_at(0)),
        Rule(f"ano {_NEXT}|proximo ano", means.year_at(1)),
        Rule("(?:en|desde|el ano) <year>", means.year),
        Rule(
            "(?:en|desde|para|durante|hasta|a (?:principios|mediados|finales) de|mes de) <month>(?: del? <year>)?", means.month
        ),
        Rule("(?:en )?(?:el )?(?:<month> pasado)", means.last_month_named),
        Rule("(?:en )?(?:el )?(?:pasado|ultimo) <month>", means.last_month_named),
        Rule(f"<month> {_NEXT}", means.next_month_named),
        Rule("proximo <month>", means.next_month_named),
        Rule("(?:en )?<month> del (?:ano pasado|pasado ano)", means.month_of_year(-1)),
        Rule(f"(?:en )?<month> del (?:ano {_NEXT}|proximo ano)", means.month_of_year(1)),
        Rule("(?:(?:el|del|al) )?(?:<weekday>,? )?<day> de <month>(?: del? <year>)?", means.date_named),
        Rule("(?:el|del|al) <day>[/.-]<number>[/.-]<year>", means.date_named, unsure=True),
        Rule(r"(?:el|del|al) <day>/<number>(?:/<yy>)?(?![/\d])", means.date_named, unsure=True),
        Rule("(?:(?:el|del|al) )?<day> de <month> del ano pasado", means.date_of_year(-1)),
        Rule(
            "(?:en|por|para|durante|antes de|despues de)(?: el| la)? <feast>(?: del? <year>)?(?! pasad| que viene| proxim)",
            means.feast("at"),
        ),
        Rule("(?:el|la) <feast> pasad[oa]", means.feast("last")),
        Rule("(?:el|la) (?:pasad[oa]|ultim[oa]) <feast>", means.feast("last")),
        Rule("est[ea] <feast>", means.feast("this")),
        Rule("(?:el|la) proxim[oa] <feast>", means.feast("next")),
        Rule(f"(?:el|la) <feast> {_NEXT}", means.feast("next")),
    ),
    may_name=(
        "lunes martes miercoles jueves viernes sabado domingo _ayer anteayer _antier_ anoche _hoy_ manana "
        "_esta_ _dia_ _dias_ semana finde _mes_ meses _ano_ _anos_ enero febrero _marzo _abril _mayo_ junio "
        "julio agosto iembre octubre navidad nochebuena nochevieja pascua primavera verano otono invierno "
        "_19 _20 _desde_ _el_0 _el_1 _el_2 _el_3 _el_4 _el_5 _el_6 _el_7 _el_8 _el_9"
    ),
    ahead=r"tengo|tenemos|hay|voy|vamos|debo|previst\w+|planead\w+|planes|citas?|proxim\w+|que viene|viene|sera|toca"
    r"|pendiente\w*",
    behind=r"hice|hicimos|hizo|fui|fue|fuimos|vi|vimos|paso|pasamos|pasad[oa]s?|estuv\w+|tuv\w+|dije\w*|dijo|era|he|hemos"
    r"|\w{2,}(?:aste|iste|aron|ieron|aba|abas|abamos)",
    own_words="que|mis?|con|donde|cuando|quien|como|cuanto|hice|fui|fue|paso|hay|tengo|estuve|por",
)
