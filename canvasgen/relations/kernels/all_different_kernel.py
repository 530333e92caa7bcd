"""All-different, to generalised arc consistency (Régin 1994), in numba.

A value of a cell survives exactly if it is in a matching of all cells to different values (J.-C. Régin, "A
filtering algorithm for constraints of difference in CSPs", AAAI 1994). With one maximum matching at hand that
is so for an edge whose value can be freed by an alternating path, and for one within a strongly connected
component of the cells that cannot be freed; the components are found as a transitive closure over words of bits,
which at the sizes of a group is as fast as a depth-first search.
"""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np

from canvasgen.jit import njit
from canvasgen.relations.kernels.bits import first_bit, single, trailing
from canvasgen.relations.kernels.work import changed, clear_bit, has_bit

__all__ = ["filter_different", "tell_peers"]


@njit(cache=True, nogil=True)
def tell_peers(program, work, domain, cell) -> bool:
    """Take the value of a cell that has one from the cells that must differ; False if one is left empty."""
    bit = first_bit(domain[cell])
    for k in range(program.group_start[cell], program.group_start[cell + 1]):
        p = program.groups[k]
        if work.active[p]:
            for e in range(program.args[p, 1], program.args[p, 2]):
                peer = program.cells[e]
                if peer != cell and has_bit(domain[peer], bit):
                    clear_bit(domain[peer], bit)
                    if not changed(program, work, domain, peer):
                        return False
    return True


@njit(cache=True, nogil=True)
def _augment(work, domain, members, count, entry, free, root) -> bool:
    """Match the cell of `members[root]` along a shortest alternating path; False if there is none."""
    words = domain.shape[1]
    owner, parent = work.owner[0], work.owner[1]
    # order[0]: the queue of members; `seen` is kept in the last row of the scratch
    queue, seen = work.order[1], work.scratch[-1]
    seen[:] = 0
    queue[0], head, tail = root, 0, 1
    while head < tail:
        at = queue[head]
        head += 1
        cell = members[at]
        for k in range(words):
            fresh = domain[cell, k] & ~seen[k]
            open_ = fresh & free[k]
            if open_ != 0:
                bit = 64 * k + trailing(open_)
                clear_bit(free, bit)
                while True:
                    last = entry[at]
                    entry[at], owner[bit] = bit, at
                    if at == root:
                        return True
                    bit = last
                    at = parent[bit]
            seen[k] |= fresh
            while fresh != 0:
                bit = 64 * k + trailing(fresh)
                fresh &= fresh - 1
                parent[bit] = at
                queue[tail] = owner[bit]
                tail += 1
    return False


@njit(cache=True, nogil=True)
def filter_different(program, work, domain, p) -> bool:
    """Remove the values of primitive p's cells that no matching has; False if there is no matching.

    Cells with one value are left out: `tell_peers` has taken their values from the others.
    """
    words = domain.shape[1]
    members, count = work.order[0], 0
    first, last = program.args[p, 1], program.args[p, 2]
    entry = np.empty(last - first, np.int64)
    free = np.zeros(words, np.int64)
    for e in range(first, last):
        cell = program.cells[e]
        if not single(domain[cell]):
            members[count], entry[count] = cell, work.match[e]
            count += 1
            for k in range(words):
                free[k] |= domain[cell, k]
    if count == 0:
        return True
    owner = work.owner[0]
    for at in range(count):  # what is left of the last matching
        bit = entry[at]
        if bit >= 0:
            if has_bit(domain[members[at]], bit) and has_bit(free, bit):
                clear_bit(free, bit)
                owner[bit] = at
            else:
                entry[at] = -1
    for at in range(count):
        if entry[at] < 0 and not _augment(work, domain, members, count, entry, free, at):
            return False
    n = 0
    for e in range(first, last):
        if not single(domain[program.cells[e]]):
            work.match[e] = entry[n]
            n += 1
    return _filter(program, work, domain, members, count, entry, free)


@njit(cache=True, nogil=True)
def _filter(program, work, domain, members, count, entry, free) -> bool:
    """Keep the edges of alternating paths that start at a free value, and those within components."""
    words = domain.shape[1]
    reach = work.scratch
    loose = np.zeros(count, np.bool_)  # cells that can give up their value
    more = True
    while more:
        more = False
        for at in range(count):
            if not loose[at]:
                for k in range(words):
                    if domain[members[at], k] & free[k] != 0:
                        loose[at] = more = True
                        bit = entry[at]
                        free[bit >> 6] |= np.int64(1) << (bit & 63)
                        break
    for at in range(count):
        if not loose[at]:
            reach[at] = domain[members[at]]
    for mid in range(count):
        if not loose[mid]:
            bit = entry[mid]
            for at in range(count):
                if at != mid and not loose[at] and has_bit(reach[at], bit):
                    for k in range(words):
                        reach[at, k] |= reach[mid, k]
    owner = work.owner[0]
    for at in range(count):
        cell, less = members[at], False
        for k in range(words):
            if loose[at]:
                keep = domain[cell, k] & free[k]
            else:
                keep, rest = domain[cell, k], domain[cell, k]
                while rest != 0:
                    bit = 64 * k + trailing(rest)
                    if bit != entry[at] and not has_bit(reach[owner[bit]], entry[at]):
                        keep &= ~(rest & -rest)
                    rest &= rest - 1
            if keep != domain[cell, k]:
                domain[cell, k] = keep
                less = True
        if less and not changed(program, work, domain, cell):
            return False
    return True
