"""Every way to write a JSON value: whitespace, escapes, numbers, the order of keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeVar

T = TypeVar("T")
Pick = Callable[[Sequence[T]], T]
"""Chooses one of several ways, at random or as hypothesis does."""

GAPS = ["", "", "", " ", "\n", "\r\n", "\t", "  \n "]
_SHORT = {
    '"': '\\"',
    "\\": "\\\\",
    "/": "\\/",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}


def spelled(value: Any, pick: Pick[Any]) -> str:
    """Return a JSON text of a value, in a spelling that `pick` chooses place by place."""
    return pick(GAPS) + _inner(value, pick) + pick(GAPS)


def _inner(value: Any, pick: Pick[Any]) -> str:
    if isinstance(value, str):
        return '"' + "".join(pick(_characters(character)) for character in value) + '"'
    if isinstance(value, list):
        return f"[{','.join(spelled(item, pick) for item in value) or pick(GAPS)}]"
    if isinstance(value, dict):
        names = list(value)
        while names and pick([False, True]):
            names.append(names.pop(0))
        pairs = (f"{spelled(name, pick)}:{spelled(value[name], pick)}" for name in names)
        return "{" + (",".join(pairs) or pick(GAPS)) + "}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return pick(_numbers(value))
    return json.dumps(value)


def _characters(character: str) -> list[str]:
    code = ord(character)
    units = [code] if code < 0x10000 else [0xD800 + (code - 0x10000 >> 10), 0xDC00 + (code - 0x10000 & 0x3FF)]
    found = ["".join(f"\\u{unit:04x}" for unit in units), "".join(f"\\u{unit:04X}" for unit in units)]
    if character in _SHORT:
        found.append(_SHORT[character])
    if code >= 0x20 and character not in '"\\':
        found += [character] * 3
    return found


def _numbers(value: float) -> list[str]:
    """Return texts of a number that are read as the same number, also as doubles."""
    if value == 0:
        return ["0", "-0", "0.0", "-0.0e-3", "0E7", json.dumps(value)]
    exact = Decimal(repr(value))
    sign, digits, exponent = exact.as_tuple()
    minus, figures = "-" * sign, "".join(map(str, digits))
    assert isinstance(exponent, int)
    found = [json.dumps(value), f"{minus}{figures}e{exponent}", f"{minus}{figures}0.0E{exponent - 1:+d}"]
    found.append(f"{minus}0.{figures}e{exponent + len(figures)}")
    if abs(exponent) < 25:
        plain = format(exact, "f")
        found += [plain, plain + ("00" if "." in plain else ".0")]
    return found
