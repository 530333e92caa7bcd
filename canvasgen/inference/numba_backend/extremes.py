"""Largest and smallest values of arrays, in numba, as vector code.

The largest of many floats is no vector code where there may be NaN, whatever one promises; that of integers is. So floats
are compared by their bits, made monotone.
"""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np

from canvasgen.jit import njit

__all__ = ["largest", "largest_gap", "largest_sum", "least_finite"]

_SIGN = np.int64(63)
_LOW_BITS = np.int64(0x7FFFFFFFFFFFFFFF)


@njit(cache=True, nogil=True)
def _key(value):
    """Monotone integer of a float."""
    bits = np.float64(value).view(np.int64)
    return np.int64(bits ^ ((bits >> _SIGN) & _LOW_BITS))


@njit(cache=True, nogil=True)
def _of_key(key):
    """The float of a key."""
    return np.int64(key ^ ((key >> _SIGN) & _LOW_BITS)).view(np.float64)


@njit(cache=True, nogil=True)
def largest(values):
    """The largest of some values, none of which is NaN; −inf of none."""
    key = _key(-np.inf)
    for n in range(values.shape[0]):
        key = max(key, _key(values[n]))
    return _of_key(key)


@njit(cache=True, nogil=True)
def least_finite(values):
    """The smallest value that is not −inf; inf if there is none."""
    key = _key(np.inf)
    for n in range(values.shape[0]):
        key = min(key, _key(values[n] if values[n] > -np.inf else np.inf))
    return _of_key(key)


@njit(cache=True, nogil=True)
def largest_gap(values, others):
    """The largest of values − others, none of which is NaN."""
    key = _key(-np.inf)
    for n in range(values.shape[0]):
        key = max(key, _key(values[n] - others[n]))
    return _of_key(key)


@njit(cache=True, nogil=True)
def largest_sum(values, others):
    """The largest of values + others, none of which is NaN."""
    key = _key(-np.inf)
    for n in range(values.shape[0]):
        key = max(key, _key(values[n] + others[n]))
    return _of_key(key)
