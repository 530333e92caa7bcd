"""The scalar values of fields as relations compare them: numbers as exact decimals, 1.0 as 1."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from canvasgen.relations import Value

__all__ = ["Inexact", "number_of", "plain_texts", "scalar_of", "spells"]

_LARGEST_EXPONENT = 400
_MOST_PADDED = 4
"""Zeros that are put behind the point of a number that is aimed at."""


class Inexact(Exception):
    """A number with more digits than a float keeps: what Python reads is not what is written."""


def number_of(text: str) -> int | float:
    """Return the value of a number's text; a whole number as an int, however it is written.

    Raises:
        Inexact: a float does not keep all of its digits.
    """
    exact = Decimal(text)
    if abs(exact.adjusted()) > _LARGEST_EXPONENT:
        raise Inexact(text)
    if exact == exact.to_integral_value():
        return int(exact)
    if Decimal(repr(float(text))) != exact:
        raise Inexact(text)
    return float(text)


def scalar_of(text: str) -> Value:
    """Return the value of a scalar's JSON text.

    Raises:
        Inexact: as `number_of`.
    """
    if text[0] in "-0123456789":
        return number_of(text)
    value: Any = json.loads(text)
    return value


def plain_texts(value: Value) -> list[str]:
    """Return the usual texts of a value, the shortest first."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return [json.dumps(value, ensure_ascii=False)]
    plain = f"{Decimal(repr(value)):f}"
    whole, _, digits = plain.partition(".")
    return [plain, *(f"{whole}.{digits:0<{more}}" for more in range(len(digits) + 1, _MOST_PADDED + 1))]


def spells(begun: str, value: Value) -> bool:
    """Return whether a text that begins like this can become one of the value.

    True if in doubt: for numbers with an exponent, and strings with characters that may be escaped.
    """
    if isinstance(value, bool) or value is None:
        return json.dumps(value).startswith(begun)
    if isinstance(value, str):
        written = json.dumps(value, ensure_ascii=False)
        return written.startswith(begun) or "\\" in written or not value.isprintable()
    if not begun:
        return True
    if begun[0] not in "-0123456789" or "e" in begun or "E" in begun:
        return begun[0] in "-0123456789"
    if value != 0 and (begun[0] == "-") != (value < 0):
        return False
    wanted = "".join(map(str, Decimal(repr(value)).as_tuple().digits)).lstrip("0")
    digits = begun.lstrip("-").replace(".", "").lstrip("0")
    size = max(len(digits), len(wanted))
    return digits == wanted.ljust(size, "0")[: len(digits)]
