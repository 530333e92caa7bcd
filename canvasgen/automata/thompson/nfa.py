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
from canvasgen.automata.dfa import Ints
from canvasgen.automata.thompson.fragments import NFA, Copies, fragment_of
from canvasgen.automata.thompson.inlining import Parts, has_many_copies
from canvasgen.limits import step

__all__ = ["NFA", "build"]


# So many copies of a counted repeat are laid; of fewer than MANY_COUNTED, all.
LAID_COPIES = 5
NUM_LAYERS = LAID_COPIES - 2
MANY_COUNTED = 12
# States, or transitions that are laid at once, between two looks at time and memory.
STATES_BETWEEN_LOOKS = 20_000


def build(node: ex.Expr, parts: Parts, deadline: Deadline, *, all_copies: bool = True) -> NFA:
    """Return the automaton of an expression.

    Args:
        node: the expression.
        parts: its `parts_of`, with their automata.
        deadline: the limits.
        all_copies: False: of large repeats only the first copies are laid; `NFA.counted` says which.

    Raises:
        ConstraintTooLarge: it would exceed the limits.
    """
    builder = _Builder(deadline, all_copies, parts)
    if isinstance(node, ex.CodePoints):
        for path in utf8.paths(node.ranges):
            builder.lay_path(path)
    else:
        builder.lay(node)
    return builder.finish()


class _Builder:
    """The transitions laid so far: singly in lists, in bulk as arrays."""

    def __init__(self, deadline: Deadline, all_copies: bool, parts: Parts) -> None:
        self.deadline = deadline
        self._parts = parts
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
        compiled = self._parts.compiled
        while stack:
            step()
            node, source, sink = stack.pop()
            if node in compiled:
                self._lay_automaton(node, np.array([source], np.int32), np.array([sink], np.int32))
            elif isinstance(node, ex.Literal):
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
                assert isinstance(node, ex.Substitute)
                assert node in self._parts.inlined
                stack += self._lay_substitution(node, source, sink)

    def _lay_automaton(self, node: ex.Expr, sources: Ints, sinks: Ints) -> None:
        """Lay copies of the automaton of an expression, which is compiled or a literal."""
        if isinstance(node, ex.Literal):
            self.lay_fragments(_literal_fragment(node.content), sources, sinks)
        else:
            assert node.memo is not None
            self.lay_fragments(fragment_of(node.memo, all_copies=self.all_copies), sources, sinks)

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

    def _lay_substitution(
        self, node: ex.Substitute, before: int, behind: int
    ) -> list[tuple[ex.Expr, int, int]]:
        """Lay the automaton of the body; return what is laid in the places of the bytes that stand once.

        For a byte that stands more often it is the automaton of its expression that is laid.
        """
        dfa = node.body.memo
        assert dfa is not None
        first = self.allocate(dfa.num_states)
        source = np.repeat(np.arange(dfa.num_states, dtype=np.int32), np.diff(dfa.offsets)) + np.int32(first)
        target = dfa.target + np.int32(first)
        low, high = dfa.low.astype(np.int32), dfa.high.astype(np.int32)
        self.silent(before, first)
        ends = np.flatnonzero(dfa.accepting).astype(np.int32) + np.int32(first)
        self.silent_bulk.append((ends, np.full(ends.size, behind, dtype=np.int32)))
        kept_from = 0
        for byte in [*(byte for byte, _ in node.table), 256]:
            if kept_from < byte:
                rows = (low < byte) & (high >= kept_from)
                if np.any(rows):
                    self.bulk.append(
                        (
                            source[rows],
                            np.maximum(low[rows], kept_from).astype(np.int32),
                            np.minimum(high[rows], byte - 1).astype(np.int32),
                            target[rows],
                        )
                    )
            kept_from = byte + 1
        inner: list[tuple[ex.Expr, int, int]] = []
        for byte, value in node.table:
            rows = np.flatnonzero((low <= byte) & (high >= byte))
            if rows.size == 0:
                continue
            if value in self._parts.compiled or isinstance(value, ex.Literal):
                self._lay_automaton(value, source[rows], target[rows])
            else:
                inner += [(value, int(source[row]), int(target[row])) for row in rows]
        return inner

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


def _literal_fragment(content: bytes) -> NFA:
    """Return the automaton of one string."""
    none = np.empty(0, np.int32)
    if not content:
        return NFA(2, none, none, none, none, np.zeros(1, np.int32), np.ones(1, np.int32))
    symbols = np.frombuffer(content, np.uint8).astype(np.int32)
    inner = np.arange(2, len(content) + 1, dtype=np.int32)
    source, target = np.concatenate([[0], inner]), np.concatenate([inner, [1]])
    return NFA(
        len(content) + 1, source.astype(np.int32), symbols, symbols, target.astype(np.int32), none, none
    )
