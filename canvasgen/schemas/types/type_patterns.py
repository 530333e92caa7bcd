"""Patterns for what Python types are written as: days between two others, URLs, and Rust's patterns in ECMA-262."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["days", "in_ecma", "url_pattern"]

_NAME = "[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*"
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_HOST = rf"(?:{_NAME}(?:\.{_NAME})*|{_BYTE}(?:\.{_BYTE}){{3}}|\[::1\])"
_PORT = "(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}))?"
_USER = "(?:[A-Za-z0-9._~-]+(?::[A-Za-z0-9._~-]*)?@)?"
_UNIT = "(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})"
_REST = rf"(?:/{_UNIT}*)?(?:\?(?:{_UNIT}|\?)*)?(?:#(?:{_UNIT}|\?)*)?"
_OPAQUE = rf"(?:mailto|data|urn|tel|news):{_UNIT}+"
_ESCAPE = re.compile(r"\\.|\[|\]|\(\?P<|[^\\\[\]]", re.DOTALL)
_RESERVED = re.compile(r"[.*+?^${}()|\[\]\\/]")


def in_ecma(pattern: str) -> str:
    """Return a pattern of Python or Rust in the syntax of ECMA-262, where only the syntax differs."""
    flags = re.match(r"\(\?([ims]+)\)", pattern)
    inside = False
    pieces: list[str] = []
    for match in _ESCAPE.finditer(pattern, flags.end() if flags else 0):
        piece = match.group()
        if piece == "[":
            inside = True
        elif piece == "]":
            inside = False
        elif not inside:
            piece = {r"\A": "^", r"\z": "$", r"\Z": "$", "(?P<": "(?<"}.get(piece, piece)
        pieces.append(piece)
    found = "".join(pieces)
    return f"(?{flags.group(1)}:{found})" if flags else found


def url_pattern(schemes: Sequence[str], *, several_hosts: bool) -> str:
    """Return the pattern of URLs with some schemes, with any if none is named."""
    names = [_RESERVED.sub(r"\\\g<0>", scheme) for scheme in schemes if scheme != "file"]
    scheme = f"(?:{'|'.join(names)})" if schemes else "(?!file:)[a-z][a-z0-9+.-]{0,29}"
    place = f"{_HOST}{_PORT}"
    if several_hosts:
        place += f"(?:,{_HOST}{_PORT}){{0,8}}"
    choices = [f"{scheme}://{_USER}{place}{_REST}"] if names or not schemes else []
    if not schemes or "file" in schemes:
        choices.append(f"file:///{_UNIT}*")
    if not schemes:
        choices.append(_OPAQUE)
    return f"^(?:{'|'.join(choices)})$"


def days(first: str, last: str) -> str:
    """Return a pattern of the strings between two days as ISO 8601 writes them (not all of them need be days)."""
    if first == last:
        return first
    at = next(place for place, pair in enumerate(zip(first, last, strict=True)) if pair[0] != pair[1])
    choices = [_from(first[at + 1 :], first[at]), _to(last[at + 1 :], last[at])]
    low, high = int(first[at]) + 1, int(last[at]) - 1
    if low <= high:
        choices.append(f"[{low}-{high}]{_any(first[at + 1 :])}")
    return f"{first[:at]}(?:{'|'.join(choices)})"


def _any(shape: str) -> str:
    return "".join("-" if character == "-" else "[0-9]" for character in shape)


def _from(rest: str, before: str) -> str:
    """Return everything of the same length, after a prefix, that is not below the rest."""
    found = [before + rest]
    for at, digit in enumerate(rest):
        if digit not in "-9":
            found.append(f"{before}{rest[:at]}[{int(digit) + 1}-9]{_any(rest[at + 1 :])}")
    return "|".join(found)


def _to(rest: str, before: str) -> str:
    """Return everything of the same length, after a prefix, that is not above the rest."""
    found = [before + rest]
    for at, digit in enumerate(rest):
        if digit not in "-0":
            found.append(f"{before}{rest[:at]}[0-{int(digit) - 1}]{_any(rest[at + 1 :])}")
    return "|".join(found)
