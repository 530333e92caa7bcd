"""The formats of schemas that pydantic writes for Python types, as pydantic reads them.

They differ from the specification's: a time needs no offset, a duration is a `timedelta`, a URL needs a host. The
languages are under-approximations; where pydantic reads more that is worth writing down, `HOLDS` decides.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from canvasgen.schemas.keywords.formats.syntax import DATE, GRAMMAR, HEX, IPV4, IPV6, NARROWER, OFFSET, UUID

__all__ = ["FREE", "HOLDS", "LANGUAGES"]

FREE = frozenset(
    ("binary", "directory-path", "file-path", "json-string", "password", "path", "regex", "zoneinfo")
)
"""Formats without a language: any string may be generated, and what reads it may still refuse it."""

_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_TIME = rf"{_CLOCK}(?:\.[0-9]{{1,6}})?{OFFSET}?"
_HOURS, _MINUTES, _SECONDS = "(?:1?[0-9]|2[0-3])H", "[1-5]?[0-9]M", r"[1-5]?[0-9](?:\.[0-9]{1,6})?S"
_TIMEDELTA_TIME = f"T(?:{_HOURS}(?:{_MINUTES})?(?:{_SECONDS})?|{_MINUTES}(?:{_SECONDS})?|{_SECONDS})"
_TIMEDELTA_DATE = "(?:(?:[0-9]{1,6}|1[0-9]{6}|2[0-6][0-9]{5})Y(?:[0-9]{1,6}D)?|[0-9]{1,6}D)"
_TIMEDELTA = f"-?P(?:{_TIMEDELTA_DATE}(?:{_TIMEDELTA_TIME})?|{_TIMEDELTA_TIME})"


_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PLAIN_LABEL = "[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = rf"{_ATOM}(?:\.{_ATOM})*"
_DOMAIN = rf"(?:{_PLAIN_LABEL}\.)+[A-Za-z]{{2,24}}"
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_GROUP = f"{HEX}{{1,4}}"
_PREFIX_4, _PREFIX_6 = "(?:3[0-2]|[12]?[0-9])", "(?:12[0-8]|1[01][0-9]|[1-9]?[0-9])"


def _networks() -> str:
    """Return the pattern of IPv4 networks: the bits after the prefix are zero."""
    found = [IPV4]
    for prefix in range(33):
        whole, bits = divmod(prefix, 8)
        octets = [_BYTE] * whole
        if bits:
            octets.append("(?:" + "|".join(str(value) for value in range(0, 256, 1 << (8 - bits))) + ")")
        octets += ["0"] * (4 - len(octets))
        found.append(r"\.".join(octets) + f"/{prefix}")
    return "(?:" + "|".join(found) + ")"


_NETWORK_4 = _networks()
_NETWORK_6 = (
    f"(?:{IPV6}(?:/128)?|"
    + "|".join(f"{_GROUP}(?::{_GROUP}){{{n}}}::/{16 * (n + 1)}" for n in range(6))
    + "|::/0)"
)


_PORT = "(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}))?"
_URL_UNIT = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%{HEX}{{2}})"
_URL_REST = rf"(?:/{_URL_UNIT}*)?(?:\?(?:{_URL_UNIT}|\?)*)?(?:#(?:{_URL_UNIT}|\?)*)?"
_URL_HOST = rf"(?:localhost|{IPV4}|{_DOMAIN})"


def _uuid(version: str) -> str:
    return f"{HEX}{{8}}-{HEX}{{4}}-{version}{HEX}{{3}}-[89ABab]{HEX}{{3}}-{HEX}{{12}}"


LANGUAGES: dict[str, str] = {
    "date": DATE,
    "ipv4": IPV4,
    "ipv6": IPV6,
    "uuid": UUID,
    "json-pointer": GRAMMAR["json-pointer"],
    "relative-json-pointer": NARROWER["relative-json-pointer"],
    "date-time": f"{DATE}T{_TIME}",
    "time": _TIME,
    "duration": _TIMEDELTA,
    "email": f"{_LOCAL}@{_DOMAIN}",
    "name-email": rf"[A-Za-z]+(?: [A-Za-z]+)* <{_LOCAL}@{_DOMAIN}>",
    "hostname": rf"{_LABEL}(?:\.{_LABEL})*",
    "uri": f"[a-z][a-z0-9+.-]{{0,29}}://{_URL_HOST}{_PORT}{_URL_REST}",
    "http-url": f"https?://{_URL_HOST}{_PORT}{_URL_REST}",
    "multi-host-uri": f"[a-z][a-z0-9+.-]{{0,29}}://{_URL_HOST}{_PORT}{_URL_REST}",
    "ipvanyaddress": f"(?:{IPV4}|{IPV6})",
    "ipv4network": _NETWORK_4,
    "ipv6network": _NETWORK_6,
    "ipv4interface": f"{IPV4}(?:/{_PREFIX_4})?",
    "ipv6interface": f"{IPV6}(?:/{_PREFIX_6})?",
    "ipvanynetwork": f"{_NETWORK_4}|{_NETWORK_6}",
    "ipvanyinterface": f"{IPV4}(?:/{_PREFIX_4})?|{IPV6}(?:/{_PREFIX_6})?",
    "base64": "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?",
    "base64url": "(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]==|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048]=)?",
    **{f"uuid{version}": _uuid(version) for version in "134567"},
    "uuid8": _uuid("8"),
}
"""By name, the pattern (of Python's `re`) that is generated."""


def _is_network(kind: type[ipaddress.IPv4Network] | type[ipaddress.IPv6Network], value: str) -> bool:
    try:
        kind(value)
    except ValueError:
        return False
    return True


def _is_email(value: str) -> bool:
    local, _, domain = value.rpartition("@")
    return (
        re.fullmatch(LANGUAGES["email"], value, re.ASCII) is not None
        and len(local) <= 64
        and len(domain) <= 253
        and all(len(label) <= 63 for label in domain.split("."))
    )


HOLDS: dict[str, Callable[[str], bool]] = {
    "email": _is_email,
    "ipv4network": lambda value: _is_network(ipaddress.IPv4Network, value),
    "ipv6network": lambda value: _is_network(ipaddress.IPv6Network, value),
    "ipvanynetwork": lambda value: (
        _is_network(ipaddress.IPv4Network, value) or _is_network(ipaddress.IPv6Network, value)
    ),
}
"""By name, exact membership where the language is less."""
