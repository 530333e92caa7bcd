"""Training of the embedded model: ``python -m canvasgen.training.tiny.train --out DIR --minutes N [--resume]``.

Goes on from ``DIR`` where a checkpoint lies there, else, with ``--resume``, from the shipped weights or those of
``--start``. Two cores train best as two runs of different seeds, each pinned to one; ``--average-with OTHER`` then puts
both into one, and goes on from there. ``--masked`` trains with mask noise: trained weights of uniform noise get a mask
token, and perhaps fewer layers (``--keep-layers``).
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
from tokenizers import AddedToken, Tokenizer
from transformers import DiffusionGemmaForBlockDiffusion

from canvasgen.models.embedded.special_tokens import MASK
from canvasgen.models.embedded.tiny import WEIGHTS
from canvasgen.training.shared.averaging import averaged
from canvasgen.training.shared.following import Following
from canvasgen.training.shared.growing import grown
from canvasgen.training.shared.masking import fewer_layers, with_mask
from canvasgen.training.shared.precision import half_is_faster
from canvasgen.training.shared.saving import save_checkpoint, save_model
from canvasgen.training.shared.small_model import new_model
from canvasgen.training.shared.widening import widened
from canvasgen.training.tiny import text_tokenizer
from canvasgen.training.tiny.batches import STAGES
from canvasgen.training.tiny.text_model import CANVAS_LENGTHS, generation_config, model_config
from canvasgen.training.tiny.text_trainer import Settings, Trainer


def load_tokenizer(out: Path, start: Path | None, masked: bool = False) -> Tokenizer:
    """The run's own tokenizer; where there is none yet, that of the start or a new one becomes the run's own.

    With ``masked`` it has the mask token as its last one.
    """
    own = out / "tokenizer.json"
    if own.exists():
        return text_tokenizer.load(out)
    words = text_tokenizer.build(text_tokenizer.corpus()) if start is None else text_tokenizer.load(start)
    if masked and words.token_to_id(MASK) is None:
        words.add_special_tokens([AddedToken(MASK, special=True)])
    out.mkdir(parents=True, exist_ok=True)
    words.save(str(own))
    return words


def save(trainer: Trainer, out: Path) -> None:
    """The checkpoint, and the averaged weights."""
    save_checkpoint(out / "checkpoint.pt", trainer.state())
    trainer.swap()
    trainer.model.config.canvas_lengths = list(CANVAS_LENGTHS)
    trainer.model.config.self_conditioning = "templates"  # measured: docs/measurements.md, "Forms"
    save_model(out / "weights", trainer.model, trainer.words, generation_config())
    trainer.swap()


def main(
    out: Annotated[Path, typer.Option(help="Folder of the run: checkpoint, log, weights.")] = Path(
        "tiny_run"
    ),
    minutes: Annotated[
        float, typer.Option(help="Length of the whole run; the rate falls to zero at its end.")
    ] = 60.0,
    resume: Annotated[
        bool, typer.Option(help="Start from trained weights where the run has no checkpoint.")
    ] = False,
    start: Annotated[
        Path, typer.Option(help="Folder of those weights; default: the shipped ones.")
    ] = WEIGHTS,
    tokens: Annotated[int, typer.Option(help="Tokens in a batch.")] = 6500,
    rate: Annotated[float, typer.Option(help="Learning rate.")] = 0.001,
    seed: Annotated[int, typer.Option()] = 0,
    threads: Annotated[int, typer.Option()] = 1,
    stage: Annotated[int, typer.Option(help="First stage of the curriculum, 0 to 4.")] = 0,
    restage: Annotated[int, typer.Option(help="Set the stage of a resumed run.")] = -1,
    next_rate: Annotated[float, typer.Option(help="Share of steps with the next-token loss.")] = 0.2,
    high: Annotated[float, typer.Option(help="Share of rows with mostly high noise.")] = 0.4,
    decay: Annotated[float, typer.Option(help="Last share of the time over which the rate falls.")] = 0.4,
    conditioned: Annotated[float, typer.Option(help="Share of steps with self-conditioning.")] = 0.5,
    save_every: Annotated[float, typer.Option(help="Minutes between checkpoints.")] = 4.0,
    compiled: Annotated[bool, typer.Option(help="Compile the layers (needs a C++ compiler).")] = True,
    half: Annotated[
        bool | None, typer.Option(help="Matrix products in bfloat16; default: where that is faster.")
    ] = None,
    average: Annotated[float, typer.Option(help="Decay of the averaged weights.")] = 0.998,
    layers: Annotated[int, typer.Option(help="Trained weights that are smaller are grown.")] = 8,
    hidden: Annotated[int, typer.Option()] = 192,
    heads: Annotated[int, typer.Option()] = 6,
    inner: Annotated[int, typer.Option()] = 512,
    masked: Annotated[bool, typer.Option(help="Noise is the mask token, not random tokens.")] = False,
    keep_layers: Annotated[
        str, typer.Option(help="Of the weights that a masked run starts from: numbers such as 0,1,4,7.")
    ] = "",
    average_with: Annotated[
        list[Path] | None, typer.Option(help="Folders of runs to average into this one's checkpoint.")
    ] = None,
) -> None:
    """Train the embedded model; every checkpoint is whole, and the same command goes on from it."""
    checkpoint = out / "checkpoint.pt"
    if average_with and not checkpoint.exists():
        raise typer.BadParameter(
            f"there is no checkpoint in {out} to average with", param_hint="--average-with"
        )
    torch.set_num_threads(threads)
    console = Console()
    words = load_tokenizer(out, start if resume else None, masked)
    trained = resume and not checkpoint.exists()
    if trained:
        found = DiffusionGemmaForBlockDiffusion.from_pretrained(start, dtype=torch.float32)
        if masked:
            kept = [int(number) for number in keep_layers.split(",")] if keep_layers else None
            model = with_mask(found if kept is None else fewer_layers(found, kept, seed), seed)
        else:
            model = widened(grown(found, layers, seed), hidden, heads, inner, seed)
    elif checkpoint.exists() and (out / "weights" / "config.json").exists():
        model = DiffusionGemmaForBlockDiffusion.from_pretrained(out / "weights")
    else:
        model = new_model(model_config(words.get_vocab_size(), hidden, layers, inner, heads), seed)
    if masked:
        model.config.mask_token_id = words.token_to_id(MASK)
    settings = Settings(
        minutes=minutes,
        tokens=tokens,
        matrix_rate=rate,
        other_rate=rate,
        seed=seed,
        compile=compiled,
        half=half_is_faster() if half is None else half,
        average=average,
        next_rate=next_rate,
        high=high,
        decay=decay,
        conditioned=conditioned,
        mask_id=words.token_to_id(MASK) if masked else None,
    )
    if trained:
        settings.early = 0
    trainer = Trainer(model, words, settings)
    trainer.feed.stage = len(STAGES) - 1 if resume else stage
    if checkpoint.exists():
        states = [
            torch.load(folder / "checkpoint.pt", weights_only=False)
            for folder in (out, *(average_with or ()))
        ]
        trainer.restore({**states[0], "optimising": averaged([state["optimising"] for state in states])})
        if restage >= 0:
            trainer.feed.stage = restage
            trainer.feed.skip_waiting()
        console.print(f"going on at step {trainer.step_number}")
    saved = time.monotonic()
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _frame: stopping.append(got))
    with open(out / "log.jsonl", "a") as log, Following(60 * minutes) as following:
        while trainer.elapsed < 60 * minutes and not stopping:
            row = trainer.step()
            log.write(json.dumps(row) + "\n")
            log.flush()
            if not math.isfinite(row["denoise_loss"]):
                following.say(
                    f"the loss is not finite at step {row['step']}: {checkpoint} is the last good one"
                )
                raise typer.Exit(1)
            told = f"step {row['step']}, stage {row['stage']}, loss {row['denoise_loss']:.3f}"
            following.step(trainer.elapsed, f"{told}, values {row['values_level']}")
            if stopping:
                following.say("stopping: the checkpoint is written")
            if time.monotonic() - saved > 60 * save_every or trainer.elapsed >= 60 * minutes or stopping:
                save(trainer, out)
                saved = time.monotonic()
    if average_with and trainer.elapsed >= 60 * minutes:
        save(trainer, out)
    console.print(f"done at step {trainer.step_number}: {out / 'weights'}")


if __name__ == "__main__":
    typer.run(main)
