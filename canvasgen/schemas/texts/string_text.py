"""The JSON texts of strings: one spelling for each character, the one of `json.dumps(ensure_ascii=False)`.

`"` and `\\` are escaped, the control characters are `\\b \\t \\n \\f \\r` or `\\u00xx` (lower case);
everything else, DEL and U+2028 included, stands for itself. So a string never holds a raw newline, and a text
has one reading.
"""

from __future__ import annotations

import json
from functools import lru_cache

from canvasgen import automata
from canvasgen.automata import Expr, byte_set, code_points, concat, literal, repeat, substitute, to_dfa, union
from canvasgen.limits import kept
from canvasgen.schemas.normal.shapes import Part, Strings

__all__ = ["any_string", "content", "enforces_length", "escaped", "quoted", "string_text"]

LENGTH_STATES = 10_000
"""Length bounds on a pattern or a format are in the automaton if counting needs no more states than this."""

_ESCAPES: dict[int, bytes] = {
    byte: json.dumps(chr(byte), ensure_ascii=False)[1:-1].encode("ascii")
    for byte in (*range(0x20), 0x22, 0x5C)
}
_QUOTE = literal('"')
_CHARACTER = union(
    code_points([(0x20, 0x21), (0x23, 0x5B), (0x5D, 0x10FFFF)]),
    concat(
        literal("\\"),
        union(
            byte_set([(byte, byte) for byte in sorted(b'"\\bfnrt')]),
            concat(
                literal("u00"),
                union(
                    concat(literal("0"), byte_set([(0x30, 0x37), (0x62, 0x62), (0x65, 0x66)])),
                    concat(literal("1"), byte_set([(0x30, 0x39), (0x61, 0x66)])),
                ),
            ),
        ),
    ),
)


@lru_cache(maxsize=1)
def any_string() -> Expr:
    """Return every string, with its quotes."""
    return automata.from_dfa(to_dfa(concat(_QUOTE, repeat(_CHARACTER), _QUOTE)))


def quoted(value: str) -> Expr:
    """Return the one text of a string."""
    return literal(json.dumps(value, ensure_ascii=False))


def content(shape: Strings) -> Expr:
    """Return the language of a shape's strings themselves, without quotes and escapes."""
    if shape.values is not None:
        return union(*(literal(value) for value in shape.values))
    expressions = [part.expr for part in shape.parts]
    if (shape.low or shape.high is not None) and enforces_length(shape):
        expressions.append(repeat(code_points([(0, 0x10FFFF)]), shape.low, shape.high))
    return automata.intersect(*expressions) if expressions else automata.ANY_TEXT


def enforces_length(shape: Strings) -> bool:
    """Return False if the length bounds are left to the validator: counting would need too many states."""
    bound = max(shape.low, shape.high or 0)
    if not shape.parts or shape.values is not None or bound <= 64:
        return True
    return bound * max(to_dfa(part.expr).num_states for part in shape.parts) <= LENGTH_STATES


def escaped(language: Expr) -> Expr:
    """Return the spellings inside of quotes of some strings."""
    return substitute(language, _ESCAPES)


@kept(4096)
def _escaped(parts: tuple[Part, ...], low: int, high: int | None) -> Expr:
    language = concat(_QUOTE, escaped(content(Strings(low, high, parts))), _QUOTE)
    dfa = to_dfa(language)
    return automata.EMPTY if dfa.is_empty else automata.from_dfa(dfa)


@kept(1024)
def _counted(low: int, high: int | None) -> Expr:
    return concat(_QUOTE, repeat(_CHARACTER, low, high), _QUOTE)


def string_text(shape: Strings) -> Expr:
    """Return the language of the JSON texts of a shape's strings."""
    if shape.values is not None:
        return union(*(quoted(value) for value in shape.values))
    if shape.parts:
        return _escaped(shape.parts, shape.low, shape.high)
    if not shape.low and shape.high is None:
        return any_string()
    return _counted(shape.low, shape.high)
