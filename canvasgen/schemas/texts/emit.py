"""From the normal form to the language of canonical JSON texts, as far as a plan (`plans`) goes.

An object is a chain: its properties in their order, each with a state for "something stands before, a comma
is needed", then the open keys; or, in any order, a state for each set of properties. An array is its prefix and
then a loop. What a plan leaves out has no text (never a wrong one).

Bounds that would need states for too many combinations are left to the validator and noted.
"""

from __future__ import annotations

from typing import NamedTuple

from canvasgen.automata import (
    EMPTY,
    EPSILON,
    Expr,
    Limits,
    concat,
    from_dfa,
    literal,
    optional,
    repeat,
    separated,
    to_dfa,
    union,
)
from canvasgen.errors import ConstraintTooLarge, located
from canvasgen.limits import share, step
from canvasgen.notes import Note
from canvasgen.schemas.normal.shapes import ANY_NODE, NEVER_NODE, Array, Keys, Node, Object, Strings, Values
from canvasgen.schemas.normal.strings import has_utf8
from canvasgen.schemas.texts import whitespace
from canvasgen.schemas.texts.counted_arrays import Counted, arrange
from canvasgen.schemas.texts.drafts.guide import Guide
from canvasgen.schemas.texts.graph import DEEPEST_VALUE, Graph
from canvasgen.schemas.texts.ladder import plans
from canvasgen.schemas.texts.listing import (
    MOST_SYMBOLS,
    counted,
    distinct,
    listing,
    loop,
    permuted,
    subset_count,
    walk,
)
from canvasgen.schemas.texts.numerals.number_text import is_sampled, number_text, text_over_approximates
from canvasgen.schemas.texts.pieces import LITERALS, any_value, few_values, open_key
from canvasgen.schemas.texts.plans import Plan, lean
from canvasgen.schemas.texts.sizes import (
    MOST_COUNTED_STATES,
    Size,
    is_countable,
    key_states,
    permuted_states,
)
from canvasgen.schemas.texts.string_text import enforces_length, quoted, string_text
from canvasgen.schemas.texts.whitespace import Style

__all__ = ["Emitter", "Written", "written"]

PLANNED_SHARE = 0.3
"""Share of the seconds that are left which one plan may take before a poorer one is tried."""

MOST_SUBSETS = 600
"""`uniqueItems` is in the automaton if the items' few values have no more subsets of the sizes asked for."""


class Emitter:
    """Writes the nodes of one graph as regular expressions.

    Args:
        graph: the graph.
        plan: how far it is written.
        style: of the whitespace.
        ordered: with properties in the schema's order only.
        guide: what drafts say; None: nothing.
        bounded: whether a draft may not go deeper than the plan.

    Attributes:
        notes: what could not be put into the automaton, and what was cut off.
    """

    def __init__(
        self,
        graph: Graph,
        plan: Plan,
        *,
        style: Style,
        ordered: bool,
        guide: Guide | None = None,
        bounded: bool = False,
    ) -> None:
        self.graph = graph
        self.plan = plan
        self.style: Style = style
        self.ordered = ordered
        self._guide = guide
        self._bounded = bounded
        self.notes: dict[Note, None] = {}
        self._sizes = Size(graph, plan, permuted=0 if ordered else permuted_states(graph, plan))
        self._done: dict[tuple[Node, int, int, Guide | None], Expr] = {}

    def root(self) -> Expr:
        """Return the language of the whole schema."""
        around = whitespace.around(style=self.style)
        return concat(around, self._node(self.graph.root, 0, self.plan.loops, self._guide), around)

    def _node(self, node: Node, level: int, budget: int, guide: Guide | None) -> Expr:
        """Return a node's texts on a level of nesting, with a budget of recursions."""
        if node is ANY_NODE:
            depth = min(self.plan.any, DEEPEST_VALUE - level)
            found = any_value(depth, 0 if self.style == "compact" else level, style=self.style)
            if guide is None or guide.depth <= depth or self._bounded:
                return found
            return union(found, self._values(node, level, budget, guide))
        if node is NEVER_NODE or self.graph.least[node] == float("inf"):
            return EMPTY
        key = (node, level, budget, guide)
        expr = self._done.get(key)
        if expr is None:
            with located(node.path):
                expr = self._done[key] = self._values(node, level, budget, guide)
        return expr

    def _child(self, parent: Node, node: Node, level: int, budget: int, guide: Guide | None) -> Expr:
        """Return a node below another one; where a draft goes, recursion costs nothing of the budget."""
        if (parent, node) in self.graph.loops and (guide is None or self._bounded):
            budget -= 1
            if budget < 0:
                return EMPTY
        return self._node(node, level, budget, guide)

    def _size(self, parent: Node, node: Node, level: int, budget: int) -> int:
        return self._sizes.child(parent, node, budget, level)

    def _values(self, node: Node, level: int, budget: int, guide: Guide | None) -> Expr:
        step()
        values, remarks = lean(self.graph, node.values, self.plan, level, guide)
        for remark in remarks:
            self._note("departure", remark, node)
        parts: list[Expr] = [literal(text) for name, text in LITERALS if getattr(values, name)]
        parts += [number_text(shape) for shape in values.numbers]
        parts += [self._string(node, shape) for shape in values.strings]
        self._note_approximations(node, values)
        if level < DEEPEST_VALUE:
            parts += [self._array(node, shape, level + 1, budget, guide) for shape in values.arrays]
            parts += [self._object(node, shape, level + 1, budget, guide) for shape in values.objects]
        return union(*parts)

    def _string(self, node: Node, shape: Strings) -> Expr:
        counted_shape = shape
        if shape.high is not None and shape.high > self.plan.characters:
            counted_shape = shape._replace(high=None)
        if counted_shape is not shape or not enforces_length(counted_shape):
            message = "the length bounds, which would need too many states, are judged at commit"
            self._note("validator", message, node)
        return string_text(counted_shape)

    def _note_approximations(self, node: Node, values: Values) -> None:
        if any(is_sampled(shape) for shape in values.numbers):
            self._note("departure", "of a large `multipleOf` the multiples next to zero are written", node)
        if any(text_over_approximates(shape) for shape in values.numbers):
            self._note("validator", "numbers that must not be multiples of a large step", node)
        if any(part.over_approximates for strings in values.strings for part in strings.parts):
            self._note(
                "validator", "a pattern that is too large for the automaton, or one that must not hold", node
            )
        if any(shape.over_approximates for shape in (*values.arrays, *values.objects)):
            self._note("validator", "alternatives that must not hold at the same time, or a `not`", node)

    def _note(self, kind: str, message: str, node: Node) -> None:
        self.notes[Note(kind, message, node.path)] = None

    def _comma(self, level: int) -> Expr:
        return whitespace.comma(level, style=self.style)

    def _wrap(self, marks: str, level: int, inside: Expr, *, empty: bool) -> Expr:
        """Put brackets around something that is not empty, or, with `empty`, also around nothing."""
        full = concat(
            literal(marks[0]),
            whitespace.after_mark(level, style=self.style),
            inside,
            whitespace.before_close(level, style=self.style),
            literal(marks[1]),
        )
        return union(whitespace.empty(marks, level, style=self.style), full) if empty else full

    # --- arrays ---------------------------------------------------------------------------------------------

    def _array(self, node: Node, shape: Array, level: int, budget: int, guide: Guide | None) -> Expr:
        inner = None if guide is None else guide.elements
        comma = self._comma(level)
        array = arrange(shape)
        if isinstance(array, Counted):
            found = [self._child(node, item, level, budget, inner) for item in array.nodes]
            inside = walk(array.rows, array.accepting, found, comma)
            return self._wrap("[]", level, inside, empty=array.empty)
        if shape.contains:
            self._note("departure", "the items that `contains` asks for stand first", node)
        length = len(array.prefix) if array.high is None else min(len(array.prefix), array.high)
        rest = EMPTY
        if array.high is None or array.high > length:
            rest = self._child(node, array.rest, level, budget, inner)
            more = (array.high or 0) - length
            if more > 0 and not is_countable(more, self._size(node, array.rest, level, budget)):
                message = "`maxItems`, which would need too many states, is judged at commit"
                self._note("validator", message, node)
                array = array._replace(high=None)
        items = [self._child(node, item, level, budget, inner) for item in array.prefix[:length]]
        if items:
            return self._after_prefix(array, items, rest, level)
        if rest is EMPTY or array.high == 0:
            return whitespace.empty("[]", level, style=self.style) if array.low == 0 else EMPTY
        values = few_values(array.rest) if array.unique else []
        high = len(values) if array.high is None else array.high
        if values and subset_count(len(values), high) <= MOST_SUBSETS:
            inside = distinct(values, comma, array.low, high)
        else:
            inside = _items(rest, comma, array.low, array.high)
        return self._wrap("[]", level, inside, empty=array.low == 0)

    def _after_prefix(self, shape: Array, items: list[Expr], rest: Expr, level: int) -> Expr:
        comma, length = self._comma(level), len(items)
        low = max(shape.low - length, 0)
        tail = EPSILON
        if rest is not EMPTY:
            tail = repeat(concat(comma, rest), low, None if shape.high is None else shape.high - length)
        elif low:
            tail = EMPTY
        for at in range(length - 1, 0, -1):
            tail = concat(comma, items[at], tail)
            if at >= shape.low:
                tail = optional(tail)
        return self._wrap("[]", level, concat(items[0], tail), empty=shape.low == 0)

    # --- objects --------------------------------------------------------------------------------------------

    def _object(self, node: Node, shape: Object, level: int, budget: int, guide: Guide | None) -> Expr:
        comma = self._comma(level)
        entries: list[tuple[Expr, bool]] = []
        total = 0
        for name, entry in shape.properties.items():
            inner = None if guide is None else guide.child(name)
            value = self._child(node, entry.node, level, budget, inner) if has_utf8(name) else EMPTY
            if value is not EMPTY:
                pair = concat(quoted(name), whitespace.colon(style=self.style), value)
                entries.append((pair, entry.required))
                total += self._size(node, entry.node, level, budget) + len(name) + 6
            elif entry.required:
                return EMPTY
        for keys in shape.witnesses:
            pair = self._undeclared(node, keys, shape, level, budget, guide)
            if pair is EMPTY:
                return EMPTY
            entries.append((pair, True))
            total += self._size(node, keys.node, level, budget)
        for keys in () if self.ordered else shape.open:
            total += self._size(node, keys.node, level, budget) + key_states(keys)
        open_pair = self._open_pair(node, shape, level, budget, None if shape.properties else guide)
        needed = sum(required for _, required in entries)
        most = len(entries) if open_pair is EMPTY else None
        low = shape.low if shape.low > needed else 0
        high = shape.high if shape.high is not None and (most is None or shape.high < most) else None
        if (high is not None and high < needed) or (most is not None and low > most):
            return EMPTY
        if not entries:
            if open_pair is EMPTY or high == 0:
                return whitespace.empty("{}", level, style=self.style) if low == 0 else EMPTY
            size = max((self._size(node, keys.node, level, budget) for keys in shape.open), default=0) + 60
            if high is not None and low <= 1 and not is_countable(high, size):
                message = "`maxProperties`, which would need too many states, is judged at commit"
                self._note("validator", message, node)
                high = None
            return self._wrap("{}", level, _items(open_pair, comma, low, high), empty=low == 0)
        inside = self._properties(node, entries, open_pair, comma, (low, high), total)
        return self._wrap("{}", level, inside, empty=needed == 0 and low == 0)

    def _properties(
        self,
        node: Node,
        entries: list[tuple[Expr, bool]],
        more: Expr,
        comma: Expr,
        bounds: tuple[int, int | None],
        total: int,
    ) -> Expr:
        """Return at least one property; the estimated size of all of them is `total`."""
        low, high = bounds
        if not self.ordered and len(entries) > 1:
            counts_others = more is not EMPTY and (low > 1 or high is not None)
            if self._sizes.permutes(len(entries), total) and not counts_others:
                return permuted(entries, more, comma, low, high)
            message = (
                "so many properties, or counted ones beside others, are written in the schema's order only"
            )
            self._note("departure", message, node)
        if low <= 1 and high is None:
            return listing(entries, more, comma)
        counts = 1 + max(low, high or 0)
        if len(entries) <= MOST_SYMBOLS and counts * total <= MOST_COUNTED_STATES:
            return counted(entries, more, comma, low, high)
        self._note("validator", "`minProperties` and `maxProperties` beside declared properties", node)
        return listing(entries, more, comma)

    def _open_pair(self, node: Node, shape: Object, level: int, budget: int, guide: Guide | None) -> Expr:
        """Return a key that is not declared, and its value."""
        pairs = [self._undeclared(node, keys, shape, level, budget, guide) for keys in shape.open]
        found = union(*pairs)
        if found is not EMPTY or len(shape.witnesses) > 1:
            self._note("validator", "an undeclared key that stands twice is refused at commit", node)
        return found

    def _undeclared(
        self, node: Node, keys: Keys, shape: Object, level: int, budget: int, guide: Guide | None
    ) -> Expr:
        value = self._child(node, keys.node, level, budget, None if guide is None else guide.members)
        if value is EMPTY:
            return EMPTY
        key = open_key(keys, tuple(shape.properties))
        return concat(key, whitespace.colon(style=self.style), value)


class Written(NamedTuple):
    """The language of a graph as far as a plan goes, and what is said about the rest."""

    expr: Expr
    plan: Plan
    notes: tuple[Note, ...]


def written(
    graph: Graph,
    max_depth: int | None,
    limits: Limits,
    *,
    style: Style,
    ordered: bool,
    guide: Guide | None = None,
) -> Written:
    """Return the richest language whose automaton is small: that of the first plan that keeps within its limits.

    It is empty if there is no text at all.

    Raises:
        ConstraintTooLarge: every automaton is too large, or `max_depth` is given and leaves no text.
    """
    failure: ConstraintTooLarge | None = None
    for plan in plans(graph, max_depth):
        bounded = max_depth is not None
        emitter = Emitter(graph, plan, style=style, ordered=ordered, guide=guide, bounded=bounded)
        try:
            with share(PLANNED_SHARE if max_depth is None else 1, limits):
                dfa = to_dfa(emitter.root(), limits)
        except ConstraintTooLarge as error:
            error.path = error.path or Size(graph, plan).largest().path
            failure = error
            continue
        if not dfa.is_empty:
            return Written(from_dfa(dfa), plan, tuple(emitter.notes))
    if failure is not None:
        raise failure
    if max_depth is None:
        return Written(EMPTY, Plan(0, 0), ())
    raise ConstraintTooLarge(
        "no value fits into so many levels of recursion",
        rule="max_depth",
        value=max_depth,
        remedy="pass a larger max_depth to json_schema",
    )


def _items(item: Expr, comma: Expr, low: int, high: int | None) -> Expr:
    """Return at least one item, `low` to `high` of them."""
    if low <= 1 and high is None:
        return loop(item, comma)
    return separated(item, comma, max(low, 1), high)
