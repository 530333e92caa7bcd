"""What a reader finds in sources: values in their normal form, and where each is written."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, cast

from canvasgen.checks import is_iterable, is_mapping, is_sequence
from canvasgen.errors import InvalidConstraint, UnknownOption
from canvasgen.grounding.clock_times import datetimes_in, times_in
from canvasgen.grounding.dates import dates_in
from canvasgen.grounding.grounded_fields import ReaderName, UserReader
from canvasgen.grounding.numerals import numbers_in
from canvasgen.grounding.written_forms import (
    currencies_in,
    emails_in,
    phones_in,
    prices_in,
    truths_in,
    urls_in,
)

__all__ = ["NAMES", "READERS", "Reading", "Span", "check_reader", "read_sources"]

READERS: Mapping[str, Callable[[str], Iterable[tuple[object, int, int]]]] = {
    "boolean": truths_in,
    "currency": currencies_in,
    "date": dates_in,
    "date-time": datetimes_in,
    "email": emails_in,
    "number": numbers_in,
    "price": prices_in,
    "time": times_in,
    "uri": urls_in,
}
"""By name, what yields the values of a text, each with its start and stop."""
NAMES = frozenset((*READERS, "phone", "span"))
_ZERO_OFFSET = "+00:00"
MOST_DIGITS = 300


class Span(NamedTuple):
    """A part of a source: `text` is `source[start:stop]` of source number `source`."""

    start: int
    stop: int
    text: str
    source: int = 0


class Reading:
    """The values that one reader finds in sources.

    Attributes:
        texts: for each text value its spellings, the usual one first; a field takes the first that it allows.
        numbers, truths: the numbers and the booleans, each with the first place that states it.
    """

    def __init__(self) -> None:
        self.texts: dict[tuple[str, ...], None] = {}
        self.numbers: dict[Fraction, Span] = {}
        self.truths: dict[bool, Span] = {}
        self._places: dict[object, dict[Span, None]] = {}

    def add(self, value: object, place: Span) -> None:
        """Add a value; the first place of a value counts.

        Raises:
            InvalidConstraint: it is no text, number, boolean, date or time.
        """
        if isinstance(value, bool):
            self.truths.setdefault(value, place)
            self._places.setdefault(("truth", value), {})[place] = None
            return
        if isinstance(value, int | float | Decimal | Fraction):
            number = _number(value)
            self.numbers.setdefault(number, place)
            self._places.setdefault(number, {})[place] = None
            texts = _decimal(number)
        else:
            texts = _spellings(value)
        self.texts[texts] = None
        for text in texts:
            self._places.setdefault(text, {})[place] = None

    def places(self, value: bool | str | Fraction) -> list[Span]:
        """Return the places that state a value as it is in the JSON text."""
        return list(self._places.get(("truth", value) if isinstance(value, bool) else value, ()))

    def place(self, value: bool | str | Fraction) -> Span | None:
        """Return the first place that states a value as it is in the JSON text; None if there is none."""
        return next(iter(self.places(value)), None)


def read_sources(
    texts: tuple[str, ...], name: ReaderName, region: str | None, own: Mapping[str, UserReader]
) -> Reading:
    """Return what a reader finds in some sources.

    Args:
        texts: the sources.
        name: the reader; with its function, or one of `own` or of `READERS`.
        region: of phone numbers.
        own: the user's readers by name.

    Raises:
        UnknownOption: there is no such reader.
        InvalidConstraint: a user's reader returns something else than places and values.
        MissingPackage: the reader needs a package that is not installed.
    """
    function = name.function or own.get(str(name))
    check_reader(name, own)
    reading = Reading()
    for source, text in enumerate(texts):
        if function is not None:
            for place, value in _checked(function(text), str(name), len(text)):
                reading.add(value, Span(*place, text[slice(*place)], source))
            continue
        found = phones_in(text, region) if name == ReaderName("phone") else READERS[str(name)](text)
        for value, start, stop in found:
            reading.add(value, Span(start, stop, text[start:stop], source))
    return reading


def check_reader(name: ReaderName, own: Mapping[str, UserReader], path: str | None = None) -> None:
    """Raise UnknownOption unless there is a reader of a name; `own` are the user's."""
    if name.function is None and str(name) not in {*own, *NAMES}:
        raise UnknownOption(
            f"there is no reader {str(name)!r}",
            path=path,
            rule="reader",
            value=str(name),
            remedy=f"take one of {', '.join(sorted({*NAMES, *own}))}, or give the function, "
            "as Grounded(reader=…) or in Sources(readers={…})",
        )


def _checked(found: object, name: str, length: int) -> Iterable[tuple[tuple[int, int], object]]:
    """Yield the places and values that a user's reader returned, each checked."""
    if not is_iterable(found) or isinstance(found, str | bytes) or is_mapping(found):
        raise _wrong(name, found, "it returns no list")
    for entry in found:
        if not is_sequence(entry) or len(entry) != 2:
            raise _wrong(name, entry, "an entry is no pair")
        place: object = entry[0]
        bounds = place[:2] if is_sequence(place) and len(place) in (2, len(Span._fields)) else ()
        if len(bounds) != 2 or not all(isinstance(at, int) and not isinstance(at, bool) for at in bounds):
            raise _wrong(name, place, "a place is no (start, stop)")
        if not 0 <= bounds[0] < bounds[1] <= length:
            raise _wrong(name, place, f"a place is not within the source's {length} characters")
        value: object = entry[1]
        if isinstance(value, tuple):
            raise _wrong(name, entry[1], "a value is a tuple")
        yield (int(bounds[0]), int(bounds[1])), value


def _wrong(name: str, value: object, reason: str) -> InvalidConstraint:
    return InvalidConstraint(
        f"the reader {name!r} is no reader: {reason}",
        rule="reader",
        value=value,
        remedy="return [((start, stop), value), …]; values are texts, numbers, booleans, dates, times or datetimes",
    )


def _number(value: float | Decimal | Fraction) -> Fraction:
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        raise InvalidConstraint(
            "a reader's number is finite",
            rule="reader",
            value=value,
            remedy="leave infinite values and NaN out",
        )
    if isinstance(value, Decimal) and abs(value.adjusted()) > MOST_DIGITS:
        raise InvalidConstraint(
            "a reader's number has too many digits",
            rule="reader",
            value=value,
            remedy="round it, or return it as a text",
        )
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def _decimal(number: Fraction) -> tuple[str, ...]:
    """Return the decimal text of a number; nothing if it has none."""
    rest, places = number.denominator, 0
    while math.gcd(rest, 10) > 1:
        rest, places = rest // math.gcd(rest, 10), places + 1
    if rest != 1 or places > MOST_DIGITS:
        return ()
    digits = str(abs(number.numerator) * 10**places // number.denominator).zfill(places + 1)
    whole, point = (digits, "") if places == 0 else (digits[:-places], digits[-places:])
    return (("-" if number < 0 else "") + whole + (f".{point}" if point else ""),)


def _spellings(value: object) -> tuple[str, ...]:
    """Return how a text value may be written, the usual way first."""
    if isinstance(value, tuple):  # of the package's own readers; a user's value is none
        return cast("tuple[str, ...]", value)
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise InvalidConstraint(
                "a reader's text holds a lone surrogate",
                rule="reader",
                value=value,
                remedy="return texts without lone surrogates",
            ) from error
        return (value,)
    if isinstance(value, datetime | time):
        text = value.isoformat()
        if text.endswith(_ZERO_OFFSET):
            return text.removesuffix(_ZERO_OFFSET) + "Z", text
        # A field that asks for an offset where the source states none gets UTC.
        return (text, f"{text}Z") if value.tzinfo is None else (text,)
    if isinstance(value, date):
        return (value.isoformat(),)
    raise InvalidConstraint(
        "a reader's values are texts, numbers, booleans, dates, times or datetimes",
        rule="reader",
        value=value,
        remedy="return one of these for each place",
    )
