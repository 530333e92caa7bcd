"""Structured output on DiffusionGemma in SGLang: a plugin (`sglang.srt.plugins`). NOT RUN: SGLang asks for CUDA.

Written against SGLang 0.5.23, whose class of a step the tests run with these hooks on a CPU (`make test-sglang`),
without its server. Four hooks on `Gemma4Renoise`:

    validate_request   json_schema, regex, ebnf and the key `canvasgen` of `custom_params` -> checked, compiled, or refused
    init_step_state    the session's canvas in the place of a random one
    step               SGLang's own step, then the session's canvas, and whether the block is finished
    max_steps          no limit while there are sessions, which have their own

Each rank of SGLang's tensor parallelism has a scheduler, and sessions, of its own. They draw the same: a request that brings
no seed gets one from its id.
"""
# SGLang is in an environment of its own, and its hooks are private:
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import hashlib
import logging
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from canvasgen.denoise import Job
from canvasgen.engine import Engine
from canvasgen.errors import CanvasgenError, InvalidConstraint
from canvasgen.extras import missing
from canvasgen.integrations.hosted_job import check_budget, hosted_job
from canvasgen.integrations.session import Move, Session, Sessions
from canvasgen.request.written import object_under, read_request

__all__ = ["HOOKED", "KEY", "RenoiseHooks", "register"]

KEY = "canvasgen"
"""Of a request in `sampling_params.custom_params`, as JSON or its text; and of its session in SGLang's states."""
ALGORITHM = "sglang.srt.dllm.algorithm.gemma4_renoise.Gemma4Renoise"
HOOKED = ("validate_request", "init_step_state", "step", "max_steps")
"""Its methods."""
_KINDS = {"json_schema": "schema", "regex": "regex", "ebnf": "grammar"}
_NO_LIMIT = 1_000_000
"""Steps of SGLang's loop over a block; a session ends before."""

_log = logging.getLogger("sglang.canvasgen")


def register(engine: Callable[[], Engine] | None = None) -> RenoiseHooks:
    """Register the hooks; called by SGLang when it loads plugins.

    Args:
        engine: makes the engine, with the first request; None: of the model that SGLang serves.

    Returns:
        The hooks.

    Raises:
        MissingPackage: SGLang is not installed.
    """
    try:
        from sglang.srt.plugins.hook_registry import HookRegistry, HookType
    except ModuleNotFoundError as error:
        raise missing(error, "canvasgen.integrations.sglang") from error

    hooks = RenoiseHooks(engine or _engine_of_server)
    for name in HOOKED:
        HookRegistry.register(f"{ALGORITHM}.{name}", getattr(hooks, name), HookType.AROUND)
    return hooks


def _engine_of_server() -> Engine:
    """The engine of the model that SGLang serves."""
    from sglang.srt.server_args import get_global_server_args

    from canvasgen.integrations.hosted_folder import engine_of_folder

    return engine_of_folder(get_global_server_args().model_path)


@dataclass
class Held:
    """A request with a constraint.

    Attributes:
        job: what it asks for.
        session: None before its first block, and after `error`.
        error: why it has no session.
    """

    job: Job
    session: Session | None = None
    error: Exception | None = None

    @property
    def is_over(self) -> bool:
        """Whether its blocks are nothing but the end."""
        return self.error is not None or (self.session is not None and self.session.is_over)


class RenoiseHooks:
    """The sessions of a server's requests, by their id.

    Args:
        engine: makes the engine around a `HostModel`; called once.
    """

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine_of = engine
        self._engine: Engine | None = None
        self._sessions: Sessions | None = None
        # SGLang does not tell when a request is aborted: what is held of one lives as long as SGLang's `Req`
        self._requests: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()
        self._gone: list[Session] = []  # of requests that are no more; closed between steps

    def __len__(self) -> int:
        """Requests with a constraint that SGLang has."""
        return len(self._requests)

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
        for name in _KINDS:  # SGLang refuses them
            setattr(params, name, None)
        reason = own(*given)
        if reason is None:
            request.canvasgen = Held(job)
            self._requests[str(request.rid)] = request
        return reason

    def _job(self, request: Any) -> Job | None:
        params = request.sampling_params
        written = _written(params)
        if written is None:
            return None
        seed = written.setdefault("seed", _seed_of(str(request.rid)))
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
        job = hosted_job(
            self._engine, replace(made, max_tokens=None, seed=seed), list(request.origin_input_ids)
        )
        if params.max_new_tokens is not None:
            check_budget(job, params.max_new_tokens)
        return replace(job, max_tokens=params.max_new_tokens)

    def max_steps(self, own: Callable[..., int], algorithm: Any, block_size: int) -> int:
        """Steps that SGLang's loop takes for a block at most; it ends before, as soon as all are finished."""
        usual = own(algorithm, block_size)
        return max(usual, _NO_LIMIT) if len(self._requests) else usual

    def init_step_state(
        self, own: Callable[..., list[dict[str, Any]]], algorithm: Any, forward_batch: Any
    ) -> list[dict[str, Any]]:
        """SGLang's states of a new block, with the sessions' canvases."""
        while self._gone:
            self._gone.pop().close()
        states = own(algorithm, forward_batch)
        for rid, state in zip(forward_batch.rids or [], states, strict=False):
            held = self._held(str(rid), algorithm.max_denoising_steps)
            if held is not None:
                state[KEY] = held
                if held.session is not None:
                    state["current"] = held.session.canvas.to(state["current"].device)
        return states

    def _held(self, rid: str, steps: int) -> Held | None:
        """What is held of a request, with its session begun; None of a request without a constraint."""
        request = self._requests.get(rid)
        if request is None or self._sessions is None:
            return None
        held: Held = request.canvasgen
        if held.session is None and held.error is None:
            try:
                job = held.job
                if job.max_denoising_steps is None and job.quality is None:
                    job = replace(job, max_denoising_steps=steps)
                held.session = self._sessions.begin(job)
                weakref.finalize(request, self._gone.append, held.session).atexit = False
            except Exception as error:  # noqa: BLE001  an exception here takes the server down, with all requests
                _fail([held], error)
        return held

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
        if not going:
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
        """What the sessions lead to, by place; none of those that are over or fail here."""
        open_ = [at for at in going if not states[at][KEY].is_over]
        held: list[Held] = [states[at][KEY] for at in open_]
        sessions = [one.session for one in held if one.session is not None]
        if not sessions or self._sessions is None:
            return {}
        try:
            moves = self._sessions.step(sessions, logits[open_])
        except Exception as error:  # noqa: BLE001  as in `_held`
            _fail(held, error)
            return {}
        for one, move in zip(held, moves, strict=True):
            if move.error is not None:
                _fail([one], move.error)
        return dict(zip(open_, moves, strict=True))

    def _write(
        self, algorithm: Any, state: dict[str, Any], move: Move | None, logits: Tensor, heat: float
    ) -> None:
        """Write a session's canvas into SGLang's state of its block; without a move, nothing but the end."""
        assert self._engine is not None, "there is a request"
        place = state["current"].device
        block = () if move is None or move.error is not None else move.block
        if block is not None:
            end = self._engine.vocabulary.end_ids[0]
            canvas = torch.full((algorithm.block_size,), end, dtype=torch.int64)
            canvas[: len(block)] = torch.tensor(block, dtype=torch.int64)
            state["current"] = state["argmax"] = canvas.to(place)
            state["self_conditioning"], state["finished"] = None, True
            return
        assert move is not None, "there is no block"
        lost = state["finished"]  # SGLang has dropped its self-conditioning
        state["current"] = state["argmax"] = move.canvas.to(place)
        state["finished"] = False
        if move.begins:
            state["step"], state["self_conditioning"] = algorithm.max_denoising_steps, None
        elif lost:
            state["step"] = max(state["step"], 1)
            state["self_conditioning"] = algorithm._soft_embeddings(torch.softmax(logits / heat, dim=-1))


def _fail(held: list[Held], error: Exception) -> None:
    known = isinstance(error, CanvasgenError)
    _log.error("requests have failed, and end here: %s", error, exc_info=None if known else error)
    for one in held:
        one.error = error


def _seed_of(rid: str) -> int:
    """The same on all ranks."""
    return int.from_bytes(hashlib.blake2b(rid.encode(), digest_size=7).digest(), "little")


def _written(params: Any) -> dict[str, Any] | None:
    """The request as one JSON object; None if it has no constraint."""
    custom = getattr(params, "custom_params", None) or {}
    given = custom.get(KEY) if isinstance(custom, Mapping) else None
    kinds = {own: getattr(params, name) for name, own in _KINDS.items() if getattr(params, name) is not None}
    if given is None and not kinds:
        return None
    return {**object_under(KEY, given), **kinds}
