"""A text's own tokens, where there is no tokenizer to ask."""

from __future__ import annotations

import numpy as np

from canvasgen.vocabulary.trie import Trie

__all__ = ["fewest_tokens", "tokens_at"]


def fewest_tokens(trie: Trie, content: bytes) -> tuple[int, ...] | None:
    """Return the ids of the fewest tokens that spell some bytes; None if no tokens do.

    Of equally few, those whose first token is the longest, then the second, and so on; of tokens with equal bytes the
    lowest id. Dynamic programming from the end, one step for each token that occurs at each place.
    """
    never = len(content) + 1
    fewest, chosen = [0] * (len(content) + 1), [(0, 0)] * len(content)  # (token, length)
    for at in range(len(content) - 1, -1, -1):
        fewest[at] = never
        # Shorter ones first: of equally few the last stays.
        for token, length in tokens_at(trie, content, at):
            if fewest[at + length] + 1 <= min(fewest[at], len(content)):
                fewest[at], chosen[at] = fewest[at + length] + 1, (token, length)
    if fewest[0] == never:
        return None
    found: list[int] = []
    at = 0
    while at < len(content):
        token, length = chosen[at]
        found.append(token)
        at += length
    return tuple(found)


def tokens_at(trie: Trie, content: bytes, start: int) -> list[tuple[int, int]]:
    """Return the tokens that stand in `content` from `start` on, with their lengths, increasing."""
    found: list[tuple[int, int]] = []
    node = 0
    for at in range(start, len(content)):
        child, last = node + 1, int(trie.end[node])
        while child < last and trie.byte[child] != content[at]:
            child = int(trie.end[child])
        if child >= last:
            break
        node = child
        place = int(np.searchsorted(trie.order_node, node))
        if place < len(trie.order_node) and trie.order_node[place] == node:
            found.append((int(trie.token_order[place]), at + 1 - start))
    return found
