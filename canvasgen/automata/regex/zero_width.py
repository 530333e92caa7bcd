r"""Zero-width assertions, exactly: anchors, word boundaries and look-around anywhere in a pattern.

An assertion enters the expression as a *marker*, a byte that UTF-8 never uses. What the pattern accepts is
then found in
three steps: the language over texts with markers; less every string with a marker where its assertion does
not hold; and the markers erased. Where an assertion fails is a regular set of *cut texts* `u|v` (the bar is
a byte of its own), so look- around nests and sees both sides.

Assertions at the very edges of a pattern, which is where nearly all stand, are cheaper: there one side of
the cut is empty, and the assertion is an intersection with the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from canvasgen.automata.automaton_limits import Limits
from canvasgen.automata.compiler import minimal, to_dfa
from canvasgen.automata.dfa import DFA
from canvasgen.automata.expr import (
    ANY_CHARACTER,
    ANY_TEXT,
    EPSILON,
    Concat,
    Expr,
    Literal,
    Repeat,
    Union,
    byte_set,
    code_points,
    concat,
    difference,
    from_dfa,
    intersect,
    literal,
    optional,
    repeat,
    substitute,
    union,
)
from canvasgen.automata.private_bytes import ASSERTION_MARKERS, CUT_BAR, OUTER_CUT_BAR
from canvasgen.automata.regex.characters import ANY, minus
from canvasgen.automata.utf8 import Ranges

__all__ = [
    "Assertion",
    "Edge",
    "Scope",
    "before",
    "behind",
    "edge",
    "holds_at",
    "holds_outside",
    "line_edge",
    "word_boundary",
]

MOST_ASSERTIONS = len(ASSERTION_MARKERS)
_BAR, _OUTER_BAR = bytes((CUT_BAR,)), bytes((OUTER_CUT_BAR,))
_bar = literal(_BAR)
_not_bar = byte_set([(0, CUT_BAR - 1)])
_cut = concat(ANY_TEXT, _bar, ANY_TEXT)


class Edge(Enum):
    """Assertions that also say where an unanchored match begins or ends."""

    START = "start"
    END = "end"
    END_OR_LAST_NEWLINE = "end or last newline"


@dataclass(frozen=True)
class Assertion:
    """A zero-width assertion.

    Attributes:
        fails: the cut texts `u|v` at whose bar it does not hold.
        edge: which edge of the text it demands, if it is that simple.
    """

    fails: Expr
    edge: Edge | None = None


def edge(kind: Edge) -> Assertion:
    r"""`^` or `\A`, `\Z` (`$` of ECMA), or `$` of `re`."""
    some = concat(ANY_CHARACTER, ANY_TEXT)
    if kind is Edge.START:
        return Assertion(concat(some, _bar, ANY_TEXT), kind)
    if kind is Edge.END:
        return Assertion(concat(ANY_TEXT, _bar, some), kind)
    return Assertion(concat(ANY_TEXT, _bar, difference(some, literal("\n"))), kind)


def line_edge(start: bool, terminators: Ranges) -> Assertion:
    """`^` or `$` with the MULTILINE flag: next to a line terminator, or at the edge of the text."""
    other = code_points(minus(ANY, terminators))
    if start:
        return Assertion(concat(ANY_TEXT, other, _bar, ANY_TEXT))
    return Assertion(concat(ANY_TEXT, _bar, other, ANY_TEXT))


def word_boundary(word: Ranges, negated: bool, empty_text: bool) -> Assertion:
    r"""`\b`, or `\B` if negated.

    Args:
        word: the word characters.
        negated: True for `\B`.
        empty_text: whether `\B` holds in the empty text (in ECMA it does, in `re` before Python 3.14 it does
            not).
    """
    inside, outside = code_points(word), code_points(minus(ANY, word))
    word_before, word_after = concat(ANY_TEXT, inside), concat(inside, ANY_TEXT)
    other_before = optional(concat(ANY_TEXT, outside))
    other_after = optional(concat(outside, ANY_TEXT))
    differs = union(concat(word_before, _bar, other_after), concat(other_before, _bar, word_after))
    if not negated:
        return Assertion(difference(_cut, differs))
    return Assertion(differs if empty_text else union(differs, _bar))


def holds_at(holds: Expr) -> Assertion:
    """Return a look-around that holds at the bars of the cut texts `holds`."""
    return Assertion(difference(_cut, holds))


def holds_outside(holds: Expr) -> Assertion:
    """Return a look-around that holds at the bars of all other cut texts."""
    return Assertion(holds)


def behind(body: Expr) -> Expr:
    """Return the cut texts with `body` just before the bar."""
    return concat(ANY_TEXT, body, _bar, ANY_TEXT)


def before(body: Expr) -> Expr:
    """Return the cut texts with `body` just after the bar."""
    return concat(ANY_TEXT, _bar, body, ANY_TEXT)


@dataclass
class Scope:
    """The assertions met in one pattern, or in the body of one look-around."""

    limits: Limits
    markers: dict[Assertion, bytes] = field(default_factory=dict[Assertion, bytes])

    def mark(self, assertion: Assertion) -> Expr | None:
        """Return the marker of an assertion; None if there are too many different ones."""
        known = self.markers.get(assertion)
        if known is None:
            if len(self.markers) == MOST_ASSERTIONS:
                return None
            known = self.markers[assertion] = ASSERTION_MARKERS[len(self.markers) : len(self.markers) + 1]
        return literal(known)

    def resolve(self, marked: Expr) -> Expr:
        """Return the (cut) texts of a marked expression whose markers all stand where their assertions hold."""
        if not self.markers:
            return marked
        # Where the bar of `fails` becomes one marker, any markers and the bar of `marked` may stand around
        # it.
        others = b"".join(self.markers.values()) + _OUTER_BAR
        wrong = [
            substitute(
                from_dfa(with_loops(to_dfa(a.fails, self.limits), others)),
                {CUT_BAR: marker, OUTER_CUT_BAR: _BAR},
            )
            for a, marker in self.markers.items()
        ]
        return self.erase(difference(marked, union(*wrong)))

    def erase(self, marked: Expr) -> Expr:
        """Return a marked expression without its markers, as if every assertion held."""
        return substitute(marked, {marker[0]: EPSILON for marker in self.markers.values()})

    def finish(self, pattern: Expr, search: bool) -> Expr:
        """Return the texts that a whole pattern matches: all of the text, or with `search` anywhere in it."""
        if not self.markers:
            return concat(ANY_TEXT, pattern, ANY_TEXT) if search else pattern
        branches = pattern.parts if isinstance(pattern, Union) else (pattern,)
        easy: list[Expr] = []
        hard: list[Expr] = []
        for branch in branches:
            found = self._strip_edges(branch, search)
            if found is None:
                hard.append(branch)
            else:
                easy.append(found)
        if hard:
            rest = union(*hard)
            easy.append(self.resolve(concat(ANY_TEXT, rest, ANY_TEXT) if search else rest))
        return union(*easy)

    def in_context(self, pattern: Expr) -> Expr:
        """Return the texts `u|x|v` with x what a whole pattern matches where it stands, between u and v."""
        marked = concat(ANY_TEXT, _bar, pattern, _bar, ANY_TEXT)
        others = b"".join(self.markers.values()) + _OUTER_BAR
        one = concat(repeat(_not_bar), _bar, repeat(_not_bar))
        wrong: list[Expr] = []
        for a, marker in self.markers.items():
            # One marker at a time is the bar, and only where the pattern has it: far fewer states than `resolve`.
            fails = from_dfa(with_loops(to_dfa(a.fails, self.limits), others))
            chosen = substitute(marked, {CUT_BAR: _OUTER_BAR, marker[0]: union(literal(marker), _bar)})
            wrong.append(
                substitute(intersect(intersect(chosen, one), fails), {CUT_BAR: marker, OUTER_CUT_BAR: _BAR})
            )
        return self.erase(difference(marked, union(*wrong)))

    # -- edges -------------------------------------------------------------------------------------

    def _strip_edges(self, branch: Expr, search: bool) -> Expr | None:
        """Return a branch whose assertions all stand at its edges, resolved; None for any other."""
        parts = list(branch.parts) if isinstance(branch, Concat) else [branch]
        of = {marker[0]: assertion for assertion, marker in self.markers.items()}
        leading: list[Assertion] = []
        trailing: list[Assertion] = []
        if isinstance(parts[0], Literal):
            content = parts[0].content
            while content and content[0] in of:
                leading.append(of[content[0]])
                content = content[1:]
            parts[0] = literal(content)
        if isinstance(parts[-1], Literal):
            content = parts[-1].content
            while content and content[-1] in of:
                trailing.append(of[content[-1]])
                content = content[:-1]
            parts[-1] = literal(content)
        inner = concat(*parts)
        if _has_any(inner, frozenset(of)):
            return None
        starts = not search or any(a.edge is Edge.START for a in leading)
        ends = not search or any(a.edge is Edge.END for a in trailing)
        leading = [a for a in leading if a.edge is not Edge.START]
        newline = False
        if not ends and trailing and all(a.edge is Edge.END_OR_LAST_NEWLINE for a in trailing):
            ends = newline = True
            trailing = []
        if (leading and not starts) or (trailing and not ends):
            return None
        # Conditions on the whole match, one side of the bar empty.
        if not starts:
            inner = concat(ANY_TEXT, inner)
        elif leading and not ends:
            inner = concat(inner, ANY_TEXT)
            ends = True
        conditions: list[Expr] = []
        tail = optional(literal("\n")) if newline else EPSILON
        if not ends:
            inner = concat(inner, ANY_TEXT)
        if leading and newline:
            inner, tail = concat(inner, tail), EPSILON
        for a in leading:
            conditions.append(_drop_bar(intersect(a.fails, concat(_bar, ANY_TEXT))))
        for a in trailing:
            if a.edge in (None, Edge.START):
                conditions.append(_drop_bar(intersect(a.fails, concat(ANY_TEXT, _bar))))
        return concat(difference(inner, union(*conditions)), tail)


def _drop_bar(cut: Expr) -> Expr:
    return substitute(cut, {CUT_BAR: EPSILON})


def _has_any(root: Expr, markers: frozenset[int]) -> bool:
    """Return True if an expression of literals, classes, concatenations, unions and repeats holds a marker."""
    seen = {root}
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Literal):
            if not markers.isdisjoint(node.content):
                return True
            continue
        below: tuple[Expr, ...] = ()
        if isinstance(node, (Concat, Union)):
            below = node.parts
        elif isinstance(node, Repeat):
            below = (node.body,)
        for part in below:
            if part not in seen:
                seen.add(part)
                stack.append(part)
    return False


def with_loops(dfa: DFA, loops: bytes) -> DFA:
    """Return the language of `dfa`, which reads none of the bytes `loops`, with those bytes inserted anywhere."""
    offsets, low, high, target = (
        dfa.offsets.tolist(),
        dfa.low.tolist(),
        dfa.high.tolist(),
        dfa.target.tolist(),
    )
    rows: list[tuple[int, int, int]] = []
    new_offsets = [0]
    for state in range(dfa.num_states):
        mine = [(low[r], high[r], target[r]) for r in range(offsets[state], offsets[state + 1])]
        mine += [(byte, byte, state) for byte in loops]
        rows += sorted(mine)
        new_offsets.append(len(rows))
    table = np.array(rows, dtype=np.int32).reshape(-1, 3)
    low_column, high_column, target_column = (np.ascontiguousarray(table[:, i]) for i in range(3))
    return minimal(
        np.array(new_offsets, dtype=np.int32), low_column, high_column, target_column, dfa.accepting.copy()
    )
