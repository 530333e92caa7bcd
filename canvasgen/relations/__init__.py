"""Finite-domain cells with relations over them: propagation, exact optima, enumeration, samples, conflicts."""

from __future__ import annotations

from canvasgen.relations.answers.conflict import Conflict
from canvasgen.relations.cell_values import Cell, Value
from canvasgen.relations.kinds.disjunction import any_of
from canvasgen.relations.kinds.equality import AllDifferent, all_different, different, equal
from canvasgen.relations.kinds.logic import (
    Condition,
    at_least,
    at_most,
    compares,
    count,
    exactly,
    implies,
    is_in,
)
from canvasgen.relations.kinds.pointers import element, lookup
from canvasgen.relations.kinds.relation import Relation
from canvasgen.relations.kinds.sums import linear, ordered, total
from canvasgen.relations.kinds.tuples import Check, allowed, check, forbidden
from canvasgen.relations.problem import Problem, Solved
from canvasgen.relations.relation_limits import RelationLimits
from canvasgen.relations.search_time import SearchTime

__all__ = [
    "AllDifferent",
    "Cell",
    "Check",
    "Condition",
    "Conflict",
    "Problem",
    "Relation",
    "RelationLimits",
    "SearchTime",
    "Solved",
    "Value",
    "all_different",
    "allowed",
    "any_of",
    "at_least",
    "at_most",
    "check",
    "compares",
    "count",
    "different",
    "element",
    "equal",
    "exactly",
    "forbidden",
    "implies",
    "is_in",
    "linear",
    "lookup",
    "ordered",
    "total",
]
