"""One walk of the byte trie that finds what every token does to every state at once (see `transition_monoid`)."""
# numba has no type stubs:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from canvasgen.jit import njit
from canvasgen.tokens.advancing import UNKNOWN, Advance, ask, powers_of
from canvasgen.tokens.interning import Count, Store
from canvasgen.tokens.part_shapes import Shapes
from canvasgen.tokens.transition_monoid import begin, then
from canvasgen.vocabulary.character_kinds import ODD, WITHIN

__all__ = ["DONE", "UNFINISHED", "walk"]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]

DONE = 0
UNFINISHED = 1
_FEW = 6
"""Nodes below a node that are sooner visited than asked about."""


@njit(cache=True, nogil=True, _nrt=False)
def _fill(
    nodes: Words,
    characters: Bytes,
    node: int,
    function: Count,
    begun: int,
    powers: Longs,
    count: int,
    rank_function: Ints,
    rank: int,
) -> tuple[int, int]:
    """Give all tokens below a node the functions that the number of their characters says.

    Args:
        nodes, characters, rank_function: as in `walk`.
        node, function: the node and its function.
        begun: characters on the way to the node that are in `powers[0]`.
        powers, count: the functions after more characters, which do not change from `count` on.
        rank: the first token whose function is not known; it is of the node, or below it.

    Returns:
        The next token whose function is not known; the function of those that were passed over.
    """
    last = powers[count]
    below = np.int64(nodes[node + 1, 2] >> np.uint64(16))
    while rank < below:  # of the node itself
        rank_function[rank] = function
        rank += 1
    if count > 1:
        after = np.int64(nodes[node, 0] >> np.uint64(32))
        stop = rank_function.shape[0]
        if after < nodes.shape[0]:
            stop = np.int64(nodes[after, 2] >> np.uint64(16))
        while rank < stop:
            rank_function[rank] = powers[min(np.int64(characters[rank]) - begun, count)]
            rank += 1
    return rank, last


@njit(cache=True, nogil=True, _nrt=False)
def walk(
    nodes: Words,
    characters: Bytes,
    byte_class: Bytes,
    columns: Ints,
    classes: int,
    order: Ints,
    group_offsets: Longs,
    shapes: Shapes,
    path: Longs,
    rank_function: Ints,
    part_shape: Ints,
    part_memo: Ints,
    part_store: Store,
    memo: Ints,
    store: Store,
    advance: Advance,
    powers: Longs,
    most: int,
    most_pairs: int,
    at: Longs,
    work: int,
) -> Count:
    """Number the function of every token; 0 is the empty one. It stops after some work, to go on when called again.

    Where all characters that stand below a node do the same to its function (the text of a string goes on), the tokens
    below it are not looked at: see `advancing`.

    Args:
        nodes, characters: the trie (see `canvasgen.vocabulary.Trie.packed`).
        byte_class, columns, classes: the automaton, from `transition_columns`.
        order, group_offsets, shapes: see `Groups`.
        path: int64[depth of the trie + 1] of anything: for each prefix of a node its function, times K.
        rank_function: int32[T], filled: the function of each token that is text, in the trie's order.
        part_shape, part_memo, part_store, memo, store, most, most_pairs: see `then`.
        advance: of length most + 1 each, see `Advance`.
        powers: int64[256] of anything.
        at: int64[5], zeros at first: parts and functions so far; the next node and token, and the function of tokens before
            the node.
        work: states that new functions may look at before the walk stops.

    Returns:
        DONE, UNFINISHED, FUNCTIONS_FULL or PAIRS_FULL.
    """
    counts = at[:2]
    if at[2] == 0:
        whole = begin(order, group_offsets, part_shape, part_store, store, counts, most, most_pairs)
        if whole < 0:
            return whole
        path[0] = whole * classes
        at[2] = 1
    monoid = (
        *(columns, classes, shapes, part_shape, part_memo, part_store, memo, store, counts),
        *(most, most_pairs),
    )
    same, different, follows = advance[:3]
    # The tokens up to `rank` have their numbers, and those up to the next node that is visited get `pending`.
    node, rank, pending = at[2], at[3], at[4]
    states = order.shape[0]
    while node < nodes.shape[0]:
        upto = np.int64(nodes[node, 2] >> np.uint64(16))
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
            known = 1 + np.int64(then(before // classes, c, *monoid))
            if known <= 0:
                return known - 1
        after = np.int64(place >> np.uint64(32))
        pending = known - 1
        if known == 1:
            node = after
            continue
        kinds = nodes[node, 1]
        if after - node > 1 and kinds & ODD == 0:
            begun = np.int64((nodes[node, 2] >> np.uint64(8)) & np.uint64(0xFF))
            longest = np.int64(nodes[node, 2] & np.uint64(0xFF)) - begun
            origin = pending
            if kinds & WITHIN:  # the character that has begun counts
                origin = before // classes
                begun -= 1
                longest += 1
                kinds &= ~WITHIN
            powers[0] = origin
            count = powers_of(kinds, longest, same, different, follows, powers)
            while count <= UNKNOWN and after - node > _FEW:
                found, asked = ask(powers[UNKNOWN - count], kinds, byte_class, monoid, advance)
                work -= states * asked
                if found < 0:
                    return found
                count = powers_of(kinds, longest, same, different, follows, powers)
            if count >= 0:
                if count > 0 or origin != pending:
                    rank, pending = _fill(
                        nodes, characters, node, pending, begun, powers, count, rank_function, rank
                    )
                node = after
                continue
        path[depth] = (known - 1) * classes
        node += 1
    while rank < rank_function.shape[0]:
        rank_function[rank] = pending
        rank += 1
    return DONE
