"""The dates that are written in a text: `5 March 2026`, `April 10, 2026`, `2026-08-02`, `03/04/2026`, by dateparser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from canvasgen.extras import needed
from canvasgen.limits import look

__all__ = ["dates_in"]

ORDERS = ("MDY", "DMY")
"""A date in figures may be read either way round; both readings count."""
_ISO = re.compile(r"(?<![\d-])(\d{4})-(\d\d)-(\d\d)(?![\d-])")
_LONGEST_WHOLE, _PIECE = 20_000, 4_000
"""Characters of a text that dateparser reads at once, and of a piece of a longer one: it takes seconds for each 100,000."""
_YEAR = re.compile(r"\d{2}")


def dates_in(text: str) -> Iterator[tuple[date, int, int]]:
    """Yield the dates of an English text, each with its start and stop; one with two readings (`03/04/2026`) twice.

    Day, month and year must be written; "Monday" and "March" are no dates.

    Raises:
        MissingPackage: the text may have dates in other forms than `2026-08-02`, and dateparser is not installed.
    """
    for found in _ISO.finditer(text):
        try:
            yield date(int(found[1]), int(found[2]), int(found[3])), found.start(), found.end()
        except ValueError:  # there is no 30th of February
            continue
    rest = _ISO.sub(lambda found: " " * len(found[0]), text)
    if _YEAR.search(rest) is None:
        return
    search: Any = needed("dateparser.search", "reading dates from a text").search_dates
    for order in ORDERS:
        settings = {
            "REQUIRE_PARTS": ["day", "month", "year"],
            "PARSERS": ["absolute-time"],
            "DATE_ORDER": order,
        }
        for begin, piece in _pieces(rest):
            look("the dates of the source")
            at = 0
            for written, moment in search(piece, languages=["en"], settings=settings) or ():
                start = piece.find(written, at)
                if start >= 0:
                    at = start + len(written)
                    yield moment.date(), begin + start, begin + at


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Yield a text, or a long one in pieces that end at white space, each with its start."""
    begin = 0
    while len(text) - begin > _LONGEST_WHOLE:
        cut = max(text.rfind(mark, begin, begin + _PIECE) for mark in ("\n", " "))
        cut = begin + _PIECE if cut <= begin else cut + 1
        yield begin, text[begin:cut]
        begin = cut
    yield begin, text[begin:]
