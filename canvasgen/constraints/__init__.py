"""Constraints: sets of texts with an exact automaton, a validator's part, and a way to read the text back."""

from canvasgen.constraints.algebra import optional, repeat
from canvasgen.constraints.base import Constraint, Note
from canvasgen.constraints.compiled import CompiledConstraint
from canvasgen.constraints.grammar import grammar
from canvasgen.constraints.infill import edit, infill
from canvasgen.constraints.json import json_schema
from canvasgen.constraints.occurrences import contains, excludes
from canvasgen.constraints.positions import fixed, near
from canvasgen.constraints.simple import choice, literal, regex, text
from canvasgen.constraints.template import template

__all__ = [
    "CompiledConstraint",
    "Constraint",
    "Note",
    "choice",
    "contains",
    "edit",
    "excludes",
    "fixed",
    "grammar",
    "infill",
    "json_schema",
    "literal",
    "near",
    "optional",
    "regex",
    "repeat",
    "template",
    "text",
]
