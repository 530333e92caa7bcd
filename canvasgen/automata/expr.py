"""Regular expressions over bytes: immutable nodes and the functions that build them.

The functions simplify as they build (neutral elements vanish, nested concatenations and unions are flat,
byte sets merge) and share: equal arguments give the same node. So the automaton of a node, kept on the node,
is computed once however often the expression is written down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from canvasgen.automata import utf8
from canvasgen.automata.expr_nodes import (
    ByteSet,
    CodePoints,
    Concat,
    Difference,
    Expr,
    Intersect,
    Leaf,
    Literal,
    Repeat,
    Substitute,
    Union,
    from_dfa,
    node_of,
)
from canvasgen.checks import ascending
from canvasgen.errors import InvalidConstraint

__all__ = [
    "ANY_CHARACTER",
    "ANY_TEXT",
    "EMPTY",
    "EPSILON",
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
    "byte_set",
    "code_points",
    "complement",
    "concat",
    "difference",
    "from_dfa",
    "intersect",
    "literal",
    "optional",
    "repeat",
    "separated",
    "substitute",
    "union",
]

EMPTY: Expr = node_of(Union, ())
EPSILON: Expr = node_of(Literal, b"")


def literal(content: str | bytes) -> Expr:
    """Exactly these bytes, or this text in UTF-8.

    Raises:
        InvalidConstraint: the text holds a lone surrogate, which has no UTF-8.
    """
    if isinstance(content, str):
        try:
            content = content.encode("utf-8")
        except UnicodeEncodeError as error:
            raise InvalidConstraint(
                "a literal holds a lone surrogate, which has no UTF-8",
                rule="UTF-8",
                remedy="leave the surrogate out, or write the character that it is half of",
                path=f"position {error.start}",
                value=content,
            ) from error
    return node_of(Literal, bytes(content))


def byte_set(ranges: Iterable[tuple[int, int]]) -> Expr:
    """One byte out of inclusive ranges; bytes, not characters.

    Raises:
        InvalidConstraint: a range does not run upwards within 0..255.
    """
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if not 0 <= low <= high <= 0xFF:
            remedy = "give two numbers of 0..255, the lower one first"
            raise InvalidConstraint("a range runs upwards", rule="bytes", value=(low, high), remedy=remedy)
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    if not merged:
        return EMPTY
    if len(merged) == 1 and merged[0][0] == merged[0][1]:
        return node_of(Literal, bytes(merged[0][:1]))
    return node_of(ByteSet, tuple(merged))


def code_points(ranges: Iterable[tuple[int, int]]) -> Expr:
    """The UTF-8 encoding of one code point out of inclusive ranges; surrogates have none and are left out.

    Raises:
        InvalidConstraint: a range does not run upwards within 0..0x10FFFF.
    """
    normal = utf8.normalise(ranges)
    if not normal:
        return EMPTY
    if len(normal) == 1 and normal[0][0] == normal[0][1]:
        return node_of(Literal, utf8.encode(normal[0][0]))
    if normal[-1][1] < 0x80:
        return node_of(ByteSet, normal)
    return node_of(CodePoints, normal)


MOST_FLAT = 1024
"""Parts up to which a concatenation inside of another is written out, and bytes up to which literals are joined: one that is
used twice, in one that is used twice, …, would have 2^n of them."""


def concat(*parts: Expr) -> Expr:
    """The parts one after the other."""
    flat: list[Expr] = []
    run: list[Literal] = []  # literals that follow each other, joined once
    for part in (*parts, None):
        if part is EMPTY:
            return EMPTY
        for piece in part.parts if isinstance(part, Concat) and len(part.parts) <= MOST_FLAT else (part,):
            if isinstance(piece, Literal) and len(piece.content) <= MOST_FLAT:
                if piece.content:
                    run.append(piece)
                continue
            if run:
                flat.append(run[0] if len(run) == 1 else literal(b"".join(one.content for one in run)))
                run.clear()
            if piece is not None:
                flat.append(piece)
    if not flat:
        return EPSILON
    return flat[0] if len(flat) == 1 else node_of(Concat, tuple(flat))


def union(*parts: Expr) -> Expr:
    """One of the parts; of none, the empty language. One-character parts merge into one set."""
    characters: list[tuple[int, int]] = []
    raw_bytes: list[tuple[int, int]] = []
    flat: dict[Expr, None] = {}
    for part in parts:
        for piece in part.parts if isinstance(part, Union) else (part,):
            single = _single_ascii(piece)
            if isinstance(piece, CodePoints):
                characters += piece.ranges
            elif single is not None:
                characters += single
            elif isinstance(piece, ByteSet):
                raw_bytes += piece.ranges
            else:
                flat[piece] = None
    if characters:
        flat[code_points(characters)] = None
    if raw_bytes:
        flat[byte_set(raw_bytes)] = None
    if len(flat) == 1:
        return next(iter(flat))
    return node_of(Union, tuple(flat))


def _single_ascii(piece: Expr) -> utf8.Ranges | None:
    """The ranges of an expression of one ASCII byte; None for any other."""
    if isinstance(piece, Literal) and len(piece.content) == 1 and piece.content[0] < 0x80:
        return ((piece.content[0], piece.content[0]),)
    if isinstance(piece, ByteSet) and piece.ranges[-1][1] < 0x80:
        return piece.ranges
    return None


def repeat(body: Expr, low: int = 0, high: int | None = None) -> Expr:
    """`low` to `high` (None: any number of) texts of `body`, one after the other.

    Raises:
        InvalidConstraint: the bounds are negative or contradict each other.
    """
    ascending(low, high, rule="repeat")
    if high == 0 or body is EPSILON:
        return EPSILON
    if body is EMPTY:
        return EPSILON if low == 0 else EMPTY
    if low == 1 and high == 1:
        return body
    if isinstance(body, Repeat):
        folded = _fold(body, low, high)
        if folded is not None:
            return folded
    if isinstance(body, Literal) and low == high and low * len(body.content) <= _LONGEST_REPEATED_LITERAL:
        return literal(body.content * low)
    return node_of(Repeat, body, low, high)


_LONGEST_REPEATED_LITERAL = 256


def _fold(inner: Repeat, low: int, high: int | None) -> Expr | None:
    """`(e{a,b}){low,high}` as one repeat if the counts a*k..b*k, k in low..high, leave no gap; else None."""
    if high != low and inner.high is not None and inner.high * low + 1 < inner.low * (low + 1):
        return None
    if inner.high is None and high != low and low == 0 and inner.low > 1:
        return None
    top = None if inner.high is None or high is None else inner.high * high
    return repeat(inner.body, inner.low * low, top)


def optional(body: Expr) -> Expr:
    """A text of `body`, or the empty text."""
    return repeat(body, 0, 1)


def separated(item: Expr, separator: Expr, low: int = 0, high: int | None = None) -> Expr:
    """`low` to `high` items with a separator between neighbours.

    Raises:
        InvalidConstraint: the bounds are negative or contradict each other.
    """
    ascending(low, high, rule="separated")
    if high == 0:
        return EPSILON
    more = repeat(concat(separator, item), max(low - 1, 0), None if high is None else high - 1)
    some = concat(item, more)
    return some if low else optional(some)


def intersect(*parts: Expr) -> Expr:
    """The byte strings in every part; at least one part is needed.

    Raises:
        InvalidConstraint: there are no parts.
    """
    flat: dict[Expr, None] = {}
    for part in parts:
        for piece in part.parts if isinstance(part, Intersect) else (part,):
            flat[piece] = None
    if not flat:
        raise InvalidConstraint("an intersection of nothing", rule="intersect", remedy="give a part or more")
    if EMPTY in flat:
        return EMPTY
    return next(iter(flat)) if len(flat) == 1 else node_of(Intersect, tuple(flat))


def difference(left: Expr, right: Expr) -> Expr:
    """The byte strings of `left` that are not in `right`."""
    if left is EMPTY or left is right:
        return EMPTY
    return left if right is EMPTY else node_of(Difference, left, right)


def complement(body: Expr) -> Expr:
    """Every well-formed UTF-8 text that is not in `body`."""
    return difference(ANY_TEXT, body)


def substitute(body: Expr, table: Mapping[int, Expr | bytes | str]) -> Expr:
    """The byte strings of `body` with every byte that `table` names replaced by what it names.

    A replacement is a string (the homomorphism of formal language theory) or an expression, any of whose
    strings may stand for the byte (a regular substitution; Hopcroft, Motwani, Ullman, section 4.2.3).

    Raises:
        InvalidConstraint: a key is no byte.
    """
    rows: list[tuple[int, Expr]] = []
    for byte in sorted(table):
        if not 0 <= byte <= 0xFF:
            remedy = "map bytes, 0 to 255, to expressions"
            raise InvalidConstraint("the keys are bytes", rule="substitute", value=byte, remedy=remedy)
        value = table[byte]
        rows.append((byte, value if isinstance(value, Expr) else literal(value)))
    if not rows or body is EMPTY or body is EPSILON:
        return body
    return node_of(Substitute, body, tuple(rows))


ANY_CHARACTER: Expr = code_points([(0, utf8.MAX_CODE_POINT)])
ANY_TEXT: Expr = repeat(ANY_CHARACTER)
