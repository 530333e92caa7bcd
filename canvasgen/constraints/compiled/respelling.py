"""A text's tokens, cut anew so that they keep to what is asked of token positions.

A tokenizer does not know of `fixed` and `near`. Of all the ways to cut the text, the one that leaves the tokenizer's tokens
least often is found by Dijkstra's search over (byte, number of tokens), where a token of the tokenizer's costs nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

from canvasgen.constraints.compiled.lifted import Lifted
from canvasgen.tokens import Prefix

__all__ = ["MOST_PLACES", "respelled"]

MOST_PLACES = 100_000
"""Pairs (byte, number of tokens) that are looked at."""

_Place = tuple[int, int]


def respelled(constraint: Lifted, ids: Sequence[int]) -> Prefix | None:
    """Return the same text as the beginning of a text of the constraint, in tokens as close as possible to `ids`.

    Returns:
        None if no tokens of this text begin a text of the constraint, or none were found in `MOST_PLACES` places.
    """
    restriction = constraint.restriction
    if restriction is None or not ids:
        return constraint.prefix(ids)
    content = constraint.vocabulary.text_bytes(ids)
    own = _own(constraint, ids)
    start: _Place = (0, 0)
    states: dict[_Place, int] = {start: constraint.token_automaton.start}
    costs: dict[_Place, int] = {start: 0}
    before: dict[_Place, tuple[_Place, int]] = {}
    queue: list[tuple[int, _Place]] = [(0, start)]
    done: set[_Place] = set()
    while queue and len(done) < MOST_PLACES:
        cost, place = heapq.heappop(queue)
        if place in done:
            continue
        done.add(place)
        at, count = place
        if at == len(content) and restriction.distance(count)[states[place]] >= 0:
            return Prefix(_read_back(before, place), states[place])
        for token, length in _tokens(constraint, content, place, own):
            further, more = (at + length, count + 1), cost + (own.get(at) != token)
            if further in costs and costs[further] <= more:
                continue
            state = restriction.step(states[place], count, token)
            if state >= 0:
                states[further], costs[further], before[further] = state, more, (place, token)
                heapq.heappush(queue, (more, further))
    return None


def _own(constraint: Lifted, ids: Sequence[int]) -> dict[int, int]:
    """By byte, the token of `ids` that begins there."""
    found: dict[int, int] = {}
    at = 0
    for token in ids:
        found[at] = token
        at += len(constraint.vocabulary.tokens[token] or b"")
    return found


def _tokens(
    constraint: Lifted, content: bytes, place: _Place, own: dict[int, int]
) -> Iterator[tuple[int, int]]:
    """The tokens that may stand at a place: of equal ones the lowest id, the tokenizer's own and the fixed one."""
    vocabulary, restriction = constraint.vocabulary, constraint.restriction
    at, count = place
    yield from vocabulary.tokens_at(content, at)
    fixed = None if restriction is None else restriction.fixed.get(count)
    for token in (own.get(at), fixed):
        piece = None if token is None else vocabulary.tokens[token]
        if token is not None and piece and content.startswith(piece, at):
            yield token, len(piece)


def _read_back(before: dict[_Place, tuple[_Place, int]], place: _Place) -> tuple[int, ...]:
    found: list[int] = []
    while place in before:
        place, token = before[place]
        found.append(token)
    return tuple(reversed(found))
