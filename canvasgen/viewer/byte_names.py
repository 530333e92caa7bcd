"""Bytes and characters as short labels of pictures."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["bytes_label", "characters_label", "text_label"]

MOST_LABEL = 24
"""Most characters of a label."""

_LAST = 0x10FFFF
_MANY = 100_000
"""Characters from which a set is told by those that it does not hold."""


def bytes_label(ranges: Sequence[tuple[int, int]]) -> str:
    """Return some ranges of bytes: `a–z 0–9`."""
    return _cut(" ".join(_range(_byte(low), _byte(high), high - low) for low, high in ranges))


def characters_label(ranges: Sequence[tuple[int, int]]) -> str:
    """Return some ranges of characters: `a–z é`; of nearly all those that are missing: `not \\n`."""
    if sum(high - low + 1 for low, high in ranges) < _MANY:
        return _cut(" ".join(_range(_character(low), _character(high), high - low) for low, high in ranges))
    missing = [(low, high) for low, high in _complement(ranges) if not (low == 0xD800 and high == 0xDFFF)]
    if not missing:
        return "any character"
    return _cut(
        "not " + " ".join(_range(_character(low), _character(high), high - low) for low, high in missing)
    )


def text_label(content: bytes) -> str:
    """Return some bytes as text, with what cannot be seen written out."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return _cut("".join(map(_byte, content)))
    return _cut("".join(_character(ord(one)) for one in text))


def _cut(label: str) -> str:
    return label if len(label) <= MOST_LABEL else label[: MOST_LABEL - 1] + "…"


def _range(low: str, high: str, distance: int) -> str:
    return low if distance == 0 else f"{low}{'' if distance == 1 else '–'}{high}"


def _byte(value: int) -> str:
    if value == 0x20:
        return "␣"
    return chr(value) if 0x20 < value < 0x7F else f"\\x{value:02x}"


def _character(value: int) -> str:
    if value < 0x7F:
        return {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"}.get(value) or _byte(value)
    return chr(value) if chr(value).isprintable() else f"U+{value:04X}"


def _complement(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the code points that are in none of some sorted ranges."""
    found: list[tuple[int, int]] = []
    reached = 0
    for low, high in ranges:
        if reached < low:
            found.append((reached, low - 1))
        reached = high + 1
    return [*found, (reached, _LAST)] if reached <= _LAST else found
