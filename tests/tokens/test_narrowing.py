"""Arrays in fewer bytes come back as they were."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canvasgen.tokens.narrowing import narrowed, widened

BORDERS = st.sampled_from([-(2**31), -32769, -32768, -1, 0, 1, 255, 256, 32767, 32768, 2**31 - 1])
NUMBERS = st.lists(st.one_of(BORDERS, st.integers(-300, 300)), max_size=12)


@given(NUMBERS, st.booleans())
def test_arrays_come_back(numbers: list[int], is_sorted: bool) -> None:
    array = np.array(sorted(numbers) if is_sorted else numbers, np.int32)
    given_arrays = {
        "a": array,
        "longs": array.astype(np.int64),
        "flags": array > 0,
        "table": array.reshape(1, -1),
    }
    found = widened(narrowed(given_arrays))
    assert found.keys() == given_arrays.keys()
    for name, wanted in given_arrays.items():
        assert found[name].dtype == wanted.dtype
        assert np.array_equal(found[name], wanted)


@pytest.mark.parametrize(
    ("array", "name", "bytes_each"),
    [
        (np.arange(-1, 255, dtype=np.int32), "a-", 1),
        (np.arange(-1, 256, dtype=np.int32)[::-1], "a", 2),
        (np.arange(250, dtype=np.int32), "a", 1),
        (np.arange(100_000, 100_300, dtype=np.int32), "a", 4),
        (np.arange(0, 100_000, 300, dtype=np.int32), "a+", 2),
        (np.arange(0, 100_000, 3, dtype=np.int32), "a+", 1),
    ],
)
def test_bytes(array: npt.NDArray[np.int32], name: str, bytes_each: int) -> None:
    (found,) = narrowed({"a": array}).items()
    assert (found[0], found[1].itemsize) == (name, bytes_each)


@pytest.mark.parametrize(
    "arrays",
    [
        {"a": np.zeros(2, np.int32), "a+": np.zeros(2, np.uint8)},
        {"a+": np.zeros(2, np.int32)},
        {"a+": np.zeros((1, 2), np.uint8)},
        {"a-+": np.zeros(2, np.uint8)},
        {"a": np.zeros((1, 2), np.uint8)},
    ],
)
def test_what_was_not_narrowed(arrays: dict[str, npt.NDArray[np.int32]]) -> None:
    with pytest.raises(ValueError, match="a"):
        widened(arrays)
