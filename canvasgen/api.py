"""The two functions most people need: `generate` and `load`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, overload

from canvasgen.calls import Holes, Literal, Member, Rows, Value
from canvasgen.engine import Engine
from canvasgen.models.loading import load as load_model
from canvasgen.named import shows_options
from canvasgen.request import Options, Prompt, Request, Settings, as_request

if TYPE_CHECKING:
    import torch

    from canvasgen.constraints.table import Table
    from canvasgen.constraints.template import Template
    from canvasgen.denoise import Policy
    from canvasgen.scheduling import Scheduler

__all__ = ["decide", "generate", "load"]


def load(
    model: object = None,
    *,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
    device_map: str | Mapping[str, Any] | None = None,
    quantization: Any = None,
    attn_implementation: str | None = None,
    revision: str | None = None,
    adapter: str | Path | None = None,
    trust_remote_code: bool = False,
    policy: Policy | None = None,
    scheduler: Scheduler | None = None,
) -> Engine:
    """Return an engine around a model.

    Args:
        model: None for the embedded models (the general one, and for Sudokus that of their own); `"sudoku"` for the
            latter alone; a hub id such as `google/diffusiongemma-26B-A4B-it`; a local folder; a `(model, tokenizer)`
            pair, whose model may be wrapped by `torch.compile` or PEFT; or a `Denoiser` of your own. Pairs and denoisers
            have their weights, and take none of the options below.
        device: where the model runs; None: a GPU if there is one, else the CPU. With accelerate (the extra `gpu`) the
            weights go straight there.
        dtype: the weights' type; None: as stored on a GPU, float32 on a CPU.
        device_map: instead of `device`, for accelerate: "auto" (several GPUs, then the CPU), "balanced", "sequential", or
            module name -> device.
        quantization: of weights that are stored in 16 or 32 bits: "int8" or "fp8" (torchao, with the experts), "nf4"
            (bitsandbytes, without them), or a quantization config of transformers. Checkpoints that are stored quantised
            need none: their config names the format.
        attn_implementation: of transformers, such as "sdpa" or "eager".
        revision: branch, tag or commit of a hub id.
        adapter: folder or hub id of a PEFT adapter (the extra `adapters`).
        trust_remote_code: run code that comes with the weights of a hub id or folder; models of mask noise such as
            LLaDA need it. Read it first.
        policy: when positions are accepted and blocks committed (`canvasgen.denoise.Policy`); None: the usual one.
        scheduler: runs what tasks ask for (`acomplete`, …): how many rows at a time; None: `Scheduler()`.

    Raises:
        ModelError: there is no such model, it is of no known architecture, code that comes with it is not trusted, or an
            option does not fit it.
        InvalidConstraint: the policy is none.
        MissingPackage: an option needs a package that is not installed.
    """
    specialist = shared_engine if model is None else None
    loaded = load_model(
        model,
        device=device,
        dtype=dtype,
        device_map=device_map,
        quantization=quantization,
        attn_implementation=attn_implementation,
        revision=revision,
        adapter=adapter,
        trust_remote_code=trust_remote_code,
    )
    return Engine(loaded, policy=policy, specialist=specialist, scheduler=scheduler)


def engine_of(model: object) -> Engine:
    """Return the engine of a model; those named by a string stay loaded between calls."""
    return shared_engine(model) if model is None or isinstance(model, str) else load(model)


@lru_cache(maxsize=2)
def shared_engine(model: str | None) -> Engine:
    """Return the engine that repeated calls of `generate` share, by model name."""
    return load(model)


@overload
def generate(
    prompt: Prompt = "", *, schema: type[Value], model: object = None, **settings: Unpack[Settings]
) -> Value: ...


@overload
def generate(
    prompt: Prompt = "", *, choice: type[Member], model: object = None, **settings: Unpack[Settings]
) -> Member: ...


@overload
def generate(
    prompt: Prompt = "", *, choice: Mapping[str, Value], model: object = None, **settings: Unpack[Settings]
) -> Value: ...


@overload
def generate(
    prompt: Prompt = "", *, choice: list[Literal], model: object = None, **settings: Unpack[Settings]
) -> Literal: ...


@overload
def generate(
    prompt: Prompt = "", *, choice: Iterable[Value], model: object = None, **settings: Unpack[Settings]
) -> Value: ...


@overload
def generate(
    prompt: Prompt = "", *, regex: str, model: object = None, **settings: Unpack[Settings]
) -> str: ...


@overload
def generate(
    prompt: Prompt = "", *, grammar: str | Path, model: object = None, **settings: Unpack[Settings]
) -> str: ...


@overload
def generate(
    prompt: Prompt = "", *, template: str, model: object = None, **settings: Unpack[Settings]
) -> dict[str, str]: ...


@overload
def generate(
    prompt: Prompt = "", *, template: Template, model: object = None, **settings: Unpack[Settings]
) -> Holes: ...


@overload
def generate(
    prompt: Prompt = "", *, table: Table, model: object = None, **settings: Unpack[Settings]
) -> Rows: ...


@overload
def generate(prompt: Prompt = "", *, model: object = None, **settings: Unpack[Settings]) -> str: ...


@overload
def generate(prompt: Prompt = "", *, model: object = None, **options: Unpack[Options]) -> Any: ...


@shows_options(Request)
def generate(prompt: Prompt = "", *, model: object = None, **options: Any) -> Any:
    """Generate a value that satisfies a constraint; at most one of `schema`, `regex`, `grammar`, `choice`,
    `template`, `table` and `constraint`.

    Args:
        prompt: the prompt, or chat messages `[{"role": "user", "content": …}]`.
        schema: a pydantic model, dataclass, TypedDict or any type that pydantic can adapt; or a JSON Schema (a dict,
            or its text).
        regex: a regular expression in Python's dialect, matched against the whole text.
        grammar: a context-free grammar in Lark's dialect, the name of a shipped one (`sql_select`), or a path.
        choice: the allowed answers.
        template: text with holes, each a line of free text; or a `cg.template(…)` with constraints for its holes.
        table: a table whose cells agree, built with `cg.table`, `cg.sudoku`, `cg.roster`, …
        relations: what holds between the fields of the schema's value, with paths as cells, such as
            `canvasgen.relations.total(["lines[*].price"], "==", "total")`.
        constraint: a constraint built with `json_schema`, `regex`, `text`, … and their algebra.
        model: as for `load`; models named by a string stay loaded between calls. None: the embedded model, or for
            Sudokus that of its own.
        validators: called with the value; one that returns False or raises ValueError or AssertionError refuses it.
        max_tokens: budget of tokens; the text always closes within it.
        max_denoising_steps: denoising steps per block at most; None: the model's own.
        quality: "fast", "balanced", "best" or a number from 0 to 1: how many of the model's steps a block may take, and how
            certain a text has to be before it is committed.
        target_ms: milliseconds that the answer may take; as many steps are taken as that allows. One of `quality`,
            `target_ms` and `max_denoising_steps`.
        temperature: None for the model's schedule, 0 for the best canvas at every step, else constant.
        seed: makes the run repeatable.
        prompt_schema: tell the model the schema, or the form of a template, in the prompt.
        whitespace, property_order, fence: how the JSON of a `schema` is written; see `json_schema`.

    Returns:
        An instance for a model class or type, plain data for a schema, the chosen item for a choice, a
        dict of the holes for a template (with the whole `text`), a list of rows for a table, else a str.

    Raises:
        InvalidConstraint, UnsupportedConstraint, ConstraintTooLarge, Unsatisfiable, BudgetTooSmall: before the model runs.
        ValidationFailed: every canvas tried was refused.
        ModelError: the model cannot be loaded or misbehaves.
    """
    request = as_request(prompt, options)  # before the model is loaded
    return engine_of(model).complete(request).value


def decide(
    prompt: str | Sequence[Mapping[str, Any]],
    options: Sequence[Any] | Mapping[str, Any],
    *,
    model: object = None,
    samples: int = 4,
    steps: int = 1,
    seed: int | None = None,
) -> dict[Any, float]:
    """Return the probability of each option as the whole answer, from the model's distribution after some denoising steps.

    It is exact for each canvas of noise: the mass of an option is summed over all its tokenizations, and divided by
    that of all options. Several canvases of noise are averaged.

    Args:
        prompt: the prompt, or chat messages.
        options: the answers, as for `choice`; the model is not told them, the prompt has to.
        model: as for `load`.
        samples: canvases of noise.
        steps: denoising steps at most; with more than one, the model sees what it has accepted, and a canvas that has
            converged ends early. Up to 64 options.
        seed: makes the run repeatable.

    Returns:
        Option -> probability; they sum to one. If an option has no hash, or two are equal (`1`, `True` and `1.0` are one
        key of a dict), every option stands as its text.

    Raises:
        InvalidConstraint: there are no options, or two are written alike.
        Unsatisfiable: an option cannot be written with the model's tokens, or the model gives all of them probability zero.
        BudgetTooSmall: an option does not fit into one canvas.
        ConstraintTooLarge: more than 64 options, and more than one step.
        ModelError: the model cannot be loaded or misbehaves.
    """
    return engine_of(model).decide(prompt, options, samples=samples, steps=steps, seed=seed)
