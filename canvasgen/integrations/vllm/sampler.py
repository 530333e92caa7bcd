"""vLLM's sampler, which for requests with a constraint does what their sessions say.

vLLM's own step runs for all slots, so that other requests draw what they would draw, and self-conditioning is made of the
model's own logits. Then the slots with a session get their canvas, and whether it is committed. vLLM itself never ends a
canvas of theirs: its step limit is out of reach, and its history of drafts is emptied before each step.
"""
# vLLM is in an environment of its own, and its hooks are private:
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from canvasgen.extras import missing

if TYPE_CHECKING:
    from canvasgen.integrations.vllm.ranks import RankSlots
    from canvasgen.integrations.vllm.slot_sessions import Turn

try:
    from vllm.model_executor.models.diffusion_gemma import DiffusionSampler
except ModuleNotFoundError as error:
    raise missing(error, "canvasgen.integrations.vllm") from error

__all__ = ["CanvasSampler"]


class CanvasSampler(DiffusionSampler):
    """`DiffusionSampler` with sessions.

    Attributes:
        slots: the requests with a constraint.
    """

    slots: RankSlots

    def __call__(self, logits: Any, input_batch: Any, draft_logits: Any = None) -> Any:
        """One step of all slots."""
        count = input_batch.num_reqs
        in_batch = input_batch.idx_mapping_np[:count].tolist()
        own = [slot for slot in in_batch if slot in self.slots]
        if input_batch.num_draft_tokens == 0 or not own:
            return super().__call__(logits, input_batch, draft_logits)
        rows = np.diff(input_batch.cu_num_logits_np[: count + 1]).tolist()
        first = dict(zip(in_batch, np.cumsum([0, *rows[:-1]]).tolist(), strict=True))
        width = dict(zip(in_batch, rows, strict=True))
        decoding = [slot for slot in own if width[slot] > 0]
        states = self.diffusion_states

        def logits_of(slots: list[int]) -> torch.Tensor:
            return _canvases(logits, [(first[slot], width[slot]) for slot in slots], states.canvas_length)

        turns = self.slots.step(decoding, logits_of)
        if decoding:
            states.accepted_canvas_history_len[decoding] = 0
        made = super().__call__(logits, input_batch, draft_logits)
        for slot, turn in turns.items():
            self._put(slot, turn)
        self.slots.end_step()
        return made

    def _put(self, slot: int, turn: Turn) -> None:
        """Write what a slot does next where vLLM looks for it."""
        states = self.diffusion_states
        canvas = turn.canvas.to(states.device)
        states.canvas[slot] = canvas
        states.is_encoder_phase[slot] = turn.commits
        if turn.commits:
            states.argmax_canvas[slot] = canvas
        if turn.commits or turn.begins:
            states.self_conditioning_embeds[slot] = 0
            states.step[slot] = 0
        self.req_states.draft_tokens[slot, : states.canvas_length] = canvas

    def _finish_prefills(self, input_batch: Any, prefill_indices_np: Any) -> None:
        """The first canvases are the sessions'."""
        super()._finish_prefills(input_batch, prefill_indices_np)
        done = (
            input_batch.num_computed_prefill_tokens_np[prefill_indices_np]
            + input_batch.num_scheduled_tokens[prefill_indices_np]
            >= input_batch.prefill_len_np[prefill_indices_np]
        )
        read = input_batch.idx_mapping_np[prefill_indices_np[done]].tolist()
        for slot, turn in self.slots.first([slot for slot in read if slot in self.slots]).items():
            self._put(slot, turn)


def _canvases(logits: torch.Tensor, rows: list[tuple[int, int]], length: int) -> torch.Tensor:
    """`[len(rows), length, V]`: rows of the flat logits by request; what vLLM does not compute behind the budget is 0."""
    begun = rows[0][0]
    whole = [(begun + place * length, length) for place in range(len(rows))]
    if rows == whole:
        return logits[begun : begun + len(rows) * length].view(len(rows), length, -1)
    canvases = logits.new_zeros((len(rows), length, logits.shape[-1]))
    for place, (at, count) in enumerate(rows):
        canvases[place, :count] = logits[at : at + count]
    return canvases
