"""A token automaton in which a shared language stands at several places: it is called, and not copied.

The *frame* (F states) holds everything but the shared language, the *body* (S states) the shared language alone, once. A
*caller* is a place where the body stands: the frame's state behind it, of which there are K. From some states of the frame
a call goes to the body's start; from the body's accepting states the caller's return goes back:

    frame state q --call of k--> body ... accepting body state --return of k--> frame state returns[k]

Neither takes a token. A state of the whole is a state of the frame, or a caller with a state of the body:

    0 .. F - 1          the frame
    F + s · K + k       state s of the body, called by k
    F + S · K           *ended*, behind an end token

so there are F + S · K states, but edges of F and of S only. What is between tokens is either frame or body: a token
that would reach over a border of the body is not read. All texts remain, with the tokenizations that break there.

Nothing is ambiguous (each token sequence has one path) if in no state two ways begin with the same byte: `calls_of` in
`byte_calls.py` checks that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from canvasgen.automata import DEAD
from canvasgen.tokens.automaton import TokenAutomaton

__all__ = ["CalledAutomaton", "Part", "linked"]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Part:
    """States and edges of the frame or of the body; the edges' sets are those of the whole.

    Attributes:
        accepting: bool `[states]`.
        source, target, sets: int32 `[edges]`, sorted by source and target.
    """

    accepting: Bools
    source: Ints
    target: Ints
    sets: Ints

    @property
    def num_states(self) -> int:
        """F or S."""
        return len(self.accepting)

    @cached_property
    def offsets(self) -> Longs:
        """int64 `[states + 1]`: where the edges of each source begin."""
        return np.searchsorted(self.source, np.arange(self.num_states + 1)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class CalledAutomaton:
    """What a `TokenAutomaton` is, with F + S · K states and the edges of F + S; made by `linked`.

    Attributes:
        frame, body: see above; the frame's own edges, without calls and returns.
        body_start: the state of the body that a call leads to. The body does not accept there.
        body_distance: int32 `[S]`, fewest tokens from each state of the body to its end.
        call_of: int32 `[F]`, the caller whose call leaves each state of the frame; -1 for none.
        returns: int32 `[K]`, the frame's state behind each caller.
        start, class_of_token, num_classes, set_offsets, set_classes, end_ids: as in `TokenAutomaton`.
    """

    frame: Part
    body: Part
    body_start: int
    body_distance: Ints
    call_of: Ints
    returns: Ints
    start: int
    class_of_token: Ints
    num_classes: int
    set_offsets: Ints
    set_classes: Ints
    end_ids: tuple[int, ...]

    @property
    def num_callers(self) -> int:
        """K."""
        return len(self.returns)

    @property
    def num_states(self) -> int:
        """F + S · K."""
        return self.frame.num_states + self.body.num_states * self.num_callers

    @property
    def stored_states(self) -> int:
        """F + S, the states whose edges are kept."""
        return self.frame.num_states + self.body.num_states

    @property
    def num_bytes(self) -> int:
        """Bytes of the arrays that are kept: those of the edges, and what there is for each token, set and state."""
        others = (self.class_of_token, self.set_offsets, self.set_classes, self.body_distance, self.call_of)
        return 12 * self.num_edges + 9 * self.stored_states + sum(array.nbytes for array in others)

    @property
    def num_edges(self) -> int:
        """Edges that are kept."""
        return len(self.frame.source) + len(self.body.source)

    @property
    def num_sets(self) -> int:
        """Z."""
        return len(self.set_offsets) - 1

    @property
    def ended(self) -> int:
        """The state of a text that an end token has closed."""
        return self.num_states

    @property
    def shortest_tokens(self) -> int:
        """Fewest tokens of a complete text, end token not counted."""
        return int(self.distance[self.start])

    def __repr__(self) -> str:
        return (
            f"CalledAutomaton({self.frame.num_states} + {self.body.num_states} states, {self.num_callers} callers, "
            f"{self.num_classes} classes, {self.num_edges} edges, {self.num_sets} sets)"
        )

    def place(self, state: int) -> tuple[int, int]:
        """Return the body's state and the caller of a state inside of a call."""
        inside = state - self.frame.num_states
        return inside // self.num_callers, inside % self.num_callers

    def inside(self, states: Longs, caller: int) -> Longs:
        """Return the numbers of states of the body, called by one caller."""
        return self.frame.num_states + states * self.num_callers + caller

    @cached_property
    def accepting(self) -> Bools:
        """bool `[F + S · K]`: whether a text may end in each state."""
        inside = self.body.accepting[:, None] & self.frame.accepting[self.returns]
        return np.concatenate([self.frame.accepting, inside.ravel()])

    @property
    def distance(self) -> Ints:
        """int32 `[F + S · K]`: fewest tokens from each state to an accepting one."""
        return self._distance

    @cached_property
    def _distance(self) -> Ints:
        return self._with_inside(self._frame_distance)

    def _with_inside(self, frame: Longs) -> Ints:
        inside = self.body_distance[:, None] + frame[self.returns]
        return np.concatenate([frame, inside.ravel()]).astype(np.int32)

    @cached_property
    def _frame_distance(self) -> Longs:
        frame, far = self.frame, np.int64(1) << 40
        distance = np.where(frame.accepting, 0, far)
        callers = np.flatnonzero(self.call_of >= 0)
        behind, length = self.returns[self.call_of[callers]], int(self.body_distance[self.body_start])
        for _ in range(frame.num_states):
            nearer = distance.copy()
            np.minimum.at(nearer, frame.source, distance[frame.target] + 1)
            np.minimum.at(nearer, callers, distance[behind] + length)
            if np.array_equal(nearer, distance):
                break
            distance = nearer
        return distance

    @cached_property
    def distance_of_more(self) -> Ints:
        """int32 `[F + S · K]`: fewest tokens, at least one, from each state to an accepting one; -1 if there is no way."""
        never = np.iinfo(np.int32).max
        frame, body, distance = self.frame, self.body, self.distance
        outer = np.full(frame.num_states, never, np.int64)
        np.minimum.at(outer, frame.source, self._frame_distance[frame.target] + 1)
        callers = np.flatnonzero(self.call_of >= 0)
        behind = self.returns[self.call_of[callers]]
        np.minimum.at(outer, callers, self._frame_distance[behind] + int(self.body_distance[self.body_start]))
        inner = np.full(body.num_states, never, np.int64)
        np.minimum.at(inner, body.source, self.body_distance[body.target] + 1)
        goes_on = inner[:, None] + self._frame_distance[self.returns]
        returned = np.where(body.accepting[:, None], outer[self.returns], never)
        found = np.concatenate([outer, np.minimum(goes_on, returned).ravel()])
        return np.where(found >= never, -1, np.maximum(found, distance)).astype(np.int32)

    # One state at a time: for what follows single paths

    def leaving(self, state: int) -> tuple[Longs, Longs]:
        """Return int64 targets, ascending, and class sets of the edges that leave a state; end tokens are none."""
        size = self.frame.num_states
        if state >= size:
            inner, caller = self.place(state)
            low, high = self.body.offsets[inner], self.body.offsets[inner + 1]
            targets = self.inside(self.body.target[low:high].astype(np.int64), caller)
            sets = self.body.sets[low:high].astype(np.int64)
            if not self.body.accepting[inner]:
                return targets, sets
            more, more_sets = self.leaving(int(self.returns[caller]))
        else:
            low, high = self.frame.offsets[state], self.frame.offsets[state + 1]
            targets, sets = (
                self.frame.target[low:high].astype(np.int64),
                self.frame.sets[low:high].astype(np.int64),
            )
            caller = int(self.call_of[state])
            if caller < 0:
                return targets, sets
            low, high = self.body.offsets[self.body_start], self.body.offsets[self.body_start + 1]
            more = self.inside(self.body.target[low:high].astype(np.int64), caller)
            more_sets = self.body.sets[low:high].astype(np.int64)
        targets, sets = np.concatenate([targets, more]), np.concatenate([sets, more_sets])
        order = np.argsort(targets, kind="stable")
        return targets[order], sets[order]

    def targets(self, state: int) -> Longs:
        """Return the states that one token of text leads to."""
        return self.leaving(state)[0]

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
        targets, sets = self.leaving(state)
        found = np.flatnonzero(np.isin(sets, self._holding(index)))
        return int(targets[found[0]]) if len(found) else DEAD

    def _holding(self, index: int) -> Longs:
        """Return the sets that hold a class."""
        return self._owners[self.set_classes == index]

    @cached_property
    def _owners(self) -> Longs:
        return np.repeat(np.arange(self.num_sets), np.diff(self.set_offsets))

    def run(self, ids: Iterable[int], state: int | None = None) -> int:
        """Return the state after a sequence of ids; as `TokenAutomaton.run`."""
        at = self.start if state is None else state
        for token in ids:
            if at in (DEAD, self.ended):
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

    # All edges: the same automaton with the body copied

    @cached_property
    def copied(self) -> TokenAutomaton:
        """The same automaton with a copy of the body for each caller: F + S · K states and all their edges."""
        frame, body, callers = self.frame, self.body, self.num_callers
        entry = slice(*body.offsets[[self.body_start, self.body_start + 1]].tolist())
        sources: list[Longs] = [frame.source.astype(np.int64)]
        targets: list[Longs] = [frame.target.astype(np.int64)]
        sets: list[Ints] = [frame.sets]

        def add(source: Longs, target: Longs, edge_sets: Ints) -> None:
            sources.append(source)
            targets.append(target)
            sets.append(edge_sets)

        for caller in range(callers):
            add(
                self.inside(body.source.astype(np.int64), caller),
                self.inside(body.target.astype(np.int64), caller),
                body.sets,
            )
            inside = self.inside(body.target[entry].astype(np.int64), caller)
            for outer in np.flatnonzero(self.call_of == caller).tolist():
                add(np.full(len(inside), outer, np.int64), inside, body.sets[entry])
        ends = np.flatnonzero(body.accepting)
        for caller in range(callers):
            after, after_sets = self.leaving(int(self.returns[caller]))
            add(
                np.repeat(self.inside(ends, caller), len(after)),
                np.tile(after, len(ends)),
                np.tile(after_sets, len(ends)).astype(np.int32),
            )
        source, target, edge_set = np.concatenate(sources), np.concatenate(targets), np.concatenate(sets)
        order = np.lexsort((target, source))
        return TokenAutomaton(
            start=self.start,
            class_of_token=self.class_of_token,
            num_classes=self.num_classes,
            edge_source=source[order].astype(np.int32),
            edge_target=target[order].astype(np.int32),
            edge_set=edge_set[order].astype(np.int32),
            set_offsets=self.set_offsets,
            set_classes=self.set_classes,
            accepting=self.accepting,
            distance=self.distance,
            end_ids=self.end_ids,
        )


def linked(frame: TokenAutomaton, body: TokenAutomaton, calls: Sequence[tuple[int, int]]) -> CalledAutomaton:
    """Return the automaton of a frame that calls a body.

    Args:
        frame: its own edges; its distances are not read.
        body: the shared language, without the empty text.
        calls: states of the frame before and behind the body; a state is before one call at most.
    """
    returns = sorted({behind for _, behind in calls})
    call_of = np.full(frame.num_states, -1, np.int32)
    for before, behind in calls:
        call_of[before] = returns.index(behind)
    class_of_token, classes = _joined_classes(frame, body)
    set_offsets, set_classes = _joined_sets(frame, body, classes)
    return CalledAutomaton(
        frame=Part(frame.accepting, frame.edge_source, frame.edge_target, frame.edge_set),
        body=Part(
            body.accepting,
            body.edge_source,
            body.edge_target,
            (body.edge_set + frame.num_sets).astype(np.int32),
        ),
        body_start=body.start,
        body_distance=body.distance,
        call_of=call_of,
        returns=np.array(returns, np.int32),
        start=frame.start,
        class_of_token=class_of_token,
        num_classes=len(classes),
        set_offsets=set_offsets,
        set_classes=set_classes,
        end_ids=frame.end_ids,
    )


def _joined_classes(frame: TokenAutomaton, body: TokenAutomaton) -> tuple[Ints, Longs]:
    """Return the class of each token in the whole, and int64 `[C, 2]` its classes in the frame and in the body."""
    width = body.num_classes + 1
    keys = (frame.class_of_token.astype(np.int64) + 1) * width + body.class_of_token + 1
    found, numbers = np.unique(keys, return_inverse=True)
    none = int(found[0] == 0)  # tokens of neither have the key 0, which is the lowest
    classes = found[none:]
    return (numbers - none).astype(np.int32), np.stack([classes // width - 1, classes % width - 1], axis=1)


def _joined_sets(frame: TokenAutomaton, body: TokenAutomaton, classes: Longs) -> tuple[Ints, Ints]:
    """Return the sets of the frame, then those of the body, in classes of the whole."""
    sizes: list[Longs] = []
    members: list[Longs] = []
    for part, column in ((frame, classes[:, 0]), (body, classes[:, 1])):
        order = np.argsort(column, kind="stable")
        first = np.searchsorted(column[order], np.arange(part.num_classes + 1))
        count = np.diff(first)[part.set_classes]
        owner = np.repeat(np.arange(part.num_sets), np.diff(part.set_offsets))
        begin = np.repeat(first[part.set_classes], count)
        within = np.arange(len(begin)) - np.repeat(np.cumsum(count) - count, count)
        member, of = order[begin + within], np.repeat(owner, count)
        members.append(member[np.lexsort((member, of))])
        sizes.append(np.bincount(of, minlength=part.num_sets))
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(sizes))])
    return offsets.astype(np.int32), np.concatenate(members).astype(np.int32)
