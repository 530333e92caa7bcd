"""Small byte automata as pictures: lines for a terminal, SVG for a page.

A state is a circle, a double one if a text may end in it; an arrow bears the bytes that lead along it.
"""

from __future__ import annotations

import html
from collections import deque
from collections.abc import Mapping
from math import hypot

from canvasgen.automata import DFA
from canvasgen.viewer.byte_names import bytes_label

__all__ = ["MOST_STATES", "automaton_lines", "automaton_svg"]

MOST_STATES = 16
"""Most states of an automaton that is drawn."""

_ACROSS, _DOWN, _RADIUS = 130, 84, 17


def _edges(automaton: DFA) -> dict[tuple[int, int], str]:
    """Return the label of each pair of states with a transition, in order."""
    ranges: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for state in range(automaton.num_states):
        for row in range(int(automaton.offsets[state]), int(automaton.offsets[state + 1])):
            low, high = int(automaton.low[row]), int(automaton.high[row])
            ranges.setdefault((state, int(automaton.target[row])), []).append((low, high))
    return {pair: bytes_label(parts) for pair, parts in ranges.items()}


def automaton_lines(automaton: DFA) -> list[str]:
    """Return one line for each state: `0 ─a–z→ 1   ─@→ 2`; `(1)` for a state that a text may end in.

    Empty for an automaton of more than `MOST_STATES` states.
    """
    if automaton.num_states > MOST_STATES:
        return []
    lines: list[str] = []
    edges = _edges(automaton)
    for state in range(automaton.num_states):
        name = f"({state})" if automaton.accepting[state] else f" {state} "
        arrows = [f"─{label}→ {target}" for (source, target), label in edges.items() if source == state]
        lines.append(f"{name:>5} {'   '.join(arrows)}".rstrip())
    return lines


def automaton_svg(automaton: DFA) -> str | None:
    """Return a picture of an automaton as SVG, states in columns by distance from the start; None if it is large."""
    if automaton.num_states > MOST_STATES:
        return None
    edges = _edges(automaton)
    places, width, height = _places(automaton.num_states, edges)
    parts = [_arrow(places, pair, label, edges) for pair, label in edges.items()]
    for state, (x, y) in places.items():
        parts.append(f'<circle cx="{x}" cy="{y}" r="{_RADIUS}" fill="none" stroke="currentColor"/>')
        if automaton.accepting[state]:
            parts.append(f'<circle cx="{x}" cy="{y}" r="{_RADIUS - 4}" fill="none" stroke="currentColor"/>')
        parts.append(f'<text x="{x}" y="{y + 4}" text-anchor="middle">{state}</text>')
    said = f"automaton of {automaton.num_states} states"
    marker = (
        '<defs><marker id="cg-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>'
    )
    return (
        f'<svg role="img" aria-label="{said}" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'xmlns="http://www.w3.org/2000/svg" font-family="ui-monospace, monospace" font-size="11" fill="currentColor">'
        f"{marker}{''.join(parts)}</svg>"
    )


def _places(states: int, edges: Mapping[tuple[int, int], str]) -> tuple[dict[int, tuple[int, int]], int, int]:
    """Return the centre of each state, and the width and height of the picture."""
    depth = {0: 0}
    waiting = deque([0])
    while waiting:
        state = waiting.popleft()
        for source, target in edges:
            if source == state and target not in depth:
                depth[target] = depth[state] + 1
                waiting.append(target)
    columns: dict[int, list[int]] = {}
    for state in range(states):
        columns.setdefault(depth.get(state, 0), []).append(state)
    tallest = max(len(column) for column in columns.values())
    height = tallest * _DOWN + 40
    places: dict[int, tuple[int, int]] = {}
    for at, column in columns.items():
        top = (height - (len(column) - 1) * _DOWN) // 2
        for number, state in enumerate(column):
            places[state] = (at * _ACROSS + 40, top + number * _DOWN)
    return places, (len(columns) - 1) * _ACROSS + 80, height


def _arrow(
    places: Mapping[int, tuple[int, int]],
    pair: tuple[int, int],
    label: str,
    edges: Mapping[tuple[int, int], str],
) -> str:
    (x1, y1), (x2, y2) = places[pair[0]], places[pair[1]]
    if pair[0] == pair[1]:
        top = y1 - _RADIUS
        path = f"M{x1 - 8} {top + 2} C{x1 - 26} {top - 30} {x1 + 26} {top - 30} {x1 + 8} {top + 2}"
        x, y = x1, top - 26
    else:
        length = hypot(x2 - x1, y2 - y1) or 1.0
        dx, dy = (x2 - x1) / length, (y2 - y1) / length
        is_straight = x2 - x1 in range(1, _ACROSS + 1) and (pair[1], pair[0]) not in edges
        bend = 0.0 if is_straight else 0.22 * length
        mx, my = (x1 + x2) / 2 + dy * bend, (y1 + y2) / 2 - dx * bend
        begin = f"{x1 + dx * _RADIUS:.0f} {y1 + dy * _RADIUS:.0f}"
        path = f"M{begin} Q{mx:.0f} {my:.0f} {x2 - dx * _RADIUS:.0f} {y2 - dy * _RADIUS:.0f}"
        x, y = round((x1 + x2) / 4 + mx / 2), round((y1 + y2) / 4 + my / 2) - 5
    return (
        f'<path d="{path}" fill="none" stroke="currentColor" marker-end="url(#cg-arrow)"/>'
        f'<text x="{x}" y="{y}" text-anchor="middle">{html.escape(label)}</text>'
    )
