"""Values of a grounded schema whose places in the sources satisfy relations, and the cut of a set of texts.

A *cut* of a set of texts at a value that violates the relations is a list of smaller sets, which together hold every text of
the set that satisfies them and no text of that value:

    two fields a, b whose values fit nowhere together:   a has another value;
                                                          a has this one, and b one that fits beside it
    more fields:                                          the first has another value; it has this one, and the second
                                                          another; …
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from typing import TypeAlias

from canvasgen.automata import EMPTY, Expr, difference, from_dfa, intersect, literal, to_dfa, union
from canvasgen.errors import InvalidConstraint, UnsupportedConstraint
from canvasgen.grounding import Mark, ReaderName, Sources, Span
from canvasgen.grounding.span_relations import EVERY, FieldPath, SpanRelation, places_for
from canvasgen.limits import Limits
from canvasgen.schemas.document.plain import Json
from canvasgen.schemas.normal.shapes import Node, Part, Strings
from canvasgen.schemas.normal.stated_values import Scalar, marks_at, stated_scalars
from canvasgen.schemas.texts.choice_fields import field_name, scalar_text, with_text, with_value
from canvasgen.schemas.texts.string_text import string_text
from canvasgen.schemas.texts.writing import Writing

__all__ = ["RelatedSpans", "related_spans"]

Region: TypeAlias = "tuple[int, int, int]"
Related: TypeAlias = "dict[tuple[FieldPath, FieldPath], list[SpanRelation]]"
_SPAN = ReaderName("span")


class RelatedSpans:
    """The relations between the fields of a grounded schema.

    Args:
        root: the grounded node.
        sources: with the relations.
        limits: what the compilation of a set of texts may need.

    Raises:
        InvalidConstraint: a relation names a field that the schema does not have, or that is not grounded.
    """

    def __init__(self, root: Node, sources: Sources, limits: Limits) -> None:
        self._root, self._sources, self._limits = root, sources, limits
        for relation in sources.relations:
            for path in relation.fields:
                shown = tuple(0 if step == EVERY else step for step in path)
                if not marks_at(root, shown):
                    raise InvalidConstraint(
                        "a relation is between fields that are taken from the source",
                        path=field_name(shown),
                        rule=relation.kind,
                        remedy="name a field of the schema, such as `items[0].price`, that is grounded",
                    )

    def places(self, value: Json) -> dict[FieldPath, Span] | None:
        """Return for each related field of a value a place, so that all relations hold; None if there are no such places.

        Raises:
            TimeLimit: that was not found out in the number of tries.
        """
        occurrences = self._occurrences(value)
        pairs = [
            (one, *fields) for fields, relations in self._related(occurrences).items() for one in relations
        ]
        return places_for(occurrences, pairs, self._sources.sentences)

    def cut(self, texts: Expr, text: str) -> list[Expr]:
        """Return the cut of a set of texts at one whose value violates the relations; sets without a text are left out."""
        value: Json = json.loads(text)
        occurrences = self._occurrences(value)
        scalars = {path: one for path, one, _, _ in stated_scalars(self._root, value)}
        related = self._related(occurrences)
        for (one, other), relations in related.items():
            if not any(self._fit(relations, a, b) for a in occurrences[one] for b in occurrences[other]):
                with_one = intersect(texts, with_value(one, scalars[one]))
                unfit = self._unfit(occurrences[one], other, relations, scalars[other])
                parts = [
                    difference(texts, with_one),
                    difference(with_one, intersect(texts, with_text(other, unfit))),
                ]
                return self._nonempty(parts)
        parts: list[Expr] = []
        rest = texts
        for path in dict.fromkeys(field for fields in related for field in fields):
            with_it = intersect(rest, with_value(path, scalars[path]))
            parts.append(difference(rest, with_it))
            rest = with_it
        return self._nonempty(parts)

    def hold(self, text: str) -> bool:
        """Return whether a text's value satisfies the relations; errors as for `places`."""
        return self.places(json.loads(text)) is not None

    def _nonempty(self, parts: Iterable[Expr]) -> list[Expr]:
        automata = (to_dfa(part, self._limits) for part in parts)
        return [from_dfa(dfa) for dfa in automata if not dfa.is_empty]

    def _occurrences(self, value: Json) -> dict[FieldPath, list[Span]]:
        """Return the places of each related field that a value has."""
        found: dict[FieldPath, list[Span]] = {}
        for path, one, marks, _ in stated_scalars(self._root, value):
            if one is not None and any(_matches(field, path) for field in self._fields()):
                places = {place: None for mark in marks for place in self._sources.places(one, mark)}
                found[path] = sorted(places, key=lambda place: (place.source, place.start, place.stop))
        return found

    def _fields(self) -> Iterator[FieldPath]:
        return (field for relation in self._sources.relations for field in relation.fields)

    def _related(self, present: Iterable[FieldPath]) -> Related:
        """Return the relations of each pair of fields of a value."""
        paths: list[FieldPath] = list(present)
        found: Related = {}
        for relation in self._sources.relations:
            fields = [path for field in relation.fields for path in paths if _matches(field, path)]
            for pair in relation.pairs(list(dict.fromkeys(fields))):
                found.setdefault(pair, []).append(relation)
        return found

    def _fit(self, relations: Sequence[SpanRelation], one: Span, other: Span) -> bool:
        return all(relation.holds(one, other, self._sources.sentences) for relation in relations)

    def _unfit(
        self, places: Sequence[Span], field: FieldPath, relations: Sequence[SpanRelation], value: Scalar
    ) -> Expr:
        """Return the JSON texts of `value`, and of a field's values that fit beside none of another field's places."""
        stated, fitting = [scalar_text(value)], list[Expr]()
        for mark in marks_at(self._root, field):
            if mark.reader in (None, _SPAN):
                stated.append(_strings(self._sources.language))
                fitting += [_strings(one) for one in self._fitting_spans(places, relations)]
                continue
            for one in self._values(mark):
                written = scalar_text(one)
                stated.append(written)
                others = self._sources.places(one, mark)
                if any(self._fit(relations, a, b) for a, b in product(places, others)):
                    fitting.append(written)
        return difference(union(*stated), union(*fitting)) if fitting else union(*stated)

    def _values(self, mark: Mark) -> Iterator[bool | str | Fraction]:
        assert mark.reader is not None
        reading = self._sources.reading(mark.reader, mark.region)
        yield from (text for texts in reading.texts for text in texts)
        yield from reading.truths
        yield from reading.numbers

    def _fitting_spans(self, places: Sequence[Span], relations: Sequence[SpanRelation]) -> Iterator[Expr]:
        """Yield languages that together are the spans that fit beside one of some places."""
        kinds = {relation.kind for relation in relations}
        if kinds & {"disjoint", "ordered"} or "distinct" not in kinds:
            regions = (region for place in places for region in self._regions(place, relations))
            yield self._sources.within(_largest(regions))
            return
        for place in places:
            regions = self._regions(place, relations)
            inside = self._sources.within(regions)
            others = [
                one
                for one in self._sources.occurrences(place.text)
                if (one.source, one.start, one.stop) != (place.source, place.start, place.stop)
                and any(s == one.source and a <= one.start and one.stop <= b for s, a, b in regions)
            ]
            yield inside if others else difference(inside, literal(place.text))

    def _regions(self, place: Span, relations: Sequence[SpanRelation]) -> list[Region]:
        """Return the parts of the sources in which a span satisfies relations with a place, `distinct` apart."""
        whole = [(source, 0, len(text)) for source, text in enumerate(self._sources.texts)]
        found = whole
        for relation in relations:
            if relation.kind == "same_sentence":
                allowed = [
                    (place.source, start, stop)
                    for start, stop in self._sources.sentences[place.source]
                    if start <= place.start and place.stop <= stop
                ]
            elif relation.kind == "distinct":
                continue
            else:
                after = [(place.source, place.stop, whole[place.source][2]), *whole[place.source + 1 :]]
                before = [*whole[: place.source], (place.source, 0, place.start)]
                allowed = after if relation.kind == "ordered" else [*before, *after]
            found = [
                (source, max(start, low), min(stop, high))
                for (source, start, stop), (other, low, high) in product(found, allowed)
                if source == other and max(start, low) < min(stop, high)
            ]
        return found


def related_spans(
    root: Node, sources: Sources | None, writing: Writing, limits: Limits
) -> RelatedSpans | None:
    """Return the relations between the places of a schema's values, if there are some.

    Raises:
        UnsupportedConstraint: the text may stand in a code fence, or in the order of a draft.
        InvalidConstraint: as for `RelatedSpans`.
    """
    if sources is None or not sources.relations:
        return None
    if writing.fence != "forbid" or writing.order == "model":
        raise UnsupportedConstraint(
            "relations between spans do not go with a code fence or with the order of a draft",
            rule="relations",
            remedy="leave out `fence` and property_order='model'",
        )
    return RelatedSpans(root, sources, limits)


def _strings(language: Expr) -> Expr:
    return EMPTY if language is EMPTY else string_text(Strings(parts=(Part("spans", language),)))


def _matches(field: FieldPath, path: FieldPath) -> bool:
    return len(field) == len(path) and all(
        step == other or (step == EVERY and isinstance(other, int))
        for step, other in zip(field, path, strict=True)
    )


def _largest(regions: Iterable[Region]) -> list[Region]:
    """Return the regions that are inside of no other one."""
    found: list[Region] = []
    for source, start, stop in sorted(set(regions), key=lambda region: (region[0], region[1], -region[2])):
        if not any(other == source and stop <= high for other, _, high in found):
            found.append((source, start, stop))
    return found
