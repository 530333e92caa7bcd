"""Draws the picture of `concepts.md`: a model's distributions over positions beside the exact posterior.

    python docs/site/pictures.py

The vocabulary is ten digits and a full stop, so that all of it fits on the page; the numbers are those of
`CompiledConstraint.condition`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import canvasgen as cg

OUT = Path(__file__).parent.parent / "images" / "posterior.svg"
PATTERN = r"(0[1-9]|[12][0-9])\.(0[1-9]|1[0-2])\."
TOKENS = [b".", *(b"%d" % digit for digit in range(10))]
CELL, LEFT, TOP = 34, 46, 56
SAID = (
    {"4": 4.0, "2": 3.2, "1": 2.0},
    {"7": 2.6, "0": 2.2, ".": 2.0},
    {".": 3.5, "1": 1.5},
    {"1": 2.4, "0": 2.2, "3": 2.0},
    {"7": 3.0, "1": 1.6},
    {".": 3.0, "5": 1.0},
)
"""What the model said of each position: logits; 0 for all other tokens."""


def main() -> None:
    """Condition the logits and write the picture."""
    vocabulary = cg.Vocabulary([*TOKENS, None], end_ids=[len(TOKENS)])
    logits = np.zeros((len(SAID), vocabulary.size), np.float32)
    for position, said in enumerate(SAID):
        for token, logit in said.items():
            logits[position, TOKENS.index(token.encode())] = logit
    posterior = cg.regex(PATTERN).compile(vocabulary).condition(logits)
    own = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    given = np.exp(np.asarray(posterior.marginals(), np.float64))
    best = vocabulary.text_bytes(posterior.best).decode()
    width = 2 * (LEFT + CELL * len(SAID)) + 60
    height = TOP + CELL * len(TOKENS) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        *panel(own, 0, "what the model says, position by position"),
        *panel(given, LEFT + CELL * len(SAID) + 40, f"given that the whole is valid: best {best}"),
        "</svg>",
        "",
    ]
    OUT.write_text("\n".join(parts), encoding="utf-8")


def panel(shares: np.ndarray, left: int, title: str) -> list[str]:
    """Return one grid: a column a position, a row a token, darker where it is more probable."""
    middle = left + LEFT + CELL * len(SAID) / 2
    parts = [f'<text x="{middle}" y="20" text-anchor="middle" font-size="13">{title}</text>']
    for position in range(len(SAID)):
        x = left + LEFT + position * CELL
        parts.append(
            f'<text x="{x + CELL / 2}" y="{TOP - 8}" text-anchor="middle" fill="#666">{position + 1}</text>'
        )
        for row, token in enumerate(TOKENS):
            share, y = float(shares[position, row]), TOP + row * CELL
            ink = "white" if share > 0.5 else "#333"
            parts.append(
                f'<rect x="{x}" y="{y}" width="{CELL - 2}" height="{CELL - 2}" fill="#1f5fa8" '
                f'fill-opacity="{max(share, 0.03):.3f}" stroke="#ddd"/>'
            )
            if share >= 0.005:
                parts.append(
                    f'<text x="{x + CELL / 2 - 1}" y="{y + CELL / 2 + 3}" text-anchor="middle" font-size="10" '
                    f'fill="{ink}">{share:.2f}</text>'
                )
            if position == 0:
                parts.append(
                    f'<text x="{x - 12}" y="{y + CELL / 2 + 4}" text-anchor="end">{token.decode()}</text>'
                )
    return parts


if __name__ == "__main__":
    main()
