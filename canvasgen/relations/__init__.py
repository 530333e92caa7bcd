"""Finite-domain cells with relations over them: propagation, exact optima, enumeration, samples, conflicts."""

from __future__ import annotations

from canvasgen.relations.alternatives import any_of
from canvasgen.relations.choice import element, lookup
from canvasgen.relations.conflict import Conflict
from canvasgen.relations.difference import AllDifferent, all_different, different, equal
from canvasgen.relations.limits import RelationLimits
from canvasgen.relations.logic import Condition, at_least, at_most, count, exactly, implies, is_in
from canvasgen.relations.problem import Problem, Solved
from canvasgen.relations.relation import Relation
from canvasgen.relations.sums import linear, ordered, total
from canvasgen.relations.tuples import Check, allowed, check, forbidden
from canvasgen.relations.values import Cell, Value

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
