"""When is a canvas good enough? Steps and right values by the rule that commits it, on the embedded model.

The rule position by position (mean doubt below a bound, and stable) is DiffusionGemma's own. The others ask for the joint
posterior of the whole text, given that it is valid: at least `certain`; or a geometric mean over its holes, fields or cells
of at least `likely`, for a text that has been the draft in `patience` steps.

    python benchmarks/stopping.py [--count 14] [--split test] [--folder FOLDER]

The same examples and seeds for every rule: `--count` of each kind of task that the model was trained for.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from canvasgen.denoise import Policy
from canvasgen.engine import Engine, Request
from canvasgen.models.embedded.tiny import WEIGHTS
from canvasgen.models.loading import load
from canvasgen.training.tiny.data.examples import Example, examples
from canvasgen.training.tiny.measure import KINDS, constraint_of, right_values_of

NEVER = 2.0
RULES = {
    "position by position": Policy(certain=NEVER, likely=NEVER),
    "certain 0.99": Policy(certain=0.99, likely=NEVER),
    "certain 0.9": Policy(certain=0.9, likely=NEVER),
    "certain 0.5": Policy(certain=0.5, likely=NEVER),
    "certain 0.9, or likely 0.3 in 3 steps (default)": Policy(),
    "the same, forms told the mean of both": Policy(self_conditioning="forms"),
}


def ask(engine: Engine, one: Example, seed: int) -> tuple[int, list[bool]]:
    """The steps that an answer took, and which of its values are right."""
    done = engine.complete(
        Request(
            f"{one.instruction}\n{one.prompt.strip()}" if one.instruction else one.prompt,
            constraint=constraint_of(one),
            prompt_schema=one.schema or False,
            seed=seed,
            on_step_limit="return",
        )
    )
    return sum(done.steps), right_values_of(one, done)


def main(
    count: Annotated[int, typer.Option(help="Examples of each kind.")] = 14,
    split: Annotated[str, typer.Option(help="`test`, or `test_hard`.")] = "test",
    folder: Annotated[Path, typer.Option(help="Weights.")] = WEIGHTS,
) -> None:
    """Print a row for each rule, and for each kind the steps and the share of right values."""
    torch.set_num_threads(1)
    loaded = load(folder, device="cpu")
    chosen = "test" if split == "test" else "test_hard"
    asked = {kind: list(islice(examples(11, chosen, level), count)) for kind, level in KINDS.items()}
    table = Table("kind", *RULES, title=f"steps, right values: {count} of each kind, {split}")
    totals: dict[str, list[tuple[int, list[bool]]]] = {rule: [] for rule in RULES}
    for kind, ones in asked.items():
        cells: list[str] = []
        for rule, policy in RULES.items():
            engine = Engine(loaded, policy=policy)
            told = track(ones, description=f"{kind}, {rule}", console=Console(stderr=True))
            answers = [ask(engine, one, seed) for seed, one in enumerate(told)]
            totals[rule] += answers
            cells.append(shown(answers))
        table.add_row(kind, *cells)
    table.add_row("all", *(shown(answers) for answers in totals.values()))
    Console(width=140).print(table)


def shown(answers: list[tuple[int, list[bool]]]) -> str:
    """Mean steps and the share of right values."""
    values = [one for _, right in answers for one in right]
    return f"{sum(steps for steps, _ in answers) / len(answers):.1f}, {sum(values) / len(values):.1%}"


if __name__ == "__main__":
    typer.run(main)
