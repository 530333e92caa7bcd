"""Metrics for Prometheus, under the names that dashboards for vLLM know, and canvasgen's own."""

from __future__ import annotations

import math
from collections import deque
from time import perf_counter
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from canvasgen.denoise import Commit, Draft
from canvasgen.errors import CanvasgenError, Outcome, ValidationFailed

if TYPE_CHECKING:
    from canvasgen.scheduling import Scheduler, Ticket
    from canvasgen.serve.compiling.pool import Compiled
    from canvasgen.serve.finished import Finished

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, math.inf)
_STEPS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, math.inf)
_SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, math.inf)
_REMEMBERED = 64


class Metrics:
    """What is counted, for one server.

    Args:
        model: the name that is the label of all of them.
        scheduler: asked how busy it is when somebody reads.
        size: rows that it runs at most.
    """

    def __init__(self, model: str, scheduler: Scheduler, size: int) -> None:
        self._registry = CollectorRegistry()
        self._model, self._scheduler, self._size = model, scheduler, size
        self._ends: deque[float] = deque(maxlen=_REMEMBERED)
        self._waiting = 0

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, ("model_name", *labels), registry=self._registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...] = _SECONDS) -> Histogram:
            return Histogram(name, text, ("model_name",), registry=self._registry, buckets=buckets)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(name, text, ("model_name",), registry=self._registry)

        self._running_now = gauge("vllm:num_requests_running", "Generations that have a seat.")
        self._waiting_now = gauge("vllm:num_requests_waiting", "Generations that wait for a seat.")
        self._usage = gauge("vllm:kv_cache_usage_perc", "Share of the seats that are taken, 0 to 1.")
        self._prompt = counter("vllm:prompt_tokens", "Tokens read.")
        self._generation = counter("vllm:generation_tokens", "Tokens written.")
        self._success = counter("vllm:request_success", "Generations that came to an end.", "finished_reason")
        self._first = histogram(
            "vllm:time_to_first_token_seconds", "From arrival to the first committed block."
        )
        self._whole = histogram("vllm:e2e_request_latency_seconds", "From arrival to the end.")
        self._queue = histogram("vllm:request_queue_time_seconds", "From submission to the first step.")
        self._steps = counter("vllm:diffusion_num_denoising_steps", "Denoising steps of all rows.")
        self._positions = counter(
            "vllm:diffusion_num_canvas_positions", "Positions denoised, over all steps."
        )
        self._committed = counter("vllm:diffusion_num_committed_tokens", "Tokens committed.")
        self._per_canvas = histogram("canvasgen_steps_per_canvas", "Denoising steps of a canvas.", _STEPS)
        self._conditioning = histogram(
            "canvasgen_conditioning_share",
            "Share of a row's time in the steps that conditioning took.",
            _SHARES,
        )
        self._valid = histogram(
            "canvasgen_time_to_first_valid_draft_seconds", "From arrival to the first draft, which is valid."
        )
        self._refusals = counter(
            "canvasgen_validator_refusals", "Texts that validators refused in failed generations."
        )
        self._failures = counter("canvasgen_failures", "Generations that failed.", "error")
        self._passes = gauge("canvasgen_forward_passes", "Denoising passes of the model so far.")
        self._rows = gauge(
            "canvasgen_rows_in_passes", "Rows that took part in these passes; over them: rows that share one."
        )
        self._edits = counter("canvasgen_accepted_edits", "Edits and fills that passed all validators.")
        self._edit_cost = counter(
            "canvasgen_accepted_edit_positions", "Positions denoised for them, over all steps."
        )
        self._compiling = histogram("canvasgen_compile_seconds", "From asking for a constraint to having it.")
        self._ended = gauge(
            "canvasgen_compilations_ended", "Compilations that were ended at a limit from outside."
        )
        self._remembered = gauge(
            "canvasgen_constraints_remembered_bytes", "Of compiled constraints that are kept."
        )
        self._calls_ended = gauge(
            "canvasgen_validators_ended", "Calls of validators that were ended at a limit, or by a crash."
        )

    def happened(self, ticket: Ticket, event: Draft | Commit, begun: float) -> None:
        """Count a draft or a commit."""
        if isinstance(event, Draft) and (event.block, event.step) == (1, 1):
            self._queue.labels(self._model).observe(ticket.queue_seconds)
            if ticket.job.constraint is not None:
                self._valid.labels(self._model).observe(perf_counter() - begun)
        elif isinstance(event, Commit) and event.block == 1:
            self._first.labels(self._model).observe(perf_counter() - begun)

    def finished(self, made: Finished, ticket: Ticket, seconds: float, *, is_edit: bool) -> None:
        """Count an answer."""
        done, model = made.completion, self._model
        steps = sum(done.steps)
        positions = steps * made.canvas_length
        reason = "length" if done.outcome is Outcome.UNCLOSED else "stop"
        self._success.labels(model, reason).inc()
        self._prompt.labels(model).inc(made.prompt_tokens)
        self._generation.labels(model).inc(len(done.token_ids))
        self._committed.labels(model).inc(len(done.token_ids))
        self._steps.labels(model).inc(steps)
        self._positions.labels(model).inc(positions)
        self._whole.labels(model).observe(seconds)
        for count in done.steps:
            self._per_canvas.labels(model).observe(count)
        stepping = done.timings["denoise"] + done.timings["condition"]
        if stepping > 0:
            self._conditioning.labels(model).observe(done.timings["condition"] / stepping)
        if is_edit:
            self._edits.labels(model).inc()
            self._edit_cost.labels(model).inc(positions)
        self._ends.append(perf_counter())

    def failed(self, error: CanvasgenError) -> None:
        """Count a generation that failed."""
        self._failures.labels(self._model, type(error).__name__).inc()
        if isinstance(error, ValidationFailed):
            self._refusals.labels(self._model).inc(len(error.reasons))

    def compiled(self, compiled: Compiled, *, ended: int, remembered: int) -> None:
        """Count a constraint that came from the compilers."""
        self._compiling.labels(self._model).observe(compiled.seconds)
        self._ended.labels(self._model).set(ended)
        self._remembered.labels(self._model).set(remembered)

    def seconds_until_room(self, rows: int) -> int:
        """Return about how many seconds it takes until so many rows have ended, 1 to 60."""
        if len(self._ends) < 2:
            return 1
        each = (self._ends[-1] - self._ends[0]) / (len(self._ends) - 1)
        return min(60, max(1, math.ceil(each * rows)))

    def text(self, waiting: int, *, validators_ended: int = 0) -> bytes:
        """Return all metrics in Prometheus' text form.

        Args:
            waiting: rows that were taken in and have no seat yet.
            validators_ended: calls of validators that were ended at a limit so far.
        """
        load = self._scheduler.load
        self._running_now.labels(self._model).set(load.running)
        self._waiting_now.labels(self._model).set(waiting)
        self._calls_ended.labels(self._model).set(validators_ended)
        self._usage.labels(self._model).set(min(1.0, load.running / self._size))
        self._passes.labels(self._model).set(load.steps)
        self._rows.labels(self._model).set(load.rows_stepped)
        return generate_latest(self._registry)
