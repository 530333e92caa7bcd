"""One step of all rows, as seen by the recorders of those that are traced.

Everything is read from what the step computed anyway, but for the most probable tokens: those take one pass over the
logits, and one over the constrained marginals, of the rows that ask for them. No random number is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch import Tensor

from canvasgen.denoise.recording.seen import Seen, milli
from canvasgen.trace import ACCEPTED, FIXED, FORCED, TEXT, Candidates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from canvasgen.denoise.beliefs import Beliefs
    from canvasgen.denoise.recording.recorder import Recorder
    from canvasgen.trace import Tracing

__all__ = ["observe"]

_LEAST_SHOWN = 0.001
"""Probability below which a token is told only if it is the most probable one."""


class Traced(Protocol):
    """A row that may have a recorder."""

    @property
    def recorder(self) -> Recorder | None:
        """None if it is not traced."""
        ...

    @property
    def kept(self) -> int:
        """As many first positions of the canvas hold the start's tokens."""
        ...


def observe(
    rows: Sequence[Traced],
    beliefs: Beliefs,
    doubt: Tensor,
    accepted: Tensor,
    fixed: Tensor,
    canvas: Tensor,
) -> None:
    """Show the recorders of some rows what a step of all rows decided.

    Args:
        rows: by seat.
        beliefs: about them.
        doubt: float64 `[B, L]`.
        accepted: bool `[B, L]`.
        fixed: bool `[B, L]`, positions that held a token that stays before the step.
        canvas: int64 `[B, L]`, the next canvases.
    """
    for seat, row in enumerate(rows):
        recorder = row.recorder
        if recorder is None:
            continue
        n = recorder.length
        inside = beliefs.inside[seat, :n]
        held = fixed[seat, :n].clone()
        held[: row.kept] = True
        parts = ((accepted, ACCEPTED), (beliefs.forced, FORCED), (beliefs.inside, TEXT))
        marks = held.cpu().numpy() * FIXED
        marks = sum((part[seat, :n].cpu().numpy() * bit for part, bit in parts), marks)
        drawn, best = canvas[seat, :n].cpu(), beliefs.best[seat, :n].cpu()
        other = torch.nonzero(accepted[seat, :n].cpu() & (drawn != best))[:, 0]
        pairs: list[int] = torch.stack([other, drawn[other]], dim=-1).flatten().numpy().tolist()
        model, allowed = _candidates(beliefs, seat, inside, recorder.tracing)
        recorder.see(
            Seen(
                "".join(f"{int(mark):x}" for mark in marks),
                tuple(pairs),
                milli(beliefs.entropies[seat, :n]),
                milli(doubt[seat, :n]),
                milli(beliefs.log_mass[seat, :n]),
                model,
                allowed,
            )
        )


def _candidates(
    beliefs: Beliefs, seat: int, inside: Tensor, tracing: Tracing
) -> tuple[Candidates | None, Candidates | None]:
    """Return the most probable tokens of the model and under the constraint at the positions that are asked for."""
    if tracing.top == 0:
        return None, None
    wanted = inside
    if tracing.positions is not None:
        wanted = torch.zeros_like(inside)
        wanted[[at for at in tracing.positions if at < len(inside)]] = True
    places = torch.nonzero(wanted)[:, 0]
    logits = beliefs.logits[seat, places]
    model = _likely(logits - logits.logsumexp(dim=-1, keepdim=True), tracing.top)
    posterior = beliefs.posterior_of(seat)
    if posterior is None:
        return _candidates_of(model, None, places, len(inside)), None
    allowed = _likely(posterior.marginals()[places], tracing.top)
    return (
        _candidates_of(model, None, places, len(inside)),
        _candidates_of(allowed, model, places, len(inside)),
    )


_Likely = list[tuple[tuple[int, ...], tuple[int, ...]]]
"""By position, the tokens and their millinats."""


def _likely(log_probs: Tensor, top: int) -> _Likely:
    values, ids = log_probs.topk(min(top, log_probs.shape[-1]), dim=-1)
    told = values >= np.log(_LEAST_SHOWN)
    told[:, :1] = True
    counts: list[int] = told.sum(dim=-1).cpu().numpy().tolist()
    rows: list[list[int]] = ids.cpu().numpy().tolist()
    nats: list[list[float]] = values.double().cpu().numpy().tolist()
    return [
        (tuple(tokens[:count]), milli(np.array(logs[:count], dtype=np.float64)))
        for tokens, logs, count in zip(rows, nats, counts, strict=True)
    ]


def _candidates_of(likely: _Likely, beside: _Likely | None, places: Tensor, length: int) -> Candidates:
    """Return the tokens by position; where they are the same as others beside them, only that is told."""
    counts = [0] * length
    ids: list[int] = []
    log_probs: list[int] = []
    positions: list[int] = places.cpu().numpy().tolist()
    for number, position in enumerate(positions):
        if beside is not None and beside[number] == likely[number]:
            counts[position] = -1
            continue
        tokens, nats = likely[number]
        counts[position] = len(tokens)
        ids += tokens
        log_probs += nats
    return Candidates(counts=tuple(counts), ids=tuple(ids), log_probs=tuple(log_probs))
