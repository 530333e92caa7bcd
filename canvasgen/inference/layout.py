"""The arrays that conditioning reads, arranged once per token automaton and set of end tokens.

Two things are added to the token automaton so that the recurrence needs no special cases (S live states, C
text classes, Z class sets, E edges):

- a state `S`, *ended*, reached from every accepting state by the class `C` of end tokens (class set `Z`), and
  left only to itself by the don't-care tail (class set `Z + 1`, whose weight is given per position);
- a class `C + 1` of every other token (special tokens, tokens without a transition): no edge carries it, but
  it counts in the normaliser and can stand in the tail.

Tokens are sorted by class, so that one class is one contiguous segment; edges are kept in three orders (by
source, by target, by class set), one for each direction that the recurrence sums in.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from canvasgen.errors import ModelError

__all__ = ["AutomatonArrays", "Groups", "Layout", "Symbols", "build_layout", "groups", "symbols_of"]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]


class AutomatonArrays(Protocol):
    """What inference needs of a `canvasgen.tokens.TokenAutomaton` (shapes and meaning: see there).

    It is never changed; it is hashed by identity and weakly referenced.
    """

    @property
    def num_states(self) -> int:
        """S."""
        ...

    @property
    def num_classes(self) -> int:
        """C."""
        ...

    @property
    def start(self) -> int:
        """The start state."""
        ...

    @property
    def class_of_token(self) -> Ints:
        """`[V]`, -1 for no text."""
        ...

    @property
    def edge_source(self) -> Ints:
        """`[E]`."""
        ...

    @property
    def edge_target(self) -> Ints:
        """`[E]`."""
        ...

    @property
    def edge_set(self) -> Ints:
        """`[E]`."""
        ...

    @property
    def set_offsets(self) -> Ints:
        """`[Z + 1]`."""
        ...

    @property
    def set_classes(self) -> Ints:
        """Ascending in each set."""
        ...

    @property
    def accepting(self) -> npt.NDArray[np.bool_]:
        """`[S]`."""
        ...

    @property
    def distance(self) -> Ints:
        """`[S]`, fewest tokens to acceptance."""
        ...

    @property
    def end_ids(self) -> tuple[int, ...]:
        """Tokens that end a text."""
        ...


@dataclass(frozen=True, eq=False)
class Groups:
    """Edges sorted by one of their three ends (source, target or class set).

    Edge `k` of group `g` is any `k` in `offsets[g]:offsets[g + 1]`; `first` and `second` hold its other two
    ends.
    """

    offsets: Ints
    group: Ints
    first: Ints
    second: Ints


@dataclass(frozen=True, eq=False)
class Symbols(ABC):
    """The tokens, classes and class sets of a layout; what it is without its edges.

    Attributes:
        vocabulary_size: V.
        num_states: S; state S is *ended*.
        num_classes: C; class C is the end tokens, class C + 1 every other token that is no text here.
        num_sets: Z; set Z is {end}, set Z + 1 the tail.
        start: start state.
        class_of_token: int32[V], in 0..C+1.
        token_order: uint32[V], token ids sorted by class, ascending within one.
        class_offsets: int32[C + 3], borders of the classes in `token_order`.
        set_offsets, set_classes: the classes of each of the Z + 1 sets that have classes.
        class_set_offsets, class_sets: where each of the C + 2 classes can stand: in its sets, and in the
            tail.
        distance: int32[S], fewest tokens to an accepting state.
        end_ids: the end tokens.
    """

    vocabulary_size: int
    num_states: int
    num_classes: int
    num_sets: int
    start: int
    class_of_token: Ints
    token_order: npt.NDArray[np.uint32]
    class_offsets: Ints
    set_offsets: Ints
    set_classes: Ints
    class_set_offsets: Ints
    class_sets: Ints
    distance: Ints
    end_ids: tuple[int, ...]

    @property
    def ended(self) -> int:
        """The state after an end token."""
        return self.num_states

    @property
    def end_class(self) -> int:
        """The class of the end tokens."""
        return self.num_classes

    @property
    def other_class(self) -> int:
        """The class of the tokens that are neither text nor an end."""
        return self.num_classes + 1

    @property
    def tail_set(self) -> int:
        """The pseudo set of the don't-care tail."""
        return self.num_sets + 1

    def tokens_of_class(self, index: int) -> npt.NDArray[np.uint32]:
        """The token ids of a class, ascending."""
        return self.token_order[self.class_offsets[index] : self.class_offsets[index + 1]]

    def final(self, remaining: int, distance: Ints | None = None) -> npt.NDArray[np.bool_]:
        """bool[S + 1]: the states that a block may end in with `remaining` tokens of budget left.

        `distance` takes the place of the automaton's own where it depends on the position.
        """
        needed = self.distance if distance is None else distance
        out = np.ones(self.num_states + 1, dtype=np.bool_)
        np.logical_and(needed >= 0, needed <= remaining, out=out[:-1])
        return out

    @abstractmethod
    def leaving(self, state: int) -> tuple[Longs, Longs]:
        """int64 targets, ascending, and sets of the edges that leave a state; those of end tokens and the tail, too."""

    def step(self, state: int, token: int, closed: npt.NDArray[np.bool_] | None = None) -> int:
        """The state after `token`, or -1: text first, then an end token, then anything; no set of `closed[Z + 2]`."""
        if state == self.ended:
            return state if closed is None or not closed[self.tail_set] else -1
        if not 0 <= token < self.vocabulary_size:
            return -1
        wanted = int(self.class_of_token[token])
        low, high = self.class_set_offsets[wanted : wanted + 2].tolist()
        holding = frozenset(self.class_sets[low:high].tolist())
        targets, sets = self.leaving(state)
        for target, index in zip(targets.tolist(), sets.tolist(), strict=True):
            if index in holding:
                return target if closed is None or not closed[index] else -1
        return -1


@dataclass(frozen=True, eq=False)
class Layout(Symbols):
    """A token automaton and its end tokens, arranged for the recurrence.

    Attributes:
        by_source: (target, set) of each source; `by_target`: (source, set); `by_set`: (source, target).
    """

    by_source: Groups
    by_target: Groups
    by_set: Groups

    def leaving(self, state: int) -> tuple[Longs, Longs]:
        """See `Symbols.leaving`."""
        low, high = self.by_source.offsets[state], self.by_source.offsets[state + 1]
        return self.by_source.first[low:high].astype(np.int64), self.by_source.second[low:high].astype(
            np.int64
        )

    def distance_of_more(self, later: Ints) -> Ints:
        """int32[S]: fewest tokens, at least one, from each state to an end; -1 if there is no way.

        Args:
            later: int32[S], fewest tokens, or none, from each state to an end.
        """
        never = np.iinfo(np.int32).max
        text = self.by_source.first < self.num_states
        sources, targets = self.by_source.group[text], self.by_source.first[text]
        after = np.where(later[targets] < 0, never, later[targets] + 1)
        out = np.full(self.num_states, never, dtype=np.int32)
        np.minimum.at(out, sources, after)
        return np.where((out == never) | (later < 0), -1, np.maximum(out, later)).astype(np.int32)


def _offsets(keys: Ints, size: int) -> Ints:
    counts = np.bincount(keys, minlength=size)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def _order(keys: Ints, size: int) -> npt.NDArray[np.intp]:
    """Stable sorting order; numpy sorts 16-bit keys by radix, ten times as fast."""
    return np.argsort(keys.astype(np.uint16) if size <= 1 << 16 else keys, kind="stable")


def groups(keys: Ints, size: int, first: Ints, second: Ints) -> Groups:
    """Sort edges by one of their ends, a key below `size`."""
    order = _order(keys, size)
    return Groups(
        offsets=_offsets(keys, size),
        group=np.ascontiguousarray(keys[order]),
        first=np.ascontiguousarray(first[order]),
        second=np.ascontiguousarray(second[order]),
    )


class SymbolArrays(Protocol):
    """What `symbols_of` reads of an automaton; see `AutomatonArrays`."""

    @property
    def num_states(self) -> int: ...
    @property
    def num_classes(self) -> int: ...
    @property
    def start(self) -> int: ...
    @property
    def class_of_token(self) -> Ints: ...
    @property
    def set_offsets(self) -> Ints: ...
    @property
    def set_classes(self) -> Ints: ...
    @property
    def distance(self) -> Ints: ...


def symbols_of(automaton: SymbolArrays, end_ids: Sequence[int]) -> dict[str, Any]:
    """The fields of `Symbols` for an automaton.

    Raises:
        ModelError: an end id is outside the vocabulary.
    """
    classes, sets = automaton.num_classes, len(automaton.set_offsets) - 1
    size = len(automaton.class_of_token)
    ends = tuple(sorted({int(token) for token in end_ids}))
    for token in ends:
        if not 0 <= token < size:
            raise ModelError(
                "an end token lies outside the vocabulary",
                rule="end_ids",
                value=token,
                remedy="give ids of the vocabulary as end_ids",
            )
    class_of_token = np.where(automaton.class_of_token < 0, classes + 1, automaton.class_of_token).astype(
        np.int32
    )
    class_of_token[list(ends)] = classes
    set_offsets = np.append(automaton.set_offsets, automaton.set_offsets[-1] + 1).astype(np.int32)
    set_classes = np.append(automaton.set_classes, classes).astype(np.int32)
    classes_of_pairs = np.append(set_classes, np.arange(classes + 2, dtype=np.int32))
    sets_of_pairs = np.repeat(
        np.arange(sets + 2, dtype=np.int32), np.append(np.diff(set_offsets), classes + 2)
    )
    return {
        "vocabulary_size": size,
        "num_states": automaton.num_states,
        "num_classes": classes,
        "num_sets": sets,
        "start": int(automaton.start),
        "class_of_token": class_of_token,
        "token_order": _order(class_of_token, classes + 2).astype(np.uint32),
        "class_offsets": _offsets(class_of_token, classes + 2),
        "set_offsets": set_offsets,
        "set_classes": set_classes,
        "class_set_offsets": _offsets(classes_of_pairs, classes + 2),
        "class_sets": np.ascontiguousarray(sets_of_pairs[np.argsort(classes_of_pairs, kind="stable")]),
        "distance": np.ascontiguousarray(automaton.distance, dtype=np.int32),
        "end_ids": ends,
    }


def build_layout(automaton: AutomatonArrays, end_ids: Sequence[int]) -> Layout:
    """Arrange a token automaton for conditioning.

    Raises:
        ModelError: an end id is outside the vocabulary.
    """
    states, sets = automaton.num_states, len(automaton.set_offsets) - 1
    accepting = np.flatnonzero(automaton.accepting).astype(np.int32)
    source = np.concatenate([automaton.edge_source, accepting, [states]]).astype(np.int32)
    target = np.concatenate([automaton.edge_target, np.full(len(accepting) + 1, states)]).astype(np.int32)
    edge_set = np.concatenate([automaton.edge_set, np.full(len(accepting), sets), [sets + 1]]).astype(
        np.int32
    )
    return Layout(
        **symbols_of(automaton, end_ids),
        by_source=groups(source, states + 1, target, edge_set),
        by_target=groups(target, states + 1, source, edge_set),
        by_set=groups(edge_set, sets + 2, source, target),
    )
