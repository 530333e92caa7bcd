"""One training run: model, factorised embedding, optimizers, data, and a look at held-out puzzles."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DiffusionGemmaForBlockDiffusion

from canvasgen.models.embedded.sudoku.grid_tokens import CANVAS_LENGTH, SIZES
from canvasgen.training.shared.lean import LeanModel
from canvasgen.training.shared.optimising import Optimising
from canvasgen.training.sudoku.board_loss import accepted, encode_shallow, loss, positions
from canvasgen.training.sudoku.cell_features import features
from canvasgen.training.sudoku.puzzle_pool import Batch, Feed, Pool, held_out
from canvasgen.training.sudoku.sudoku_model import embedding

HELD_OUT = ((4, 5), (6, 10), (9, 26), (9, 32), (9, 40), (9, 50))
"""Sizes and givens of the held-out puzzles that a run looks at."""


@dataclass
class Settings:
    """What a run is made of.

    Attributes:
        minutes: length of the run.
        first, counts: puzzles of size 4, 6 and 9 in a batch, before and after the first ``opening`` of the time.
        copies: canvases per puzzle and step.
        matrix_rate, other_rate: learning rates of Muon (matrices) and AdamW (embedding, norms).
        decay: last share of the time, over which the rates fall to zero.
        warmup: steps of rising rates.
        average: decay of the averaged weights, which are the ones saved.
        conditioned: share of steps with self-conditioning.
        hard: share of puzzles with few givens, once most of the time before ``decay`` is over.
        wrong: share of rows with wrong cells among those that look filled in.
    """

    minutes: float = 85.0
    first: tuple[int, int, int] = (6, 14, 20)
    counts: tuple[int, int, int] = (1, 5, 34)
    opening: float = 0.06
    copies: int = 2
    matrix_rate: float = 0.004
    other_rate: float = 0.004
    decay: float = 0.4
    warmup: int = 50
    average: float = 0.998
    conditioned: float = 0.6
    hard: float = 0.6
    wrong: float = 0.25
    seed: int = 0
    compile: bool = True
    half: bool = True


class Trainer:
    """Model, optimizers, averages and data of one run."""

    def __init__(
        self,
        model: DiffusionGemmaForBlockDiffusion,
        pools: dict[int, Pool],
        tests: dict[int, Pool],
        settings: Settings,
    ) -> None:
        self.model, self.settings = model, settings
        self.lean = LeanModel(model, torch.bfloat16 if settings.half else torch.float32)
        if settings.compile:
            self.lean.compile(dynamic=False)
        self.whole = self.lean.embedding
        # The embedding is F B; where weights are given, B is what fits them.
        table = torch.from_numpy(features())
        self.basis = torch.linalg.lstsq(table.double(), self.whole.detach().double(), driver="gelsd").solution
        self.basis = self.basis.float().requires_grad_()
        used = [p for layer in self.lean.layers for p in layer if p is not None]
        used += [*self.lean.conditioning, self.lean.final_norm]
        self.optimising = Optimising(
            [p for p in used if p.ndim == 2],
            [self.basis, *[p for p in used if p.ndim != 2]],
            matrix_rate=settings.matrix_rate,
            other_rate=settings.other_rate,
            average=settings.average,
            warmup=settings.warmup,
            decay=settings.decay,
        )
        self.feed = Feed(pools, settings.seed)
        self.tests = tests
        self.generator = torch.Generator().manual_seed(settings.seed)
        self.elapsed = 0.0
        self.puzzles = 0

    @property
    def done(self) -> float:
        """Share of the run that is over."""
        return min(self.elapsed / (60 * self.settings.minutes), 1.0)

    def step(self) -> dict[str, Any]:
        """One optimizer step; returns what to log."""
        started = time.perf_counter()
        settings = self.settings
        counts = settings.first if self.done < settings.opening else settings.counts
        hard = settings.hard if self.done > 0.6 * (1 - settings.decay) else 0.0
        batch = self.feed.next(dict(zip(SIZES, counts, strict=True)), hard)
        conditioned = float(torch.rand((), generator=self.generator)) < settings.conditioned
        self.lean.embedding = embedding(self.basis)
        total, log = loss(self.lean, batch, settings.copies, conditioned, settings.wrong, self.generator)
        total.backward()
        norm = self.optimising.step(self.done)
        self.puzzles += sum(counts)
        self.elapsed += time.perf_counter() - started
        return {
            "step": self.optimising.steps,
            "seconds": round(self.elapsed, 1),
            "puzzles": self.puzzles,
            "norm": round(norm, 3),
            "conditioned": conditioned,
            "loss": round(float(total.detach()), 4),
            **describe(batch.repeat(settings.copies), log),
        }

    def look(self, count: int = 32, steps: int = 12) -> dict[str, Any]:
        """On held-out puzzles, from noise, with the averaged weights: right blanks at once, and solved in a few steps."""
        started = time.perf_counter()
        self.swap()
        found: dict[str, Any] = {}
        for size, givens in HELD_OUT:
            batch = held_out(size, givens, min(count, len(self.tests[size].counts)), self.tests[size])
            found[f"{size}/{givens}"] = solve(self.lean, batch, steps)
        self.swap()
        self.elapsed += time.perf_counter() - started
        return {
            "step": self.optimising.steps,
            "seconds": round(self.elapsed, 1),
            "puzzles": self.puzzles,
            "held_out": found,
        }

    def swap(self) -> None:
        """Exchange the parameters and their averages, and write the embedding into the model."""
        self.optimising.swap()
        with torch.no_grad():
            self.lean.embedding = embedding(self.basis)
            self.whole.copy_(self.lean.embedding)

    def state(self) -> dict[str, Any]:
        """Everything a resumed run needs."""
        return {
            "optimising": self.optimising.state(),
            "feed": self.feed.rng.bit_generator.state,
            "generator": self.generator.get_state(),
            "counters": (self.elapsed, self.puzzles),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from ``state()``."""
        self.optimising.restore(state["optimising"])
        self.feed.rng.bit_generator.state = state["feed"]
        self.generator.set_state(state["generator"])
        self.elapsed, self.puzzles = state["counters"]


def describe(batch: Batch, log: dict[str, torch.Tensor]) -> dict[str, Any]:
    """The blanks' loss, and the share of right cells among those not yet right, by size."""
    row: dict[str, Any] = {"blank_loss": round(float(log["blank_loss"]), 4)}
    for size in batch.sizes.unique().tolist():
        where = log["open"] & (batch.sizes == size)[:, None]
        row[f"right_{size}"] = round(float((log["hits"] & where).sum() / where.sum().clamp_min(1)), 4)
    kept = log["right"] & batch.blank
    row["kept"] = round(float((log["hits"] & kept).sum() / kept.sum().clamp_min(1)), 4)
    return row


@torch.no_grad()
def solve(
    lean: LeanModel, batch: Batch, steps: int, bound: float = 0.1, temperature: float = 0.6
) -> dict[str, float]:
    """Shares of right blanks after one step, right blanks at the end, and solved puzzles; greedy, from noise."""
    generator = torch.Generator().manual_seed(0)
    past, where = encode_shallow(lean, batch.prompts), positions(CANVAS_LENGTH)
    shape, vocabulary = batch.canvas.shape, lean.embedding.shape[0]
    canvas = torch.randint(0, vocabulary, shape, generator=generator)
    best, soft, shares = canvas, None, []
    for _ in range(steps):
        hidden = lean.decode(canvas, where, None, past, soft)
        soft, entropy, best = lean.glance(hidden, torch.full((shape[0], 1, 1), temperature))
        shares.append(float(((best == batch.canvas) & batch.blank).sum() / batch.blank.sum()))
        kept = accepted(entropy, torch.full((shape[0], 1), bound))
        canvas = torch.where(kept, best, torch.randint(0, vocabulary, shape, generator=generator))
    cells = batch.blank | batch.given
    solved = ((best == batch.canvas) | ~cells).all(1).float().mean()
    return {"first": round(shares[0], 4), "last": round(shares[-1], 4), "solved": round(float(solved), 4)}
