"""Training of the embedded model: ``python -m canvasgen.models.tiny.train --out DIR --minutes N [--resume]``.

Goes on from ``DIR`` where a checkpoint lies there, else, with ``--resume``, from the shipped weights.
"""

from __future__ import annotations

import json
import math
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from tokenizers import Tokenizer
from transformers import DiffusionGemmaForBlockDiffusion

from . import WEIGHTS, tokenizer
from .batches import PATTERNS, STAGES, STRUCTURE, Batch, Feed, noise, repeat
from .config import generation_config, model_config, new_model
from .lean import LeanModel
from .objective import loss


@dataclass
class Settings:
    """What a run is made of; saved with its checkpoints."""

    minutes: float = 60.0
    tokens: int = 9000
    matrix_rate: float = 0.004
    other_rate: float = 0.004
    decay: float = 0.4
    warmup: int = 60
    advance_at: float = 0.8
    average: float = 0.998
    conditioned: float = 0.3
    seed: int = 0
    compile: bool = True
    half: bool = True
    next_share: float = 0.7
    next_rate: float = 0.3
    copies: int = 2
    high: float = 0.4


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
        made = noise(several, self.lean.embedding.shape[0], self.generator, self.settings.high)
        rolls = torch.rand(2, generator=self.generator).tolist()
        chosen = torch.rand(len(several.levels), generator=self.generator) < 0.8
        condition = chosen if rolls[0] < self.settings.conditioned else None
        next_share = self.settings.next_share if rolls[1] < self.settings.next_rate else 0.0
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
        torch._foreach_lerp_(self.averages, [p.detach() for p in self.parameters], 1 - average)
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


def save_model(folder: Path, model: DiffusionGemmaForBlockDiffusion, words: Tokenizer) -> None:
    """Write the weights folder file by file, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder.with_name(folder.name + ".new")
    model.generation_config = generation_config()
    model.save_pretrained(fresh)
    words.save(str(fresh / "tokenizer.json"))
    named = {
        "pad_token": tokenizer.PAD,
        "eos_token": tokenizer.EOS,
        "bos_token": tokenizer.BOS,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    (fresh / "tokenizer_config.json").write_text(json.dumps(named, indent=2) + "\n")
    for path in sorted(fresh.iterdir()):
        path.chmod(0o644)
        os.replace(path, folder / path.name)
    fresh.rmdir()


def save_checkpoint(path: Path, trainer: Trainer) -> None:
    """Write the run's state, whole or not at all."""
    fresh = path.with_suffix(".new")
    torch.save(trainer.state(), fresh)
    os.replace(fresh, path)


def load_tokenizer(out: Path, shipped: bool) -> Tokenizer:
    """The run's tokenizer: its own, the shipped one, or a new one."""
    for folder in (out, *((WEIGHTS,) if shipped else ())):
        if (folder / "tokenizer.json").exists():
            return tokenizer.load(folder)
    words = tokenizer.build(tokenizer.corpus())
    out.mkdir(parents=True, exist_ok=True)
    words.save(str(out / "tokenizer.json"))
    return words


def main(
    out: Annotated[Path, typer.Option(help="Folder of the run: checkpoint, log, weights.")] = Path(
        "tiny_run"
    ),
    minutes: Annotated[
        float, typer.Option(help="Length of the whole run; the rate falls to zero at its end.")
    ] = 60.0,
    resume: Annotated[
        bool, typer.Option(help="Start from the shipped weights where the run has no checkpoint.")
    ] = False,
    tokens: Annotated[int, typer.Option(help="Tokens in a batch.")] = 9000,
    rate: Annotated[float, typer.Option(help="Learning rate.")] = 0.004,
    seed: Annotated[int, typer.Option()] = 0,
    threads: Annotated[int, typer.Option()] = 1,
    stage: Annotated[int, typer.Option(help="First stage of the curriculum, 0 to 4.")] = 0,
    restage: Annotated[int, typer.Option(help="Set the stage of a resumed run.")] = -1,
    next_rate: Annotated[float, typer.Option(help="Share of steps with the next-token loss.")] = 0.3,
    high: Annotated[float, typer.Option(help="Share of rows with mostly high noise.")] = 0.4,
    decay: Annotated[float, typer.Option(help="Last share of the time over which the rate falls.")] = 0.4,
    conditioned: Annotated[float, typer.Option(help="Share of steps with self-conditioning.")] = 0.3,
    save_every: Annotated[float, typer.Option(help="Minutes between checkpoints.")] = 4.0,
    compiled: Annotated[bool, typer.Option(help="Compile the layers (needs a C++ compiler).")] = True,
    layers: Annotated[int, typer.Option()] = 5,
    hidden: Annotated[int, typer.Option()] = 128,
    inner: Annotated[int, typer.Option()] = 320,
) -> None:
    """Train the embedded model; every checkpoint is whole, and the same command goes on from it."""
    torch.set_num_threads(threads)
    console = Console()
    words = load_tokenizer(out, resume)
    checkpoint = out / "checkpoint.pt"
    if resume and not checkpoint.exists() and (WEIGHTS / "config.json").exists():
        model = DiffusionGemmaForBlockDiffusion.from_pretrained(WEIGHTS)
    else:
        model = new_model(model_config(words.get_vocab_size(), hidden, layers, inner), seed)
    settings = Settings(
        minutes=minutes,
        tokens=tokens,
        matrix_rate=rate,
        other_rate=rate,
        seed=seed,
        compile=compiled,
        next_rate=next_rate,
        high=high,
        decay=decay,
        conditioned=conditioned,
    )
    trainer = Trainer(model, words, settings)
    trainer.feed.stage = len(STAGES) - 1 if resume else stage
    if checkpoint.exists():
        trainer.restore(torch.load(checkpoint, weights_only=False))
        if restage >= 0:
            trainer.feed.stage = restage
            trainer.feed.skip_waiting()
        console.print(f"going on at step {trainer.step_number}")
    saved = time.monotonic()
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _frame: stopping.append(got))
    with open(out / "log.jsonl", "a") as log, console.status("compiling") as status:
        while trainer.elapsed < 60 * minutes and not stopping:
            row = trainer.step()
            log.write(json.dumps(row) + "\n")
            log.flush()
            if not math.isfinite(row["denoise_loss"]):
                raise typer.Exit(1)
            status.update(
                f"step {row['step']} stage {row['stage']} {row['denoise_loss']:.3f} {row['values_level']}"
            )
            if time.monotonic() - saved > 60 * save_every or trainer.elapsed >= 60 * minutes or stopping:
                save_checkpoint(checkpoint, trainer)
                trainer.swap()
                save_model(out / "weights", model, words)
                trainer.swap()
                saved = time.monotonic()
    console.print(f"done at step {trainer.step_number}: {out / 'weights'}")


if __name__ == "__main__":
    typer.run(main)
