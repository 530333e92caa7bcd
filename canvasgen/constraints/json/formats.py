"""The languages of `format`: the specification's, and those that pydantic's types are written in.

They are languages from below: every member is a member of the format, and odd but legal members may be left
out (a quoted local part of an e-mail address, a leap second). Python types read some formats more freely than
the specification (a time without an offset) or more strictly (a URL needs a host that resolves
syntactically): those differ by `python`.

Sources: RFC 3339 (dates, times, durations), RFC 5321/5322 (e-mail), RFC 1123 and 5891 (host names), RFC 4291
(IPv6), RFC 3986/3987 (URIs and IRIs), RFC 6570 (URI templates), RFC 6901 (JSON pointers), RFC 9562 (UUIDs).
"""

from __future__ import annotations

import re
from functools import lru_cache

from canvasgen.automata import difference, parse_regex, to_dfa
from canvasgen.constraints.json.normal import Part
from canvasgen.errors import InvalidConstraint, UnsupportedConstraint

__all__ = ["FREE", "holds", "names", "part"]

FREE = frozenset(
    ("binary", "directory-path", "file-path", "password", "path", "regex", "zoneinfo", "json-string")
)
"""Formats without a language here: any string may be generated, and what reads it may still refuse it."""

_YEAR = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_LEAP = "(?:(?:[0-9]{2})(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_DATE = (
    f"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    f"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)"
)
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_OFFSET = "(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_TIME = rf"{_CLOCK}(?:\.[0-9]{{1,9}})?{_OFFSET}"
_PYTHON_TIME = rf"{_CLOCK}(?:\.[0-9]{{1,6}})?{_OFFSET}?"

_COUNT = "[0-9]{1,9}"
_DURATION_TIME = f"T(?:{_COUNT}H(?:{_COUNT}M(?:{_COUNT}S)?)?|{_COUNT}M(?:{_COUNT}S)?|{_COUNT}S)"
_DURATION_DATE = f"(?:{_COUNT}Y(?:{_COUNT}M(?:{_COUNT}D)?)?|{_COUNT}M(?:{_COUNT}D)?|{_COUNT}D)"
_DURATION = f"P(?:{_DURATION_DATE}(?:{_DURATION_TIME})?|{_DURATION_TIME}|{_COUNT}W)"
_HOURS, _MINUTES, _SECONDS = "(?:1?[0-9]|2[0-3])H", "[1-5]?[0-9]M", r"[1-5]?[0-9](?:\.[0-9]{1,6})?S"
_TIMEDELTA_TIME = f"T(?:{_HOURS}(?:{_MINUTES})?(?:{_SECONDS})?|{_MINUTES}(?:{_SECONDS})?|{_SECONDS})"
_TIMEDELTA_DATE = "(?:[0-9]{1,6}Y(?:[0-9]{1,6}D)?|[0-9]{1,6}D)"
_TIMEDELTA = f"-?P(?:{_TIMEDELTA_DATE}(?:{_TIMEDELTA_TIME})?|{_TIMEDELTA_TIME})"

_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PLAIN_LABEL = "[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
_TOP_LABEL = "[A-Za-z]{2,24}"
_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = rf"{_ATOM}(?:\.{_ATOM})*"
_PYTHON_DOMAIN = rf"(?:{_PLAIN_LABEL}\.)+{_TOP_LABEL}"

_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"{_BYTE}(?:\.{_BYTE}){{3}}"
_HEX = "[0-9A-Fa-f]"
_GROUP = f"{_HEX}{{1,4}}"
_LAST = f"(?:{_GROUP}:{_GROUP}|{_IPV4})"
_IPV6 = (
    f"(?:(?:{_GROUP}:){{6}}{_LAST}|::(?:{_GROUP}:){{5}}{_LAST}|(?:{_GROUP})?::(?:{_GROUP}:){{4}}{_LAST}"
    f"|(?:(?:{_GROUP}:){{0,1}}{_GROUP})?::(?:{_GROUP}:){{3}}{_LAST}"
    f"|(?:(?:{_GROUP}:){{0,2}}{_GROUP})?::(?:{_GROUP}:){{2}}{_LAST}"
    f"|(?:(?:{_GROUP}:){{0,3}}{_GROUP})?::{_GROUP}:{_LAST}|(?:(?:{_GROUP}:){{0,4}}{_GROUP})?::{_LAST}"
    f"|(?:(?:{_GROUP}:){{0,5}}{_GROUP})?::{_GROUP}|(?:(?:{_GROUP}:){{0,6}}{_GROUP})?::)"
)
_PREFIX_4, _PREFIX_6 = "(?:3[0-2]|[12]?[0-9])", "(?:12[0-8]|1[01][0-9]|[1-9]?[0-9])"


def _networks() -> str:
    """IPv4 networks: the bits after the prefix are zero."""
    found = [_IPV4]
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
    f"(?:{_IPV6}(?:/128)?|"
    + "|".join(f"{_GROUP}(?::{_GROUP}){{{n}}}::/{16 * (n + 1)}" for n in range(6))
    + "|::/0)"
)


def _uri(extra: str) -> tuple[str, str]:
    """The patterns of absolute and of relative references, with more unreserved characters than ASCII's."""
    escape = f"%{_HEX}{{2}}"
    unit = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:@{extra}-]|{escape})"
    user = rf"(?:(?:[A-Za-z0-9._~!$&'()*+,;=:{extra}-]|{escape})*@)?"
    host = rf"(?:\[{_IPV6}\]|(?:[A-Za-z0-9._~!$&'()*+,;={extra}-]|{escape})*)"
    path = f"(?:/{unit}*)*"
    authority = f"//{user}{host}(?::[0-9]*)?{path}"
    absolute = f"/(?:{unit}+{path})?"
    tail = rf"(?:\?(?:{unit}|[/?])*)?(?:#(?:{unit}|[/?])*)?"
    first = rf"(?:[A-Za-z0-9._~!$&'()*+,;=@{extra}-]|{escape})+"
    full = rf"[A-Za-z][A-Za-z0-9+.-]*:(?:{authority}|{absolute}|{unit}+{path})?{tail}"
    relative = f"(?:{authority}|{absolute}|{first}{path})?{tail}"
    return full, f"(?:{full}|{relative})"


_URI, _URI_REFERENCE = _uri("")
_IRI, _IRI_REFERENCE = _uri("\\u00a0-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\uffef")
_PORT = "(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}))?"
_URL_UNIT = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%{_HEX}{{2}})"
_URL_REST = rf"(?:/{_URL_UNIT}*)?(?:\?(?:{_URL_UNIT}|\?)*)?(?:#(?:{_URL_UNIT}|\?)*)?"
_URL_HOST = rf"(?:localhost|{_IPV4}|{_PYTHON_DOMAIN})"
_VARIABLE = rf"(?:[A-Za-z0-9_]|%{_HEX}{{2}})+(?:\.(?:[A-Za-z0-9_]|%{_HEX}{{2}})+)*(?:\*|:[1-9][0-9]{{0,3}})?"
_EXPRESSION = rf"\{{[+#./;?&]?{_VARIABLE}(?:,{_VARIABLE})*\}}"
_POINTER = r"(?:/(?:[^~/]|~[01])*)*"


def _uuid(version: str) -> str:
    return f"{_HEX}{{8}}-{_HEX}{{4}}-{version}{_HEX}{{3}}-[89ABab]{_HEX}{{3}}-{_HEX}{{12}}"


_COMMON = {
    "date": _DATE,
    "ipv4": _IPV4,
    "ipv6": _IPV6,
    "uuid": f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}",
    "json-pointer": _POINTER,
    "relative-json-pointer": rf"(?:0|[1-9][0-9]{{0,8}})(?:#|{_POINTER})",
}
_SPECIFICATION = {
    **_COMMON,
    "date-time": f"{_DATE}T{_TIME}",
    "time": _TIME,
    "duration": _DURATION,
    "email": rf"{_LOCAL}@{_PLAIN_LABEL}(?:\.{_PLAIN_LABEL})*",
    "idn-email": rf"{_LOCAL}@{_PLAIN_LABEL}(?:\.{_PLAIN_LABEL})*",
    "hostname": rf"{_LABEL}(?:\.{_LABEL})*",
    "idn-hostname": rf"{_LABEL}(?:\.{_LABEL})*",
    "uri": _URI,
    "uri-reference": _URI_REFERENCE,
    "iri": _IRI,
    "iri-reference": _IRI_REFERENCE,
    "uri-template": rf"(?:[!#$&()*+,./0-9:;=?@A-Z\[\]_a-z~-]|%{_HEX}{{2}}|{_EXPRESSION})*",
}
_PYTHON = {
    **_COMMON,
    "date-time": f"{_DATE}T{_PYTHON_TIME}",
    "time": _PYTHON_TIME,
    "duration": _TIMEDELTA,
    "email": f"{_LOCAL}@{_PYTHON_DOMAIN}",
    "name-email": rf"[A-Za-z]+(?: [A-Za-z]+)* <{_LOCAL}@{_PYTHON_DOMAIN}>",
    "hostname": rf"{_LABEL}(?:\.{_LABEL})*",
    "uri": f"[a-z][a-z0-9+.-]{{0,29}}://{_URL_HOST}{_PORT}{_URL_REST}",
    "http-url": f"https?://{_URL_HOST}{_PORT}{_URL_REST}",
    "multi-host-uri": f"[a-z][a-z0-9+.-]{{0,29}}://{_URL_HOST}{_PORT}{_URL_REST}",
    "ipvanyaddress": f"(?:{_IPV4}|{_IPV6})",
    "ipv4network": _NETWORK_4,
    "ipv6network": _NETWORK_6,
    "ipv4interface": f"{_IPV4}(?:/{_PREFIX_4})?",
    "ipv6interface": f"{_IPV6}(?:/{_PREFIX_6})?",
    "ipvanynetwork": f"{_NETWORK_4}|{_NETWORK_6}",
    "ipvanyinterface": f"{_IPV4}(?:/{_PREFIX_4})?|{_IPV6}(?:/{_PREFIX_6})?",
    "base64": "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?",
    "base64url": "(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]==|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048]=)?",
    **{f"uuid{version}": _uuid(version) for version in "134567"},
    "uuid8": _uuid("8"),
}
_ODD_LABEL = r"(?:[A-Za-z0-9.-]*\.)?[A-Za-z0-9-]{2}--[A-Za-z0-9.-]*"


def names(*, python: bool) -> tuple[str, ...]:
    """The formats that have a language."""
    return tuple(_PYTHON if python else _SPECIFICATION)


@lru_cache(maxsize=256)
def part(name: str, *, python: bool) -> Part | None:
    """The language of a format; None if the format has none here."""
    pattern = (_PYTHON if python else _SPECIFICATION).get(name)
    if pattern is None:
        return None
    expr = parse_regex(pattern, re.ASCII | re.DOTALL)
    if name in ("hostname", "idn-hostname"):
        expr = difference(expr, parse_regex(_ODD_LABEL, re.ASCII))
    return Part(f"`format` {name!r}", expr, exact=False)


def holds(name: str, value: str, *, python: bool) -> bool:
    """The judge's part: True if the string is in the format's language and within the lengths that its
    standard sets.

    Lengths of e-mail addresses and host names are judged here and not counted by the automaton.
    """
    if name == "regex" and not python:
        return _is_pattern(value)
    language = part(name, python=python)
    if language is None:
        return True
    try:
        data = value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    if not to_dfa(language.expr).accepts(data):
        return False
    if name in ("email", "idn-email"):
        local, _, domain = value.rpartition("@")
        return len(local) <= 64 and _host_fits(domain)
    return name not in ("hostname", "idn-hostname") or _host_fits(value)


def _is_pattern(value: str) -> bool:
    """True for an ECMA-262 pattern, regular or not."""
    try:
        parse_regex(value, dialect="ecma")
    except InvalidConstraint:
        return False
    except UnsupportedConstraint:
        return True
    return True


def _host_fits(host: str) -> bool:
    return len(host) <= 253 and all(len(label) <= 63 for label in host.split("."))
