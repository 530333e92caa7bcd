"""The spans of a source, against the enumeration of all runs of its pieces; the numbers, against examples."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canvasgen.automata import EMPTY, to_dfa
from canvasgen.errors import CanvasgenError, ConstraintTooLarge, InvalidConstraint
from canvasgen.grounding import Sources, numbers_in
from canvasgen.grounding.source_pieces import pieces
from canvasgen.grounding.source_spans import LONGEST_SOURCE

TEXTS = st.lists(st.text("ab $%.é\n", max_size=12), min_size=1, max_size=3)


def spans(texts: list[str], *, characters: bool, across_lines: bool) -> set[str]:
    """All runs of pieces that begin and end as they may."""
    found: set[str] = set()
    for text in texts:
        cut = pieces(text, characters=characters, across_lines=across_lines)
        assert "".join(piece.text for piece in cut) == text
        for start, first in enumerate(cut):
            for stop in range(start, len(cut)):
                run = cut[start : stop + 1]
                if first.begins and run[-1].ends and not any(piece.breaks for piece in run):
                    found.add("".join(piece.text for piece in run))
    return found


def language(sources: Sources) -> set[str]:
    """Every text of a finite language, by walking its automaton."""
    if sources.language is EMPTY:
        return set()
    dfa = to_dfa(sources.language)
    found: set[str] = set()
    stack = [(0, b"")]
    while stack:
        state, read = stack.pop()
        if dfa.accepting[state]:
            found.add(read.decode("utf-8"))
        for row in range(dfa.offsets[state], dfa.offsets[state + 1]):
            for byte in range(dfa.low[row], dfa.high[row] + 1):
                stack.append((int(dfa.target[row]), read + bytes([byte])))
    return found


@given(TEXTS, st.booleans(), st.booleans())
def test_the_language_is_every_span(texts: list[str], characters: bool, across_lines: bool) -> None:
    sources = Sources(texts, unit="character" if characters else "word", across_lines=across_lines)
    assert language(sources) == spans(texts, characters=characters, across_lines=across_lines)


@given(TEXTS, st.integers(1, 4))
def test_the_longest_span(texts: list[str], most: int) -> None:
    every = spans(texts, characters=False, across_lines=False)
    assert language(Sources(texts, max_length=most)) == {span for span in every if len(span) <= most}


@given(TEXTS)
def test_every_span_is_found_where_it_is(texts: list[str]) -> None:
    sources = Sources(texts)
    for span in spans(texts, characters=False, across_lines=False):
        found = sources.find(span)
        assert found is not None
        assert texts[found.source][found.start : found.stop] == span == found.text
    assert sources.find("no such span") is None


@pytest.mark.parametrize(
    ("span", "is_one"),
    [
        ("Nora Quist", True),
        ("nora@quist.no", True),
        ("@quist", False),
        ("$24.50", True),
        ("24.50", True),
        ("30%", True),
        ("24", False),
        ("quist.no", False),
        ("2026-08-02", True),
        ("2026", False),
        ("A-22", False),
        ("A-2204", True),
        ("https://x.org/a?b=1", True),
        ("10:30", True),
        ("30", True),
        ("Bergen", True),
        ("Bergen.", False),
        ("Bergen. Ida", True),
        ("Holm\nTotal", False),
        ("ora", False),
        ("Ida", True),
        ("#7", True),
        ("-0192", False),
        ("555-0192", True),
    ],
)
def test_words_and_signs(span: str, is_one: bool) -> None:
    text = "Nora Quist (nora@quist.no), at $24.50 or 30% off. Bergen. Ida Holm\nTotal #7, 555-0192, A-2204 2026-08-02, "
    text += "10:30 https://x.org/a?b=1."
    assert to_dfa(Sources(text).language).accepts(span.encode()) is is_one


def test_the_size_is_linear() -> None:
    for text in ("a " * 400, "ab " * 400, " ".join(f"w{n % 37}x{n % 11}" for n in range(400))):
        cut = pieces(text, characters=False, across_lines=False)
        assert to_dfa(Sources(text).language).num_states <= 2 * len(cut) + 3 * len(text)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["a." * 100_000, "a-" * 100_000, "1," * 100_000, "a@" * 100_000])
def test_long_sources_are_cut_in_linear_time(text: str) -> None:
    """Quadratic work here would take minutes."""
    assert "".join(piece.text for piece in pieces(text, characters=False, across_lines=False)) == text


def test_no_word_no_span() -> None:
    assert Sources("… !\n").language is EMPTY
    assert Sources([]).language is EMPTY


@pytest.mark.parametrize("wrong", [None, 3, b"text", ["a", 1], {"a": 1}, "a \ud800"])
def test_a_source_is_text(wrong: object) -> None:
    with pytest.raises(InvalidConstraint):
        Sources(wrong)  # type: ignore[arg-type]


def test_a_source_has_a_limit() -> None:
    with pytest.raises(ConstraintTooLarge) as caught:
        Sources(["a" * LONGEST_SOURCE, "b"])
    assert isinstance(caught.value, CanvasgenError)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Nora is 41.", ["41"]),
        ("at 24.50, not 24,5", ["24.5", "24.5"]),
        ("1,204.50 or 1.204,50 or 1 204,50", ["1204.5", "1204.5", "1204.5"]),
        ("1,204", ["1204", "1.204"]),
        ("-3 and −4", ["-3", "3", "-4", "4"]),
        ("2e6 and 1.5E-2", ["2000000", "0.015"]),
        ("A-2204, v2, 10:30", ["2204", "10", "30"]),
        ("no number", []),
    ],
)
def test_numbers(text: str, numbers: list[str]) -> None:
    assert [number for number, _, _ in numbers_in(text)] == [Fraction(number) for number in numbers]
