"""The belief about a canvas whose template has a hole that occurs several times: the same text in all of its places.

The automaton gives each occurrence any text of the hole. What agrees is found by branch and bound over sets of texts
for the holes, most probable first:

    set of texts ──▶ the canvas conditioned on it ──▶ its next-best canvas, an upper bound for all that are left
                                                        │
             occurrences agree ◀────────────────────────┴───────────────────▶ they differ at some byte
                    │                                                                    │
       the canvas is the next best                                   the set is cut in two: the texts that begin
             of all that agree                                       as the first occurrence up to there, and the others

A cut makes both sets smaller, and only finitely many texts fit into the budget: so the search ends, and what it yields are
all canvases that agree, in decreasing order, exactly. Source: Land and Doig, "An automatic method of solving discrete
programming problems", Econometrica 28, 1960.

Entropies, marginals and log-probabilities are those of the automaton, in which the occurrences may differ.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from canvasgen.automata import (
    Expr,
    byte_set,
    concat,
    difference,
    from_dfa,
    intersect,
    literal,
    repeat,
    to_dfa,
)
from canvasgen.constraints.agreement import Agreement
from canvasgen.constraints.compiled.belief import ChainBelief, text_length
from canvasgen.constraints.compiled.hole_readings import Content, HoleReader
from canvasgen.constraints.compiled.lifted import Lifted
from canvasgen.errors import BudgetTooSmall, TimeLimit, Unsatisfiable
from canvasgen.inference import Posterior
from canvasgen.tokens import Budget, Prefix

if TYPE_CHECKING:
    from canvasgen.vocabulary import Vocabulary

__all__ = ["MOST_SETS", "AgreeingBelief"]

Longs = NDArray[np.int64]
MOST_SETS = 400
"""Sets of texts on which a canvas is conditioned in one search."""
_ANY_BYTES = repeat(byte_set([(0x00, 0xFF)]))


class AgreeingBelief(ChainBelief):
    """The chain's posterior, with the best canvas and the candidates whose holes agree.

    Args:
        posterior: over the n positions of the canvas within the budget.
        agreement: the holes.
        narrow: lifts a part of the constraint's language.
        vocabulary: the vocabulary.
        prefix, budget: where the canvas stands in its text.
    """

    def __init__(
        self,
        posterior: Posterior,
        agreement: Agreement,
        narrow: Callable[[Expr], Lifted],
        vocabulary: Vocabulary,
        prefix: Prefix,
        budget: Budget,
    ) -> None:
        super().__init__(posterior)
        self._agreement = agreement

        def canvases(root: Posterior, *, goes_on: bool) -> Iterator[Longs]:
            return _Search(root, agreement, narrow, vocabulary, prefix, budget, goes_on=goes_on).canvases()

        self._canvases = canvases
        self._ordered: Iterator[Longs] | None = None

    def finish(self) -> None:
        """Finds the best canvas whose holes agree.

        Raises:
            Unsatisfiable: there is none: no text of the holes fits in all of their places.
            TimeLimit: none was found in `MOST_SETS` sets of texts.
        """
        self._ordered = self._canvases(self._posterior, goes_on=False)
        first = next(self._ordered, None)
        if first is None:
            raise Unsatisfiable(
                "no text fits in all places of the template's holes",
                rule="template",
                value=sorted(self._agreement.languages),
                remedy="allow more tokens",
            )
        self.best = first

    def candidates(self) -> Iterator[Longs]:
        """Canvases whose holes agree, or can agree in what is still to come; as many as the search finds in its limit."""
        if self._ordered is None:
            self.finish()
        yield self.best
        try:
            yield from self._ordered or ()
        except TimeLimit:
            return

    def going_on(self) -> Longs | None:
        """The best that agrees without an end."""
        root = self._posterior.going_on()
        if root is None:
            return None
        return next(self._canvases(root, goes_on=True), None)


@dataclass(frozen=True, eq=False)
class _Set:
    """Texts for the holes.

    Attributes:
        languages: by hole.
        is_one: whether each hole has one text.
    """

    languages: Mapping[str, Expr]
    is_one: bool = False


class _Search:
    """All canvases that agree, in decreasing order."""

    def __init__(
        self,
        root: Posterior,
        agreement: Agreement,
        narrow: Callable[[Expr], Lifted],
        vocabulary: Vocabulary,
        prefix: Prefix,
        budget: Budget,
        *,
        goes_on: bool = False,
    ) -> None:
        self._root, self._agreement, self._narrow = root, agreement, narrow
        self._vocabulary = vocabulary
        self._prefix, self._budget, self._goes_on = prefix, budget, goes_on
        self._sets = 0
        self._number = 0
        self._heap: list[tuple[float, int, _Set, Longs | None]] = []  # no canvas: not conditioned on yet
        self._streams: dict[_Set, Iterator[tuple[Longs, float]]] = {}
        self._known: dict[tuple[bytes, ...], Lifted | None] = {}

    def canvases(self) -> Iterator[Longs]:
        """Lazily, each one once.

        Raises:
            TimeLimit: `MOST_SETS` sets of texts have been conditioned on.
        """
        told: set[bytes] = set()
        whole = _Set(self._agreement.languages)
        self._streams[whole] = _weighed(self._root)
        self._advance(whole)
        while self._heap:
            loss, _, one, canvas = heapq.heappop(self._heap)
            if canvas is None:
                self._condition(one)
                continue
            ids = self._text_ids(canvas).tobytes()
            if ids in told:
                self._advance(one)
            elif one.is_one or self._agrees(one, canvas, -loss):
                told.add(ids)
                self._advance(one)
                yield canvas

    def _push(self, one: _Set, bound: float, canvas: Longs | None = None) -> None:
        self._number += 1
        heapq.heappush(self._heap, (-bound, self._number, one, canvas))

    def _advance(self, one: _Set) -> None:
        """Put the next canvas of a set into the queue."""
        found = next(self._streams[one], None)
        if found is None:
            del self._streams[one]
        else:
            self._push(one, found[1], found[0])

    def _condition(self, one: _Set) -> None:
        self._sets += 1
        if self._sets > MOST_SETS:
            raise TimeLimit(
                f"no texts that agree in all places of {sorted(one.languages)} were found in {MOST_SETS} tries",
                rule="MOST_SETS",
                value=MOST_SETS,
                remedy="give the holes shorter texts, or a cg.choice of at most 256",
            )
        lifted = self._lifted(one.languages)
        prefix = None if lifted is None else lifted.prefix(self._prefix.ids)
        if lifted is None or prefix is None:
            return
        try:
            posterior = lifted.condition_block(self._root, prefix, self._budget)
        except (BudgetTooSmall, Unsatisfiable):
            return
        found = posterior.going_on() if self._goes_on else posterior
        if found is not None:
            self._streams[one] = _weighed(found)
            self._advance(one)

    def _lifted(self, languages: Mapping[str, Expr]) -> Lifted | None:
        try:
            return self._narrow(self._agreement.around(languages))
        except Unsatisfiable:
            return None

    def _agrees(self, one: _Set, canvas: Longs, bound: float) -> bool:
        """Whether a canvas of a set agrees; if not, its set is cut.

        If its text goes on, what the holes hold in the end is open: then one text of each hole is tried.
        """
        ids = self._text_ids(canvas)
        is_whole = self._budget.after == 0 or (len(ids) > 0 and int(ids[-1]) in self._vocabulary.end_ids)
        text = self._vocabulary.text_bytes(self._prefix.ids) + self._vocabulary.text_bytes(ids)
        reader = HoleReader(to_dfa(self._agreement.marked(one.languages)), self._agreement.order)
        contents, cut = reader.read(text, whole=is_whole, agreeing=True), None
        if contents is None:
            contents = reader.read(text, whole=is_whole, agreeing=False)
            assert contents is not None, "a canvas of the set can be read with its texts"
            cut = _difference(contents)
        texts: dict[str, bytes] = {}
        if cut is None:
            texts = {name: self._text_for(one.languages[name], name, contents) for name in one.languages}
            if is_whole or self._can_be_finished(ids, texts):
                return True
            cut = self._as_begun(one, contents)
        if cut is None:
            self._push(_Set({name: literal(each) for name, each in texts.items()}, is_one=True), bound)
            self._push_others(one, texts, bound)
        else:
            name, first = cut
            self._push_part(one.languages, name, intersect(one.languages[name], first), bound)
            self._push_part(one.languages, name, difference(one.languages[name], first), bound)
        del self._streams[one]
        return False

    @staticmethod
    def _as_begun(one: _Set, contents: list[Content]) -> tuple[str, Expr] | None:
        """The hole in which the text ends, and the texts that begin as it does; None if all of the set's do."""
        last = contents[-1] if contents else None
        if last is None or last.is_whole:
            return None
        begun = concat(literal(last.text), _ANY_BYTES)
        others = to_dfa(difference(one.languages[last.name], begun))
        return None if others.is_empty else (last.name, begun)

    def _can_be_finished(self, ids: Longs, texts: Mapping[str, bytes]) -> bool:
        """Whether the text can be finished with these texts in the holes, in the tokens that are left."""
        key = tuple(texts.values())
        if key not in self._known:
            self._known[key] = self._lifted({name: literal(each) for name, each in texts.items()})
        lifted = self._known[key]
        prefix = None if lifted is None else lifted.prefix((*self._prefix.ids, *ids.tolist()))
        if lifted is None or prefix is None:
            return False
        needed = lifted.fewest_tokens(prefix, at_least_one=self._goes_on)
        return 0 <= needed <= self._budget.after

    def _push_others(self, one: _Set, texts: Mapping[str, bytes], bound: float) -> None:
        """All combinations of texts but one: by the first hole whose text is another."""
        languages = dict(one.languages)
        for name, text in texts.items():
            self._push_part(languages, name, difference(languages[name], literal(text)), bound)
            languages[name] = literal(text)

    def _push_part(self, languages: Mapping[str, Expr], name: str, language: Expr, bound: float) -> None:
        dfa = to_dfa(language)
        if not dfa.is_empty:
            self._push(_Set({**languages, name: from_dfa(dfa)}), bound)

    @staticmethod
    def _text_for(language: Expr, name: str, contents: list[Content]) -> bytes:
        """The text of a hole in a reading that agrees; the shortest one that goes on as it has begun."""
        mine = [content for content in contents if content.name == name]
        whole = next((content.text for content in mine if content.is_whole), None)
        if whole is not None:
            return whole
        begun = mine[0].text if mine else b""
        shortest = to_dfa(intersect(language, concat(literal(begun), _ANY_BYTES))).shortest()
        assert shortest is not None, "what has begun can go on"
        return shortest

    def _text_ids(self, canvas: Longs) -> Longs:
        """The tokens of text, with the end, of a canvas."""
        return canvas[: text_length(canvas, self._vocabulary.end_ids)]


def _weighed(posterior: Posterior) -> Iterator[tuple[Longs, float]]:
    """Canvases, best first, each with its `best_log_weight`."""
    for ids, log_prob in posterior.k_best():
        yield ids, log_prob + posterior.log_partition


def _difference(contents: list[Content]) -> tuple[str, Expr] | None:
    """A hole whose occurrences differ, and texts that one of them is in, and another is not: those that begin like it."""
    for number, last in enumerate(contents):
        for earlier in contents[:number]:
            if earlier.name != last.name:
                continue
            one, other = earlier.text, last.text
            same = next(
                (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
                min(len(one), len(other)),
            )
            if same < len(one) and (same < len(other) or last.is_whole):
                return last.name, concat(literal(one[: same + 1]), _ANY_BYTES)
            if same == len(one) < len(other):
                return last.name, literal(one)
    return None
