"""Minimisation of a partial deterministic automaton in numba.

The algorithm is Valmari's refinement of the states and of the transitions in turn, always by the smaller half
(A. Valmari, "Fast brief practical DFA minimization", Information Processing Letters 112, 2012), O(M log M)
for M labelled transitions. To keep M near the number of byte ranges, states are first grouped by whether they
accept and by the bytes they can read at all (in a trim automaton, equivalent states agree in both), and
ranges are cut only at the bounds that occur in their own group.
"""

# numba's functions have no types that pyright could follow:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownLambdaType=false
# pyright: reportReturnType=false, reportArgumentType=false, reportCallIssue=false
# pyright: reportAttributeAccessIssue=false
# pyright: reportOperatorIssue=false, reportIndexIssue=false

from __future__ import annotations

import numpy as np

from canvasgen.automata.dfa import Bools, Ints
from canvasgen.automata.loops_kernel import blocks_by_loops
from canvasgen.automata.subset_kernel import index_by_state
from canvasgen.jit import njit

__all__ = ["minimise"]

MAX_GROUPS = 512


@njit(cache=True, nogil=True, _nrt=False)
def _split(marked, touched, count, elements, set_of, first, end, num_sets):
    """Split every touched set into its marked and its unmarked elements; the smaller part gets the new
    number.

    A set s is elements[first[s]:end[s]], its `marked[s]` marked ones in front. Returns the number of sets.
    """
    for i in range(count):
        s = touched[i]
        middle = first[s] + marked[s]
        marked[s] = 0
        if middle == end[s]:
            continue
        if middle - first[s] <= end[s] - middle:
            first[num_sets], end[num_sets] = first[s], middle
            first[s] = middle
        else:
            first[num_sets], end[num_sets] = middle, end[s]
            end[s] = middle
        for k in range(first[num_sets], end[num_sets]):
            set_of[elements[k]] = num_sets
        num_sets += 1
    return num_sets


@njit(cache=True, nogil=True, _nrt=False)
def _mark(element, marked, touched, count, elements, place, set_of, first):
    """Move an element among the marked ones of its set; return the number of touched sets."""
    s = set_of[element]
    at = place[element]
    to = first[s] + marked[s]
    if at < to:
        return count
    elements[at] = elements[to]
    place[elements[at]] = at
    elements[to] = element
    place[element] = to
    if marked[s] == 0:
        touched[count] = s
        count += 1
    marked[s] += 1
    return count


@njit(cache=True, nogil=True)
def _group_sets(key, num_keys, elements, place, set_of, first, end):
    """Partition 0..key.size-1 by key in 0..num_keys-1; return the number of sets."""
    size = np.zeros(num_keys + 1, np.int32)
    for i in range(key.size):
        size[key[i] + 1] += 1
    for k in range(num_keys):
        size[k + 1] += size[k]
    num_sets = 0
    set_of_key = np.empty(num_keys, np.int32)
    for k in range(num_keys):
        if size[k + 1] > size[k]:
            first[num_sets], end[num_sets] = size[k], size[k + 1]
            set_of_key[k] = num_sets
            num_sets += 1
    for i in range(key.size):
        at = size[key[i]]
        size[key[i]] += 1
        elements[at] = i
        place[i] = at
        set_of[i] = set_of_key[key[i]]
    return num_sets


@njit(cache=True, nogil=True)
def _useful(offsets, target, accepting):
    """Return bool [S]: from which states an accepting one is reachable."""
    states = accepting.size
    source = np.empty(target.size, np.int32)
    for s in range(states):
        for r in range(offsets[s], offsets[s + 1]):
            source[r] = s
    before, rows = index_by_state(states, target)
    useful = np.empty(states, np.bool_)
    stack = np.empty(states, np.int32)
    top = 0
    for s in range(states):
        useful[s] = accepting[s]
        if useful[s]:
            stack[top] = s
            top += 1
    while top > 0:
        top -= 1
        s = stack[top]
        for k in range(before[s], before[s + 1]):
            p = source[rows[k]]
            if not useful[p]:
                useful[p] = True
                stack[top] = p
                top += 1
    return useful


@njit(cache=True, nogil=True)
def _grouped(offsets, low, high, target, accepting, useful, groups):
    """Group the states by whether they accept, are useful, and by the bytes that they can read.

    A hash will do, since a collision only joins two groups.

    Returns:
        int32 [S], the group of each state; bool [groups, 257], the bounds of the ranges in each group.
    """
    states = accepting.size
    group = np.empty(states, np.int32)
    bound = np.zeros((groups, 257), np.bool_)
    for s in range(states):
        digest = np.uint64(accepting[s]) + np.uint64(2) * np.uint64(useful[s])
        open_until = -1
        for r in range(offsets[s], offsets[s + 1]):
            if not useful[target[r]]:
                continue
            if low[r] != open_until:
                digest = (digest ^ np.uint64(open_until + 2)) * np.uint64(0x9E3779B97F4A7C15)
                digest = (digest ^ np.uint64(low[r] + 300)) * np.uint64(0xBF58476D1CE4E5B9)
            open_until = high[r] + 1
        digest = (digest ^ np.uint64(open_until + 2)) * np.uint64(0x94D049BB133111EB)
        group[s] = np.int32((digest ^ (digest >> np.uint64(32))) & np.uint64(groups - 1))
        for r in range(offsets[s], offsets[s + 1]):
            if useful[target[r]]:
                bound[group[s], low[r]] = True
                bound[group[s], high[r] + 1] = True
    return group, bound


@njit(cache=True, nogil=True)
def _labelled(offsets, low, high, target, useful, group, bound):
    """Cut the ranges at the bounds of their group into labelled transitions.

    A label is a group and a piece between two of its bounds.

    Returns:
        int32 [M] each: tail, head and label of the transitions between useful states; the number of labels.
    """
    label_of = np.zeros(bound.shape, np.int32)
    labels = 0
    for g in range(bound.shape[0]):
        for byte in range(257):
            label_of[g, byte] = labels
            if bound[g, byte]:
                labels += 1
    states = offsets.size - 1
    count = 0
    for s in range(states):
        for r in range(offsets[s], offsets[s + 1]):
            if useful[target[r]]:
                count += label_of[group[s], high[r] + 1] - label_of[group[s], low[r]]
    tail = np.empty(count, np.int32)
    head = np.empty(count, np.int32)
    label = np.empty(count, np.int32)
    at = 0
    for s in range(states):
        for r in range(offsets[s], offsets[s + 1]):
            if useful[target[r]]:
                for k in range(label_of[group[s], low[r]], label_of[group[s], high[r] + 1]):
                    tail[at] = s
                    head[at] = target[r]
                    label[at] = k
                    at += 1
    return tail, head, label, labels


@njit(cache=True, nogil=True)
def _blocks(offsets, low, high, target, accepting, useful):
    """Return int32 [S]: the equivalence class of every useful state (numbers in no particular order)."""
    states = accepting.size
    groups = 64
    while groups < 2 * states and groups < MAX_GROUPS:
        groups *= 2
    group, bound = _grouped(offsets, low, high, target, accepting, useful, groups)
    tail, head, label, labels = _labelled(offsets, low, high, target, useful, group, bound)
    count = tail.size

    # The partition of the states into blocks (b_), and of the transitions into cords (c_).
    b_elements = np.empty(states, np.int32)
    b_place = np.empty(states, np.int32)
    b_set = np.empty(states, np.int32)
    b_first = np.empty(states + 1, np.int32)
    b_end = np.empty(states + 1, np.int32)
    b_marked = np.zeros(states + 1, np.int32)
    b_touched = np.empty(states + 1, np.int32)
    key = np.empty(states, np.int32)
    for s in range(states):
        key[s] = 4 * group[s] + 2 * np.int32(accepting[s]) + np.int32(useful[s])
    blocks = _group_sets(key, 4 * groups, b_elements, b_place, b_set, b_first, b_end)
    if count == 0:
        return b_set
    c_elements = np.empty(count, np.int32)
    c_place = np.empty(count, np.int32)
    c_set = np.empty(count, np.int32)
    c_first = np.empty(count + 1, np.int32)
    c_end = np.empty(count + 1, np.int32)
    c_marked = np.zeros(count + 1, np.int32)
    c_touched = np.empty(count + 1, np.int32)
    cords = _group_sets(label, labels, c_elements, c_place, c_set, c_first, c_end)
    before, arriving = index_by_state(states, head)

    block = 1
    cord = 0
    while cord < cords:
        touched = np.int64(0)
        for k in range(c_first[cord], c_end[cord]):
            touched = _mark(
                tail[c_elements[k]], b_marked, b_touched, touched, b_elements, b_place, b_set, b_first
            )
        blocks = _split(b_marked, b_touched, touched, b_elements, b_set, b_first, b_end, blocks)
        cord += 1
        while block < blocks:
            touched = np.int64(0)
            for k in range(b_first[block], b_end[block]):
                s = b_elements[k]
                for j in range(before[s], before[s + 1]):
                    touched = _mark(
                        arriving[j], c_marked, c_touched, touched, c_elements, c_place, c_set, c_first
                    )
            cords = _split(c_marked, c_touched, touched, c_elements, c_set, c_first, c_end, cords)
            block += 1
    return b_set


@njit(cache=True, nogil=True)
def minimise(
    offsets: Ints, low: Ints, high: Ints, target: Ints, accepting: Bools
) -> tuple[Ints, Ints, Ints, Ints, Bools, Ints]:
    """Build the minimal automaton of a deterministic one whose states are reachable: trim, numbered canonically.

    Args:
        offsets, low, high, target: int32 arrays as in `DFA`; state 0 is the start.
        accepting: bool [S].

    Returns:
        The five arrays of the minimal automaton, low and high as int32; int32 [S], its state for each of the given
        ones, -1 for those that lead to no end.
    """
    states = accepting.size
    useful = _useful(offsets, target, accepting)
    if not useful[0]:
        none = np.full(states, -1, np.int32)
        return np.zeros(2, np.int32), low[:0], high[:0], target[:0], np.zeros(1, np.bool_), none
    found, block = blocks_by_loops(offsets, low, high, target, accepting, useful)
    if not found:
        block = _blocks(offsets, low, high, target, accepting, useful)
    # Breadth first over increasing bytes: canonical numbers, one representative per block.
    number = np.full(states, -1, np.int32)
    representative = np.empty(states, np.int32)
    new_offsets = np.zeros(states + 1, np.int32)
    new_low = np.empty(target.size, np.int32)
    new_high = np.empty(target.size, np.int32)
    new_target = np.empty(target.size, np.int32)
    number[block[0]] = 0
    representative[0] = 0
    made = 1
    done = 0
    rows = 0
    while done < made:
        s = representative[done]
        first_row = rows
        for r in range(offsets[s], offsets[s + 1]):
            t = target[r]
            if not useful[t]:
                continue
            if number[block[t]] < 0:
                number[block[t]] = made
                representative[made] = t
                made += 1
            after = number[block[t]]
            if rows > first_row and new_target[rows - 1] == after and new_high[rows - 1] + 1 == low[r]:
                new_high[rows - 1] = high[r]
            else:
                new_low[rows] = low[r]
                new_high[rows] = high[r]
                new_target[rows] = after
                rows += 1
        done += 1
        new_offsets[done] = rows
    new_accepting = np.empty(made, np.bool_)
    for k in range(made):
        new_accepting[k] = accepting[representative[k]]
    for s in range(states):
        representative[s] = number[block[s]] if useful[s] else -1
    return (
        new_offsets[: made + 1],
        new_low[:rows],
        new_high[:rows],
        new_target[:rows],
        new_accepting,
        representative,
    )
