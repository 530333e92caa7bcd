"""What notebooks show of completions: a fragment of HTML with styles of its own and no script."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from canvasgen.checks import is_sequence

__all__ = ["ShownCompletion", "completion_in_notebook", "table_in_notebook"]

_MOST_TEXT = 4_000
_MOST_OPTIONS = 8


class ShownCompletion(Protocol):
    """A completion, as far as it is shown."""

    @property
    def text(self) -> str:
        """Its text."""
        ...

    @property
    def value(self) -> object:
        """Its value."""
        ...

    @property
    def log_prob(self) -> float:
        """Of its text."""
        ...

    @property
    def probabilities(self) -> Mapping[str, Mapping[object, float]]:
        """By field."""
        ...

    @property
    def steps(self) -> Sequence[int]:
        """Of each block."""
        ...

    @property
    def timings(self) -> Mapping[str, float]:
        """Seconds."""
        ...

    @property
    def outcome(self) -> object:
        """How it ended."""
        ...


def completion_in_notebook(completion: ShownCompletion) -> str:
    """Return a completion as HTML: a table as a table, else its text; the shares of its fields, how it went."""
    rows = _grid(completion.value)
    total = completion.timings.get("total")
    steps = sum(completion.steps)
    facts = [
        str(completion.outcome),
        f"{steps} step{'' if steps == 1 else 's'}",
        f"log P {completion.log_prob:z.3f} nats",
    ]
    facts += [] if total is None else [f"{total * 1000:.0f} ms"]
    parts = [grid_in_notebook(rows) if rows is not None else text_in_notebook(completion.text)]
    parts.append(f"<p><small>{html.escape(' · '.join(facts))}</small></p>")
    for field, shares in completion.probabilities.items():
        likely = sorted(shares.items(), key=lambda item: -item[1])[:_MOST_OPTIONS]
        told = [(str(option), f"{100 * share:.1f} %") for option, share in likely]
        parts.append(table_in_notebook((field or "value", "share"), told))
    return f"<div>{''.join(parts)}</div>"


def _grid(value: object) -> list[Sequence[Any]] | None:
    """Return a value that is a list of rows; None for another one."""
    if not is_sequence(value) or not value:
        return None
    rows = [row for row in value if is_sequence(row)]
    return rows if len(rows) == len(value) else None


def text_in_notebook(text: str) -> str:
    """Return a text as HTML; the end of a long one is left out."""
    shown = text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"
    return f'<pre style="white-space:pre-wrap">{html.escape(shown)}</pre>'


def grid_in_notebook(rows: Sequence[Sequence[Any]]) -> str:
    """Return rows of cells as a table of HTML."""
    lines = ("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tbody>{''.join(lines)}</tbody></table>"


def table_in_notebook(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of HTML; all texts are escaped."""
    top = "".join(f'<th scope="col" style="text-align:left">{html.escape(name)}</th>' for name in head)
    lines = (
        "<tr>" + "".join(f'<td style="text-align:left">{html.escape(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
