"""The normal form of a schema: a set of JSON values as a union of shapes, one group of shapes for each type.

    Values  = null? ∪ true? ∪ false? ∪ Numbers* ∪ Strings* ∪ Array* ∪ Object*
    Numbers = interval (open or closed ends) ∩ multiples of `step` − multiples of each of `not_steps`
    Strings = length interval ∩ languages (`parts`), or a finite list of strings
    Array   = a node for each place of the prefix, a node for the rest, a count interval, unique or not
    Object  = a node for each declared property (required or not), nodes for open keys by key language, a
    count interval

Children are `Node`s: value sets that are computed when they are first looked at, so that recursive schemas
are finite graphs. Nodes are hash-consed by what they are the meet or the difference of; a recursive schema
stays finite under both.

Laws (tests/schemas/normal/test_normal_form.py), for all values v, with `contains` the membership test
(tests/schemas/membership.py):
    contains(union(a, b), v)     ⟺ contains(a, v) or contains(b, v)
    contains(intersect(a, b), v) ⟺ contains(a, v) and contains(b, v)
    contains(subtract(a, b), v)  ⟺ contains(a, v) and not contains(b, v), or only ⟸ where a shape
                                   `over_approximates`

Formats are under-approximations (languages that may leave out odd members) beside the exact membership (`holds`); their
complements are over-approximations.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias, TypeVar

from canvasgen.automata import Expr
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint, located
from canvasgen.grounding import Mark
from canvasgen.limits import hold, step

__all__ = [
    "ANY",
    "ANY_NODE",
    "NEVER",
    "NEVER_NODE",
    "Arena",
    "Array",
    "Circular",
    "Contains",
    "Keys",
    "Node",
    "Numbers",
    "Object",
    "Part",
    "Property",
    "Strings",
    "Values",
    "both_marks",
    "bounded",
]

LONGEST_CHAIN = 100
"""Most schemas that may be entered through `$ref`, `allOf` and the like without content in between."""

MOST_SHAPES = 5000
"""Most shapes of one type that a value set may have."""

MOST_DIFFERENCES = 3000
"""Most pairs of schemas that are subtracted from one another."""


class Circular(InvalidConstraint):
    """A schema refers to itself without any content in between."""


class Part:
    """A language of strings (their content, in UTF-8, without JSON's escapes).

    Attributes:
        name: what it is, for messages.
        expr: the language.
        under_approximates: True if the language may leave out members of the set that it stands for.
        over_approximates: True if the language may hold strings that are no members (the validator refuses them).
        holds: membership in the set itself, where the language is not the set.
        least: bytes that no member has fewer of, where the language does not tell.
        format: the format that it is, if it is one.
    """

    __slots__ = ("expr", "format", "holds", "least", "name", "over_approximates", "under_approximates")

    def __init__(
        self,
        name: str,
        expr: Expr,
        *,
        under_approximates: bool = False,
        over_approximates: bool = False,
        holds: Callable[[str], bool] | None = None,
        least: int = 0,
        format: str | None = None,
    ) -> None:
        self.name = name
        self.format = format
        self.expr = expr
        self.under_approximates = under_approximates
        self.over_approximates = over_approximates
        self.holds = holds
        self.least = least

    def __repr__(self) -> str:
        return f"Part({self.name})"


class Numbers(NamedTuple):
    """Numbers between `low` and `high` (None: unbounded), multiples of `step`, not multiples of any of
    `not_steps`.

    `point` says whether whole numbers may be written with a fraction (`1.0`), `marks` what the schema says about grounding:
    not matters of the set.
    """

    low: Fraction | None = None
    low_open: bool = False
    high: Fraction | None = None
    high_open: bool = False
    step: Fraction | None = None
    not_steps: tuple[Fraction, ...] = ()
    point: bool = True
    marks: tuple[Mark, ...] = ()


class Strings(NamedTuple):
    """Strings of `low` to `high` code points in every one of `parts`; or, if given, just these `values`.

    `marks` is what the schema says about grounding.
    """

    low: int = 0
    high: int | None = None
    parts: tuple[Part, ...] = ()
    values: tuple[str, ...] | None = None
    marks: tuple[Mark, ...] = ()


class Array(NamedTuple):
    """Arrays of `low` to `high` items: place i holds a value of `prefix[i]`, later places one of `rest`.

    `over_approximates` marks an over-approximation: some of its members are refused by the validator.
    """

    prefix: tuple[Node, ...]
    rest: Node
    low: int = 0
    high: int | None = None
    unique: bool = False
    contains: tuple[Contains, ...] = ()
    over_approximates: bool = False


class Contains(NamedTuple):
    """`low` to `high` of an array's items are values of the node."""

    node: Node
    low: int
    high: int | None


class Property(NamedTuple):
    """A declared property."""

    node: Node
    required: bool


class Keys(NamedTuple):
    """Open keys of one language and their values; `part` None: every key. Declared names are not meant."""

    part: Part | None
    node: Node


class Object(NamedTuple):
    """Objects of `low` to `high` properties: declared ones, and open ones (disjoint keys).

    `orders` are lists of names, each as one `properties` keyword gives them; the declared properties stand in an
    order that agrees with all of them. Like `point` of numbers they are a matter of spelling, not of the set.
    For each of `some` there is a property, declared or not, with a key of the language and a value of the node.
    `over_approximates` marks an over-approximation: some of its members are refused by the validator. `witnesses` are
    undeclared properties that must be there; only shapes that are about to be written have any.
    """

    properties: dict[str, Property]
    open: tuple[Keys, ...]
    low: int = 0
    high: int | None = None
    over_approximates: bool = False
    orders: tuple[tuple[str, ...], ...] = ()
    some: tuple[Keys, ...] = ()
    witnesses: tuple[Keys, ...] = ()


class Values(NamedTuple):
    """A union of shapes; `evidence` is what the schema says about the grounding of its booleans."""

    null: bool = False
    true: bool = False
    false: bool = False
    numbers: tuple[Numbers, ...] = ()
    strings: tuple[Strings, ...] = ()
    arrays: tuple[Array, ...] = ()
    objects: tuple[Object, ...] = ()
    evidence: tuple[Mark, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True if there is no shape at all (shapes themselves may still turn out empty)."""
        return not any(self[:-1])


_NODE_BYTES = 600
"""Of a node and its value set, for the account of the request."""


class Node:
    """A value set that is computed when it is first asked for.

    Attributes:
        path: JSON path of the schema it comes from.
        atoms: the nodes whose meet it is; itself alone for all but meets.
        negates: the node whose complement it is.
    """

    __slots__ = ("_compute", "_values", "arena", "atoms", "busy", "negates", "path")

    def __init__(self, path: str, arena: Arena | None, compute: Callable[[], Values] | None) -> None:
        hold(_NODE_BYTES + len(path))
        self.path = path
        self.arena = arena
        self.atoms: tuple[Node, ...] = (self,)
        self.busy = False
        self.negates: Node | None = None
        self._compute = compute
        self._values: Values | None = None

    @property
    def values(self) -> Values:
        """The value set.

        Raises:
            Circular: the schema refers to itself without saying anything in between.
        """
        if self._values is None:
            assert self.arena is not None
            assert self._compute is not None
            step()
            if self.busy:
                raise Circular(
                    "the schema refers to itself without any content in between", path=self.path, rule="$ref"
                )
            self.busy = True
            self.arena.chain += 1
            try:
                if self.arena.chain > LONGEST_CHAIN:
                    raise ConstraintTooLarge(
                        f"more than {LONGEST_CHAIN} schemas refer to one another without content in between",
                        path=self.path,
                        rule="reference chain",
                        remedy="let references lead to content sooner",
                    )
                with located(self.path):
                    self._values = self._compute()
            finally:
                self.arena.chain -= 1
                self.busy = False
            self._compute = None
        return self._values

    @classmethod
    def of(cls, values: Values, path: str, arena: Arena | None) -> Node:
        """Return a node whose value set is known."""
        node = cls(path, arena, None)
        node._values = values
        return node

    @classmethod
    def anything(cls) -> Node:
        """Return a node of every JSON value. There is one: `ANY_NODE`."""
        node = cls("$", None, None)
        node._values = Values(
            null=True,
            true=True,
            false=True,
            numbers=(Numbers(),),
            strings=(Strings(),),
            arrays=(Array((), node),),
            objects=(Object({}, (Keys(None, node),)),),
        )
        return node

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle the two nodes that are known by their identity by their names, and the others as any object."""
        return {ANY_NODE: "ANY_NODE", NEVER_NODE: "NEVER_NODE"}.get(self) or super().__reduce_ex__(protocol)

    def __repr__(self) -> str:
        return f"Node({self.path})"


Operation: TypeAlias = "Callable[[Values, Values, Arena], Values]"


class Arena:
    """The nodes of one schema: meets and differences are made once. `combine.new_arena` makes one.

    Args:
        intersect, subtract: the operations on value sets.
    """

    def __init__(self, intersect: Operation, subtract: Operation) -> None:
        self.chain = 0
        self._intersect = intersect
        self._subtract = subtract
        self._meets: dict[frozenset[Node], Node] = {}
        self._differences: dict[tuple[Node, Node], Node] = {}

    def meet(self, a: Node, b: Node) -> Node:
        """Return the values of both nodes."""
        if a is b or b is ANY_NODE:
            return a
        if a is ANY_NODE:
            return b
        if a is NEVER_NODE or b is NEVER_NODE:
            return NEVER_NODE
        atoms = tuple(dict.fromkeys((*a.atoms, *b.atoms)))
        key = frozenset(atoms)
        node = self._meets.get(key)
        if node is None:
            node = Node(a.path, self, lambda: self._meet_values(atoms))
            node.atoms = atoms
            self._meets[key] = node
        return node

    def _meet_values(self, atoms: tuple[Node, ...]) -> Values:
        values = atoms[0].values
        for atom in atoms[1:]:
            values = self._intersect(values, atom.values, self)
        return values

    def difference(self, a: Node, b: Node, path: str | None = None) -> Node:
        """Return the values of a that are not in b; an over-approximation where shapes say so."""
        if a is b or b is ANY_NODE:
            return NEVER_NODE
        if b is NEVER_NODE or a is NEVER_NODE:
            return a
        if a is ANY_NODE and b.negates is not None:
            return b.negates
        node = self._differences.get((a, b))
        if node is None:
            if len(self._differences) >= MOST_DIFFERENCES:
                raise ConstraintTooLarge(
                    f"more than {MOST_DIFFERENCES} schemas are taken from one another",
                    path=path or b.path,
                    rule="not",
                    remedy="let the alternatives of oneOf exclude each other by type or by a const",
                )
            node = Node(path or b.path, self, lambda: self._subtract(a.values, b.values, self))
            node.negates = b if a is ANY_NODE else None
            self._differences[a, b] = node
        return node


ANY_NODE = Node.anything()
ANY = ANY_NODE.values
NEVER = Values()
NEVER_NODE = Node.of(NEVER, "$", None)

S = TypeVar("S")


def both_marks(a: tuple[Mark, ...], b: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """Return what two schemas that both hold say about grounding."""
    return a if a == b or not b else (*a, *(mark for mark in b if mark not in a))


def bounded(shapes: tuple[S, ...]) -> tuple[S, ...]:
    """Return the shapes, if they are not more than `MOST_SHAPES`.

    Raises:
        ConstraintTooLarge: they are.
    """
    step(len(shapes))
    if len(shapes) > MOST_SHAPES:
        raise ConstraintTooLarge(
            f"merging the schemas gives more than {MOST_SHAPES} alternatives of one type",
            rule="alternatives",
            remedy="write fewer alternatives that overlap, or give them a property that tells them apart",
        )
    return shapes
