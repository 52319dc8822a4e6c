"""The words for days, months, weekdays and units in English, German, Spanish and Chinese (data)."""

from __future__ import annotations

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jänner jaenner enero ene", "february feb februar febrero", "march mar märz maerz mär marzo",
            "april apr abril abr", "may mai mayo", "june jun juni junio", "july jul juli julio", "august aug agosto ago",
            "september sept sep septiembre setiembre", "october oct oktober okt octubre", "november nov noviembre",
            "december dec dezember dez diciembre dic",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday montag lunes", "tuesday dienstag martes", "wednesday mittwoch miércoles miercoles",
            "thursday donnerstag jueves", "friday freitag viernes", "saturday samstag sonnabend sábado sabado",
            "sunday sonntag domingo",
        )
    )
    for name in names.split()
}  # fmt: skip
SHORT_WEEKDAYS = {
    "mon": 0, "tue": 1, "tues": 1, "wed": 2, "weds": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4, "sat": 5, "sun": 6,
}  # fmt: skip
COUNTS = {
    name: number
    for number, names in enumerate(
        (
            "a an one ein eine einem einer einen un una uno", "two zwei dos couple", "three drei tres few", "four vier cuatro",
            "five fünf fuenf cinco", "six sechs seis", "seven sieben siete", "eight acht ocho", "nine neun nueve",
            "ten zehn diez", "eleven elf once", "twelve zwölf zwoelf doce", "thirteen dreizehn trece",
            "fourteen vierzehn catorce", "fifteen fünfzehn fuenfzehn quince",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
UNITS = {
    name: unit
    for unit, names in (
        ("days", "day days tag tage tagen día días dia dias"),
        ("weeks", "week weeks woche wochen semana semanas"),
        ("fortnights", "fortnight fortnights"),
        ("months", "month months monat monate monaten mes meses"),
    )
    for name in names.split()
}
CHINESE_DAYS = {char: place for place, char in enumerate("一二三四五六日")} | {"天": 6}
CHINESE_DIGITS = {char: place for place, char in enumerate("零一二三四五六七八九")} | {"两": 2}
