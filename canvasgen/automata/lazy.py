"""Membership of one text in an expression whose automaton would be too large: states are made as the text needs them.

The machines here are non-deterministic: a text is followed by sets of their states. Only the right side of a difference has
to be known as a whole, as the set of its states. Counts that are larger than the text is long cannot be told from unbounded
ones, so that `(x|y){1,999999}` costs no more than `(x|y)*`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable
from functools import reduce
from itertools import product
from typing import cast

from canvasgen.automata import expr as ex
from canvasgen.automata.automaton_limits import Deadline, Limits
from canvasgen.automata.compiler import to_dfa
from canvasgen.automata.dfa import DEAD, DFA
from canvasgen.automata.thompson import nfa
from canvasgen.automata.thompson.inlining import parts_of
from canvasgen.limits import hold, in_force, kept, limited, step

__all__ = ["contains", "up_to"]

_STATE_BYTES = 200
_SHORTEST = 64
"""Texts up to this length, and between one power of two and the next, share their machines."""


def contains(expr: ex.Expr, text: bytes, limits: Limits) -> bool:
    """Return whether a text belongs to the language of an expression, without the automaton of the whole.

    Raises:
        ConstraintTooLarge: a part that has to be compiled first, or the states of one place in the text, exceed `limits`.
    """
    length = _SHORTEST
    while length < len(text):
        length *= 2
    with limited(limits):
        machine, deadline = _machine_up_to(expr, length, limits), Deadline(in_force(limits))
        states = machine.starts()
        for byte in text:
            after = set[Hashable]()
            for state in states:
                after.update(machine.moves(state, byte))
                deadline.check_nfa_states(len(after))
                step()
            states = after
            deadline.check_time()
            if not states:
                return False
        return any(map(machine.is_final, states))


@kept(256)
def _machine_up_to(expr: ex.Expr, length: int, limits: Limits) -> _Machine:
    return _machine(up_to(expr, length), limits)


def up_to(expr: ex.Expr, length: int, known: dict[ex.Expr, ex.Expr] | None = None) -> ex.Expr:
    """Return an expression with the same texts of at most `length` bytes, and without larger counts.

    Args:
        expr: the expression.
        length: in bytes.
        known: what is known of parts, which may occur several times.
    """
    known = {} if known is None else known
    found = known.get(expr)
    if found is None:
        step()
        found = known[expr] = _cut(expr, length, known)
    return found


def _cut(expr: ex.Expr, length: int, known: dict[ex.Expr, ex.Expr]) -> ex.Expr:
    match expr:
        case ex.Concat():
            return ex.concat(*(up_to(part, length, known) for part in expr.parts))
        case ex.Union():
            return ex.union(*(up_to(part, length, known) for part in expr.parts))
        case ex.Intersect():
            return ex.intersect(*(up_to(part, length, known) for part in expr.parts))
        case ex.Difference():
            return ex.difference(up_to(expr.left, length, known), up_to(expr.right, length, known))
        case ex.Repeat():
            body = up_to(expr.body, length, known)
            low = 0 if _is_nullable(body, {}) else expr.low
            if low > length:
                return ex.EMPTY
            return ex.repeat(body, low, None if expr.high is None or expr.high >= length else expr.high)
        case _:
            return expr  # what a substitution replaces may be longer than the text


def _is_nullable(expr: ex.Expr, known: dict[ex.Expr, bool]) -> bool:
    found = known.get(expr)
    if found is None:
        step()
        found = known[expr] = _has_empty(expr, known)
    return found


def _has_empty(expr: ex.Expr, known: dict[ex.Expr, bool]) -> bool:
    match expr:
        case ex.Literal():
            return not expr.content
        case ex.Concat() | ex.Intersect():
            return all(_is_nullable(part, known) for part in expr.parts)
        case ex.Union():
            return any(_is_nullable(part, known) for part in expr.parts)
        case ex.Repeat():
            return expr.low == 0 or _is_nullable(expr.body, known)
        case ex.Difference():
            return _is_nullable(expr.left, known) and not _is_nullable(expr.right, known)
        case ex.ByteSet() | ex.CodePoints():
            return False
        case _:
            return to_dfa(expr).accepts(b"")


def _machine(expr: ex.Expr, limits: Limits) -> _Machine:
    if expr.memo is not None:
        return _Compiled(expr.memo)
    match expr:
        case ex.Union():
            return _Either([_machine(part, limits) for part in expr.parts])
        case ex.Intersect():
            return _All([_machine(part, limits) for part in expr.parts])
        case ex.Difference():
            return _Without(_machine(expr.left, limits), _machine(expr.right, limits))
        case ex.Substitute() if all(value is ex.EPSILON for _, value in expr.table):
            return _Erased(_machine(expr.body, limits), frozenset(byte for byte, _ in expr.table))
        case _:
            parts = parts_of(expr)
            for part in parts.compiled:
                to_dfa(part, limits)
            return _Simulated(nfa.build(expr, parts, Deadline(in_force(limits))))


class _Machine(ABC):
    """A non-deterministic automaton that is not written down."""

    @abstractmethod
    def starts(self) -> set[Hashable]:
        """Return the states before the text."""

    @abstractmethod
    def moves(self, state: Hashable, byte: int) -> Iterable[Hashable]:
        """Return the states after a byte."""

    @abstractmethod
    def is_final(self, state: Hashable) -> bool:
        """Return whether the text may end in a state."""


class _Compiled(_Machine):
    """An automaton that is there; states are its own."""

    def __init__(self, dfa: DFA) -> None:
        self.dfa = dfa

    def starts(self) -> set[Hashable]:
        return {0}

    def moves(self, state: Hashable, byte: int) -> Iterable[Hashable]:
        assert isinstance(state, int)
        after = self.dfa.step(state, byte)
        return () if after == DEAD else (after,)

    def is_final(self, state: Hashable) -> bool:
        assert isinstance(state, int)
        return bool(self.dfa.accepting[state])


class _Simulated(_Machine):
    """Thompson's automaton; states are its own."""

    def __init__(self, automaton: nfa.NFA) -> None:
        self._moves: dict[Hashable, list[tuple[int, int, int]]] = {}
        columns = (automaton.source, automaton.low, automaton.high, automaton.target)
        for source, low, high, target in zip(*(column.tolist() for column in columns), strict=True):
            self._moves.setdefault(source, []).append((low, high, target))
        self._silent: dict[Hashable, list[int]] = {}
        silent = zip(automaton.silent_source.tolist(), automaton.silent_target.tolist(), strict=True)
        for source, target in silent:
            self._silent.setdefault(source, []).append(target)

    def starts(self) -> set[Hashable]:
        return self._closed({0})

    def moves(self, state: Hashable, byte: int) -> Iterable[Hashable]:
        return self._closed(
            {target for low, high, target in self._moves.get(state, ()) if low <= byte <= high}
        )

    def is_final(self, state: Hashable) -> bool:
        return state == 1

    def _closed(self, states: set[Hashable]) -> set[Hashable]:
        waiting = list(states)
        while waiting:
            found = set(self._silent.get(waiting.pop(), ())) - states
            states |= found
            waiting += found
        return states


class _Either(_Machine):
    """A union; states are those of a part, with its number."""

    def __init__(self, parts: list[_Machine]) -> None:
        self.parts = parts

    def starts(self) -> set[Hashable]:
        return {(at, state) for at, part in enumerate(self.parts) for state in part.starts()}

    def moves(self, state: Hashable, byte: int) -> Iterable[Hashable]:
        at, inner = cast("tuple[int, Hashable]", state)
        return [(at, after) for after in self.parts[at].moves(inner, byte)]

    def is_final(self, state: Hashable) -> bool:
        at, inner = cast("tuple[int, Hashable]", state)
        return self.parts[at].is_final(inner)


class _All(_Machine):
    """An intersection; states are one of each part."""

    def __init__(self, parts: list[_Machine]) -> None:
        self.parts = parts

    def starts(self) -> set[Hashable]:
        found = set[Hashable]()
        for one in product(*(part.starts() for part in self.parts)):
            hold(_STATE_BYTES)
            found.add(one)
        return found

    def moves(self, state: Hashable, byte: int) -> Iterable[Hashable]:
        each = cast("tuple[Hashable, ...]", state)
        return product(*(part.moves(one, byte) for part, one in zip(self.parts, each, strict=True)))

    def is_final(self, state: Hashable) -> bool:
        each = cast("tuple[Hashable, ...]", state)
        return all(part.is_final(one) for part, one in zip(self.parts, each, strict=True))


class _Without(_Machine):
    """A difference; states are one of the left side, and all that the right side can be in."""

    def __init__(self, left: _Machine, right: _Machine) -> None:
        self.left = left
        self.right = right

    def starts(self) -> set[Hashable]:
        right = frozenset(self.right.starts())
        return {(state, right) for state in self.left.starts()}

    def moves(self, state: Hashable, byte: int) -> Iterable[Hashable]:
        one, others = cast("tuple[Hashable, frozenset[Hashable]]", state)
        afters = list(self.left.moves(one, byte))
        if not afters:
            return ()
        right = frozenset(after for other in others for after in self.right.moves(other, byte))
        return [(after, right) for after in afters]

    def is_final(self, state: Hashable) -> bool:
        one, others = cast("tuple[Hashable, frozenset[Hashable]]", state)
        return self.left.is_final(one) and not any(map(self.right.is_final, others))


class _Erased(_Machine):
    """The texts of a machine without some bytes; states are its own, those behind erased bytes included."""

    def __init__(self, inner: _Machine, erased: frozenset[int]) -> None:
        self.inner = inner
        self.erased = erased

    def starts(self) -> set[Hashable]:
        return self._closed(self.inner.starts())

    def moves(self, state: Hashable, byte: int) -> Iterable[Hashable]:
        return () if byte in self.erased else self._closed(set(self.inner.moves(state, byte)))

    def is_final(self, state: Hashable) -> bool:
        return self.inner.is_final(state)

    def _closed(self, states: set[Hashable]) -> set[Hashable]:
        waiting = list(states)
        while waiting:
            one = waiting.pop()
            behind = [set(self.inner.moves(one, byte)) for byte in self.erased]
            found = reduce(set[Hashable].union, behind, set[Hashable]()) - states
            states |= found
            waiting += found
        return states
