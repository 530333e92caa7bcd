"""The byte trie of a vocabulary: one node for every prefix of a token."""
# numba has no type stubs:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from canvasgen.jit import njit
from canvasgen.vocabulary.character_kinds import kinds_below

__all__ = ["Trie"]

Ints = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Trie:
    """N nodes in depth-first order (a parent before its children, children by byte); node 0 is the root.

    Attributes:
        parent: int32[N]; -1 for the root.
        byte: uint8[N], the last byte of the node's prefix; 0 for the root.
        depth: int32[N], the length of the prefix.
        end: int32[N]; the nodes below node n, and n itself, are n..end[n] - 1.
        node_of_token: int32[V]; -1 for a token that is no text. Tokens of equal bytes share a node.
        token_order: int32[T], the T tokens that are text, by node, then by id.
        order_node: int32[T], the node of each of them, ascending.
    """

    parent: Ints
    byte: Bytes
    depth: Ints
    end: Ints
    node_of_token: Ints
    token_order: Ints
    order_node: Ints

    def __post_init__(self) -> None:
        for array in (
            self.parent,
            self.byte,
            self.depth,
            self.end,
            self.node_of_token,
            self.token_order,
            self.order_node,
        ):
            array.setflags(write=False)

    @property
    def num_nodes(self) -> int:
        """N."""
        return len(self.parent)

    @cached_property
    def max_depth(self) -> int:
        """The length of the longest token."""
        return int(self.depth.max())

    @cached_property
    def max_characters(self) -> int:
        """The most bytes of a token that are not UTF-8's continuation bytes."""
        begins = ((self.byte & 0xC0) != 0x80).astype(np.int32)
        begins[0] = 0
        return int(_summed_to_root(self.parent, begins).max())

    @cached_property
    def _packed(self) -> tuple[npt.NDArray[np.uint64], Bytes]:
        here = np.bincount(self.order_node, minlength=self.num_nodes)
        kinds, begun, most = kinds_below(self.parent, self.byte, here > 0)
        made = np.empty((self.num_nodes, 3), np.uint64)
        made[:, 0] = self.end.astype(np.uint64) << 32 | self.depth.astype(np.uint64) << 8 | self.byte
        made[:, 1] = kinds
        made[:, 2] = (np.cumsum(here) - here).astype(np.uint64) << 16 | begun.astype(np.uint64) << 8 | most
        characters = begun[self.order_node]
        made.setflags(write=False)
        characters.setflags(write=False)
        return made, characters

    @property
    def packed(self) -> npt.NDArray[np.uint64]:
        """uint64[N, 3], what a walk reads of a node, side by side: end, depth and byte (32, 24 and 8 bits); the kinds of
        characters below it (see `character_kinds`); how many tokens in `token_order` end before it, how many characters
        begin on the way to it, and the most on the way to a token below it (48, 8 and 8 bits)."""
        return self._packed[0]

    @property
    def characters(self) -> Bytes:
        """uint8[T]: how many characters begin in each token of `token_order`, where they are no more than 255."""
        return self._packed[1]

    def fits(self, size: int) -> bool:
        """Whether the arrays are those of a trie over `size` tokens: what is read from a file is looked at once."""
        nodes = self.num_nodes
        arrays = (self.parent, self.depth, self.end, self.node_of_token, self.token_order, self.order_node)
        if nodes == 0 or any(array.ndim != 1 or array.dtype != np.int32 for array in arrays):
            return False
        if self.byte.dtype != np.uint8 or not self.byte.shape == self.depth.shape == self.end.shape == (
            nodes,
        ):
            return False
        text = self.node_of_token >= 0
        if len(text) != size or not self.token_order.shape == self.order_node.shape == (int(text.sum()),):
            return False
        numbers = np.arange(nodes)
        ordered = [
            self.parent[0] == -1 and self.depth[0] == 0,
            np.all((self.parent[1:] >= 0) & (self.parent[1:] < numbers[1:])),
            np.all((self.end > numbers) & (self.end <= nodes)),
            np.all((self.node_of_token >= -1) & (self.node_of_token < nodes)),
            np.all((self.token_order >= 0) & (self.token_order < size)),
        ]
        return all(map(bool, ordered)) and bool(
            np.all(self.depth[1:] == self.depth[self.parent[1:]] + 1)
            and np.all(self.node_of_token[self.token_order] == self.order_node)
            and np.all(np.diff(self.order_node) >= 0)
        )

    @classmethod
    def build(cls, tokens: Sequence[bytes | None]) -> Trie:
        """Return the trie of the tokens that are text (not None, not empty); O(bytes) after a sort of the tokens."""
        text = [token for token, content in enumerate(tokens) if content]
        text.sort(key=cast("Any", tokens.__getitem__))
        contents = [cast("bytes", tokens[token]) for token in text]
        flat = np.frombuffer(b"".join(contents), np.uint8)
        lengths = np.fromiter(map(len, contents), np.int64, len(contents))
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        parent, byte, depth, end, nodes = _build(flat, offsets)
        node_of_token = np.full(len(tokens), -1, np.int32)
        node_of_token[text] = nodes
        return cls(parent, byte, depth, end, node_of_token, np.array(text, np.int32), nodes)


@njit(cache=True, nogil=True)
def _summed_to_root(parent: Ints, values: Ints) -> Ints:
    """Return for each node the sum of the values on its way from the root."""
    out = values.copy()
    for n in range(1, parent.shape[0]):
        out[n] += out[parent[n]]
    return out


@njit(cache=True, nogil=True)
def _build(flat: Bytes, offsets: npt.NDArray[np.int64]) -> tuple[Ints, Bytes, Ints, Ints, Ints]:
    """Build nodes in depth-first order from sorted strings: each adds what it does not share with the last."""
    count = offsets.shape[0] - 1
    total = 1
    longest = 1
    for i in range(count):
        shared = 0
        length = offsets[i + 1] - offsets[i]
        if i > 0:
            before = offsets[i] - offsets[i - 1]
            while (
                shared < length
                and shared < before
                and flat[offsets[i] + shared] == flat[offsets[i - 1] + shared]
            ):
                shared += 1
        total += length - shared
        longest = max(longest, length)
    parent = np.empty(total, np.int32)
    byte = np.empty(total, np.uint8)
    depths = np.empty(total, np.int32)
    end = np.empty(total, np.int32)
    node_of_string = np.empty(count, np.int32)
    path = np.zeros(longest + 1, np.int32)  # the nodes of the string before, by depth
    parent[0] = -1
    byte[0] = 0
    depths[0] = 0
    depth = 0
    n = 1
    for i in range(count):
        start = offsets[i]
        length = offsets[i + 1] - start
        shared = 0
        while shared < depth and shared < length and byte[path[shared + 1]] == flat[start + shared]:
            shared += 1
        while depth > shared:
            end[path[depth]] = n
            depth -= 1
        while depth < length:
            parent[n] = path[depth]
            byte[n] = flat[start + depth]
            depth += 1
            depths[n] = depth
            path[depth] = n
            n += 1
        node_of_string[i] = path[depth]
    while depth >= 0:
        end[path[depth]] = n
        depth -= 1
    return parent, byte, depths, end, node_of_string
