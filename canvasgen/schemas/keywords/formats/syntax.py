"""The regular grammars of formats, as patterns of Python's `re`.

`GRAMMAR` holds what a standard's grammar takes; `NARROWER` what is generated where that is less: counts of
bounded length, no lower-case `t` and `z`, no year 0, no operators reserved for the future.

Sources: RFC 3339 (dates, times; appendix A: durations), RFC 4291 and 3986 §3.2.2 (addresses), RFC 3986 (URIs),
RFC 3987 (IRIs), RFC 6570 with erratum 6937 (URI templates), RFC 6901 and draft-bhutton-relative-json-pointer
(JSON pointers), RFC 4122 (UUIDs).
"""

from __future__ import annotations

__all__ = ["DATE", "GRAMMAR", "HEX", "IPV4", "IPV6", "NARROWER", "OFFSET", "UUID"]

_LEAP = "(?:0[48]|[2468][048]|[13579][26])"


def _dates(year: str, leap: str) -> str:
    return (
        f"(?:{year}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
        f"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{leap}-02-29)"
    )


DATE = _dates("(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])", f"(?:[0-9]{{2}}{_LEAP}|{_LEAP}00)")
"""The days of the years 1 to 9999."""
_ANY_DATE = _dates("[0-9]{4}", f"(?:[0-9]{{2}}{_LEAP}|(?:00|{_LEAP})00)")
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
OFFSET = "(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_TIME = rf"{_CLOCK}:[0-5][0-9](?:\.[0-9]{{1,9}})?{OFFSET}"
_ANY_TIME = rf"{_CLOCK}:(?:[0-5][0-9]|60)(?:\.[0-9]+)?(?:z|{OFFSET})"


def _durations(count: str) -> str:
    time = f"T(?:{count}H(?:{count}M(?:{count}S)?)?|{count}M(?:{count}S)?|{count}S)"
    date = f"(?:{count}Y(?:{count}M(?:{count}D)?)?|{count}M(?:{count}D)?|{count}D)"
    return f"P(?:{date}(?:{time})?|{time}|{count}W)"


_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IPV4 = rf"{_BYTE}(?:\.{_BYTE}){{3}}"
HEX = "[0-9A-Fa-f]"
_GROUP = f"{HEX}{{1,4}}"
_LAST = f"(?:{_GROUP}:{_GROUP}|{IPV4})"
IPV6 = (
    f"(?:(?:{_GROUP}:){{6}}{_LAST}|::(?:{_GROUP}:){{5}}{_LAST}|(?:{_GROUP})?::(?:{_GROUP}:){{4}}{_LAST}"
    f"|(?:(?:{_GROUP}:){{0,1}}{_GROUP})?::(?:{_GROUP}:){{3}}{_LAST}"
    f"|(?:(?:{_GROUP}:){{0,2}}{_GROUP})?::(?:{_GROUP}:){{2}}{_LAST}"
    f"|(?:(?:{_GROUP}:){{0,3}}{_GROUP})?::{_GROUP}:{_LAST}|(?:(?:{_GROUP}:){{0,4}}{_GROUP})?::{_LAST}"
    f"|(?:(?:{_GROUP}:){{0,5}}{_GROUP})?::{_GROUP}|(?:(?:{_GROUP}:){{0,6}}{_GROUP})?::)"
)
UUID = f"{HEX}{{8}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{12}}"

_PLANES = "".join(f"\\U000{n:x}0000-\\U000{n:x}fffd" for n in range(1, 14)) + "\\U000e1000-\\U000efffd"
_UCS = "\\ua000-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\uffef" + _PLANES
_UCSCHAR = "\\u00a0-\\u9fff" + _UCS
_IRI_CHARACTERS = "\\u00a0-\\u200d\\u2010-\\u2029\\u202f-\\u9fff" + _UCS
"""`ucschar` without the bidirectional formatting characters, which RFC 3987 §4.1 forbids in IRIs."""
_PRIVATE = "\\ue000-\\uf8ff\\U000f0000-\\U000ffffd\\U00100000-\\U0010fffd"
_ESCAPE = f"%{HEX}{{2}}"


def _uris(extra: str, private: str) -> tuple[str, str]:
    """Return the patterns of URIs and of URI references, with more characters than ASCII's in names and in queries."""
    unreserved = rf"A-Za-z0-9._~!$&'()*+,;={extra}-"
    unit = rf"(?:[:@{unreserved}]|{_ESCAPE})"
    user = rf"(?:(?:[:{unreserved}]|{_ESCAPE})*@)?"
    literal = rf"\[(?:{IPV6}|[Vv]{HEX}+\.[:A-Za-z0-9._~!$&'()*+,;=-]+)\]"
    host = rf"(?:{literal}|(?:[{unreserved}]|{_ESCAPE})*)"
    path = f"(?:/{unit}*)*"
    authority = f"//{user}{host}(?::[0-9]*)?{path}"
    absolute = f"/(?:{unit}+{path})?"
    tail = rf"(?:\?(?:[:@/?{unreserved}{private}]|{_ESCAPE})*)?(?:#(?:[:@/?{unreserved}]|{_ESCAPE})*)?"
    first = rf"(?:[@{unreserved}]|{_ESCAPE})+"
    full = rf"[A-Za-z][A-Za-z0-9+.-]*:(?:{authority}|{absolute}|{unit}+{path})?{tail}"
    return full, f"(?:{full}|(?:{authority}|{absolute}|{first}{path})?{tail})"


_URI, _URI_REFERENCE = _uris("", "")
_IRI, _IRI_REFERENCE = _uris(_IRI_CHARACTERS, _PRIVATE)


def _templates(operators: str, extra: str) -> str:
    name = rf"(?:[A-Za-z0-9_]|{_ESCAPE})"
    variable = rf"{name}+(?:\.{name}+)*(?:\*|:[1-9][0-9]{{0,3}})?"
    expression = rf"\{{[{operators}]?{variable}(?:,{variable})*\}}"
    return rf"(?:[!#$&'()*+,./0-9:;=?@A-Z\[\]_a-z~{extra}-]|{_ESCAPE}|{expression})*"


_POINTER = r"(?:/(?:[^~/]|~[01])*)*"

GRAMMAR: dict[str, str] = {
    "date": _ANY_DATE,
    "date-time": f"{_ANY_DATE}[Tt]{_ANY_TIME}",
    "time": _ANY_TIME,
    "duration": _durations("[0-9]+"),
    "ipv4": IPV4,
    "ipv6": IPV6,
    "uuid": UUID,
    "uri": _URI,
    "uri-reference": _URI_REFERENCE,
    "iri": _IRI,
    "iri-reference": _IRI_REFERENCE,
    "uri-template": _templates("+#./;?&=,!@|", _UCSCHAR + _PRIVATE),
    "json-pointer": _POINTER,
    "relative-json-pointer": rf"(?:0|[1-9][0-9]*)(?:[+-](?:0|[1-9][0-9]*))?(?:#|{_POINTER})",
}
"""By name, the grammar of the standard; leap seconds of `time` and `date-time` at any hour."""

NARROWER: dict[str, str] = {
    "date": DATE,
    "date-time": f"{DATE}T{_TIME}",
    "time": _TIME,
    "duration": _durations("[0-9]{1,9}"),
    "uri-template": _templates("+#./;?&", _UCSCHAR),
    "relative-json-pointer": rf"(?:0|[1-9][0-9]{{0,8}})(?:#|{_POINTER})",
}
"""By name, what is generated, where it is not all of the grammar."""
