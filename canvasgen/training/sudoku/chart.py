"""Line charts as SVG, in as few lines as will do."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape

__all__ = ["Panel", "Series", "draw"]

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 460, 320, 56, 14, 34, 92


@dataclass(frozen=True)
class Series:
    """A line through points; ``spans`` are the limits of an error bar at each, or there are none."""

    name: str
    points: Sequence[tuple[float, float]]
    dashed: bool = False
    spans: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class Panel:
    """Axes with lines; ``ticks`` are the marks on the x axis and what they say, None: round numbers.

    ``logarithmic``: the y axis.
    """

    title: str
    x: str
    y: str
    series: Sequence[Series]
    bottom: float = 0.0
    top: float = 1.0
    logarithmic: bool = False
    ticks: Sequence[tuple[float, str]] | None = field(default=None)


def draw(panels: Sequence[Panel]) -> str:
    """The panels side by side."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH * len(panels)}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH * len(panels)} {HEIGHT}" font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for number, panel in enumerate(panels):
        parts += [f'<g transform="translate({WIDTH * number},0)">', *_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel) -> list[str]:
    xs = [x for one in panel.series for x, _ in one.points]
    first, last = (min(xs), max(xs)) if panel.ticks else (0.0, max(xs))
    right, low = WIDTH - RIGHT, HEIGHT - BOTTOM

    def level(y: float) -> float:
        return math.log(max(y, panel.bottom)) if panel.logarithmic else y

    def place(x: float, y: float) -> tuple[float, float]:
        share = (level(y) - level(panel.bottom)) / (level(panel.top) - level(panel.bottom))
        return LEFT + (x - first) / (last - first) * (right - LEFT), low - share * (low - TOP)

    parts = [_text(WIDTH / 2, 18, panel.title, "middle", size=13)]
    for y in _heights(panel):
        _, at = place(first, y)
        parts.append(f'<path d="M{LEFT} {at:.1f}H{right}" stroke="#ddd"/>')
        parts.append(_text(LEFT - 6, at + 4, f"{y:g}", "end"))
    for x, name in panel.ticks or [(x, f"{x:g}") for x in _round_numbers(last)]:
        at, _ = place(x, panel.bottom)
        parts.append(f'<path d="M{at:.1f} {low}v4" stroke="#333"/>')
        parts.append(_text(at, low + 16, name, "middle"))
    parts.append(f'<path d="M{LEFT} {TOP}V{low}H{right}" fill="none" stroke="#333"/>')
    parts.append(_text((LEFT + right) / 2, low + 32, panel.x, "middle"))
    middle = (TOP + low) / 2
    parts.append(f'<g transform="rotate(-90 14 {middle})">{_text(14, middle, panel.y, "middle")}</g>')
    for number, one in enumerate(panel.series):
        parts += _line(one, number, place)
    return parts


def _line(one: Series, number: int, place: Callable[[float, float], tuple[float, float]]) -> list[str]:
    colour = COLOURS[number % len(COLOURS)]
    dash = ' stroke-dasharray="5 3"' if one.dashed else ""
    where = [place(x, y) for x, y in one.points]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in where)
    parts = [f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.6"{dash}/>']
    for (x, _), (below, above) in zip(one.points, one.spans, strict=False):
        at, start = place(x, below)
        _, end = place(x, above)
        parts.append(f'<path d="M{at:.1f} {start:.1f}V{end:.1f}" stroke="{colour}" stroke-opacity="0.5"/>')
    if len(where) < 40:
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="{colour}"/>' for x, y in where]
    column, row = number % 3, number // 3
    x, y = LEFT + column * 132, HEIGHT - BOTTOM + 50 + row * 16
    parts.append(f'<path d="M{x} {y - 4}h20" stroke="{colour}" stroke-width="2"{dash}/>')
    parts.append(_text(x + 25, y, one.name, "start"))
    return parts


def _heights(panel: Panel) -> list[float]:
    if not panel.logarithmic:
        return [panel.bottom + (panel.top - panel.bottom) * step / 5 for step in range(6)]
    tens = range(math.ceil(math.log10(panel.bottom)), math.floor(math.log10(panel.top)) + 1)
    marks = [digit * 10.0**power for power in (tens[0] - 1, *tens) for digit in (1, 2, 5)]
    return [mark for mark in marks if panel.bottom <= mark <= panel.top]


def _round_numbers(last: float) -> list[float]:
    """Four to nine round numbers from 0 on."""
    step = 10.0 ** math.floor(math.log10(last))
    while last / step < 4:
        step /= 2
    return [step * count for count in range(int(last / step) + 1)]


def _text(x: float, y: float, text: str, anchor: str, size: int = 11) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(text)}</text>'
