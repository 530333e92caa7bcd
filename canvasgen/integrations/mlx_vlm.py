"""Structured output on DiffusionGemma in mlx-vlm.

    engine = engine_of_folder(path)
    model, processor = mlx_vlm.load(path)
    row = CanvasModel(model, engine, cg.Request("…", schema=User), max_tokens=256)
    for result in row.stream(processor):
        print(result.text, end="")
    print(row.completion.value)

`CanvasModel` stands in the place of the model in mlx-vlm's own loop, which is unchanged: the decoder reads the
session's canvas and the model's own last logits, and the loop sees logits that say what is best, and whether it is
final (as in `lockstep`). mlx-vlm's batch is one row. Not with `diffusion_compile`.
"""
# mlx is in an environment of its own, and its types are known in part:
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from canvasgen.denoise import Completion, Policy
from canvasgen.engine import Engine
from canvasgen.errors import InvalidConstraint
from canvasgen.extras import missing
from canvasgen.integrations.foreign import Foreign
from canvasgen.integrations.hosted_job import hosted_job
from canvasgen.integrations.session import Sessions
from canvasgen.request import Request

try:
    import mlx.core as mx
except ModuleNotFoundError as error:
    raise missing(error, "canvasgen.integrations.mlx_vlm") from error

__all__ = ["CanvasModel"]

CERTAIN = 1e4
"""What a committed token is above the others; an entropy with −inf is no number in mlx."""


class CanvasModel:
    """mlx-vlm's model for one request.

    Attributes:
        completion: the result, once it is over.

    Args:
        model: mlx-vlm's model; all that is not of a denoising step is its own.
        engine: of the same model (`integrations.hosted_folder.engine_of_folder`).
        request: the request.
        max_tokens: as for mlx-vlm; its canvases are shorter than the model's where fewer tokens are left.
        prompt_ids: token ids of the prompt, where mlx-vlm has made them; None: the request's prompt with the schema told.
        steps: denoising steps of a canvas; None: the model's.
        policy: None: `Policy(restarts=0)`, since the loop denoises no canvas twice.

    Raises:
        CanvasgenError: as for `Engine.complete`.
    """

    def __init__(
        self,
        model: Foreign,
        engine: Engine,
        request: Request,
        *,
        max_tokens: int,
        prompt_ids: Sequence[int] | None = None,
        steps: int | None = None,
        policy: Policy | None = None,
    ) -> None:
        self._model = model
        usual = engine.denoiser.defaults
        self.steps = usual.max_denoising_steps if steps is None else steps
        self.max_tokens = max_tokens if request.max_tokens is None else min(request.max_tokens, max_tokens)
        sessions = Sessions(
            engine,
            defaults=replace(usual, max_denoising_steps=self.steps),
            policy=policy or Policy(restarts=0),
        )
        request = replace(request, max_tokens=self.max_tokens)
        job = engine.prepare(request) if prompt_ids is None else hosted_job(engine, request, prompt_ids)
        if job.max_denoising_steps is not None and job.max_denoising_steps > self.steps:
            raise InvalidConstraint(
                f"the loop takes {self.steps} steps for a canvas at most",
                rule="max_denoising_steps",
                value=job.max_denoising_steps,
                remedy="give its number as steps=",
            )
        self._session = sessions.begin(job)
        self._length = engine.denoiser.canvas_length
        self._end = engine.vocabulary.end_ids[0]
        self._commits: NDArray[np.int64] | None = None
        self._known: Foreign = None
        self.completion: Completion | None = None

    def __getattr__(self, name: str) -> Foreign:
        """All else is the model's."""
        return getattr(self._model, name)

    @property
    def language_model(self) -> _LanguageModel:
        """What mlx-vlm's server asks to generate: with this model in the place of its own."""
        return _LanguageModel(self, self._model)

    def stream(self, processor: Foreign, **options: Foreign) -> Iterator[Any]:
        """mlx-vlm's `GenerationResult`s.

        Args:
            processor: mlx-vlm's.
            options: of `mlx_vlm.generate.diffusion.stream_diffusion_generate`.

        Raises:
            CanvasgenError: of the request.
        """
        from mlx_vlm.generate.diffusion import stream_diffusion_generate

        tokenizer = getattr(processor, "tokenizer", processor)
        given: dict[str, Any] = {
            "max_tokens": self.max_tokens,
            "max_denoising_steps": self.steps,
            "skip_special_token_ids": set(getattr(tokenizer, "all_special_ids", ())),
            "temperature": 0.0,  # nothing is drawn by the loop
        }
        ids = mx.array([list(self._session.prompt)])
        yield from stream_diffusion_generate(self, processor, tokenizer, ids, None, None, **(given | options))

    def diffusion_decoder_masks(
        self, canvas_ids: Foreign, cache: Foreign, decoder_attention_mask: Foreign = None
    ) -> Foreign:
        """A canvas begins."""
        self._commits, self._known = None, None
        if self._session.is_over:  # what is behind a text is its end
            self._commits = self._padded(())
        return self._model.diffusion_decoder_masks(canvas_ids, cache, decoder_attention_mask)

    def diffusion_decoder_logits(
        self,
        canvas_ids: Foreign,
        cache: Foreign = None,
        self_conditioning: Foreign = None,
        decoder_attention_mask: Foreign = None,
    ) -> Foreign:
        """What the loop sees of a step, float32 `[1, n, V]`."""
        count = canvas_ids.shape[1]
        if self._commits is None:
            own = self._session.canvas.numpy()[:count]
            canvas_ids = mx.array(own[None]).astype(canvas_ids.dtype)
        logits = self._model.diffusion_decoder_logits(
            canvas_ids,
            cache=cache,
            self_conditioning=self_conditioning,
            decoder_attention_mask=decoder_attention_mask,
        )
        if self._commits is None:
            return self._stepped(logits, count)
        return _peaked(self._commits[:count], logits, CERTAIN)

    def _stepped(self, logits: Foreign, count: int) -> Foreign:
        values = np.zeros((self._length, logits.shape[-1]), np.float32)
        values[:count] = np.array(logits[0].astype(mx.float32))
        self._known = logits.astype(mx.float32) / self._session.temperature
        move = self._session.step(values)
        if move.error is not None:
            raise move.error
        self.completion = move.completion
        if move.block is None:
            return _peaked(self._padded(move.best.numpy())[:count], logits, 1.0)
        self._commits = self._padded(move.block)
        return _peaked(self._commits[:count], logits, CERTAIN)

    def diffusion_self_conditioning(
        self, processed_logits: Foreign, embedding_weight: Foreign = None
    ) -> Foreign:
        """Of the model's own last logits, in the place of what the loop has seen."""
        told = processed_logits if self._known is None else self._known.astype(processed_logits.dtype)
        return self._model.diffusion_self_conditioning(told, embedding_weight)

    def _padded(self, ids: Foreign) -> NDArray[np.int64]:
        """int64 `[L]`: ids, and end tokens behind them."""
        canvas = np.full(self._length, self._end, np.int64)
        canvas[: len(ids)] = ids
        return canvas


class _LanguageModel:
    """mlx-vlm's view of a model's language model, whose `generate` runs the loop with a `CanvasModel`."""

    def __init__(self, row: CanvasModel, model: Foreign) -> None:
        self._row, self._own = row, model

    def __getattr__(self, name: str) -> Foreign:
        return getattr(self._own.language_model, name)

    def generate(self, *arguments: Foreign, **options: Foreign) -> Foreign:
        """mlx-vlm's method of the model."""
        return type(self._own).generate(self._row, *arguments, **options)


def _peaked(canvas: NDArray[np.int64], like: Foreign, height: float) -> Foreign:
    """float32 `[1, n, V]`: 0 but at the tokens of a canvas, int64 `[n]`."""
    values = np.zeros(like.shape, np.float32)
    values[0, np.arange(len(canvas)), canvas] = height
    return mx.array(values)
