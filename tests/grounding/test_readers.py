"""Readers of times, addresses, numbers and prices, by examples; the user's own readers; how values are spelt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import canvasgen as cg
from canvasgen.errors import CanvasgenError, InvalidConstraint, UnknownOption
from canvasgen.grounding import Reading, Span
from canvasgen.grounding.clock_times import datetimes_in, times_in
from canvasgen.grounding.grounded_fields import ReaderName
from canvasgen.grounding.source_readings import READERS
from canvasgen.grounding.written_forms import (
    currencies_in,
    emails_in,
    phones_in,
    prices_in,
    truths_in,
    urls_in,
)

TEXTS = st.text("ab19:.-@/$€ \n(+", max_size=30)


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("We meet at half past nine.", ["09:30:00", "21:30:00"]),
        ("half past nine in the evening", ["21:30:00"]),
        ("at a quarter to ten am", ["09:45:00"]),
        ("twenty-five to six p.m., ten past 8", ["17:35:00", "08:10:00", "20:10:00"]),
        ("quarter to one", ["00:45:00", "12:45:00"]),
        ("start: 10:30, end 9:30 pm", ["10:30:00", "21:30:00"]),
        ("9pm, 9 AM and 12 a.m. but 12 pm", ["21:00:00", "09:00:00", "00:00:00", "12:00:00"]),
        ("at 9.30 pm", ["21:30:00"]),
        ("nine o'clock", ["09:00:00", "21:00:00"]),
        ("seven in the morning", ["07:00:00"]),
        ("at noon or midnight", ["12:00:00", "00:00:00"]),
        ("2026-03-05T09:30:15Z", ["09:30:15+00:00"]),
        ("09:30:15.25+02:00", ["09:30:15.250000+02:00"]),
        ("23h45", ["23:45:00"]),
        ("10:30 at night, 2 at night", ["22:30:00", "02:00:00"]),
        ("It costs 9.30, room 12, 25:10, 10:75, ratio 3:4, v1:30:00:00", []),
        ("nine people, one of us, half of it, 1/10:30", []),
        ("I am 9 years old", []),
        ("half to nine", []),
        ("", []),
    ],
)
def test_times(text: str, times: list[str]) -> None:
    found = list(times_in(text))
    assert [moment.isoformat() for moment, _, _ in found] == times
    assert all(text[start:stop].strip() == text[start:stop] != "" for _, start, stop in found)


@pytest.mark.parametrize(
    ("text", "moments"),
    [
        ("on 5 March 2026 at half past nine pm", ["2026-03-05T21:30:00"]),
        ("2026-03-05T09:30:00Z", ["2026-03-05T09:30:00+00:00"]),
        ("2026-03-05 09:30", ["2026-03-05T09:30:00"]),
        ("10:30 on 5 March 2026", ["2026-03-05T10:30:00"]),
        ("5 March 2026. We start at 10:30.", []),
    ],
)
def test_moments(text: str, moments: list[str]) -> None:
    pytest.importorskip("dateparser")
    found = list(datetimes_in(text))
    assert [moment.isoformat() for moment, _, _ in found] == moments
    for _, start, stop in found:
        assert "2026" in text[start:stop]
        assert text[start:stop][-1] != " "


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("Write to rosa@lind.org, or <ann.b+x@mail.example.co.uk>.", ["rosa@lind.org", "ann.b+x@mail.example.co.uk"]),
        ("@ann, a@b, a@@b.c", []),
        ("mailto:kim@x.org", ["kim@x.org"]),
    ],
)  # fmt: skip
def test_emails(text: str, addresses: list[str]) -> None:
    assert [address for address, _, _ in emails_in(text)] == addresses


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("See https://x.org/a?b=1, (http://y.org/z).", ["https://x.org/a?b=1", "http://y.org/z"]),
        ("https://en.wikipedia.org/wiki/Rust_(film)!", ["https://en.wikipedia.org/wiki/Rust_(film)"]),
        ("mailto:kim@x.org; note: nothing", ["mailto:kim@x.org"]),
        ("http:// and ftp://", []),
    ],
)
def test_urls(text: str, urls: list[str]) -> None:
    assert [url for url, _, _ in urls_in(text)] == urls


@pytest.mark.parametrize(
    ("text", "prices", "currencies"),
    [
        ("$24.50 or 1.204,50 €", ["24.50", "1204.50"], [("$", "USD"), ("€", "EUR")]),
        ("EUR 12, 13 EUR, 14 dollars", ["12", "13", "14"], [("EUR",), ("EUR",), ("dollars", "USD")]),
        ("12 chairs for 3 people in 2026", [], []),
        ("£1,204.", ["1204"], [("£", "GBP")]),
    ],
)
def test_prices(text: str, prices: list[str], currencies: list[tuple[str, ...]]) -> None:
    pytest.importorskip("price_parser")
    assert [price for price, _, _ in prices_in(text)] == [Decimal(price) for price in prices]
    assert [currency for currency, _, _ in currencies_in(text)] == currencies


def test_phones() -> None:
    pytest.importorskip("phonenumbers")
    text = "Call +44 20 7946 0018 or (212) 555-0192."
    assert [(forms[0], text[a:b]) for forms, a, b in phones_in(text, "US")] == [
        ("+442079460018", "+44 20 7946 0018"),
        ("+12125550192", "(212) 555-0192"),
    ]
    assert [forms[0] for forms, _, _ in phones_in(text, None)] == ["+442079460018"]
    schema = {"type": "string", "x-grounded": {"reader": "phone", "region": "US"}}
    assert cg.json_schema(schema, grounded=text).matches('"+12125550192"')


def test_truths() -> None:
    assert {(value, text) for value, text, _ in truths_in("Yes, but not now, can't; nothing; Eyes")} == {
        (True, 0),
        (False, 9),
    }
    assert list(truths_in("perhaps")) == []


@given(TEXTS)
def test_places_are_in_the_text(text: str) -> None:
    for name, read in READERS.items():
        if name in ("price", "currency", "date", "date-time"):  # the packages of these need not be there
            continue
        for _, start, stop in read(text):
            assert 0 <= start < stop <= len(text)


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("x", ("x",)),
        (3, ("3",)),
        (Decimal("24.50"), ("24.5",)),
        (Fraction(-1, 8), ("-0.125",)),
        (Fraction(1, 3), ()),
        (0.1, ("0.1",)),
        (time(9, 30), ("09:30:00", "09:30:00Z")),
        (time(9, 30, tzinfo=UTC), ("09:30:00Z", "09:30:00+00:00")),
        (datetime(2026, 3, 5, 9), ("2026-03-05T09:00:00", "2026-03-05T09:00:00Z")),
    ],
)
def test_spellings(value: Any, texts: tuple[str, ...]) -> None:
    reading = Reading()
    reading.add(value, Span(0, 1, "x"))
    assert list(reading.texts) == [texts]
    assert all(reading.place(text) == Span(0, 1, "x") for text in texts)


@pytest.mark.slow
@given(st.fractions(max_denominator=400).filter(lambda number: (10**9 / number.denominator) % 1 == 0))
def test_decimals_are_exact(number: Fraction) -> None:
    reading = Reading()
    reading.add(number, Span(0, 1, "x"))
    (texts,) = reading.texts
    assert [Fraction(text) for text in texts] == [number]
    assert reading.place(number) == Span(0, 1, "x")


def orders(text: str) -> list[tuple[Any, str]]:
    """Order numbers: `No. 17` is `N-017`."""
    at = text.find("No. ")
    return [] if at < 0 else [((at, at + 6), f"N-0{text[at + 4 : at + 6]}")]


def test_a_reader_of_ones_own() -> None:
    text = "Order No. 17 is late, yes."
    schema = {"type": "string", "x-grounded": {"reader": "orders"}}
    by_name = cg.json_schema(schema, grounded=cg.Sources(text, readers={"orders": orders}))
    marked = cg.json_schema(
        {"type": "string", "x-grounded": cg.Grounded(reader=orders).keyword}, grounded=text
    )
    for constraint in (by_name, marked):
        assert constraint.matches('"N-017"')
        assert not constraint.matches('"No. 17"')
        (found,) = constraint.language.stated('"N-017"')
        assert found == ("", Span(6, 12, "No. 17"))
    with pytest.raises(UnknownOption) as caught:
        _ = cg.json_schema(schema, grounded=text).automaton
    assert "orders" in str(caught.value)
    assert caught.value.path == "$"
    assert "price" in str(caught.value.remedy)


def nothing() -> list[Any]:
    """No reader: it takes no text."""
    return []


@pytest.mark.parametrize(
    "read",
    [
        lambda text: None,
        lambda text: "text",
        lambda text: [1],
        lambda text: [((0, 1), "a", 3)],
        lambda text: [((0, 0), "a")],
        lambda text: [((0, 99), "a")],
        lambda text: [((True, 2), "a")],
        lambda text: [("01", "a")],
        lambda text: [((0, 1), None)],
        lambda text: [((0, 1), ["a"])],
        lambda text: [((0, 1), ("a", "b"))],
        lambda text: [((0, 1), "\ud800")],
        lambda text: [((0, 1), float("nan"))],
        lambda text: [((0, 1), Decimal("1e999999"))],
        lambda text: {(0, 1): "a"},
    ],
    ids=range(15),
)  # fmt: skip
def test_wrong_readers_are_refused(read: Callable[[str], Any]) -> None:
    with pytest.raises(InvalidConstraint) as caught:
        cg.Sources("a text").reading(ReaderName("mine", read))
    assert caught.value.rule == "reader"


@pytest.mark.parametrize(
    "arguments",
    [
        {"reader": 3},
        {"reader": nothing},
        {"reader": lambda text, more: []},
        {"grounded": "yes"},
        {"grounded": False, "reader": "date"},
        {"region": "US"},
        {"reader": "phone", "region": "us"},
        {"reader": "phone", "region": 3},
    ],
    ids=range(8),
)
def test_wrong_marks_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidConstraint):
        cg.Grounded(**arguments)


@pytest.mark.parametrize(
    "options",
    [
        {"fields": "none"},
        {"unit": "line"},
        {"across_lines": 1},
        {"max_length": 0},
        {"readers": [orders]},
        {"readers": {"a": 3}},
        {"readers": {"date": orders}},
        {"readers": {"a": nothing}},
    ],
    ids=range(8),
)
def test_wrong_settings_of_sources(options: dict[str, Any]) -> None:
    with pytest.raises(CanvasgenError):
        cg.Sources("a text", **options)
