"""Nested objects and lists of objects for the synthetic data."""

from __future__ import annotations

import random
from typing import Any

from canvasgen.training.tiny.data.lexicon import Lexicon
from canvasgen.training.tiny.data.record_fields import Domain


def group_fields(
    rng: random.Random,
    domain: Domain,
    by_name: dict[str, str],
    schema: dict[str, Any],
    values: dict[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Move some fields into a nested object, with ``$ref`` or in place; None where none of them is there."""
    options = [
        (group, [by_name[name] for name in names if name in by_name])
        for group, names in domain.groups.items()
        if any(name in by_name for name in names) and group not in values
    ]
    if not options:
        return None
    group, keys = rng.choice(options)
    inner = {
        "type": "object",
        "properties": {key: schema["properties"][key] for key in keys},
        "required": keys,
        "additionalProperties": False,
    }
    properties = {key: shape for key, shape in schema["properties"].items() if key not in keys}
    outer: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if rng.random() < 0.5:
        properties[group] = {"$ref": f"#/$defs/{group.capitalize()}"}
        outer["$defs"] = {group.capitalize(): inner}
    else:
        properties[group] = inner
    outer["required"] = [key for key in schema["required"] if key not in keys] + [group]
    value = {key: item for key, item in values.items() if key not in keys}
    value[group] = {key: values[key] for key in keys}
    return outer, value


def _both(text: str, number: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {text: {"type": "string"}, number: {"type": "integer"}},
        "required": [text, number],
        "additionalProperties": False,
    }


def object_list(rng: random.Random, lexicon: Lexicon) -> tuple[str, dict[str, Any], Any, str]:
    """A text that lists things with a number each; (text, schema, value, task)."""
    count = rng.randint(1, 4)
    if rng.random() < 0.5:
        names = list(dict.fromkeys(lexicon.product() for _ in range(count)))
        numbers = [rng.randint(1, 30) for _ in names]
        text_key, number_key = (
            rng.choice(["name", "product", "item"]),
            rng.choice(["quantity", "count", "amount"]),
        )
        one = rng.choice(["{number} {name}", "{number} x {name}", "{name} ({number})", "{name}: {number}"])
        group = rng.choice(["items", "products", "lines"])
        lead = rng.choice(["", "Order: ", "{who} buys ", "{who} ordered ", "The order of {who} holds "])
    else:
        names = list(dict.fromkeys(lexicon.name() for _ in range(count)))
        numbers = [lexicon.age() for _ in names]
        text_key, number_key = rng.choice(["name", "full_name"]), "age"
        one = rng.choice(
            ["{name} ({number})", "{name}, {number}", "{name} aged {number}", "{name} is {number}"]
        )
        group = rng.choice(["people", "guests", "members", "children"])
        lead = rng.choice(["", "Guests: ", "People: ", "{who} invites ", "The team of {who}: "])
    who = lexicon.name()
    said = [one.format(name=name, number=number) for name, number in zip(names, numbers, strict=True)]
    joined = (
        "; ".join(said)
        if "," in one or rng.random() < 0.3
        else ", ".join(said[:-1]) + (" and " if len(said) > 1 else "") + said[-1]
    )
    text = lead.format(who=who) + joined + rng.choice([".", ""])
    rows = [{text_key: name, number_key: number} for name, number in zip(names, numbers, strict=True)]
    rows_schema = {"type": "array", "items": _both(text_key, number_key)}
    if rng.random() < 0.3:
        return text, rows_schema, rows, "object_list"
    properties: dict[str, Any] = {group: rows_schema}
    value: dict[str, Any] = {group: rows}
    if "{who}" in lead:
        key = rng.choice(["customer", "buyer"]) if number_key != "age" else rng.choice(["host", "leader"])
        properties, value = {key: {"type": "string"}, group: rows_schema}, {key: who, group: rows}
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return text, schema, value, "object_list"
