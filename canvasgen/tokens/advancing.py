"""What all characters of some kinds do to a function alike: then a text of them does what its number of characters says.

In a string every character leads back to where the text was, in a counted string one copy further. So of all the tokens
below a node of the trie that hold only such characters, the number of characters is all that there is to know.
"""
# numba has no type stubs:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from canvasgen.jit import njit
from canvasgen.tokens.interning import Count, Store
from canvasgen.tokens.part_shapes import Shapes
from canvasgen.tokens.transition_monoid import make_part, then
from canvasgen.vocabulary.character_kinds import (
    KIND_HIGH,
    KIND_LENGTHS,
    KIND_LOW,
    KIND_ROWS,
    SMALL_LETTERS,
)

__all__ = ["UNEQUAL", "UNKNOWN", "Advance", "Monoid", "ask", "powers_of"]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]

Monoid = tuple[Ints, int, Shapes, Ints, Ints, Store, Ints, Store, Longs, int, int]
"""What `then` takes behind a function and a byte class."""
Advance = tuple[Words, Words, Ints, Words, Words]
"""Zeros at first. Of each function: the kinds whose characters all lead to one function; the kinds whose do not, or lead
nowhere, or to another one than the first kind asked; the number of that function + 1. Of each part: the kinds whose
characters all do the same, and those whose do not."""

_DIFFERENT = -3
UNEQUAL, UNKNOWN = -1, -2


@njit(cache=True, nogil=True, _nrt=False)
def _after_sequences(part: Count, row: int, byte_class: Bytes, monoid: Monoid) -> Count:
    """Return the part after any character of a row; _DIFFERENT if they lead to several; else negative as `then`."""
    columns, classes, shapes, part_shape, part_memo, part_store, _, _, counts, most, most_pairs = monoid
    first_of_cell = shapes[1]
    now = np.int64(part)
    for level in range(KIND_LENGTHS[row]):
        shape = part_shape[now]
        place = np.int64(-1)
        for b in range(KIND_LOW[row, level], KIND_HIGH[row, level] + 1):
            c = np.int64(byte_class[b])
            if shape >= 0:
                c = np.int64(first_of_cell[shape, c])
            if b > KIND_LOW[row, level] and c != place:
                return _DIFFERENT
            place = c
        if place < 0:
            return 0
        known = np.int64(part_memo[now * classes + place])
        if known == 0:
            made = np.int64(
                make_part(now, place, columns, shapes, part_shape, part_store, counts, most, most_pairs)
            )
            if made < 0:
                return made
            known = made + 1
            part_memo[now * classes + place] = known
        now = known - 1
        if now == 0:
            return 0
    return now


@njit(cache=True, nogil=True, _nrt=False)
def _same_by_kind(part: Count, kind: int, byte_class: Bytes, monoid: Monoid) -> Count:
    """Return 1 if all characters of a kind are seen to do the same to a part, 0 if not; negative as `then`.

    Bytes that the part's targets tell apart count as different.
    """
    first_of_cell = monoid[2][1]
    shape = monoid[3][part]
    first, last = KIND_ROWS[kind], KIND_ROWS[kind + 1]
    if KIND_LENGTHS[first] == 1:
        place = np.int64(-2)
        for row in range(first, last):
            for b in range(KIND_LOW[row, 0], KIND_HIGH[row, 0] + 1):
                c = np.int64(byte_class[b])
                if shape >= 0:
                    c = np.int64(first_of_cell[shape, c])
                if place != -2 and c != place:
                    return 0
                place = c
        return 1
    found = np.int64(-1)
    for row in range(first, last):
        made = np.int64(_after_sequences(part, row, byte_class, monoid))
        if made == _DIFFERENT:
            return 0
        if made < 0:
            return made
        if found >= 0 and made != found:
            return 0
        found = made
    return 1


@njit(cache=True, nogil=True, _nrt=False)
def _after_kind(
    function: Count, kind: int, bit: np.uint64, byte_class: Bytes, monoid: Monoid, advance: Advance
) -> Count:
    """Return the function after any character of a kind; _DIFFERENT if they lead to several; else negative as `then`."""
    same, different = advance[3:]
    _, _, offsets, data = monoid[7]
    for k in range(offsets[function], offsets[function + 1]):
        part = data[k]
        if same[part] & bit:
            continue
        if different[part] & bit:
            return _DIFFERENT
        found = _same_by_kind(part, kind, byte_class, monoid)
        if found < 0:
            return found
        if found == 0:
            different[part] |= bit
            return _DIFFERENT
        same[part] |= bit
    row = KIND_ROWS[kind]
    after = np.int64(function)
    for level in range(KIND_LENGTHS[row]):
        after = np.int64(then(after, np.int64(byte_class[KIND_LOW[row, level]]), *monoid))
        if after <= 0:
            break
    return after


@njit(cache=True, nogil=True, _nrt=False)
def ask(
    function: Count, kinds: np.uint64, byte_class: Bytes, monoid: Monoid, advance: Advance
) -> tuple[Count, int]:
    """Find out what characters of `kinds` do to a function, until one does what others do not.

    Returns:
        1 if all do the same, 0 if not, negative as `then`; how many kinds were asked.
    """
    same, different, after = advance[:3]
    asked = 0
    left = kinds & ~same[function]
    letters = np.uint64(1) << np.uint64(SMALL_LETTERS)
    if (same[function] | different[function]) & letters == 0:
        left |= letters  # asked first, so that other kinds are compared with what most texts do
    while left:
        bit = left & letters
        if bit == 0:
            bit = left & (~left + np.uint64(1))
        left &= ~bit
        kind = 0
        while bit >> np.uint64(kind) != np.uint64(1):
            kind += 1
        made = _after_kind(function, kind, bit, byte_class, monoid, advance)
        asked += 1
        if made < 0 and made != _DIFFERENT:
            return made, asked
        if made > 0 and after[function] == 0:
            after[function] = np.int32(made + 1)
        if made <= 0 or made + 1 != after[function]:
            different[function] |= bit
            if kinds & bit:
                return 0, asked
        else:
            same[function] |= bit
    return 1, asked


@njit(cache=True, nogil=True, _nrt=False)
def powers_of(
    kinds: np.uint64, longest: int, same: Words, different: Words, after: Ints, powers: Longs
) -> int:
    """Find the functions after 1, 2, ... characters of `kinds`, if all these characters do the same.

    Args:
        kinds: the kinds of the characters.
        longest: characters, at most 255.
        same, different, after: see `Advance`.
        powers: int64[256], with a function at 0; filled behind it.

    Returns:
        The number of characters from which on more of them change nothing, or `longest`; UNEQUAL if some do what others do
        not; UNKNOWN - n if this has to be asked of the function after n characters.
    """
    for count in range(longest):
        now = powers[count]
        if kinds & ~same[now] != 0:
            return UNEQUAL if kinds & different[now] != 0 else UNKNOWN - count
        following = np.int64(after[now]) - 1
        if following == now:
            return count
        powers[count + 1] = following
    return longest
