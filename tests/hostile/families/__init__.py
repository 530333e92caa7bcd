"""Families of hostile inputs: calls by name, each different in kind or in its front end."""

from families.conditioned import conditioned
from families.constraints import combined, filled, placed
from families.given_objects import given_objects
from families.grammars import more_grammars
from families.json_schemas import schema_keywords, schema_shapes
from families.patterns import ecma_patterns, more_patterns
from families.requests import decisions, requests
from families.tables import related_fields, tables

__all__ = ["families"]

_ALL = (
    more_patterns,
    ecma_patterns,
    schema_keywords,
    schema_shapes,
    given_objects,
    more_grammars,
    filled,
    placed,
    combined,
    tables,
    related_fields,
    requests,
    decisions,
    conditioned,
)


def families():
    """All of them by name."""
    return {name: call for family in _ALL for name, call in family().items()}
