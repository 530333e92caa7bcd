"""The keywords of arrays: items, their number, `contains` and `uniqueItems`."""

from __future__ import annotations

from canvasgen.errors import InvalidConstraint
from canvasgen.schemas.keywords.schema_object import SchemaObject
from canvasgen.schemas.normal.approximation import over_approximates
from canvasgen.schemas.normal.arrays import meet_arrays
from canvasgen.schemas.normal.shapes import ANY_NODE, NEVER_NODE, Array, Contains, Node

__all__ = ["arrays"]


def arrays(schema: SchemaObject) -> tuple[Array, ...]:
    """Return the arrays that the keywords allow."""
    bounds = schema.bounds("minItems", "maxItems")
    prefix, rest = _items(schema)
    unique = schema.keywords.get("uniqueItems", False)
    if not isinstance(unique, bool):
        raise InvalidConstraint(
            "a boolean is needed",
            path=schema.at("uniqueItems"),
            rule="uniqueItems",
            value=unique,
            remedy="write true or false",
        )
    if unique and (bounds is None or bounds[1] is None or bounds[1] > 1):
        schema.note("validator", "`uniqueItems`: equal items are refused at commit, unless few are listed")
    if bounds is None:
        return ()
    low, high = bounds
    if rest is NEVER_NODE:
        high = len(prefix) if high is None else min(high, len(prefix))
        if low > high:
            schema.contradiction(f"`minItems` {low} is above the {high} items that may be there")
            return ()
    shape = Array(tuple(prefix), rest, low, high, unique)
    if "contains" in schema.keywords and schema.draft >= 6:
        found = meet_arrays(shape, _containing(schema), schema.context.arena)
        if found is None:
            schema.contradiction("`contains` and the item counts contradict one another")
            return ()
        shape = found
    return (shape,)


def _items(schema: SchemaObject) -> tuple[list[Node], Node]:
    """Return the nodes of the first items, and the node of the others, in the words of each draft."""
    prefix: list[Node] = []
    if schema.draft >= 2020 and "prefixItems" in schema.keywords:
        prefix = schema.nodes("prefixItems")
    if "items" not in schema.keywords:
        return prefix, ANY_NODE
    if isinstance(schema.keywords["items"], list) and schema.draft < 2020:
        prefix = schema.nodes("items")
        return prefix, schema.node("additionalItems") if "additionalItems" in schema.keywords else ANY_NODE
    return prefix, schema.node("items")


def _containing(schema: SchemaObject) -> Array:
    """Return the arrays of `contains`, `minContains` and `maxContains`."""
    node = schema.node("contains")
    low, high = 1, None
    if schema.draft >= 2019:
        given = schema.count("minContains")
        low = 1 if given is None else given
        high = schema.count("maxContains")
    if high is not None and over_approximates(node):
        # More items might be counted than the schema means.
        return Array((), ANY_NODE, contains=(Contains(node, low, None),), over_approximates=True)
    return Array((), ANY_NODE, contains=(Contains(node, low, high),))
