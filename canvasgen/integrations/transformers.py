"""Structured output in transformers' own `DiffusionGemmaForBlockDiffusion.generate`.

    engine = cg.load((model, tokenizer))
    with CanvasLogitsProcessor(engine, [cg.Request("…", schema=User)], max_new_tokens=256) as processor:
        model.generate(**processor.inputs(), logits_processor=LogitsProcessorList([processor]), max_new_tokens=256)
    print(processor.completions[0].value)

A row's tokens are those of canvasgen's own loop with the same seed. What differs: races of several starts and restarts after
a validator's refusal need canvases that `generate` does not give; rows of a batch wait for each other at the end of a
canvas, which changes no token. Not with a static cache: its compiled passes cannot be hooked into.
"""
# The types of transformers are known in part:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor
from transformers import LogitsProcessor
from transformers.generation.streamers import BaseStreamer
from typing_extensions import override

from canvasgen.denoise import Policy
from canvasgen.engine import Engine
from canvasgen.errors import ModelError
from canvasgen.integrations.lockstep import Lockstep
from canvasgen.request import Request

__all__ = ["CanvasLogitsProcessor", "CanvasStreamer"]


class CanvasLogitsProcessor(Lockstep, LogitsProcessor):
    """The requests of one call of `generate`, as its logits processor.

    Args:
        engine: `canvasgen.load((model, tokenizer))`.
        requests: one for each row of the batch; None: a row without a constraint.
        max_new_tokens: as for `generate`.
        max_denoising_steps: as for `generate`; None: the model's generation config.
        policy: as for `Lockstep`.

    Raises:
        CanvasgenError: as for `Lockstep`.
    """

    def __init__(
        self,
        engine: Engine,
        requests: Sequence[Request | None],
        *,
        max_new_tokens: int,
        max_denoising_steps: int | None = None,
        policy: Policy | None = None,
    ) -> None:
        super().__init__(
            engine, requests, max_tokens=max_new_tokens, steps=max_denoising_steps, policy=policy
        )
        self._left: int | None = None

    def __call__(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, input_ids: Tensor, scores: Tensor, cur_step: Any
    ) -> Tensor:
        """Return what `generate` sees of a step; the parameter's name is what it looks for.

        Args:
            input_ids: not read.
            scores: `[B, L, V]`.
            cur_step: steps that are left, with this one.

        Raises:
            ModelError: `generate` takes another number of steps than this processor was told.
            CanvasgenError: of a row.
        """
        del input_ids
        left = int(cur_step)
        if (self._left is None or left >= self._left) and left != self.steps:
            raise ModelError(
                f"generate takes {left} steps for a canvas, and the processor expects {self.steps}",
                rule="max_denoising_steps",
                value=left,
                remedy="give both the same max_denoising_steps",
            )
        self._left = left
        return self.step(scores)


class CanvasStreamer(BaseStreamer):
    """A live view of one row of `generate`: the text as it stands after each step, and as it is committed.

    Args:
        engine: whose vocabulary the tokens are of.
        show: called with the whole text so far, and whether it is committed; None: the last line of the terminal.
        row: of the batch.
    """

    _takes_logits = False

    def __init__(
        self, engine: Engine, show: Callable[[str, bool], object] | None = None, *, row: int = 0
    ) -> None:
        self._vocabulary = engine.vocabulary
        self._show = _printed if show is None else show
        self._row = row
        self._committed = b""
        self._is_prompt = True

    def put_draft(self, value: Tensor, **others: Any) -> None:
        """A step's best canvas, int64 `[B, L]`."""
        del others
        self._show(self._decoded(value), False)

    @override
    def put(self, value: Tensor) -> None:
        """First the prompt, then a canvas that is final, int64 `[B, L]`."""
        if self._is_prompt:
            self._is_prompt = False
            return
        self._committed += self._vocabulary.text_bytes(value[self._row].cpu().numpy())
        self._show(self._committed.decode(errors="replace"), True)

    @override
    def end(self) -> None:
        """Ready for another call of `generate`."""
        self._committed, self._is_prompt = b"", True

    def _decoded(self, value: Tensor) -> str:
        draft = self._vocabulary.text_bytes(value[self._row].cpu().numpy())
        return (self._committed + draft).decode(errors="replace")


def _printed(text: str, committed: bool) -> None:
    """Show the last line of a text, in place."""
    print(f"\r\033[K{text.splitlines()[-1] if text else ''}", end="\n" if committed else "", flush=True)  # noqa: T201
