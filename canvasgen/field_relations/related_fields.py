"""Relations whose cells are paths, bound to a schema: which fields each path names, and the monitors of the relations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from canvasgen.errors import InvalidConstraint, UnsupportedConstraint
from canvasgen.field_relations.field_paths import FieldPath, field_path_of
from canvasgen.field_relations.monitors import Monitor, Slot, monitor_of
from canvasgen.field_relations.schema_places import Place, places_of
from canvasgen.field_relations.sum_reach import check_reach
from canvasgen.relations import Relation
from canvasgen.relations.kinds.relation import relations_of
from canvasgen.relations.kinds.sums import Linear, Ordered
from canvasgen.schemas.normal.shapes import Node

__all__ = ["HasFieldRelations", "RelatedFields", "field_relations_in", "related_fields"]


@dataclass(frozen=True, eq=False)
class RelatedFields:
    """One relation between fields.

    Attributes:
        relation: its cells are the texts of the paths.
        paths: the paths, in the order of the cells.
        letters: of its `[i]`, in their order; empty: the relation is one, else one for each choice of items.
        monitor: the relation as an automaton over its fields.
    """

    relation: Relation
    paths: tuple[FieldPath, ...]
    letters: tuple[str, ...]
    monitor: Monitor[Any]


@runtime_checkable
class HasFieldRelations(Protocol):
    """A constraint whose texts are JSON with relations between fields."""

    @property
    def field_relations(self) -> tuple[RelatedFields, ...]:
        """The relations."""
        ...


def field_relations_in(constraint: object) -> tuple[RelatedFields, ...]:
    """Return the relations between fields of a constraint; empty if it has none."""
    return constraint.field_relations if isinstance(constraint, HasFieldRelations) else ()


def related_fields(relations: Iterable[Relation], root: Node) -> tuple[RelatedFields, ...]:
    """Bind relations to a schema.

    Args:
        relations: their cells are paths.
        root: the schema's values.

    Raises:
        InvalidConstraint: a path cannot be read, names no field of the schema, or fields that the relation cannot be about.
        UnsupportedConstraint: a path names several fields, and the relation is about single ones.
        Unsatisfiable: the schema's bounds allow no sum of which a relation holds.
    """
    return tuple(_bound(relation, root) for relation in relations_of(relations))


def _bound(relation: Relation, root: Node) -> RelatedFields:
    paths = tuple(field_path_of(cell) for cell in relation.cells)
    letters = _letters(relation, paths)
    places = [places_of(root, path) for path in paths]
    for path, place in zip(paths, places, strict=True):
        _check_kind(relation, path, place)
    if isinstance(relation, Linear) and not letters:
        check_reach(relation, paths, root)
    slots = [Slot(path.is_many, place.low, place.high) for path, place in zip(paths, places, strict=True)]
    return RelatedFields(relation, paths, letters, monitor_of(relation, slots))


def _letters(relation: Relation, paths: Sequence[FieldPath]) -> tuple[str, ...]:
    found = {path.letters for path in paths if path.letters}
    if len(found) > 1:
        raise UnsupportedConstraint(
            f"the paths of “{relation.describe()}” have different letters",
            rule="relations",
            value=[path.text for path in paths],
            remedy="write the same letters, in the same order, in all paths that have some",
        )
    return next(iter(found), ())


def _check_kind(relation: Relation, path: FieldPath, place: Place) -> None:
    if not place.scalars:
        raise InvalidConstraint(
            "a relation is about texts, numbers, booleans and null; this is an object or a list",
            path=path.text,
            rule="relations",
            value=relation.describe(),
            remedy=f'write "{path.text}[*]" for the items of a list, or name a field of the object',
        )
    wanted = "numbers" if isinstance(relation, Linear) else "numbers or texts"
    kinds = {"number"} if isinstance(relation, Linear) else {"number", "string"}
    if isinstance(relation, (Linear, Ordered)) and not place.scalars & kinds:
        raise InvalidConstraint(
            f"“{relation.describe()}” compares {wanted}, and the field holds none",
            path=path.text,
            rule="relations",
            value=sorted(place.scalars),
            remedy="relate fields that hold such values, or change the field's type",
        )
