"""Structured output on DiffusionGemma in SGLang: a plugin (`sglang.srt.plugins`). NOT RUN: SGLang asks for CUDA.

Written against SGLang 0.5.23, whose states of a step the tests record. Three hooks on `Gemma4Renoise`:

    validate_request   json_schema, regex, ebnf and the key `canvasgen` of `custom_params` -> checked, compiled, or refused
    init_step_state    the session's canvas in the place of a random one
    step               SGLang's own step, then the session's canvas, and whether the block is finished
"""
# SGLang is in an environment of its own, and its hooks are private:
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from canvasgen.denoise import Job
from canvasgen.engine import Engine
from canvasgen.errors import CanvasgenError, InvalidConstraint
from canvasgen.integrations.hosted_job import hosted_job
from canvasgen.integrations.session import Move, Session, Sessions
from canvasgen.request.written import object_under, read_request

__all__ = ["KEY", "RenoiseHooks", "register"]

KEY = "canvasgen"
"""Of a request in `sampling_params.custom_params`, as JSON or its text; and of its session in SGLang's states."""
ALGORITHM = "sglang.srt.dllm.algorithm.gemma4_renoise.Gemma4Renoise"
_KINDS = {"json_schema": "schema", "regex": "regex", "ebnf": "grammar"}
_MOST_REQUESTS = 4096
"""Requests that are remembered; SGLang does not tell when one is aborted."""

_log = logging.getLogger("sglang.canvasgen")


def register() -> None:
    """Register the hooks; called by SGLang when it loads plugins. The engine is made with the first request."""
    from sglang.srt.plugins.hook_registry import HookRegistry, HookType

    hooks = RenoiseHooks(_engine_of_server)
    for name in ("validate_request", "init_step_state", "step"):
        HookRegistry.register(f"{ALGORITHM}.{name}", getattr(hooks, name), HookType.AROUND)


def _engine_of_server() -> Engine:
    """The engine of the model that SGLang serves."""
    from sglang.srt.server_args import get_global_server_args

    from canvasgen.integrations.hosted_folder import engine_of_folder

    return engine_of_folder(get_global_server_args().model_path)


class RenoiseHooks:
    """The sessions of a server's requests, by their id.

    Args:
        engine: makes the engine around a `HostModel`; called once.
    """

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine_of = engine
        self._engine: Engine | None = None
        self._sessions: Sessions | None = None
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._open: OrderedDict[str, Session] = OrderedDict()

    def validate_request(self, own: Callable[..., str | None], *given: Any) -> str | None:
        """Why a request is refused; None if it is not.

        Args:
            own: SGLang's method.
            given: its arguments; the last one is SGLang's `Req`.
        """
        request = given[-1]
        params = request.sampling_params
        try:
            job = self._job(request)
        except CanvasgenError as error:
            return str(error)
        if job is None:
            return own(*given)
        kept = {name: getattr(params, name) for name in _KINDS}
        for name in kept:  # SGLang refuses them
            setattr(params, name, None)
        reason = own(*given)
        if reason is None:
            self._jobs[str(request.rid)] = job
            while len(self._jobs) > _MOST_REQUESTS:
                self._jobs.popitem(last=False)
        return reason

    def _job(self, request: Any) -> Job | None:
        params = request.sampling_params
        written = _written(params)
        if written is None:
            return None
        seed = written.setdefault("seed", secrets.randbits(62))
        if self._engine is None:
            self._engine = self._engine_of()
            self._sessions = Sessions(self._engine)
        made = read_request(written)
        if made.grounded is True:
            raise InvalidConstraint(
                "the prompt's text is not known here",
                path=f"{KEY}.grounded",
                rule="grounded",
                remedy='give the text itself: "grounded": "the source"',
            )
        made = replace(made, max_tokens=params.max_new_tokens, seed=seed)
        return hosted_job(self._engine, made, request.origin_input_ids)

    def init_step_state(
        self, own: Callable[..., list[dict[str, Any]]], algorithm: Any, forward_batch: Any
    ) -> list[dict[str, Any]]:
        """SGLang's states of a new block, with the sessions' canvases."""
        states = own(algorithm, forward_batch)
        for rid, state in zip(forward_batch.rids or [], states, strict=False):
            session = self._session(str(rid), algorithm.max_denoising_steps)
            if session is not None:
                state[KEY] = session
                state["current"] = session.canvas.to(state["current"].device)
        return states

    def _session(self, rid: str, steps: int) -> Session | None:
        job = self._jobs.pop(rid, None)
        if job is not None and job.max_denoising_steps is None and job.quality is None:
            job = replace(job, max_denoising_steps=steps)
        if job is not None and self._sessions is not None:
            try:
                self._open[rid] = self._sessions.begin(job)
            except CanvasgenError as error:
                _log.error("request %s has failed: %s", rid, error)
            while len(self._open) > _MOST_REQUESTS:
                self._open.popitem(last=False)[1].close()
        return self._open.get(rid)

    def step(
        self,
        own: Callable[..., list[bool]],
        algorithm: Any,
        forward_batch: Any,
        full_logits: Tensor,
        states: list[dict[str, Any]],
    ) -> list[bool]:
        """SGLang's step, then what the sessions say; which blocks are finished."""
        going = [at for at, state in enumerate(states) if KEY in state and not state["finished"]]
        if not going or self._sessions is None:
            return own(algorithm, forward_batch, full_logits, states)
        logits = full_logits.view(len(states), algorithm.block_size, algorithm.vocab_size)
        moves = self._moves(going, logits, states)
        heats = {at: algorithm._temperature(states[at]["step"]) for at in going}
        for at in going:
            states[at]["history"] = []  # SGLang's own rule stops none of these
        own(algorithm, forward_batch, full_logits, states)
        for at in going:
            self._write(algorithm, states[at], moves.get(at), logits[at], heats[at])
        algorithm._write_input_ids(forward_batch, states)
        return [state["finished"] for state in states]

    def _moves(self, going: list[int], logits: Tensor, states: list[dict[str, Any]]) -> dict[int, Move]:
        open_ = [at for at in going if not states[at][KEY].is_over]
        if not open_ or self._sessions is None:
            return {}
        try:
            moves = self._sessions.step([states[at][KEY] for at in open_], logits[open_])
        except CanvasgenError as error:
            _log.error("a step has failed: %s", error)
            return {}
        return dict(zip(open_, moves, strict=True))

    def _write(
        self, algorithm: Any, state: dict[str, Any], move: Move | None, logits: Tensor, heat: float
    ) -> None:
        """Write a session's canvas into SGLang's state of its block."""
        assert self._engine is not None, "there is a session"
        place = state["current"].device
        block = () if move is None or move.error is not None else move.block
        if move is not None and move.error is not None:
            _log.error("a request has failed, and ends here: %s", move.error)
        if block is not None:
            end = self._engine.vocabulary.end_ids[0]
            canvas = torch.full((algorithm.block_size,), end, dtype=torch.int64)
            canvas[: len(block)] = torch.tensor(block, dtype=torch.int64)
            state["current"] = state["argmax"] = canvas.to(place)
            state["self_conditioning"], state["finished"] = None, True
            return
        assert move is not None, "there is no block"
        lost = state["finished"]  # SGLang has dropped its self-conditioning
        state["current"], state["argmax"], state["finished"] = (
            move.canvas.to(place),
            move.canvas.to(place),
            False,
        )
        if move.begins:
            state["step"], state["self_conditioning"] = algorithm.max_denoising_steps, None
        elif lost:
            state["step"] = max(state["step"], 1)
            state["self_conditioning"] = algorithm._soft_embeddings(torch.softmax(logits / heat, dim=-1))


def _written(params: Any) -> dict[str, Any] | None:
    """The request as one JSON object; None if it has no constraint."""
    custom = getattr(params, "custom_params", None) or {}
    given = custom.get(KEY) if isinstance(custom, Mapping) else None
    kinds = {own: getattr(params, name) for name, own in _KINDS.items() if getattr(params, name) is not None}
    if given is None and not kinds:
        return None
    return {**object_under(KEY, given), **kinds}
