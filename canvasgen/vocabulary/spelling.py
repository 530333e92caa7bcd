"""A text's own tokens, where there is no tokenizer to ask."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["fewest_tokens"]


def fewest_tokens(tokens: Sequence[bytes | None], content: bytes) -> tuple[int, ...] | None:
    """The ids of the fewest tokens that spell some bytes; of equally few, those whose first is longest, then second, …

    Of tokens of equal bytes it is the lowest id. None if no tokens spell the bytes.
    """
    known: dict[bytes, int] = {}
    for token, piece in enumerate(tokens):
        if piece is not None and piece in content:
            known.setdefault(piece, token)
    longest = max(map(len, known), default=0)
    never = len(content) + 1
    fewest, length = [0] * (len(content) + 1), [0] * len(content)
    for at in range(len(content) - 1, -1, -1):
        fewest[at] = never
        for size in range(min(longest, len(content) - at), 0, -1):
            if content[at : at + size] in known and fewest[at + size] + 1 < fewest[at]:
                fewest[at], length[at] = fewest[at + size] + 1, size
    if fewest[0] >= never:
        return None
    found: list[int] = []
    at = 0
    while at < len(content):
        found.append(known[content[at : at + length[at]]])
        at += length[at]
    return tuple(found)
