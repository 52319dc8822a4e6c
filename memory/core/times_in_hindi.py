"""Phrases about time in Hindi (data; written as `time_rules.folded` returns a text)."""

from __future__ import annotations

from memory.core import time_meanings as means
from memory.core.time_rules import Language, Rule

_LAST, _NEXT = "(?:पिछल[ेीा]|बीत[ेी]|गत)", "(?:अगल[ेीा]|आने वाल[ेी]|आगामी)"
_WEEK, _MONTH, _YEAR = "(?:हफ्ते|हफ्ता|सप्ताह)", "(?:महीने|महीना|माह)", "(?:साल|वर्ष|बरस)"
HINDI = Language(
    weekdays="सोमवार मंगलवार बुधवार गुरुवार|गुरूवार|बृहस्पतिवार|वीरवार शुक्रवार शनिवार रविवार|इतवार",
    months="जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर|सितम्बर अक्टूबर|अक्तूबर नवंबर|नवम्बर दिसंबर|दिसम्बर",
    counts={
        "कुछ": 3,
        "एक": 1,
        "दो": 2,
        "तीन": 3,
        "चार": 4,
        "पांच": 5,
        "छह|छः|छे": 6,
        "सात": 7,
        "आठ": 8,
        "नौ": 9,
        "दस": 10,
        "ग्यारह": 11,
        "बारह": 12,
    },
    units={
        "दिन|दिनों": "days",
        "हफ्ते|हफ्ता|हफ्तों|सप्ताह|सप्ताहों": "weeks",
        "महीने|महीना|महीनों|माह": "months",
        "साल|सालों|वर्ष|वर्षों|बरस": "years",
    },
    feasts={
        "क्रिसमस": "christmas",
        "नए साल|नववर्ष": "new year",
        "वसंत|बसंत": "spring",
        "गर्मी|गर्मियों": "summer",
        "सर्दी|सर्दियों|जाडे|जाडों": "winter",
    },
    rules=(
        Rule("(?:हर|हरेक|प्रत्येक) (?:<weekday>|दिन|रोज|हफ्ते|सप्ताह|महीने|साल)", None),
        Rule("<count> <unit> (?:तक|से|के|की|का)", None),
        Rule("आज कल|आज-कल", None),
        Rule("(?:नरसों|तरसों)", means.day_either_way(3)),
        Rule("परसों", means.day_either_way(2)),
        Rule("कल(?: रात| शाम| सुबह)?", means.day_either_way(1)),
        Rule("बीते कल", means.day(-1)),
        Rule("आने वाले कल", means.day(1)),
        Rule("आज", means.day(0)),
        Rule("<count> <unit> पहले", means.ago),
        Rule("के <count> <unit> (?:बाद|पहले)", None),
        Rule("<count> <unit> बाद", means.ahead),
        Rule(f"{_LAST} <count> <unit>", means.up_to_now),
        Rule(f"{_NEXT} <count> <unit>", means.from_now),
        Rule(f"{_LAST} <weekday>", means.last_weekday),
        Rule(f"{_NEXT} <weekday>", means.next_weekday),
        Rule("इस <weekday>", means.weekday_of_week(0)),
        Rule(f"{_LAST} {_WEEK} (?:के )?<weekday>", means.weekday_of_week(-1)),
        Rule(f"{_NEXT} {_WEEK} (?:के )?<weekday>", means.weekday_of_week(1)),
        Rule("<weekday> (?:को|की|के|तक|शाम|रात|सुबह|दोपहर)", means.weekday),
        Rule(f"{_LAST} से {_LAST} {_WEEK}", means.week(-2)),
        Rule(f"{_LAST} {_WEEK}", means.week(-1)),
        Rule(f"इस {_WEEK}", means.week(0)),
        Rule(f"{_NEXT} {_WEEK}", means.week(1)),
        Rule(f"{_LAST} (?:वीकेंड|वीकेण्ड|सप्ताहांत)", means.weekend_of_week(-1)),
        Rule("(?:इस )?(?:वीकेंड|वीकेण्ड|सप्ताहांत)", means.weekend),
        Rule(f"{_NEXT} (?:वीकेंड|वीकेण्ड|सप्ताहांत)", means.weekend_of_week(1)),
        Rule(f"{_LAST} {_MONTH}", means.month_at(-1)),
        Rule(f"इस {_MONTH}", means.month_at(0)),
        Rule(f"{_NEXT} {_MONTH}", means.month_at(1)),
        Rule(f"{_LAST} {_YEAR}", means.year_at(-1)),
        Rule(f"इस {_YEAR}", means.year_at(0)),
        Rule(f"{_NEXT} {_YEAR}", means.year_at(1)),
        Rule("(?:साल|सन|वर्ष) <year>", means.year),
        Rule("<year> (?:में|से)", means.year),
        Rule("<month>(?: <year>)?(?: के (?:महीने|माह))? (?:में|से|तक)", means.month),
        Rule(f"{_LAST} <month>", means.last_month_named),
        Rule(f"{_NEXT} <month>", means.next_month_named),
        Rule(f"{_LAST} {_YEAR} (?:के )?<month>", means.month_of_year(-1)),
        Rule(f"{_NEXT} {_YEAR} (?:के )?<month>", means.month_of_year(1)),
        Rule("<day> <month>(?: <year>)?", means.date_named),
        Rule(f"{_LAST} {_YEAR} <day> <month>", means.date_of_year(-1)),
        Rule("<feast> (?:पर|में|के दिन)", means.feast("at")),
        Rule(f"{_LAST} <feast>", means.feast("last")),
        Rule("(?:इस|इन) <feast>", means.feast("this")),
        Rule(f"{_NEXT} <feast>", means.feast("next")),
    ),
    may_name=(
        "कल रसों आज वार दिन हफ्त सप्ताह वीकें वीकेण्ड मही माह साल वर्ष बरस जनवरी फरवरी मार्च अप्रैल मई जून "
        "जुलाई अगस्त सित अक् नव दिस क्रिसमस संत गर्मी गर्मियों सर्दी सर्दियों जाडे जाडों में सन_"
    ),
    ahead=r"शुरू (?:है|हैं)|होगा|होगी|होंगे|(?:\S+ना|क्या) (?:है|हैं)|कौन .{1,20} (?:है|हैं)"
    r"|\S+(?:ूंगा|ूंगी|ऊंगा|ऊंगी|ेगा|ेगी|ेंगे|ेंगी|एगा|एगी|एंगे)",
    behind="था|थी|थे|थीं|हुआ|हुई|हुए|किया|की|गया|गई|गए|मिला|मिली|बताया|बताई|कहा|लाया|लाई",
    before=r"(?<![\w\u0900-\u097f])",
    after=r"(?![\w\u0900-\u097f])",
)
