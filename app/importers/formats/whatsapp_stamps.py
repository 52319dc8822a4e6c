"""Reads the date and the clock time at the beginning of a line of a WhatsApp chat, in any language (pure).

Which of the three numbers of a date is the day is decided later, by the whole file: `whatsapp_dates`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

MARKS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c\ufeff"
"""Signs without width that WhatsApp puts around names, numbers and its own words, and at the beginning of a file."""


class Style(NamedTuple):
    """How a file writes the beginnings of its messages; all its messages have the same.

    Attributes:
        frame: `[` for `[date, time] Name: text` (iOS), `-` for `date, time - Name: text` (Android), `:` for
            `date, time: Name: text` (iOS before 2018).
        separator: What stands between the numbers of a date.
        time_first: Whether the time stands before the date.
        seconds: Whether the times have seconds.
    """

    frame: str
    separator: str
    time_first: bool
    seconds: bool


class Stamp(NamedTuple):
    """A date and a time, as they are written.

    Attributes:
        style: How they are written.
        numbers: The numbers of the date in their order.
        date: The date as it is written, for people.
        year_first: Whether the words beside it show that the year stands first (Chinese, Japanese, Korean).
        hour: The hour, 0 to 23.
        minute: The minute.
        second: The second; 0 if there is none.
    """

    style: Style
    numbers: tuple[int, int, int]
    date: str
    year_first: bool
    hour: int
    minute: int
    second: int


_LONGEST = 70
"""Most characters of a date and a time with all marks."""
_CLEANED = str.maketrans(
    dict.fromkeys(MARKS, "") | dict.fromkeys("\u00a0\u202f\u2009\u2007\u3000", " ") | dict.fromkeys("\u2010\u2011\u2212", "-")
    | {"：": ":", "／": "/", "．": "."}
)  # fmt: skip
_ERAS = {"r": 2018, "令和": 2018, "h": 1988, "平成": 1988, "民國": 1911, "民国": 1911}
"""The year before the first of each era."""
_DATE = (
    r"(?P<era>令和|平成|民[國国]|[RrHh])?\s?(?P<date>(?P<a>\d{1,4})\s?(?P<separator>[./年년-])\s?(?P<b>\d{1,2})\s?[./月월-]\s?"
    r"(?P<c>\d{1,4}))(?:\s?[日일.])?"
)
_CLOCK = (
    r"(?P<hour>\d{1,2})\s?(?:[:.]|h|時|时|시)\s?(?P<minute>\d{2})"
    r"(?:\s?(?:[:.]|min|分|분)\s?(?:(?P<second>\d{2})\s?[s秒초]?)?)?"
)
_DATE_TIME = re.compile(rf"\s*{_DATE}(?P<one>\D{{1,40}}?){_CLOCK}(?P<two>\D{{0,40}})")
_TIME_DATE = re.compile(rf"(?P<one>\D{{0,40}}?){_CLOCK}(?P<two>\D{{1,40}}?){_DATE}\D{{0,10}}")

_WORDS = {
    "before noon": (
        "am vm ap dop dopoledne de fh fm öö pg sa yb rn priešpiet priekšp priekšpusdienā prijepodne преподне претпл πμ дп"
        " прабед тң таңкы үө to eparadites pd vorm vormittag mat matin ص صباحا قظ قبلازظهر غم صبح לפנהצ לפניהצהריים בבוקר"
        " ጥዋት 午前 오전 上午 凌晨 清晨 早上 上晝 上昼 半夜 पूर्वाह्न सुबह सकाळी मपू পূর্বাহ্ন ভোর সকাল முற்பகல் காலை పూర్వాహ్నం ఉదయం"
        " ಪೂರ್ವಾಹ್ನ രാവിലെ પૂર્વાહ્ન පෙව နံနက် ព្រឹក ກ່ອນທ່ຽງ ก่อนเที่ยง manhã damanhã mañana delamañana"
    ),
    "after noon": (
        "pm nm ip du em eh ös ptg ch odp odpoledne pop popiet pēcp pēcpusdienā yh in poslijepodne popodne поподне"
        " послеподне попл μμ пп слобед тк түштөнкийинки үх tk epasdites md nam nachmittag soir م مساء بظ بعدازظهر غو شام אחהצ"
        " אחריהצהריים בערב ከሰዓት 午後 오후 下午 中午 晚上 傍晚 下晝 下昼 अपराह्न दोपहर शाम दुपारी संध्याकाळी मउ অপরাহ্ন দুপুর বিকাল সন্ধ্যা"
        " பிற்பகல் மாலை అపరాహ్నం సాయంత్రం ಅಪರಾಹ್ನ ഉച്ചയ്ക്ക് ഉച്ചകഴിഞ്ഞ് અપરાહ્ન පව ညနေ ល្ងាច"
        " ຫຼັງທ່ຽງ หลังเที่ยง tarde datarde delatarde noite"
        " danoite delanoche"
    ),
    "night": "रात रात्री রাত இரவு రాత్రి ರಾತ್ರಿ രാത്രി રાત",
    "year first": "午前 午後 오전 오후 上午 下午 凌晨 清晨 早上 中午 晚上 傍晚 上晝 下晝 上昼 下昼 半夜",
    "joining": (
        "h s à às a at um uhr klo kl ore alle alleore alas ala om o u v vo в во о г гв ч год ва saat lúc pukul jam เวลา น"
        " الساعة ساعت בשעה be พศ ah هـ ه هش ga hodź"
    ),
}
_MORNINGS, _AFTERNOONS, _NIGHTS, _YEAR_FIRST, _JOINING = (frozenset(words.split()) for words in _WORDS.values())
# A night's hour is before midnight from six on, and after it until five. A joining word says nothing about the time of the day.
_MOST_HOURS, _MOST_MINUTES, _NOON, _EVENING, _DAWN = 23, 59, 12, 6, 5


def stamped(line: str) -> tuple[Stamp, str] | None:
    """Return the date and time at the beginning of a line, and what follows them; None if there are none.

    Args:
        line: A line without its end.
    """
    start = line.lstrip(MARKS)
    first = start[:1]
    if first == "[":
        end = start.find("]", 1, _LONGEST)
        stamp = _stamp("[", start[1:end]) if end > 0 else None
        return None if stamp is None else (stamp, start[end + 1 :])
    if not (first.isdecimal() or first in "RrHh令平民上下午오凌早中晚清"):
        return None
    for frame, between in (("-", " - "), ("-", " – "), (":", ": ")):
        end = start.find(between, 0, _LONGEST)
        if end > 0 and (stamp := _stamp(frame, start[:end])) is not None:
            return stamp, start[end + len(between) :]
    return None


def _stamp(frame: str, written: str) -> Stamp | None:
    # The first year of an era is not written as a number.
    text = written if written.isascii() else written.translate(_CLEANED).replace("元年", "1年")
    match = _DATE_TIME.fullmatch(text)
    time_first = match is None
    match = match or _TIME_DATE.fullmatch(text)
    if match is None:
        return None
    one, two = _word(match["one"]), _word(match["two"])
    if one is None or two is None:
        return None
    hour = _hour(int(match["hour"]), one or two)
    minute, second = int(match["minute"]), int(match["second"] or 0)
    if hour > _MOST_HOURS or minute > _MOST_MINUTES or second > _MOST_MINUTES:
        return None
    separator = match["separator"]
    numbers = (int(match["a"]), int(match["b"]), int(match["c"]))
    if match["era"]:
        numbers = (numbers[0] + _ERAS[match["era"].lower()], *numbers[1:])
    year_first = bool(match["era"]) or separator in "年년" or one in _YEAR_FIRST or two in _YEAR_FIRST
    style = Style(frame, separator, time_first, match["second"] is not None)
    return Stamp(style, numbers, match["date"], year_first, hour, minute, second)


@lru_cache(maxsize=1000)
def _word(written: str) -> str | None:
    """Return the word for the time of the day beside a time; empty if there is none, None for other words."""
    folded = unicodedata.normalize("NFC", written).casefold()
    word = "".join(sign for sign in folded if unicodedata.category(sign)[0] in "LM")
    if word in _MORNINGS or word in _AFTERNOONS or word in _NIGHTS:
        return word
    return "" if not word or word in _JOINING else None


def _hour(hour: int, word: str) -> int:
    if word in _NIGHTS:
        return hour % _NOON if hour == _NOON or hour <= _DAWN else hour + _NOON if _EVENING <= hour < _NOON else hour
    if word in _MORNINGS:
        return 0 if hour == _NOON else hour
    if word in _AFTERNOONS and hour < _NOON:
        return hour + _NOON
    return hour
