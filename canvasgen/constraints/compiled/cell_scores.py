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
from canvasgen.constraints.compiled.cell_reading import Reader, Reading
from canvasgen.constraints.compiled.lifted import Lifted
from canvasgen.constraints.texts import Texts
from canvasgen.errors import CanvasgenError
from canvasgen.inference import Posterior, SpanGraph, Spans
from canvasgen.tokens import Prefix, TokenAutomaton, factor_states

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
        factored: whether sums of them are joint log-probabilities but for a constant: every cell on the canvas is
            one token at one position, and nothing but the relations connects the cells.
    """

    log_probs: Floats
    factored: bool


@dataclass(frozen=True)
class _Borders:
    """Where cells are in the token automaton.

    Attributes:
        states: by border (two for each cell), the states of the token automaton in which it may be.
        fixed: whether every cell is as many bytes behind the beginning of the text, whatever is written before it.
    """

    states: list[list[int]]
    fixed: bool

    def before(self, cell: int) -> list[int]:
        """The states in which a cell begins."""
        return self.states[2 * cell]

    def after(self, cell: int) -> list[int]:
        """The states in which a cell may end."""
        return self.states[2 * cell + 1]


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
        automaton = lifted.token_automaton
        assert isinstance(automaton, TokenAutomaton), "tables are not called"
        self._automaton = automaton
        self.vocabulary = lifted.vocabulary
        self._marked = to_dfa(cells.marked, constraint.limits)
        # By cell, the texts of its values with the values' numbers.
        self._values: list[dict[bytes, int]] = [
            {text.encode(): number for number, texts in enumerate(values) for text in texts}
            for values in self.table.texts
        ]
        self._width = max(map(len, self.table.texts))
        self._reader = Reader(self._marked, self._values)
        self._narrowed: OrderedDict[bytes, Lifted | CanvasgenError] = OrderedDict()

    @cached_property
    def _ids(self) -> dict[bytes, list[int]]:
        """The tokens that can be part of a cell's text, by their bytes."""
        wanted = {
            text[first:last]
            for texts in self._values
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
    def _borders(self) -> _Borders:
        plain, marked = self._plain, self._marked
        states: dict[int, list[int]] = {}
        for state, beside in enumerate(factor_states(self._automaton, self.vocabulary, plain).tolist()):
            states.setdefault(beside, []).append(state)
        last = 2 * len(self._values)
        sides: list[set[int]] = [set() for _ in range(last)]
        bytes_to_try = _one_of_each(plain.byte_classes()[0], marked.byte_classes()[0])
        depths = {(0, 0): 0}
        queue, fixed = [(0, 0)], True
        for at, place in queue:
            depth, passed = depths[at, place], self._passed[place]
            border = marked.step(place, CELL_BORDER)
            nexts = [] if border == DEAD else [(at, border, depth)]
            if border != DEAD:
                sides[passed].update(states.get(at, ()))
            for byte in bytes_to_try:
                further = marked.step(place, byte)
                if further != DEAD and (state := plain.step(at, byte)) != DEAD:
                    nexts.append((state, further, depth + 1))
            for state, further, there in nexts:
                if (state, further) not in depths:
                    depths[state, further] = there
                    queue.append((state, further))
                elif depths[state, further] != there and self._passed[further] < last:
                    fixed = False
        return _Borders([sorted(found) for found in sides], fixed)

    @cached_property
    def _graph(self) -> SpanGraph:
        spans = Spans()
        for cell in range(len(self._values)):
            for state in self._borders.before(cell):
                self._add(spans, cell, state, b"", cell * self._width)
        return spans.graph(len(self._values) * self._width)

    def _add(self, spans: Spans, cell: int, state: int, prefix: bytes, first_span: int) -> None:
        """The ways to cut the texts of a cell into tokens, from a state and what is written of them on."""
        texts = {
            text[len(prefix) :]: first_span + value
            for text, value in self._values[cell].items()
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
        masses = posterior.span_masses(self._graph).reshape(len(self._values), self._width)
        readings = self._readings(self.vocabulary.text_bytes(np.array(prefix.ids, dtype=np.int64)))
        out = np.full(masses.shape, -np.inf)
        for read in readings:
            np.maximum(out, self._scored(read, masses, posterior, prefix.state), out=out)
        return Scores(out, len(readings) == 1 and self._are_fixed(masses, posterior))

    def _readings(self, before: bytes) -> list[Reading]:
        """The readings of the text before a canvas that the relations leave; none is left out where there are too many."""
        readings = self._reader.readings(before)
        if readings is None:
            return [Reading({}, None)]
        if len(readings) == 1:
            return readings
        problem = self.table.related_problem
        return [read for read in readings if problem.propagate(self._possible(read)) is not None]

    def _possible(self, read: Reading) -> NDArray[np.bool_]:
        """The values that a reading leaves, bool `[cells, values]`."""
        possible = self.table.root.copy()
        for cell, value in read.known.items():
            possible[cell] &= np.arange(self._width) == value
        if read.begun is not None:
            cell, written = read.begun
            begins = np.zeros(self._width, np.bool_)
            begins[[value for text, value in self._values[cell].items() if text.startswith(written)]] = True
            possible[cell] &= begins
        return possible

    def _scored(self, read: Reading, masses: Floats, posterior: Posterior, state: int | None) -> Floats:
        """The scores of a text that is read in one way, float64 `[cells, values]`."""
        out = np.full(masses.shape, -np.inf)
        for cell, allowed in enumerate(self._possible(read)):
            whole = masses[cell]
            if read.begun is not None and read.begun[0] == cell:
                spans = Spans()
                start = self._automaton.start if state is None else state
                self._add(spans, cell, start, read.begun[1], 0)
                whole = posterior.span_masses(spans.graph(self._width))
            row = whole[allowed]
            best = row.max(initial=-np.inf)
            # A canvas says nothing of cells that do not stand on it, whole.
            out[cell, allowed] = 0.0 if best == -np.inf else np.maximum(row, best - _UNLIKELY)
        return out

    def _are_fixed(self, masses: Floats, posterior: Posterior) -> bool:
        """Whether each cell on the canvas is one token at one position, and nothing else connects the cells."""
        one_byte_each = all(len(text) == 1 for texts in self._values for text in texts)
        if not (one_byte_each and self._cells.independent and self._borders.fixed):
            return False
        support = posterior.state_support
        for cell in np.flatnonzero((masses > -np.inf).any(axis=1)).tolist():
            before = np.zeros(support.shape[1], np.bool_)
            after = before.copy()
            before[self._borders.before(cell)] = after[self._borders.after(cell)] = True
            at = np.flatnonzero((support & before).any(axis=1))
            if len(at) != 1 or (support[at[0]] & ~before).any() or (support[at[0] + 1] & ~after).any():
                return False
        return True

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
        """By cell, the value (its number) in a text, or in the beginning of one, read in a way that the relations leave."""
        readings = self._readings(content)
        read = readings[0] if readings else Reading({}, None)
        known = dict(read.known)
        if read.begun is not None and read.begun[1] in self._values[read.begun[0]]:
            cell, text = read.begun
            known[cell] = self._values[cell][text]
        return known


def _one_of_each(*classes: NDArray[np.uint8]) -> list[int]:
    """One byte for each combination of classes; the border apart."""
    together = np.stack(classes)[:, :CELL_BORDER]
    return np.unique(together, axis=1, return_index=True)[1].tolist()
