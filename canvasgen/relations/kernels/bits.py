"""Counting bits of 64-bit words, in numba. Words are int64: only their bits matter, not their sign."""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportMissingTypeStubs=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from canvasgen.jit import njit

__all__ = ["first_bit", "last_bit", "ones", "single", "trailing"]


@intrinsic
def _trailing(typingctx: Any, word: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.int64), generate


@intrinsic
def _leading(typingctx: Any, word: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctlz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.int64), generate


@intrinsic
def _population(typingctx: Any, word: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.int64), generate


@njit(cache=True, nogil=True)
def trailing(word) -> int:
    """Return the lowest bit of a word that is not 0."""
    return _trailing(word)  # pyright: ignore[reportCallIssue]


@njit(cache=True, nogil=True)
def ones(words) -> int:
    """Return how many bits of the words are set."""
    n = 0
    for k in range(words.shape[0]):
        n += _population(words[k])  # pyright: ignore[reportCallIssue]
    return n


@njit(cache=True, nogil=True)
def single(words) -> bool:
    """Return whether exactly one bit of the words is set."""
    n = 0
    for k in range(words.shape[0]):
        if words[k] != 0:
            if n or words[k] & (words[k] - 1) != 0:
                return False
            n = 1
    return n == 1


@njit(cache=True, nogil=True)
def first_bit(words) -> int:
    """Return the lowest bit that is set; -1 if none is."""
    for k in range(words.shape[0]):
        if words[k] != 0:
            return 64 * k + _trailing(words[k])  # pyright: ignore[reportCallIssue]
    return -1


@njit(cache=True, nogil=True)
def last_bit(words) -> int:
    """Return the highest bit that is set; -1 if none is."""
    for k in range(words.shape[0] - 1, -1, -1):
        if words[k] != 0:
            return 64 * k + 63 - _leading(words[k])  # pyright: ignore[reportCallIssue]
    return -1
