"""From an expression to a non-deterministic automaton (Thompson 1968, with shared end states), in arrays.

Every sub-expression is laid between two given states, a source and a sink, so that it only adds transitions
that leave the source and enter the sink; loops get a state of their own. Large repeats are laid in one
piece: the body's minimal automaton, copied as arrays. Of a very large one only the first copies are laid
where that is asked for; `counted/` says how the others come back.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from canvasgen.automata import expr as ex
from canvasgen.automata import utf8
from canvasgen.automata.automaton_limits import Deadline
from canvasgen.automata.dfa import DFA, Ints
from canvasgen.automata.fragments import NFA, Copies, fragment_of
from canvasgen.limits import step

__all__ = ["NFA", "build", "parts_to_compile"]

# A repeat with at least this many copies is laid as copies of its body's automaton.
MANY_COPIES = 4
# So many copies of a counted repeat are laid; of fewer than MANY_COUNTED, all.
LAID_COPIES = 5
NUM_LAYERS = LAID_COPIES - 2
MANY_COUNTED = 12
# States, or transitions that are laid at once, between two looks at time and memory.
STATES_BETWEEN_LOOKS = 20_000


def is_block(node: ex.Expr) -> bool:
    """Return True if a node enters an automaton only as its own minimal automaton."""
    return isinstance(node, (ex.CodePoints, ex.Leaf, ex.Intersect, ex.Difference, ex.Substitute))


def has_many_copies(node: ex.Repeat) -> bool:
    """Return True if a repeat is laid as copies of its body's automaton."""
    return max(node.low, node.high or 0) >= MANY_COPIES


def parts_to_compile(node: ex.Expr) -> list[ex.Expr]:
    """Return the expressions whose automata must be there before `node` itself can be compiled."""
    match node:
        case ex.Intersect():
            return list(node.parts)
        case ex.Difference():
            return [node.left, node.right]
        case ex.Substitute():
            return [node.body, *(value for _, value in node.table)]
        case ex.CodePoints() | ex.Leaf():
            return []
        case _:
            return _parts_below(node)


def _parts_below(node: ex.Expr) -> list[ex.Expr]:
    found: dict[ex.Expr, None] = {}
    seen: set[ex.Expr] = {node}
    stack = [node]
    while stack:
        inner = stack.pop()
        if isinstance(inner, (ex.Concat, ex.Union)):
            new = [part for part in inner.parts if part not in seen]
        elif isinstance(inner, ex.Repeat):
            if has_many_copies(inner):
                found[inner.body] = None
                continue
            new = [inner.body] if inner.body not in seen else []
        else:
            if is_block(inner):
                found[inner] = None
            continue
        seen.update(new)
        stack += new
    return list(found)


def build(node: ex.Expr, deadline: Deadline, *, all_copies: bool = True) -> NFA:
    """Return the automaton of `node`, whose `parts_to_compile` are compiled.

    Args:
        node: the expression.
        deadline: the limits.
        all_copies: False: of large repeats only the first copies are laid; `NFA.counted` says which.

    Raises:
        ConstraintTooLarge: it would exceed the limits.
    """
    builder = _Builder(deadline, all_copies)
    if isinstance(node, ex.Substitute):
        assert node.body.memo is not None
        builder.lay_substitution(node.body.memo, node.table)
    elif isinstance(node, ex.CodePoints):
        for path in utf8.paths(node.ranges):
            builder.lay_path(path)
    else:
        builder.lay(node)
    return builder.finish()


class _Builder:
    """The transitions laid so far: singly in lists, in bulk as arrays."""

    def __init__(self, deadline: Deadline, all_copies: bool = True) -> None:
        self.deadline = deadline
        self.all_copies = all_copies
        self.counted: list[Copies] = []
        self.num_states = 2
        self.source: list[int] = []
        self.low: list[int] = []
        self.high: list[int] = []
        self.target: list[int] = []
        self.silent_source: list[int] = []
        self.silent_target: list[int] = []
        self.bulk: list[tuple[Ints, Ints, Ints, Ints]] = []
        self.silent_bulk: list[tuple[Ints, Ints]] = []
        self._looked_at = 0  # states when time and memory were looked at last

    def allocate(self, count: int) -> int:
        """Return the first of `count` new states."""
        first = self.num_states
        self.num_states += count
        self.deadline.check_nfa_states(self.num_states)
        if self.num_states > self._looked_at + STATES_BETWEEN_LOOKS:
            self._looked_at = self.num_states
            self.deadline.nfa_memory(self.num_states)
        return first

    def _room(self, transitions: int) -> None:
        """Raise ConstraintTooLarge if there is no memory for so many more transitions."""
        if transitions > STATES_BETWEEN_LOOKS:
            self.deadline.nfa_memory(self.num_states + transitions)

    def _fragment(self, dfa: DFA) -> NFA:
        return fragment_of(dfa, all_copies=self.all_copies)

    def silent(self, source: int, target: int) -> None:
        self.silent_source.append(source)
        self.silent_target.append(target)

    def lay_path(self, path: utf8.Path) -> None:
        """One byte path from the start to the final state."""
        state = 0
        for i, (low, high) in enumerate(path):
            after = 1 if i == len(path) - 1 else self.allocate(1)
            self.source.append(state)
            self.low.append(low)
            self.high.append(high)
            self.target.append(after)
            state = after

    def lay(self, root: ex.Expr) -> None:
        """Lay an expression between the start and the final state."""
        stack: list[tuple[ex.Expr, int, int]] = [(root, 0, 1)]
        while stack:
            step()
            node, source, sink = stack.pop()
            if isinstance(node, ex.Literal):
                self._lay_literal(node.content, source, sink)
            elif isinstance(node, ex.Concat):
                state = source
                first = self.allocate(len(node.parts) - 1)
                for i, part in enumerate(node.parts):
                    after = sink if i == len(node.parts) - 1 else first + i
                    stack.append((part, state, after))
                    state = after
            elif isinstance(node, ex.Union):
                stack += [(part, source, sink) for part in node.parts]
            elif isinstance(node, ex.ByteSet):
                for low, high in node.ranges:
                    self.source.append(source)
                    self.low.append(low)
                    self.high.append(high)
                    self.target.append(sink)
            elif isinstance(node, ex.Repeat):
                if has_many_copies(node):
                    self._lay_copies(node, source, sink)
                else:
                    stack += self._lay_repeat(node, source, sink)
            else:
                assert node.memo is not None
                self.lay_fragments(
                    self._fragment(node.memo), np.array([source], np.int32), np.array([sink], np.int32)
                )

    def _lay_literal(self, content: bytes, source: int, sink: int) -> None:
        if not content:
            self.silent(source, sink)
            return
        first = self.allocate(len(content) - 1)
        inner = range(first, first + len(content) - 1)
        self.source.append(source)
        self.source.extend(inner)
        self.low.extend(content)
        self.high.extend(content)
        self.target.extend(inner)
        self.target.append(sink)

    def _lay_repeat(self, node: ex.Repeat, source: int, sink: int) -> list[tuple[ex.Expr, int, int]]:
        """Lay a small repeat: its copies one by one, the optional ones with a silent way to the sink."""
        laid: list[tuple[ex.Expr, int, int]] = []
        state = source
        for _ in range(node.low):
            after = self.allocate(1)
            laid.append((node.body, state, after))
            state = after
        if node.high is None:
            loop = self.allocate(1)
            self.silent(state, loop)
            laid.append((node.body, loop, loop))
            self.silent(loop, sink)
            return laid
        for _ in range(node.high - node.low):
            self.silent(state, sink)
            after = self.allocate(1)
            laid.append((node.body, state, after))
            state = after
        self.silent(state, sink)
        return laid

    def _lay_copies(self, node: ex.Repeat, source: int, sink: int) -> None:
        """Lay a large repeat: copies of the body's automaton, joined at new states.

        If the body accepts the empty string, any number of copies up to `high` of the others do the same.
        """
        assert node.body.memo is not None
        fragment = fragment_of(node.body.memo, nonempty=True)
        low = 0 if node.body.memo.accepting[0] else node.low
        copies = low if node.high is None else node.high
        self.deadline.check_nfa_states(self.num_states + copies * (fragment.num_states - 1))
        if not self.all_copies and not node.body.memo.accepting[0] and copies >= MANY_COUNTED:
            self._lay_counted(fragment, low, node.high, source, sink)
            return
        first = self.allocate(copies)
        borders = np.arange(first - 1, first + copies, dtype=np.int32)
        borders[0] = source
        self.lay_fragments(fragment, borders[:-1], borders[1:])
        if node.high is None:
            loop = self.allocate(1)
            self.silent(int(borders[-1]), loop)
            self.lay_fragments(fragment, np.array([loop], np.int32), np.array([loop], np.int32))
            self.silent(loop, sink)
        else:
            ends = borders[low:]
            self.silent_bulk.append((ends, np.full(ends.size, sink, dtype=np.int32)))

    def _lay_counted(self, fragment: NFA, low: int, high: int | None, source: int, sink: int) -> None:
        """Lay a large repeat in two pieces, the copies that there must be and those that there may be, without most."""
        middle = source
        if low:
            middle = self.allocate(1)
            self._lay_first_copies(fragment, low, source, middle, optional=False)
        if high is None:
            loop = self.allocate(1)
            self.silent(middle, loop)
            self.lay_fragments(fragment, np.array([loop], np.int32), np.array([loop], np.int32))
            self.silent(loop, sink)
        elif high > low:
            self._lay_first_copies(fragment, high - low, middle, sink, optional=True)
        else:
            self.silent(middle, sink)

    def _lay_first_copies(self, fragment: NFA, count: int, source: int, sink: int, *, optional: bool) -> None:
        laid = LAID_COPIES if count >= MANY_COUNTED else count
        first = self.allocate(laid)
        borders = np.arange(first - 1, first + laid, dtype=np.int32)
        borders[0] = source
        inner = self.lay_fragments(fragment, borders[:-1], borders[1:])
        ends = borders if optional else borders[-1:]
        self.silent_bulk.append((ends, np.full(ends.size, sink, dtype=np.int32)))
        if laid < count:
            self.counted.append(self._layers(first, inner, fragment.num_states - 2, count - laid))

    def _layers(self, first_border: int, first_inner: int, own: int, missing: int) -> Copies:
        """Return the layers of a repeat; a layer is the state before a copy and the copy's own ones.

        Copy 0 begins at a state of others, and the last one may act as what follows does: they are no layers.
        """
        numbers = np.arange(NUM_LAYERS, dtype=np.int32)
        states = np.empty((NUM_LAYERS, 1 + own), np.int32)
        states[:, 0] = first_border + numbers
        states[:, 1:] = (first_inner + own * (numbers[:, None] + 1)) + np.arange(own, dtype=np.int32)
        place = np.tile(np.arange(1 + own, dtype=np.int32), NUM_LAYERS)
        return Copies(states.ravel(), np.repeat(numbers, 1 + own), place, missing)

    def lay_fragments(self, fragment: NFA, sources: Ints, sinks: Ints) -> int:
        """Lay a copy of the fragment between each source and its sink (int32 [n] both); return the first state made."""
        own = fragment.num_states - 2
        self._room((fragment.source.size + fragment.num_states) * sources.size)
        first = self.allocate(own * sources.size)
        place = np.empty((sources.size, fragment.num_states), dtype=np.int32)
        place[:, 0] = sources
        place[:, 1] = sinks
        place[:, 2:] = np.arange(first, first + own * sources.size, dtype=np.int32).reshape(sources.size, own)
        if fragment.source.size:
            self.bulk.append(
                (
                    place[:, fragment.source].ravel(),
                    np.tile(fragment.low, sources.size),
                    np.tile(fragment.high, sources.size),
                    place[:, fragment.target].ravel(),
                )
            )
        if fragment.silent_source.size:
            self.silent_bulk.append(
                (place[:, fragment.silent_source].ravel(), place[:, fragment.silent_target].ravel())
            )
        for copies in fragment.counted:
            self.counted += [replace(copies, states=states) for states in place[:, copies.states]]
        return first

    def lay_substitution(self, dfa: DFA, table: tuple[tuple[int, ex.Expr], ...]) -> None:
        """Lay the automaton with each byte of the table replaced by the automaton of its expression.

        The language of the empty string between two states is a silent transition; so is every other
        fragment's end.
        """
        first = self.allocate(dfa.num_states)
        source = np.repeat(np.arange(dfa.num_states, dtype=np.int32), np.diff(dfa.offsets)) + np.int32(first)
        target = dfa.target + np.int32(first)
        low, high = dfa.low.astype(np.int32), dfa.high.astype(np.int32)
        self.silent(0, first)
        ends = np.flatnonzero(dfa.accepting).astype(np.int32) + np.int32(first)
        self.silent_bulk.append((ends, np.ones(ends.size, dtype=np.int32)))
        replaced = [byte for byte, _ in table]
        kept_from = 0
        for byte in [*replaced, 256]:
            if kept_from < byte:
                rows = (low < byte) & (high >= kept_from)
                self.bulk.append(
                    (
                        source[rows],
                        np.maximum(low[rows], kept_from).astype(np.int32),
                        np.minimum(high[rows], byte - 1).astype(np.int32),
                        target[rows],
                    )
                )
            kept_from = byte + 1
        for byte, value in table:
            rows = (low <= byte) & (high >= byte)
            if np.any(rows):
                assert value.memo is not None
                self.lay_fragments(self._fragment(value.memo), source[rows], target[rows])

    def finish(self) -> NFA:
        columns = [
            np.concatenate([np.array(singly, dtype=np.int32), *(block[i] for block in self.bulk)])
            for i, singly in enumerate((self.source, self.low, self.high, self.target))
        ]
        silent = [
            np.concatenate([np.array(singly, dtype=np.int32), *(block[i] for block in self.silent_bulk)])
            for i, singly in enumerate((self.silent_source, self.silent_target))
        ]
        return NFA(self.num_states, *columns, *silent, counted=tuple(self.counted))
