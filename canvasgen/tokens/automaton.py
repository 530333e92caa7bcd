"""The token automaton: what every token does in every state, by classes of tokens and sets of classes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from canvasgen.automata import DEAD

__all__ = ["TokenAutomaton"]

Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class TokenAutomaton:
    """A deterministic automaton over token ids: S states, C token classes, Z class sets, E edges.

    Two tokens are in one class exactly if they do the same in every state. An edge joins two states by the
    set of all classes that lead from the one to the other; edges of equal sets share it. Every state is
    reached from the start, and reaches an accepting state, through whole tokens.

    Attributes:
        start: the start state.
        class_of_token: int32[V]; -1 for tokens that lead nowhere from any state, and for ids that are no
            text.
        num_classes: C. Classes are numbered by their first token in the order of bytes.
        edge_source, edge_target: int32[E], sorted by (source, target), each pair once.
        edge_set: int32[E], the class set of each edge; numbered by first edge.
        set_offsets: int32[Z + 1]; the classes of set z are `set_classes[set_offsets[z]:set_offsets[z + 1]]`.
        set_classes: int32, ascending in each set.
        accepting: bool[S].
        distance: int32[S], fewest tokens from each state to an accepting one.
        end_ids: the ids that end a text.
    """

    start: int
    class_of_token: Ints
    num_classes: int
    edge_source: Ints
    edge_target: Ints
    edge_set: Ints
    set_offsets: Ints
    set_classes: Ints
    accepting: Bools
    distance: Ints
    end_ids: tuple[int, ...]

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    @property
    def num_states(self) -> int:
        """S."""
        return len(self.accepting)

    @property
    def num_edges(self) -> int:
        """E."""
        return len(self.edge_source)

    @property
    def num_sets(self) -> int:
        """Z."""
        return len(self.set_offsets) - 1

    @property
    def num_bytes(self) -> int:
        """Bytes of the arrays."""
        return sum(array.nbytes for array in self.to_arrays().values())

    @property
    def shortest_tokens(self) -> int:
        """Fewest tokens of a complete text, end token not counted."""
        return int(self.distance[self.start])

    def __repr__(self) -> str:
        return (
            f"TokenAutomaton({self.num_states} states, {self.num_classes} classes, "
            f"{self.num_edges} edges, {self.num_sets} sets)"
        )

    @cached_property
    def _edge_offsets(self) -> npt.NDArray[np.intp]:
        """intp[S + 1]: where the edges of each source start."""
        return np.searchsorted(self.edge_source, np.arange(self.num_states + 1))

    @cached_property
    def _sets_of_class(self) -> tuple[npt.NDArray[np.intp], Ints]:
        """The sets that hold each class: offsets and ascending sets."""
        owner = np.repeat(np.arange(self.num_sets, dtype=np.int32), np.diff(self.set_offsets))
        order = np.argsort(self.set_classes, kind="stable")
        return np.searchsorted(self.set_classes[order], np.arange(self.num_classes + 1)), owner[order]

    def targets(self, state: int) -> Ints:
        """Return the states that one token of text leads to."""
        return self.edge_target[int(self._edge_offsets[state]) : int(self._edge_offsets[state + 1])]

    def step(self, state: int, token: int) -> int:
        """Return the state after one token of text; `DEAD` (-1) if it has no transition.

        Raises:
            IndexError: a state or token that does not exist.
        """
        if not (0 <= state < self.num_states and 0 <= token < len(self.class_of_token)):
            raise IndexError(f"no state {state} or no token {token}")
        index = int(self.class_of_token[token])
        if index < 0:
            return DEAD
        offsets, sets = self._sets_of_class
        holding = sets[offsets[index] : offsets[index + 1]]
        if not len(holding):  # a class that no edge has, which only a file could name
            return DEAD
        first, last = int(self._edge_offsets[state]), int(self._edge_offsets[state + 1])
        mine = self.edge_set[first:last]
        place = np.minimum(np.searchsorted(holding, mine), len(holding) - 1)
        found = np.flatnonzero(holding[place] == mine)
        return int(self.edge_target[first + int(found[0])]) if len(found) else DEAD

    @property
    def ended(self) -> int:
        """S, the state of a text that an end token has closed; it is no state of the arrays."""
        return self.num_states

    def run(self, ids: Iterable[int], state: int | None = None) -> int:
        """Return the state after a sequence of ids.

        Args:
            ids: tokens of text, at most one end token, then anything.
            state: the state before them, which may be `ended` or `DEAD`; None: the start.

        Returns:
            A state in 0..S-1; `ended` if an end token follows an accepting state; `DEAD` (-1) if a token has no
            transition or an end token follows a state that does not accept. The ids behind that are not read.

        Raises:
            IndexError: a state or an id that does not exist.
        """
        at = self.start if state is None else state
        for token in ids:
            if at == DEAD or at == self.ended:
                break
            if token in self.end_ids:
                at = self.ended if self.accepting[at] else DEAD
            else:
                at = self.step(at, token)
        return at

    def accepts(self, ids: Iterable[int]) -> bool:
        """Return True if the ids are a complete text: text to an accepting state, then an end token and anything."""
        state = self.run(ids)
        return state == self.ended or (state != DEAD and bool(self.accepting[state]))

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return all fields as arrays by name, for `from_arrays`."""
        scalars = np.array([self.start, self.num_classes, *self.end_ids], np.int32)
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        return {"scalars": scalars} | {k: v for k, v in arrays.items() if isinstance(v, np.ndarray)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> TokenAutomaton:
        """Return the automaton of `to_arrays`.

        Raises:
            ValueError: the arrays are those of no automaton: a name, type, length or index is wrong. The kernels do not
                look at bounds again.
        """
        rest = dict(arrays)
        scalars = rest.pop("scalars", np.zeros(0))
        expected = {field.name for field in fields(cls)} - {"start", "num_classes", "end_ids"}
        if rest.keys() != expected or scalars.ndim != 1 or len(scalars) < 2:
            raise ValueError(f"arrays {sorted(rest)}")
        start, classes, *ends = (int(value) for value in scalars)
        found = cls(start=start, num_classes=classes, end_ids=tuple(ends), **rest)
        for name, holds in _laws(found):
            if not holds():
                raise ValueError(name)
        return found


def _laws(a: TokenAutomaton) -> list[tuple[str, Callable[[], bool]]]:
    """What the arrays of every automaton obey, in an order in which each may rely on those before it."""

    def within(values: npt.NDArray[Any], low: int, high: int) -> bool:
        return len(values) == 0 or (int(values.min()) >= low and int(values.max()) < high)

    def types() -> bool:
        return all(
            array.ndim == 1 and array.dtype == (np.bool_ if name == "accepting" else np.int32)
            for name, array in a.to_arrays().items()
        )

    def sorted_edges() -> bool:
        source, target = a.edge_source, a.edge_target
        ahead = source[1:] > source[:-1]
        return bool(np.all(ahead | ((source[1:] == source[:-1]) & (target[1:] > target[:-1]))))

    def ascending_sets() -> bool:
        rises = np.diff(a.set_classes) > 0
        rises[a.set_offsets[1:-1] - 1] = True
        return bool(rises.all())

    return [
        ("types", types),
        ("lengths", lambda: len(a.edge_source) == len(a.edge_target) == len(a.edge_set)),
        ("states", lambda: len(a.distance) == a.num_states and 0 <= a.start < a.num_states),
        ("number of classes", lambda: 0 <= a.num_classes <= len(a.class_of_token)),
        ("classes", lambda: within(a.class_of_token, -1, a.num_classes)),
        ("end_ids", lambda: within(np.array(a.end_ids, np.int64), 0, len(a.class_of_token))),
        ("edges", lambda: within(a.edge_source, 0, a.num_states) and within(a.edge_target, 0, a.num_states)),
        ("order of edges", sorted_edges),
        ("offsets", lambda: len(a.set_offsets) > 0 and int(a.set_offsets[0]) == 0),
        (
            "sets",
            lambda: int(a.set_offsets[-1]) == len(a.set_classes) and bool((np.diff(a.set_offsets) > 0).all()),
        ),
        ("sets of edges", lambda: within(a.edge_set, 0, a.num_sets)),
        ("members", lambda: within(a.set_classes, 0, a.num_classes) and ascending_sets()),
        (
            "distances",
            lambda: within(a.distance, 0, a.num_states) and bool(((a.distance == 0) == a.accepting).all()),
        ),
    ]
