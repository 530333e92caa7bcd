"""Do sums come out right? Probabilities and invoices from the embedded model, with and without `relations=`.

    python benchmarks/field_relations.py [--count 16]

Each prompt states all values, and the values agree: probabilities of three labels that sum to one, two or three lines and
their total. Reported by kind, free and related: the share of answers whose sum is right, the share of fields that are right,
mean CPU seconds and denoising steps, and how many related answers are proven to be the best canvas of their last step.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import canvasgen as cg
from canvasgen.relations import Relation, total

LABELS = ("billing", "bug", "praise")
ITEMS = ("lamp", "chair", "desk", "kettle", "cup", "pen", "book", "rug")
NAMES = ("Ann Lee", "Bob Stone", "Maria Gomez", "Kim Ito")
SHARE = {"type": "number", "minimum": 0, "maximum": 1, "multipleOf": 0.05}
PRICE = {"type": "integer", "minimum": 0, "maximum": 999}


def record(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


SHARES = record(**dict.fromkeys(LABELS, SHARE))
INVOICE = record(
    customer={"type": "string"},
    lines={"type": "array", "items": record(item={"type": "string"}, price=PRICE), "minItems": 1},
    total=PRICE,
)
RELATIONS: dict[str, list[Relation]] = {
    "probabilities": [total([".*"], "==", 1)],
    "invoices": [total(["lines[*].price"], "==", "total")],
}


def tasks(count: int) -> Iterator[tuple[str, str, Any, Any]]:
    """Kind, prompt, schema and the value that it states."""
    draw = random.Random(7)
    for _ in range(count):
        cuts = sorted(draw.sample(range(1, 20), 2))
        parts = [cuts[0], cuts[1] - cuts[0], 20 - cuts[1]]
        shares = {name: float(Decimal(part) / 20) for name, part in zip(LABELS, parts, strict=True)}
        yield "probabilities", "; ".join(f"{n}: {v}" for n, v in shares.items()), SHARES, shares
        lines = [
            {"item": item, "price": draw.randint(2, 90)} for item in draw.sample(ITEMS, draw.choice([2, 3]))
        ]
        whole = sum(line["price"] for line in lines)
        name = draw.choice(NAMES)
        said = ", ".join(f"{line['item']} {line['price']}" for line in lines)
        yield (
            "invoices",
            f"customer {name}: {said}; total {whole}",
            INVOICE,
            {"customer": name, "lines": lines, "total": whole},
        )


def adds_up(kind: str, value: Any) -> bool:
    if kind == "probabilities":
        return sum(Decimal(str(share)) for share in value.values()) == 1
    return sum(line["price"] for line in value["lines"]) == value["total"]


def fields(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, dict):
        return {k: v for name, below in value.items() for k, v in fields(below, f"{path}.{name}").items()}
    if isinstance(value, list):
        return {k: v for at, below in enumerate(value) for k, v in fields(below, f"{path}[{at}]").items()}
    return {path: value}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=16)
    count = parser.parse_args().count
    engine = cg.load()
    rows: dict[tuple[str, str], list[tuple[bool, float, float, int, bool | None]]] = {}
    for number, (kind, prompt, schema, truth) in enumerate(tasks(count)):
        for way, relations in (("free", None), ("related", RELATIONS[kind])):
            begun = time.process_time()
            done = engine.complete(
                prompt, schema=schema, relations=relations, seed=number, on_step_limit="return"
            )
            seconds = time.process_time() - begun
            wanted, found = fields(truth), fields(done.value)
            right = sum(found.get(name) == value for name, value in wanted.items()) / len(wanted)
            row = (adds_up(kind, done.value), right, seconds, sum(done.steps), done.proven)
            if number >= 2:  # the first of each kind compiles
                rows.setdefault((kind, way), []).append(row)
    print("| kind | way | answers | sum right | fields right | CPU s | steps | proven |")
    print("|---|---|---|---|---|---|---|---|")
    for (kind, way), found in rows.items():
        n = len(found)
        sums, rights, seconds, steps = (sum(row[at] or 0 for row in found) / n for at in range(4))
        proven = f"{sum(bool(row[4]) for row in found) / n:.0%}" if way == "related" else ""
        print(
            f"| {kind} | {way} | {n} | {sums:.0%} | {rights:.0%} | {seconds:.2f} | {steps:.1f} | {proven} |"
        )


if __name__ == "__main__":
    main()
