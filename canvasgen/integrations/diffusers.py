"""Structured output in diffusers' `DiffusionGemmaPipeline`.

    with CanvasScheduler.of(engine, [cg.Request("…", schema=User)], gen_length=256, steps=48) as scheduler:
        pipe = DiffusionGemmaPipeline(model=model, scheduler=scheduler, processor=scheduler.processor)
        pipe(prompt=["…"], gen_length=256, num_inference_steps=48)
    print(scheduler.rows.completions[0].value)

The scheduler's processor writes the prompts of the requests, with the schema told; the pipeline's `prompt` only gives
their number. As for transformers, a row's tokens are those of canvasgen's own loop. The pipeline takes one tensor for
the stop rule and for self-conditioning; the model's pre-hook (`Lockstep`) gives the model its own last logits
instead.
"""
# diffusers is optional, and its types are known in part:
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false, reportUntypedFunctionDecorator=false
# pyright: reportUnknownParameterType=false, reportGeneralTypeIssues=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace, TracebackType
from typing import Any, Self

import torch
from torch import Tensor

from canvasgen.denoise import Policy
from canvasgen.engine import Engine
from canvasgen.errors import ModelError
from canvasgen.extras import missing
from canvasgen.integrations.lockstep import Lockstep
from canvasgen.request import Request

try:
    from diffusers.configuration_utils import ConfigMixin, register_to_config
    from diffusers.schedulers.scheduling_utils import SchedulerMixin
    from diffusers.utils.outputs import BaseOutput
except ModuleNotFoundError as error:
    raise missing(error, "canvasgen.integrations.diffusers") from error

__all__ = ["CanvasScheduler", "CanvasStep"]


@dataclass
class CanvasStep(BaseOutput):
    """What the pipeline reads of a step.

    Attributes:
        prev_sample: int64 `[B, L]`, the canvas that the pipeline keeps.
        pred_logits: float32 `[B, L, V]`, for its stop rule.
    """

    prev_sample: Tensor
    pred_logits: Tensor


class CanvasScheduler(SchedulerMixin, ConfigMixin):
    """A scheduler whose steps are those of sessions; a context manager, and for one call of the pipeline.

    Attributes:
        rows: the requests, with their completions.
        processor: writes their prompts; for the pipeline.
    """

    order = 1

    @register_to_config
    def __init__(self, num_inference_steps: int = 48) -> None:
        self.num_inference_steps = num_inference_steps
        self.timesteps = torch.arange(num_inference_steps)

    @classmethod
    def of(
        cls,
        engine: Engine,
        requests: Sequence[Request],
        *,
        gen_length: int,
        steps: int | None = None,
        policy: Policy | None = None,
    ) -> Self:
        """Return the scheduler of some requests.

        Args:
            engine: `canvasgen.load((model, tokenizer))`, with the pipeline's model.
            requests: one for each prompt.
            gen_length, steps: as the pipeline's `gen_length` and `num_inference_steps`.
            policy: as for `Lockstep`.

        Raises:
            CanvasgenError: as for `Lockstep`.
        """
        rows = Lockstep(engine, requests, max_tokens=gen_length, steps=steps, policy=policy)
        made = cls(num_inference_steps=rows.steps)
        made.rows = rows
        made.processor = _Prompts(rows, engine)
        return made

    rows: Lockstep
    processor: Any

    def __enter__(self) -> Self:
        self.rows.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.rows.__exit__(kind, error, trace)

    def set_timesteps(self, num_inference_steps: int, device: Any = None) -> None:
        """The pipeline tells its number of steps.

        Raises:
            ModelError: the requests were begun for another number.
        """
        if num_inference_steps != self.rows.steps:
            raise ModelError(
                f"the pipeline takes {num_inference_steps} steps for a canvas, and the scheduler {self.rows.steps}",
                rule="num_inference_steps",
                value=num_inference_steps,
                remedy="give the scheduler the same number as steps=",
            )
        self.num_inference_steps = num_inference_steps
        self.timesteps = torch.arange(num_inference_steps, device=device)

    def step(
        self, model_output: Tensor, timestep: int, sample: Tensor, *, return_dict: bool = True
    ) -> CanvasStep | tuple[Tensor, Tensor]:
        """One step of all rows.

        Args:
            model_output: `[B, L, V]`, the model's logits.
            timestep: not read; the sessions count.
            sample: int64 `[B, L]`; the sessions have their own.
            return_dict: whether a `CanvasStep` is returned, or its values.

        Raises:
            CanvasgenError: of a row.
        """
        del timestep, sample
        seen = self.rows.step(model_output)
        best = seen.argmax(dim=-1)
        return CanvasStep(best, seen) if return_dict else (best, seen)


class _Prompts:
    """What the pipeline asks of a processor: the prompts' token ids, and texts of token ids."""

    def __init__(self, rows: Lockstep, engine: Engine) -> None:
        self._rows = rows
        self._vocabulary = engine.vocabulary
        self.tokenizer = SimpleNamespace(eos_token_id=engine.vocabulary.end_ids[0])

    def apply_chat_template(self, messages: Any, **options: Any) -> dict[str, Tensor]:
        """The requests' own prompts, whatever the messages are."""
        del messages, options
        return self._rows.inputs()

    def batch_decode(self, sequences: Sequence[Any], **options: Any) -> list[str]:
        """The texts before the end tokens."""
        del options
        rows = [torch.as_tensor(one).cpu().numpy() for one in sequences]
        return [self._vocabulary.text_bytes(row).decode(errors="replace") for row in rows]
