"""The times of day that are written in an English text: `10:30`, `9:30 pm`, `half past nine`, `noon`, `09:30:00Z`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone

import regex

from canvasgen.grounding.dates import dates_in

__all__ = ["datetimes_in", "times_in"]

_HOURS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_MINUTES = {
    "five": 5,
    "ten": 10,
    "quarter": 15,
    "twenty": 20,
    "twenty-five": 25,
    "twenty five": 25,
    "half": 30,
}
_NAMED = {"noon": time(12), "midday": time(12), "midnight": time(0)}
_PART = r"(?:\s?(?P<part>[ap]\.?\s?m\b\.?|in\sthe\s(?:morning|afternoon|evening)|at\snight))"

_FIGURES = regex.compile(
    rf"""
    (?<![\w.:+-]|\d[,/])(?P<hour>\d{{1,2}})
    (?: (?P<mark>[:.h])(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:\.(?P<rest>\d{{1,6}}))?)? )?
    {_PART}?(?P<offset>Z|[+-][01]\d:?[0-5]\d)?(?![\w:]|[.,-]\d)
    """,
    regex.VERBOSE | regex.IGNORECASE,
)
_AFTER_DATE = regex.compile(r"(?<=\d{4}-\d\d-\d\d)T(?=\d\d:)")
_IN_WORDS = regex.compile(
    rf"""
    \b(?: (?:a\s)?(?P<minutes>half|quarter|twenty[-\s]five|twenty|ten|five|\d{{1,2}})
          (?:\sminutes)?\s(?P<way>past|to)\s )?
    (?P<hour>{"|".join(_HOURS)}|\d{{1,2}})(?P<clock>\so['’]clock)?\b{_PART}?
    """,
    regex.VERBOSE | regex.IGNORECASE,
)
_NAMES = regex.compile(rf"\b(?:{'|'.join(_NAMED)})\b", regex.IGNORECASE)
_BETWEEN = regex.compile(r",?\s?(?:at|T|@|from)?\s?|\s?(?:on|of|,)\s(?:the\s)?", regex.IGNORECASE)


def times_in(text: str) -> Iterator[tuple[time, int, int]]:
    """Yield the times of day of an English text, each with its start and stop.

    A time in words without a part of the day (`half past nine`) has two readings, 09:30 and 21:30; both are given. A bare
    number is no time.
    """
    text = _AFTER_DATE.sub(" ", text)
    taken: list[tuple[int, int]] = []
    for match in _FIGURES.finditer(text):
        found = _of_figures(match)
        if found is not None:
            taken.append(match.span())
            yield found, match.start(), match.end()
    for match in _IN_WORDS.finditer(text):
        if any(start < match.end() and match.start() < stop for start, stop in taken):
            continue
        for found in _of_words(match):
            yield found, match.start(), match.end()
    for match in _NAMES.finditer(text):
        yield _NAMED[match[0].lower()], match.start(), match.end()


def _of_figures(match: regex.Match[str]) -> time | None:
    if match["minute"] is None and (match["part"] is None or match["offset"]):
        return None
    if match["mark"] == "." and match["part"] is None:
        return None  # `9.30` is a number
    hour = _hour(int(match["hour"]), match["part"])
    if hour is None:
        return None
    micro = int((match["rest"] or "0").ljust(6, "0"))
    return time(hour, int(match["minute"] or 0), int(match["second"] or 0), micro, _zone(match["offset"]))


def _zone(offset: str | None) -> timezone | None:
    if offset is None:
        return None
    if offset in "Zz":
        return UTC
    digits = offset[1:].replace(":", "")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(size if offset[0] == "+" else -size)


def _hour(hour: int, part: str | None) -> int | None:
    """Return the hour from 0 to 23; None if there is none."""
    if part is None:
        return hour if hour < 24 else None
    if not 1 <= hour <= 12:
        return hour if 12 < hour < 24 and part[0] not in "aA" else None
    early = (part[0] in "aA" and not part.lower().startswith("at")) or part.endswith("morning")
    if part.lower().startswith("at") and hour in (12, 1, 2, 3, 4, 5):
        early = True  # at night
    return hour % 12 + (0 if early else 12)


def _of_words(match: regex.Match[str]) -> list[time]:
    if match["minutes"] is None and match["clock"] is None and match["part"] is None:
        return []
    said, past = match["hour"].lower(), match["way"]
    hour = int(said) if said.isdigit() else _HOURS.index(said) + 1
    written = (match["minutes"] or "0").lower()
    minutes = int(written) if written.isdigit() else _MINUTES[written]
    if not 1 <= hour <= 23 or minutes > 59 or (written == "half" and past != "past"):
        return []
    both = match["part"] is None and hour <= 12
    hours = {hour % 12, hour % 12 + 12} if both else {_hour(hour, match["part"])}
    shift = timedelta(minutes=-minutes if past and past.lower() == "to" else minutes)
    return [
        (datetime(2000, 1, 2, one) + shift).time() for one in sorted(one for one in hours if one is not None)
    ]


def datetimes_in(text: str) -> Iterator[tuple[datetime, int, int]]:
    """Yield the moments of an English text: a date and a time of day next to each other, in either order.

    Raises:
        MissingPackage: as for `dates_in`.
    """
    days: list[tuple[date, int, int]] = list(dict.fromkeys(dates_in(text)))
    for moment, start, stop in list(times_in(text)):
        for day, first, last in days:
            low, high = (last, start) if last <= start else (stop, first)
            if first <= start and stop <= last:  # dateparser reads both
                yield datetime.combine(day, moment), first, last
            elif low <= high and _BETWEEN.fullmatch(text, low, high):
                yield datetime.combine(day, moment), min(start, first), max(stop, last)
