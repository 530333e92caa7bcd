"""The numbers that are written in a text: `34`, `-3`, `1,204.50`, `1.204,50`, `1 204,5`, `2e6`."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import regex

__all__ = ["numbers_in"]

MOST_DIGITS = 1_000
"""Characters of a numeral; what is longer is no number that a field could have."""
_NUMERAL = regex.compile(
    r"(?<![\w.,])(?P<sign>[-+−])?"
    r"(?P<whole>\d{1,3}(?:(?P<group>[,. '’\u00a0\u202f])\d{3})(?:(?P=group)\d{3})*|\d+)"
    r"(?:(?P<point>[.,])(?P<rest>\d+))?(?:[eE](?P<exponent>[-+]?\d{1,3}))?"
)


def numbers_in(text: str) -> Iterator[tuple[Fraction, int, int]]:
    """Yield the numbers of a text in order, each with its start and stop; one with two readings (`1,204`) twice."""
    for match in _NUMERAL.finditer(text):
        for number in _readings(match):
            yield number, match.start(), match.end()
            if match["sign"]:  # `3-5` and `10-12` are ranges
                yield -number, match.end("sign"), match.end()


def _readings(match: regex.Match[str]) -> list[Fraction]:
    sign = "-" if match["sign"] in ("-", "−") else ""
    exponent = f"e{match['exponent']}" if match["exponent"] else ""
    whole, group, rest = match["whole"], match["group"], match["rest"]
    if len(whole) + len(rest or "") > MOST_DIGITS:
        return []
    if group is None:
        return [Fraction(f"{sign}{whole}{f'.{rest}' if rest else ''}{exponent}")]
    digits = regex.sub(r"\D", "", whole)
    found = [Fraction(f"{sign}{digits}{f'.{rest}' if rest else ''}{exponent}")]
    if group in ",." and rest is None and whole.count(group) == 1:
        found.append(Fraction(f"{sign}{whole.replace(',', '.')}{exponent}"))
    if group.isspace() and rest is None:  # `room 12 300 guests`: two numbers that are not grouped
        found += [Fraction(part) for part in whole.split(group)]
    return found
