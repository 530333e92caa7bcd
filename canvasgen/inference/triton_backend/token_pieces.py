"""Pieces of token classes: what a program of the pass over the logits reduces to one number each.

A class's tokens are cut at the borders of the chunks of the vocabulary, and into pieces of `PIECE` at most. Sizes of classes
differ by far (of Gemma's vocabulary one class holds half, most hold a few dozen), and a tile of `Slots` takes as long as its
largest group: with whole classes four fifths of the slots of this pass were padding. And a token is drawn by reading
the tokens of one piece again, not those of a whole class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from canvasgen.inference.tables import Ints
from canvasgen.inference.triton_backend.slots import Slots, slots_of

__all__ = ["PIECE", "Pieces", "num_chunks", "pieces_of"]

PIECE = 512
"""Tokens of the largest piece: two rounds of a tile."""


def num_chunks(vocabulary_size: int, chunk: int) -> int:
    """P: how many chunks the vocabulary is cut into."""
    return -(-vocabulary_size // chunk)


@dataclass(frozen=True, eq=False)
class Pieces:
    """Q pieces, numbered by class, then by their tokens.

    Attributes:
        of_class: int32 `[C + 1]`, the first piece of each class.
        offsets: int32 `[Q + 1]`, the first token of each piece in `tokens`.
        tokens: int32 `[V]`, ids by piece, ascending.
        slots: of the tokens of each piece, a part for each chunk; lanes hold the numbers of pieces, members token ids.
    """

    of_class: Ints
    offsets: Ints
    tokens: Ints
    slots: Slots

    @property
    def number(self) -> int:
        """Q."""
        return len(self.offsets) - 1


def pieces_of(class_of_token: Ints, classes: int, chunk: int) -> Pieces:
    """Cut the classes of a vocabulary.

    Args:
        class_of_token: `[V]`.
        classes: C.
        chunk: tokens of a chunk.
    """
    size = len(class_of_token)
    chunks = num_chunks(size, chunk)
    tokens = np.argsort(class_of_token, kind="stable").astype(np.int32)
    keys = class_of_token[tokens].astype(np.int64) * chunks + tokens // chunk
    counts = np.bincount(keys, minlength=classes * chunks)
    numbers = -(-counts // PIECE)
    group = np.repeat(np.arange(len(counts)), numbers)  # of each piece: its class and chunk
    within = np.arange(len(group)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
    sizes = np.minimum(counts[group] - within * PIECE, PIECE)
    offsets = _offsets(sizes)
    by_class = numbers.reshape(classes, chunks).sum(axis=1)
    return Pieces(_offsets(by_class), offsets, tokens, _slots(group % chunks, sizes, offsets, tokens, chunks))


def _offsets(counts: np.ndarray) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def _slots(chunk_of: np.ndarray, sizes: np.ndarray, offsets: Ints, tokens: Ints, chunks: int) -> Slots:
    """Slots by chunk; every part has as many groups as the largest, and those that are none have no lane."""
    order = np.argsort(chunk_of, kind="stable")
    several = np.bincount(chunk_of, minlength=chunks)
    width = int(several.max())
    places = (
        chunk_of[order] * width + np.arange(len(order)) - np.repeat(np.cumsum(several) - several, several)
    )
    of_place = np.full(chunks * width, -1, dtype=np.int32)
    of_place[places] = order
    counts = np.zeros(chunks * width, dtype=np.int64)
    counts[places] = sizes[order]
    starts = _offsets(counts)
    slots = slots_of(starts, chunks)
    at = np.append(slots.heads[slots.heads[:chunks] + 4], len(slots.lanes))
    part = np.repeat(np.arange(chunks), np.diff(at))
    lanes = np.where(slots.lanes < 0, -1, of_place[part * width + np.maximum(slots.lanes, 0)])
    first = np.append(offsets[:-1], 0)[np.repeat(of_place, counts)]  # of each member's piece, in `tokens`
    within = np.arange(int(starts[-1])) - np.repeat(starts[:-1], counts)
    ids = np.append(tokens[first + within], -1)
    return Slots(slots.heads, lanes.astype(np.int32), ids[slots.members].astype(np.int32))
