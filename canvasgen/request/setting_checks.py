"""The settings of a request, checked before the model runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from canvasgen.checks import (
    checked_quality,
    checked_target,
    is_bool,
    is_mapping,
    is_sequence,
    is_text,
    real_number,
    whole_number,
)
from canvasgen.errors import BudgetTooSmall, InvalidConstraint, ModelError
from canvasgen.request.what_and_how import Request
from canvasgen.trace import tracing_of

__all__ = ["check_settings"]


MOST_STEPS = 1_000
"""Denoising steps of a block; models take tens."""
MOST_TOKENS = 1_000_000
MOST_LOGPROBS = 1000
_WHOLE_NUMBERS: dict[str, tuple[int | None, int | None]] = {
    "max_tokens": (None, MOST_TOKENS),
    "max_denoising_steps": (1, MOST_STEPS),
    "seed": (None, None),
    "logprobs": (0, MOST_LOGPROBS),
}
"""The bounds of the settings that are whole numbers."""


def check_settings(request: Request) -> Request:
    """Return the request with Python's own numbers, checked before the model runs.

    Raises:
        ModelError: the prompt is neither text nor messages, or has no UTF-8.
        InvalidConstraint: a setting is not what it should be.
        BudgetTooSmall: `max_tokens` is below 1.
    """
    _check_prompt(request.prompt)
    numbers: dict[str, Any] = {}
    for name, (low, high) in _WHOLE_NUMBERS.items():
        value: object = getattr(request, name)
        if value is not None:
            numbers[name] = whole_number(value, rule=name, low=low, high=high)
    if numbers.get("max_tokens", 1) < 1:
        raise BudgetTooSmall(
            "a text has at least one token",
            rule="max_tokens",
            value=numbers["max_tokens"],
            remedy="give max_tokens=1 or more",
        )
    numbers |= _checked_dial(request)
    if request.temperature is not None:
        numbers["temperature"] = _temperature(request.temperature)
    validators: object = request.validators
    if not is_sequence(validators) or not all(map(callable, validators)):
        raise InvalidConstraint(
            "validators are a list of functions",
            rule="validators",
            value=validators,
            remedy="write validators=[check]" if callable(validators) else "give a list or a tuple",
        )
    for name in ("prompt_schema", "probabilities"):
        value = getattr(request, name)
        if not (is_bool(value) or (name == "prompt_schema" and is_mapping(value))):
            raise InvalidConstraint(
                f"{name} is True or False" + (", or a JSON Schema as a dict" * (name == "prompt_schema")),
                rule=name,
                value=value,
                remedy=f"write {name}=True, or leave it out",
            )
    wanted: Any = request.on_step_limit
    if not (isinstance(wanted, str) and wanted in _ON_STEP_LIMIT):
        raise InvalidConstraint(
            f"on_step_limit is one of {', '.join(_ON_STEP_LIMIT)}",
            rule="on_step_limit",
            value=wanted,
            remedy="choose one of these",
        )
    tracing_of(request.trace)
    return replace(request, **numbers)


_ON_STEP_LIMIT = ("return", "warn", "raise")
_COLDEST = 1e-6
"""The lowest temperature above 0: logits are divided by it, and have to stay numbers that can be told apart."""


def _check_prompt(prompt: object) -> None:
    if not (isinstance(prompt, str) or (is_sequence(prompt) and all(map(is_mapping, prompt)))):
        raise ModelError(
            "a prompt is a text or a list of chat messages",
            rule="prompt",
            value=prompt,
            remedy='a message is a dict: {"role": "user", "content": "…"}',
        )
    contents = [prompt] if isinstance(prompt, str) else [message.get("content") for message in prompt]
    for content in contents:
        if isinstance(content, str) and not is_text(content):
            raise ModelError(
                "the prompt holds a lone surrogate, which has no UTF-8",
                rule="prompt",
                value=content,
                remedy='leave the surrogate out, or encode the text with errors="replace" first',
            )


def _checked_dial(request: Request) -> dict[str, float]:
    """Return what the request says of quality and time, as numbers."""
    names = ("quality", "target_ms", "max_denoising_steps")
    given = [name for name in names if getattr(request, name) is not None]
    if len(given) > 1:
        raise InvalidConstraint(
            f"{' and '.join(given)} exclude each other",
            rule=given[0],
            value=getattr(request, given[0]),
            remedy="give one of them: each says how many steps are taken",
        )
    found: dict[str, float] = {}
    if request.quality is not None:
        found["quality"] = checked_quality(request.quality)
    if request.target_ms is not None:
        found["target_ms"] = checked_target(request.target_ms)
    return found


def _temperature(warmth: object) -> float:
    number = real_number(warmth, rule="temperature", name="a temperature")
    if 0 < number < _COLDEST:
        raise InvalidConstraint(
            f"a temperature above 0 is at least {_COLDEST:g}",
            rule="temperature",
            value=warmth,
            remedy="take temperature=0 for the best canvas at every step",
        )
    return number
