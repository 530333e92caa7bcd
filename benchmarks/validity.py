"""Is every output valid? Random prompts × schemas, judged by `jsonschema` and pydantic, at every number of steps.

Three sources of schemas: the embedded model's held-out examples, random schemas that hypothesis draws from the shapes
people write, and random schemas that hypothesis-jsonschema draws from the draft-07 metaschema (odd ones: what canvasgen
refuses before the model runs is counted apart, and is no failure). Two models: the embedded one, and one of the same
shape with random weights. Every output must be valid and closed within its budget.

    python benchmarks/validity.py [--count 500] [--steps 1,2,4,8,48]
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from itertools import islice
from typing import Annotated, Any

import jsonschema
import typer
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema
from rich.console import Console
from rich.progress import track
from rich.table import Table

import canvasgen as cg
from canvasgen.models.tiny.data import examples

REFUSALS = (
    cg.errors.UnsupportedConstraint,
    cg.errors.Unsatisfiable,
    cg.errors.BudgetTooSmall,
    cg.errors.ConstraintTooLarge,
    cg.errors.InvalidConstraint,
)

names = st.sampled_from(["id", "name", "age", "tags", "price", "ok", "città", 'q"uote', "a b", "x-y", "children"])
scalars = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("string")}, optional={"minLength": st.integers(0, 4), "maxLength": st.integers(4, 12)}
    ),
    st.fixed_dictionaries(
        {"type": st.just("integer")}, optional={"minimum": st.integers(-50, 50), "maximum": st.integers(51, 5000)}
    ),
    st.fixed_dictionaries({"type": st.just("number")}, optional={"exclusiveMinimum": st.floats(-5, 5, width=16)}),
    st.sampled_from(
        [
            {"type": "boolean"},
            {"type": "null"},
            {"type": ["string", "null"]},
            {"type": "string", "pattern": "^[A-Z]{2}[0-9]+$"},
            {"type": "string", "format": "date"},
            {"type": "string", "format": "email"},
            {"type": "string", "format": "uuid"},
            {"const": {"a": [1, None]}},
        ]
    ),
    st.fixed_dictionaries({"enum": st.lists(st.one_of(st.text(max_size=6), st.integers(), st.none()), min_size=1, max_size=4)}),
)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    objects = st.dictionaries(names, inner, max_size=4).flatmap(
        lambda properties: st.fixed_dictionaries(
            {
                "type": st.just("object"),
                "properties": st.just(properties),
                "required": st.lists(st.sampled_from(sorted(properties)), unique=True) if properties else st.just([]),
                "additionalProperties": st.sampled_from([False, False, True, {"type": "integer"}]),
            }
        )
    )
    arrays = st.fixed_dictionaries(
        {"type": st.just("array"), "items": inner}, optional={"minItems": st.integers(0, 2), "maxItems": st.integers(2, 4)}
    )
    return st.one_of(objects, arrays, st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}))


SHAPES = st.recursive(scalars, containers, max_leaves=6)
ODD = from_schema({"$ref": "http://json-schema.org/draft-07/schema#"})


def draw(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """`count` values of a strategy, the same at every run."""
    found: list[Any] = []

    @settings(
        max_examples=count, database=None, derandomize=True, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found[:count]


def judge(schema: Any, text: str) -> bool:
    """Two judges beside our own automaton: Python's JSON parser and `jsonschema`."""
    value = json.loads(text)
    dialect = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    return dialect(schema, format_checker=dialect.FORMAT_CHECKER).is_valid(value)


def random_weights() -> cg.Engine:
    """An engine around a model of the embedded one's shape whose weights were never trained."""
    import torch
    from transformers import AutoTokenizer, DiffusionGemmaConfig, DiffusionGemmaForBlockDiffusion

    from canvasgen.models.tiny import WEIGHTS

    torch.manual_seed(0)
    model = DiffusionGemmaForBlockDiffusion(DiffusionGemmaConfig.from_pretrained(WEIGHTS)).eval()
    return cg.load((model, AutoTokenizer.from_pretrained(WEIGHTS)))


def main(
    count: Annotated[int, typer.Option(help="prompts × schemas per model and number of steps")] = 500,
    steps: Annotated[str, typer.Option(help="numbers of denoising steps")] = "1,2,4,8,48",
    max_tokens: Annotated[int, typer.Option(help="token budget of each output")] = 256,
) -> None:
    held_out = list(islice(examples(30_000, split="test"), count))
    schemas: list[tuple[str, Any]] = [("held-out", e.schema) for e in held_out[: count // 2]]
    schemas += [("random shape", s) for s in draw(SHAPES, count // 4)]
    schemas += [("metaschema", s) for s in draw(ODD, count - len(schemas))]
    random.Random(0).shuffle(schemas)
    failures: list[str] = []
    table = Table("model", "steps", "valid", "invalid", "refused before the model ran", title=f"{count} prompts × schemas")
    console = Console(stderr=True)
    for name, engine in (("embedded", cg.load()), ("random weights", random_weights())):
        for limit in map(int, steps.split(",")):
            outcome: Counter[str] = Counter()
            for i, (source, schema) in enumerate(track(schemas, description=f"{name}, {limit} steps", console=console)):
                try:
                    completion = engine.complete(
                        held_out[i].prompt, schema=schema, seed=i, max_tokens=max_tokens, max_denoising_steps=limit
                    )
                except REFUSALS as error:
                    outcome[f"{source}: {type(error).__name__}"] += 1
                    continue
                closed = len(completion.token_ids) <= max_tokens
                good = closed and judge(schema, completion.text)
                outcome["valid" if good else "invalid"] += 1
                if not good:
                    failures.append(f"{name}, {limit} steps, {json.dumps(schema)}: {completion.text!r}")
            refused = ", ".join(f"{k} {v}" for k, v in sorted(outcome.items()) if k not in ("valid", "invalid"))
            table.add_row(name, str(limit), str(outcome["valid"]), str(outcome["invalid"]), refused)
    Console(width=160).print(table)
    for failure in failures:
        print(failure)
    sys.exit(bool(failures))


if __name__ == "__main__":
    typer.run(main)
