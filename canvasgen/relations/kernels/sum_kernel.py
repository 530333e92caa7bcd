"""Sums between bounds, to bounds consistency, in numba. `Space` and the relations keep numbers within int64."""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

from canvasgen.jit import njit
from canvasgen.relations.kernels.bits import first_bit, last_bit, single
from canvasgen.relations.kernels.work import changed, clear_bit, has_bit

__all__ = ["filter_not_sum", "filter_sum"]


@njit(cache=True, nogil=True)
def _ends(program, domain, entry, row):
    """Return the least and the greatest term of an entry."""
    cell, factor = program.cells[entry], program.factors[entry]
    start = program.start[cell]
    low = factor * program.numbers[row, start + first_bit(domain[cell])]
    high = factor * program.numbers[row, start + last_bit(domain[cell])]
    return (low, high) if factor > 0 else (high, low)


@njit(cache=True, nogil=True)
def filter_sum(program, work, domain, p) -> bool:
    """Trim the ends of the cells' values that no values of the others bring between the bounds."""
    args = program.args[p]
    first, last, low, high, row = args[1], args[2], args[3], args[4], args[5]
    least, most = 0, 0
    for e in range(first, last):
        a, b = _ends(program, domain, e, row)
        least += a
        most += b
    if least > high or most < low:
        return False
    if least >= low and most <= high:
        return True
    for e in range(first, last):
        a, b = _ends(program, domain, e, row)
        at_least, at_most = low - (most - b), high - (least - a)
        if a < at_least or b > at_most:
            cell, factor = program.cells[e], program.factors[e]
            start = program.start[cell]
            for side in range(2):
                while True:
                    bit = first_bit(domain[cell]) if side == 0 else last_bit(domain[cell])
                    if bit < 0:
                        return False
                    term = factor * program.numbers[row, start + bit]
                    if at_least <= term <= at_most:
                        break
                    clear_bit(domain[cell], bit)
            if not changed(program, work, domain, cell):
                return False
    return True


@njit(cache=True, nogil=True)
def filter_not_sum(program, work, domain, p) -> bool:
    """Remove the one value that completes the total, once a single cell is open."""
    args = program.args[p]
    rest, cell, factor = args[3], -1, 0
    for e in range(args[1], args[2]):
        if single(domain[program.cells[e]]):
            a, _ = _ends(program, domain, e, 0)
            rest -= a
        elif cell >= 0:
            return True
        else:
            cell, factor = program.cells[e], program.factors[e]
    if cell < 0:
        return rest != 0
    start = program.start[cell]
    for bit in range(64 * domain.shape[1]):
        if has_bit(domain[cell], bit) and factor * program.numbers[0, start + bit] == rest:
            clear_bit(domain[cell], bit)
            return changed(program, work, domain, cell)
    return True
