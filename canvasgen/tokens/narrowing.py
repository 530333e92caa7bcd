"""Arrays of whole numbers in fewer bytes, for files: reading a file and its checksum is most of what a cache costs.

An int32 array is kept in the narrowest type that holds its values, or its differences (sorted arrays have small ones).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["narrowed", "widened"]

Arrays = dict[str, npt.NDArray[Any]]

_NARROW = (np.dtype(np.uint8), np.dtype(np.int16))
_DIFFERENCES = "+"
"""Behind the name of an array of which the differences are kept."""


def narrowed(arrays: Mapping[str, npt.NDArray[Any]]) -> Arrays:
    """Return the same arrays, the one-dimensional int32 ones among them in as few bytes as one of the two ways allows."""
    found: Arrays = {}
    for name, array in arrays.items():
        values, differences = _narrowest(array), None
        if array.dtype == np.int32 and array.ndim == 1 and values.itemsize > 1 and len(array):
            differences = _narrowest(np.diff(array, prepend=np.int32(0)))  # modulo 2^32, as their sums
        if differences is not None and differences.itemsize < values.itemsize:
            found[name + _DIFFERENCES] = differences
        else:
            found[name] = values
    return found


def widened(arrays: Mapping[str, npt.NDArray[Any]]) -> Arrays:
    """Return what `narrowed` was given.

    Raises:
        ValueError: two arrays are of one name, or differences of a shape or type that `narrowed` does not write.
    """
    found: Arrays = {}
    for name, array in arrays.items():
        plain = name.removesuffix(_DIFFERENCES)
        if plain in found:
            raise ValueError(f"two arrays {plain}")
        if plain != name:
            if array.ndim != 1 or array.dtype not in _NARROW:
                raise ValueError(f"differences {name}")
            sums = array.astype(np.int32)
            found[plain] = np.cumsum(sums, out=sums, dtype=np.int32)
        else:
            found[plain] = array.astype(np.int32) if array.dtype in _NARROW else array
    return found


def _narrowest(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return an int32 array in the narrowest type that holds its values; any other array as it is."""
    if array.dtype != np.int32 or array.size == 0:
        return array
    low, high = int(array.min()), int(array.max())
    for dtype in _NARROW:
        bounds = np.iinfo(dtype)
        if bounds.min <= low and high <= bounds.max:
            return array.astype(dtype)
    return array
