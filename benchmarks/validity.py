"""Is every output valid? Random prompts × schemas, validated by `jsonschema`, for several numbers of steps.

Three sources: the embedded model's held-out examples; random schemas of common forms, each with a prompt that contains a
valid instance drawn by hypothesis-jsonschema; and odd schemas of randomly combined keywords (what canvasgen refuses
before the model runs is counted separately, and is no failure). Two models: the embedded one, and one of the same
shape with random weights. Every output must be valid and closed within its budget.

    python benchmarks/validity.py [--count 500] [--steps 1,2,4,8,48]
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from dataclasses import replace
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
from canvasgen.training.tiny.data.examples import examples

REFUSALS = (
    cg.errors.UnsupportedConstraint,
    cg.errors.Unsatisfiable,
    cg.errors.BudgetTooSmall,
    cg.errors.ConstraintTooLarge,
    cg.errors.InvalidConstraint,
)

names = st.sampled_from(
    ["id", "name", "age", "tags", "price", "ok", "città", 'q"uote', "a b", "x-y", "children"]
)
scalars = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("string")},
        optional={"minLength": st.integers(0, 4), "maxLength": st.integers(4, 12)},
    ),
    st.fixed_dictionaries(
        {"type": st.just("integer")},
        optional={"minimum": st.integers(-50, 50), "maximum": st.integers(51, 5000)},
    ),
    st.fixed_dictionaries(
        {"type": st.just("number")}, optional={"exclusiveMinimum": st.floats(-5, 5, width=16)}
    ),
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
    st.fixed_dictionaries(
        {"enum": st.lists(st.one_of(st.text(max_size=6), st.integers(), st.none()), min_size=1, max_size=4)}
    ),
)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    objects = st.dictionaries(names, inner, max_size=4).flatmap(
        lambda properties: st.fixed_dictionaries(
            {
                "type": st.just("object"),
                "properties": st.just(properties),
                "required": st.lists(st.sampled_from(sorted(properties)), unique=True)
                if properties
                else st.just([]),
                "additionalProperties": st.sampled_from([False, False, True, {"type": "integer"}]),
            }
        )
    )
    arrays = st.fixed_dictionaries(
        {"type": st.just("array"), "items": inner},
        optional={"minItems": st.integers(0, 2), "maxItems": st.integers(2, 4)},
    )
    return st.one_of(
        objects, arrays, st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)})
    )


SHAPES = st.recursive(scalars, containers, max_leaves=6)
PROMPTED = SHAPES.flatmap(lambda schema: st.tuples(st.just(schema), from_schema(schema).map(json.dumps)))

types = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
small = st.integers(0, 3)


def odd(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=2)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.one_of(types, st.lists(types, min_size=1, max_size=3, unique=True)),
            "properties": st.dictionaries(names, inner, max_size=2),
            "required": st.lists(names, max_size=2, unique=True),
            "additionalProperties": inner,
            "items": inner,
            "prefixItems": several,
            "maxItems": small,
            "minimum": st.integers(-3, 3),
            "multipleOf": st.sampled_from([2, 0.5, 7]),
            "maxLength": small,
            "pattern": st.sampled_from(["a", "^b+$", "[^c]", "."]),
            "enum": st.lists(
                st.sampled_from([None, True, 0, 1.5, "a", [], {}]), min_size=1, max_size=3, unique_by=repr
            ),
            "anyOf": several,
            "allOf": several,
            "oneOf": several,
            "not": inner,
            "maxProperties": small,
            "uniqueItems": st.booleans(),
        },
    )


ODD = st.recursive(st.one_of(st.booleans(), scalars), odd, max_leaves=4)


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


def is_valid(schema: Any, text: str) -> bool:
    """Whether two independent validators accept the text: Python's JSON parser and `jsonschema`."""
    value = json.loads(text)
    dialect = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    return dialect(schema, format_checker=dialect.FORMAT_CHECKER).is_valid(value)


def random_weights() -> cg.Engine:
    """An engine around a model of the embedded one's shape whose weights were never trained."""
    import torch
    from transformers import AutoTokenizer, DiffusionGemmaConfig, DiffusionGemmaForBlockDiffusion

    from canvasgen.models.embedded.tiny import WEIGHTS

    torch.manual_seed(0)
    model = DiffusionGemmaForBlockDiffusion(DiffusionGemmaConfig.from_pretrained(WEIGHTS)).eval()
    return cg.load((model, AutoTokenizer.from_pretrained(WEIGHTS)))


def requests_for(
    engine: cg.Engine, cases: list[tuple[str, Any, str]], max_tokens: int
) -> tuple[list[cg.Request], Counter[str]]:
    """A request for each schema that canvasgen takes, and what it refused before any model ran."""
    taken: list[cg.Request] = []
    refused: Counter[str] = Counter()
    for seed, (source, schema, prompt) in enumerate(cases):
        try:
            constraint = cg.json_schema(schema)
            shortest = constraint.compile(engine.vocabulary).shortest_tokens
        except REFUSALS as error:
            refused[f"{source}: {type(error).__name__}"] += 1
            continue
        if shortest > max_tokens:
            refused[f"{source}: BudgetTooSmall"] += 1
            continue
        shown = schema if isinstance(schema, dict) else True
        taken.append(
            cg.Request(prompt, constraint=constraint, prompt_schema=shown, seed=seed, max_tokens=max_tokens)
        )
    return taken, refused


def main(
    count: Annotated[int, typer.Option(help="prompts × schemas per model and number of steps")] = 500,
    steps: Annotated[str, typer.Option(help="numbers of denoising steps")] = "1,2,4,8,48",
    max_tokens: Annotated[int, typer.Option(help="token budget of each output")] = 128,
    models: Annotated[str, typer.Option(help="embedded, random or both")] = "both",
    size: Annotated[int, typer.Option(help="rows a forward pass")] = 20,
) -> None:
    held_out = list(islice(examples(30_000, split="test"), count))
    half, quarter = count // 2, count // 4
    cases: list[tuple[str, Any, str]] = [("held-out", e.schema, e.prompt) for e in held_out[:half]]
    cases += [("random shape", schema, text) for schema, text in draw(PROMPTED, quarter)]
    cases += [
        ("odd", schema, e.prompt)
        for schema, e in zip(draw(ODD, count - len(cases)), held_out[half + quarter :], strict=False)
    ]
    random.Random(0).shuffle(cases)
    failures: list[str] = []
    table = Table("model", "steps", "valid and closed", "not", title=f"{len(cases)} prompts × schemas")
    console = Console(stderr=True)
    engines = {"embedded": cg.load, "random": random_weights}
    for name in engines if models == "both" else [models]:
        engine = engines[name]()
        requests, refused = requests_for(engine, cases, max_tokens)
        kinds = ", ".join(f"{kind} {number}" for kind, number in sorted(refused.items()))
        print(f"{name}: {len(requests)} run; {sum(refused.values())} refused before the model ran: {kinds}")
        for limit in map(int, steps.split(",")):
            outcome: Counter[bool] = Counter()
            chunks = [requests[i : i + size] for i in range(0, len(requests), size)]
            for chunk in track(chunks, description=f"{name}, {limit} steps", console=console):
                done = engine.batch([replace(r, max_denoising_steps=limit) for r in chunk], size=size)
                for request, completion in zip(chunk, done, strict=True):
                    schema = request.constraint.shown.schema
                    good = len(completion.token_ids) <= max_tokens and is_valid(schema, completion.text)
                    outcome[good] += 1
                    if not good:
                        failures.append(f"{name}, {limit} steps, {json.dumps(schema)}: {completion.text!r}")
            table.add_row(name, str(limit), str(outcome[True]), str(outcome[False]))
    Console(width=160).print(table)
    for failure in failures:
        print(failure)
    sys.exit(bool(failures))


if __name__ == "__main__":
    typer.run(main)
