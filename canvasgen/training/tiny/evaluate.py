"""Evaluation that needs nothing of the rest of canvasgen: ``python -m canvasgen.training.tiny.evaluate``.

Two questions: are the values right when the JSON form (and so each value's place and length) is given, and
what does the model's own unconstrained ``generate()`` write?
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from tokenizers import Tokenizer
from transformers import DiffusionGemmaForBlockDiffusion

from canvasgen.models.embedded.special_tokens import EOS_ID
from canvasgen.models.embedded.tiny import WEIGHTS
from canvasgen.training.shared.lean import LeanModel
from canvasgen.training.tiny import text_tokenizer
from canvasgen.training.tiny.batches import Encoded, collate, encode
from canvasgen.training.tiny.data.examples import LEVELS, Example, Split, examples
from canvasgen.training.tiny.text_loss import run_encoder


@torch.no_grad()
def right_values(
    lean: LeanModel, rows: Sequence[Encoded], steps: int = 4, seed: int = 0, chunk: int = 32
) -> list[list[bool]]:
    """For every row, whether each value comes out exactly, from noise with the form given.

    Each step keeps the surest share of what is left and draws the rest anew; logits go back as
    self-conditioning.
    """
    generator = torch.Generator().manual_seed(seed)
    vocabulary = lean.embedding.shape[0]
    out: list[list[bool]] = [[] for _ in rows]
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].prompt) + len(rows[i].answer))
    for first in range(0, len(order), chunk):
        picked = order[first : first + chunk]
        batch = collate([rows[i] for i in picked], -(-max(len(rows[i].answer) for i in picked) // 8) * 8)
        coded = run_encoder(lean, batch, with_answer=False)
        inside = batch.values >= 0
        open_, canvas, soft = inside.clone(), batch.canvas.clone(), None
        best = canvas
        for step in range(steps):
            canvas = torch.where(
                open_, torch.randint(0, vocabulary, canvas.shape, generator=generator), canvas
            )
            logits = lean.logits(lean.decode(canvas, coded.positions, coded.mask, coded.past, soft))
            soft = lean.soften(logits)
            sure, best = logits.softmax(-1).max(-1)
            best = torch.where(open_, best, canvas)
            ranks = torch.where(open_, -sure, torch.inf).argsort(1).argsort(1)
            kept = open_ & (ranks < (open_.sum(1, keepdim=True) / (steps - step)).ceil())
            canvas = torch.where(kept, best, canvas)
            open_ = open_ & ~kept
        for place, index in enumerate(picked):
            marks = batch.values[place]
            hits = canvas[place] == batch.canvas[place]
            out[index] = [bool(hits[marks == n].all()) for n in range(int(marks.max()) + 1)]
    return out


def summary(rights: Sequence[Sequence[bool]], labels: Sequence[Any] | None = None) -> dict[str, Any]:
    """Share of right values and of rows that are right as a whole, by number of values (and by label)."""
    values = [right for row in rights for right in row]
    by_count: dict[str, list[bool]] = defaultdict(list)
    for index, row in enumerate(rights):
        by_count[f"{len(row)} values"].append(all(row))
        if labels is not None:
            by_count[str(labels[index])].append(all(row))
    return {
        "values": round(sum(values) / max(1, len(values)), 4),
        "objects": round(sum(map(all, rights)) / max(1, len(rights)), 4),
        "by": {key: f"{sum(hits) / len(hits):.3f} of {len(hits)}" for key, hits in sorted(by_count.items())},
    }


@torch.no_grad()
def unconstrained(
    model: DiffusionGemmaForBlockDiffusion, words: Tokenizer, asked: Sequence[Example], seed: int = 0
) -> dict[str, Any]:
    """Parse rate and exact match of the model's own ``generate()``, one prompt at a time."""
    torch.manual_seed(seed)
    parsed = exact = right = total = 0
    for one in asked:
        ids = torch.tensor([words.encode(one.full_prompt).ids])
        made: Any = model.generate(input_ids=ids)  # pyright: ignore[reportArgumentType]
        tokens: list[int] = made.sequences[0, ids.shape[1] :].tolist()
        end = tokens.index(EOS_ID) if EOS_ID in tokens else len(tokens)
        text = words.decode(tokens[:end])
        truth = leaves(one.value)
        total += len(truth)
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            continue
        parsed += 1
        exact += value == one.value
        found = leaves(value)
        right += sum(
            path in found and found[path] == leaf and type(found[path]) is type(leaf)
            for path, leaf in truth.items()
        )
    count = max(1, len(asked))
    return {
        "parsed": round(parsed / count, 4),
        "exact": round(exact / count, 4),
        "values": round(right / max(1, total), 4),
        "count": len(asked),
    }


def leaves(value: Any, path: tuple[Any, ...] = ()) -> dict[tuple[Any, ...], Any]:
    """The scalar values of plain data by their path."""
    if isinstance(value, dict):
        return {
            key: leaf for name, item in value.items() for key, leaf in leaves(item, (*path, name)).items()
        }
    if isinstance(value, list):
        return {
            key: leaf
            for index, item in enumerate(value)
            for key, leaf in leaves(item, (*path, index)).items()
        }
    return {path: value}


def take(split: Split, level: int | None, count: int, seed: int = 1) -> list[Example]:
    """The first examples of a split."""
    stream = examples(seed, split, level)
    return [next(stream) for _ in range(count)]


def main(
    folder: Annotated[Path, typer.Option(help="Weights folder.")] = WEIGHTS,
    count: Annotated[int, typer.Option(help="Prompts of each level and split.")] = 100,
    generate: Annotated[int, typer.Option(help="Prompts for the unconstrained generate().")] = 50,
    steps: Annotated[int, typer.Option(help="Denoising steps with the form given.")] = 6,
    threads: Annotated[int, typer.Option()] = 1,
) -> None:
    """Print one JSON line for each split and level."""
    torch.set_num_threads(threads)
    model = DiffusionGemmaForBlockDiffusion.from_pretrained(folder).eval()
    words = text_tokenizer.load(folder)
    lean = LeanModel(model)
    splits: tuple[Split, ...] = ("test", "test_hard")
    for split in splits:
        for level in (*range(LEVELS), None):
            asked = take(split, level, count)
            rows = encode(words, [(one, 0) for one in asked])
            kinds = [one.task for one in asked] if len(rows) == len(asked) else None
            typer.echo(
                json.dumps(
                    {"split": split, "level": level, **summary(right_values(lean, rows, steps), kinds)}
                ),
            )
        if generate:
            typer.echo(
                json.dumps(
                    {
                        "split": split,
                        "unconstrained": unconstrained(model, words, take(split, None, generate)),
                    }
                ),
            )


if __name__ == "__main__":
    typer.run(main)
