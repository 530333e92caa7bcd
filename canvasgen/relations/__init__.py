"""Finite-domain cells with relations over them: propagation, exact optima, enumeration, samples, conflicts."""

from __future__ import annotations

from canvasgen.relations.cell_values import Cell, Value
from canvasgen.relations.conflict import Conflict
from canvasgen.relations.disjunction import any_of
from canvasgen.relations.equality import AllDifferent, all_different, different, equal
from canvasgen.relations.logic import Condition, at_least, at_most, count, exactly, implies, is_in
from canvasgen.relations.pointers import element, lookup
from canvasgen.relations.problem import Problem, Solved
from canvasgen.relations.relation import Relation
from canvasgen.relations.relation_limits import RelationLimits
from canvasgen.relations.sums import linear, ordered, total
from canvasgen.relations.tuples import Check, allowed, check, forbidden

__all__ = [
    "AllDifferent",
    "Cell",
    "Check",
    "Condition",
    "Conflict",
    "Problem",
    "Relation",
    "RelationLimits",
    "Solved",
    "Value",
    "all_different",
    "allowed",
    "any_of",
    "at_least",
    "at_most",
    "check",
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
