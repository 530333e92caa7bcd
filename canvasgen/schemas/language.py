"""The language of a schema: the texts that are accepted, those that are generated, and what validates them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import cached_property
from itertools import islice

from canvasgen.automata import EMPTY, Expr, difference, intersect, union
from canvasgen.errors import Unsatisfiable, ValidationFailed
from canvasgen.grounding import Sources, Span
from canvasgen.limits import Limits
from canvasgen.notes import Note
from canvasgen.schemas.document.schema_source import Source
from canvasgen.schemas.keywords.translator import Translator
from canvasgen.schemas.normal.grounded import grounded
from canvasgen.schemas.normal.stated_values import stated_scalars
from canvasgen.schemas.texts.choice_fields import (
    MOST_FIELDS,
    Scalar,
    choice_fields,
    field_name,
    with_any_value,
    with_value,
)
from canvasgen.schemas.texts.covers import cover
from canvasgen.schemas.texts.emit import Written, written
from canvasgen.schemas.texts.graph import Graph
from canvasgen.schemas.texts.reading import value_ends
from canvasgen.schemas.texts.recogniser import Recogniser
from canvasgen.schemas.texts.related_spans import RelatedSpans
from canvasgen.schemas.validator import Validator

__all__ = ["SchemaLanguage"]

_ORDERED = Note("departure", "keys stand in the schema's order, undeclared ones last")
_PERMUTED = Note("departure", "of large objects the keys stand in the schema's order, undeclared ones last")
_GROUNDED = Note(
    "automaton",
    "strings are spans of the source, numbers, dates and times are written in it, but for those the schema lists",
)
_MARKED = Note("automaton", "fields with `x-grounded` are taken from the source")
_DEPARTURES = (
    Note(
        "departure",
        "whole numbers are written as such (`1`, not `1.0` or `1e0`) where the type is integer",
    ),
    Note(
        "departure",
        "whitespace is none, one space, or a newline with indentation, none around the whole text",
    ),
    Note("departure", "one spelling for each character of a string: escapes only where JSON needs them"),
    Note(
        "departure",
        "at most 19 digits before and 20 after a decimal point unless a bound has more, exponents to 307",
    ),
)


class SchemaLanguage:
    """The JSON texts of the values of a schema: all of them (`matches`), and those that are generated (`expr`).

    Args:
        source: the schema or the type.
        flexible: whether whitespace may stand between the tokens of a text that is generated.
        max_depth: how often recursive schemas are unrolled in what is generated; None: as the size allows.
        ordered: whether declared properties are generated in the schema's order only.
        limits: what the automaton may need.
        sources: texts that the strings and numbers of a value are taken from; None: any.

    Raises:
        InvalidConstraint, UnsupportedConstraint: the schema is malformed, or uses what is not supported.
        Unsatisfiable: no value satisfies it.
        ConstraintTooLarge: a limit is exceeded, which the error names.
    """

    def __init__(
        self,
        source: Source,
        limits: Limits,
        *,
        flexible: bool,
        max_depth: int | None,
        ordered: bool,
        sources: Sources | None = None,
    ) -> None:
        self.source = source
        self.limits = limits
        self.flexible = flexible
        self.ordered = ordered
        self.max_depth = max_depth
        self._translator = Translator(source.document, python=source.python, limits=limits, sources=sources)
        self.sources = sources
        root = self._translator.root()
        if sources is not None:
            root = grounded(root, sources, self._translator.arena)
        self._graph = Graph(root)
        self._graph.check_depth()
        related = sources is not None and sources.relations
        self.related = RelatedSpans(self._graph.root, sources, limits) if sources and related else None
        if self._graph.least[self._graph.root] == math.inf:
            raise self._emptiness()
        if max_depth is not None:
            _ = self._written

    @property
    def expr(self) -> Expr:
        """The texts that are generated: a subset of those that are accepted.

        Raises:
            Unsatisfiable: there is none.
            ConstraintTooLarge: every automaton is too large.
        """
        if self._written.expr is EMPTY:
            raise self._emptiness()
        return self._written.expr

    @cached_property
    def cover(self) -> Expr:
        """A language that contains every text that is accepted, in any spelling, and as little else as its size allows."""
        return cover(self._graph.root)

    @cached_property
    def _written(self) -> Written:
        return written(self._graph, self.max_depth, self.limits, flexible=self.flexible, ordered=self.ordered)

    @cached_property
    def _recogniser(self) -> Recogniser:
        # Draft 4 tells `1.0` from integers; pydantic and the later drafts do not.
        draft = self.source.document.draft
        return Recogniser(self._graph.root, whole_points=draft > 4)

    @cached_property
    def _validator(self) -> Validator:
        return Validator(self.source.document, python=self.source.python, limits=self.limits)

    def ends(self, text: str, start: int) -> list[int]:
        """Return where a text of the language that begins at a place of a longer text may end, in increasing order."""
        return [
            stop
            for end, gap_end in value_ends(text, start)
            if self.matches(text[start:end])
            for stop in range(end, gap_end + 1)
        ]

    def matches(self, text: str) -> bool:
        """Return True if a text is a JSON text, in any spelling, of a value that is valid."""
        if not self._recogniser.accepts(text):
            return False
        try:
            self.check(text)
        except ValidationFailed:
            return False
        return True

    def check(self, text: str) -> None:
        """Raise ValidationFailed unless the validators (`jsonschema`, pydantic, the spans' relations) accept a text."""
        self._validator(text)
        if self.source.python:
            self.source.read(text)
        if self.related is not None and not self.related.hold(text):
            reason = "no places of the source state these values and satisfy the relations"
            raise ValidationFailed(reason, text=text, reasons=(reason,), rule="relations")

    def validate(self, text: str) -> None:
        """Raise ValidationFailed, with the reason, unless `matches` accepts a text."""
        self.check(text)
        refusal = self._recogniser.refusal(text)
        if refusal is not None:
            raise ValidationFailed(
                f"the text has no value of the schema: {refusal}",
                text=text,
                reasons=(refusal,),
                rule="value",
            )

    def options(self, text: str) -> Iterator[tuple[str, list[tuple[Scalar, Expr]]]]:
        """Yield the choice-like fields of a text: each name, and for each value the generated texts that have it there."""
        for path, values in choice_fields(self.source.document.root, json.loads(text)):
            yield (
                field_name(path),
                [(value, intersect(self.expr, with_value(path, value))) for value in values],
            )

    def stated(self, text: str) -> Iterator[tuple[str, Span]]:
        """Yield the fields of a generated text that are taken from the sources, each with the first place that states it."""
        if self.sources is None:
            return
        whole = json.loads(text)
        related = None if self.related is None else self.related.places(whole)
        for path, value, marks, _ in stated_scalars(self._graph.root, whole):
            if related is not None and path in related:
                yield field_name(path), related[path]
                continue
            places = (self.sources.place(value, mark) for mark in marks if value is not None)
            found = next((place for place in places if place is not None), None)
            if found is not None:
                yield field_name(path), found

    def stated_options(self, text: str) -> Iterator[tuple[str, list[tuple[Scalar, Expr]], Expr]]:
        """Yield the fields that are taken from the sources: each name, for its value and for null where it may be null the
        generated texts that have it there, and those that have another value there.
        """
        found = () if self.sources is None else stated_scalars(self._graph.root, json.loads(text))
        for path, value, _, nullable in islice(found, MOST_FIELDS):
            values = [value] if value is None or not nullable else [value, None]
            options = [(one, intersect(self.expr, with_value(path, one))) for one in values]
            present = intersect(self.expr, with_any_value(path))
            yield field_name(path), options, difference(present, union(*(texts for _, texts in options)))

    def _emptiness(self) -> Unsatisfiable:
        node = self._graph.reason()
        messages = dict(reversed(self._translator.contradictions))
        message = messages.get(node.path, "the schema takes no value at all")
        paths = dict.fromkeys(atom.path for atom in node.atoms)
        if len(paths) > 1:
            message = f"{' and '.join(paths)} contradict one another"
        elif self.sources is not None and node.path not in messages:
            message = "the source states no value for this schema"
            remedy = "let it be null or absent where the source may not say it, or leave out `grounded`"
            return Unsatisfiable(message, path=node.path, rule="grounded", remedy=remedy)
        return Unsatisfiable(message, path=node.path, rule="schema")

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """How each keyword is enforced, and what is never generated though it would be valid."""
        _, plan, cut = self._written
        validators = "jsonschema and pydantic" if self.source.python else "jsonschema"
        notes = [
            Note("automaton", "every keyword that no other line names"),
            Note("validator", f"{validators} read the text once more before it is committed"),
            *self._translator.notes,
            *cut,
        ]
        if self.sources is not None:
            notes.append(_GROUNDED if self.sources.fields == "all" else _MARKED)
            notes += [
                Note("relations", f"the places of the fields are {relation.kind.replace('_', ' ')}")
                for relation in self.sources.relations
            ]
        if self.source.document.legacy is not None:
            notes.append(Note("annotation", self.source.document.legacy))
        if self._graph.is_recursive:
            notes.append(Note("departure", f"recursive schemas are unrolled {plan.loops} times (max_depth)"))
        if self._graph.has_any:
            notes.append(
                Note("validator", "a key that stands twice in an object of any JSON is refused at commit")
            )
            notes.append(
                Note(
                    "departure",
                    f"any JSON holds at most {plan.any} levels of arrays and objects (max_depth)",
                )
            )
        order = _ORDERED if self.ordered else _PERMUTED
        return (*notes, order, *_DEPARTURES)
