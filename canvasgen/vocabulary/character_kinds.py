"""Kinds of characters: which of them stand below a node of a trie, so that a walk may pass over all at once.

A kind is a set of characters that automata rarely tell apart: the small letters, the digits, each punctuation mark, the
characters of two bytes. There are fewer than 64, so a set of kinds is a word.
"""
# numba has no type stubs:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from canvasgen.jit import njit

__all__ = [
    "KIND_HIGH",
    "KIND_LENGTHS",
    "KIND_LOW",
    "KIND_ROWS",
    "MOST_CHARACTERS",
    "ODD",
    "SMALL_LETTERS",
    "WITHIN",
    "kinds_below",
]

Ints = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]

_ALONE = [[(byte, byte)] for byte in range(0x80) if not (chr(byte).isalnum() or byte < 0x20)]
_CONTROLS = [[(0x09, 0x09)], [(0x0A, 0x0A)], [(0x0D, 0x0D)], [(0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F)]]
_LETTERS = [[(0x30, 0x39)], [(0x41, 0x5A)], [(0x61, 0x7A)]]
_MORE = (0x80, 0xBF)
_SEQUENCES = [  # UTF-8 (RFC 3629, section 4), by the number of bytes
    [[(0xC2, 0xDF), _MORE]],
    [
        [(0xE0, 0xE0), (0xA0, 0xBF), _MORE],
        [(0xE1, 0xEC), _MORE, _MORE],
        [(0xED, 0xED), (0x80, 0x9F), _MORE],
        [(0xEE, 0xEF), _MORE, _MORE],
    ],
    [
        [(0xF0, 0xF0), (0x90, 0xBF), _MORE, _MORE],
        [(0xF1, 0xF3), _MORE, _MORE, _MORE],
        [(0xF4, 0xF4), (0x80, 0x8F), _MORE, _MORE],
    ],
]
_KINDS = [[[pair] for pair in kind] for kind in (*_ALONE, *_CONTROLS, *_LETTERS)] + _SEQUENCES
_ROWS = [row for kind in _KINDS for row in kind]

KIND_ROWS: Ints = np.cumsum([0, *(len(kind) for kind in _KINDS)]).astype(np.int32)
"""int32[kinds + 1]: where the rows of each kind begin."""
KIND_LENGTHS: Ints = np.array([len(row) for row in _ROWS], np.int32)
"""int32[rows]: bytes of a row's characters."""
KIND_LOW: Ints = np.array([[low for low, _ in row] + [0] * (4 - len(row)) for row in _ROWS], np.int32)
KIND_HIGH: Ints = np.array([[high for _, high in row] + [0] * (4 - len(row)) for row in _ROWS], np.int32)
"""int32[rows, 4] both: the least and the greatest of each byte."""
ODD = np.uint64(1 << 63)
"""The kind of what is no character, or ends within one, and of tokens that have too many."""
WITHIN = np.uint64(1 << 62)
"""A node behind the first byte of a longer character: the rest of this character counts as below it."""
MOST_CHARACTERS = 255
SMALL_LETTERS = _KINDS.index([[(0x61, 0x7A)]])
_FIRST_LONG = len(_KINDS) - len(_SEQUENCES)
_KIND_OF_BYTE: Ints = np.full(256, -1, np.int32)
for _kind, _kind_rows in enumerate(_KINDS[:_FIRST_LONG]):
    for ((_low, _high),) in _kind_rows:
        _KIND_OF_BYTE[_low : _high + 1] = _kind


@njit(cache=True, nogil=True)
def kinds_below(parent: Ints, byte: Bytes, has_token: npt.NDArray[np.bool_]) -> tuple[Words, Bytes, Bytes]:
    """Return the kinds of characters below each node of a trie, one bit each; ODD where a token below has something else.

    Behind the first byte of a character, the kinds include the one of this character, and WITHIN. Nodes further within a
    character have ODD.

    Args:
        parent, byte: see `Trie`.
        has_token: bool[N], the nodes at which a token ends.

    Returns:
        uint64[N], the kinds; uint8[N], the characters that begin on the way to each node; uint8[N], the most of them on the
        way to a token at or below it. Both are at most MOST_CHARACTERS, and a node is ODD if a token below has more.
    """
    nodes = parent.shape[0]
    row = np.full(nodes, -1, np.int32)  # within a character: a row that it may be of; -1 at its end
    level = np.zeros(nodes, np.int32)  # its bytes so far
    own = np.zeros(nodes, np.uint64)  # the kind of the character that ends at the node
    begun = np.zeros(nodes, np.uint8)
    full = np.zeros(nodes, np.bool_)
    first_row = KIND_ROWS[_FIRST_LONG]
    for n in range(1, nodes):
        p = parent[n]
        b = np.int32(byte[n])
        begins = b & 0xC0 != 0x80
        full[n] = full[p] or (begins and begun[p] == MOST_CHARACTERS)
        begun[n] = begun[p] if full[n] or not begins else begun[p] + 1
        if row[p] < 0:
            if b < 0x80:
                own[n] = np.uint64(1) << np.uint64(_KIND_OF_BYTE[b])
                continue
            own[n] = ODD
            for r in range(first_row, KIND_LENGTHS.shape[0]):
                if KIND_LOW[r, 0] <= b <= KIND_HIGH[r, 0]:
                    row[n] = r
                    level[n] = 1
                    own[n] = 0
            continue
        r = row[p]
        if not KIND_LOW[r, level[p]] <= b <= KIND_HIGH[r, level[p]]:
            own[n] = ODD
        elif level[p] + 1 == KIND_LENGTHS[r]:
            own[n] = np.uint64(1) << np.uint64(_FIRST_LONG + KIND_LENGTHS[r] - 2)
        else:
            row[n] = r
            level[n] = level[p] + 1
    below = np.zeros(nodes, np.uint64)
    most = np.zeros(nodes, np.uint8)
    for n in range(nodes - 1, 0, -1):
        found = own[n] | below[n]
        if has_token[n]:
            most[n] = max(most[n], begun[n])
            if row[n] >= 0 or full[n]:
                found |= ODD
        if row[n] >= 0:
            below[n] |= WITHIN if level[n] == 1 else ODD  # the parent is told of the kinds alone
        below[parent[n]] |= found
        most[parent[n]] = max(most[parent[n]], most[n])
    return below, begun, most
