"""Training of the Sudoku model: ``python -m canvasgen.training.sudoku.train --out DIR --minutes N [--resume]``.

Goes on from ``DIR`` where a checkpoint lies there, else, with ``--resume``, from the shipped weights.
"""

from __future__ import annotations

import json
import math
import signal
import time
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from transformers import DiffusionGemmaForBlockDiffusion

from canvasgen.models.embedded.sudoku import WEIGHTS
from canvasgen.training.shared.following import Following
from canvasgen.training.shared.saving import save_checkpoint, save_model
from canvasgen.training.sudoku import sudoku_tokenizer
from canvasgen.training.sudoku.puzzle_pool import Pool
from canvasgen.training.sudoku.sudoku_model import generation_config, model_config, starting_model
from canvasgen.training.sudoku.sudoku_trainer import Settings, Trainer

POOL = {4: 200, 6: 8_000, 9: 60_000}


def main(
    out: Annotated[Path, typer.Option(help="Folder of the run: checkpoint, log, weights.")] = Path(
        "sudoku_run"
    ),
    minutes: Annotated[
        float, typer.Option(help="Length of the whole run; the rate falls to zero at its end.")
    ] = 85.0,
    resume: Annotated[
        bool, typer.Option(help="Start from the shipped weights where the run has no checkpoint.")
    ] = False,
    rate: Annotated[float, typer.Option(help="Learning rate.")] = 0.004,
    decay: Annotated[float, typer.Option(help="Last share of the time over which the rate falls.")] = 0.4,
    seed: Annotated[int, typer.Option()] = 0,
    threads: Annotated[int, typer.Option()] = 1,
    save_every: Annotated[float, typer.Option(help="Minutes between checkpoints.")] = 4.0,
    look_every: Annotated[float, typer.Option(help="Minutes between looks at held-out puzzles.")] = 2.0,
    compiled: Annotated[bool, typer.Option(help="Compile the layers (needs a C++ compiler).")] = True,
    layers: Annotated[int, typer.Option()] = 6,
    inner: Annotated[int, typer.Option()] = 320,
    scale: Annotated[float, typer.Option(help="Size of the pool of puzzles, as a share of the usual.")] = 1.0,
) -> None:
    """Train the Sudoku model; every checkpoint is whole, and the same command goes on from it."""
    torch.set_num_threads(threads)
    console = Console()
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = out / "checkpoint.pt"
    if resume and not checkpoint.exists():
        model = DiffusionGemmaForBlockDiffusion.from_pretrained(WEIGHTS)
    else:
        model = starting_model(model_config(layers, inner), seed)
    pools = {size: Pool.make(size, max(1, int(count * scale)), seed, "train") for size, count in POOL.items()}
    tests = {size: Pool.make(size, 64, seed, "test") for size in POOL}
    settings = Settings(
        minutes=minutes, matrix_rate=rate, other_rate=rate, decay=decay, seed=seed, compile=compiled
    )
    trainer = Trainer(model, pools, tests, settings)
    if checkpoint.exists():
        trainer.restore(torch.load(checkpoint, weights_only=False))
        console.print(f"going on at step {trainer.optimising.steps}")
    saved = looked = time.monotonic()
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _frame: stopping.append(got))
    with open(out / "log.jsonl", "a") as log, Following(60 * minutes) as following:
        while trainer.done < 1.0 and not stopping:
            row = trainer.step()
            log.write(json.dumps(row) + "\n")
            if not math.isfinite(row["loss"]):
                following.say(
                    f"the loss is not finite at step {row['step']}: {checkpoint} is the last good one"
                )
                raise typer.Exit(1)
            following.step(60 * minutes * trainer.done, f"step {row['step']}, loss {row['loss']:.3f}")
            if stopping:
                following.say("stopping: the checkpoint is written")
            over = trainer.done >= 1.0 or bool(stopping)
            if over or time.monotonic() - looked > 60 * look_every:
                log.write(json.dumps(trainer.look()) + "\n")
                looked = time.monotonic()
            log.flush()
            if over or time.monotonic() - saved > 60 * save_every:
                save_checkpoint(checkpoint, trainer.state())
                trainer.swap()
                save_model(out / "weights", model, sudoku_tokenizer.build(), generation_config())
                trainer.swap()
                saved = time.monotonic()
    console.print(f"done at step {trainer.optimising.steps}: {out / 'weights'}")


if __name__ == "__main__":
    typer.run(main)
