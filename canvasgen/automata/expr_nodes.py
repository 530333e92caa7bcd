"""The nodes of regular expressions over bytes, each of which there is once.

Equal fields give the same node, so that nodes are compared by identity and the automaton of a node, kept on it, is computed
once. A node that comes back from a pickle is the one that is there already, if there is one.
"""

from __future__ import annotations

from typing import Any, TypeVar
from weakref import WeakValueDictionary

from canvasgen.automata.dfa import DFA
from canvasgen.automata.utf8 import Ranges
from canvasgen.limits import hold

__all__ = [
    "ByteSet",
    "CodePoints",
    "Concat",
    "Difference",
    "Expr",
    "Intersect",
    "Leaf",
    "Literal",
    "Repeat",
    "Substitute",
    "Union",
    "from_dfa",
    "node_of",
    "nodes",
]

nodes: WeakValueDictionary[tuple[object, ...], Expr] = WeakValueDictionary()


class Expr:
    """A regular expression over bytes. Build one with the functions of this module, never directly."""

    __slots__ = ("__weakref__", "memo")

    memo: DFA | None

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the fields, and the automaton beside them: what is read again is `node_of` the fields."""
        fields = tuple(getattr(self, name) for name in type(self).__annotations__)
        return (_again, (type(self), *fields), self.memo)

    def __setstate__(self, memo: DFA) -> None:
        """Take the automaton of a pickle, unless there is one already."""
        if self.memo is None:
            self.memo = memo


class Literal(Expr):
    """One string of bytes (the empty one is EPSILON)."""

    __slots__ = ("content",)
    content: bytes


class ByteSet(Expr):
    """One byte out of `ranges`: sorted, disjoint, not adjacent, not empty."""

    __slots__ = ("ranges",)
    ranges: Ranges


class CodePoints(Expr):
    """The UTF-8 encoding of one code point out of `ranges` (normalised, not all ASCII)."""

    __slots__ = ("ranges",)
    ranges: Ranges


class Concat(Expr):
    """The parts one after the other; at least two."""

    __slots__ = ("parts",)
    parts: tuple[Expr, ...]


class Union(Expr):
    """One of the parts; none (the empty language) or at least two."""

    __slots__ = ("parts",)
    parts: tuple[Expr, ...]


class Repeat(Expr):
    """`low` to `high` (None: any number of) texts of the body."""

    __slots__ = ("body", "high", "low")
    body: Expr
    low: int
    high: int | None


class Leaf(Expr):
    """The language of an automaton."""

    __slots__ = ("dfa",)
    dfa: DFA


class Intersect(Expr):
    """The byte strings in every part; at least two."""

    __slots__ = ("parts",)
    parts: tuple[Expr, ...]


class Difference(Expr):
    """The byte strings of `left` that are not in `right`."""

    __slots__ = ("left", "right")
    left: Expr
    right: Expr


class Substitute(Expr):
    """The byte strings of `body` with each byte of `table` replaced by a string of its expression."""

    __slots__ = ("body", "table")
    body: Expr
    table: tuple[tuple[int, Expr], ...]


E = TypeVar("E", bound=Expr)


_NODE_BYTES, _PART_BYTES = 300, 8
"""Of a node with its key, and of each of its parts, for the account of the request."""


def node_of(kind: type[E], *fields: Any) -> E:
    """The one node of this kind with these fields (in the order of the names in `__annotations__`)."""
    key = (kind, *fields)
    known = nodes.get(key)
    if known is not None:
        return known  # type: ignore[return-value]
    made = kind.__new__(kind)
    made.memo = None
    first: Any = fields[0]
    hold(_NODE_BYTES + _PART_BYTES * (len(first) if type(first) in (bytes, tuple) else 0))
    for name, value in zip(kind.__annotations__, fields, strict=True):
        setattr(made, name, value)
    nodes[key] = made
    return made


def from_dfa(dfa: DFA) -> Expr:
    """The language of an automaton."""
    known = nodes.get((Leaf, id(dfa)))
    if known is not None:
        return known
    made = Leaf.__new__(Leaf)
    made.dfa = made.memo = dfa
    nodes[Leaf, id(dfa)] = made
    return made


def _again(kind: type[Expr], *fields: Any) -> Expr:
    """The node of a pickle."""
    return from_dfa(fields[0]) if kind is Leaf else node_of(kind, *fields)
