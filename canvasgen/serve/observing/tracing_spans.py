"""OpenTelemetry spans of requests, if the server was asked for them."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from canvasgen.extras import needed

__all__ = ["Spans"]


class Spans:
    """Makes a span for each request, with OpenTelemetry's names for generative models; nothing unless it is on.

    The exporter is that of the environment (`OTEL_…`), set up by `opentelemetry-instrument` or the operator's own code.

    Raises:
        MissingPackage: it is on, and OpenTelemetry is not installed.
    """

    def __init__(self, *, on: bool, model: str) -> None:
        self._model = model
        self._tracer = needed("opentelemetry.trace", "tracing").get_tracer("canvasgen.serve") if on else None

    @contextmanager
    def span(self, name: str) -> Generator[dict[str, str | int | float]]:
        """Yield what becomes the span's attributes at its end."""
        facts: dict[str, str | int | float] = {"gen_ai.request.model": self._model}
        if self._tracer is None:
            yield facts
            return
        with self._tracer.start_as_current_span(name) as span:
            try:
                yield facts
            finally:
                span.set_attributes(facts)
