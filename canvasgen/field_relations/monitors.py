"""What has to be remembered of the fields read so far to know in the end whether a relation holds.

A *monitor* is a relation as an automaton over its fields' values: its states are small hashable values, equal for beginnings
after which the same is still possible (a sum keeps the sum, all-different the set of values). The cells of its relation are
paths, numbered; `many` of them may name several fields.

A null counts as not there in sums, orders, all_different and equal. A relation with a field that is not there does
not apply, but for orders, all_different and equal, which are about the fields that are there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from itertools import pairwise
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar, cast

from canvasgen.errors import UnsupportedConstraint
from canvasgen.field_relations.field_values import number_of
from canvasgen.relations import Relation, Value
from canvasgen.relations.cell_values import Key, exact, is_number, key
from canvasgen.relations.kinds.equality import AllDifferent, AllEqual
from canvasgen.relations.kinds.logic import Count
from canvasgen.relations.kinds.relation import COMPARISONS
from canvasgen.relations.kinds.sums import Linear, Ordered
from canvasgen.relations.kinds.tuples import Check

__all__ = ["DONE", "Aim", "Monitor", "Slot", "State", "monitor_of"]


@dataclass(frozen=True)
class Slot:
    """One of a relation's paths.

    Attributes:
        many: whether it may name several fields.
        low, high: bounds of its numbers, as far as the schema has some.
    """

    many: bool
    low: Fraction | None = None
    high: Fraction | None = None


class _Open(NamedTuple):
    """A state: the slots of which fields may follow, and what the monitor remembers."""

    slots: frozenset[int]
    memory: Hashable


class _Done(NamedTuple):
    """The relation holds, or does not apply, whatever follows."""


DONE = _Done()
Pairs: TypeAlias = "tuple[tuple[Value, Value] | None, ...]"
Gathered: TypeAlias = "tuple[tuple[Key, ...] | None, ...]"
M = TypeVar("M", bound=Hashable)
State: TypeAlias = "_Open | _Done"


@dataclass(frozen=True)
class Aim:
    """A value that makes the relation true.

    Attributes:
        value: the value.
        is_only: whether no other value of the field does.
    """

    value: Value
    is_only: bool


class Verdict(Enum):
    """What a value may decide at once: the relation cannot hold any more, or does not apply."""

    IMPOSSIBLE = 0
    OUT = 1


class Monitor(ABC, Generic[M]):
    """A relation as an automaton over its fields.

    Args:
        relation: its cells are the slots, in order.
        slots: the slots.
    """

    def __init__(self, relation: Relation, slots: Sequence[Slot]) -> None:
        self.relation = relation
        self.slots = tuple(slots)

    @property
    def start(self) -> State:
        """Before any field."""
        return _Open(frozenset(range(len(self.slots))), self._start())

    def value(self, state: State, slot: int, value: Value) -> State | None:
        """Return the state after a field's value; None if the relation cannot hold any more."""
        if isinstance(state, _Done) or slot not in state.slots:
            return state
        slots = state.slots if self.slots[slot].many else state.slots - {slot}
        return self._settled(slots, self._take(self._memory(state), slot, value))

    def close(self, state: State, slot: int) -> State | None:
        """Return the state after the last field of a slot; None if the relation cannot hold any more."""
        if isinstance(state, _Done) or slot not in state.slots:
            return state
        memory = self._memory(state) if self.slots[slot].many else self._absent(self._memory(state))
        return self._settled(state.slots - {slot}, memory)

    def aim(self, state: State, slot: int) -> Aim | None:
        """Return the value of the slot's next field with which the relation holds, if one can be told."""
        if isinstance(state, _Done) or slot not in state.slots:
            return None
        return self._aim(state.slots, self._memory(state), slot)

    def _memory(self, state: _Open) -> M:
        return cast("M", state.memory)

    def _settled(self, slots: frozenset[int], memory: M | Verdict) -> State | None:
        if memory is Verdict.OUT:
            return DONE
        if isinstance(memory, Verdict):
            return None
        if not slots:
            return DONE if self._holds(memory) else None
        return _Open(slots, self._kept(slots, memory)) if self._possible(slots, memory) else None

    @abstractmethod
    def _start(self) -> M: ...

    @abstractmethod
    def _take(self, memory: M, slot: int, value: Value) -> M | Verdict:
        """Return what is remembered after a value; a verdict."""

    @abstractmethod
    def _holds(self, memory: M) -> bool:
        """Return whether the relation holds when all is read."""

    def _absent(self, memory: M) -> M | Verdict:
        return Verdict.OUT

    def _possible(self, slots: frozenset[int], memory: M) -> bool:
        return True

    def _kept(self, slots: frozenset[int], memory: M) -> M:
        """Return what is still needed of the memory."""
        return memory

    def _aim(self, slots: frozenset[int], memory: M, slot: int) -> Aim | None:
        return None


class _LinearMonitor(Monitor[Fraction]):
    """Remembers the sum."""

    relation: Linear

    def __init__(self, relation: Linear, slots: Sequence[Slot]) -> None:
        super().__init__(relation, slots)
        self._total = exact(relation.total)
        self._factors = tuple(map(exact, relation.factors))

    def _start(self) -> Fraction:
        return Fraction(0)

    def _take(self, memory: Fraction, slot: int, value: Value) -> Fraction | Verdict:
        if value is None:
            return memory if self.slots[slot].many else Verdict.OUT
        if not is_number(value):
            return Verdict.IMPOSSIBLE
        return memory + self._factors[slot] * exact(value)

    def _holds(self, memory: Fraction) -> bool:
        return COMPARISONS[self.relation.op](memory, self._total)

    def _possible(self, slots: frozenset[int], memory: Fraction) -> bool:
        total, op = self._total, self.relation.op
        if (op in ("==", "<=") and memory > total) or (op == "<" and memory >= total):
            return not all(self._sign(slot) >= 0 for slot in slots)
        if (op in ("==", ">=") and memory < total) or (op == ">" and memory <= total):
            return not all(self._sign(slot) <= 0 for slot in slots)
        return True

    def _sign(self, slot: int) -> float:
        """1 if the slot can only add, -1 if it can only take away, else NaN."""
        one, factor = self.slots[slot], self._factors[slot]
        if one.low is not None and one.low >= 0:
            return 1 if factor > 0 else -1
        if one.high is not None and one.high <= 0:
            return -1 if factor > 0 else 1
        return float("nan")

    def _aim(self, slots: frozenset[int], memory: Fraction, slot: int) -> Aim | None:
        if self.relation.op != "==" or len(slots) > 1:
            return None
        wanted = (self._total - memory) / self._factors[slot]
        many = self.slots[slot].many
        if not _is_decimal(wanted) or (many and wanted == 0):
            return None
        value = number_of(f"{wanted.numerator}") if wanted.denominator == 1 else float(wanted)
        return Aim(value, not many) if exact(value) == wanted else None


def _is_decimal(number: Fraction) -> bool:
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


class _OrderedMonitor(Monitor[Pairs]):
    """Remembers the first and the last value of each slot, as far as neighbours need them."""

    relation: Ordered

    def _start(self) -> Pairs:
        return (None,) * len(self.slots)

    def _absent(self, memory: Pairs) -> Pairs | Verdict:
        return memory

    def _take(self, memory: Pairs, slot: int, value: Value) -> Pairs | Verdict:
        if value is None:
            return memory
        found = list(memory)
        before = memory[slot]
        if before is not None and not self._compares(before[1], value):
            return Verdict.IMPOSSIBLE
        found[slot] = (value if before is None else before[0], value)
        return tuple(found)

    def _holds(self, memory: Pairs) -> bool:
        there = [pair for pair in memory if pair is not None]
        return all(self._compares(a[1], b[0]) for a, b in pairwise(there))

    def _possible(self, slots: frozenset[int], memory: Pairs) -> bool:
        """Neighbours that both are known compare; between them all is read."""
        last: tuple[Value, Value] | None = None
        for slot, pair in enumerate(memory):
            if pair is not None and last is not None and not self._compares(last[1], pair[0]):
                return False
            if slot in slots:
                last = None
            elif pair is not None:
                last = pair
        return True

    def _kept(self, slots: frozenset[int], memory: Pairs) -> Pairs:
        """What a slot's first value compares with is settled where all before it is read."""
        kept, settled = list(memory), True
        for slot, pair in enumerate(memory):
            if pair is not None and settled:
                kept[slot] = (pair[1], pair[1])
            settled &= slot not in slots
        return tuple(kept)

    def _compares(self, one: Value, other: Value) -> bool:
        return self.relation.holds_between(one, other)


class _DifferentMonitor(Monitor[frozenset[Key]]):
    """Remembers the values."""

    def _start(self) -> frozenset[Key]:
        return frozenset()

    def _absent(self, memory: frozenset[Key]) -> frozenset[Key] | Verdict:
        return memory

    def _take(self, memory: frozenset[Key], slot: int, value: Value) -> frozenset[Key] | Verdict:
        if value is None:
            return memory
        return Verdict.IMPOSSIBLE if key(value) in memory else memory | {key(value)}

    def _holds(self, memory: frozenset[Key]) -> bool:
        return True


class _EqualMonitor(Monitor[Key | None]):
    """Remembers the value."""

    def _start(self) -> Key | None:
        return None

    def _absent(self, memory: Key | None) -> Key | Verdict | None:
        return memory

    def _take(self, memory: Key | None, slot: int, value: Value) -> Key | Verdict | None:
        if value is None:
            return memory
        return key(value) if memory is None or memory == key(value) else Verdict.IMPOSSIBLE

    def _holds(self, memory: Key | None) -> bool:
        return True

    def _aim(self, slots: frozenset[int], memory: Key | None, slot: int) -> Aim | None:
        return None if memory is None else Aim(memory[1], is_only=True)


class _CountMonitor(Monitor[int]):
    """Remembers the count."""

    relation: Count

    def _start(self) -> int:
        return 0

    def _absent(self, memory: int) -> int | Verdict:
        return memory

    def _take(self, memory: int, slot: int, value: Value) -> int:
        return memory + (key(value) in {key(one) for one in self.relation.values})

    def _holds(self, memory: int) -> bool:
        return COMPARISONS[self.relation.op](memory, self.relation.k)

    def _possible(self, slots: frozenset[int], memory: int) -> bool:
        over = memory > self.relation.k if self.relation.op in ("==", "<=") else memory >= self.relation.k
        return self.relation.op not in ("==", "<=", "<") or not over


class _GatheringMonitor(Monitor[Gathered]):
    """Remembers all values, and asks the relation itself in the end."""

    def _start(self) -> Gathered:
        return tuple(() if slot.many else None for slot in self.slots)

    def _take(self, memory: Gathered, slot: int, value: Value) -> Gathered | Verdict:
        found = list(memory)
        found[slot] = (*(found[slot] or ()), key(value))
        return tuple(found)

    def _holds(self, memory: Gathered) -> bool:
        return self.relation.holds([value for found in memory for _, value in found or ()])


_KINDS: dict[type[Relation], type[Monitor[Any]]] = {
    Linear: _LinearMonitor,
    Ordered: _OrderedMonitor,
    AllDifferent: _DifferentMonitor,
    AllEqual: _EqualMonitor,
    Count: _CountMonitor,
    Check: _GatheringMonitor,
}


def monitor_of(relation: Relation, slots: Sequence[Slot]) -> Monitor[Any]:
    """Return the monitor of a relation whose cells are paths.

    Raises:
        UnsupportedConstraint: one of its paths names several fields, which this kind of relation cannot be about.
    """
    kind = _KINDS.get(type(relation))
    if kind is not None:
        return kind(relation, slots)
    many = next((cell for cell, slot in zip(relation.cells, slots, strict=True) if slot.many), None)
    if many is not None:
        raise UnsupportedConstraint(
            f"“{relation.describe()}” is about single fields, and {many} may be several",
            rule="relations",
            value=many,
            remedy="write [i] instead of [*] to say it of each item",
        )
    return _GatheringMonitor(relation, slots)
