#!/usr/bin/env bash
# Surprise: dateparser's search_dates takes a duration together with the day that follows it: "for 20 minutes on Friday" is dated to the 20th
# of the month, and "for a week in May" has no date at all, though "on Friday" and "in May" alone are both read.
# Seen with dateparser 1.5.0, English, RELATIVE_BASE 2026-03-12 (a Thursday).
# What follows: cut durations out of a text before its dates are searched.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet dateparser==1.5.0
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import datetime

from dateparser.search import search_dates


def days(text):
    settings = {"RELATIVE_BASE": datetime(2026, 3, 12, 9, 30), "PREFER_DATES_FROM": "past"}
    return [(span, f"{stamp:%Y-%m-%d}") for span, stamp in search_dates(text, languages=["en"], settings=settings) or []]


for text in ("Who phoned on Friday?", "Who phoned for 20 minutes on Friday?", "Where was I in May?", "Where was I for a week in May?"):
    print(text, days(text))
assert days("Who phoned on Friday?") == [("on Friday", "2026-03-06")]
assert days("Who phoned for 20 minutes on Friday?")[0][0] == "20 minutes on Friday", "the duration is told from the day now"
assert days("Who phoned for 20 minutes on Friday?")[0][1].endswith("-20")
assert days("Where was I in May?") and not days("Where was I for a week in May?")
PYTHON
