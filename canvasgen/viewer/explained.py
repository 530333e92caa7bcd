"""What notebooks show of constraints and posteriors."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from canvasgen.automata import DFA, Expr
from canvasgen.errors import ConstraintTooLarge
from canvasgen.notes import Note
from canvasgen.viewer.automaton_picture import automaton_svg
from canvasgen.viewer.notebook_html import table_in_notebook
from canvasgen.viewer.railroads import railroads_html

__all__ = ["ConstraintInNotebook", "PosteriorInNotebook"]

_MOST_NOTES = 100
_MOST_POSITIONS = 64
_TOP = 3


class _Explained(Protocol):
    """A constraint, as far as it is shown."""

    @property
    def automaton(self) -> DFA: ...
    @property
    def expr(self) -> Expr: ...
    def explain(self) -> tuple[Note, ...]: ...


class ConstraintInNotebook:
    """Gives a constraint its look in notebooks: what it means, how large its automaton is, and pictures of a small one."""

    def _repr_html_(self: _Explained) -> str:
        parts = [f"<p><code>{html.escape(repr(self))}</code></p>"]
        notes = self.explain()
        rows = [(note.kind, note.path or "", note.message) for note in notes[:_MOST_NOTES]]
        if len(notes) > _MOST_NOTES:
            rows.append(("…", "", f"{len(notes) - _MOST_NOTES} more"))
        if rows:
            parts.append(table_in_notebook(("enforced by", "where", "what"), rows))
        try:
            automaton = self.automaton
        except ConstraintTooLarge as error:
            parts.append(f"<p>no automaton: {html.escape(str(error))}</p>")
        else:
            sizes = f"{automaton.num_states} states, {automaton.num_transitions} transitions"
            shortest = automaton.shortest()
            if shortest is not None:
                sizes += f"; shortest text {shortest.decode('utf-8', 'replace')[:80]!r}"
            picture = automaton_svg(automaton)
            parts.append(f"<p>byte automaton: {html.escape(sizes)}</p>")
            parts.append("" if picture is None else f'<div style="overflow-x:auto">{picture}</div>')
            parts.append(railroads_html(self))
        return f"<div>{''.join(parts)}</div>"


class _Likely(Protocol):
    """A posterior, as far as it is shown."""

    log_partition: float
    entropies: NDArray[np.float64]
    allowed_mass: NDArray[np.float64]
    forced: NDArray[np.bool_]
    best: NDArray[np.int64]

    def marginals(self) -> Any: ...


class PosteriorInNotebook:
    """Gives a posterior its look in notebooks: the most probable tokens of its first positions."""

    def _repr_html_(self: _Likely) -> str:
        marginals = np.asarray(self.marginals()[:_MOST_POSITIONS])
        top = np.argsort(-marginals, axis=-1, kind="stable")[:, :_TOP]
        rows: list[Sequence[str]] = []
        for at, tokens in enumerate(top.tolist()):
            likely = [
                f"{token} ({np.exp(marginals[at, token]):.3f})"
                for token in tokens
                if marginals[at, token] > -np.inf
            ]
            rows.append(
                (
                    str(at),
                    str(int(self.best[at])),
                    ", ".join(likely),
                    f"{float(self.entropies[at]):.4f}",
                    f"{float(self.allowed_mass[at]):.4f}",
                    "yes" if self.forced[at] else "",
                )
            )
        names = (
            "position",
            "best",
            "most probable token ids",
            "entropy",
            "log of the allowed mass",
            "forced",
        )
        rest = len(self.best) - len(rows)
        more = f"<p>{rest} more positions</p>" if rest > 0 else ""
        head = f"<p>log Z = {float(self.log_partition):.4f} nats; nats throughout</p>"
        return f"<div>{head}{table_in_notebook(names, rows)}{more}</div>"
