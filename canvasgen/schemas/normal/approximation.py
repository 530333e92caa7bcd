"""Which value sets are over-approximations: they may hold more than their schemas mean."""

from __future__ import annotations

from canvasgen.schemas.normal.shapes import ANY_NODE, NEVER_NODE, Circular, Node

__all__ = ["over_approximates"]


def over_approximates(node: Node) -> bool:
    """Return True if the node's value set, at any depth, may contain more than its schema means."""
    seen: set[Node] = {ANY_NODE, NEVER_NODE}
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        if here.busy:
            return True
        try:
            values = here.values
        except Circular:
            # It is being computed further up; nothing is known of it yet.
            return True
        if any(shape.over_approximates for shape in (*values.arrays, *values.objects)):
            return True
        if any(
            part.over_approximates and part.holds is None for shape in values.strings for part in shape.parts
        ):
            return True
        for array in values.arrays:
            waiting += [*array.prefix, array.rest, *(entry.node for entry in array.contains)]
        for shape in values.objects:
            waiting += [entry.node for entry in shape.properties.values()]
            waiting += [keys.node for keys in (*shape.open, *shape.some)]
    return False
