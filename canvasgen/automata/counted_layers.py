"""The layers of a minimal automaton, from the copies of a non-deterministic one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from canvasgen.automata.counted.layers import Layers
from canvasgen.automata.dfa import DFA, Ints
from canvasgen.automata.thompson.fragments import NFA
from canvasgen.automata.thompson.nfa import NUM_LAYERS

__all__ = ["find_layers"]

Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

_DEPTH = NUM_LAYERS
_NONE = -1


def find_layers(automaton: NFA, items: Ints, item_offsets: Longs, image: Ints, dfa: DFA) -> Layers | None:
    """Return the layers of a minimal automaton; None if its states do not tell how many copies came before them.

    A subset may hold states of one copy alone, whatever else is in it; then, by induction over the text, the subsets
    of an automaton with more copies are those of the layers that are here, moved. Minimisation merges states of one
    layer only, or the layers of repeats that end alike.

    Args:
        automaton: with the first copies of its repeats.
        items, item_offsets: the states of each subset.
        image: int32[subsets], the state of the minimal automaton, -1 for none.
        dfa: the minimal automaton.
    """
    code, relative, missing = _labels(automaton)
    labels = code[items]
    starts = item_offsets[:-1]
    highest = np.maximum.reduceat(labels, starts)
    lowest = np.minimum.reduceat(np.where(labels == _NONE, np.iinfo(np.int32).max, labels), starts)
    if np.any((highest != _NONE) & (lowest != highest)):
        return None
    keys = np.add.reduceat(_mixed(relative[items]), starts)

    useful = image >= 0
    states = dfa.num_states
    top, least = np.full(states, _NONE, np.int32), np.full(states, np.iinfo(np.int32).max, np.int32)
    key = np.full(states, np.iinfo(np.uint64).max, np.uint64)
    np.maximum.at(top, image[useful], highest[useful])
    np.minimum.at(least, image[useful], highest[useful])
    np.minimum.at(key, image[useful], keys[useful])
    merged = np.flatnonzero(top != least)
    if len(merged):
        root = _joined(top[merged], least[merged], image, highest, missing)
        if root is None:
            return None
        top = np.where(top == _NONE, _NONE, root[top // _DEPTH] * _DEPTH + top % _DEPTH)
    group = np.where(top == _NONE, _NONE, top // _DEPTH).astype(np.int32)
    layer = np.where(top == _NONE, 0, top % _DEPTH).astype(np.int32)
    if _enters_late(dfa, group, layer):
        return None
    layers = Layers.of(group, layer, key, missing, np.zeros_like(missing))
    if layers is None or not layers.num_groups or np.any(layers.depth != _DEPTH):
        return None
    labels = (dfa.low.astype(np.int32), dfa.high.astype(np.int32))
    return layers if layers.are_alike(dfa.offsets, dfa.target, labels, dfa.accepting) else None


def _labels(automaton: NFA) -> tuple[Ints, Longs, Ints]:
    """Return int32[N], group · depth + layer or -1; int64[N], a number that is the same in every layer; missing[G]."""
    code = np.full(automaton.num_states, _NONE, np.int32)
    relative = np.arange(automaton.num_states, dtype=np.int64)
    # The numbers of layers are above those of all states.
    for g, copies in enumerate(automaton.counted):
        code[copies.states] = g * _DEPTH + copies.layer
        first = automaton.num_states + (int(copies.states[0]) << 20)
        relative[copies.states] = first + copies.place.astype(np.int64)
    missing = np.array([copies.missing for copies in automaton.counted], np.int32)
    return code, relative, missing


def _mixed(values: Longs) -> Words:
    """The finaliser of SplitMix64."""
    z = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _joined(high: Ints, low: Ints, image: Ints, code: Ints, missing: Ints) -> Ints | None:
    """Return for each group the first one that it is merged with; None if other layers or lengths were merged, too."""
    if np.any(low == _NONE) or np.any(high % _DEPTH != low % _DEPTH):
        return None
    root = np.arange(len(missing), dtype=np.int32)
    order = np.argsort(image, kind="stable")
    one, two = order[:-1], order[1:]
    same = (image[one] == image[two]) & (image[one] >= 0) & (code[one] != code[two])
    for a, b in np.unique(np.stack([code[one[same]], code[two[same]]], 1), axis=0).tolist():
        first, second = a // _DEPTH, b // _DEPTH
        if a % _DEPTH != b % _DEPTH or missing[first] != missing[second]:
            return None
        while root[first] != first:
            first = int(root[first])
        while root[second] != second:
            second = int(root[second])
        root[max(first, second)] = min(first, second)
    for g in range(len(root)):
        root[g] = root[root[g]]
    return root


def _enters_late(dfa: DFA, group: Ints, layer: Ints) -> bool:
    """Return whether a repeat is entered at another layer than its first."""
    source = np.repeat(np.arange(dfa.num_states), np.diff(dfa.offsets))
    entered = (group[dfa.target] >= 0) & (group[source] != group[dfa.target])
    return bool(np.any(layer[dfa.target[entered]] > 0))
