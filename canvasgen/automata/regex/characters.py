"""Sets of code points for regular expressions: classes, properties, case.

A set is a tuple of sorted, disjoint, inclusive ranges (`utf8.Ranges`, surrogates included or not:
`code_points` drops them). Unicode data come from the interpreter (`python` dialect, so that they are those
of `re`) and from the `regex` package (properties). Tables are made on first use and kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import regex

from canvasgen.automata.utf8 import MAX_CODE_POINT, Ranges

__all__ = [
    "ANY",
    "ASCII_WORD",
    "ECMA_SPACE",
    "Folding",
    "ascii_folding",
    "digits",
    "ecma_folding",
    "minus",
    "property_set",
    "python_folding",
    "spaces",
    "together",
    "words",
]

ANY: Ranges = ((0, MAX_CODE_POINT),)
ASCII_DIGIT: Ranges = ((0x30, 0x39),)
ASCII_WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
ASCII_SPACE: Ranges = ((0x09, 0x0D), (0x20, 0x20))
# ECMA-262, WhiteSpace and LineTerminator.
ECMA_SPACE: Ranges = (
    (0x09, 0x0D),
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
)
# Beyond these two planes there is no letter with case.
_CASED_END = 0x20000


def together(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return the union of ranges, sorted and merged (surrogates kept, unlike `utf8.normalise`)."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            if high > merged[-1][1]:
                merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return tuple(merged)


def minus(left: Ranges, right: Ranges) -> Ranges:
    """Return the code points of `left` that are not in `right`."""
    kept: list[tuple[int, int]] = []
    at = 0
    for low, high in left:
        while at < len(right) and right[at][1] < low:
            at += 1
        k = at
        while low <= high and k < len(right) and right[k][0] <= high:
            if low < right[k][0]:
                kept.append((low, right[k][0] - 1))
            low = right[k][1] + 1
            k += 1
        if low <= high:
            kept.append((low, high))
    return tuple(kept)


def contains(ranges: Ranges, code_point: int) -> bool:
    """Return True if the code point is in the set."""
    low, high = 0, len(ranges)
    while low < high:
        middle = (low + high) // 2
        if ranges[middle][1] < code_point:
            low = middle + 1
        else:
            high = middle
    return low < len(ranges) and ranges[low][0] <= code_point


@cache
def _all_characters() -> str:
    """Return every code point in order, surrogates too."""
    return np.arange(MAX_CODE_POINT + 1, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")


@cache
def words(ascii_only: bool) -> Ranges:
    r"""Return what `\w` matches in `re`."""
    return ASCII_WORD if ascii_only else _matched(re.compile(r"\w+"))


@cache
def digits(ascii_only: bool) -> Ranges:
    r"""Return what `\d` matches in `re`."""
    return ASCII_DIGIT if ascii_only else _matched(re.compile(r"\d+"))


@cache
def spaces(ascii_only: bool) -> Ranges:
    r"""Return what `\s` matches in `re`."""
    return ASCII_SPACE if ascii_only else _matched(re.compile(r"\s+"))


def _matched(runs: re.Pattern[str]) -> Ranges:
    return tuple((m.start(), m.end() - 1) for m in runs.finditer(_all_characters()))


@cache
def property_set(name: str, ignores_case: bool = False) -> Ranges | None:
    r"""Return the code points of a Unicode property as in `\p{name}`; None if there is no such property.

    With `ignores_case`, those that `(?i)\p{name}` matches for the `regex` package (`Lu`, `Ll` and `Lt` are one then).
    """
    if re.fullmatch(r"[A-Za-z0-9_]+(=[A-Za-z0-9_]+)?", name) is None:
        return None
    try:
        runs = regex.compile(rf"\p{{{name}}}+", regex.IGNORECASE if ignores_case else 0)
    except regex.error:
        return None
    return tuple((m.start(), m.end() - 1) for m in runs.finditer(_all_characters()))


@dataclass(frozen=True)
class Folding:
    """How case is ignored: a text's character c belongs to a set if `to[c]` belongs to the set's fold.

    Attributes:
        to: the code points that fold to another one.
        also: folded code points that stand for others besides.
        cased: the code points for which case matters at all.
    """

    to: dict[int, int]
    also: dict[int, tuple[int, ...]]
    cased: Ranges
    _of_one: dict[Ranges, Ranges] = field(default_factory=dict[Ranges, Ranges], repr=False, compare=False)
    """What matches a single character, the characters of a text in their turn."""

    def closure(self, ranges: Ranges, categories: Ranges = ()) -> Ranges:
        """Everything that matches one of `ranges` or `categories` when case is ignored.

        `categories` are the classes inside a set, which `re` tests on the folded character as they are.
        """
        if categories or len(ranges) != 1 or ranges[0][0] != ranges[0][1]:
            return self._closure(ranges, categories)
        if ranges not in self._of_one:
            self._of_one[ranges] = self._closure(ranges, categories)
        return self._of_one[ranges]

    def _closure(self, ranges: Ranges, categories: Ranges) -> Ranges:
        if not any(contains(self.cased, low) or _touches(self.cased, low, high) for low, high in ranges):
            return together((*ranges, *categories))
        moved = [(c, t) for c, t in self.to.items() if contains(ranges, c)]
        folded = list(minus(ranges, self._changed()))
        folded += [(t, t) for _, t in moved]
        normal = together(folded)
        folded += [(o, o) for c, others in self.also.items() if contains(normal, c) for o in others]
        members = together((*folded, *categories))
        back = [(c, c) for c, t in self.to.items() if contains(members, t)]
        return together((*minus(members, self._changed()), *back))

    def _changed(self) -> Ranges:
        return together((c, c) for c in self.to)


def _touches(cased: Ranges, low: int, high: int) -> bool:
    return any(a <= high and b >= low for a, b in cased)


@cache
def ascii_folding() -> Folding:
    """`re.IGNORECASE | re.ASCII`: the 26 letters."""
    return Folding({c: c + 32 for c in range(0x41, 0x5B)}, {}, ((0x41, 0x5A), (0x61, 0x7A)))


def _simple_lower(character: str) -> str:
    """Return the one-character lower case (U+0130 alone has a longer full one, of which it is the first)."""
    return character.lower()[0]


@cache
def python_folding() -> Folding:
    """`re.IGNORECASE` on Unicode: the lower case counts, and lower-case letters of one upper case are one."""
    to: dict[int, int] = {}
    cased: list[tuple[int, int]] = []
    by_upper: dict[str, list[int]] = {}
    for code in range(_CASED_END):
        character = chr(code)
        upper = character.upper()
        lower = _simple_lower(character)
        if lower == character == upper:
            continue
        if lower != character:
            to[code] = ord(lower)
        else:
            by_upper.setdefault(upper, []).append(code)
        cased.append((code, code))
    also = {
        c: tuple(o for o in group if o != c) for group in by_upper.values() if len(group) > 1 for c in group
    }
    return Folding(to, also, together(cased))


@cache
def ecma_folding() -> Folding:
    """ECMA-262 Canonicalize with the u flag: simple case folding."""
    to: dict[int, int] = {}
    cased: list[tuple[int, int]] = []
    for code in range(_CASED_END):
        character = chr(code)
        folded = character.casefold()
        if len(folded) > 1:
            folded = character if code == 0x130 else _simple_lower(character)
        if folded != character:
            to[code] = ord(folded)
            cased += [(code, code), (ord(folded), ord(folded))]
    return Folding(to, {}, together(cased))
