"""Right answers by kind of task, through the engine: ``python -m canvasgen.training.tiny.measure --folder A --folder B``.

Every folder answers the same held-out examples with the same seeds, each under the constraint that a user would give.
"""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Protocol

import torch
import typer

from canvasgen.constraints import Constraint, choice, edit, infill, json_schema, regex, template, text
from canvasgen.engine import Engine, Request
from canvasgen.models.embedded.tiny import WEIGHTS
from canvasgen.models.loading import load
from canvasgen.training.tiny.data import examples as levels
from canvasgen.training.tiny.data.examples import Example, Split, examples
from canvasgen.training.tiny.evaluate import leaves

__all__ = ["constraint_of", "measure", "right_values_of"]

KINDS: dict[str, int | None] = {
    "objects, records": None,
    "objects, scenes": levels.SCENES,
    "letters, records": levels.LETTERS,
    "letters, scenes": levels.SCENE_LETTERS,
    "gaps, records": levels.GAPS,
    "gaps, scenes": levels.SCENE_GAPS,
    "edits": levels.EDITS,
    "tables, records": levels.TABLES,
    "tables, scenes": levels.ROWS,
    "copies": levels.COPIES,
    "labels": levels.LABELS,
    "objects, absent fields": levels.ABSENT,
    "objects, values alone": levels.SHORT,
    "objects, long texts": levels.LONG,
    "objects, rows": levels.LISTED,
    "objects, messages": levels.MESSAGES,
    "objects, told lists": levels.TOLD_LISTS,
    "letters, any keys": levels.WIDE_LETTERS,
    "gaps, any keys": levels.WIDE_GAPS,
    "edits, any keys": levels.WIDE_EDITS,
    "tables, any keys": levels.GRIDS,
    "labels, by meaning": levels.JUDGED,
    "thoughts": levels.WIDE_THOUGHTS,
}
"""Kinds of tasks, and their level; None: the mixture of those with records."""
THOUGHT = 60
"""Most tokens of a thought before an answer."""


def constraint_of(example: Example) -> Constraint:
    """What a user would give for the example's task."""
    if example.mark:
        return text(until=example.mark, max_tokens=THOUGHT) + json_schema(example.schema)
    if example.schema is not None:
        return json_schema(example.schema)
    if example.bare is not None:
        return regex(example.bare.pattern) if example.bare.pattern else choice(example.bare.options)
    form = example.form
    assert form is not None
    line = text(lines=False)
    if form.gap is not None:
        cell = text(min_length=1, lines=False, without=["|", ","])
        return _template(form.pieces, cell)
    if form.old:
        return edit(*_old_text(example), line)
    if any(not isinstance(piece, str) and piece[0] == "" for piece in form.pieces):
        at = next(n for n, piece in enumerate(form.pieces) if not isinstance(piece, str))
        before, after = ("".join(map(str, part)) for part in (form.pieces[:at], form.pieces[at + 1 :]))
        return line if form.alone else infill(before, after, line)
    return _template(form.pieces, line)


def _template(pieces: tuple[str | tuple[str, str], ...], part: Constraint) -> Constraint:
    """The pieces as a template whose holes are numbered."""
    written, holes = "", 0
    for piece in pieces:
        if isinstance(piece, str):
            written += piece.replace("{", "{{").replace("}", "}}")
        else:
            written, holes = f"{written}{{h{holes}}}", holes + 1
    parts: dict[str, Any] = {f"h{number}": part for number in range(holes)}
    return template(written, **parts)


def _old_text(example: Example) -> tuple[str, list[tuple[int, int]]]:
    """The text before the edit, and the spans that change."""
    assert example.form is not None
    old = iter(example.form.old)
    content, spans = "", []
    for piece in example.form.pieces:
        part = piece if isinstance(piece, str) else next(old)
        if not isinstance(piece, str):
            spans.append((len(content), len(content) + len(part)))
        content += part
    return content, spans


class Answer(Protocol):
    """What was answered: a `Completion`, for one."""

    @property
    def text(self) -> str: ...
    @property
    def value(self) -> Any: ...


def right_values_of(example: Example, completion: Answer) -> list[bool]:
    """Which values of the example came out right."""
    if example.schema is not None:
        got = _behind(example.mark, completion)
        truth, found = leaves(example.value), leaves(got)
        extra = [False] * (len(found) > len(truth))
        return [path in found and found[path] == leaf for path, leaf in truth.items()] + extra or [
            got == example.value
        ]
    if example.form is not None and isinstance(completion.value, dict):
        fillings = [piece[1] for piece in example.form.pieces if not isinstance(piece, str)]
        return [completion.value[f"h{number}"].strip() == one for number, one in enumerate(fillings)]
    return [completion.text == example.text]


def _behind(mark: str, completion: Answer) -> Any:
    """The JSON value of an answer, or of what comes behind a thought."""
    if not mark:
        return completion.value
    try:
        return json.loads(completion.text.partition(mark)[2])
    except ValueError:  # the thought took the whole canvas
        return None


def measure(engine: Engine, asked: list[Example], size: int = 16) -> list[list[bool]]:
    """For each example, which of its values are right."""
    rights: list[list[bool]] = []
    for first in range(0, len(asked), size):
        part = asked[first : first + size]
        done = engine.batch(
            [
                Request(
                    one.full_prompt,
                    constraint=constraint_of(one),
                    prompt_schema=False,
                    seed=first + number,
                )
                for number, one in enumerate(part)
            ],
            size=size,
        )
        rights += [right_values_of(one, completion) for one, completion in zip(part, done, strict=True)]
    return rights


def main(
    folder: Annotated[list[Path] | None, typer.Option(help="Weights folder; several times.")] = None,
    count: Annotated[int, typer.Option(help="Examples of each kind.")] = 40,
    split: Annotated[
        str, typer.Option(help="`test`, or `test_hard`: held-out words and phrasings.")
    ] = "test_hard",
    seed: Annotated[int, typer.Option()] = 11,
    only: Annotated[list[str] | None, typer.Option(help="Kinds to measure; several times.")] = None,
    threads: Annotated[int, typer.Option()] = 1,
) -> None:
    """Print a JSON line for each kind and folder: the share of right values, and of whole answers."""
    if split not in ("test", "test_hard"):
        raise typer.BadParameter("test or test_hard")
    torch.set_num_threads(threads)
    chosen: Split = split
    for kind, level in KINDS.items():
        if only and not any(kind.startswith(one) for one in only):
            continue
        asked: list[Example] = list(islice(examples(seed, chosen, level), count))
        for place in folder or [WEIGHTS]:
            rights = measure(Engine(load(place, device="cpu")), asked)
            values: list[Any] = [one for row in rights for one in row]
            typer.echo(
                json.dumps(
                    {
                        "kind": kind,
                        "split": split,
                        "folder": str(place),
                        "values": round(sum(values) / len(values), 3),
                        "whole": round(sum(map(all, rights)) / len(rights), 3),
                        "of": [len(values), len(rights)],
                    }
                )
            )


if __name__ == "__main__":
    typer.run(main)
