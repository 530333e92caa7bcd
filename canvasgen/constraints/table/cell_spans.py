"""Where the cells are in a table's text."""

from __future__ import annotations

from canvasgen.constraints.table.grid import Cell
from canvasgen.constraints.table.layouts import Laid

__all__ = ["Span", "cell_spans"]

Span = tuple[Cell, int, int]
"""A cell with the start and the end of its text, the lead included."""


def cell_spans(laid: Laid, text: str) -> list[Span] | None:
    """Return the place of every cell, in order; None if the text is not such a table.

    Depth-first search over the pieces, longer texts of a cell first; places from which the rest cannot be read are
    remembered, so the time is polynomial.
    """
    pieces = laid.pieces
    failed: set[tuple[int, int]] = set()
    spans: list[list[Span]] = [[]]
    stack = [(0, 0, iter(_stops(laid, 0, text, 0)))]
    while stack:
        piece, start, stops = stack[-1]
        stop = next(stops, None)
        if stop is None:
            failed.add((piece, start))
            stack.pop()
            spans.pop()
            continue
        if (piece + 1, stop) in failed:
            continue
        here = pieces[piece]
        found = spans[-1] if isinstance(here, str) else [*spans[-1], (here, start, stop)]
        if piece + 1 == len(pieces):
            if stop == len(text):
                return found
            continue
        stack.append((piece + 1, stop, iter(_stops(laid, piece + 1, text, stop))))
        spans.append(found)
    return None


def _stops(laid: Laid, number: int, text: str, at: int) -> list[int]:
    """Return where a piece that begins at a place can end, the latest end first."""
    piece = laid.pieces[number]
    if isinstance(piece, str):
        return [at + len(piece)] if text.startswith(piece, at) else []
    if piece in laid.listed:
        ends = {at + len(one) for one in laid.listed[piece] if text.startswith(one, at)}
        return sorted(ends, reverse=True)
    lead = laid.lead[piece]
    if not text.startswith(lead, at):
        return []
    return laid.free[piece].ends(text, at + len(lead))[::-1]
