"""What both dialects share: the cursor over a pattern, its errors, and the pieces a pattern is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import NoReturn

from canvasgen.automata.expr import EPSILON, Expr, concat, union
from canvasgen.automata.regex.characters import together
from canvasgen.automata.regex.first_match import Alternatives, Ordered, Sequence
from canvasgen.automata.regex.zero_width import Scope
from canvasgen.automata.utf8 import Ranges
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint, UnsupportedConstraint

__all__ = ["Cursor", "Frame", "Kind", "Piece", "Shape", "largest_count"]

LONGEST_PATTERN = 1_000_000
LARGEST_REPEAT = 2**32 - 1
_COUNT = re.compile(r"\{[0-9]+(?:,[0-9]*)?\}")


class Cursor:
    """A position in a pattern."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        if len(pattern) > LONGEST_PATTERN:
            raise ConstraintTooLarge(
                f"a regular expression of {len(pattern)} characters",
                rule="LONGEST_PATTERN",
                value=LONGEST_PATTERN,
                remedy="use a shorter pattern",
            )

    @property
    def done(self) -> bool:
        """True at the end of the pattern."""
        return self.at >= len(self.pattern)

    def peek(self, count: int = 1) -> str:
        """Return the next characters; fewer at the end."""
        return self.pattern[self.at : self.at + count]

    def take(self, expected: str) -> bool:
        """Move over `expected` if it is next."""
        if self.pattern.startswith(expected, self.at):
            self.at += len(expected)
            return True
        return False

    def next(self) -> str:
        """Move over one character and return it; the empty string at the end."""
        found = self.peek()
        self.at += len(found)
        return found

    def take_while(self, allowed: str, most: int) -> str:
        """Move over at most `most` of the allowed characters and return them."""
        start = self.at
        while self.at < len(self.pattern) and self.at - start < most and self.pattern[self.at] in allowed:
            self.at += 1
        return self.pattern[start : self.at]

    def take_until(self, end: str, what: str) -> str:
        """Move over everything up to and including `end`; return it without `end`."""
        start = self.at
        stop = self.pattern.find(end, start)
        if stop < 0:
            self.invalid(f"missing {end!r} after {what}", start)
        self.at = stop + len(end)
        return self.pattern[start:stop]

    def invalid(self, message: str, at: int, remedy: str | None = None) -> NoReturn:
        """Raise InvalidConstraint for position `at`."""
        raise InvalidConstraint(
            f"not a regular expression: {message}",
            path=f"position {at}",
            rule="regex",
            value=self.pattern,
            remedy=remedy,
        )

    def unsupported(self, rule: str, at: int, remedy: str) -> NoReturn:
        """Raise UnsupportedConstraint for position `at`."""
        raise UnsupportedConstraint(
            f"a regular expression with a {rule} is not a regular language in general",
            path=f"position {at}",
            rule=rule,
            value=self.pattern,
            remedy=remedy,
        )

    def too_large(self, message: str, rule: str, limit: int, at: int) -> NoReturn:
        """Raise ConstraintTooLarge for position `at`."""
        raise ConstraintTooLarge(
            message,
            path=f"position {at}",
            rule=rule,
            value=limit,
            remedy="use a smaller count or a shorter pattern",
        )


class Shape(Enum):
    """What a piece is, as far as a following quantifier cares."""

    PLAIN = "plain"
    ANCHOR = "anchor"
    LOOK = "look-around"
    REPEAT = "repeat"


@dataclass(frozen=True)
class Piece:
    """A part of a sequence.

    Attributes:
        expr: its language, assertions as markers.
        shape: what a quantifier may do with it.
        shortest, longest: its width in characters (None: unbounded).
        characters: the set, if it is one character.
        order: how a matcher tries it; None if that depends on what stands around it.
    """

    expr: Expr
    shape: Shape = Shape.PLAIN
    shortest: int = 0
    longest: int | None = 0
    characters: Ranges | None = None
    order: Ordered | None = None


class Kind(Enum):
    """Why a group was opened."""

    PATTERN = "pattern"
    PLAIN = "group"
    ATOMIC = "atomic group"
    AHEAD = "look-ahead"
    NOT_AHEAD = "negative look-ahead"
    BEHIND = "look-behind"
    NOT_BEHIND = "negative look-behind"


@dataclass
class Frame:
    """A group that is being read: its finished branches and the branch in hand."""

    kind: Kind
    opened_at: int
    flags: int
    scope: Scope
    branches: list[Piece] = field(default_factory=list[Piece])
    sequence: list[Piece] = field(default_factory=list[Piece])

    def end_branch(self) -> None:
        """Close the branch in hand."""
        pieces = self.sequence
        longest = 0
        for piece in pieces:
            if piece.longest is None:
                longest = None
                break
            longest += piece.longest
        if len(pieces) == 1:
            (piece,) = pieces
            branch = Piece(piece.expr, Shape.PLAIN, piece.shortest, longest, piece.characters, piece.order)
        else:
            exprs = [piece.expr for piece in pieces]
            branch = Piece(
                concat(*exprs) if exprs else EPSILON,
                Shape.PLAIN,
                sum(piece.shortest for piece in pieces),
                longest,
                order=_ordered(Sequence, pieces),
            )
        self.branches.append(branch)
        self.sequence = []

    def close(self) -> Piece:
        """Return the piece made of all branches."""
        self.end_branch()
        if len(self.branches) == 1:
            return self.branches[0]
        widths = [branch.longest for branch in self.branches]
        sets = [branch.characters for branch in self.branches if branch.characters is not None]
        bounded = [width for width in widths if width is not None]
        return Piece(
            union(*(branch.expr for branch in self.branches)),
            Shape.PLAIN,
            min(branch.shortest for branch in self.branches),
            max(bounded) if len(bounded) == len(widths) else None,
            together(r for s in sets for r in s) if len(sets) == len(self.branches) else None,
            _ordered(Alternatives, self.branches),
        )


def largest_count(pattern: str) -> str:
    """Return the position of a pattern's largest count, which makes most automata large; the beginning without any."""
    counts = [
        (max(map(int, re.findall("[0-9]+", found.group()))), found.start())
        for found in _COUNT.finditer(pattern)
    ]
    return f"position {max(counts, default=(0, 0), key=lambda count: count[0])[1]}"


def _ordered(kind: type[Alternatives | Sequence], pieces: list[Piece]) -> Ordered | None:
    orders = tuple(piece.order for piece in pieces if piece.order is not None)
    return kind(orders) if len(orders) == len(pieces) else None
