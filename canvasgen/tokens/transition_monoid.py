"""One walk of the byte trie that finds what every token does to every state at once.

What a byte string does to the states of an automaton is a partial function; appending a byte composes it with
one letter of the automaton's *transition monoid* (Pin, "Mathematical Foundations of Automata Theory", chapter
IV). The walk carries at each trie node the number of its function, and remembers (function, byte class) ->
function, so that a node costs one table look-up and each distinct function is computed once. Tokens with one
function act alike.

A function on all states would be long: every literal that a token may touch would be a new function on all
the states of all strings as well. So states are put into *groups* (those with the same set of possible byte
classes), and a function is a list of *parts*, one for each group where it is not empty; parts are remembered
in the same way. Any grouping is correct; this one keeps what varies together in one part.

Lists (parts are lists of packed (source, target) pairs, functions are lists of parts) are hash-consed: equal
lists have one number. Number 0 is the empty list.
"""
# numba has no type stubs:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from canvasgen.jit import njit
from canvasgen.tokens.interning import Count, Store, intern
from canvasgen.vocabulary.character_kinds import KIND_HIGH, KIND_LENGTHS, KIND_LOW, KIND_ROWS, ODD

__all__ = [
    "DONE",
    "FUNCTIONS_FULL",
    "PAIRS_FULL",
    "UNFINISHED",
    "Store",
    "intern",
    "walk",
]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]

DONE = 0
UNFINISHED = 1
FUNCTIONS_FULL = -1
PAIRS_FULL = -2

_LOW = (1 << 32) - 1  # the target of a packed pair
LARGE = 12  # nodes below a node, with it, from which on it is worth while to ask what all of them do


@njit(cache=True, nogil=True)
def _function_then(
    function: Count,
    byte: Count,
    columns: Ints,
    classes: int,
    part_memo: Ints,
    part_store: Store,
    store: Store,
    parts: Count,
    functions: Count,
    most: int,
    most_pairs: int,
) -> tuple[Count, Count]:
    """Return the number of a function followed by a byte class, and the number of parts then; arguments as in `walk`.

    The number is `functions` if the function is new; or it is FUNCTIONS_FULL or PAIRS_FULL.
    """
    table, hashes, offsets, data = store
    part_table, part_hashes, part_offsets, part_data = part_store
    if functions >= most:
        return FUNCTIONS_FULL, parts
    start, stop = offsets[function], offsets[function + 1]
    n = offsets[functions]
    if n + stop - start > most_pairs:
        return PAIRS_FULL, parts
    for k in range(start, stop):
        part = data[k]
        place = part * classes + byte
        known = part_memo[place]
        if known == 0:
            if parts >= most:
                return FUNCTIONS_FULL, parts
            first, last = part_offsets[part], part_offsets[part + 1]
            free = part_offsets[parts]
            if free + last - first > most_pairs:
                return PAIRS_FULL, parts
            end = free
            for i in range(first, last):
                target = columns[byte, part_data[i] & _LOW]
                if target >= 0:
                    part_data[end] = (part_data[i] & ~_LOW) | np.int64(target)
                    end += 1
            known = 1
            if end > free:  # most lead nowhere
                made = intern(part_table, part_hashes, part_offsets, part_data, parts, end)
                if made == parts:
                    parts += 1
                known = np.int32(made + 1)
            part_memo[place] = known
        if known != 1:
            data[n] = known - 1
            n += 1
    return intern(table, hashes, offsets, data, functions, n), parts


@njit(cache=True, nogil=True)
def _then(
    function: Count,
    byte: Count,
    columns: Ints,
    classes: int,
    part_memo: Ints,
    part_store: Store,
    memo: Ints,
    store: Store,
    counts: Longs,
    most: int,
    most_pairs: int,
) -> Count:
    """Return the number of a function followed by a byte class, remembered; arguments as in `walk`.

    `counts` are the parts and functions made so far. Negative: FUNCTIONS_FULL or PAIRS_FULL.
    """
    place = function * classes + byte
    if memo[place] == 0:
        made, parts = _function_then(
            *(function, byte, columns, classes, part_memo, part_store, store),
            *(counts[0], counts[1], most, most_pairs),
        )
        if made < 0:
            return made
        counts[0] = parts
        if made == counts[1]:
            counts[1] += 1
        memo[place] = made + 1
    return memo[place] - 1


@njit(cache=True, nogil=True)
def _keeps(
    function: Count,
    kind: int,
    byte_class: Bytes,
    columns: Ints,
    classes: int,
    part_memo: Ints,
    part_store: Store,
    memo: Ints,
    store: Store,
    counts: Longs,
    most: int,
    most_pairs: int,
) -> Count:
    """Return 1 if a function followed by any character of a kind is itself, 0 if not; negative: as `_then`."""
    at = np.empty(4, np.int64)
    after = np.empty(5, np.int64)
    after[0] = function
    for row in range(KIND_ROWS[kind], KIND_ROWS[kind + 1]):
        length = KIND_LENGTHS[row]
        level = 0
        at[0] = KIND_LOW[row, 0]
        while level >= 0:
            b = at[level]
            if b > KIND_HIGH[row, level]:
                level -= 1
                if level >= 0:
                    at[level] += 1
                continue
            c = np.int64(byte_class[b])
            if b > KIND_LOW[row, level] and byte_class[b - 1] == c:  # as the byte before
                at[level] += 1
                continue
            made = memo[after[level] * classes + c] - 1
            if made < 0:
                made = _then(
                    *(after[level], c, columns, classes, part_memo, part_store, memo, store, counts),
                    *(most, most_pairs),
                )
                if made < 0:
                    return made
            if level + 1 < length:
                if made == 0:
                    return 0
                after[level + 1] = made
                level += 1
                at[level] = KIND_LOW[row, level]
            else:
                if made != function:
                    return 0
                at[level] += 1
    return 1


@njit(cache=True, nogil=True)
def _begin(
    order: Ints,
    group_offsets: Longs,
    part_store: Store,
    store: Store,
    counts: Longs,
    most: int,
    most_pairs: int,
) -> Count:
    """Keep the empty part and function, and return the number of the identity; arguments and errors as in `walk`."""
    part_table, part_hashes, part_offsets, part_data = part_store
    table, hashes, offsets, data = store
    counts[0] = intern(part_table, part_hashes, part_offsets, part_data, 0, 0) + 1
    counts[1] = intern(table, hashes, offsets, data, 0, 0) + 1
    groups = group_offsets.shape[0] - 1
    if most_pairs < order.shape[0]:
        return PAIRS_FULL
    if most < groups + 2:
        return FUNCTIONS_FULL
    stop = 0
    for g in range(groups):
        n = part_offsets[counts[0]]
        for k in range(group_offsets[g], group_offsets[g + 1]):
            s = np.int64(order[k])
            part_data[n] = (s << 32) | s
            n += 1
        data[stop] = intern(part_table, part_hashes, part_offsets, part_data, counts[0], n)
        counts[0] += 1
        stop += 1
    whole = np.int64(intern(table, hashes, offsets, data, counts[1], stop))
    counts[1] += 1
    return whole


@njit(cache=True, nogil=True)
def walk(
    nodes: Words,
    byte_class: Bytes,
    columns: Ints,
    classes: int,
    order: Ints,
    group_offsets: Longs,
    path: Longs,
    rank_function: Ints,
    part_memo: Ints,
    part_store: Store,
    memo: Ints,
    store: Store,
    kept: Words,
    broken: Words,
    most: int,
    most_pairs: int,
    at: Longs,
    work: int,
) -> int:
    """Number the function of every token; 0 is the empty one. It stops after some work, to go on when called again.

    Where a function is the same after a byte as before (the text of a string goes on), and after all characters that
    stand below a node as well, all tokens below have this function, and are not looked at.

    Args:
        nodes: uint64[N, 3], the trie (see `canvasgen.vocabulary.Trie.packed`).
        byte_class, columns, classes: the automaton, from `transition_columns`.
        order, group_offsets: the states, sorted by group and ascending in each; where each group starts.
        path: int64[depth of the trie + 1] of anything: for each prefix of a node its function, times K.
        rank_function: int32[T], filled: the function of each token that is text, in the trie's order.
        part_memo, memo: zeros; at part · K + class and function · K + class: number + 1 of the result.
        part_store, store: empty stores of parts and of functions.
        kept, broken: uint64[most + 1], zeros: of each function the kinds of characters that keep it, and that do not.
        most: parts, and functions, that may be made; memos and stores have room for that many and one more.
        most_pairs: pairs, and parts of functions, that may be kept; the stores have room for that many.
        at: int64[5], zeros at first: parts and functions so far; the next node and token, and the function of tokens before
            the node.
        work: states that new functions may look at before the walk stops.

    Returns:
        DONE, UNFINISHED, FUNCTIONS_FULL or PAIRS_FULL.
    """
    counts = at[:2]
    if at[2] == 0:
        whole = _begin(order, group_offsets, part_store, store, counts, most, most_pairs)
        if whole < 0:
            return whole
        path[0] = whole * classes
        at[2] = 1
    # The tokens up to `rank` have their numbers, and those up to the next node that is visited get `pending`.
    node, rank = at[2], at[3]
    pending = np.int32(at[4])
    states = order.shape[0]
    while node < nodes.shape[0]:
        upto = np.int64(nodes[node, 2])
        while rank < upto:
            rank_function[rank] = pending
            rank += 1
        place = nodes[node, 0]
        depth = np.int64((place >> np.uint64(8)) & np.uint64(0xFFFFFF))
        c = np.int64(byte_class[place & np.uint64(0xFF)])
        before = path[depth - 1]
        known = np.int64(memo[before + c])
        if known == 0:
            if work <= 0:
                at[2], at[3], at[4] = node, rank, pending
                return UNFINISHED
            work -= states
            known = 1 + _then(
                *(before // classes, c, columns, classes, part_memo, part_store, memo, store, counts),
                *(most, most_pairs),
            )
            if known <= 0:
                return known - 1
        after = np.int64(place >> np.uint64(32))
        pending = np.int32(known - 1)
        if known == 1:
            node = after
            continue
        here = (known - 1) * classes
        if kept[known - 1] != 0 or (here == before and after - node >= LARGE):
            open_kinds = nodes[node, 1] & ~kept[known - 1]
            kind = 0
            while open_kinds & (broken[known - 1] | ODD) == 0 and open_kinds >> np.uint64(kind) != 0:
                bit = np.uint64(1) << np.uint64(kind)
                if open_kinds & bit:
                    work -= states
                    keeps = _keeps(
                        *(known - 1, kind, byte_class, columns, classes, part_memo, part_store, memo, store),
                        *(counts, most, most_pairs),
                    )
                    if keeps < 0:
                        return keeps
                    if keeps:
                        kept[known - 1] |= bit
                    else:
                        broken[known - 1] |= bit
                kind += 1
            if nodes[node, 1] & ~kept[known - 1] == 0:
                node = after
                continue
        path[depth] = here
        node += 1
    while rank < rank_function.shape[0]:
        rank_function[rank] = pending
        rank += 1
    return DONE
