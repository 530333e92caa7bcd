"""A processor in the form of `ray.data.llm`: settings, and a function from one dataset to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from canvasgen.checks import whole_number
from canvasgen.errors import InvalidConstraint
from canvasgen.extras import needed
from canvasgen.integrations.ray.predictor import CanvasPredictor, check_settings

__all__ = ["CanvasProcessorConfig", "build_processor"]

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class CanvasProcessorConfig:
    """How a dataset is answered; the names are those of `ray.data.llm`'s configs where these have them.

    Attributes:
        request: what every row is asked, as for `CanvasPredictor`.
        model_source: as for `canvasgen.load`; None: the embedded model.
        prompt, requests: columns, as for `CanvasPredictor`.
        max_tokens: of one answer.
        batch_size: rows that a worker gets at a time. Ray starts a worker that died again; these rows are answered again.
        rows: of these, how many go through the model together.
        concurrency: workers: a number, or the fewest and the most.
        num_cpus, num_gpus: of one worker.
    """

    request: Mapping[str, Any] | None = None
    model_source: str | None = None
    prompt: str = "prompt"
    requests: str | None = None
    max_tokens: int | None = None
    batch_size: int = 64
    rows: int = 16
    concurrency: int | tuple[int, int] = 1
    num_cpus: float = 1.0
    num_gpus: float = 0.0

    def __post_init__(self) -> None:
        """Check the numbers and the request, here and not in a worker.

        Raises:
            CanvasgenError: one of them is wrong.
        """
        whole_number(self.batch_size, rule="batch_size", low=1)
        check_settings(self.request, self.rows)
        low, high = self.workers
        if not 1 <= low <= high:
            raise InvalidConstraint(
                "concurrency is a number of workers from 1, or the fewest and the most",
                rule="concurrency",
                value=self.concurrency,
                remedy="write concurrency=2 or concurrency=(1, 4)",
            )

    @property
    def workers(self) -> tuple[int, int]:
        """The fewest and the most workers."""
        given = self.concurrency
        return given if isinstance(given, tuple) else (given, given)


def build_processor(
    config: CanvasProcessorConfig,
    preprocess: Callable[[Row], Row] | None = None,
    postprocess: Callable[[Row], Row] | None = None,
) -> Callable[[Any], Any]:
    """Return a function from a dataset of Ray to one with the answers; nothing runs before that is consumed.

    Args:
        config: the model, the request, the workers.
        preprocess: row -> row with a prompt.
        postprocess: row with the answer's columns -> row.

    Raises:
        MissingPackage: Ray is not installed.
    """
    needed("ray", "canvasgen.integrations.ray")

    def process(dataset: Any) -> Any:
        found = dataset if preprocess is None else dataset.map(preprocess)
        found = found.map_batches(
            CanvasPredictor,
            fn_constructor_args=(config.request,),
            fn_constructor_kwargs={
                "model": config.model_source,
                "prompt": config.prompt,
                "requests": config.requests,
                "max_tokens": config.max_tokens,
                "rows": config.rows,
            },
            batch_size=config.batch_size,
            compute=_pool(config),
            num_cpus=config.num_cpus,
            num_gpus=config.num_gpus,
        )
        return found if postprocess is None else found.map(postprocess)

    return process


def _pool(config: CanvasProcessorConfig) -> Any:
    from importlib import import_module

    low, high = config.workers
    return import_module("ray.data").ActorPoolStrategy(min_size=low, max_size=high)
