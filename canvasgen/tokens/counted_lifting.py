"""The lift of automata with large counted repeats: a few layers are lifted, and the others written behind them.

A token ends at most D copies of a repeat's body. So in a layer that has more than D behind it, tokens do what they do
one layer earlier, one layer ahead; and what comes to a repeat from before it ends in its first D layers. Few layers
show the classes and the sets of all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from canvasgen.automata import CountedDFA
from canvasgen.tokens.automaton import TokenAutomaton
from canvasgen.tokens.lifting import lift_frame
from canvasgen.tokens.lists import breadth_first
from canvasgen.tokens.token_limits import DEFAULT_LIMITS, TokenLimits, too_many

if TYPE_CHECKING:
    from canvasgen.automata import DFA
    from canvasgen.automata.counted.layers import Layers
    from canvasgen.vocabulary import Trie, Vocabulary

__all__ = ["lift", "lift_counted"]

Ints = npt.NDArray[np.int32]

_CONTINUATION = 0x80, 0xBF  # UTF-8's bytes behind the first one of a character


def lift(dfa: DFA, vocabulary: Vocabulary, limits: TokenLimits = DEFAULT_LIMITS) -> TokenAutomaton:
    """Return the token automaton of a byte automaton over a vocabulary.

    It accepts exactly the token sequences whose bytes the byte automaton accepts; its states are the byte
    automaton's that lie at token borders. Deterministic: equal inputs give equal arrays.

    Raises:
        Unsatisfiable: no sequence of tokens spells an accepted text.
        ConstraintTooLarge: names the limit.
    """
    found = lift_counted(dfa, vocabulary, limits) if isinstance(dfa, CountedDFA) else None
    return lift_frame(dfa, [], vocabulary, limits)[0] if found is None else found


def lift_counted(dfa: CountedDFA, vocabulary: Vocabulary, limits: TokenLimits) -> TokenAutomaton | None:
    """Return the token automaton by way of one with fewer layers; None if that says nothing of the others."""
    ahead = _most_ahead(dfa, vocabulary.trie)
    layers = dfa.layers
    pivot = np.where(layers.loops(dfa.core.offsets, dfa.core.target), ahead, 0)
    wanted = np.maximum(pivot + ahead + 2 - layers.depth, 0)
    more = np.minimum(wanted, layers.missing).astype(np.int32)
    if np.all(more == layers.missing):
        return None
    small, layers = dfa.with_layers(more)
    layers = replace(layers, pivot=pivot.astype(np.int32)).incomplete()
    found, number = lift_frame(small, [], vocabulary, limits)
    kept = np.flatnonzero(number >= 0)
    layers = type(layers).of(
        layers.group[kept], layers.layer[kept], layers.place[kept], layers.missing, layers.pivot
    )
    offsets = np.searchsorted(found.edge_source, np.arange(found.num_states + 1)).astype(np.int32)
    sets = found.edge_set
    if layers is None or not layers.are_alike(offsets, found.edge_target, (sets, sets), found.accepting):
        return None
    return _stretched(found, offsets, layers, limits)


def _most_ahead(dfa: CountedDFA, trie: Trie) -> int:
    """Return D, the most copies of a body that a token ends."""
    core, layers = dfa.core, dfa.layers
    source = np.repeat(np.arange(core.num_states), np.diff(core.offsets))
    group, layer = layers.group, layers.layer
    inside = (group[source] >= 0) & (group[source] == group[core.target])
    borders = np.unique(core.target[inside & (layer[core.target] > layer[source])])
    low, high = _CONTINUATION
    goes_on = (core.low <= high) & (core.high >= low)
    # Behind the end of a body no character goes on: so between two ends one begins.
    if not np.any(goes_on & np.isin(source, borders)):
        return trie.max_characters + 1
    return trie.max_depth


def _stretched(found: TokenAutomaton, offsets: Ints, layers: Layers, limits: TokenLimits) -> TokenAutomaton:
    """Return the token automaton with all layers."""
    whole = layers.stretched(offsets, found.edge_target, layers.missing)
    if len(whole.target) > limits.max_edges:
        raise too_many("max_edges", limits.max_edges)
    source = np.repeat(np.arange(len(whole.core), dtype=np.int32), np.diff(whole.offsets))
    accepting = found.accepting[whole.core]
    accepting.setflags(write=False)  # as that of a byte automaton: one compiled kernel serves both
    if _is_level(found.distance, layers):
        distance = found.distance[whole.core]
    else:
        distance = breadth_first(whole.target, source, accepting)
    return replace(
        found,
        edge_source=source,
        edge_target=whole.target,
        edge_set=found.edge_set[whole.row],
        accepting=accepting,
        distance=distance,
        start=int(np.flatnonzero(whole.core == found.start)[0]),
    )


def _is_level(distance: Ints, layers: Layers) -> bool:
    """Return whether no layer is nearer to the end than another: then what is true of a layer is true of its copies."""
    inside = layers.group >= 0
    first = (np.cumsum(layers.width) - layers.width)[layers.group[inside]] + layers.place[inside]
    nearest = np.full(int(layers.width.sum()), np.iinfo(np.int32).max, np.int32)
    np.minimum.at(nearest, first, distance[inside])
    return bool(np.all(nearest[first] == distance[inside]))
