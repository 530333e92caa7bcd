"""UTF-8: sets of code points as byte paths, exactly (RFC 3629, table 3-7 of the Unicode standard).

A path is a tuple of one to four byte ranges; a code point's UTF-8 encoding follows exactly one path of its
set. Surrogates have no encoding and no path; overlong forms and code points beyond U+10FFFF never arise.
"""

from __future__ import annotations

from collections.abc import Iterable

from canvasgen.errors import InvalidConstraint

__all__ = ["MAX_CODE_POINT", "Path", "Ranges", "encode", "normalise", "paths"]

Ranges = tuple[tuple[int, int], ...]
Path = tuple[tuple[int, int], ...]

MAX_CODE_POINT = 0x10FFFF
_SURROGATES = (0xD800, 0xDFFF)
# Inclusive bounds of the code points with encodings of one, two, three and four bytes.
_LENGTHS = ((0x0, 0x7F), (0x80, 0x7FF), (0x800, 0xFFFF), (0x10000, MAX_CODE_POINT))


def normalise(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Sort and merge inclusive code-point ranges and take the surrogates out.

    Raises:
        InvalidConstraint: a bound is no code point, or a range runs backwards.
    """
    pieces: list[tuple[int, int]] = []
    for low, high in ranges:
        if not 0 <= low <= high <= MAX_CODE_POINT:
            raise InvalidConstraint(
                "a range of code points runs upwards within 0..0x10FFFF",
                rule="code points",
                value=(low, high),
                remedy="swap the ends, or give them as code points",
            )
        if high < _SURROGATES[0] or low > _SURROGATES[1]:
            pieces.append((low, high))
            continue
        if low < _SURROGATES[0]:
            pieces.append((low, _SURROGATES[0] - 1))
        if high > _SURROGATES[1]:
            pieces.append((_SURROGATES[1] + 1, high))
    pieces.sort()
    merged: list[tuple[int, int]] = []
    for low, high in pieces:
        if merged and low <= merged[-1][1] + 1:
            if high > merged[-1][1]:
                merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return tuple(merged)


def encode(code_point: int) -> bytes:
    """Return the UTF-8 encoding of one code point that is no surrogate."""
    return chr(code_point).encode("utf-8")


def paths(ranges: Ranges) -> list[Path]:
    """Disjoint byte paths that together spell exactly the code points of normalised `ranges`."""
    found: list[Path] = []
    for low, high in ranges:
        for first, last in _LENGTHS:
            a, b = max(low, first), min(high, last)
            if a <= b:
                _split(a, b, len(encode(a)), found)
    return found


def _split(low: int, high: int, length: int, found: list[Path]) -> None:
    """Append the paths of low..high, all of whose encodings have `length` bytes, in increasing order.

    The range is cut where the last k bytes would not run over their whole span 0x80..0xBF: first for the
    lower bound, then for the upper one.
    """
    pending = [(low, high)]
    while pending:
        a, b = pending.pop()
        for k in range(1, length):
            mask = (1 << (6 * k)) - 1
            if a & ~mask == b & ~mask:
                continue
            if a & mask:
                pending += [((a | mask) + 1, b), (a, a | mask)]
                break
            if b & mask != mask:
                pending += [(b & ~mask, b), (a, (b & ~mask) - 1)]
                break
        else:
            found.append(tuple(zip(encode(a), encode(b), strict=True)))
