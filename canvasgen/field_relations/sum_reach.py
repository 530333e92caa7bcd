"""Which sums the numbers of a path can have, by a schema's bounds: what cannot be reached is refused at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil, floor, inf
from typing import TypeAlias

from canvasgen.errors import Unsatisfiable
from canvasgen.field_relations.field_paths import ITEMS, KEYS, FieldPath, Step
from canvasgen.relations.cell_values import exact
from canvasgen.relations.kinds.relation import COMPARISONS
from canvasgen.relations.kinds.sums import Linear
from canvasgen.schemas.normal.shapes import Array, Node, Numbers, Object

__all__ = ["check_reach"]

Bound: TypeAlias = "Fraction | float"
Reach: TypeAlias = "tuple[Bound, Bound]"
"""The least and the greatest sum; infinite where the schema sets no bound."""
_NOTHING: Reach = (Fraction(0), Fraction(0))


def check_reach(relation: Linear, paths: Sequence[FieldPath], root: Node) -> None:
    """Raise an error if no sum that a schema allows satisfies a relation.

    Raises:
        Unsatisfiable: names the relation and the sums that can be reached.
    """
    low: Bound = Fraction(0)
    high: Bound = Fraction(0)
    for path, factor in zip(paths, relation.factors, strict=True):
        least, most, may_lack = _reach(root, path.steps)
        if may_lack and not path.is_many:
            return  # a relation with a field that is not there does not apply
        ends = (_times(exact(factor), least), _times(exact(factor), most))
        low, high = low + min(ends), high + max(ends)
    total, op = exact(relation.total), relation.op
    reached = low <= total <= high if op == "==" else COMPARISONS[op](low if "<" in op else high, total)
    if op == "!=" or reached:
        return
    raise Unsatisfiable(
        f"the schema allows no values of which this holds: {relation.describe()}",
        path=", ".join(path.text for path in paths),
        rule="relations",
        value=f"from {float(low):g} to {float(high):g}",
        remedy="compare the relation with the bounds of its fields and the lengths of its lists",
    )


def _times(factor: Fraction, bound: Bound) -> Bound:
    if isinstance(bound, Fraction):
        return factor * bound
    return bound if factor > 0 else -bound


def _reach(node: Node, steps: Sequence[Step]) -> tuple[Bound, Bound, bool]:
    """The sums of a path's numbers inside of a node, and whether it may name no number."""
    if not steps:
        found = [_interval(shape) for shape in node.values.numbers]
        lacks = node.values.null or not found
        return (*_hull(found, lacks), lacks)
    step, rest = steps[0], steps[1:]
    reaches: list[Reach] = []
    lacks = False
    values = node.values
    for shape in values.objects if isinstance(step, str) or step == KEYS else ():
        low, high, lacking = _of_object(shape, step, rest)
        reaches.append((low, high))
        lacks |= lacking
    for shape in values.arrays if not isinstance(step, str) and step != KEYS else ():
        low, high, lacking = _of_array(shape, step, rest)
        reaches.append((low, high))
        lacks |= lacking
    others = values.null or bool(values.strings or values.numbers) or values.true or values.false
    lacks |= others or bool(values.objects if reaches and values.arrays else ()) or not reaches
    return (*_hull(reaches, lacks), lacks)


def _interval(shape: Numbers) -> Reach:
    low: Bound = -inf if shape.low is None else shape.low
    high: Bound = inf if shape.high is None else shape.high
    if shape.step is not None:
        low = ceil(low / shape.step) * shape.step if isinstance(low, Fraction) else low
        high = floor(high / shape.step) * shape.step if isinstance(high, Fraction) else high
    return low, high


def _hull(reaches: Iterable[Reach], lacks: bool) -> Reach:
    found = [*reaches, *([_NOTHING] if lacks else [])]
    return min(low for low, _ in found), max(high for _, high in found)


def _of_object(shape: Object, step: Step, rest: Sequence[Step]) -> tuple[Bound, Bound, bool]:
    if isinstance(step, str):
        entry = shape.properties.get(step)
        if entry is None:
            return -inf, inf, True
        low, high, lacks = _reach(entry.node, rest)
        lacks |= not entry.required
        return (*_hull([(low, high)], lacks), lacks)
    low, high = _NOTHING
    for entry in shape.properties.values():
        least, most, lacks = _reach(entry.node, rest)
        least, most = _hull([(least, most)], lacks or not entry.required)
        low, high = low + least, high + most
    return (-inf, inf, False) if shape.open else (low, high, False)


def _of_array(shape: Array, step: Step, rest: Sequence[Step]) -> tuple[Bound, Bound, bool]:
    if step != ITEMS:
        return -inf, inf, True
    low, high = _NOTHING
    for at, node in enumerate(shape.prefix):
        least, most, lacks = _reach(node, rest)
        least, most = _hull([(least, most)], lacks or at >= shape.low)
        low, high = low + least, high + most
    if shape.high is not None and shape.high <= len(shape.prefix):
        return low, high, False
    least, most, lacks = _reach(shape.rest, rest)
    least, most = _hull([(least, most)], lacks)
    fewest = max(shape.low - len(shape.prefix), 0)
    if shape.high is None:
        low += -inf if least < 0 else fewest * least
        high += inf if most > 0 else fewest * most
        return low, high, False
    count = shape.high - len(shape.prefix)
    low += _some(least, fewest if least >= 0 else count)
    high += _some(most, count if most > 0 else fewest)
    return low, high, False


def _some(bound: Bound, count: int) -> Bound:
    return bound * count if count else Fraction(0)
