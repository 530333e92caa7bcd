"""DiffusionGemma as vLLM has it, with canvasgen's sampler in the place of its own."""
# vLLM is in an environment of its own, and its hooks are private:
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false, reportUntypedClassDecorator=false
# pyright: reportUnknownParameterType=false

from __future__ import annotations

from typing import Any

from canvasgen.errors import ModelError
from canvasgen.extras import missing
from canvasgen.integrations.session import Sessions
from canvasgen.integrations.vllm.hosted_engine import engine_of
from canvasgen.integrations.vllm.ranks import RankSlots, told_by_first
from canvasgen.integrations.vllm.sampler import CanvasSampler
from canvasgen.integrations.vllm.slot_sessions import Slots

try:
    import vllm.model_executor.models.diffusion_gemma as own
    from vllm.distributed.parallel_state import get_tp_group
    from vllm.model_executor.models.gemma4_mm import Gemma4DummyInputsBuilder, Gemma4MultiModalProcessor
    from vllm.multimodal import MULTIMODAL_REGISTRY
except ModuleNotFoundError as error:
    raise missing(error, "canvasgen.integrations.vllm") from error

__all__ = ["CanvasDiffusionGemma", "CanvasModelState"]

_NEEDED = {
    "canvas",
    "argmax_canvas",
    "is_encoder_phase",
    "max_steps",
    "step",
    "accepted_canvas_history_len",
    "step_allowed",
    "canvas_width_np",
}
"""What the sampler reads and writes of vLLM's states."""


class CanvasModelState(own.DiffusionGemmaModelState):
    """vLLM's states, with a session for each request that has a constraint."""

    def custom_sampler(self, sampler: Any) -> tuple[Any, Any] | None:
        """vLLM's sampler, made canvasgen's: it is built as vLLM builds it, whatever arguments that takes."""
        found = super().custom_sampler(sampler)
        if found is None:
            return None
        made, rejection = found
        _check(made)
        length = self.diffusion_states.canvas_length
        group = get_tp_group()
        self.slots = RankSlots(
            self._sessions() if group.rank_in_group == 0 else None, length, told_by_first(group)
        )
        made.__class__ = CanvasSampler
        made.slots = self.slots
        return made, rejection

    def _sessions(self) -> Slots:
        states = self.diffusion_states
        engine = engine_of(self.model_config, canvas_length=states.canvas_length)
        return Slots(Sessions(engine), engine, states.max_denoising_steps, tells=True)

    def add_request(self, req_index: int, new_req_data: Any) -> None:
        """A new request, or one that was preempted and comes again with what it has written."""
        super().add_request(req_index, new_req_data)
        if self.slots.add(req_index, new_req_data):
            self.diffusion_states.max_steps[req_index].fill_(2**30)  # its steps are the session's to count

    def remove_request(self, req_id: str) -> None:
        """A request that is over, aborted or preempted."""
        index = self._req_id_to_index.get(req_id)
        super().remove_request(req_id)
        if index is not None:
            self.slots.remove(index)


def _check(sampler: Any) -> None:
    """Raise an error for a sampler that is not laid out as the versions that are known.

    Raises:
        ModelError: names what is missing.
    """
    states = getattr(sampler, "diffusion_states", None)
    missing = sorted(name for name in _NEEDED if not hasattr(states, name))
    missing += [name for name in ("_finish_prefills", "req_states") if not hasattr(sampler, name)]
    if missing or type(sampler) is not own.DiffusionSampler:
        raise ModelError(
            "this vLLM keeps the states of DiffusionGemma otherwise than the versions that canvasgen knows",
            rule="vLLM",
            value=missing or type(sampler).__name__,
            remedy="install vLLM 0.32, or set VLLM_PLUGINS to the plugins without canvasgen",
        )


@MULTIMODAL_REGISTRY.register_processor(
    Gemma4MultiModalProcessor,
    info=own.DiffusionGemmaProcessingInfo,
    dummy_inputs=Gemma4DummyInputsBuilder,
)
class CanvasDiffusionGemma(own.DiffusionGemmaForConditionalGeneration):
    """vLLM's DiffusionGemma."""

    @staticmethod
    def get_model_state_cls() -> type[CanvasModelState]:
        """The states with sessions."""
        return CanvasModelState
