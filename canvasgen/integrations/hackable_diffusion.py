"""Constraints inside of hackable-diffusion's samplers (JAX): an `InferenceFn` around the network's.

    rows = CanvasInference(network, engine, requests, steps=sampler.num_steps - 1)
    while not rows.is_over:
        last, _ = sampler(inference_fn=rows, rng=key, initial_noise=noise, conditioning=...)   # one block of all rows
        rows.next_block()
    print(rows.completions[0].value)

The sampler's loop stays as it is, jitted or not. The network reads the sessions' canvases in the place of the sampler's,
and the sampler sees logits that say what is best, so whatever it draws, its last step emits the best valid canvas. Both are
ordered callbacks to the host (`jax.experimental.io_callback`): a step changes a session, so `pure_callback`, which JAX may
call twice or not at all, would not do.
"""
# jax is in an environment of its own:
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from canvasgen.denoise import Completion, Policy
from canvasgen.engine import Engine
from canvasgen.errors import ModelError
from canvasgen.extras import missing
from canvasgen.integrations.foreign import Foreign
from canvasgen.integrations.session import Session, Sessions
from canvasgen.request import Request

try:
    import jax
    import jax.numpy as jnp
    from jax.experimental import io_callback
except ModuleNotFoundError as error:
    raise missing(error, "canvasgen.integrations.hackable_diffusion") from error

__all__ = ["CanvasInference"]

CERTAIN = 1e4
"""What the best token is above the others, in logits."""


class CanvasInference:
    """An `InferenceFn` for a batch of requests, a row each.

    Attributes:
        sessions: of the rows.
        completions: the results, None for rows that are not over.

    Args:
        network: hackable-diffusion's `InferenceFn`, whose prediction has `logits` `[B, L, V]`.
        engine: of the network (`cg.load((HostModel(vocabulary, canvas_length), tokenizer))`).
        requests: one for each row.
        steps: how often the sampler asks in one block: for a `DiffusionSampler`, its `num_steps` less one.

    Raises:
        CanvasgenError: of a request.
    """

    def __init__(self, network: Foreign, engine: Engine, requests: Sequence[Request], *, steps: int) -> None:
        self._network = network
        self._end = engine.vocabulary.end_ids[0]
        self._length = engine.denoiser.canvas_length
        defaults = replace(engine.denoiser.defaults, max_denoising_steps=steps)
        self._own = Sessions(engine, defaults=defaults, policy=Policy(restarts=0))
        self.sessions: list[Session] = [self._own.open(request) for request in requests]
        self._blocks: list[tuple[int, ...] | None] = [None] * len(self.sessions)

    @property
    def prompts(self) -> list[tuple[int, ...]]:
        """Token ids of the prompts, with the constraint told."""
        return [session.prompt for session in self.sessions]

    @property
    def completions(self) -> list[Completion | None]:
        """The results so far."""
        return [None if one.last is None else one.last.completion for one in self.sessions]

    @property
    def is_over(self) -> bool:
        """Whether all texts are finished."""
        return all(one.is_over for one in self.sessions)

    def next_block(self) -> list[tuple[int, ...]]:
        """Return the tokens of the block that the sampler has finished, by row, and begin the next one.

        Raises:
            ModelError: the sampler has asked too seldom.
        """
        if any(block is None for block in self._blocks):
            raise ModelError(
                "the sampler has ended before a block was finished",
                rule="steps",
                remedy="give as `steps` how often the sampler asks its InferenceFn",
            )
        blocks = [block or () for block in self._blocks]
        self._blocks = [() if one.is_over else None for one in self.sessions]
        return blocks

    def __call__(self, time: Foreign, xt: Foreign, conditioning: Foreign = None) -> Foreign:
        """The network's prediction for the sessions' canvases, with logits that say what is best.

        Args:
            time: the sampler's.
            xt: int `[B, L, 1]`, the sampler's canvas; only its shape is looked at.
            conditioning: the network's.
        """
        canvas = io_callback(self._canvases, jax.ShapeDtypeStruct(xt.shape, xt.dtype), ordered=True)
        prediction = self._network(time=time, xt=canvas, conditioning=conditioning)
        logits = prediction["logits"].astype(jnp.float32)
        shape = jax.ShapeDtypeStruct(logits.shape, jnp.float32)
        return {**prediction, "logits": io_callback(self._step, shape, logits, ordered=True)}

    def _canvases(self) -> NDArray[np.int32]:
        """int32 `[B, L, 1]`: what the network reads."""
        rows = [one.canvas.numpy() for one in self.sessions]
        return np.stack(rows).astype(np.int32)[..., None]

    def _step(self, logits: Foreign) -> NDArray[np.float32]:
        """float32 `[B, L, V]`: 0 but at the best tokens."""
        values = np.asarray(logits)
        going = [at for at, block in enumerate(self._blocks) if block is None]
        best = {at: block for at, block in enumerate(self._blocks) if block is not None}
        if going:
            moves = self._own.step([self.sessions[at] for at in going], values[going])
            for at, move in zip(going, moves, strict=True):
                if move.error is not None:
                    raise move.error
                self._blocks[at] = move.block
                best[at] = tuple(move.best.tolist()) if move.block is None else move.block
        peaked = np.zeros(values.shape, np.float32)
        for at, tokens in best.items():
            canvas = np.full(self._length, self._end)
            canvas[: len(tokens)] = tokens
            peaked[at, np.arange(self._length), canvas] = CERTAIN
        return peaked
