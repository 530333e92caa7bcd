"""Random tiny problems, and everything about them by brute force."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st

from canvasgen.relations import (
    Problem,
    Relation,
    all_different,
    allowed,
    count,
    different,
    element,
    equal,
    forbidden,
    implies,
    is_in,
    linear,
    lookup,
    ordered,
    total,
)

VALUES: list[Any] = [0, 1, 2, 3, "a", "b", True, None, 1.0]
POOLS: dict[str, list[Any]] = {
    "any": VALUES,
    "integers": [0, 1, 2, 3, -2],
    "decimals": [0, 1, 0.1, 0.2, 0.3, 1.5, -0.25, 2.0],
}
OPS = ["==", "!=", "<=", ">=", "<", ">"]


def every_assignment(domains: dict[Any, list[Any]]) -> np.ndarray:
    sizes = [range(len(values)) for values in domains.values()]
    return np.array(list(product(*sizes)), np.int64).reshape(-1, len(domains))


def satisfying(domains: dict[Any, list[Any]], relations: list[Relation]) -> np.ndarray:
    """All solutions as indices, in lexicographic order."""
    cells = list(domains)

    def holds(assignment: np.ndarray) -> bool:
        at = {cell: domains[cell][i] for cell, i in zip(cells, assignment, strict=True)}
        return all(r.holds([at[cell] for cell in r.cells]) for r in relations)

    found = [a for a in every_assignment(domains) if holds(a)]
    return np.array(found, np.int64).reshape(-1, len(cells))


def mask_of(solutions: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The values that some solution has."""
    mask = np.zeros(shape, np.bool_)
    for cell in range(shape[0]):
        mask[cell, solutions[:, cell]] = True
    return mask


def score_of(scores: np.ndarray, solutions: np.ndarray) -> np.ndarray:
    return scores[np.arange(scores.shape[0]), solutions].sum(axis=1)


def scores_for(problem: Problem, seed: int, impossible: float = 0.0) -> np.ndarray:
    """Random scores; each is −inf with probability `impossible`."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=problem.root.shape) * 3
    scores[rng.random(scores.shape) < impossible] = -np.inf
    return scores


def family(domains: dict[Any, list[Any]], cell: Any) -> list[Any]:
    """The values of the cell's type in all domains that overlap with its, directly or over others."""
    reached = {(type(v), v) for v in domains[cell]}
    for _ in domains:
        for values in domains.values():
            own = {(type(v), v) for v in values}
            if own & reached:
                reached |= own
    return [v for t, v in reached if t is type(domains[cell][0])]


@st.composite
def domains_of(draw: st.DrawFn, pool: list[Any], most_cells: int = 5) -> dict[str, list[Any]]:
    names = "abcdef"[: draw(st.integers(1, most_cells))]
    lists = st.lists(st.sampled_from(pool), min_size=1, max_size=4, unique_by=lambda v: (type(v).__name__, v))
    return {name: draw(lists) for name in names}


@st.composite
def relation_of(draw: st.DrawFn, domains: dict[str, list[Any]], kind_of_values: str) -> Relation:
    """A relation that fits the domains, of `integers`, `decimals` or `any` values."""
    integers = kind_of_values == "integers"
    numbers = kind_of_values != "any"
    names = list(domains)
    some = draw(st.lists(st.sampled_from(names), min_size=1, max_size=len(names), unique=True))
    values = st.lists(st.sampled_from(VALUES), min_size=1, max_size=4)
    kinds = ["all_different", "implies", "count", "allowed", "forbidden", "lookup"]
    kinds += ["equal", "different"] if len(names) > 1 else []
    kinds += ["linear", "total"] if numbers else []
    kinds += ["ordered"] if numbers and len(names) > 1 else []
    kinds += ["element"] if integers and len(names) > 1 else []
    kind = draw(st.sampled_from(kinds))
    k = draw(st.integers(-1, 7))
    op = draw(st.sampled_from(OPS))
    if kind == "all_different":
        return all_different(some)
    if kind == "implies":
        conditions = st.lists(st.builds(is_in, st.sampled_from(names), values), min_size=1, max_size=2)
        return implies(draw(conditions), draw(conditions))
    if kind == "count":
        return count(some, draw(values), op, k)
    if kind in ("allowed", "forbidden"):
        row = st.tuples(*(st.sampled_from(domains[name]) for name in some))
        rows = draw(st.lists(row, min_size=1, max_size=8))
        return (allowed if kind == "allowed" else forbidden)(some, rows)
    two = draw(st.permutations(names))[:2]
    if kind == "lookup":
        keys = draw(values)
        cells = two if len(two) == 2 else None
        if cells is None:
            return all_different(names)
        return lookup(cells[0], dict(zip(keys, draw(st.permutations(VALUES)), strict=False)), cells[1])
    if kind == "equal":
        return equal(draw(st.permutations(names))[: draw(st.integers(2, len(names)))])
    if kind == "different":
        return different(*two)
    if kind == "linear":
        factor = st.sampled_from(
            [-3, -2, -1, 1, 2, 3] if integers else [-1, 1, 2, 0.5, -0.05, Decimal("0.19")]
        )
        factors = draw(st.lists(factor, min_size=len(some), max_size=len(some)))
        return linear(dict(zip(some, factors, strict=True)), op, draw(totals_of(names, some, integers)))
    if kind == "total":
        return total(some, op, draw(totals_of(names, some, integers)))
    if kind == "ordered":
        chain = draw(st.permutations(names))[: draw(st.integers(2, len(names)))]
        return ordered(chain, draw(st.sampled_from(["<", "<=", ">", ">="])))
    items = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))
    return element(two[0], items, two[1], base=draw(st.integers(0, 1)))


def totals_of(names: list[str], some: list[str], integers: bool) -> st.SearchStrategy[Any]:
    """A number, or a cell that is not among those that are added."""
    numbers = (
        st.integers(-1, 7) if integers else st.sampled_from([0, 1, 0.3, 0.6, -0.25, 0.475, Decimal("2.5")])
    )
    others = [name for name in names if name not in some]
    return numbers | st.sampled_from(others) if others else numbers


@st.composite
def problems(draw: st.DrawFn, most: int = 4) -> tuple[dict[str, list[Any]], list[Relation]]:
    """Domains and relations, satisfiable or not."""
    kind = draw(st.sampled_from(list(POOLS)))
    domains = draw(domains_of(POOLS[kind]))
    relations = draw(st.lists(relation_of(domains, kind), min_size=1, max_size=most))
    return domains, relations
