"""Kernels on lists of lists (offsets, data): select, make unique, group by two keys; breadth-first search."""
# numba has no type stubs:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from canvasgen.jit import njit
from canvasgen.tokens.interning import intern

__all__ = ["breadth_first", "expand_sets", "group_edges", "number_tokens", "select", "unique_lists"]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

_LOW = (1 << 32) - 1


@njit(cache=True, nogil=True)
def number_tokens(rank_function: Ints, token_order: Ints, functions: int, size: int) -> tuple[Ints, Longs]:
    """Number the functions that tokens have, by first token in byte order; the empty function has no number.

    Args:
        rank_function: int32[T], the function of each token that is text, 0 for the empty one.
        token_order: int32[T], these tokens, in the same order (see `canvasgen.vocabulary.Trie`).
        functions: the number of functions.
        size: V.

    Returns:
        int32[V], the number of each token, -1 for the empty function and no text; int64[C], the function of each
        number.
    """
    out = np.full(size, -1, np.int32)
    number = np.full(functions, -1, np.int32)
    function = np.empty(functions, np.int64)
    count = 0
    for i in range(token_order.shape[0]):
        f = rank_function[i]
        if f == 0:
            continue  # most tokens of a narrow constraint: nothing is written
        if number[f] < 0:
            number[f] = count
            function[count] = f
            count += 1
        out[token_order[i]] = number[f]
    return out, function[:count].copy()


@njit(cache=True, nogil=True)
def select(offsets: Longs, data: Longs, chosen: Longs) -> tuple[Longs, Longs]:
    """Return the lists with the numbers `chosen`, one after the other."""
    out = np.zeros(chosen.shape[0] + 1, np.int64)
    for i in range(chosen.shape[0]):
        out[i + 1] = out[i] + offsets[chosen[i] + 1] - offsets[chosen[i]]
    items = np.empty(out[-1], np.int64)
    for i in range(chosen.shape[0]):
        start = offsets[chosen[i]] - out[i]
        for k in range(out[i], out[i + 1]):
            items[k] = data[start + k]
    return out, items


@njit(cache=True, nogil=True)
def unique_lists(offsets: Longs, data: Longs) -> tuple[Ints, Longs, Longs]:
    """Number equal lists alike, by first appearance.

    Returns:
        int32[lists], the number of each list; offsets and data of the distinct lists.
    """
    lists = offsets.shape[0] - 1
    size = 2
    while size < 2 * lists + 2:
        size *= 2
    table = np.zeros(size, np.int32)
    hashes = np.empty(lists + 1, np.uint64)
    out = np.zeros(lists + 2, np.int64)
    items = np.empty(data.shape[0], np.int64)
    number = np.empty(lists, np.int32)
    count = 0
    for i in range(lists):
        n = out[count]
        for k in range(offsets[i], offsets[i + 1]):
            items[n] = data[k]
            n += 1
        number[i] = intern(table, hashes, out, items, count, n)
        if number[i] == count:
            count += 1
    return number, out[: count + 1].copy(), items[: out[count]].copy()


@njit(cache=True, nogil=True)
def group_edges(offsets: Longs, pairs: Longs, states: int) -> tuple[Ints, Ints, Longs, Longs]:
    """Sort the pairs of all lists by (source, target), and collect the lists that each is in.

    Args:
        offsets, pairs: lists of packed (source << 32 | target).
        states: above every source and target.

    Returns:
        int32[E] sources and targets, sorted; lists (offsets, data) of E ascending list numbers.
    """
    total = pairs.shape[0]
    lists = np.empty(total, np.int32)
    target_place = np.zeros(states + 1, np.int64)
    source_place = np.zeros(states + 1, np.int64)
    for i in range(offsets.shape[0] - 1):
        for k in range(offsets[i], offsets[i + 1]):
            lists[k] = i
            target_place[(pairs[k] & _LOW) + 1] += 1
            source_place[(pairs[k] >> 32) + 1] += 1
    for s in range(states):
        target_place[s + 1] += target_place[s]
        source_place[s + 1] += source_place[s]
    by_target = np.empty(total, np.int64)
    for k in range(total):
        t = pairs[k] & _LOW
        by_target[target_place[t]] = k
        target_place[t] += 1
    order = np.empty(total, np.int64)
    for i in range(total):
        k = by_target[i]
        s = pairs[k] >> 32
        order[source_place[s]] = k
        source_place[s] += 1
    edges = 0
    for i in range(total):
        if i == 0 or pairs[order[i]] != pairs[order[i - 1]]:
            edges += 1
    source = np.empty(edges, np.int32)
    target = np.empty(edges, np.int32)
    out = np.empty(edges + 1, np.int64)
    items = np.empty(total, np.int64)
    e = -1
    for i in range(total):
        pair = pairs[order[i]]
        if i == 0 or pair != pairs[order[i - 1]]:
            e += 1
            source[e] = pair >> 32
            target[e] = pair & _LOW
            out[e] = i
        items[i] = lists[order[i]]
    out[edges] = total
    return source, target, out, items


@njit(cache=True, nogil=True)
def breadth_first(source: Ints, target: Ints, seeds: npt.NDArray[np.bool_]) -> Ints:
    """Fewest edges from any seed to each state; -1 where there is no way.

    Args:
        source, target: int32[E], edges in any order.
        seeds: bool[S].
    """
    states = seeds.shape[0]
    place = np.zeros(states + 1, np.int64)
    for e in range(source.shape[0]):
        place[source[e] + 1] += 1
    for s in range(states):
        place[s + 1] += place[s]
    follow = np.empty(source.shape[0], np.int32)
    for e in range(source.shape[0]):
        follow[place[source[e]]] = target[e]
        place[source[e]] += 1  # in the end place[s] is where the edges of s end
    distance = np.full(states, -1, np.int32)
    queue = np.empty(states, np.int64)
    last = 0
    for s in range(states):
        if seeds[s]:
            distance[s] = 0
            queue[last] = s
            last += 1
    first = 0
    while first < last:
        s = queue[first]
        first += 1
        for k in range(place[s - 1] if s > 0 else 0, place[s]):
            t = follow[k]
            if distance[t] < 0:
                distance[t] = distance[s] + 1
                queue[last] = t
                last += 1
    return distance


@njit(cache=True, nogil=True)
def expand_sets(
    offsets: Longs, parts: Longs, num_parts: int, class_offsets: Longs, class_parts: Longs, sizes: Longs
) -> tuple[Longs, Longs]:
    """From lists of parts to lists of classes: each class that has one of the parts, ascending.

    Args:
        offsets, parts: Z lists of parts; a class has at most one part of each list.
        num_parts: above every part.
        class_offsets, class_parts: C lists, the parts of each class.
        sizes: int64[Z], the number of classes of each list.
    """
    place = np.zeros(num_parts + 1, np.int64)
    for k in range(parts.shape[0]):
        place[parts[k] + 1] += 1
    for p in range(num_parts):
        place[p + 1] += place[p]
    start = place.copy()
    owner = np.empty(parts.shape[0], np.int64)
    for z in range(offsets.shape[0] - 1):
        for k in range(offsets[z], offsets[z + 1]):
            owner[place[parts[k]]] = z
            place[parts[k]] += 1
    out = np.zeros(sizes.shape[0] + 1, np.int64)
    for z in range(sizes.shape[0]):
        out[z + 1] = out[z] + sizes[z]
    free = out.copy()
    classes = np.empty(out[-1], np.int64)
    for c in range(class_offsets.shape[0] - 1):
        for k in range(class_offsets[c], class_offsets[c + 1]):
            p = class_parts[k]
            for i in range(start[p], start[p + 1]):
                z = owner[i]
                classes[free[z]] = c
                free[z] += 1
    return out, classes
