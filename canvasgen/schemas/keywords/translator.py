"""From a schema document to the normal form: one node and one value set for each schema.

Every keyword is either given a meaning (in the file that `document.keywords` names), or it is an annotation, or it is
refused with its path. Keywords that no draft knows are annotations by the specification; `explain()` lists them, so
that a misspelt keyword is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from canvasgen.errors import ConstraintTooLarge, InvalidConstraint
from canvasgen.grounding import KEYWORD as GROUNDED
from canvasgen.grounding import Sources, mark_of
from canvasgen.limits import DEFAULT_LIMITS, Limits, step
from canvasgen.notes import Note
from canvasgen.schemas.document.document import Document
from canvasgen.schemas.document.keywords import (
    KEYWORDS,
    PRIVATE_PREFIX,
    WITHOUT_MEANING,
)
from canvasgen.schemas.document.misspellings import keyword_hint
from canvasgen.schemas.document.plain import Json
from canvasgen.schemas.document.resources import Base
from canvasgen.schemas.keywords.blame import Blame
from canvasgen.schemas.keywords.by_type import BY_TYPE, typed_values
from canvasgen.schemas.keywords.combinators import FOLLOWERS, LATE, combined, combined_late
from canvasgen.schemas.keywords.constants import listed_values
from canvasgen.schemas.keywords.dependencies import dependent
from canvasgen.schemas.keywords.references import referenced, target
from canvasgen.schemas.keywords.schema_object import SchemaObject
from canvasgen.schemas.keywords.unevaluated import UNEVALUATED, restricted
from canvasgen.schemas.normal.combine import intersect, new_arena
from canvasgen.schemas.normal.grounded import Marking
from canvasgen.schemas.normal.shapes import ANY, ANY_NODE, NEVER_NODE, Node, Values

__all__ = ["Translator"]

LONGEST_REFERENCES = 100
"""Most `$ref`s that are followed one after the other."""
MOST_NEGATIONS = 50
"""Most `not`s that negate one another directly."""


class Translator:
    """Gives the schemas of a document their nodes.

    Attributes:
        document: the schema document.
        python: True for schemas that come from a Python type, whose formats are pydantic's.
        limits: what the compilation may need.
        sources: what `x-grounded` takes values from; None: nothing.
        notes: what `explain()` says about keywords.
        contradictions: (path, message) of shapes that turned out empty.
    """

    def __init__(
        self,
        document: Document,
        *,
        python: bool,
        limits: Limits = DEFAULT_LIMITS,
        sources: Sources | None = None,
    ) -> None:
        self.document = document
        self.python = python
        self.limits = limits
        self.sources = sources
        self.arena = new_arena()
        self._marking = Marking(self.arena)
        self.notes: dict[Note, None] = {}
        self.contradictions: list[tuple[str, str]] = []
        self._negations = 0
        self._nodes: dict[tuple[int, tuple[tuple[str, int], ...]], Node] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_nodes": {}}  # by identities, which others have where the pickle is read

    def root(self) -> Node:
        """Return the node of the whole document."""
        return self.node(self.document.root, "$", self.document.root_base())

    def note(self, kind: str, message: str, path: str) -> None:
        """Record a note for `explain()`."""
        self.notes[Note(kind, message, path)] = None

    def node(self, schema: Json, path: str, base: Base) -> Node:
        """Return the node of a schema: one for each place in the document and dynamic scope."""
        step()
        seen: set[tuple[int, object]] = set()
        for _ in range(LONGEST_REFERENCES):
            if schema is True:
                return ANY_NODE
            if schema is False:
                return NEVER_NODE
            if not isinstance(schema, dict):
                raise InvalidConstraint(
                    "a schema is an object or a boolean",
                    path=path,
                    rule="schema",
                    value=schema,
                    remedy='write a schema such as {"type": "object"}',
                )
            base = self.document.base_of(schema, path, base)
            known = self._nodes.get((id(schema), base.key))
            if known is not None:
                return known
            found = SchemaObject(self, schema, path, base)
            if not ("$ref" in schema and all(name == "$ref" or name in WITHOUT_MEANING for name in schema)):
                break
            if (id(schema), base.key) in seen:
                raise InvalidConstraint(
                    "references lead to one another without any content",
                    path=path,
                    rule="$ref",
                    remedy="give one of the schemas a type or other content",
                )
            seen.add((id(schema), base.key))
            schema, path, base = target(found, "$ref")
        else:
            raise ConstraintTooLarge(
                f"more than {LONGEST_REFERENCES} references lead one to the next",
                path=path,
                rule="reference chain",
                remedy="refer to the last schema of the chain itself",
            )
        node = self._nodes[id(schema), base.key] = self._new_node(found)
        return node

    def _new_node(self, schema: SchemaObject) -> Node:
        keywords = [name for name in schema.keywords if name not in WITHOUT_MEANING]
        if not keywords:
            return ANY_NODE
        if keywords != ["not"] or schema.base.without:
            return Node(schema.path, self.arena, lambda: self._values(schema))
        # The complement of a complement is found again, however often a schema refers to itself.
        self._negations += 1
        if self._negations > MOST_NEGATIONS:
            raise ConstraintTooLarge(
                f"more than {MOST_NEGATIONS} schemas that only negate one another",
                path=schema.path,
                rule="not",
                remedy="write the condition with fewer `not`",
            )
        negated = schema.node("not")
        self._negations -= 1
        return self.arena.difference(ANY_NODE, negated, schema.path)

    def _values(self, schema: SchemaObject) -> Values:
        """Return the value set of one schema: of all its keywords, in the order in which they are written."""
        ignored = schema.base.without
        for name in ignored & schema.keywords.keys():
            schema.note("annotation", f"`{name}` belongs to no vocabulary of the meta-schema")
        if ignored:
            schema = schema.without(ignored)
        if "$ref" in schema.keywords and schema.draft <= 7:
            for name in schema.keywords:
                if name != "$ref" and name not in WITHOUT_MEANING:
                    schema.note("annotation", f"`{name}` beside `$ref` is ignored in draft {schema.draft}")
            return referenced(schema, "$ref").values
        if UNEVALUATED & schema.keywords.keys() and schema.draft >= 2019:
            return restricted(schema)
        return self.plain_values(schema)

    def plain_values(self, schema: SchemaObject) -> Values:
        """Return the value set of a schema without `unevaluatedItems` and `unevaluatedProperties`."""
        values, typed = ANY, False
        late: list[str] = []
        blame = Blame(schema)
        for name in schema.keywords:
            if not self._is_known(schema, name):
                continue
            before = values
            if _lacks_effect(name, schema.draft):
                schema.note("annotation", f"`{name}` is no keyword of this draft and has no effect")
            elif name in LATE:
                late.append(name)
                continue
            elif name not in BY_TYPE:
                values = _MEANINGS[KEYWORDS[name].meaning](values, schema, name)
            elif not typed:
                typed = True
                values = intersect(values, typed_values(schema), self.arena)
            blame.check(schema.at(name), before, values)
        for name in late:
            before = values
            values = combined_late(values, schema, name)
            blame.check(schema.at(name), before, values)
        return self.marked(schema, values)

    def marked(self, schema: SchemaObject, values: Values) -> Values:
        """Return the value set of a schema with the mark of its `x-grounded`."""
        if GROUNDED not in schema.keywords:
            return values
        mark = mark_of(schema.keywords[GROUNDED], schema.at(GROUNDED))
        if self.sources is not None:
            self.sources.check(mark, schema.path)
            return self._marking.marked(values, mark)
        if mark.on:
            raise InvalidConstraint(
                "a grounded field needs a source",
                path=schema.path,
                rule=GROUNDED,
                remedy="pass grounded=text, or cg.Sources(text, fields='marked') for this field and its like alone",
            )
        return values

    def _is_known(self, schema: SchemaObject, name: str) -> bool:
        """Return False for keywords that allow every value; add a note for those that no draft has."""
        if name in WITHOUT_MEANING or name == GROUNDED:
            return False
        if name in KEYWORDS or name.startswith(PRIVATE_PREFIX):
            return True
        hint = keyword_hint(name)
        message = f"`{name}` is no keyword of JSON Schema and has no effect"
        schema.note("annotation", message if hint is None else f"{message}: {hint}")
        return False


def _lacks_effect(name: str, draft: int) -> bool:
    """Return True for a keyword that constrains values in other drafts only."""
    keyword = KEYWORDS.get(name)
    if keyword is None or keyword.role == "annotation" or name in FOLLOWERS:
        return False
    return draft not in keyword.drafts or draft in keyword.obsolete


def _constants(values: Values, schema: SchemaObject, name: str) -> Values:
    return intersect(listed_values(schema, name), values, schema.context.arena)


def _references(values: Values, schema: SchemaObject, name: str) -> Values:
    return intersect(values, referenced(schema, name).values, schema.context.arena)


def _unevaluated(values: Values, schema: SchemaObject, name: str) -> Values:
    """Return the values as they are: `restricted` does the rest, and older drafts do not have the keyword."""
    return values


_MEANINGS: dict[str, Callable[[Values, SchemaObject, str], Values]] = {
    "combinators": combined,
    "constants": _constants,
    "dependencies": dependent,
    "references": _references,
    "unevaluated": _unevaluated,
}
"""By the file that gives a keyword its meaning, what its values are of those that the keywords before it allow."""
