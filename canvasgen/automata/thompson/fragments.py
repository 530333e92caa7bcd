"""Non-deterministic automata in arrays, and the deterministic ones that are laid into them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from canvasgen.automata.counted.counted_dfa import CountedDFA
from canvasgen.automata.counted.layers import Layers
from canvasgen.automata.dfa import DFA, Ints

__all__ = ["NFA", "Copies", "fragment_of"]


@dataclass(frozen=True, eq=False)
class Copies:
    """The layers of a counted repeat that are laid, where others are missing.

    Attributes:
        states, layer, place: int32 [n]: the states in layers, the layer of each, and a number that is the same in
            every layer.
        missing: layers that are not there.
    """

    states: Ints
    layer: Ints
    place: Ints
    missing: int


@dataclass(frozen=True)
class NFA:
    """Start state 0, final state 1; transitions and silent transitions in no particular order.

    Nothing enters the start and nothing leaves the final state, so one can be laid into another.

    Attributes:
        num_states: N.
        source, low, high, target: int32 [M], on a byte in low..high.
        silent_source, silent_target: int32 [K].
        counted: the repeats of which some copies are missing.
    """

    num_states: int
    source: Ints
    low: Ints
    high: Ints
    target: Ints
    silent_source: Ints
    silent_target: Ints
    counted: tuple[Copies, ...] = ()


def fragment_of(dfa: DFA, nonempty: bool = False, *, all_copies: bool = True) -> NFA:
    """Return the automaton as one to be laid, kept on the DFA; with `nonempty`, without the empty string.

    Unless `all_copies`, of an automaton with counted repeats only its core.
    """
    if not all_copies and isinstance(dfa, CountedDFA):
        known = vars(dfa).get("_core_fragment")
        if known is None:
            known = vars(dfa)["_core_fragment"] = _make_fragment(dfa.core, nonempty=False, layers=dfa.layers)
        return known
    field = "_nonempty_fragment" if nonempty and dfa.accepting[0] else "_fragment"
    known = dfa.__dict__.get(field)
    if known is None:
        known = _make_fragment(dfa, nonempty)
        dfa.__dict__[field] = known
    return known


def _counted(layers: Layers, place: Ints) -> tuple[Copies, ...]:
    """Return the layers of a core whose states are laid at `place`."""
    found: list[Copies] = []
    for g, missing in enumerate(layers.missing.tolist()):
        states = np.flatnonzero(layers.group == g)
        found.append(Copies(place[states], layers.layer[states], layers.place[states], missing))
    return tuple(found)


def _make_fragment(dfa: DFA, nonempty: bool, layers: Layers | None = None) -> NFA:
    source = np.repeat(np.arange(dfa.num_states, dtype=np.int32), np.diff(dfa.offsets))
    entered = np.zeros(dfa.num_states, dtype=np.bool_)
    entered[dfa.target] = True
    leaves = np.diff(dfa.offsets) > 0
    accepting = dfa.accepting.copy()
    if nonempty and not entered[0]:
        accepting[0] = False
    # The start is the source itself unless a transition enters it or it accepts; an accepting state is the
    # sink unless a transition leaves it or it is the start.
    place = np.full(dfa.num_states, -1, dtype=np.int32)
    place[accepting & ~leaves] = 1
    place[0] = -1 if entered[0] or accepting[0] else 0
    own = np.flatnonzero(place < 0)
    place[own] = np.arange(2, 2 + own.size, dtype=np.int32)
    tail, head = place[source], place[dfa.target]
    low, high = dfa.low.astype(np.int32), dfa.high.astype(np.int32)
    silent = [(int(place[s]), 1) for s in np.flatnonzero(accepting & (place != 1))]
    if place[0] != 0 and nonempty:
        # The source leaves as the start does, but does not accept.
        first = int(dfa.offsets[1])
        tail = np.concatenate((tail, np.zeros(first, dtype=np.int32)))
        low, high, head = (np.concatenate((column, column[:first])) for column in (low, high, head))
    elif place[0] != 0:
        silent.append((0, int(place[0])))
    pairs = np.array(silent, dtype=np.int32).reshape(-1, 2)
    counted = () if layers is None else _counted(layers, place)
    return NFA(2 + own.size, tail, low, high, head, pairs[:, 0].copy(), pairs[:, 1].copy(), counted)
