"""What the states and edges of a token automaton mean in a factor of the product that it was lifted from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from canvasgen.tokens.automaton import TokenAutomaton

if TYPE_CHECKING:
    from canvasgen.automata import DFA
    from canvasgen.vocabulary import Vocabulary

__all__ = ["factor_states", "mark_edges"]

Longs = npt.NDArray[np.int64]


def factor_states(automaton: TokenAutomaton, vocabulary: Vocabulary, factor: DFA) -> Longs:
    """Return int64[S]: the state of a factor in each state of a token automaton that was lifted from a product.

    Both start together, and every state of the token automaton determines one of the factor, as in a product
    automaton that was not minimised. So one path to each state is enough; breadth-first search gives it.

    Args:
        automaton: the lift of a product automaton.
        vocabulary: its vocabulary.
        factor: a byte automaton with a transition for all that the token automaton reads.
    """
    classes, firsts = np.unique(automaton.class_of_token, return_index=True)
    token_of_class: dict[int, int] = dict(zip(classes.tolist(), firsts.tolist(), strict=True))
    offsets: list[int] = np.searchsorted(automaton.edge_source, np.arange(automaton.num_states + 1)).tolist()
    first_class: list[int] = automaton.set_classes[automaton.set_offsets[automaton.edge_set]].tolist()
    targets: list[int] = automaton.edge_target.tolist()
    found = {automaton.start: 0}
    queue = [automaton.start]
    for source in queue:
        for edge in range(offsets[source], offsets[source + 1]):
            if targets[edge] not in found:
                content = vocabulary.tokens[token_of_class[first_class[edge]]]
                found[targets[edge]] = factor.run(content or b"", found[source])
                queue.append(targets[edge])
    return np.array([found[state] for state in range(automaton.num_states)], dtype=np.int64)


def mark_edges(automaton: TokenAutomaton, marks: Longs) -> tuple[TokenAutomaton, Longs]:
    """Return the same automaton with no class set shared by edges of different marks.

    Args:
        marks: int64[E], a number from 0 for each edge.

    Returns:
        The automaton; int64[Z], the mark of each of its sets.
    """
    keys = automaton.edge_set.astype(np.int64) * (int(marks.max(initial=0)) + 1) + marks
    _, firsts, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(firsts, kind="stable")  # sets are numbered by their first edge
    number = np.empty(len(order), dtype=np.int32)
    number[order] = np.arange(len(order), dtype=np.int32)
    firsts = firsts[order]
    lists = [
        automaton.set_classes[automaton.set_offsets[z] : automaton.set_offsets[z + 1]]
        for z in automaton.edge_set[firsts].tolist()
    ]
    marked = replace(
        automaton,
        edge_set=number[inverse],
        set_offsets=np.cumsum([0, *(len(part) for part in lists)]).astype(np.int32),
        set_classes=np.concatenate([*lists, np.empty(0, dtype=np.int32)]).astype(np.int32),
    )
    return marked, marks[firsts]
