"""Objects that must have some property of a kind (`Object.some`): which property that is.

The complement of `propertyNames`, `patternProperties` and `additionalProperties` asks for one. To be written, such an
object becomes several: one for each declared property that can be the witness, and ones with an undeclared witness
behind the declared properties.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from canvasgen.automata import to_dfa
from canvasgen.limits import step
from canvasgen.schemas.normal.shapes import ANY_NODE, NEVER_NODE, Arena, Keys, Node, Object, Property
from canvasgen.schemas.normal.strings import both, has_utf8, in_part

__all__ = ["expand"]


MOST_VARIANTS = 24
"""Most objects that one becomes."""


def expand(shape: Object) -> tuple[Object, ...]:
    """Return objects without `some` whose values are all the shape's; their union is the shape, unless there are
    too many."""
    if not shape.some:
        return (shape,)
    found = [shape._replace(some=())]
    for wanted in shape.some:
        found = list(
            islice((after for each in found for after in _with_witness(each, wanted)), MOST_VARIANTS)
        )
    return tuple(found)


def _with_witness(shape: Object, wanted: Keys) -> Iterator[Object]:
    """Yield the shape with a witness for one demand: a declared property, one that is there already, or another."""
    for name, entry in shape.properties.items():
        step()
        if has_utf8(name) and (wanted.part is None or in_part(wanted.part, name)):
            node = _meet(entry.node, wanted.node)
            if node is not NEVER_NODE:
                yield shape._replace(properties={**shape.properties, name: Property(node, True)})
    for at, keys in enumerate(shape.witnesses):
        both_keys = _narrowed(keys, wanted)
        if both_keys is not None:
            yield shape._replace(witnesses=(*shape.witnesses[:at], both_keys, *shape.witnesses[at + 1 :]))
    for keys in shape.open:
        both_keys = _narrowed(keys, wanted)
        if both_keys is not None:
            yield shape._replace(witnesses=(*shape.witnesses, both_keys))


def _narrowed(a: Keys, b: Keys) -> Keys | None:
    """Return the properties of both; None if there are none."""
    node = _meet(a.node, b.node)
    part = b.part if a.part is None else a.part
    if a.part is not None and b.part is not None:
        part = both(a.part, b.part)
    if node is NEVER_NODE or (part is not None and to_dfa(part.expr).is_empty):
        return None
    return Keys(part, node)


def _meet(a: Node, b: Node) -> Node:
    arena: Arena | None = a.arena or b.arena
    if arena is None:
        return b if a is ANY_NODE else a
    return arena.meet(a, b)
