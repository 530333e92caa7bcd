"""mlx-vlm's own server, with structured output on DiffusionGemma.

    python -m canvasgen.integrations.mlx_vlm_server --model PATH --port 8080

All options and routes are mlx-vlm's. `response_format` (`text.format` of `/v1/responses`) and the key `canvasgen`, a JSON
object (docs/hosts.md), say what the answer must be; what is wrong is answered with 400. Requests of other models are
untouched.

Two functions of mlx-vlm are replaced: the one that makes a logits processor of `response_format`, which here makes a
`Wanted`; and the one that generates, which mlx-vlm calls with it and which would refuse it. Constraints are compiled
before, by processes beside the server's event loop (`BodyFirst`).
"""
# mlx is in an environment of its own, and its types are known in part:
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import asyncio
import functools
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import SimpleNamespace
from typing import Any

from canvasgen.engine import Engine
from canvasgen.errors import CanvasgenError, InvalidConstraint, ModelError
from canvasgen.integrations.compiling.ahead import compile_recipe
from canvasgen.integrations.compiling.asgi import BodyFirst
from canvasgen.integrations.compiling.compiled_requests import recipe_of, request_of
from canvasgen.integrations.foreign import Foreign
from canvasgen.integrations.hosted_folder import engine_of_folder
from canvasgen.integrations.hosted_job import check_budget, hosted_job
from canvasgen.request import Request
from canvasgen.request.written import object_under

__all__ = ["TESTED", "Wanted", "install", "main"]

TESTED = "0.7.10"
"""The version of mlx-vlm whose functions these are."""
KEY = "canvasgen"


@dataclass(frozen=True)
class Wanted:
    """What an answer must be, in the place of a logits processor.

    Attributes:
        request: the constraint and the settings.
        engine: that compiled the constraint.
    """

    request: Request
    engine: Engine

    def __call__(self, *_: Foreign) -> Foreign:
        """mlx-vlm applies processors to models of another kind."""
        raise ModelError(
            "a constraint of canvasgen is for block-diffusion models",
            rule="architecture",
            remedy="leave it out",
        )


def install(engine_of: Callable[[str], Engine] = engine_of_folder) -> None:
    """Replace mlx-vlm's two functions.

    Args:
        engine_of: makes the engine of a model's folder or name; called once for each.

    Raises:
        ModelError: this mlx-vlm is not the version that is known.
    """
    _check_version()
    from fastapi import HTTPException

    app: Foreign = import_module("mlx_vlm.server.app")  # the package has an object of that name
    generation: Foreign = import_module("mlx_vlm.server.generation")
    engines = functools.cache(engine_of)
    app.app.add_middleware(
        BodyFirst, refusal=functools.partial(_compiled_before, app._extract_response_format_schema, engines)
    )
    own_builder, own_stream = (
        app._build_structured_logits_processors,
        generation.stream_diffusion_generate_from_kwargs,
    )

    @functools.wraps(own_builder)
    def built(request: Foreign, processor: Foreign) -> Foreign:
        name = _diffusion_model()
        if name is None:
            return own_builder(request, processor)
        try:
            wanted = _wanted(request, app._extract_response_format_schema(request), lambda: engines(name))
        except CanvasgenError as error:
            raise HTTPException(status_code=400, detail=str(error)) from error
        return None if wanted is None else [wanted]

    @functools.wraps(own_stream)
    def streamed(
        model: Foreign,
        processor: Foreign,
        tokenizer: Foreign,
        input_ids: Foreign,
        *rest: Foreign,
        **named: Foreign,
    ) -> Iterator[Any]:
        kwargs = dict(rest[3])
        found = kwargs.get("logits_processors") or ()
        wanted = next((one for one in found if isinstance(one, Wanted)), None)
        if wanted is not None:
            model, kwargs = _constrained(model, wanted, input_ids, kwargs)
        yield from own_stream(model, processor, tokenizer, input_ids, *rest[:3], kwargs, *rest[4:], **named)

    app._build_structured_logits_processors = built
    generation.stream_diffusion_generate_from_kwargs = streamed


def _check_version() -> None:
    try:
        found = version("mlx-vlm")
    except PackageNotFoundError:
        found = None
    if found != TESTED:
        raise ModelError(
            f"this is written for mlx-vlm {TESTED}",
            rule="mlx-vlm",
            value=found,
            remedy=f"pip install mlx-vlm=={TESTED}",
        )


def _diffusion_model() -> str | None:
    """Return the path of the server's model if it is a DiffusionGemma."""
    from mlx_vlm.server.runtime import runtime

    config: Foreign = runtime.model_cache.get("config")
    kind = config.get("model_type") if isinstance(config, Mapping) else getattr(config, "model_type", None)
    name = runtime.model_cache.get("model_path")
    return str(name) if kind == "diffusion_gemma" and name else None


def _wanted(request: Foreign, schema: Foreign, engine_of: Callable[[], Engine]) -> Wanted | None:
    """Return what a request of mlx-vlm's server says of its answer, checked and compiled; None if it says nothing.

    Raises:
        CanvasgenError: it is wrong, or impossible within `max_tokens`.
    """
    given = getattr(request, KEY, None)
    if given is None and schema is None:
        return None
    written = _as_one(given, schema)
    seed = getattr(request, "seed", None)
    written.setdefault("seed", secrets.randbits(62) if seed is None else seed)
    engine = engine_of()
    made = request_of(engine, written)
    if made.grounded is True:
        raise InvalidConstraint(
            "the prompt's text is not known here",
            path=f"{KEY}.grounded",
            rule="grounded",
            remedy="give the sources themselves: grounded=[text]",
        )
    wanted = Wanted(made, engine)
    most = getattr(request, "max_tokens", None) or getattr(request, "max_output_tokens", None)
    job = hosted_job(wanted.engine, made, [0])
    if most is not None:
        check_budget(job, most)
    return wanted


def _as_one(given: object, schema: Foreign) -> dict[str, Any]:
    """The request as one JSON object: the key, and the schema of `response_format`."""
    return {**object_under(KEY, given), **({} if schema is None else {"schema": schema})}


async def _compiled_before(
    schema_of: Callable[[Any], Any], engine_of: Callable[[str], Engine], body: bytes
) -> str | None:
    """Compile a request's constraint beside the event loop, before mlx-vlm reads the request there.

    What mlx-vlm itself has to answer is left to it: bodies that are no JSON, and models that are not loaded yet.

    Returns:
        What is wrong with the constraint; None if nothing is.
    """
    name = _diffusion_model()
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if name is None or not isinstance(content, Mapping):
        return None
    try:
        given, schema = content.get(KEY), _schema_in(content, schema_of)
        if given is None and schema is None:
            return None
        recipe = recipe_of(_as_one(given, schema))
        if recipe is not None:
            await compile_recipe(recipe, await asyncio.to_thread(engine_of, name))
    except CanvasgenError as error:
        return str(error)
    return None


def _schema_in(content: Mapping[str, Any], schema_of: Callable[[Any], Any]) -> Foreign:
    """Return the schema of `response_format` or `text.format`; None if there is none.

    Raises:
        InvalidConstraint: mlx-vlm cannot read it; its own error would be answered with 500.
    """
    try:
        return schema_of(
            SimpleNamespace(response_format=content.get("response_format"), text=content.get("text"))
        )
    except (ValueError, AttributeError, TypeError) as error:
        raise InvalidConstraint(
            f"this is no format of an answer: {error}",
            path="response_format",
            rule="response_format",
            remedy='write {"type": "json_schema", "json_schema": {"name": "…", "schema": {…}}}, or {"type": "json_object"}',
        ) from error


def _constrained(
    model: Foreign, wanted: Wanted, input_ids: Foreign, kwargs: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Return the model for one request, and mlx-vlm's arguments for it.

    Raises:
        CanvasgenError: of the request; mlx-vlm ends it with an error.
    """
    from canvasgen.integrations.mlx_vlm import CanvasModel

    most = int(kwargs["max_tokens"])
    row = CanvasModel(
        model,
        wanted.engine,
        wanted.request,
        max_tokens=most,
        prompt_ids=input_ids[0].tolist(),
        steps=kwargs.get("max_denoising_steps"),
    )
    others = {name: value for name, value in kwargs.items() if name not in ("logits_processors", "seed")}
    return row, others | {
        "max_denoising_steps": row.steps,
        "max_tokens": row.max_tokens,
        "temperature": 0.0,  # nothing is drawn by the loop
    }


def main() -> None:
    """Run mlx-vlm's server."""
    install()
    from mlx_vlm.server.cli import main as own_main

    own_main()


if __name__ == "__main__":
    main()
