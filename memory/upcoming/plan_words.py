"""Words that distinguish a plan from something past, possible, usual or cancelled, in four languages (data)."""

from __future__ import annotations

import re


def one_of(*lines: str, unspaced: str = "") -> re.Pattern[str]:
    """Return a pattern that matches any of some words and phrases.

    Args:
        lines: Alternatives separated by `|`, matched as whole words, in languages with spaces.
        unspaced: Alternatives in Chinese, matched anywhere.
    """
    spaced = rf"\b(?:{'|'.join(lines)})\b"
    return re.compile(f"{spaced}|{unspaced}" if unspaced else spaced, re.IGNORECASE)


EVENT = one_of(
    r"appointments?|dentist|doctor|gp|vet|hairdresser|check-?up|meetings?|interview|exams?|tests?|quiz|presentation|talk|lecture",
    r"class|course|workshop|conference|seminar|deadline|due|(?:half[- ])?marathon|race|match|game|tournament|competition",
    r"concert|gig|show|festival|party|wedding|birthday|b-?day|anniversary|funeral|graduation|christening|baptism|dinner|lunch",
    r"brunch|breakfast|flight|trip|holiday|vacation|train|ferry|journey|visit|visitors?|delivery|surgery|operation|scan|therapy|session",
    r"rehearsal|audition|recital|performance|shift|launch|release|submission|rent|bill|payment|tax|visa|passport|reservation",
    r"booking|tickets?|barbecue|bbq|picnic|hike|camping|tour|viewing|inspection|handover|hearing|court|election|kick-?off|review",
    r"orientation|premiere|first day|last day|viva|defen[cs]e|move|moving day|blood test|dance|choir|practice|training|lesson",
    r"date night|reunion|shower|work do|christmas do|parents['’] evening|elternabend",
    r"\w*termin|zahnarzt\w*|arzt\w*|prüfung\w*|klausur\w*|besprechung\w*|treffen|hochzeit|geburtstag\w*|konzert\w*|flug|reise",
    r"urlaub|umzug|abgabe\w*|frist|vorstellungsgespräch|feier|rennen|halbmarathon|lauf|spiel|besuch|jahrestag|hochzeitstag|kurs",
    r"cita|dentista|médico|medico|examen|reunión|entrevista|boda|cumpleaños|concierto|vuelo|viaje|vacaciones|mudanza|entrega",
    r"partido|carrera|media maratón|maratón|fiesta|cena|comida|aniversario|curso|operación|visita",
    unspaced="牙医|医生|看病|考试|测验|面试|会议|开会|婚礼|生日|音乐会|演唱会|比赛|马拉松|航班|飞|旅行|旅游|假期|搬家|聚会"
    "|约会|截止|交|纪念日|手术|结婚|复查|预约|课|演出|火车|高铁",
)
"""Events and appointments."""
PERSON = one_of(
    r"i|i['’](?:m|ll|ve|d)|we|we['’](?:re|ll|ve)|my|our|us|me|user|user['’]s",
    r"ich|wir|mein\w*|unser\w*|mir|uns",
    r"yo|mis?|nuestr\w+|tengo|tenemos|voy|vamos|viajo|viajamos|salgo|salimos|empiezo|quedo|nos",
    unspaced="我|咱",
)
PLANNED = one_of(
    r"(?:i|we|user|he|she|they|it|who)\b.{0,12}?\b(?:will|shall|must|plans?|intends?|needs?|leaves?|fl(?:y|ies)|starts?|begins?",
    r"moves?|sees?|meets?|goes|go|travels?|drives?|runs?|plays?|performs?|presents?|hosts?|celebrates?|arrives?|comes?|visits?",
    r"returns?|get|gets|have|has|am|is|are)",
    r"\w+['’](?:ll|m|re|s)|going to|gonna|needs? to|have to|(?:is|are)\s+(?:on|at|in|due|coming|this|next)",
    r"arrives?|comes?|starts?|begins?|ends?|expires?|opens?|closes?|leaves?|returns?|visits?|marr(?:y|ies)|turns? \d+",
    r"takes? place|\w+(?:ing)",
    r"gotta|has|habe|haben|hat|muss|müssen|werde|werden|wird|will|wollen|fliege|fliegen|fahre|fahren|gehe|gehen|treffe|treffen|ziehe|ziehen",
    r"laufe|fängt|beginnt|kommt|kommen|ist|heirate|heiraten|fange|besuche|besuchen|möchte",
    r"tengo|tenemos|voy|vamos|viajo|viajamos|salgo|salimos|empiezo|empieza|empezamos|viene|vienen|es|será|corro|quedo|llega|llegan",
    r"vuelo|operan|opera",
    unspaced="要|会|将|有|去|得|跑|打算|准备|计划",
)
"""Verbs and phrases that tell of the future."""
ARRANGED = one_of(
    r"booked|scheduled|arranged|invited|signed up|registered|enrolled|planned|decided|reserved",
    r"promised|agreed|offered|bought (?:\w+ ){0,2}tickets?",
    r"(?:made|got|have got|set up|was given|received) (?:an?|my|our|the|tickets?)|moved to|postponed to|pushed (?:back )?to",
    r"rescheduled",
    r"gebucht|vereinbart|ausgemacht|eingeladen|angemeldet|geplant|reserviert|bekommen",
    r"reservado|reservé|comprado|compré|invitado|invitaron|apuntado|apunté",
    unspaced="订了|买了|约了|报了名|预约了",
)
"""Past forms that tell that something in the future was arranged."""
_IRREGULAR = (
    "was|were|had|did|went|came|saw|took|got|made|met|felt|said|told|thought|ran|swam|ate|bought|sold|left|flew|drove|won|lost"
    "|watched|gave|found|broke|slept|woke|spent|began|wrote|sang|became|paid|sent|brought|taught|heard|fell|quit|knew|kept|wore"
    "|drank|rode|forgot|missed"
)
_SUBJECT = r"(?:i|we|he|she|they|it|you|user|who|which|that|(?-i:[A-Z][a-z]+)|(?:my|our|his|her|their|the) \w+)"
_BETWEEN = "just |only |already |also |then |really |finally |never |both "
PAST = one_of(
    r"(?:i|we|user) read",
    rf"{_SUBJECT} (?:{_BETWEEN})?(?:{_IRREGULAR}|\w{{2,}}ed)",
    r"was|were|used to|yesterday|ago|last (?:night|week|month|year|spring|summer|autumn|fall|winter|time|\w+day)",
    r"war|waren|hatte|hatten|wurde|gestern|letzte[nrs]?|vorige[nrs]?|vergangene[nrs]?",
    r"(?:bin|sind|habe|haben|hat|ist) .{1,60}\b(?:ge\w+(?:t|en)|\w+iert)",
    r"ayer|anoche|fue|fui|fuimos|estuve|estuvo|tuve|tuvo|era|eran|había|pasad[oa]s?(?! mañana)|hice|hizo|corrí|comí",
    unspaced="昨天|前天|上周|上个|刚才|过了|已经",
)
STILL_AHEAD = one_of(
    r"(?:is|are|it['’]s) (?:on|due|at|this|next|tomorrow|coming)|will|going to|gonna|upcoming|coming up",
    r"\w+['’](?:ll|m|re) \w+ing|(?:i|we) have (?:an?|my|our|to)|am \w+ing|has (?:an?|to)",
)
"""A sentence with one of these is about the future, even if it also has past forms."""
SUPPOSED = one_of(
    r"if|unless|might|maybe|perhaps|i wish|imagine|suppose|supposing|hypothetically|would(?! you)|could(?! you)|whether",
    r"in case|not sure|thinking (?:of|about)",
    r"wenn|falls|vielleicht|würde|könnte",
    r"si (?!quieres)|quizás?|tal vez|podría|ojalá|a lo mejor",
    unspaced="如果|要是|可能|也许|或许|假如|说不定",
)
USUAL = one_of(
    r"every|each|usually|always|often|normally|generally|sometimes|never|weekly|monthly|daily|\w+days|favou?rite day",
    r"jede[nrms]?|immer|meistens|normalerweise|oft|manchmal|nie|(?:mon|diens|mittwoch|donners|frei|sams|sonn)(?:tag)?s",
    r"cada|todos los|todas las|siempre|normalmente|suelo|a menudo|nunca|a veces",
    unspaced="每|总是|通常|经常|从来",
)
PARTING = re.compile(
    r"\b(?:see (?:you|ya)|talk(?: to you)?|speak|until|till|bye|good ?night.{0,12}|write(?: to)? you) (?:again )?"
    r"(?:tomorrow|on \w+day|next week)\s*[.!]?\s*$|\bbis (?:morgen|übermorgen|\w+tag|dann)\s*[.!]?\s*$"
    r"|\bhasta (?:mañana|el \w+|luego)\s*[.!]?\s*$|明天见|下周见|后天见|回头见",
    re.IGNORECASE,
)
OFF = one_of(
    r"cancell?ed|cancell?ing|cancels?|call(?:ed|ing)? off|dropped out|pulled out|backed out|withdrew|skipping",
    r"no longer (?:going|have|has|on|happening|running|flying|travell?ing|attending|participating)",
    r"not (?:going|happening|running|flying|travell?ing|coming|taking part)(?: to)?\b(?! to (?:be|have|miss|forget|let))",
    r"isn['’]t happening|won['’]t (?:be )?(?:happen|happening|going|go|run|running|take place|come|coming|make it)",
    r"f(?:a|e)ll(?:en|s)? through|(?:is|are|it['’]s) off",
    r"abgesagt|absagen|storniert|fällt (?:aus|flach|ins wasser)|ausgefallen|findet nicht statt",
    r"anulad[oa]|ya no|suspendid[oa]|cancelad[oa]|cancel[eéo]",
    unspaced="取消|不去了|不参加了|泡汤",
)
MOVED = one_of(
    r"moved|postponed|rescheduled|pushed|brought forward|shifted|changed to|instead|after all|actually|now on|not on",
    r"rather than",
    r"verschoben|verlegt|vorgezogen|stattdessen|nicht am|doch",
    r"aplazad[oa]|cambiad[oa]|movid[oa]|pospuest[oa]|en vez|en lugar",
    unspaced="改到|推迟|提前|改成|延期",
)
NOT_THAT = re.compile(
    r"(?:\b(?:not|nicht|no|instead of|rather than|from|statt|en vez del?|en lugar del?)(?: on| until| am| vom| el| the)?"
    r"|不是|从)\s*$",
    re.IGNORECASE,
)
"""Words before a day that is named only to say that another day is meant."""
YEARLY = one_of(
    r"birthday|b-?day|born on|was born|anniversary|name ?day|got married on",
    r"geburtstag|jahrestag|hochzeitstag|geboren",
    r"cumpleaños|cumple|aniversario|naci[óo]|nací",
    unspaced="生日|出生|周年|纪念日",
)
FEAST_OF = one_of(r"party|present|gift|dinner|cake|card|trip|brunch|lunch", r"feier|geschenk", r"fiesta|regalo")
"""A birthday party is on one day only. The birthday itself recurs every year."""
ASKS = re.compile(r"[?？]\s*$|[吗呢]\s*$")
TASK = re.compile(
    r"^\W*(?:please |bitte |por favor,? |can you |could you )?(?:translate|write|give|tell|explain|summari[sz]e|suggest"
    r"|recommend|find|list|show|make|create|draft|help|correct|rewrite|schreib|übersetz|erklär|gib|korrigier|escrib|traduc|dame|explica"
    r"|corrig|(?:请|帮我)?(?:翻译|写|给我))",
    re.IGNORECASE,
)
"""A task for the assistant. Days in it belong to a text and are no plans."""
FEAST = re.compile(
    r"^\W*(?:christmas|easter|hallowe['’]?en|thanksgiving|diwali|hanukkah|ramadan|weihnachten|ostern|pfingsten|navidad|pascua)\b"
    r".{0,20}\b(?:is|falls|starts|begins|ist|fällt|es|cae)\b",
    re.IGNORECASE,
)
"""Public holidays. A sentence that only says when one is tells no plan."""
REMIND = re.compile(r"\bremind|\bdon['’]?t forget|\berinner|\brecu[eé]rda|提醒|别忘", re.IGNORECASE)
EVENING = one_of(r"tonight|evening|abends?|heute abend|noche|tarde|afternoon|nachmittags?")
HOUR = re.compile(
    r"\b(?:at|um|a las?|@)\s?(?P<h>\d{1,2})(?:[:.h](?P<m>\d\d))?\s*(?P<half>am|pm|a\.m|p\.m)?"
    r"(?!\s?(?:%|years|days|weeks|people|\d))\b"
    r"|\b(?P<h2>\d{1,2})(?::(?P<m2>\d\d))?\s*(?P<half2>am|pm)\b|\b(?P<h3>\d{1,2}):(?P<m3>\d\d)\b"
    r"|\b(?P<h4>\d{1,2})(?:[.:](?P<m4>\d\d))?\s*Uhr\b"
    r"|(?P<cn>上午|早上|下午|晚上)?(?P<h5>\d{1,2})[点點](?:(?P<m5>\d\d)分?|(?P<cnhalf>半))?",
    re.IGNORECASE,
)
ALL_OF_IT = one_of(
    r"everything|anything|all (?:of it|my (?:plans|appointments))|alles|alle (?:termine|pläne)|todo", unspaced="全部|所有"
)
_COMMON = """
i'm i'll i've i'd im am user user's today tomorrow tonight morning evening afternoon night next this coming going go get got
just really also too still now again only all day days week weekend year time have having not don't let's need want plan plans
planned planning will after before until been being were into about out back up off over down
ich bin habe hab hat haben wir mein meine meinen meiner meinem meines der die das den dem des ein eine einen einem einer und
oder ist sind war im am um zum zur von vom mit für auf bei nach noch auch nicht heute morgen übermorgen uhr nächste
nächsten nächster kommenden diesen woche wochenende es sich mich mir uns
yo el la los las un una de del al en son mi mis su sus que y o con por para hoy mañana pasado próximo próxima semana viene tengo
tenemos voy vamos a lo me nos se
我 的 是 在 了 要 去 有 天 今 明 后 周 月 日 号 点 下 上 午 星 期 个 这 和 们 一 二 三 四 五 六 七 八 九 十 会 得
cancelled canceled moved called postponed rescheduled abgesagt verschoben cancelado cancelé 取 消 改 到
"""
COMMON_IN_PLANS = frozenset(_COMMON.split())
"""Words that do not tell which plan a sentence is about."""
