"""From a canvas's posterior to the scores of a table's cells, and from an assignment back to a constraint.

    posterior of the shape ──▶ log P(cell c holds v) for every c and v ──▶ relations.Problem ──▶ assignment
                                                                                                    │
            posterior of the shape with these values  ◀──── narrowed token automaton ◀──────────────┘

Where a cell begins in the automaton is found by reading it side by side with the *marked* automaton, whose language has
a border at both ends of each cell. A value's score is the mass of the canvases in which its text stands there, with its
borders on borders of tokens; so scores are exact where no token reaches over a border, and their sum is the joint
log-probability (but for a constant) where every cell stands at one place whatever the others hold.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from canvasgen.automata import DEAD, Expr, to_dfa
from canvasgen.automata.private_bytes import CELL_BORDER
from canvasgen.constraints.cells import Cells
from canvasgen.constraints.compiled.lifted import Lifted
from canvasgen.constraints.texts import Texts
from canvasgen.errors import CanvasgenError
from canvasgen.inference import Posterior, SpanGraph, Spans
from canvasgen.tokens import Prefix, factor_states

__all__ = ["CompiledCells", "Scores"]

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
_UNLIKELY = 40.0
"""Nats below its likeliest value at which a value stands that no tokens spell within the cell's borders."""
_REMEMBERED = 64


@dataclass(frozen=True)
class Scores:
    """What a canvas says of the cells.

    Attributes:
        log_probs: float64 `[cells, values]`, log-probability of each value; -inf for one that cannot stand, 0 in the
            cells of which this canvas says nothing.
        factored: whether sums of them are joint log-probabilities but for a constant: every value stands at one place
            and is one token.
    """

    log_probs: Floats
    factored: bool


@dataclass(frozen=True)
class _Before:
    """How the text before a canvas reads.

    Attributes:
        known: by cell, the value (its number) that stands there.
        begun: the cell in which the text ends, and what of it is written; None if between cells.
    """

    known: dict[int, int]
    begun: tuple[int, bytes] | None


class CompiledCells:
    """The cells of a compiled constraint's table.

    Attributes:
        table: the table.
        vocabulary: the vocabulary.

    Args:
        cells: the cells inside of the constraint.
        constraint: the constraint.
        lifted: the constraint over the vocabulary.
        narrow: lifts a part of the constraint's language.
    """

    def __init__(
        self, cells: Cells, constraint: Texts, lifted: Lifted, narrow: Callable[[Expr], Lifted]
    ) -> None:
        self.table = cells.table
        self._cells = cells
        self._narrow = narrow
        self._plain = constraint.automaton
        self._automaton = lifted.token_automaton
        self.vocabulary = lifted.vocabulary
        self._marked = to_dfa(cells.marked, constraint.limits)
        self._texts = [[text.encode() for text in texts] for texts in self.table.texts]
        self._width = max(map(len, self._texts))
        self._narrowed: OrderedDict[bytes, Lifted | CanvasgenError] = OrderedDict()

    @cached_property
    def _ids(self) -> dict[bytes, list[int]]:
        """The tokens that can be part of a cell's text, by their bytes."""
        wanted = {
            text[first:last]
            for texts in self._texts
            for text in texts
            for first in range(len(text))
            for last in range(first + 1, len(text) + 1)
        }
        found: dict[bytes, list[int]] = {}
        for token, content in enumerate(self.vocabulary.tokens):
            if content in wanted:
                found.setdefault(content, []).append(token)
        return found

    @cached_property
    def _passed(self) -> dict[int, int]:
        """By state of the marked automaton, the borders before it."""
        marked = self._marked
        passed = {0: 0}
        queue = [0]
        for place in queue:
            for row in range(int(marked.offsets[place]), int(marked.offsets[place + 1])):
                target = int(marked.target[row])
                if target not in passed:
                    passed[target] = passed[place] + (int(marked.low[row]) == CELL_BORDER)
                    queue.append(target)
        return passed

    @cached_property
    def _entries(self) -> list[list[int]]:
        """By cell, the token automaton's states in which it begins."""
        plain, marked = self._plain, self._marked
        states: dict[int, list[int]] = {}
        for state, beside in enumerate(factor_states(self._automaton, self.vocabulary, plain).tolist()):
            states.setdefault(beside, []).append(state)
        entries: list[set[int]] = [set() for _ in self._texts]
        bytes_to_try = _one_of_each(plain.byte_classes()[0], marked.byte_classes()[0])
        seen = {(0, 0)}
        queue = [(0, 0)]
        for at, place in queue:
            border = marked.step(place, CELL_BORDER)
            nexts = [] if border == DEAD else [(at, border)]
            passed = self._passed[place]
            if border != DEAD and passed % 2 == 0:
                entries[passed // 2].update(states.get(at, ()))
            for byte in bytes_to_try:
                further = marked.step(place, byte)
                if further != DEAD and (state := plain.step(at, byte)) != DEAD:
                    nexts.append((state, further))
            for pair in nexts:
                if pair not in seen:
                    seen.add(pair)
                    queue.append(pair)
        return [sorted(found) for found in entries]

    @cached_property
    def _graph(self) -> SpanGraph:
        spans = Spans()
        for cell, states in enumerate(self._entries):
            for state in states:
                self._add(spans, cell, state, b"", cell * self._width)
        return spans.graph(len(self._texts) * self._width)

    def _add(self, spans: Spans, cell: int, state: int, prefix: bytes, first_span: int) -> None:
        """The ways to cut the texts of a cell into tokens, from a state and what is written of them on."""
        texts = {
            text[len(prefix) :]: first_span + value
            for value, text in enumerate(self._texts[cell])
            if self.table.root[cell, value] and text.startswith(prefix)
        }
        prefixes = {text[:length] for text in texts for length in range(len(text) + 1)}
        nodes: dict[tuple[bytes, int], int] = {}
        reached: dict[bytes, set[int]] = {b"": {state}}
        arcs: list[tuple[tuple[bytes, int], tuple[bytes, int], int]] = []
        for before in sorted(prefixes, key=lambda text: (len(text), text)):
            for source in sorted(reached.get(before, ())):
                nodes[before, source] = spans.node(source, starts=not before, span=texts.get(before, -1))
                for after in prefixes:
                    if len(after) > len(before) and after.startswith(before):
                        for token in self._ids.get(after[len(before) :], ()):
                            target = self._automaton.step(source, token)
                            if target >= 0:
                                reached.setdefault(after, set()).add(target)
                                arcs.append(((before, source), (after, target), token))
        for source, target, token in arcs:
            spans.arc(nodes[source], nodes[target], token)

    def scores(self, posterior: Posterior, prefix: Prefix) -> Scores:
        """The scores of all cells.

        Args:
            posterior: of the canvas, over the shape.
            prefix: the text before the canvas.
        """
        before = self.vocabulary.text_bytes(np.array(prefix.ids, dtype=np.int64))
        masses = posterior.span_masses(self._graph).reshape(len(self._texts), self._width)
        possible = self.table.root.copy()
        read = self._read(before) if before else _Before({}, None)
        for cell, value in read.known.items():
            possible[cell] &= np.arange(self._width) == value
        if read.begun is not None:
            self._score_begun(masses, read.begun, posterior, prefix.state)
            begins = [text.startswith(read.begun[1]) for text in self._texts[read.begun[0]]]
            possible[read.begun[0], : len(begins)] &= begins
        out = np.full(masses.shape, -np.inf)
        factored = self._one_byte_each
        for cell, allowed in enumerate(possible):
            row = masses[cell, allowed]
            best = row.max(initial=-np.inf)
            # A canvas says nothing of cells that do not stand on it, whole.
            out[cell, allowed] = 0.0 if best == -np.inf else np.maximum(row, best - _UNLIKELY)
            factored &= best > -np.inf and bool(np.exp(row).sum() > 1 - 1e-6)
        return Scores(out, factored)

    @cached_property
    def _one_byte_each(self) -> bool:
        """Whether every value is one byte, so one token."""
        return all(len(text) == 1 for texts in self._texts for text in texts)

    def _score_begun(
        self, masses: Floats, begun: tuple[int, bytes], posterior: Posterior, state: int | None
    ) -> None:
        """The values of the cell in which the text before the canvas ends."""
        cell, prefix = begun
        spans = Spans()
        self._add(spans, cell, self._automaton.start if state is None else state, prefix, 0)
        masses[cell] = posterior.span_masses(spans.graph(self._width))

    def _read(self, before: bytes) -> _Before:
        """The cells that a text before a canvas holds, as the first of its readings has it."""
        readings: list[tuple[int, tuple[int, ...]]] = self._closure([(0, ())], 0)
        for at, byte in enumerate(before, 1):
            moved = [
                (further, borders)
                for place, borders in readings
                if (further := self._marked.step(place, byte)) != DEAD
            ]
            readings = self._closure(moved, at)
        # The reading that has closed the fewest cells: a value may still go on.
        _, borders = min(readings, key=lambda reading: len(reading[1]))
        known = {
            cell: self._texts[cell].index(before[borders[2 * cell] : borders[2 * cell + 1]])
            for cell in range(len(borders) // 2)
        }
        begun = (len(borders) // 2, before[borders[-1] :]) if len(borders) % 2 else None
        return _Before(known, begun)

    def _closure(
        self, readings: list[tuple[int, tuple[int, ...]]], at: int
    ) -> list[tuple[int, tuple[int, ...]]]:
        """With the borders that may stand at a place."""
        found = dict(reversed(readings))
        queue = list(found.items())
        for place, borders in queue:
            further = self._marked.step(place, CELL_BORDER)
            if further != DEAD and further not in found:
                found[further] = (*borders, at)
                queue.append((further, found[further]))
        return list(found.items())

    def narrowed(self, assignment: Longs) -> Lifted:
        """The constraint with these values (int64 `[cells]`, their numbers) in its cells.

        Raises:
            Unsatisfiable: the rest of the constraint has no text with them.
        """
        return self.within(np.arange(self._width) == assignment[:, None])

    def within(self, mask: NDArray[np.bool_]) -> Lifted:
        """The constraint with these values alone in its cells, bool `[cells, values]`; the last few are kept.

        Raises:
            Unsatisfiable: the rest of the constraint has no text with them.
        """
        key = mask.tobytes()
        found = self._narrowed.pop(key, None)
        if found is None:
            found = self._lifted(mask)
        self._narrowed[key] = found
        if len(self._narrowed) > _REMEMBERED:
            self._narrowed.popitem(last=False)
        if isinstance(found, CanvasgenError):
            raise found
        return found

    def _lifted(self, mask: NDArray[np.bool_]) -> Lifted | CanvasgenError:
        try:
            return self._narrow(self._cells.narrowed(mask))
        except CanvasgenError as error:
            return error

    def values_in(self, content: bytes) -> dict[int, int]:
        """By cell, the value (its number) in a text, or in the beginning of one."""
        read = self._read(content)
        if read.begun is not None and read.begun[1] in self._texts[read.begun[0]]:
            cell, text = read.begun
            read.known.setdefault(cell, self._texts[cell].index(text))
        return read.known


def _one_of_each(*classes: NDArray[np.uint8]) -> list[int]:
    """One byte for each combination of classes; the border apart."""
    together = np.stack(classes)[:, :CELL_BORDER]
    return np.unique(together, axis=1, return_index=True)[1].tolist()
