"""What drafts have at one place: the values that stand there, and what follows for how the place is written.

A guide never changes which texts are valid. It says which of the valid texts are worth states of the automaton: those in the
draft's order of keys, with its properties, its alternatives, its depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property, partial

from canvasgen.schemas.normal.numbers import has_number
from canvasgen.schemas.normal.shapes import ANY_NODE, Array, Numbers, Object
from canvasgen.schemas.texts.drafts.beginning import read_beginning
from canvasgen.schemas.texts.drafts.key_order import key_orders
from canvasgen.schemas.texts.reading import Item
from canvasgen.schemas.texts.recogniser import Recogniser

__all__ = ["Guide", "guide_of"]

MOST_NAMES = 64
"""Most undeclared keys of a draft that an object gets as properties."""
_JUDGE = Recogniser(ANY_NODE, whole_points=True)


def guide_of(texts: Sequence[str]) -> Guide | None:
    """Return what JSON texts, or beginnings of some, have in common as a guide; None if none has begun."""
    items = [item for item in map(read_beginning, texts) if item is not None]
    return Guide(items) if items else None


class Guide:
    """The values of drafts at one place.

    Attributes:
        items: the values.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = tuple(items)
        self._children: dict[str, Guide | None] = {}

    @cached_property
    def _objects(self) -> list[dict[str, Item]]:
        return [item.value for item in self.items if isinstance(item.value, dict)]

    @cached_property
    def _arrays(self) -> list[list[Item]]:
        return [item.value for item in self.items if isinstance(item.value, list)]

    @cached_property
    def strings(self) -> frozenset[str]:
        """The strings among the values."""
        return frozenset(item.value for item in self.items if isinstance(item.value, str))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The keys of the objects, in the order in which they were first seen."""
        return tuple(dict.fromkeys(name for pairs in self._objects for name in pairs))

    @cached_property
    def skeleton(self) -> tuple[object, ...]:
        """Return what a guide says if scalars do not matter: equal for guides that lead alike then."""
        names = {name: guide.skeleton for name in self.names if (guide := self.child(name)) is not None}
        orders = tuple(dict.fromkeys(tuple(pairs) for pairs in self._objects))
        below = () if self.elements is None else self.elements.skeleton
        kinds = (bool(self._objects), bool(self._arrays))
        return (kinds, orders, tuple(names.items()), below)

    @cached_property
    def depth(self) -> int:
        """The levels of arrays and objects in the values."""
        below = [self.elements, self.members]
        nested = max((guide.depth for guide in below if guide is not None), default=0)
        return nested + (1 if self._objects or self._arrays else 0)

    def child(self, name: str) -> Guide | None:
        """Return the values of a key."""
        if name not in self._children:
            self._children[name] = _guide([pairs[name] for pairs in self._objects if name in pairs])
        return self._children[name]

    @cached_property
    def members(self) -> Guide | None:
        """The values of all keys."""
        return _guide([item for pairs in self._objects for item in pairs.values()])

    @cached_property
    def elements(self) -> Guide | None:
        """The items of all arrays."""
        return _guide([item for items in self._arrays for item in items])

    def orders(self, declared: Sequence[str]) -> list[list[str]]:
        """Return the orders in which an object of these names is written."""
        return key_orders(declared, list(map(tuple, self._objects)))

    def has_number(self, shape: Numbers) -> bool:
        """Return True if one of the values belongs to a set of numbers."""
        return any(isinstance(item.value, Fraction) and has_number(shape, item.value) for item in self.items)

    def wanted(self, shapes: Sequence[Array | Object]) -> list[Array | Object]:
        """Return for each value the shapes that it belongs to, or else the one that it comes nearest to."""
        found: dict[int, Array | Object] = {}
        for item in self.items:
            mine = [shape for shape in shapes if _same_kind(shape, item)]
            fitting = [shape for shape in mine if _JUDGE.fits(shape, item)]
            if not fitting and mine:
                fitting = [max(mine, key=partial(_nearness, item))]
            found |= {id(shape): shape for shape in fitting}
        return list(found.values())


def _guide(items: Sequence[Item]) -> Guide | None:
    return Guide(items) if items else None


def _same_kind(shape: Array | Object, item: Item) -> bool:
    return isinstance(item.value, dict if isinstance(shape, Object) else list)


def _nearness(item: Item, shape: Array | Object) -> tuple[int, int]:
    """Return minus the keys that are missing or not declared, and the number of those that are shared."""
    if isinstance(shape, Array) or not isinstance(item.value, dict):
        return (0, 0)
    needed = {name for name, entry in shape.properties.items() if entry.required}
    shared = shape.properties.keys() & item.value.keys()
    strange = 0 if shape.open else len(item.value) - len(shared)
    return (-len(needed - item.value.keys()) - strange, len(shared))
