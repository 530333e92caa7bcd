"""canvasgen's counters beside vLLM's own, on the same `/metrics`: vLLM finds this class by `vllm.stat_logger_plugins`.

| metric | what |
|---|---|
| `canvasgen_steps_per_canvas` | histogram, denoising steps of a canvas |
| `canvasgen_conditioning_share` | histogram, share of a step that conditioning took |
| `canvasgen_validator_refusals_total` | texts that validators refused, in requests that failed |
| `canvasgen_failed_requests_total` | requests that ended in an error in the worker |
| `canvasgen_rejected_requests_total` | requests that were answered with 400, by `error`, such as InvalidConstraint |

The names of the first three are those of `canvasgen serve`.
"""
# vLLM is in an environment of its own:
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false

from __future__ import annotations

import math
import socket
import threading
from typing import Any

from canvasgen.extras import missing
from canvasgen.integrations.compiling.shared_folder import shared_folder
from canvasgen.integrations.foreign import Foreign
from canvasgen.integrations.vllm import rejections
from canvasgen.integrations.vllm.counting import CONDITIONING, FAILURE, REFUSALS, STEPS, listen, told
from canvasgen.integrations.vllm.plugin import is_ours, unsuited

try:
    from prometheus_client import Counter, Histogram
    from vllm.v1.metrics.loggers import AggregateStatLoggerBase
except ModuleNotFoundError as error:
    raise missing(error, "canvasgen.integrations.vllm") from error

__all__ = ["CanvasStatLogger"]

_STEPS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, math.inf)
_SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, math.inf)
_LABELS = ("model_name",)


class CanvasStatLogger(AggregateStatLoggerBase):
    """Reads what the workers tell in a thread of its own. For other models it does nothing.

    Of several API servers the first one reads the workers' events; each counts what it rejects itself.
    """

    def __init__(self, vllm_config: Foreign, engine_indexes: list[int]) -> None:
        del engine_indexes
        config = vllm_config.model_config
        if unsuited() is not None or not is_ours(config):
            return
        names = config.served_model_name
        self._name = str(names[0] if isinstance(names, list) else names)
        made = _metrics()
        rejections.report_to(lambda kind: made["rejected"].labels(self._name, kind).inc())
        folder = shared_folder()
        listening = None if folder is None else listen(folder)
        if listening is None:
            return
        for name in ("steps", "share", "refusals", "failed"):
            made[name].labels(self._name)  # shown from the start, with zero
        threading.Thread(
            target=self._read, args=(listening, made), name="canvasgen-counts", daemon=True
        ).start()

    def _read(self, listening: socket.socket, made: dict[str, Any]) -> None:
        observe = {
            STEPS: made["steps"].labels(self._name).observe,
            CONDITIONING: made["share"].labels(self._name).observe,
            REFUSALS: made["refusals"].labels(self._name).inc,
            FAILURE: made["failed"].labels(self._name).inc,
        }
        for name, value in told(listening):
            if name in observe:
                observe[name](value)

    def record(self, *_: Foreign, **__: Foreign) -> None:
        """vLLM's own statistics are vLLM's to count."""

    def log_engine_initialized(self) -> None:
        """Nothing to say."""


_made: dict[str, Any] = {}


def _metrics() -> dict[str, Any]:
    """Return the metrics of this process; one registry takes each name once."""
    if not _made:
        _made.update(
            steps=Histogram(
                "canvasgen_steps_per_canvas", "Denoising steps of a canvas.", _LABELS, buckets=_STEPS
            ),
            share=Histogram(
                "canvasgen_conditioning_share",
                "Share of a step of the engine that conditioning took.",
                _LABELS,
                buckets=_SHARES,
            ),
            refusals=Counter(
                "canvasgen_validator_refusals", "Texts that validators refused in failed requests.", _LABELS
            ),
            failed=Counter(
                "canvasgen_failed_requests", "Requests that ended in an error in the worker.", _LABELS
            ),
            rejected=Counter(
                "canvasgen_rejected_requests", "Requests that were answered with 400.", (*_LABELS, "error")
            ),
        )
    return _made
