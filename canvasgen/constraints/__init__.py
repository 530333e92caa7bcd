"""Constraints: sets of texts with an exact automaton, a validator's part, and a way to read the text back."""

from canvasgen.constraints.base import Constraint
from canvasgen.constraints.choices import choice
from canvasgen.constraints.compiled import CompiledConstraint
from canvasgen.constraints.grammar import grammar
from canvasgen.constraints.grounded import span_of, stated
from canvasgen.constraints.infill import edit, infill
from canvasgen.constraints.json_schema import json_schema
from canvasgen.constraints.occurrences import contains, excludes
from canvasgen.constraints.positions import fixed, near
from canvasgen.constraints.repeat import optional, repeat
from canvasgen.constraints.table import (
    futoshiki,
    grid,
    latin_square,
    magic_square,
    queens,
    roster,
    round_robin,
    seating,
    sudoku,
    table,
)
from canvasgen.constraints.template import template
from canvasgen.constraints.text import literal, regex, text
from canvasgen.notes import Note

__all__ = [
    "CompiledConstraint",
    "Constraint",
    "Note",
    "choice",
    "contains",
    "edit",
    "excludes",
    "fixed",
    "futoshiki",
    "grammar",
    "grid",
    "infill",
    "json_schema",
    "latin_square",
    "literal",
    "magic_square",
    "near",
    "optional",
    "queens",
    "regex",
    "repeat",
    "roster",
    "round_robin",
    "seating",
    "span_of",
    "stated",
    "sudoku",
    "table",
    "template",
    "text",
]
