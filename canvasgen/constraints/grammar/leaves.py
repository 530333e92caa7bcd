"""Strings, patterns, ranges of characters and counts in the trees that Lark makes of rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import lark.load_grammar
from lark import Token, Tree
from lark.exceptions import LarkError
from lark.lexer import Pattern

from canvasgen.constraints.grammar.extensions import Extended
from canvasgen.constraints.grammar.terminals import NO_END
from canvasgen.errors import InvalidConstraint

__all__ = ["bounds_of", "check_trees", "pattern_of", "range_of"]

_lark: Any = lark.load_grammar
"""Lark has no public function that reads the text of a terminal, and this module of it has no types."""


def check_trees(trees: Iterable[Tree[Token]], extended: Extended) -> None:
    """Raise InvalidConstraint for a malformed string, pattern, range or count, also in rules that are never used."""
    for tree in trees:
        for node in tree.iter_subtrees():
            leaves: Any = node.children
            if node.data == "literal":
                pattern_of(leaves[0], extended)
            elif node.data == "range":
                range_of(leaves, extended)
            elif node.data == "expr":
                bounds_of(leaves, extended)


def _place(token: Token, extended: Extended) -> str:
    return extended.place(token.line or 1, token.column or 1)


def pattern_of(token: Token, extended: Extended) -> Pattern:
    """Return Lark's pattern of a string or a regular expression.

    Raises:
        InvalidConstraint: an escape or a flag is malformed.
    """
    try:
        return _lark._literal_to_pattern(token)
    except LarkError as error:
        raise InvalidConstraint(
            f"the grammar is malformed: {error}",
            path=_place(token, extended),
            rule="grammar",
            value=str(token),
            remedy="correct what is named, or quote it as a literal",
        ) from error


def range_of(ends: Sequence[Token], extended: Extended) -> tuple[int, int]:
    """Return the code points of `"a".."z"`, both included.

    Raises:
        InvalidConstraint: an end is not one character, or the range does not run upwards.
    """
    first, last = (pattern_of(end, extended).value for end in ends)
    message = None
    if len(first) != 1 or len(last) != 1:
        message = "the ends of a range are single characters"
    elif first > last:
        message = "a range of characters runs upwards"
    if message is not None:
        raise InvalidConstraint(
            message,
            path=_place(ends[0], extended),
            rule="grammar",
            value=f"{ends[0]}..{ends[1]}",
            remedy='write a range of two single characters, the lower one first: "a".."z"',
        )
    return ord(first), ord(last)


def bounds_of(children: Sequence[Token], extended: Extended) -> tuple[int, int | None]:
    """Return how often an item is repeated, by the operator behind it; None: without end.

    Raises:
        InvalidConstraint: the counts are negative or contradict each other.
    """
    operator = str(children[1])
    if operator != "~":
        return {"?": (0, 1), "*": (0, None), "+": (1, None)}[operator]
    low, high = int(children[2]), int(children[-1])
    if not 0 <= low <= high:
        raise InvalidConstraint(
            "a count is 0 or more, and the first one at most the second",
            path=_place(children[2], extended),
            rule="grammar",
            value=f"~{low}..{high}" if len(children) > 3 else f"~{low}",
            remedy="write ~2, ~1..3 or ~2..",
        )
    return low, None if high == NO_END else high
