"""Exponentials and a logarithm that LLVM turns into vector code: no call, no branch, no table.

exp(x) = 2^k · exp(r) with k = round(x / ln 2), |r| ≤ ln(2) / 2, and Taylor's polynomial for exp(r). The
rounding is the addition of 1.5 · 2^(mantissa bits), which leaves k in the low bits of the sum. Sources: Cody
& Waite, "Software Manual for the Elementary Functions", 1980, chapter 6; Muller, "Elementary Functions", 3rd
ed., section 5.1.

log(x) = k · ln 2 + log(m) with m in [√½, √2), and log(m) = 2 · artanh(s), s = (m − 1) / (m + 1), |s| < 0.172, by its series.

Only the contraction of a · b + c is allowed of the fast-math flags: a reassociated rounding constant is no
rounding.
"""

# What numba compiles has no types for pyright:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np

from canvasgen.jit import njit

__all__ = ["LOWEST_32", "LOWEST_64", "exp32", "exp64", "log64"]

# Below these the power of two leaves the exponent's range. Callers clamp: relative to a term of 1 the result
# is nothing.
LOWEST_32 = np.float32(-87.0)
LOWEST_64 = -700.0

_LOG2E_32 = np.float32(1.4426950408889634)
_LN2_32 = np.float32(0.6931471805599453)
_ROUND_32 = np.float32(12582912.0)
_A2, _A3, _A4, _A5, _A6 = (np.float32(1 / d) for d in (2, 6, 24, 120, 720))
_ONE_32 = np.float32(1.0)
_BIAS_32 = np.int32(127)
_SHIFT_32 = np.int32(23)

_LOG2E = 1.4426950408889634
_LN2_HIGH = 0.693147180369123816490
_LN2_LOW = 1.90821492927058770002e-10
_ROUND = 6755399441055744.0
_B2, _B3, _B4, _B5, _B6, _B7 = 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040
_B8, _B9, _B10, _B11, _B12 = 1 / 40320, 1 / 362880, 1 / 3628800, 1 / 39916800, 1 / 479001600
_BIAS = np.int64(1023)
_ROOT_OF_HALF = np.uint64(0x3FE6A09E667F3BCD)  # the bits of √½
_TO_ONE = np.uint64(0x3FF0000000000000 - 0x3FE6A09E667F3BCD)
_MANTISSA = np.uint64(0x000FFFFFFFFFFFFF)
_TWO_TO_52 = np.uint64(0x4330000000000000)  # the bits of 2^52: or-ed with an integer, that many more
_TWO_TO_52_AND_BIAS = 4503599627370496.0 + 1023.0
_MANTISSA_BITS = np.uint64(52)
_C3, _C5, _C7, _C9, _C11, _C13, _C15, _C17, _C19, _C21 = (2.0 / d for d in range(3, 22, 2))
_EXPONENT_SHIFT = np.int64(52)


@njit(cache=True, nogil=True, fastmath={"contract"})
def exp32(x):
    """exp(x) for float32 x in [LOWEST_32, 0], to about 2e-7 relative."""
    shifted = np.float32(x * _LOG2E_32 + _ROUND_32)
    k = shifted.view(np.int32)
    r = x - (shifted - _ROUND_32) * _LN2_32
    p = _A6 * r + _A5
    p = p * r + _A4
    p = p * r + _A3
    p = p * r + _A2
    p = p * r + _ONE_32
    p = p * r + _ONE_32
    return p * np.int32(np.int32(k + _BIAS_32) << _SHIFT_32).view(np.float32)


@njit(cache=True, nogil=True, fastmath={"contract"})
def exp64(x):
    """exp(x) for float64 x in [LOWEST_64, 0], to about 1e-15 relative."""
    shifted = np.float64(x * _LOG2E + _ROUND)
    k = shifted.view(np.int64)
    whole = shifted - _ROUND
    r = (x - whole * _LN2_HIGH) - whole * _LN2_LOW
    p = _B12 * r + _B11
    p = p * r + _B10
    p = p * r + _B9
    p = p * r + _B8
    p = p * r + _B7
    p = p * r + _B6
    p = p * r + _B5
    p = p * r + _B4
    p = p * r + _B3
    p = p * r + _B2
    p = p * r + 1.0
    p = p * r + 1.0
    return p * np.int64((k + _BIAS) << _EXPONENT_SHIFT).view(np.float64)


@njit(
    cache=True, nogil=True, fastmath={"contract"}, error_model="numpy"
)  # a division that checks is no vector code
def log64(x):
    """log(x) for normal float64 x > 0, to about 1e-15 relative to the larger of |log(x)| and ln 2."""
    bits = np.float64(x).view(np.uint64) + _TO_ONE
    k = np.uint64((bits >> _MANTISSA_BITS) | _TWO_TO_52).view(np.float64) - _TWO_TO_52_AND_BIAS
    m = np.uint64((bits & _MANTISSA) + _ROOT_OF_HALF).view(np.float64)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    p = _C21 * z + _C19
    p = p * z + _C17
    p = p * z + _C15
    p = p * z + _C13
    p = p * z + _C11
    p = p * z + _C9
    p = p * z + _C7
    p = p * z + _C5
    p = p * z + _C3
    return k * _LN2_HIGH + (2.0 * s + (s * z * p + k * _LN2_LOW))
