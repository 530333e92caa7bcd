"""Minimisation in one pass over the transitions, from the ends of the texts backwards.

Every cycle of an automaton passes through the target of a transition that leads back in a depth-first search, a *head*.
Without cycles, states taken children first are equivalent exactly if they accept alike and lead to the same classes by the
same bytes (Revuz, "Minimisation of acyclic deterministic automata in linear time", Theoretical Computer Science 92, 1992).
So it is if the classes of the heads are known. They are guessed and checked:

    signatures  numbers that depend on nothing but the texts of a state up to a length; states of different signatures are
                not equivalent. States with the signature of a head are taken to be equivalent to it.
    check       each of these leads to the same classes as its head. Then states of one class are equivalent. States of
                two classes are not: by some string they would lead to a head and a state that has not its signature.

Where the check fails, the general algorithm does it (`minimise_kernel`).
"""

# numba's functions have no types that pyright could follow:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false
# pyright: reportReturnType=false

from __future__ import annotations

import numpy as np

from canvasgen.automata.dfa import Bools, Ints
from canvasgen.automata.subset_kernel import mix
from canvasgen.jit import njit

__all__ = ["blocks_by_loops"]

LONGEST = 32
"""Bytes of the texts that signatures tell apart."""


@njit(cache=True, nogil=True)
def _children_first(offsets, target, useful):
    """Return the useful states in the order in which a depth-first search from state 0 leaves them, and which are heads."""
    states = useful.size
    heads = np.zeros(states, np.bool_)
    seen = np.zeros(states, np.int8)  # 1: on the way from the start, 2: left
    order = np.empty(states, np.int32)
    stack = np.empty(states, np.int32)
    row = np.empty(states, np.int32)
    stack[0], row[0], seen[0] = 0, offsets[0], 1
    top, count = 1, 0
    while top > 0:
        s = stack[top - 1]
        if row[top - 1] == offsets[s + 1]:
            seen[s] = 2
            order[count] = s
            count += 1
            top -= 1
            continue
        t = target[row[top - 1]]
        row[top - 1] += 1
        if not useful[t]:
            continue
        if seen[t] == 0:
            stack[top], row[top], seen[t] = t, offsets[t], 1
            top += 1
        elif seen[t] == 1:
            heads[t] = True
    return order[:count], heads


@njit(cache=True, nogil=True)
def _like_heads(signature, order, heads, like):
    """Set `like` of each state to the first head of its signature, -1 if none has it; return how many are no such head."""
    count = np.int64(0)
    for k in range(order.size):
        count += heads[order[k]]
    size = 4
    while size < 4 * count:
        size *= 2
    table = np.full(size, -1, np.int32)
    others = 0
    for is_head in (True, False):
        for k in range(order.size):
            s = order[k]
            if heads[s] != is_head:
                continue
            slot = np.int64(signature[s] & np.uint64(size - 1))
            while table[slot] >= 0 and signature[table[slot]] != signature[s]:
                slot = (slot + 1) & (size - 1)
            if is_head and table[slot] < 0:
                table[slot] = s
            like[s] = table[slot]
            others += like[s] >= 0 and like[s] != s
    return others


@njit(cache=True, nogil=True)
def _by_signature(offsets, low, high, target, accepting, useful, order, heads):
    """Return int32 [S]: for each state the first head of its signature, -1 if none has it."""
    before = np.zeros(257, np.uint64)  # of each byte, the sum of the weights of those before it
    for byte in range(256):
        before[byte + 1] = before[byte] + (mix(byte) | np.uint64(1))
    signature = accepting.astype(np.uint64)
    spread = np.empty(signature.size, np.uint64)
    like = np.full(signature.size, -1, np.int32)
    length = 0
    wanted = 4
    others = -1
    while True:
        for k in range(order.size):
            spread[order[k]] = mix(signature[order[k]])
        for k in range(order.size):
            s = order[k]
            # However the bytes are cut into ranges, the sum is the same.
            total = np.uint64(accepting[s])
            for r in range(offsets[s], offsets[s + 1]):
                if useful[target[r]]:
                    total += (before[high[r] + 1] - before[low[r]]) * spread[target[r]]
            signature[s] = total
        length += 1
        if length == wanted:
            found = _like_heads(signature, order, heads, like)
            if found in (0, others) or length >= LONGEST:
                return like
            others = found
            wanted *= 2


@njit(cache=True, nogil=True, _nrt=False)
def _rows(s, offsets, low, high, target, useful, block, kept_low, kept_high, kept_target, free):
    """Write the rows of a state from `free` on, to classes, neighbours that lead to one class joined; return their end."""
    rows = free
    for r in range(offsets[s], offsets[s + 1]):
        t = target[r]
        if not useful[t]:
            continue
        if rows > free and kept_target[rows - 1] == block[t] and kept_high[rows - 1] + 1 == low[r]:
            kept_high[rows - 1] = high[r]
        else:
            kept_low[rows], kept_high[rows], kept_target[rows] = low[r], high[r], block[t]
            rows += 1
    return rows


@njit(cache=True, nogil=True, _nrt=False)
def _are_equal(kept_low, kept_high, kept_target, first, other, count):
    """Return whether `count` rows from `first` and from `other` on are the same."""
    for k in range(count):
        if (
            kept_target[first + k] != kept_target[other + k]
            or kept_low[first + k] != kept_low[other + k]
            or kept_high[first + k] != kept_high[other + k]
        ):
            return False
    return True


@njit(cache=True, nogil=True)
def blocks_by_loops(
    offsets: Ints, low: Ints, high: Ints, target: Ints, accepting: Bools, useful: Bools
) -> tuple[bool, Ints]:
    """Return the equivalence classes of the useful states, if they are found in one pass.

    Args:
        offsets, low, high, target, accepting: as `minimise` takes them; state 0 is useful.
        useful: bool [S]: from which states an accepting one is reachable.

    Returns:
        Whether they were found; int32 [S], a state of each one's class, the same for all of the class.
    """
    order, heads = _children_first(offsets, target, useful)
    like = _by_signature(offsets, low, high, target, accepting, useful, order, heads)
    block = like.copy()
    size = 4
    while size < 2 * order.size:
        size *= 2
    table = np.full(size, -1, np.int32)
    digests = np.empty(useful.size, np.uint64)
    # The rows of each class, and room for those of two states more.
    first = np.empty(useful.size, np.int64)
    last = np.empty(useful.size, np.int64)
    kept_low = np.empty(target.size + 512, np.int32)
    kept_high = np.empty(target.size + 512, np.int32)
    kept_target = np.empty(target.size + 512, np.int32)
    free = np.int64(0)
    for k in range(order.size):
        s = order[k]
        if like[s] >= 0:
            continue
        rows = _rows(s, offsets, low, high, target, useful, block, kept_low, kept_high, kept_target, free)
        digest = np.uint64(accepting[s])
        for r in range(free, rows):
            place = (np.int64(kept_target[r]) << 18) | (np.int64(kept_low[r]) << 9) | np.int64(kept_high[r])
            digest += mix(place)
        slot = np.int64(mix(digest) & np.uint64(size - 1))
        while table[slot] >= 0:
            other = table[slot]
            if (
                digests[other] == digest
                and accepting[other] == accepting[s]
                and last[other] - first[other] == rows - free
                and _are_equal(kept_low, kept_high, kept_target, first[other], free, rows - free)
            ):
                break
            slot = (slot + 1) & (size - 1)
        if table[slot] < 0:
            table[slot] = s
            digests[s] = digest
            first[s], last[s] = free, rows
            free = rows
        block[s] = table[slot]
    for k in range(order.size):
        s = order[k]
        if like[s] < 0 or like[s] == s:
            continue
        end = _rows(s, offsets, low, high, target, useful, block, kept_low, kept_high, kept_target, free)
        stop = _rows(
            like[s], offsets, low, high, target, useful, block, kept_low, kept_high, kept_target, end
        )
        if (
            accepting[s] != accepting[like[s]]
            or end - free != stop - end
            or not _are_equal(kept_low, kept_high, kept_target, free, end, end - free)
        ):
            return False, block
    return True, block
