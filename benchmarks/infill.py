"""What does it bring to have the text behind a gap in the canvas, and to let fixed text float?

Gaps: held-out texts about a record with one value cut out, the facts in the prompt. Four ways to ask the same model:
both sides in the canvas (with or without the prompt), the text before the gap in the canvas and the rest in the prompt
(what a left-to-right engine can do), the whole text in the prompt and the answer the gap alone.

Letters: held-out letters with several holes as floating templates, compared with anchors of fixed width: the letter's
own tokens fixed at positions, and every hole as wide as the median hole (or the ninth decile).

    python benchmarks/infill.py [--count 200] [--split test] [--model FOLDER]
"""

from __future__ import annotations

import random
import statistics
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

import canvasgen as cg
from canvasgen.constraints import Constraint
from canvasgen.models.embedded.tiny.prompt_form import format_prompt
from canvasgen.training.tiny.data.examples import GAPS, LETTERS, Example, Split, examples
from canvasgen.training.tiny.data.forms import GAP_ALONE

LINE = cg.text(lines=False)
WAYS = ("canvas and prompt", "canvas", "before in canvas, rest in prompt", "prompt")


def asked(example: Example, way: str) -> tuple[str, Constraint]:
    """Prompt and constraint of a gap."""
    form = example.form
    assert form is not None
    before, after = sides(example)
    source = form.source.strip()
    shown = f"{source}\n{form.form}"
    if way == "canvas":
        return source, cg.infill(before, after, LINE)
    if way == "canvas and prompt":
        return shown, cg.infill(before, after, LINE)
    if way == "prompt":
        return format_prompt(shown, None, GAP_ALONE).strip(), LINE
    return shown, cg.infill(before, "", LINE)


def sides(example: Example) -> tuple[str, str]:
    """The text before and behind the gap."""
    assert example.form is not None
    pieces = example.form.pieces
    at = next(n for n, piece in enumerate(pieces) if not isinstance(piece, str))
    return "".join(map(str, pieces[:at])), "".join(map(str, pieces[at + 1 :]))


def is_right(example: Example, completion: cg.Completion, way: str) -> bool:
    """Whether the filling is the expected one; where nothing holds the text behind it, whether that begins rightly."""
    truth = example.value[""]
    if way != "before in canvas, rest in prompt":
        return completion.value == truth
    before, after = sides(example)
    return completion.text == before + truth or completion.text.startswith(before + truth + after[:4])


def gaps(seed: int, split: Split, count: int) -> list[Example]:
    """Held-out texts with a gap."""
    return list(islice(examples(seed, split, GAPS), count))


def fill_gaps(
    engine: cg.Engine, held_out: list[Example], way: str, steps: int | None, size: int
) -> dict[str, float]:
    """Shares of gaps that are right, and of texts whose sides are kept."""
    right = kept = 0
    for first in range(0, len(held_out), size):
        part = held_out[first : first + size]
        pairs = [asked(example, way) for example in part]
        done = engine.batch(
            [
                cg.Request(
                    prompt,
                    constraint=constraint,
                    prompt_schema=False,
                    seed=first + n,
                    max_denoising_steps=steps,
                )
                for n, (prompt, constraint) in enumerate(pairs)
            ],
            size=size,
        )
        for example, (_, constraint), completion in zip(part, pairs, done, strict=True):
            right += is_right(example, completion, way)
            kept += way == "prompt" or (
                completion.text.startswith(sides(example)[0]) and completion.text.endswith(sides(example)[1])
            )
            assert constraint.matches(completion.text)
    return {"right": right / len(held_out), "sides kept": kept / len(held_out)}


def hole_widths(engine: cg.Engine, count: int = 400) -> list[int]:
    """Tokens of the holes of training letters, ascending."""
    tokens = engine.tokens
    letters = islice(examples(1, "train", LETTERS), count)
    return sorted(len(tokens(str(value))) for letter in letters for value in letter.value.values())


def anchored(engine: cg.Engine, example: Example, width: int) -> tuple[Constraint, int, list[range]]:
    """The letter with its fixed text pinned: constraint, budget, and the positions of the holes."""
    assert example.form is not None
    pinned: dict[int, int | str] = {}
    holes: list[range] = []
    at = 0
    for piece in example.form.pieces:
        if isinstance(piece, str):
            for token in engine.tokens(piece):
                pinned[at] = token
                at += 1
        else:
            holes.append(range(at, at + width))
            at += width
    return cg.text() & cg.fixed(pinned), at, holes


def verdict(filling: str, truth: str) -> str:
    """How a hole came out."""
    if filling.strip() == truth:
        return "right"
    if truth.startswith(filling.strip()):
        return "truncated"
    return "padded" if filling.strip().startswith(truth) else "wrong"


def fillings(
    engine: cg.Engine, letters: list[Example], width: int | None, steps: int | None
) -> Iterator[tuple[str, str]]:
    """Every hole's filling and what it should be; `width` None: floating."""
    for number, example in enumerate(letters):
        assert example.form is not None
        prompt = f"{example.form.source.strip()}\n{example.form.form}"
        names = list(dict.fromkeys(piece[0] for piece in example.form.pieces if not isinstance(piece, str)))
        if width is None:
            constraint = cg.template(_escaped(example), **dict.fromkeys(names, LINE))
            done = engine.complete(
                prompt, constraint=constraint, prompt_schema=False, seed=number, max_denoising_steps=steps
            )
            yield from ((done.value[name], str(example.value[name])) for name in names)
            continue
        constraint, budget, holes = anchored(engine, example, width)
        done = engine.complete(
            prompt, constraint=constraint, max_tokens=budget, prompt_schema=False, seed=number,
            max_denoising_steps=steps,
        )  # fmt: skip
        ids = list(done.token_ids)
        order = [piece[0] for piece in example.form.pieces if not isinstance(piece, str)]
        for name, hole in zip(order, holes, strict=True):
            text = engine.vocabulary.text_bytes(ids[hole.start : hole.stop]).decode("utf-8", "replace")
            yield text, str(example.value[name])


def _escaped(example: Example) -> str:
    assert example.form is not None
    return "".join(
        piece.replace("{", "{{").replace("}", "}}") if isinstance(piece, str) else f"{{{piece[0]}}}"
        for piece in example.form.pieces
    )


def main(
    count: Annotated[int, typer.Option(help="held-out texts of each kind")] = 200,
    split: Annotated[str, typer.Option(help="test or test_hard (held-out words and phrasings)")] = "test",
    steps: Annotated[int | None, typer.Option(help="denoising steps at most; default: the model's")] = None,
    seed: Annotated[int, typer.Option(help="seed of the data")] = 30_000,
    model: Annotated[str | None, typer.Option(help="default: the embedded model")] = None,
    size: Annotated[int, typer.Option(help="prompts a forward pass")] = 20,
    letters: Annotated[bool, typer.Option(help="measure letters too")] = True,
) -> None:
    engine = cg.load(model)
    console = Console(stderr=True)
    held_out = gaps(seed, split, count)  # type: ignore[arg-type]
    table = Table("gap", "right", "sides kept", title=f"{count} gaps, {split}")
    for way in track(WAYS, description="gaps", console=console):
        shares = fill_gaps(engine, held_out, way, steps, size)
        table.add_row(way, *(f"{share:.1%}" for share in shares.values()))
    Console().print(table)
    if not letters:
        return
    widths = hole_widths(engine)
    median, ninth = int(statistics.median(widths)), widths[int(0.9 * len(widths))]
    forms = [e for e in islice(examples(seed, split, LETTERS), 3 * count) if _fits(engine, e, ninth)][:count]  # type: ignore[arg-type]
    table = Table(
        "letters", "right", "truncated", "padded", "wrong", title=f"holes of {len(forms)} letters, {split}"
    )
    random.seed(seed)
    for name, width in (
        ("floating", None),
        (f"anchors, {median} wide", median),
        (f"anchors, {ninth} wide", ninth),
    ):
        counts: dict[str, int] = defaultdict(int)
        for filling, truth in track(
            fillings(engine, forms, width, steps), description=name, console=console, total=None
        ):
            counts[verdict(filling, truth)] += 1
        total = sum(counts.values())
        table.add_row(
            name, *(f"{counts[kind] / total:.1%}" for kind in ("right", "truncated", "padded", "wrong"))
        )
    Console().print(table)


def _fits(engine: cg.Engine, example: Example, width: int) -> bool:
    """Whether the anchors of that width fit on one canvas, and no hole occurs twice."""
    assert example.form is not None
    names = [piece[0] for piece in example.form.pieces if not isinstance(piece, str)]
    return len(set(names)) == len(names) and anchored(engine, example, width)[1] < 120


if __name__ == "__main__":
    typer.run(main)
