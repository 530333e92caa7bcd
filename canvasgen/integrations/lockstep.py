"""Requests in a loop that runs a batch canvas by canvas: all rows begin a canvas together, and wait for each other.

transformers' `generate` and diffusers' pipeline are such loops. They have one tensor, the processed logits, for four
things: what the next canvas is drawn from, what is accepted, what the model is told of its last answer, and what is
committed. Here these are told apart:

    forward pre-hook of the model     the session's canvas, and the model's own last logits as self-conditioning
    processed logits                  best valid canvas by a little ──▶ argmax, high entropy: the loop goes on
                                      committed canvas for certain  ──▶ argmax, no entropy: the loop ends

Both loops take the argmax of a canvas's last step. So what they write is valid at whatever step they stop.
"""
# The types of transformers are known in part:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor

from canvasgen.checks import is_sequence, whole_number
from canvasgen.denoise import Completion, Policy
from canvasgen.engine import Engine
from canvasgen.errors import CanvasgenError, InvalidConstraint, ModelError
from canvasgen.integrations.session import Session, Sessions
from canvasgen.models.diffusion_gemma import DiffusionGemma
from canvasgen.request import Request

__all__ = ["Lockstep"]

CERTAIN = 1e4
"""What a committed token is above the others, before any temperature."""


class Lockstep:
    """The rows of one call of such a loop; a context manager, which hooks into the model while it is entered.

    Attributes:
        sessions: by row; None: the row is the loop's own, untouched.
        completions: by row, once it is over.

    Args:
        engine: `canvasgen.load((model, tokenizer))` with the model that the loop runs.
        requests: one for each row; None: the row has no constraint, and is left to the loop.
        max_tokens: that the loop may write for a row.
        steps: that the loop takes for a canvas at most; None: those of the model's generation config.
        policy: acceptance and commit; None: `Policy(restarts=0)`, since the loop denoises no canvas twice.

    Raises:
        CanvasgenError: a request is impossible, as for `Engine.complete`; a model that is no DiffusionGemma.
    """

    def __init__(
        self,
        engine: Engine,
        requests: Sequence[Request | None],
        *,
        max_tokens: int,
        steps: int | None = None,
        policy: Policy | None = None,
    ) -> None:
        if not isinstance(engine.denoiser, DiffusionGemma):
            raise ModelError(
                "the loop of this host runs a DiffusionGemma",
                rule="model",
                value=type(engine.denoiser).__name__,
                remedy="give canvasgen.load((model, tokenizer))",
            )
        given: object = requests
        if not is_sequence(given) or not given:
            raise InvalidConstraint(
                "there is one request for each row, or None",
                rule="requests",
                value=given,
                remedy="give a list as long as the rows, None where a row is free",
            )
        usual = engine.denoiser.defaults
        self.steps = usual.max_denoising_steps if steps is None else whole_number(steps, rule="steps", low=1)
        self._denoiser = engine.denoiser
        self._engine = engine
        defaults = replace(usual, max_denoising_steps=self.steps)
        self._group = Sessions(engine, defaults=defaults, policy=policy or Policy(restarts=0))
        self._length = engine.denoiser.canvas_length
        self._end = engine.vocabulary.end_ids[0]
        self.completions: list[Completion | None] = [None] * len(requests)
        self.sessions = [self._opened(one, max_tokens) for one in requests]
        self._known: Tensor | None = None
        self._commits: dict[int, Tensor] = {}
        self._hook: Any = None
        self._fed = False

    def _opened(self, request: Request | None, max_tokens: int) -> Session | None:
        if request is None:
            return None
        own = request.max_tokens
        job = self._engine.prepare(
            replace(request, max_tokens=max_tokens if own is None else min(own, max_tokens))
        )
        if job.max_denoising_steps is not None and job.max_denoising_steps > self.steps:
            raise InvalidConstraint(
                f"the loop takes {self.steps} steps for a canvas at most",
                rule="max_denoising_steps",
                value=job.max_denoising_steps,
                remedy="tell the loop, and give its number as steps=",
            )
        return self._group.begin(job)

    def __enter__(self) -> Self:
        model: Any = self._denoiser.model
        self._hook = model.model.register_forward_pre_hook(self._feed, with_kwargs=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hook.remove()
        self._hook = None

    def inputs(self, prompts: Sequence[Sequence[int]] | None = None) -> dict[str, Tensor]:
        """Return `input_ids` and `attention_mask`, int64 `[B, N]`, padded on the left, on the model's device.

        Args:
            prompts: token ids of the rows without a session; needed if there are such.
        """
        given = list(prompts or [[]] * len(self.sessions))
        rows = [list(given[at]) if one is None else list(one.prompt) for at, one in enumerate(self.sessions)]
        if not all(rows):
            raise ModelError(
                "a row has no prompt",
                rule="prompts",
                value=rows.index([]),
                remedy="give each row the ids of a prompt",
            )
        longest = max(map(len, rows))
        pad = self._engine.vocabulary.pad_id or 0
        ids = torch.tensor([[pad] * (longest - len(row)) + row for row in rows])
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
        device = self._denoiser.device
        return {"input_ids": ids.to(device), "attention_mask": mask.to(device)}

    def _begin(self) -> None:
        """The loop begins a canvas: it has no last answer to tell the model of."""
        for at, session in enumerate(self.sessions):
            if (
                session is not None
                and at not in self._commits
                and session.last is not None
                and not session.is_over
            ):
                raise ModelError(
                    "the loop has taken a canvas before its session has committed it",
                    path=f"row {at}",
                    rule="stop rule",
                    remedy=f"let the loop take {self.steps} steps, and stop for low entropy alone",
                )
        self._commits = {}
        self._known = None
        for at, session in enumerate(self.sessions):
            if session is not None and session.is_over:  # what is behind a text is its end
                self._commits[at] = self._padded(())

    def step(self, logits: Tensor) -> Tensor:
        """Return what the loop should see, float32 `[B, L, V]`, before it divides by its temperature.

        Args:
            logits: `[B, L, V]`, as the model gives them; not changed.

        Raises:
            CanvasgenError: the first error of a row.
        """
        if not self._fed:
            raise ModelError(
                "the model's passes are not seen",
                rule="hook",
                remedy="run the loop inside of `with`, without compilation, on the engine's own model",
            )
        self._fed = False
        self._check(logits)
        going = [at for at, one in enumerate(self.sessions) if one is not None and at not in self._commits]
        seen = logits.float().clone()
        if going:
            self._move(going, logits, seen)
        for at, canvas in self._commits.items():
            seen[at] = _peaked(canvas, seen[at], CERTAIN)
        return seen

    def _move(self, going: list[int], logits: Tensor, seen: Tensor) -> None:
        """One step of the rows that denoise; writes what the loop sees of them."""
        sessions = [one for one in (self.sessions[at] for at in going) if one is not None]
        own = logits if len(going) == len(logits) else logits[going]
        heats = torch.tensor([one.temperature for one in sessions], device=logits.device)
        moves = self._group.step(sessions, own)
        self._known = torch.zeros_like(seen) if self._known is None else self._known
        self._known[going] = own.float() / heats[:, None, None]
        for at, move in zip(going, moves, strict=True):
            if move.error is not None:
                raise _placed(move.error, at)
            if move.block is not None:
                self._commits[at] = self._padded(move.block)
            self.completions[at] = move.completion
            seen[at] = _peaked(self._padded(move.best), seen[at], 1.0)

    def _check(self, logits: Tensor) -> None:
        wanted = len(self.sessions), self._length, self._engine.vocabulary.size
        if tuple(logits.shape) != wanted:
            raise ModelError(
                f"the logits of a step have the shape {list(wanted)}",
                rule="logits [B, L, V]",
                value=list(logits.shape),
                remedy="give one request for each row of the batch, None for a row of the loop's own",
            )

    def _padded(self, ids: Any) -> Tensor:
        """int64 `[L]`: ids, and end tokens behind them."""
        canvas = torch.full((self._length,), self._end, dtype=torch.int64)
        canvas[: len(ids)] = torch.as_tensor(ids, dtype=torch.int64)
        return canvas

    def _feed(
        self, module: object, args: tuple[Any, ...], given: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        """The model's pre-hook: the sessions' canvases and self-conditioning, for the decoder's passes."""
        del module
        canvas: Tensor | None = given.get("decoder_input_ids")
        if canvas is None:
            return args, given
        self._fed = True
        told: Tensor | None = given.get("self_conditioning_logits")
        if told is None:
            self._begin()
        if len(canvas) != len(self.sessions):
            return args, given  # `step` says what is wrong
        fed = dict(given)
        going = [at for at, one in enumerate(self.sessions) if one is not None and at not in self._commits]
        fed["decoder_input_ids"] = canvas = canvas.clone()
        for at in going:
            session = self.sessions[at]
            assert session is not None, "rows that go have one"
            canvas[at] = session.canvas.to(canvas.device)
        if told is not None and self._known is not None and going:
            fed["self_conditioning_logits"] = told = told.clone()
            told[going] = self._known[going].to(told.dtype)
        return args, fed


def _placed(error: CanvasgenError, row: int) -> CanvasgenError:
    """The error of a session, which says in which row it was."""
    error.path = f"row {row}" if error.path is None else f"row {row}, {error.path}"
    return error


def _peaked(canvas: Tensor, like: Tensor, height: float) -> Tensor:
    """Logits like `[L, V]` others, that are 0 but at the tokens of a canvas, int64 `[L]`."""
    return torch.zeros_like(like).scatter_(1, canvas.to(like.device)[:, None], height)
