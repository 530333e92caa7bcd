"""The formats of the specification: exact membership, and the language that is generated."""

from __future__ import annotations

import re
from collections.abc import Callable

from canvasgen.automata import Expr, parse_regex
from canvasgen.limits import kept
from canvasgen.schemas.keywords.formats import hosts
from canvasgen.schemas.keywords.formats.ecma import is_pattern
from canvasgen.schemas.keywords.formats.syntax import GRAMMAR, NARROWER

__all__ = ["NAMES", "accepts", "is_exact", "language"]

_LANGUAGES: dict[str, Callable[[], Expr]] = {
    "email": hosts.email_language,
    "hostname": hosts.host_language,
    "idn-email": hosts.idn_email_language,
    "idn-hostname": hosts.idn_host_language,
}
NAMES = frozenset((*GRAMMAR, *_LANGUAGES, "regex"))
"""Every format of the latest draft. They are asserted in all drafts: who writes `format` means it."""

_LEAP_SECOND = re.compile(r"([0-9]{2}):([0-9]{2}):60(?:\.[0-9]+)?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))")

_ATOM = (
    r"(?:[A-Za-z0-9 _,:;=@%&!~<>#'\"-]|\.|\\[dDwWsS.*+?^$()\[\]{}|\\/]|\[\^?[A-Za-z0-9_]+\]"
    r"|\((?:\?:)?[A-Za-z0-9_]+(?:\|[A-Za-z0-9_]+)*\))"
)
_SIMPLE_PATTERN = rf"\^?(?:{_ATOM}(?:[*+?]\??)?)*\$?"
"""Patterns that are generated for `regex`: no nested groups, counts, or ranges."""


def accepts(name: str, value: str) -> bool:
    """Return True if a string is of a format, as its standard says."""
    check = _CHECKS.get(name)
    if check is not None:
        return check(value)
    if _grammar(name).fullmatch(value) is None:
        return False
    return name not in ("date-time", "time") or _leaps_rightly(value)


@kept(64)
def _grammar(name: str) -> re.Pattern[str]:
    return re.compile(GRAMMAR[name], re.ASCII | re.DOTALL)


def _leaps_rightly(value: str) -> bool:
    """Return True unless there is a leap second at another time than 23:59 UTC (RFC 3339, 5.7)."""
    found = _LEAP_SECOND.search(value)
    if found is None:
        return True
    hours, minutes, sign, more_hours, more_minutes = found.groups()
    offset = 0 if sign is None else int(more_hours) * 60 + int(more_minutes)
    utc = int(hours) * 60 + int(minutes) - (offset if sign == "+" else -offset)
    return utc % (24 * 60) == 23 * 60 + 59


_CHECKS: dict[str, Callable[[str], bool]] = {
    "email": hosts.is_email,
    "hostname": hosts.is_hostname,
    "idn-email": hosts.is_idn_email,
    "idn-hostname": hosts.is_idn_hostname,
    "regex": is_pattern,
}


def is_exact(name: str) -> bool:
    """Return True if the generated language is the whole format."""
    return name in GRAMMAR and name not in NARROWER


@kept(64)
def language(name: str) -> Expr:
    """Return the language that is generated for a format: an under-approximation."""
    made = _LANGUAGES.get(name)
    if made is not None:
        return made()
    return parse_regex(NARROWER.get(name, GRAMMAR.get(name, _SIMPLE_PATTERN)), re.ASCII | re.DOTALL)
