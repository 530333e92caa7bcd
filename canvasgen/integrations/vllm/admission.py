"""Requests are read and checked in the API server: what is wrong is answered with 400, and says where.

Their constraints have been compiled before (`compiling_ahead`); where nobody has done so, they are compiled here.
"""
# vLLM's objects are known by the few fields that are read:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from canvasgen.denoise import Job
from canvasgen.engine import Engine
from canvasgen.errors import InvalidConstraint, UnsupportedConstraint
from canvasgen.integrations.compiling.compiled_requests import request_of
from canvasgen.integrations.foreign import Foreign
from canvasgen.integrations.hosted_job import check_budget, hosted_job
from canvasgen.integrations.vllm.ending import KEY
from canvasgen.integrations.vllm.hosted_engine import engine_of
from canvasgen.request.written import object_under

__all__ = ["admit", "job_of", "wanted"]

_KINDS = {
    "json": "schema",
    "regex": "regex",
    "choice": "choice",
    "grammar": "grammar",
    "structural_tag": "structural_tag",
}
"""vLLM's names of constraints, and `Request`'s."""
_OF_VLLM = (
    "diffusion_canvas_length",
    "diffusion_seed_canvas",
    "diffusion_pinned",
    "diffusion_read_only",
    "diffusion_constrained",
)
"""Options of vLLM's own reads, which decide over the canvas themselves."""


def admit(params: Foreign, model_config: Foreign, tokenizer: Foreign) -> None:
    """Move a request's constraint to where the worker looks for it, checked and compiled; do nothing if it has none.

    Args:
        params: `SamplingParams`; changed in place.
        model_config: the model's.
        tokenizer: the model's.

    Raises:
        CanvasgenError: the request is malformed, not supported, or impossible within `max_tokens`.
    """
    written = wanted(params)
    if written is None:
        return
    extra: dict[str, Any] = dict(params.extra_args or {})
    _check_options(params, extra)
    if written.get("seed") is None:
        written["seed"] = secrets.randbits(62)  # here, so that all workers draw the same
    if tokenizer is None:
        raise InvalidConstraint(
            "a constraint needs a tokenizer",
            rule="skip_tokenizer_init",
            remedy="start vLLM without skip_tokenizer_init",
        )
    engine = engine_of(model_config, tokenizer)
    job = job_of(engine, written, [0])
    most = params.max_tokens if params.max_tokens is not None else model_config.max_model_len
    check_budget(job, most)
    params.structured_outputs = None
    params.extra_args = {**extra, KEY: json.dumps(written)}


def wanted(params: Foreign) -> dict[str, Any] | None:
    """Return the request as one JSON object, whichever of vLLM's options has it; None if there is none.

    Raises:
        CanvasgenError: it is no JSON object, or has an option that is not supported.
    """
    extra: Mapping[str, Any] = params.extra_args or {}
    if params.structured_outputs is None and KEY not in extra:
        return None
    written = _written(extra.get(KEY), params.structured_outputs)
    if written.get("grounded") is True:
        raise InvalidConstraint(
            "the prompt's text is not known here",
            path=f"{KEY}.grounded",
            rule="grounded",
            remedy="give the text, or a list of texts, in the place of true",
        )
    return written


def job_of(engine: Engine, written: Mapping[str, Any], prompt_ids: list[int]) -> Job:
    """Return the job of a request that has been written as JSON; errors as `read_request` and `Engine.prepare`."""
    return hosted_job(engine, replace(request_of(engine, written), max_tokens=None), prompt_ids)


def _written(given: object, structured: Foreign) -> dict[str, Any]:
    """Return the request as one JSON object."""
    written = object_under(KEY, given)
    if structured is None:
        return written
    if structured.whitespace_pattern is not None:
        raise UnsupportedConstraint(
            "a pattern of whitespace is not supported",
            path="structured_outputs.whitespace_pattern",
            rule="whitespace_pattern",
            remedy='say "whitespace": "flexible" or "compact" in the key canvasgen',
        )
    for name, own in _KINDS.items():
        value = getattr(structured, name)
        if value is not None:
            written[own] = value
    if structured.json_object:
        written["schema"] = {"type": "object"}
    if structured.disable_any_whitespace:
        written.setdefault("whitespace", "compact")
    return written


def _check_options(params: Foreign, extra: Mapping[str, Any]) -> None:
    """Raise an error for options of vLLM that would change a canvas behind the constraint's back."""
    wrong = next((name for name in _OF_VLLM if extra.get(name) is not None), None)
    if params.ignore_eos:
        wrong = "ignore_eos"
    elif params.logprobs is not None:
        wrong = "logprobs"
    elif params.stop:
        wrong = "stop"
    if wrong is not None:
        raise UnsupportedConstraint(
            f"{wrong} does not go with a constraint",
            path=wrong,
            rule=wrong,
            remedy="leave it out: the constraint says where the text ends",
        )
