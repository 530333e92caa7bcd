"""Covers: languages that contain every text that a schema accepts, in whatever spelling and order of keys.

The complement of a schema generates what is outside of its cover. So a cover may hold more than the schema's texts, but
must not miss one: where a part cannot be said at a sane size, it is any JSON value there.

The plain spelling of a string, the one that is generated, is decided exactly; every other spelling (an escape that is not
needed) is in the cover, whatever its value. So is every number with an exponent, where the values are bounded.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from canvasgen.automata import (
    EMPTY,
    EPSILON,
    Expr,
    Limits,
    byte_set,
    concat,
    difference,
    from_dfa,
    intersect,
    literal,
    optional,
    parse_regex,
    repeat,
    separated,
    to_dfa,
    union,
)
from canvasgen.errors import ConstraintTooLarge
from canvasgen.limits import kept
from canvasgen.schemas.normal.numbers import has_number
from canvasgen.schemas.normal.shapes import ANY_NODE, NEVER_NODE, Array, Keys, Node, Numbers, Object, Strings
from canvasgen.schemas.normal.strings import has_utf8
from canvasgen.schemas.texts.listing import loop
from canvasgen.schemas.texts.numerals.digits import places_of, split
from canvasgen.schemas.texts.numerals.number_text import is_sampled, number_text
from canvasgen.schemas.texts.pieces import LITERALS, open_key
from canvasgen.schemas.texts.reading import DEEPEST_TEXT
from canvasgen.schemas.texts.string_text import any_string, quoted, string_text

__all__ = ["cover"]

_LEVELS = (4, 2, 1, 0)
"""Levels of nesting that are told apart; the first whose automaton is small."""
_SMALL = Limits(max_states=20_000, max_seconds=1.0)
MOST_REQUIRED = 3
"""Required properties of an object that are asked for: each doubles its states."""
LONGEST_COUNTED = 1000
"""String lengths up to this are counted."""
MOST_ITEMS = 16
"""Items of an array up to this are counted."""

_SPACE = repeat(byte_set([(0x09, 0x0A), (0x0D, 0x0D), (0x20, 0x20)]))
_COMMA = concat(_SPACE, literal(","), _SPACE)
_COLON = concat(_SPACE, literal(":"), _SPACE)


def cover(root: Node) -> Expr:
    """Return a language of well-formed texts that contains every text, in any spelling, of a value of a node."""
    for levels in _LEVELS:
        try:
            dfa = to_dfa(concat(_SPACE, _Cover(levels).node(root, 0), _SPACE), _SMALL)
        except ConstraintTooLarge:
            continue
        return EMPTY if dfa.is_empty else from_dfa(dfa)
    return concat(_SPACE, _any_value(), _SPACE)


class _Cover:
    """Writes the nodes of a normal form, down to a number of levels of nesting."""

    def __init__(self, levels: int) -> None:
        self.levels = levels
        self._done: dict[tuple[Node, int], Expr] = {}

    def node(self, node: Node, level: int) -> Expr:
        """Return what covers a node's texts on a level of nesting, without whitespace around them."""
        if node is ANY_NODE:
            return _any_value()
        if node is NEVER_NODE:
            return EMPTY
        found = self._done.get((node, level))
        if found is None:
            values = node.values
            parts = [literal(text) for name, text in LITERALS if getattr(values, name)]
            parts += [_number(shape) for shape in values.numbers]
            parts += [_string(shape) for shape in values.strings]
            if level < self.levels:
                parts += [self._array(shape, level + 1) for shape in values.arrays]
                parts += [self._object(shape, level + 1) for shape in values.objects]
            else:
                parts += [_nested("[]")] * bool(values.arrays) + [_nested("{}")] * bool(values.objects)
            found = self._done[node, level] = union(*parts)
        return found

    def _array(self, shape: Array, level: int) -> Expr:
        prefix = shape.prefix if shape.high is None else shape.prefix[: shape.high]
        items = [self.node(item, level) for item in prefix]
        low, high = max(shape.low - len(items), 0), None
        if shape.high is not None and shape.high - len(items) <= MOST_ITEMS:
            high = shape.high - len(items)
        low = min(low, MOST_ITEMS if high is None else high)
        rest = EMPTY if high == 0 else self.node(shape.rest, level)
        if not items:
            inside = separated(rest, _COMMA, max(low, 1), high) if rest is not EMPTY else EMPTY
        else:
            inside = repeat(concat(_COMMA, rest), low, high) if rest is not EMPTY else EPSILON
            for at in range(len(items) - 1, 0, -1):
                inside = concat(_COMMA, items[at], inside)
                inside = optional(inside) if at >= shape.low else inside
            inside = concat(items[0], inside)
        return _wrapped("[]", inside, empty=shape.low == 0)

    def _object(self, shape: Object, level: int) -> Expr:
        odd = concat(_odd_string(), _COLON, _any_value())
        pairs: dict[str, Expr] = {}
        for name, entry in shape.properties.items():
            if has_utf8(name):
                pairs[name] = concat(quoted(name), _COLON, self.node(entry.node, level))
        declared = tuple(shape.properties)
        others = [concat(_key(keys, declared), _COLON, self.node(keys.node, level)) for keys in shape.open]
        inside = loop(union(odd, *pairs.values(), *others), _COMMA)
        required = [name for name, entry in shape.properties.items() if entry.required and has_utf8(name)]
        required.sort(key=lambda name: shape.properties[name].node is ANY_NODE)
        for name in required[:MOST_REQUIRED]:
            wanted = union(odd, pairs[name])
            around = loop(union(odd, *pairs.values(), *others), _COMMA)
            there = concat(optional(concat(around, _COMMA)), wanted, optional(concat(_COMMA, around)))
            inside = intersect(inside, there)
        return _wrapped("{}", inside, empty=not required and shape.low == 0)


def _wrapped(marks: str, inside: Expr, *, empty: bool) -> Expr:
    full = concat(literal(marks[0]), _SPACE, inside, _SPACE, literal(marks[1]))
    return union(full, concat(literal(marks[0]), _SPACE, literal(marks[1]))) if empty else full


@lru_cache(maxsize=1)
def _lexeme_of_string() -> Expr:
    return _regex(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')


@lru_cache(maxsize=1)
def _lexeme_of_number() -> Expr:
    return _regex(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def _regex(pattern: str) -> Expr:
    return from_dfa(to_dfa(parse_regex(pattern)))


@lru_cache(maxsize=1)
def _odd_string() -> Expr:
    """Return the strings that have another spelling than the one that is generated."""
    return from_dfa(to_dfa(difference(_lexeme_of_string(), any_string())))


@lru_cache(maxsize=1)
def _any_value() -> Expr:
    """Return a language of texts that contains every JSON value of at most `DEEPEST_TEXT` levels."""
    scalars = (literal(text) for _, text in LITERALS)
    return union(*scalars, _lexeme_of_number(), _lexeme_of_string(), _nested("[]"), _nested("{}"))


@lru_cache(maxsize=2)
def _nested(marks: str) -> Expr:
    """Return brackets around anything in which strings are closed and brackets are paired."""
    return concat(literal(marks[0]), _between(), literal(marks[1]))


@lru_cache(maxsize=1)
def _between() -> Expr:
    quote, escaped = literal('"'), concat(literal("\\"), byte_set([(0x00, 0xF4)]))
    letters = byte_set([(0x00, 0x21), (0x23, 0x5B), (0x5D, 0xF4)])
    string = concat(quote, repeat(union(letters, escaped)), quote)
    plain = byte_set([(0x00, 0x21), (0x23, 0x5A), (0x5C, 0x5C), (0x5E, 0x7A), (0x7C, 0x7C), (0x7E, 0xF4)])
    opening, closing = byte_set([(0x5B, 0x5B), (0x7B, 0x7B)]), byte_set([(0x5D, 0x5D), (0x7D, 0x7D)])
    inside = EPSILON
    for _ in range(DEEPEST_TEXT):
        inside = from_dfa(to_dfa(repeat(union(plain, string, concat(opening, inside, closing)))))
    return inside


def _string(shape: Strings) -> Expr:
    if shape.values is not None:
        listed = (quoted(value) for value in shape.values if has_utf8(value))
        return union(_odd_string(), *listed)
    if any(part.under_approximates for part in shape.parts):
        return _lexeme_of_string()
    low = min(shape.low, LONGEST_COUNTED)
    high = None if shape.high is None or shape.high > LONGEST_COUNTED else shape.high
    return union(_odd_string(), string_text(shape._replace(low=low, high=high)))


def _key(keys: Keys, declared: tuple[str, ...]) -> Expr:
    if keys.part is not None and keys.part.under_approximates:
        return _lexeme_of_string()
    return open_key(keys, declared)


@kept(1024)
def _number(shape: Numbers) -> Expr:
    if shape == Numbers(point=shape.point):
        return _lexeme_of_number()
    found = [_odd_number()]
    if has_number(shape, Fraction(0)):
        found.append(_regex(r"-0(?:\.0*)?"))
    whole = shape.step is not None and shape.step.denominator == 1
    closed = Numbers(low=shape.low, high=shape.high)
    if whole and shape.step is not None and not is_sampled(shape):
        closed = closed._replace(step=shape.step, point=False)
    if shape.low is not None and shape.low == shape.high:
        found.append(_exactly(shape.low))
    elif whole:
        found += [number_text(closed), _regex(r"-?(?:0|[1-9][0-9]*)\.0+|-?[1-9][0-9]{19,}")]
    else:
        found += [number_text(closed), _regex(r"-?[1-9][0-9]{19,}(?:\.[0-9]+)?|-?[0-9]+\.[0-9]{21,}")]
    return from_dfa(to_dfa(union(*found)))


@lru_cache(maxsize=1)
def _odd_number() -> Expr:
    """Return the numbers with an exponent."""
    return _regex(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?[eE][+-]?[0-9]+")


def _exactly(number: Fraction) -> Expr:
    """Return the spellings of one number without an exponent."""
    if places_of(number) > LONGEST_COUNTED:
        return EMPTY
    whole, digits = split(abs(number))
    zeros = repeat(literal("0"))
    sign = literal("-" if number < 0 else "")
    if not digits:
        return concat(sign, literal(str(whole)), optional(concat(literal("."), literal("0"), zeros)))
    return concat(sign, literal(f"{whole}.{digits}"), zeros)
