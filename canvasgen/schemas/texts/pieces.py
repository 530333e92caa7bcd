"""Languages that `emit` puts together: any JSON value, undeclared keys, few values."""

from __future__ import annotations

from functools import lru_cache

from canvasgen import automata
from canvasgen.automata import Expr, concat, literal, optional, repeat, to_dfa, union
from canvasgen.limits import kept
from canvasgen.schemas.normal.shapes import Keys, Node, Part, Strings
from canvasgen.schemas.normal.strings import has_utf8
from canvasgen.schemas.texts import whitespace
from canvasgen.schemas.texts.listing import loop
from canvasgen.schemas.texts.numerals.exponents import number_exponent
from canvasgen.schemas.texts.numerals.number_text import number_text
from canvasgen.schemas.texts.string_text import any_string, quoted, string_text
from canvasgen.schemas.texts.whitespace import Style

__all__ = ["LITERALS", "any_value", "few_values", "open_key"]

LITERALS = (("null", "null"), ("true", "true"), ("false", "false"))
"""Attributes of `Values` and the texts they stand for."""
MOST_FEW = 64


@kept(256)
def any_value(depth: int, level: int, *, style: Style) -> Expr:
    """Return any JSON value with at most `depth` levels of arrays and objects, on a level of nesting."""
    scalars = union(literal("null"), literal("true"), literal("false"), _any_number(), any_string())
    if depth <= 0:
        return scalars
    inner = any_value(depth - 1, 0 if style == "compact" else level + 1, style=style)
    comma = whitespace.comma(level + 1, style=style)
    start = whitespace.after_mark(level + 1, style=style)
    stop = whitespace.before_close(level + 1, style=style)
    pair = concat(any_string(), whitespace.colon(style=style), inner)
    array = concat(literal("["), start, loop(inner, comma), stop, literal("]"))
    mapping = concat(literal("{"), start, loop(pair, comma), stop, literal("}"))
    empty = (whitespace.empty(marks, level + 1, style=style) for marks in ("[]", "{}"))
    whole = union(scalars, *empty, array, mapping)
    return automata.from_dfa(to_dfa(whole))


@lru_cache(maxsize=1)
def _any_number() -> Expr:
    """Return any number, with any number of digits: counting them at every level of any-JSON would cost too much."""
    digit, nonzero = automata.byte_set([(0x30, 0x39)]), automata.byte_set([(0x31, 0x39)])
    fraction = optional(concat(literal("."), repeat(digit, 1)))
    whole = union(literal("0"), concat(nonzero, repeat(digit)))
    small = concat(nonzero, fraction, number_exponent())
    plain = union(
        concat(whole, fraction),
        concat(literal("-"), automata.difference(concat(whole, fraction), literal("0"))),
    )
    return automata.from_dfa(to_dfa(union(plain, concat(optional(literal("-")), small))))


def open_key(keys: Keys, declared: tuple[str, ...]) -> Expr:
    """Return the quoted texts of open keys; never a declared name."""
    if keys.part is None:
        return _undeclared(declared)
    allowed = _key_language(keys.part)
    if not declared:
        return allowed
    return automata.from_dfa(
        to_dfa(automata.difference(allowed, union(*(quoted(name) for name in declared if has_utf8(name)))))
    )


@kept(256)
def _undeclared(declared: tuple[str, ...]) -> Expr:
    if not declared:
        return any_string()
    texts = union(*(quoted(name) for name in declared if has_utf8(name)))
    return automata.from_dfa(to_dfa(automata.difference(any_string(), texts)))


@kept(256)
def _key_language(part: Part) -> Expr:
    return string_text(Strings(parts=(part,)))


def few_values(node: Node) -> list[Expr]:
    """Return the texts of a node's values, one language for each, if they are few and plain; else nothing."""
    values = node.values
    if values.arrays or values.objects or any(shape.values is None for shape in values.strings):
        return []
    if any(shape.low is None or shape.low != shape.high for shape in values.numbers):
        return []
    found = [literal(text) for name, text in LITERALS if getattr(values, name)]
    by_number: dict[object, list[Expr]] = {}
    for shape in values.numbers:
        by_number.setdefault(shape.low, []).append(number_text(shape))
    found += [union(*texts) for texts in by_number.values()]
    found += [
        quoted(text) for text in dict.fromkeys(t for shape in values.strings for t in shape.values or ())
    ]
    return found if len(found) <= MOST_FEW else []
