"""Highlighted sources: the text is all there, nothing of it is markup or steers a terminal, every span is marked."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import canvasgen as cg
from canvasgen.constraints import stated
from canvasgen.denoise import Completion
from canvasgen.errors import InvalidConstraint
from canvasgen.grounding import Place, Places, Span, in_terminal, to_html
from canvasgen.grounding.highlighting import pieces_of

SOURCE = st.text("ab<&>\"'\n\x1b]é ", min_size=1, max_size=20)


@st.composite
def places(draw: st.DrawFn) -> tuple[str, Places]:
    """A source with some spans, which may overlap, and field names that could be markup."""
    text = draw(SOURCE)
    found: dict[str, Place] = {}
    for field in draw(st.lists(st.sampled_from(["a", "<b>", "c[0].d", ""]), unique=True, min_size=1)):
        start = draw(st.integers(0, len(text) - 1))
        stop = draw(st.integers(start + 1, len(text)))
        found[field] = Place(Span(start, stop, text[start:stop]), text)
    return text, Places(found)


@given(places())
def test_pieces(given_places: tuple[str, Places]) -> None:
    text, found = given_places
    cut = pieces_of(text, found)
    assert "".join(piece.text for piece in cut) == text
    for field, span in found.items():
        assert "".join(piece.text for piece in cut if field in piece.fields) == span.text
        assert [piece.ends.count(field) for piece in cut].count(1) == 1


@given(places())
def test_html(given_places: tuple[str, Places]) -> None:
    text, found = given_places
    made = to_html(found)
    without_labels = re.sub(r"<span [^>]*>[^<]*</span>", "", made)
    assert html.unescape(re.sub(r"<[^>]*>", "", without_labels)) == text
    tags = set(re.findall(r"<(/?\w*)", made))
    assert tags == {"div", "/div", "mark", "/mark", "span", "/span"}
    labels = re.findall(r"<span [^>]*>([^<]*)</span>", made)
    assert sorted(map(html.unescape, labels)) == sorted(field or "value" for field in found)


@given(places())
def test_terminal(given_places: tuple[str, Places]) -> None:
    _, found = given_places
    shown = in_terminal(found)
    assert "\x1b" not in shown.plain
    assert len([span for span in shown.spans if "italic" in str(span.style)]) == len(found)


def test_several_sources() -> None:
    constraint = cg.template("{a}-{b}", a=cg.span_of(["one", "two"]), b=cg.span_of("four & five"))
    found = stated(constraint, "two-five")
    assert found == {"a": Span(0, 3, "two", 1), "b": Span(7, 11, "five")}
    made = to_html(found)
    assert made.count("<div") == 2
    assert "four &amp; " in made
    assert "one" not in made
    assert in_terminal(found).plain == "two a\n\nfour & five b"


def test_a_completion() -> None:
    done = cg.load().complete(
        "name: Ann Lee", schema={"type": "string", "pattern": "Lee"}, grounded=True, seed=0
    )
    assert done.sources_html().count("<mark") == 1
    assert done.sources_html() in done.to_html()
    assert done.highlighted().plain == "name: Ann Lee value"


def test_nothing_to_show() -> None:
    for show in (Completion.sources_html, Completion.highlighted):
        with pytest.raises(InvalidConstraint) as caught:
            show(Completion("a", "a", (1,), 0.0))
        assert caught.value.remedy
