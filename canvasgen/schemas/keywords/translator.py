"""From a schema document to the normal form: references, combinators, and one value set for each schema.

Every keyword is either an assertion with a meaning here, an annotation (listed), or refused with its path.
Keywords that no draft knows are annotations by the specification; `explain()` lists them, so that a misspelt
keyword is seen.
"""

from __future__ import annotations

from typing import Any

from canvasgen.errors import ConstraintTooLarge, InvalidConstraint
from canvasgen.notes import Note
from canvasgen.schemas.document.document import Document
from canvasgen.schemas.document.plain import json_path
from canvasgen.schemas.document.references import Base
from canvasgen.schemas.keywords import assertions, unevaluated
from canvasgen.schemas.normal.combine import intersect, subtract, union
from canvasgen.schemas.normal.numbers import as_fraction
from canvasgen.schemas.normal.shapes import (
    ANY,
    ANY_NODE,
    NEVER,
    NEVER_NODE,
    Arena,
    Array,
    Keys,
    Node,
    Numbers,
    Object,
    Property,
    Strings,
    Values,
)
from canvasgen.schemas.normal.strings import has_utf8

__all__ = ["Translator"]

LONGEST_REFERENCES = 100
"""Most `$ref`s that are followed one after the other."""

_ANNOTATIONS = frozenset(
    (
        "$anchor",
        "$comment",
        "$defs",
        "$dynamicAnchor",
        "$recursiveAnchor",
        "$id",
        "$schema",
        "$vocabulary",
        "contentSchema",
        "default",
        "definitions",
        "deprecated",
        "description",
        "discriminator",
        "example",
        "examples",
        "id",
        "readOnly",
        "title",
        "writeOnly",
    )
)
_REFERENCES = frozenset(("$dynamicRef", "$recursiveRef", "$ref"))
_FOLLOWERS = frozenset(("else", "then"))
_COMBINATORS = frozenset(
    (
        "$dynamicRef",
        "$recursiveRef",
        "$ref",
        "allOf",
        "anyOf",
        "const",
        "dependencies",
        "dependentRequired",
        "dependentSchemas",
        "enum",
        "if",
        "not",
        "oneOf",
    )
)
_SINCE = {
    "$dynamicRef": 2020,
    "$recursiveRef": 2019,
    "const": 6,
    "contains": 6,
    "dependentRequired": 2019,
    "dependentSchemas": 2019,
    "if": 7,
    "maxContains": 2019,
    "minContains": 2019,
    "prefixItems": 2020,
    "propertyNames": 6,
    "unevaluatedItems": 2019,
    "unevaluatedProperties": 2019,
}
"""The draft that brought a keyword; in older ones it is an unknown word."""
_UNTIL = {"$recursiveRef": 2019, "additionalItems": 2019}
"""The last draft with a keyword. (`dependencies` is kept in all of them, as the meta-schemas do.)"""
MOST_NEGATIONS = 50
"""Most `not`s that negate one another directly."""
_EVERYTHING_ELSE = ANY._replace(objects=())


class Translator:
    """Gives the schemas of a document their nodes.

    Attributes:
        document: the schema document.
        python: True for schemas that come from a Python type, whose formats are pydantic's.
        notes: what `explain()` says about keywords.
        contradictions: (path, message) of shapes that turned out empty.
    """

    def __init__(self, document: Document, *, python: bool) -> None:
        self.document = document
        self.python = python
        self.arena = Arena()
        self.notes: dict[Note, None] = {}
        self.contradictions: list[tuple[str, str]] = []
        self._negations = 0
        self._nodes: dict[tuple[int, tuple[tuple[str, int], ...]], Node] = {}

    def root(self) -> Node:
        """The node of the whole document."""
        return self.node(self.document.root, "$", self.document.root_base())

    def note(self, kind: str, message: str, path: str) -> None:
        """Remember a statement for `explain()`."""
        self.notes[Note(kind, message, path)] = None

    def node(self, schema: Any, path: str, base: Base) -> Node:
        """The node of a schema; one node for each place in the document."""
        seen: set[tuple[int, Any]] = set()
        for _ in range(LONGEST_REFERENCES):
            if schema is True:
                return ANY_NODE
            if schema is False:
                return NEVER_NODE
            if not isinstance(schema, dict):
                raise InvalidConstraint("a schema is an object or a boolean", path=path, value=schema)
            base = self.document.base_of(schema, path, base)
            known = self._nodes.get((id(schema), base.key))
            if known is not None:
                return known
            if not ("$ref" in schema and all(name == "$ref" or name in _ANNOTATIONS for name in schema)):
                break
            if (id(schema), base.key) in seen:
                raise InvalidConstraint(
                    "references lead to one another without any content", path=path, rule="$ref"
                )
            seen.add((id(schema), base.key))
            schema, path, base = self.target(schema, "$ref", path, base)
        else:
            raise ConstraintTooLarge(
                f"more than {LONGEST_REFERENCES} references lead one to the next",
                path=path,
                rule="reference chain",
                remedy="refer to the last schema of the chain itself",
            )
        keywords = [name for name in schema if name not in _ANNOTATIONS]
        if not keywords:
            node = ANY_NODE
        elif keywords == ["not"] and not base.resource.without:
            # The complement of a complement is found again, however often a schema refers to itself.
            self._negations += 1
            if self._negations > MOST_NEGATIONS:
                raise ConstraintTooLarge(
                    f"more than {MOST_NEGATIONS} schemas that only negate one another", path=path, rule="not"
                )
            negated = self.node(schema["not"], json_path(path, "not"), base)
            self._negations -= 1
            node = self.arena.difference(ANY_NODE, negated, path)
        else:
            here, where, inside = schema, path, base
            node = Node(where, self.arena, lambda: self._values(here, where, inside))
        self._nodes[id(schema), base.key] = node
        return node

    def target(self, schema: dict[str, Any], name: str, path: str, base: Base) -> tuple[Any, str, Base]:
        """The schema that `$ref`, `$dynamicRef` or `$recursiveRef` means, its path and its base."""
        reference = schema[name]
        where = json_path(path, name)
        if not isinstance(reference, str):
            raise InvalidConstraint(f"`{name}` is a string", path=where, rule=name, value=reference)
        if name == "$ref":
            return self.document.references.resolve(reference, base, where)
        return self.document.references.resolve_dynamic(name, reference, base, where)

    def children(self, schema: Any, name: str, path: str, base: Base) -> list[Node]:
        """The nodes of a keyword whose value is a list of schemas."""
        where = json_path(path, name)
        if not isinstance(schema, list) or (not schema and name != "prefixItems" and name != "items"):
            raise InvalidConstraint(
                "a non-empty list of schemas is needed", path=where, rule=name, value=schema
            )
        return [self.node(child, json_path(where, at), base) for at, child in enumerate(schema)]

    def _values(self, schema: dict[str, Any], path: str, base: Base) -> Values:
        """The value set of one schema: its assertions and combinators, in the order they are written."""
        for name in base.resource.without & schema.keys():
            self.note("annotation", f"`{name}` belongs to no vocabulary of the meta-schema", path)
        if base.resource.without:
            schema = {name: value for name, value in schema.items() if name not in base.resource.without}
        if "$ref" in schema and base.draft <= 7:
            for name in schema:
                if name != "$ref" and name not in _ANNOTATIONS:
                    self.note(
                        "annotation",
                        f"`{name}` beside `$ref` is ignored in draft {base.draft}",
                        path,
                    )
            return self.node(*self.target(schema, "$ref", path, base)).values
        if unevaluated.KEYWORDS & schema.keys() and base.draft >= 2019:
            return unevaluated.restricted(self, schema, path, base)
        return self.plain_values(schema, path, base)

    def plain_values(self, schema: dict[str, Any], path: str, base: Base) -> Values:
        """The value set of a schema but for `unevaluatedItems` and `unevaluatedProperties`."""
        values = ANY
        own = False
        late: list[str] = []
        met: list[str] = []
        for name in schema:
            before = values
            if base.draft < _SINCE.get(name, 0) or base.draft > _UNTIL.get(name, 9999):
                self.note("annotation", f"`{name}` is no keyword of this draft and has no effect", path)
            elif name in assertions.KEYWORDS:
                if not own:
                    own = True
                    values = intersect(values, assertions.own_values(self, schema, path, base), self.arena)
            elif name in _COMBINATORS:
                if name in ("enum", "const"):
                    values = intersect(self._listed(schema, name, path), values, self.arena)
                elif name in ("not", "oneOf", "if"):
                    late.append(name)
                else:
                    values = self._combine(values, schema, name, path, base)
            elif (
                name not in _ANNOTATIONS
                and name not in _FOLLOWERS
                and name not in unevaluated.KEYWORDS
                and not name.startswith("canvasgen:")
            ):
                self.note("annotation", f"`{name}` is no keyword of JSON Schema and has no effect", path)
                continue
            if name not in _ANNOTATIONS and name not in late:
                self._blame(path, json_path(path, name), met, before, values)
        for name in late:
            before = values
            values = self._combine_late(values, schema, name, path, base)
            if name not in _ANNOTATIONS:
                self._blame(path, json_path(path, name), met, before, values)
        return values

    def _blame(self, path: str, where: str, met: list[str], before: Values, after: Values) -> None:
        """Remember that a place left nothing of what those before it (`met`) allow to the schema at a path."""
        if after.is_empty and not before.is_empty:
            others = f" contradicts {', '.join(met[-4:])}" if met else " takes no value"
            self.contradictions.append((path, where + others))
        met.append(where)

    # --- enum and const -------------------------------------------------------------------------------------

    def _listed(self, schema: dict[str, Any], name: str, path: str) -> Values:
        where = json_path(path, name)
        if name == "const":
            return self._one(schema[name], where)
        items = schema[name]
        if not isinstance(items, list):
            raise InvalidConstraint("`enum` is a list", path=where, rule=name, value=items)
        texts = [item for item in items if isinstance(item, str)]
        rest = [(at, item) for at, item in enumerate(items) if not isinstance(item, str)]
        values = self._texts(texts, where)
        numbers: dict[Numbers, None] = {}
        for at, item in rest:
            one = self._one(item, json_path(where, at))
            numbers.update(dict.fromkeys(one.numbers))
            values = union(values, one._replace(numbers=()))
        return values._replace(numbers=tuple(numbers))

    def _texts(self, texts: list[str], path: str) -> Values:
        kept = tuple(text for text in dict.fromkeys(texts) if has_utf8(text))
        if len(kept) < len(set(texts)):
            self.note("departure", "strings with a lone surrogate cannot be written in UTF-8", path)
        return Values(strings=(Strings(values=kept),)) if kept else Values()

    def _one(self, value: Any, path: str) -> Values:
        """The set of one value."""
        if value is None:
            return Values(null=True)
        if isinstance(value, bool):
            return Values(true=value, false=not value)
        if isinstance(value, str):
            return self._texts([value], path)
        if isinstance(value, int | float):
            number = as_fraction(value)
            step = as_fraction(1) if number.denominator == 1 else None
            return Values(
                numbers=(Numbers(number, False, number, False, step, (), isinstance(value, float)),)
            )
        if isinstance(value, list):
            nodes = tuple(self._constant(item, json_path(path, at)) for at, item in enumerate(value))
            return Values(arrays=(Array(nodes, NEVER_NODE, len(nodes), len(nodes)),))
        properties = {
            name: Property(self._constant(item, json_path(path, name)), True) for name, item in value.items()
        }
        return Values(objects=(Object(properties, ()),))

    def _constant(self, value: Any, path: str) -> Node:
        return Node.of(self._one(value, path), path, self.arena)

    # --- combinators ----------------------------------------------------------------------------------------

    def _combine(self, values: Values, schema: dict[str, Any], name: str, path: str, base: Base) -> Values:
        child = schema[name]
        if name in _REFERENCES:
            node = self.node(*self.target(schema, name, path, base))
            return intersect(values, node.values, self.arena)
        if name == "allOf":
            met: list[str] = []
            for at, node in enumerate(self.children(child, name, path, base)):
                before = values
                values = intersect(values, node.values, self.arena)
                self._blame(path, json_path(json_path(path, name), at), met, before, values)
            return values
        if name == "anyOf":
            found = NEVER
            for node in self.children(child, name, path, base):
                found = union(found, node.values)
            return intersect(values, found, self.arena)
        return self._depend(values, child, name, path, base)

    def _depend(self, values: Values, child: Any, name: str, path: str, base: Base) -> Values:
        """`dependentRequired`, `dependentSchemas` and, in the drafts that have it, `dependencies`."""
        where = json_path(path, name)
        if not isinstance(child, dict):
            raise InvalidConstraint("an object is needed", path=where, rule=name, value=child)
        for key, needed in child.items():
            if isinstance(needed, list) and name != "dependentSchemas":
                also = Values(objects=(assertions.requiring(needed, json_path(where, key)),))
                present = intersect(Values(objects=(assertions.requiring([key], where),)), also, self.arena)
            elif name != "dependentRequired":
                also = self.node(needed, json_path(where, key), base).values
                present = intersect(Values(objects=(assertions.requiring([key], where),)), also, self.arena)
            else:
                raise InvalidConstraint(
                    "a list of names is needed", path=json_path(where, key), rule=name, value=needed
                )
            absent, _ = self.with_and_without(key, where)
            values = intersect(values, union(absent, present), self.arena)
        return values

    def with_and_without(self, key: str, path: str) -> tuple[Values, Values]:
        """Everything but objects with a property, and the objects with it."""
        absent = Object({key: Property(NEVER_NODE, False)}, (Keys(None, ANY_NODE),))
        present = Values(objects=(assertions.requiring([key], path),))
        return _EVERYTHING_ELSE._replace(objects=(absent,)), present

    def open_keys(
        self, patterns: dict[str, Any], additional: Node, path: str, base: Base
    ) -> tuple[Keys, ...]:
        """Disjoint key languages of `patternProperties`, and what is left for other keys."""
        return assertions.open_keys(self, patterns, additional, path, base)

    def _combine_late(
        self, values: Values, schema: dict[str, Any], name: str, path: str, base: Base
    ) -> Values:
        """`not`, `oneOf`, `if`: what they take away is taken from what everything else leaves."""
        where = json_path(path, name)
        if name == "not":
            return subtract(values, self.node(schema[name], where, base).values, self.arena)
        if name == "oneOf":
            return self._one_of(values, self.children(schema[name], name, path, base))
        if "then" not in schema and "else" not in schema:
            # Without effect, but a schema that is its own condition is refused: a validator would not end.
            _ = self.node(schema[name], where, base).values
            return values
        condition = self.node(schema[name], where, base).values
        positive = intersect(values, condition, self.arena)
        if "then" in schema:
            then = self.node(schema["then"], json_path(path, "then"), base).values
            positive = intersect(positive, then, self.arena)
        negative = subtract(values, condition, self.arena)
        if "else" in schema:
            otherwise = self.node(schema["else"], json_path(path, "else"), base).values
            negative = intersect(negative, otherwise, self.arena)
        return union(positive, negative)

    def _one_of(self, values: Values, nodes: list[Node]) -> Values:
        branches = [intersect(values, node.values, self.arena) for node in nodes]
        found = NEVER
        for at, branch in enumerate(branches):
            for other, against in enumerate(branches):
                if other != at and not against.is_empty:
                    branch = subtract(branch, against, self.arena)
            found = union(found, branch)
        return found
