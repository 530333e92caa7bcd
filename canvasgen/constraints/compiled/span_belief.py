"""The belief about a canvas whose values have places in a source that satisfy relations.

The automaton has the texts of all values. Those that satisfy the relations are found by branch and bound over sets of texts,
most probable first:

    set of texts ──▶ the canvas conditioned on it ──▶ its next-best canvas, an upper bound for all that are left
                                                        │
              the relations hold ◀──────────────────────┴──────────────────────▶ they are violated
                    │                                                                    │
       the canvas is the next best                               the set is cut into smaller ones without the
             of all that satisfy them                            values that fit nowhere (`RelatedTexts.cut`)

A cut takes at least one value away, and only finitely many texts fit into the budget: so the search ends, and what it yields
are all canvases that satisfy the relations, in decreasing order, exactly; if there is none, that is proven. A canvas behind
which the text goes on is taken as it is: the canvas that ends the text decides.

Entropies, marginals and log-probabilities are those of the automaton. Source: Land and Doig, "An automatic method of solving
discrete programming problems", Econometrica 28, 1960.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from canvasgen.automata import DEAD, DFA, Expr
from canvasgen.constraints.compiled.belief import ChainBelief, text_length
from canvasgen.constraints.compiled.lifted import Lifted
from canvasgen.errors import BudgetTooSmall, TimeLimit, Unsatisfiable
from canvasgen.inference import Posterior
from canvasgen.tokens import Budget, Prefix

if TYPE_CHECKING:
    from canvasgen.vocabulary import Vocabulary

__all__ = ["MOST_SETS", "RelatedTexts", "SpanBelief", "related_in"]

Longs = NDArray[np.int64]
MOST_SETS = 400
"""Sets of texts on which a canvas is conditioned in one search."""


class RelatedTexts(Protocol):
    """The relations of a constraint."""

    def hold(self, text: str) -> bool:
        """Return whether a text of the constraint satisfies them.

        Raises:
            TimeLimit: there are too many places to find out.
        """
        ...

    def cut(self, texts: Expr, text: str) -> list[Expr]:
        """Return the cut of a set at a text that violates them.

        Smaller sets, which together hold every text of the set that satisfies them, and not this text.
        """
        ...


@runtime_checkable
class HasRelatedTexts(Protocol):
    """A constraint that may have relations."""

    @property
    def related_texts(self) -> RelatedTexts | None:
        """None if there are none."""
        ...


def related_in(constraint: object) -> RelatedTexts | None:
    """Return the relations of a constraint; None if it has none, or leaves them to its validator."""
    return constraint.related_texts if isinstance(constraint, HasRelatedTexts) else None


class SpanBelief(ChainBelief):
    """The chain's posterior, with the best canvas and the candidates whose values satisfy the relations.

    Args:
        posterior: over the n positions of the canvas within the budget.
        related: the relations.
        whole: all texts of the constraint, and their automaton.
        narrow: lifts a part of the constraint's language.
        vocabulary: the vocabulary.
        prefix, budget: where the canvas stands in its text.
    """

    def __init__(
        self,
        posterior: Posterior,
        related: RelatedTexts,
        whole: tuple[Expr, DFA],
        narrow: Callable[[Expr], Lifted],
        vocabulary: Vocabulary,
        prefix: Prefix,
        budget: Budget,
    ) -> None:
        super().__init__(posterior)
        self._search = _Search(posterior, related, whole, narrow, vocabulary, prefix, budget)
        self._ordered: Iterator[Longs] | None = None

    def finish(self) -> None:
        """Finds the best canvas that satisfies the relations.

        Raises:
            Unsatisfiable: there is none.
            TimeLimit: none was found in `MOST_SETS` sets of texts.
        """
        self._ordered = self._search.canvases()
        first = next(self._ordered, None)
        if first is None:
            raise Unsatisfiable(
                "no values that fit on the canvas have places that satisfy the relations",
                rule="relations",
                remedy="allow more tokens, or let fields be null or absent",
            )
        self.best = first

    def candidates(self) -> Iterator[Longs]:
        """Canvases that satisfy the relations, most probable first; as many as the search finds in its limit."""
        if self._ordered is None:
            self.finish()
        yield self.best
        try:
            yield from self._ordered or ()
        except TimeLimit:
            return


class _Search:
    """All canvases that satisfy the relations, in decreasing order."""

    def __init__(
        self,
        root: Posterior,
        related: RelatedTexts,
        whole: tuple[Expr, DFA],
        narrow: Callable[[Expr], Lifted],
        vocabulary: Vocabulary,
        prefix: Prefix,
        budget: Budget,
    ) -> None:
        self._root, self._related, self._narrow = root, related, narrow
        self._texts, self._automaton = whole
        self._vocabulary, self._prefix, self._budget = vocabulary, prefix, budget
        self._sets = 0

    def canvases(self) -> Iterator[Longs]:
        """Lazily, each one once.

        Raises:
            TimeLimit: `MOST_SETS` sets of texts have been conditioned on, or a value has too many places.
        """
        self._sets = 0
        told: set[bytes] = set()
        holds: dict[str, bool] = {}
        number = 0
        streams = {number: (self._texts, _weighed(self._root))}
        # By bound: a set by its number with its next canvas, or a set that is not conditioned on yet.
        heap: list[tuple[float, int, Longs | None, Expr]] = []

        def advance(one: int) -> None:
            texts, stream = streams[one]
            found = next(stream, None)
            if found is not None:
                heapq.heappush(heap, (-found[1], one, found[0], texts))

        advance(number)
        while heap:
            loss, one, canvas, texts = heapq.heappop(heap)
            if canvas is None:
                posterior = self._conditioned(texts)
                if posterior is not None:
                    streams[one] = (texts, _weighed(posterior))
                    advance(one)
                continue
            ids = canvas[: text_length(canvas, self._vocabulary.end_ids)]
            text = self._ended(ids)
            if text is not None and text not in holds:
                holds[text] = self._related.hold(text)
            if text is None or holds[text]:
                if ids.tobytes() not in told:
                    told.add(ids.tobytes())
                    advance(one)
                    yield canvas
                else:
                    advance(one)
                continue
            del streams[one]
            for part in self._related.cut(texts, text):
                number += 1
                heapq.heappush(heap, (loss, number, None, part))

    def _conditioned(self, texts: Expr) -> Posterior | None:
        self._sets += 1
        if self._sets > MOST_SETS:
            raise TimeLimit(
                f"no values that satisfy the relations were found in {MOST_SETS} tries",
                rule="MOST_SETS",
                value=MOST_SETS,
                remedy="relate fewer fields, or give them readers with fewer values",
            )
        try:
            lifted = self._narrow(texts)
            prefix = lifted.prefix(self._prefix.ids)
            return None if prefix is None else lifted.condition_block(self._root, prefix, self._budget)
        except (BudgetTooSmall, Unsatisfiable):
            return None

    def _ended(self, ids: Longs) -> str | None:
        """The whole text that a canvas ends; None if the text may go on."""
        content = self._vocabulary.text_bytes(self._prefix.ids) + self._vocabulary.text_bytes(ids)
        ended = self._budget.after == 0 or (len(ids) > 0 and int(ids[-1]) in self._vocabulary.end_ids)
        if not ended:
            state = self._automaton.run(content)
            offsets = self._automaton.offsets
            if state == DEAD or not self._automaton.accepting[state] or offsets[state] < offsets[state + 1]:
                return None
        return content.decode("utf-8")


def _weighed(posterior: Posterior) -> Iterator[tuple[Longs, float]]:
    """Canvases, best first, each with its `best_log_weight`."""
    for ids, log_prob in posterior.k_best():
        yield ids, log_prob + posterior.log_partition
