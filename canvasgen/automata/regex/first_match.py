"""What `re.match` takes: of all texts that a pattern matches, the first in the order in which a matcher tries them.

A backtracking matcher prefers the earlier alternative, one repetition more (lazy: one less), and takes the first way that
succeeds. The ways are kept as an ordered list of states of Thompson's automaton, cut behind the first one that has
succeeded (Cox, "Regular expression matching: the virtual machine approach", 2009). Such a list is a state of a deterministic
automaton: it accepts a text if the match on that text, with nothing behind it, takes all of it. On a longer text the
match is its longest prefix that the automaton accepts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from canvasgen.automata.compiler import minimal
from canvasgen.automata.expr import EMPTY, EPSILON, Expr, code_points, difference, from_dfa, substitute
from canvasgen.automata.utf8 import Ranges
from canvasgen.errors import ConstraintTooLarge

__all__ = [
    "MOST_ORDERED_STATES",
    "Alternatives",
    "Character",
    "Ordered",
    "Repeated",
    "Sequence",
    "first_match",
]

MOST_ORDERED_STATES = 5_000
"""Most states, of the ordered automaton and of the deterministic one, for what a matcher takes first."""
_MOST_CLASSES = 256
_MATCH = -1


@dataclass(frozen=True, slots=True)
class Character:
    """One character out of a set."""

    members: Ranges


@dataclass(frozen=True, slots=True)
class Sequence:
    """Parts one after the other."""

    parts: tuple[Ordered, ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Parts, the first one tried first."""

    parts: tuple[Ordered, ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """A body `low` to `high` times (None: without end), as often as possible first, or with `lazy` as seldom."""

    body: Ordered
    low: int
    high: int | None
    lazy: bool


Ordered = Character | Sequence | Alternatives | Repeated
"""A pattern without assertions, in the order in which a matcher tries it."""


class _Ways:
    """Thompson's automaton: states with a character, and splits, whose first target is tried first."""

    def __init__(self) -> None:
        self.members: list[Ranges | None] = []
        self.targets: list[tuple[int, ...]] = []

    def add(self, members: Ranges | None, *targets: int) -> int:
        if len(self.members) >= MOST_ORDERED_STATES:
            raise _too_large()
        self.members.append(members)
        self.targets.append(targets)
        return len(self.members) - 1

    def before(self, node: Ordered, after: int) -> int:
        """Add a pattern in front of a state; return where it begins."""
        match node:
            case Character(members):
                return self.add(members, after)
            case Sequence(parts):
                for part in reversed(parts):
                    after = self.before(part, after)
                return after
            case Alternatives(parts):
                return self.add(None, *[self.before(part, after) for part in parts])
            case Repeated(body, low, high, lazy):
                if high is None:
                    loop = self.add(None)
                    inside = self.before(body, loop)
                    self.targets[loop] = (after, inside) if lazy else (inside, after)
                    after = loop
                else:
                    end = after
                    for _ in range(high - low):
                        inside = self.before(body, after)
                        after = self.add(None, *((end, inside) if lazy else (inside, end)))
                for _ in range(low):
                    after = self.before(body, after)
                return after

    def reached(self, starts: list[int]) -> tuple[int, ...]:
        """Return the states with a character, and the match, in order; nothing behind the match."""
        found: dict[int, None] = {}
        seen: set[int] = set()
        waiting = starts[::-1]
        while waiting:
            state = waiting.pop()
            if state == _MATCH:
                found[state] = None
                break
            if state in seen:
                continue
            seen.add(state)
            if self.members[state] is None:
                waiting += reversed(self.targets[state])
            else:
                found[state] = None
        return tuple(found)


def first_match(pattern: Ordered) -> Expr:
    """Return the texts x for which `re.match(pattern, x)` takes all of x; not the empty one.

    On a longer text, `re.match` takes the longest prefix that is among them.

    Raises:
        ConstraintTooLarge: there are too many states; `rule` names the limit.
    """
    ways = _Ways()
    start = ways.reached([ways.before(pattern, _MATCH)])
    classes = _classes([members for members in ways.members if members is not None])
    inside = [
        frozenset(k for k, (low, _) in enumerate(one[0] for one in classes) if members and _has(members, low))
        for members in ways.members
    ]
    numbers = {start: 0}
    lists = [start]
    rows: list[tuple[int, int]] = []
    offsets = [0]
    while len(offsets) <= len(lists):
        here = lists[len(offsets) - 1]
        for k in range(len(classes)):
            after = ways.reached([ways.targets[s][0] for s in here if s != _MATCH and k in inside[s]])
            if not after:
                continue
            if after not in numbers:
                numbers[after] = len(lists)
                lists.append(after)
                if len(lists) > MOST_ORDERED_STATES:
                    raise _too_large()
            rows.append((k, numbers[after]))
        offsets.append(len(rows))
    if not rows:
        return EMPTY
    table = np.array(rows, dtype=np.int32)
    letters, target = np.ascontiguousarray(table[:, 0]), np.ascontiguousarray(table[:, 1])
    accepting = np.array([_MATCH in one for one in lists], dtype=np.bool_)
    dfa = minimal(np.array(offsets, dtype=np.int32), letters, letters, target, accepting)
    taken = substitute(from_dfa(dfa), {k: code_points(ranges) for k, ranges in enumerate(classes)})
    return difference(taken, EPSILON)


def _has(members: Ranges, code_point: int) -> bool:
    return any(low <= code_point <= high for low, high in members)


def _classes(sets: list[Ranges]) -> list[list[tuple[int, int]]]:
    """Return the characters of the sets, in classes that no set tells apart, each as ranges."""
    events = sorted(
        (at, number, entering)
        for number, members in enumerate(dict.fromkeys(sets))
        for low, high in members
        for at, entering in ((low, True), (high + 1, False))
    )
    found: dict[frozenset[int], list[tuple[int, int]]] = {}
    inside: set[int] = set()
    last = 0
    for at, number, entering in events:
        if inside and last < at:
            found.setdefault(frozenset(inside), []).append((last, at - 1))
        (inside.add if entering else inside.discard)(number)
        last = at
    if len(found) > _MOST_CLASSES:
        raise _too_large()
    return list(found.values())


def _too_large() -> ConstraintTooLarge:
    return ConstraintTooLarge(
        "what a matcher takes first needs too many states",
        rule="MOST_ORDERED_STATES",
        value=MOST_ORDERED_STATES,
        remedy="use smaller counts or fewer character sets",
    )
