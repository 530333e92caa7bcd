"""One training run: model, optimizers, averaged weights, data, and the curriculum."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import DiffusionGemmaForBlockDiffusion

from canvasgen.models.small.lean import LeanModel
from canvasgen.models.tiny.batches import PATTERNS, STAGES, STRUCTURE, Batch, Feed, noise, repeat
from canvasgen.models.tiny.objective import loss


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
        self.parameters = [p for p in decoder.parameters() if id(p) in used]
        matrices = [p for p in self.parameters if p.ndim == 2 and p is not self.lean.embedding]
        others = [p for p in self.parameters if p.ndim != 2]
        self.optimizers: list[torch.optim.Optimizer] = [
            torch.optim.Muon(
                matrices,
                lr=settings.matrix_rate,
                weight_decay=0.01,
                momentum=0.95,
                adjust_lr_fn="match_rms_adamw",
            ),
            torch.optim.AdamW(
                [{"params": [self.lean.embedding]}, {"params": others}],
                lr=settings.other_rate,
                betas=(0.9, 0.97),
                weight_decay=0.0,
            ),
        ]
        self.rates = [group["lr"] for optimizer in self.optimizers for group in optimizer.param_groups]
        self.averages = [p.detach().clone() for p in self.parameters]
        self.feed = Feed(words, settings.seed, settings.tokens)
        self.generator = torch.Generator().manual_seed(settings.seed)
        self.step_number, self.elapsed, self.newest_right = 0, 0.0, 0.0

    def rate_factor(self) -> float:
        """Warm-up, level, then linear to zero over the last ``decay`` of the time."""
        done = min(self.elapsed / (60 * self.settings.minutes), 1.0)
        return min((self.step_number + 1) / self.settings.warmup, 1.0) * min(
            (1 - done) / self.settings.decay, 1.0
        )

    def step(self) -> dict[str, Any]:
        """One optimizer step; returns what to log."""
        started = time.perf_counter()
        batch = self.feed.next()
        several = repeat(batch, self.settings.copies)
        early = self.step_number < self.settings.early
        high = self.settings.high * min(1.0, self.step_number / max(1, 2 * self.settings.early))
        made = noise(several, self.lean.embedding.shape[0], self.generator, high)
        rolls = torch.rand(2, generator=self.generator).tolist()
        chosen = torch.rand(len(several.levels), generator=self.generator) < 0.8
        condition = chosen if rolls[0] < self.settings.conditioned else None
        next_share = self.settings.next_share if early or rolls[1] < self.settings.next_rate else 0.0
        total, log = loss(self.lean, batch, made, condition, next_share, self.generator)
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        factor = self.rate_factor()
        groups = [group for optimizer in self.optimizers for group in optimizer.param_groups]
        for group, rate in zip(groups, self.rates, strict=True):
            group["lr"] = rate * factor
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        average = min(self.settings.average, (1 + self.step_number) / (10 + self.step_number))
        with torch.no_grad():
            for mean, current in zip(self.averages, self.parameters, strict=True):
                mean.lerp_(current, 1 - average)
        self.step_number += 1
        row = describe(several, log, made.pattern, made.replaced)
        self._advance(row)
        self.elapsed += time.perf_counter() - started
        return {
            "step": self.step_number,
            "seconds": round(self.elapsed, 1),
            "stage": self.feed.stage,
            "norm": round(float(norm), 3),
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
            "parameters": [p.detach() for p in self.parameters],
            "averages": self.averages,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "feed": (self.feed.rng.getstate(), self.feed.stage, self.feed._waiting),
            "generator": self.generator.get_state(),
            "counters": (self.step_number, self.elapsed, self.newest_right),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from ``state()``."""
        with torch.no_grad():
            for mine, saved in zip(self.parameters, state["parameters"], strict=True):
                mine.copy_(saved)
        self.averages = state["averages"]
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        generator, self.feed.stage, self.feed._waiting = state["feed"]
        self.feed.rng.setstate(generator)
        self.generator.set_state(state["generator"])
        self.step_number, self.elapsed, self.newest_right = state["counters"]

    def swap(self) -> None:
        """Exchange the parameters and their averages."""
        with torch.no_grad():
            for mine, average in zip(self.parameters, self.averages, strict=True):
                kept = mine.detach().clone()
                mine.copy_(average)
                average.copy_(kept)


def describe(
    batch: Batch, log: dict[str, torch.Tensor], pattern: torch.Tensor, replaced: torch.Tensor
) -> dict[str, Any]:
    """Losses, and the share of right value tokens by noise pattern and (with the form given) by level."""
    inside = (batch.values >= 0) & replaced

    def share(hits: torch.Tensor, where: torch.Tensor) -> float:
        return round(float((hits & where).sum() / where.sum().clamp_min(1)), 4)

    right = log["denoise_right"]
    row: dict[str, Any] = {
        "denoise_loss": round(float(log["denoise_loss"]), 4),
        "rows": len(batch.prompts),
        "pattern": {
            PATTERNS[n]: share(right, inside & (pattern == n)[:, None]) for n in pattern.unique().tolist()
        },
        "values_level": {
            str(n): share(right, inside & ((pattern == 2) & (batch.levels == n))[:, None])
            for n in batch.levels.unique().tolist()
        },
        "form": share(right, (batch.values == STRUCTURE) & replaced),
    }
    if "next_loss" in log:
        guessed = log["next_right"]
        count, length = guessed.shape
        where = batch.values[:count, 1 : length + 1] >= 0
        row["next_loss"] = round(float(log["next_loss"]), 4)
        row["next_right"] = share(guessed, where)
    return row
