"""`fixed` and `near` against their definition, on every sequence of tokens of a small vocabulary."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import canvasgen as cg
from canvasgen.automata import searcher
from canvasgen.constraints import Constraint
from canvasgen.constraints.compiled.respelling import respelled
from canvasgen.errors import (
    BudgetTooSmall,
    CanvasgenError,
    ConstraintTooLarge,
    InvalidConstraint,
    Unsatisfiable,
    UnsupportedConstraint,
)

TOKENS = [b"a", b"b", b"ab", b"ba", b"bab", None, None]
END, SPECIAL = 5, 6
VOCABULARY = cg.Vocabulary(TOKENS, end_ids=[END])
BASES = ["[ab]*", "(ab)*", "a[ab]{0,5}", "b*a?b*", "(aab|b)+", "[ab]*aa[ab]*"]
PHRASES = ["a", "b", "ab", "aab", "bab", "abab"]


@cache
def base_of(pattern: str) -> Constraint:
    return cg.regex(pattern)


@cache
def matches(pattern: str, text: bytes) -> bool:
    return base_of(pattern).matches(text)


class Case:
    """A base, fixed ids and texts, phrases with windows; and what they mean."""

    def __init__(self, pattern: str, tokens: dict[int, Any], places: list[tuple[str, int, int]]) -> None:
        self.pattern, self.places = pattern, places
        self.fixed: dict[int, int] = {}
        self.contradicts = False
        constraint = base_of(pattern)
        if tokens:
            constraint &= cg.fixed(tokens)
        for phrase, position, within in places:
            constraint = cg.near(phrase, position, within) & constraint
        self.constraint = constraint
        for position, content in tokens.items():
            ids = (content,) if isinstance(content, int) else fewest(content.encode())
            for place, token in enumerate(ids, position):
                self.contradicts |= self.fixed.setdefault(place, token) != token

    def holds(self, ids: tuple[int, ...]) -> bool:
        """On tokens of text alone."""
        pieces = [TOKENS[token] or b"" for token in ids]
        text = b"".join(pieces)
        if self.contradicts or not matches(self.pattern, text):
            return False
        if any(p >= len(ids) or ids[p] != token for p, token in self.fixed.items()):
            return False
        ends = np.cumsum([len(piece) for piece in pieces])
        for phrase, position, within in self.places:
            at = text.find(phrase.encode())
            if at < 0:
                return False
            token = int(np.searchsorted(ends, at + len(phrase)))
            if abs(token - position) > within:
                return False
        return True


def fewest(content: bytes) -> tuple[int, ...]:
    """By trying: fewest tokens, then the longest first."""
    for count in itertools.count(1):
        fits = [
            ids
            for ids in itertools.product(range(5), repeat=count)
            if b"".join(TOKENS[token] or b"" for token in ids) == content
        ]
        if fits:
            return max(fits, key=lambda ids: [len(TOKENS[token] or b"") for token in ids])
    raise AssertionError


def texts(length: int) -> list[tuple[int, ...]]:
    """Every sequence of at most so many tokens of text."""
    return [ids for n in range(length + 1) for ids in itertools.product(range(5), repeat=n)]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    content = st.one_of(st.integers(0, 4), st.text("ab", min_size=1, max_size=4))
    tokens = draw(st.dictionaries(st.integers(0, 3), content, max_size=2))
    window = st.tuples(st.sampled_from(PHRASES), st.integers(0, 4), st.integers(0, 1))
    places = draw(st.lists(window, min_size=0 if tokens else 1, max_size=2))
    return Case(draw(st.sampled_from(BASES)), tokens, places)


def logits_of(length: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((length, len(TOKENS))).astype(np.float32)


def probabilities(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits.astype(np.float64))
    return weights / weights.sum(axis=1, keepdims=True)


def mass(p: np.ndarray, ids: tuple[int, ...], closed: bool) -> float:
    """Of a text on a canvas: its tokens, and an end token if there is room (the tail is summed out)."""
    tokens = (*ids, END) if closed and len(ids) < len(p) else ids
    return float(np.prod([p[i, token] for i, token in enumerate(tokens)]))


@pytest.mark.slow
@settings(deadline=None, max_examples=120)
@given(case=cases(), seed=st.integers(0, 99), backend=st.sampled_from(["numba", "torch"]))
def test_one_canvas(case: Case, seed: int, backend: Any) -> None:
    length = 4
    valid = [ids for ids in texts(length) if case.holds(ids)]
    try:
        compiled = case.constraint.compile(VOCABULARY)
    except Unsatisfiable:
        assert not valid
        return
    p = probabilities(logits := logits_of(length, seed))
    if not valid:
        assert compiled.shortest_tokens > length
        with pytest.raises(BudgetTooSmall):
            compiled.condition(logits, backend=backend)
        return
    assert compiled.shortest_tokens == min(map(len, valid))
    posterior = compiled.condition(logits, backend=backend)
    masses = {ids: mass(p, ids, True) for ids in valid}
    total = sum(masses.values())
    assert posterior.log_partition == pytest.approx(np.log(total), abs=1e-5)
    found = {}
    for ids, log_prob in posterior.k_best():
        assert compiled.accepts(ids.tolist())
        found[text_of(ids)] = np.exp(log_prob)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert found.keys() == masses.keys()
    for ids, weight in masses.items():
        assert found[ids] == pytest.approx(weight / total, abs=1e-6)
    assert text_of(posterior.best) == max(masses, key=masses.__getitem__)
    assert {text_of(ids) for ids in posterior.sample(30, seed=seed)} <= masses.keys()


def text_of(ids: np.ndarray) -> tuple[int, ...]:
    return tuple(itertools.takewhile(lambda token: token != END, ids.tolist()))


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(
    case=cases(),
    seed=st.integers(0, 99),
    first=st.integers(1, 2),
    backend=st.sampled_from(["numba", "torch"]),
)
def test_two_canvases(case: Case, seed: int, first: int, backend: Any) -> None:
    """The first canvas can always be finished on the second, and together they are what one would be."""
    length = 4
    valid = {ids for ids in texts(length) if case.holds(ids)}
    assume(valid)
    compiled = case.constraint.compile(VOCABULARY)
    logits = logits_of(length, seed)
    p = probabilities(logits)
    begun = compiled.condition(logits[:first], remaining=length - first, backend=backend)
    closing = {ids for ids in valid if len(ids) < first}
    going = {ids[:first] for ids in valid if len(ids) >= first}
    total = sum(mass(p[:first], ids, True) for ids in closing)
    total += sum(mass(p[:first], ids, False) for ids in going)
    assert begun.log_partition == pytest.approx(np.log(total), abs=1e-5)
    seen = {text_of(ids) for ids, _ in begun.k_best()}
    assert seen == closing | going
    for ids, _ in itertools.islice(begun.k_best(), 6):
        if END in ids:
            continue
        after = compiled.condition(logits[first:], state=begun.end_state(ids), offset=first, backend=backend)
        rest = {text_of(more) for more, _ in after.k_best()}
        assert rest == {whole[first:] for whole in valid if whole[:first] == tuple(ids.tolist())}


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(case=cases())
def test_accepts_and_matches(case: Case) -> None:
    try:
        compiled = case.constraint.compile(VOCABULARY)
    except Unsatisfiable:
        return
    for ids in texts(3):
        assert compiled.accepts(ids) == case.holds(ids)
        assert compiled.accepts((*ids, END, 0)) == case.holds(ids)
        text = VOCABULARY.text_bytes(ids)
        on_text = matches(case.pattern, text) and all(place[0].encode() in text for place in case.places)
        assert case.constraint.matches(text) == on_text
        assert on_text or not case.holds(ids)


def test_the_automaton_stays_as_it_is() -> None:
    plain = cg.regex("[ab]{0,9}").compile(VOCABULARY)
    at = (cg.regex("[ab]{0,9}") & cg.fixed({2: "bab"})).compile(VOCABULARY)
    assert at.token_automaton is plain.token_automaton
    assert at.shortest_tokens == 3
    with_phrase = (cg.regex("[ab]{0,9}") & cg.contains("aa")).compile(VOCABULARY)
    close = (cg.regex("[ab]{0,9}") & cg.near("aa", 3)).compile(VOCABULARY)
    assert close.num_states == with_phrase.num_states


def test_the_phrase_may_have_occurred_in_a_state_that_forgets_it() -> None:
    """A minimal automaton cannot tell `ca` from `ac`: after both an a is still to come."""
    constraint = cg.regex("(cb*|ab*c)b*a[ab]*") & cg.near("a", 0, 0)
    vocabulary = cg.Vocabulary([b"a", b"b", b"c", None], end_ids=[3])
    compiled = constraint.compile(vocabulary)
    assert compiled.accepts([0, 2, 0])
    assert not compiled.accepts([2, 0])


def test_several_canvases_by_the_offset() -> None:
    compiled = (cg.regex("[ab]*") & cg.fixed({5: "ba"})).compile(VOCABULARY)
    assert compiled.shortest_tokens == 6
    logits = np.zeros((3, len(TOKENS)), dtype=np.float32)
    assert not np.asarray(compiled.condition(logits, remaining=3).mask)[:, END].any()
    second = compiled.condition(logits, state=0, offset=3, remaining=0)
    assert (second.sample(20, seed=0)[:, 2] == 3).all()
    with pytest.raises(BudgetTooSmall, match="6 tokens, 5 are left"):
        compiled.condition(logits, remaining=2)
    third = compiled.condition(logits, state=0, offset=6)
    assert np.asarray(third.mask)[0, END]


def test_reading_back_is_left_to_the_other_constraint() -> None:
    number = cg.fixed({0: "1"}) & cg.near("1", 0) & cg.json_schema({"type": "integer"})
    assert number.parse("12") == 12
    assert number.shown.schema == {"type": "integer"}
    assert cg.fixed({0: "1"}).parse("x") == "x"
    notes = [str(note) for note in (cg.fixed({0: "Hi", 3: 7}) & cg.near("you", 9, within=2)).explain()]
    assert any("'Hi' from token position 0" in note for note in notes)
    assert any("token 7 from token position 3" in note for note in notes)
    assert any("positions 7 to 11" in note for note in notes)


@pytest.mark.parametrize("place", [cg.fixed({0: "a"}), cg.near("a", 1), cg.regex("a") & cg.fixed({0: 0})])
@pytest.mark.parametrize(
    ("combine", "rule"),
    [
        (lambda place: place + "b", "+"),
        (lambda place: "b" + place, "+"),
        (lambda place: place | "b", "|"),
        (lambda place: "b" | place, "|"),
        (lambda place: ~place, "~"),
        (lambda place: cg.repeat(place, 1, 2), "repeat"),
        (cg.optional, "optional"),
        (lambda place: cg.template("x {hole}", hole=place), "template hole {hole}"),
    ],
)
def test_only_with_and(place: Constraint, combine: Any, rule: str) -> None:
    with pytest.raises(UnsupportedConstraint) as found:
        combine(place)
    assert found.value.rule == rule
    assert found.value.remedy


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: cg.fixed({}), InvalidConstraint),
        (lambda: cg.fixed([(0, "a")]), InvalidConstraint),
        (lambda: cg.fixed({-1: "a"}), InvalidConstraint),
        (lambda: cg.fixed({1.0: "a"}), InvalidConstraint),
        (lambda: cg.fixed({True: "a"}), InvalidConstraint),
        (lambda: cg.fixed({"0": "a"}), InvalidConstraint),
        (lambda: cg.fixed({0: True}), InvalidConstraint),
        (lambda: cg.fixed({0: ""}), InvalidConstraint),
        (lambda: cg.fixed({0: "\ud800"}), InvalidConstraint),
        (lambda: cg.fixed({0: None}), InvalidConstraint),
        (lambda: cg.fixed({10**9: "a"}), ConstraintTooLarge),
        (lambda: cg.near("", 1), InvalidConstraint),
        (lambda: cg.near(b"a", 1), InvalidConstraint),
        (lambda: cg.near("a", -1), InvalidConstraint),
        (lambda: cg.near("a", 1.5), InvalidConstraint),
        (lambda: cg.near("a", 1, within=-1), InvalidConstraint),
        (lambda: cg.near("a", 1, within=2.0), InvalidConstraint),
        (lambda: cg.near("a", 1, within=10**9), ConstraintTooLarge),
    ],
)
def test_refused_when_made(make: Any, error: type[CanvasgenError]) -> None:
    with pytest.raises(error):
        make()


@pytest.mark.parametrize(
    ("constraint", "error", "path"),
    [
        (cg.fixed({0: 7}), InvalidConstraint, "position 0"),
        (cg.fixed({0: -1}), InvalidConstraint, "position 0"),
        (cg.fixed({2: END}), InvalidConstraint, "position 2"),
        (cg.fixed({2: SPECIAL}), InvalidConstraint, "position 2"),
        (cg.fixed({1: "abx"}), InvalidConstraint, "position 1"),
        (cg.fixed({0: 0}) & cg.fixed({0: 1}), Unsatisfiable, "position 0"),
        (cg.fixed({0: "babab", 1: "b"}), Unsatisfiable, "position 1"),
        (cg.regex("[ab]*") & cg.near("a", 2, 0) & cg.near("a", 4, 1), Unsatisfiable, None),
        (cg.regex("(ab)*") & cg.fixed({0: 1}), Unsatisfiable, "position 0"),
        (cg.regex("a{3}") & cg.fixed({3: "a"}), Unsatisfiable, "position 3"),
        (cg.regex("a[ab]*") & cg.near("a", 3, within=1), Unsatisfiable, "position 0"),
        (cg.regex("bb") & cg.near("a", 0), Unsatisfiable, None),
    ],
)
def test_refused_when_compiled(constraint: Constraint, error: type[CanvasgenError], path: str | None) -> None:
    with pytest.raises(error) as found:
        constraint.compile(VOCABULARY)
    assert found.value.path == path


def test_agreeing_positions_are_one() -> None:
    constraint = cg.regex("[ab]*") & cg.fixed({0: "ab", 1: 1}) & cg.fixed({0: 2})
    assert constraint.compile(VOCABULARY).accepts([2, 1])
    windows = cg.near("a", 2, 1) & cg.near("a", 4, 1)
    compiled = windows.compile(VOCABULARY)
    assert compiled.accepts([1, 1, 1, 0])
    assert not compiled.accepts([1, 1, 0])


@given(st.text("ab", min_size=1, max_size=7))
def test_fixed_text_in_the_fewest_tokens(content: str) -> None:
    assert VOCABULARY.spell(content.encode()) == fewest(content.encode())


def test_what_cannot_be_spelled() -> None:
    assert VOCABULARY.spell(b"aXb") is None
    assert VOCABULARY.spell(b"") == ()


@given(st.text("ab", min_size=1, max_size=6), st.text("ab", max_size=14))
def test_the_searcher_knows_how_far_it_is(phrase: str, text: str) -> None:
    found, state = searcher(phrase.encode()), 0
    for at, byte in enumerate(text.encode(), 1):
        state = found.step(state, byte)
        seen = text[:at]
        most = max(k for k in range(len(phrase) + 1) if seen.endswith(phrase[:k]))
        assert state == (len(phrase) if phrase in seen else most)


def test_a_character_in_two_tokens_counts_where_it_is_complete() -> None:
    vocabulary = cg.Vocabulary([b"a", b"\xc3", b"\xa9a", "é".encode(), None], end_ids=[4])
    compiled = (cg.regex("[aé]*") & cg.near("é", 1, within=0)).compile(vocabulary)
    assert compiled.accepts([1, 2])
    assert compiled.accepts([0, 3, 1, 2])
    assert not compiled.accepts([3])
    assert not compiled.accepts([0, 1, 2])


@settings(deadline=None, max_examples=25)
@given(case=cases(), ids=st.lists(st.integers(0, 4), max_size=3))
def test_what_is_written_keeps_its_positions(case: Case, ids: list[int]) -> None:
    """`prefix` says whether a text begins with the ids; `respelled` finds the cut that is nearest to them."""
    try:
        compiled = case.constraint.compile(VOCABULARY)
    except Unsatisfiable:
        return
    begins = any(case.holds((*ids, *rest)) for rest in texts(3))
    found = compiled.prefix(ids)
    assert found is None or found.ids == tuple(ids)
    if begins:
        assert found is not None
    content = VOCABULARY.text_bytes(ids)
    cuts = [
        cut
        for cut in texts(min(len(content), 4))
        if VOCABULARY.text_bytes(cut) == content and compiled.prefix(cut) is not None
    ]
    again = respelled(compiled, ids)
    assert again is not None or not cuts
    if again is None or not cuts:
        return
    assert VOCABULARY.text_bytes(again.ids) == content
    assert compiled.prefix(again.ids) == again
    assert foreign(again.ids, ids) == min(foreign(cut, ids) for cut in cuts)


def foreign(cut: tuple[int, ...], ids: list[int]) -> int:
    """Tokens of a cut that the other cut of the same text does not have at the same place."""
    return len(set(placed(cut)) - set(placed(ids)))


def placed(ids: Any) -> list[tuple[int, int]]:
    begins = np.cumsum([0, *(len(TOKENS[token] or b"") for token in ids)])
    return list(zip(begins.tolist(), ids, strict=False))


def test_a_state_that_the_positions_rule_out_is_refused() -> None:
    compiled = (cg.regex("(ab)*a?") & cg.fixed({0: 2, 1: 0})).compile(VOCABULARY)  # "ab", "a"
    logits = np.zeros((3, len(TOKENS)), dtype=np.float32)
    begun = compiled.prefix([2, 0])
    assert begun is not None
    compiled.condition(logits, state=begun.state, offset=2)
    with pytest.raises(InvalidConstraint, match="no 0 tokens that keep to"):
        compiled.condition(logits, state=begun.state)
    assert compiled.prefix([0, 1]) is None  # the same text so far, cut otherwise
