"""Formats against the parsers of the standard library, both ways."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import re
import uuid
from typing import Any

import pytest
from constraint_walks import walks
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from canvasgen.automata import DFA, to_dfa
from canvasgen.constraints import json_schema
from canvasgen.schemas.keywords import formats
from canvasgen.schemas.keywords.formats import standard


def language(name: str, *, python: bool = False) -> DFA:
    part = formats.part(name, python=python)
    assert part is not None
    return to_dfa(part.expr)


def test_every_day_of_the_calendar() -> None:
    dates = language("date")
    for year in (1, 4, 100, 400, 1900, 1999, 2000, 2023, 2024, 2100, 9999):
        for month in range(14):
            for day in range(33):
                text = f"{year:04}-{month:02}-{day:02}"
                try:
                    dt.date.fromisoformat(text)
                    real = True
                except ValueError:
                    real = False
                assert dates.accepts(text.encode()) == real, text
    assert not dates.accepts(b"0000-01-01")


PARSERS: list[tuple[str, bool, Any]] = [
    ("date", False, dt.date.fromisoformat),
    ("date-time", True, TypeAdapter(dt.datetime).validate_python),
    ("date-time", False, TypeAdapter(dt.datetime).validate_python),
    ("time", True, TypeAdapter(dt.time).validate_python),
    ("time", False, TypeAdapter(dt.time).validate_python),
    ("duration", True, TypeAdapter(dt.timedelta).validate_python),
    ("ipv4", False, ipaddress.IPv4Address),
    ("ipv6", False, ipaddress.IPv6Address),
    ("ipv4network", True, ipaddress.IPv4Network),
    ("ipv6network", True, ipaddress.IPv6Network),
    ("ipv4interface", True, ipaddress.IPv4Interface),
    ("ipv6interface", True, ipaddress.IPv6Interface),
    ("ipvanyaddress", True, ipaddress.ip_address),
    ("uuid", False, uuid.UUID),
]


@pytest.mark.parametrize(("name", "python", "parser"), PARSERS)
def test_what_the_language_holds_can_be_read(name: str, python: bool, parser: Any) -> None:
    for text in walks(language(name, python=python), 60, patience=30):
        parser(text)


@settings(max_examples=60, deadline=None)
@given(
    st.dates().map(lambda x: ("date", False, x.isoformat()))
    | st.datetimes().map(lambda x: ("date-time", True, x.isoformat()))
    | st.datetimes(timezones=st.just(dt.UTC)).map(lambda x: ("date-time", False, x.isoformat()))
    | st.times().map(lambda x: ("time", True, x.isoformat()))
    | st.timedeltas().map(lambda x: ("duration", True, TypeAdapter(dt.timedelta).dump_python(x, mode="json")))
    | st.ip_addresses(v=4).map(lambda x: ("ipv4", False, str(x)))
    | st.ip_addresses(v=6).map(lambda x: ("ipv6", False, str(x)))
    | st.ip_addresses(v=6).map(lambda x: ("ipv6", False, x.exploded))
    | st.uuids().map(lambda x: ("uuid", False, str(x)))
    | st.uuids(version=4).map(lambda x: ("uuid4", True, str(x)))
    | st.emails(domains=st.just("example.org")).map(lambda x: ("email", False, x))
)
def test_what_is_written_is_in_the_language(case: tuple[str, bool, str]) -> None:
    name, python, text = case
    if name == "duration" and re.search(r"\d{7}Y", text):
        return
    assert language(name, python=python).accepts(text.encode()), case


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("email", ["a@b.org", "first.last+tag@sub.example.com"], ["a", "a@", "@b", ".a@b.c", "a..b@c.d", "a@b..c"]),
        ("hostname", ["a", "www.example.com", "a-b.c"], ["-a", "a-", "a..b", "a_b", "x" * 64, "ab--cd"]),
        ("uri", ["http://a.b/c?d=e#f", "urn:isbn:1", "mailto:a@b.c", "file:///x"], ["a.b", "//a", "http://a b", "http://[::1"]),
        ("uri-reference", ["", "a", "/a/b", "//h/p", "?q", "#f", "http://a"], ["\\\\a", "a b", "a\"b"]),
        ("iri", ["http://ü.example/é"], ["é", "http://a b"]),
        ("uri-template", ["/a/{b}", "{?x,y*}", "plain"], ["{", "{a", "a}b{"]),
        ("json-pointer", ["", "/a/b~1c", "/~0"], ["a", "/~2", "/~"]),
        ("relative-json-pointer", ["0", "1/a", "2#"], ["-1", "01", "a"]),
        ("time", ["12:00:00Z", "23:59:59.1+01:00"], ["12:00:00", "24:00:00Z", "12:00Z", "12:00:00+24:00"]),
        ("duration", ["P1D", "P1Y2M3DT4H5M6S", "PT1H", "P2W"], ["P", "PT", "1D", "P1D2H", "P1W1D"]),
        ("ipv4", ["0.0.0.0"], ["00.0.0.0", "1.2.3", "256.1.1.1"]),
    ],
)  # fmt: skip
def test_examples(name: str, good: list[str], bad: list[str]) -> None:
    constraint = json_schema({"type": "string", "format": name})
    assert [text for text in good if not constraint.matches(json.dumps(text, ensure_ascii=False))] == []
    assert [text for text in bad if constraint.matches(json.dumps(text, ensure_ascii=False))] == []


def test_what_only_the_validator_sees() -> None:
    email = json_schema({"type": "string", "format": "email"})
    assert email.matches(json.dumps("a" * 64 + "@b.c"))
    assert not email.matches(json.dumps("a" * 65 + "@b.c"))
    pattern = json_schema({"type": "string", "format": "regex"})
    assert pattern.matches(json.dumps("^a+$"))
    assert not pattern.matches(json.dumps("(a"))


PATTERNS = r"""
a|b|
(a)\1
\k<x>(?<x>a)
(?<=a)b(?<!c)
[\]\-^]
[^]
a{2,3}?
\u{1F600}
\p{Lu}\P{Script=Greek}
(?i:a)(?-s:.)
(?<a>x)|(?<a>y)
\cA\0\x41
[\b\d-]
\/\.
(?=a)b
[a-\u0062]
""".strip().splitlines()
NO_PATTERNS = r"""
(a)\1(
(a)\1[b-a]
\1
(a)\2
\k<a>
(?=a)*
^*
\b+
\-
\_
\p{letter}
\p{Nope}
a{3,2}
a{2
{
}
]
[
[\d-z]
(
)
*a
a**
\
(?<1>a)
(?<a>x)(?<a>y)
(?x)
\x4
\u{110000}
\01
(?ii:a)
\c1
""".strip().splitlines()


@pytest.mark.parametrize(
    ("pattern", "valid"), [("", True), *((p, True) for p in PATTERNS), *((p, False) for p in NO_PATTERNS)]
)
def test_regular_expressions(pattern: str, valid: bool) -> None:
    constraint = json_schema({"type": "string", "format": "regex"})
    assert constraint.matches(json.dumps(pattern, ensure_ascii=False)) == valid


@pytest.mark.parametrize("name", sorted(standard.NAMES))
def test_membership_takes_what_is_generated(name: str) -> None:
    for text in walks(language(name, python=False), 60, patience=30):
        assert standard.accepts(name, text), text


def test_contents_are_asserted_in_draft_7() -> None:
    seven = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "string"}
    base64 = json_schema(seven | {"contentEncoding": "base64"})
    assert base64.matches('"eyJmb28iOiAiYmFyIn0K"')
    assert not base64.matches('"eyJmb28iOi%iYmFyIn0K"')
    both = json_schema(seven | {"contentEncoding": "base64", "contentMediaType": "application/json"})
    assert both.matches('"eyJmb28iOiAiYmFyIn0K"')
    assert not both.matches('"ezp9Cg=="')
    plain = json_schema(seven | {"contentMediaType": "application/json"})
    assert plain.matches('"{\\"a\\": [1]}"')
    assert not plain.matches('"{:}"')
    assert all(plain.matches(text) for text in walks(plain.automaton, 20, patience=60))
    odd = json_schema(seven | {"contentEncoding": {}, "contentMediaType": "text/x"})
    assert odd.matches('"anything"')
    later = json_schema({"type": "string", "contentEncoding": "base64"})
    assert later.matches('"%"')
