"""One training run: model, optimizers, averaged weights, data, and the curriculum."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import DiffusionGemmaForBlockDiffusion

from canvasgen.training.shared.lean import LeanModel
from canvasgen.training.shared.optimising import Optimising
from canvasgen.training.tiny.batches import PATTERNS, STAGES, Batch, Feed, noise, repeat
from canvasgen.training.tiny.text_loss import loss
from canvasgen.training.tiny.wrong_texts import STRUCTURE


@dataclass
class Settings:
    """What a run is made of.

    Attributes:
        minutes: length of the run.
        tokens: of a batch, prompts and canvases with their padding.
        matrix_rate, other_rate: learning rates of Muon (matrices) and AdamW (embedding, norms).
        decay: last share of the time, over which the rates fall to zero.
        warmup: steps of rising rates.
        advance_at: share of right value tokens at the newest level that ends a stage of the curriculum.
        average: decay of the averaged weights, which are the ones saved.
        conditioned: share of steps with self-conditioning.
        next_share, next_rate: weight of the next-token loss, and the share of steps that have it.
        copies: canvases per prompt and step.
        high: share of rows with mostly high noise, after the beginning.
        early: steps at the beginning that all have the next-token loss; twice as long, noise is lower.
        mask_id: the mask token of masked noise; None: noise is uniform.
    """

    minutes: float = 60.0
    tokens: int = 6500
    matrix_rate: float = 0.004
    other_rate: float = 0.004
    decay: float = 0.4
    warmup: int = 60
    advance_at: float = 0.8
    average: float = 0.998
    conditioned: float = 0.5
    seed: int = 0
    compile: bool = True
    half: bool = True
    next_share: float = 0.7
    next_rate: float = 0.2
    copies: int = 2
    high: float = 0.4
    early: int = 500
    mask_id: int | None = None


class Trainer:
    """Model, optimizers, averages and data of one run."""

    def __init__(self, model: DiffusionGemmaForBlockDiffusion, words: Tokenizer, settings: Settings) -> None:
        self.model, self.words, self.settings = model, words, settings
        self.lean = LeanModel(model, torch.bfloat16 if settings.half else torch.float32)
        if settings.compile:
            self.lean.compile()
        decoder = model.model.decoder
        used = {id(p) for layer in self.lean.layers for p in layer if p is not None}
        used |= {id(p) for p in (*self.lean.conditioning, self.lean.embedding, self.lean.final_norm)}
        parameters = [p for p in decoder.parameters() if id(p) in used]
        embedding = self.lean.embedding
        self.optimising = Optimising(
            [p for p in parameters if p.ndim == 2 and p is not embedding],
            [p for p in parameters if p.ndim != 2 or p is embedding],
            matrix_rate=settings.matrix_rate,
            other_rate=settings.other_rate,
            average=settings.average,
            warmup=settings.warmup,
            decay=settings.decay,
            dtype=self.lean.dtype,
        )
        self.feed = Feed(words, settings.seed, settings.tokens)
        self.generator = torch.Generator().manual_seed(settings.seed)
        self.elapsed, self.newest_right = 0.0, 0.0

    @property
    def step_number(self) -> int:
        """Steps taken."""
        return self.optimising.steps

    def step(self) -> dict[str, Any]:
        """One optimizer step; returns what to log."""
        started = time.perf_counter()
        batch = self.feed.next()
        several = repeat(batch, self.settings.copies)
        early = self.step_number < self.settings.early
        high = self.settings.high * min(1.0, self.step_number / max(1, 2 * self.settings.early))
        mask_id = self.settings.mask_id
        made = noise(several, self.lean.embedding.shape[0], self.generator, high, mask_id)
        rolls = torch.rand(2, generator=self.generator).tolist()
        chosen = torch.rand(len(several.levels), generator=self.generator) < 0.8
        condition = chosen if rolls[0] < self.settings.conditioned else None
        next_share = self.settings.next_share if early or rolls[1] < self.settings.next_rate else 0.0
        total, log = loss(self.lean, batch, made, condition, next_share, self.generator, mask_id)
        total.backward()
        norm = self.optimising.step(self.elapsed / (60 * self.settings.minutes))
        row = describe(several, log, made.pattern, made.replaced)
        self._advance(row)
        self.elapsed += time.perf_counter() - started
        return {
            "step": self.step_number,
            "seconds": round(self.elapsed, 1),
            "stage": self.feed.stage,
            "norm": round(norm, 3),
            **row,
        }

    def _advance(self, row: dict[str, Any]) -> None:
        """Go to the next stage once the newest level's values are mostly predicted, or by time."""
        newest = row["values_level"].get(str(self.feed.stage))
        if newest is not None:
            self.newest_right += 0.05 * (newest - self.newest_right)
        stage = self.feed.stage
        late = self.elapsed > 60 * self.settings.minutes * (0.2 + 0.1 * stage)
        if stage < len(STAGES) - 1 and (self.newest_right > self.settings.advance_at or late):
            self.feed.stage += 1
            self.feed.skip_waiting()
            self.newest_right = 0.0

    def state(self) -> dict[str, Any]:
        """Everything a resumed run needs."""
        return {
            "optimising": self.optimising.state(),
            "feed": (self.feed.rng.getstate(), self.feed.stage, self.feed._waiting),
            "generator": self.generator.get_state(),
            "counters": (self.elapsed, self.newest_right),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from ``state()``."""
        self.optimising.restore(state["optimising"])
        generator, self.feed.stage, self.feed._waiting = state["feed"]
        self.feed.rng.setstate(generator)
        self.generator.set_state(state["generator"])
        self.elapsed, self.newest_right = state["counters"]

    def swap(self) -> None:
        """Exchange the parameters and their averages."""
        self.optimising.swap()


def describe(
    batch: Batch, log: dict[str, torch.Tensor], pattern: torch.Tensor, replaced: torch.Tensor
) -> dict[str, Any]:
    """Losses, and the share of right value tokens by noise pattern and (with the form given) by level."""
    inside = (batch.values >= 0) & replaced

    def share(hits: torch.Tensor, where: torch.Tensor) -> float:
        return round(float((hits & where).sum() / where.sum().clamp_min(1)), 4)

    def shares(hits: torch.Tensor, groups: dict[str, torch.Tensor]) -> dict[str, float]:
        return {name: share(hits, where) for name, where in groups.items() if bool(where.any())}

    right = log["denoise_right"]
    row: dict[str, Any] = {
        "denoise_loss": round(float(log["denoise_loss"]), 4),
        "rows": len(batch.prompts),
        "pattern": shares(right, {name: inside & (pattern == n)[:, None] for n, name in enumerate(PATTERNS)}),
        "values_level": shares(
            right,
            {
                str(n): inside & ((pattern == 2) & (batch.levels == n))[:, None]
                for n in batch.levels.unique().tolist()
            },
        ),
        "form": share(right, (batch.values == STRUCTURE) & replaced),
    }
    if "next_loss" in log:
        guessed = log["next_right"]
        count, length = guessed.shape
        where = batch.values[:count, 1 : length + 1] >= 0
        row["next_loss"] = round(float(log["next_loss"]), 4)
        row["next_right"] = share(guessed, where)
    return row
