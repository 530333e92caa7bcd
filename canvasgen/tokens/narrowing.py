"""Arrays of whole numbers in fewer bytes, for files: reading a file and its checksum is most of what a cache costs.

An int32 array is kept in the narrowest type that holds its values, the numbers one above, or its differences (sorted
arrays have small ones).
"""

# numba has no type stubs:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from canvasgen.jit import njit

__all__ = ["narrowed", "widened"]

Arrays = dict[str, npt.NDArray[Any]]

_NARROW = (np.dtype(np.uint8), np.dtype(np.int16))
_ABOVE, _DIFFERENCES = "-", "+"
"""Behind the name of an array of which the numbers one above are kept (-1 is none), and of which the differences are."""


def narrowed(arrays: Mapping[str, npt.NDArray[Any]]) -> Arrays:
    """Return the same arrays, the one-dimensional int32 ones among them in as few bytes as one of the ways allows."""
    found: Arrays = {}
    for name, array in arrays.items():
        if array.dtype != np.int32 or array.ndim != 1:
            found[name] = array
            continue
        ways = {
            name: array,
            name + _ABOVE: array + np.int32(1),
            name + _DIFFERENCES: np.diff(array, prepend=np.int32(0)),  # modulo 2^32, as their sums
        }
        narrow = {way: _narrowest(values) for way, values in ways.items()}
        best = min(narrow, key=lambda way: narrow[way].itemsize)  # the first of equals
        found[best if narrow[best].itemsize < array.itemsize else name] = narrow[best]
    return found


def widened(arrays: Mapping[str, npt.NDArray[Any]]) -> Arrays:
    """Return what `narrowed` was given.

    Raises:
        ValueError: two arrays are of one name, or one is of a shape or type that `narrowed` does not write.
    """
    found: Arrays = {}
    for name, array in arrays.items():
        plain = name.rstrip(_ABOVE + _DIFFERENCES)
        if plain in found:
            raise ValueError(f"two arrays {plain}")
        if array.dtype not in _NARROW:
            if plain != name:
                raise ValueError(f"array {name}")
            found[name] = array
            continue
        if array.ndim != 1 or name[len(plain) :] not in ("", _ABOVE, _DIFFERENCES):
            raise ValueError(f"array {name}")
        wide = found[plain] = array.astype(np.int32)
        if name.endswith(_ABOVE):
            wide -= 1
        elif name.endswith(_DIFFERENCES):
            _sum_up(wide)
    return found


def _narrowest(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return an int32 array in the narrowest type that holds its values."""
    if array.size == 0:
        return array
    low, high = int(array.min()), int(array.max())
    for dtype in _NARROW:
        bounds = np.iinfo(dtype)
        if bounds.min <= low and high <= bounds.max:
            return array.astype(dtype)
    return array


@njit(cache=True, nogil=True)
def _sum_up(values: npt.NDArray[np.int32]) -> None:
    """Replace each number by the sum of those up to it, modulo 2^32; numpy's sums take six times as long."""
    total = np.int32(0)
    for i in range(values.shape[0]):
        total = np.int32(total + values[i])
        values[i] = total
