"""The plans of a schema from rich to poor: the first whose automaton is small, and those behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from canvasgen.schemas.texts.graph import DEEPEST_VALUE, Graph
from canvasgen.schemas.texts.plans import Plan
from canvasgen.schemas.texts.sizes import Size

__all__ = ["plans"]


SANE_STATES = 16_000
"""The plan is the richest whose estimated automaton, counting up to a hundred characters a string, is no larger."""
POOR_STATES = 60_000
"""A plan that leaves out optional properties or alternatives is taken only if the richer ones are larger than this."""
LARGE_STATES = 80_000
"""String lengths above a thousand are counted if the estimated automaton stays below this."""
_USUAL_CHARACTERS = 100
_CHARACTERS = (4000, 1000, 100)
_RECURSIVE = ((5, 3), (4, 3), (3, 3), (3, 2), (2, 2), (2, 1), (1, 1), (1, 0))
_FLAT = ((0, 3), (0, 2), (0, 1), (0, 0))
_POORER = (
    Plan(1, 0, False, (None, None, 40, 10, 2, 0), (None, None, 8, 3, 1), 2000),
    Plan(1, 0, False, (None, 40, 10, 2, 0), (None, 8, 3, 1), 1000),
    Plan(1, 0, False, (None, 12, 3, 0), (None, 4, 1), 500),
    Plan(1, 0, False, (None, 4, 0), (20, 3, 1), 300),
    Plan(0, 0, False, (100, 4, 0), (20, 1), 200),
    Plan(0, 0, False, (40, 2, 0), (6, 1), 100),
    Plan(0, 0, False, (20, 0), (3, 1), 50),
    Plan(0, 0, False, (6, 0), (1,), 20),
    Plan(0, 0, False, (0,), (1,), 4),
)


def plans(graph: Graph, max_depth: int | None) -> Iterator[Plan]:
    """Yield the plans to try, richest first; with `max_depth`, only the plan of that depth.

    The first is small by estimate, or the poorest; those behind it are for when it was too large all the same.
    """
    if max_depth is not None:
        yield Plan(max_depth, max_depth)
        return
    candidates = _RECURSIVE if graph.is_recursive else _FLAT
    if not graph.has_any:
        candidates = tuple(dict.fromkeys((loops, 0) for loops, _ in candidates))
    extras = (True, False) if graph.has_any else (True,)
    rich = [Plan(loops, wild, kind) for kind in extras for loops, wild in candidates]
    rich.sort(key=lambda plan: (plan.any == 0, not plan.extras))
    poor = [replace(plan, loops=max(plan.loops, _least_loops(graph))) for plan in _POORER]
    steps = [*((plan, SANE_STATES) for plan in rich), *((plan, POOR_STATES) for plan in (rich[-1], *poor))]
    found = False
    for plan, most in steps:
        found = found or _fits(graph, plan, most)
        if found:
            yield _counting(graph, plan)
    if not found:
        yield replace(poor[-1], characters=_CHARACTERS[-1])


def _fits(graph: Graph, plan: Plan, most: int) -> bool:
    return Size(graph, replace(plan, characters=_USUAL_CHARACTERS), most).total <= most


def _least_loops(graph: Graph) -> int:
    """Return the fewest recursions of a text: enough that the root's shortest text is not cut off."""
    if not graph.is_recursive:
        return 0
    for loops in range(DEEPEST_VALUE):
        if Size(graph, replace(_POORER[-1], loops=loops)).total > 0:
            return loops
    return DEEPEST_VALUE


def _counting(graph: Graph, plan: Plan) -> Plan:
    for characters in _CHARACTERS:
        plan = replace(plan, characters=characters)
        if Size(graph, plan, LARGE_STATES).total <= LARGE_STATES:
            break
    return plan
