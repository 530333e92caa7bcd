"""Requests to an engine: prompts, settings, batches, streams, decisions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from calls import Call, nested

import canvasgen as cg

__all__ = ["decisions", "engine", "requests"]


@cache
def engine() -> Any:
    """The embedded model; loaded before the children begin."""
    return cg.load()


def _asked(*arguments: Any, **options: Any) -> Call:
    settings = {"max_denoising_steps": 2, "on_step_limit": "return", "seed": 1} | options
    return lambda: engine().complete(*arguments, **settings).value


def requests() -> dict[str, Call]:
    """Prompts and settings."""
    yes = {"choice": ["yes", "no"]}
    user = {"role": "user", "content": "a"}
    settings: dict[str, dict[str, Any]] = {
        "steps of 0": {"max_denoising_steps": 0},
        "steps of 1e9": {"max_denoising_steps": 10**9},
        "steps of a half": {"max_denoising_steps": 0.5},
        "tokens of 0": {"max_tokens": 0},
        "tokens of -5": {"max_tokens": -5},
        "tokens of 1e30": {"max_tokens": 10**30},
        "tokens of a text": {"max_tokens": "5"},
        "temperature of 10**400": {"temperature": 10**400},
        "temperature of 1e308": {"temperature": 1e308},
        "temperature of 1e-300": {"temperature": 1e-300},
        "temperature that is none": {"temperature": float("nan")},
        "temperature of a complex number": {"temperature": 1j},
        "seed of 10**400": {"seed": 10**400},
        "seed of a text": {"seed": "a"},
        "quality of 10**400": {"quality": 10**400, "max_denoising_steps": None},
        "quality unknown": {"quality": "superb", "max_denoising_steps": None},
        "target of 0": {"target_ms": 0, "max_denoising_steps": None},
        "target of 10**400": {"target_ms": 10**400, "max_denoising_steps": None},
        "target of 1e-9": {"target_ms": 1e-9, "max_denoising_steps": None},
        "quality and target": {"quality": 1, "target_ms": 5},
        "validators of a function": {"validators": print},
        "validators of numbers": {"validators": [5]},
        "validators that fail": {"validators": [lambda value: 1 / 0]},
        "validators that refuse": {"validators": [lambda value: False]},
        "validators that recur": {"validators": [_recurring]},
        "probabilities of a text": {"probabilities": "all"},
        "limits of a dict": {"limits": {"max_states": 5}},
        "limits of no time": {"limits": cg.Limits(max_seconds=0)},
        "limits of no bytes": {"limits": cg.Limits(max_bytes=1)},
        "limits of no states": {"limits": cg.Limits(max_states=1)},
        "step limit unknown": {"on_step_limit": "explode"},
        "step limit raised": {"on_step_limit": "raise", "max_denoising_steps": 1},
        "schema in the prompt of a list": {"prompt_schema": [1]},
        "schema in the prompt, deep": {"prompt_schema": nested(3000, lambda x: {"a": x}, {})},
        "option unknown": {"nothing": 5},
        "whitespace of a choice": {"whitespace": "compact"},
        "relations of a choice": {"relations": []},
    }
    prompts: dict[str, Any] = {
        "none": None,
        "a number": 5,
        "bytes": b"a",
        "a surrogate": "\ud800",
        "a surrogate in a message": [{"role": "user", "content": "\udfff"}],
        "null bytes": "\0" * 50,
        "special tokens": "<eos><bos><start_of_turn>" * 20,
        "50,000 characters": "word " * 10_000,
        "100 MB": "a" * 100_000_000,
        "no messages": [],
        "messages of texts": ["a"],
        "messages without a role": [{"content": "a"}],
        "messages without content": [{"role": "user"}],
        "messages of numbers": [{"role": 5, "content": 5}],
        "messages with None": [{"role": "user", "content": None}],
        "messages with parts": [{"role": "user", "content": [{"type": "text", "text": "a"}] * 3000}],
        "messages with odd parts": [{"role": "user", "content": [5, None, {"type": "image"}]}],
        "messages of unknown roles": [{"role": "emperor", "content": "a"}],
        "messages many": [user] * 20_000,
        "a cyclic message": _cyclic_message(),
        "a mapping": {"role": "user", "content": "a"},
    }
    constraints: dict[str, dict[str, Any]] = {
        "none at all": {},
        "two": {"regex": "a", "choice": ["a"]},
        "a table that is none": {"table": 5},
        "a constraint that is none": {"constraint": "a"},
        "a template that is none": {"template": 5},
        "a choice of a number": {"choice": 5},
        "a choice of nothing": {"choice": []},
        "a grammar of a file": {"grammar": "/etc/passwd"},
        "a schema that grows": {"schema": {"type": "string", "pattern": "(a|b)*a(a|b){25}"}},
        "a text of 1e6 tokens": {"regex": "a{100000}", "max_tokens": 5},
        "a text that does not fit": {"regex": "[ab]{90}", "max_tokens": 3},
        "a count that is left out": {"regex": "a{1000000}"},
        "a word of other letters": {"regex": "[☃]{40}"},
        "holes that agree": {"template": "{a}{a}"},
        "probabilities of 40 fields": {
            "schema": {"type": "object", "properties": {f"b{n}": {"type": "boolean"} for n in range(12)},
                       "required": [f"b{n}" for n in range(12)]}, "probabilities": True},
        "probabilities of 3,000": {"schema": {"enum": [f"v{n}" for n in range(3000)]}, "probabilities": True},
        "drafts that lead": {"schema": {"type": "object", "properties": {f"k{n}": {"type": "string"} for n in range(40)}},
                             "property_order": "model"},
        "a sudoku without an answer": {"table": _table},
    }  # fmt: skip
    batches: dict[str, Callable[[], Any]] = {
        "of nothing": lambda: engine().batch([]),
        "of a number": lambda: engine().batch(5),
        "of a text": lambda: engine().batch("ab"),
        "of strange requests": lambda: engine().batch([5, None, {"x": 1}, {5: 1}, []], errors="return"),
        "of endless sizes": lambda: engine().batch([{"prompt": "a", **yes}], size=10**12),
        "of size 0": lambda: engine().batch([], size=0),
        "with errors unknown": lambda: engine().batch([], errors="ignore"),
        "with progress unknown": lambda: engine().batch([], progress="bar"),
        "of hostile requests": lambda: engine().batch(
            [
                {"prompt": "a", "regex": "(a|b)*a(a|b){25}", "limits": cg.Limits(max_seconds=0.2)},
                {"prompt": None, **yes},
                {"prompt": "a", "schema": {"type": 5}},
                {"prompt": "a", "schema": {"minimum": float("nan")}},
                {"prompt": "a", "choice": [object()]},
                {"prompt": "a", "max_denoising_steps": 1, "on_step_limit": "return", **yes},
                {"prompt": "a", "grammar": "start: " + "(" * 3000},
                {"prompt": "a", "seed": object(), **yes},
            ],
            errors="return",
        ),
        "stream of a wrong request": lambda: list(engine().stream("a", regex="(")),
        "stream of a request with options": lambda: list(engine().stream(cg.Request("a"), seed=1)),
        "tokens of a surrogate": lambda: engine().tokens("\ud800"),
        "tokens of a number": lambda: engine().tokens(5),
        "a model that is none": lambda: cg.load("nothing/here-at-all" * 50),
        "a model of a number": lambda: cg.load(5),
        "a model of a device": lambda: cg.load(device="quantum"),
        "a model of a type": lambda: cg.load(dtype="float7"),
    }
    return (
        {f"setting: {name}": _asked("a", **{**yes, **given}) for name, given in settings.items()}
        | {f"prompt: {name}": _asked(prompt, **yes) for name, prompt in prompts.items()}
        | {
            f"request: {name}": _asked("a", **_made(given))
            for name, given in constraints.items()
            if "table" not in name
        }
        | {f"batch: {name}": call for name, call in batches.items()}
    )


def _made(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value() if value is _table else value for name, value in given.items()}


def _table() -> Any:
    return cg.table(2, 2, ["a", "b"])


def _recurring(value: Any) -> Any:
    return _recurring(value)


def _cyclic_message() -> Any:
    message: dict[str, Any] = {"role": "user"}
    message["content"] = [message]
    return [message]


def decisions() -> dict[str, Call]:
    """`decide`."""

    def decide(options: Any, **more: Any) -> Call:
        return lambda: engine().decide("a", options, **more)

    found = {
        "of nothing": decide([]),
        "of a number": decide(5),
        "of one": decide(["a"]),
        "of 2,000": decide([f"o{n}" for n in range(2000)], samples=1),
        "of 200 in steps": decide([f"o{n}" for n in range(200)], steps=2),
        "of long ones": decide(["a" * 5000, "b"]),
        "of a megabyte": decide(["a" * 1_000_000, "b"]),
        "of lists": decide([["a"], ["b"]], samples=1),
        "of equal ones": decide([1, True, 1.0], samples=1),
        "of surrogates": decide(["\ud800", "a"]),
        "with 10**9 samples": decide(["a", "b"], samples=10**9),
        "with no samples": decide(["a", "b"], samples=0),
        "with 10**9 steps": decide(["a", "b"], steps=10**9),
        "with a seed of 10**50": decide(["a", "b"], seed=10**50, samples=1),
        "with a seed of a text": decide(["a", "b"], seed="x"),
    }
    return {f"decide: {name}": call for name, call in found.items()}
