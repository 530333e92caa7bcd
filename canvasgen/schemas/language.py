"""The language of a schema: the texts that are accepted, those that are generated, and what validates them."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from copy import copy
from functools import cached_property
from typing import Any

from canvasgen.automata import EMPTY, Expr, intersect
from canvasgen.errors import Unsatisfiable, ValidationFailed
from canvasgen.grounding import Sources, Span
from canvasgen.limits import Limits, limited
from canvasgen.notes import Note
from canvasgen.schemas import departures
from canvasgen.schemas.called_spans import CalledSpans, called_spans
from canvasgen.schemas.document.schema_source import Source
from canvasgen.schemas.keywords.translator import Translator
from canvasgen.schemas.normal.grounded import framed, grounded
from canvasgen.schemas.normal.shapes import Node
from canvasgen.schemas.related_spans import related_spans
from canvasgen.schemas.stated_fields import field_options, field_places
from canvasgen.schemas.texts.choice_fields import (
    Scalar,
    choice_fields,
    field_name,
    with_value,
)
from canvasgen.schemas.texts.covers import cover
from canvasgen.schemas.texts.drafts.guide import Guide, guide_of
from canvasgen.schemas.texts.emit import Written, written
from canvasgen.schemas.texts.fences import fenced_ends, in_fences, in_written_fences, inside, without_fence
from canvasgen.schemas.texts.graph import Graph
from canvasgen.schemas.texts.loose import loose_language
from canvasgen.schemas.texts.reading import value_ends
from canvasgen.schemas.texts.recogniser import Recogniser
from canvasgen.schemas.texts.writing import Writing
from canvasgen.schemas.validator import Validator

__all__ = ["SchemaLanguage"]

_DEFAULT = Writing()
_MOST_REMEMBERED = 32


class SchemaLanguage:
    """The JSON texts of the values of a schema: all of them (`matches`), and those that are generated (`expr`).

    Args:
        source: the schema or the type.
        limits: what the automaton may need.
        writing: how the texts are written that are generated, and whether they stand in a code fence.
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
        writing: Writing = _DEFAULT,
        *,
        sources: Sources | None = None,
    ) -> None:
        self.source = source
        self.limits = limits
        self.writing = writing
        self._translator = Translator(source.document, python=source.python, limits=limits, sources=sources)
        self.sources = sources
        self._led: OrderedDict[object, SchemaLanguage] = OrderedDict()
        with limited(limits):
            self._root = root = self._translator.root()
            if sources is not None:
                root = grounded(root, sources, self._translator.arena)
            self._graph = Graph(root)
            self._graph.check_depth()
            self.related = related_spans(self._graph.root, sources, writing, limits)
            if self._graph.least[self._graph.root] == math.inf:
                raise self._emptiness()
            if writing.max_depth is not None:
                _ = self._told

    @property
    def least_bytes(self) -> int:
        """Bytes that no text of a value has fewer of, counts of patterns that the automaton leaves open included."""
        return int(self._graph.least[self._graph.root])

    @property
    def expr(self) -> Expr:
        """The texts that are generated: a subset of those that are accepted.

        Raises:
            Unsatisfiable: there is none.
            ConstraintTooLarge: every automaton is too large.
        """
        if self._written.expr is EMPTY:
            raise self._emptiness()
        return in_written_fences(self._written.expr, self.writing.fence)

    @property
    def root(self) -> Node:
        """The values that are accepted, in normal form."""
        return self._graph.root

    @cached_property
    def cover(self) -> Expr:
        """A language that contains every text that is accepted, in any spelling, and as little else as its size allows."""
        with limited(self.limits):
            return in_fences(cover(self._graph.root), self.writing.fence)

    @cached_property
    def loose(self) -> Expr:
        """The language that first drafts are read from, in which keys have no order; it holds texts that are not valid."""
        with limited(self.limits):
            return in_written_fences(loose_language(self._graph, self.writing.style), self.writing.fence)

    def led(self, drafts: Sequence[str]) -> SchemaLanguage:
        """Return the same language, whose generated texts are led by drafts: they are in the drafts' order of keys, and have
        the properties, alternatives and depth that the drafts have, as far as these are valid.

        Args:
            drafts: texts, or beginnings of some, perhaps in a code fence.

        Raises:
            ConstraintTooLarge: every automaton is too large.
        """
        guide = guide_of([without_fence(text) for text in drafts])
        key = None if guide is None else guide.skeleton
        made = self._led.get(key)
        if made is None:
            made = copy(self)
            _ = vars(made).pop("notes", None)
            vars(made)["_written"] = self._write(guide)
            if made._written.plan.is_whole:  # drafts with the same skeleton lead alike
                self._led[key] = made
                while len(self._led) > _MOST_REMEMBERED:
                    _ = self._led.popitem(last=False)
        return made

    @cached_property
    def _written(self) -> Written:
        return self._write(None)

    def _write(self, guide: Guide | None, graph: Graph | None = None) -> Written:
        with limited(self.limits):
            return written(
                self._graph if graph is None else graph,
                self.writing.max_depth,
                self.limits,
                style=self.writing.style,
                ordered=self.writing.order != "any",
                guide=guide,
            )

    @property
    def _told(self) -> Written:
        """What is generated, with calls where there are some."""
        return self._written if self.called is None else self.called.written

    @cached_property
    def called(self) -> CalledSpans | None:
        """The texts that are generated with the spans of the sources called, where that is how they are compiled."""
        if self.sources is None or self.sources.language is EMPTY or self.writing.order == "model":
            return None
        if self.related is not None:  # the search for places cuts the texts themselves
            return None
        frame = self._write(None, Graph(framed(self._root, self.sources, self._translator.arena)))
        return called_spans(frame, self.sources, self.writing.fence, self.limits)

    @cached_property
    def _recogniser(self) -> Recogniser:
        # Draft 4 tells `1.0` from integers; pydantic and the later drafts do not.
        draft = self.source.document.draft
        return Recogniser(self._graph.root, whole_points=draft > 4)

    @cached_property
    def _validator(self) -> Validator:
        return Validator(self.source.document, python=self.source.python, limits=self.limits)

    def value_text(self, text: str) -> str:
        """Return the JSON text within a text: all of it, or what is inside of its code fence.

        Raises:
            ValidationFailed: a fence is missing, not closed, or must not be there.
        """
        found = inside(text, self.writing.fence)
        if found is None:
            said = (
                "is required and missing, or not closed"
                if self.writing.fence != "forbid"
                else "is not allowed"
            )
            raise ValidationFailed(
                f"a code fence {said}", text=text, rule="fence", value=text, remedy='pass fence="allow"'
            )
        return text[slice(*found)]

    def ends(self, text: str, start: int) -> list[int]:
        """Return where a text of the language that begins at a place of a longer text may end, in increasing order."""
        plain, fenced = list[tuple[int, int, int]](), list[tuple[int, int, int]]()
        if self.writing.fence != "require":
            plain = [
                (start, end, stop)
                for end, gap_end in value_ends(text, start)
                for stop in range(end, gap_end + 1)
            ]
        if self.writing.fence != "forbid":
            fenced = fenced_ends(text, start)
        known: dict[tuple[int, int], bool] = {}
        for begin, end, _ in (*plain, *fenced):
            if (begin, end) not in known:
                known[begin, end] = self._holds(text[begin:end])
        return [stop for begin, end, stop in (*plain, *fenced) if known[begin, end]]

    def matches(self, text: str) -> bool:
        """Return True if a text is a JSON text, in any spelling, of a value that is valid; perhaps in a code fence."""
        found = inside(text, self.writing.fence)
        return found is not None and self._holds(text[slice(*found)])

    def _holds(self, text: str) -> bool:
        with limited(self.limits):
            if not self._recogniser.accepts(text):
                return False
            try:
                self.check(text)
            except ValidationFailed:
                return False
            return True

    def check(self, text: str) -> None:
        """Raise ValidationFailed unless the validators (`jsonschema`, pydantic, the spans' relations) accept a text."""
        with limited(self.limits):
            self._validator(text)
            if self.source.python:
                self.source.read(text)
            if self.related is not None and not self.related.hold(text):
                reason = "no places of the source state these values and satisfy the relations"
                raise ValidationFailed(reason, text=text, reasons=(reason,), rule="relations")

    def read(self, text: str) -> Any:
        """Return the value of a text that matches."""
        return self.source.read(self.value_text(text))

    def validate(self, text: str) -> None:
        """Raise ValidationFailed, with the reason, unless `matches` accepts a text."""
        text = self.value_text(text)
        with limited(self.limits):
            self.check(text)
            refusal = self._recogniser.refusal(text)
        if refusal is not None:
            raise ValidationFailed(
                f"the text has no value of the schema: {refusal}",
                text=text,
                reasons=(refusal,),
                rule="value",
            )

    def options(self, text: str, *, called: bool = False) -> Iterator[tuple[str, list[tuple[Scalar, Expr]]]]:
        """Yield the choice-like fields of a text: each name, and for each value the generated texts that have it there.

        Args:
            text: a text that is generated.
            called: whether frames of texts are meant.
        """
        inner = (self._told if called else self._written).expr
        for path, values in choice_fields(self.source.document.root, json.loads(self.value_text(text))):
            options = [(value, intersect(inner, with_value(path, value))) for value in values]
            yield (
                field_name(path),
                [(value, in_written_fences(texts, self.writing.fence)) for value, texts in options],
            )

    def stated(self, text: str) -> Iterator[tuple[str, Span]]:
        """Yield the fields of a generated text that are taken from the sources, each with a place that states it."""
        if self.sources is not None:
            value = json.loads(self.value_text(text))
            yield from field_places(self._graph.root, self.sources, self.related, value)

    def stated_options(self, text: str) -> Iterator[tuple[str, list[tuple[Scalar, Expr]], Expr]]:
        """Yield what `field_options` does, of the fields that are taken from the sources."""
        if self.sources is None:
            return
        fence, value = self.writing.fence, json.loads(self.value_text(text))
        for name, options, others in field_options(self._graph.root, self._written.expr, value):
            fenced = [(one, in_written_fences(texts, fence)) for one, texts in options]
            yield name, fenced, in_written_fences(others, fence)

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
        return Unsatisfiable(
            message,
            path=node.path,
            rule="schema",
            remedy="change the schemas that exclude each other there, or drop one",
        )

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """How each keyword is enforced, and what is never generated though it would be valid."""
        _, plan, cut = self._told
        validators = "jsonschema and pydantic read" if self.source.python else "jsonschema reads"
        notes = [
            Note("automaton", "every keyword that no other line names"),
            Note("validator", f"{validators} the text once more before it is committed"),
            *self._translator.notes,
            *cut,
        ]
        if self.sources is not None:
            notes.append(departures.GROUNDED if self.sources.fields == "all" else departures.MARKED)
            notes += [
                Note("relations", f"the places of the fields are {relation.kind.replace('_', ' ')}")
                for relation in self.sources.relations
            ]
        if self.called is not None:
            notes.append(self.called.note)
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
        order = {"schema": departures.ORDERED, "any": departures.PERMUTED, "model": departures.FOLLOWED}[
            self.writing.order
        ]
        if self.writing.fence != "forbid":
            notes.append(departures.FENCED)
        return (
            *notes,
            order,
            departures.WHOLE_NUMBERS,
            departures.WHITESPACE[self.writing.style],
            *departures.DEPARTURES,
        )
