"""UTF-8 paths: exactly the encodings of exactly the code points."""

from __future__ import annotations

from itertools import pairwise

import pytest
from dfa_language import counts_of
from hypothesis import given, settings
from hypothesis import strategies as st

from canvasgen.automata import ANY_CHARACTER, ANY_TEXT, code_points, complement, concat, to_dfa
from canvasgen.automata.utf8 import MAX_CODE_POINT, normalise, paths
from canvasgen.errors import InvalidConstraint

BOUNDS = (
    0,
    0x41,
    0x7F,
    0x80,
    0x7FF,
    0x800,
    0xD7FF,
    0xD800,
    0xDFFF,
    0xE000,
    0xFFFF,
    0x10000,
    0x3FFFF,
    MAX_CODE_POINT,
)
POINTS = st.one_of(
    st.sampled_from(BOUNDS),
    st.tuples(st.sampled_from(BOUNDS), st.integers(-2, 2)).map(lambda p: min(max(sum(p), 0), MAX_CODE_POINT)),
    st.integers(0, MAX_CODE_POINT),
)
RANGES = st.lists(st.tuples(POINTS, POINTS).map(lambda p: (min(p), max(p))), max_size=4)


def is_surrogate(code: int) -> bool:
    return 0xD800 <= code <= 0xDFFF


def near(ranges: list[tuple[int, int]]) -> set[int]:
    """Code points at and around every bound."""
    codes = {b + d for pair in ranges for b in pair for d in (-65, -64, -1, 0, 1, 63, 64)}
    return {c for c in codes | set(BOUNDS) if 0 <= c <= MAX_CODE_POINT and not is_surrogate(c)}


@settings(max_examples=150, deadline=None)
@given(RANGES)
def test_class_accepts_its_code_points_only(ranges: list[tuple[int, int]]) -> None:
    dfa = to_dfa(code_points(ranges))
    for code in sorted(near(ranges)):
        assert dfa.accepts(chr(code).encode()) == any(low <= code <= high for low, high in ranges)
    wanted = sum(high - low + 1 for low, high in normalise(ranges))
    assert sum(counts_of(dfa, 5)) == wanted


@settings(max_examples=100, deadline=None)
@given(RANGES)
def test_paths_are_disjoint_and_increasing(ranges: list[tuple[int, int]]) -> None:
    found = paths(normalise(ranges))
    for one, next_one in pairwise(found):
        last, first = tuple(high for _, high in one), tuple(low for low, _ in next_one)
        assert (len(last), last) < (len(first), first)


def test_every_code_point() -> None:
    assert sum(counts_of(to_dfa(ANY_CHARACTER), 4)) == 0x110000 - 0x800


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=6),
        st.lists(
            st.sampled_from(
                [0x41, 0x80, 0xBF, 0xC0, 0xC1, 0xC2, 0xE0, 0x9F, 0xA0, 0xED, 0xF0, 0x8F, 0x90, 0xF4, 0xF5]
            )
        ).map(bytes),
        st.text(max_size=4).filter(lambda s: not any(is_surrogate(ord(c)) for c in s)).map(str.encode),
    )
)
def test_text_is_what_python_decodes(data: bytes) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        well_formed = False
    else:
        well_formed = True
    assert to_dfa(ANY_TEXT).accepts(data) == well_formed
    assert not to_dfa(complement(ANY_TEXT)).accepts(data)
    assert to_dfa(complement(concat(ANY_TEXT))).is_empty


@pytest.mark.parametrize("bad", [(-1, 3), (5, 4), (0, MAX_CODE_POINT + 1)])
def test_bad_ranges_are_refused(bad: tuple[int, int]) -> None:
    with pytest.raises(InvalidConstraint):
        code_points([bad])
