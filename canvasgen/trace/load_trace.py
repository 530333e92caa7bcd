"""Traces from files, and several of them on one page."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, runtime_checkable

from canvasgen.checks import is_iterable
from canvasgen.errors import InvalidTrace
from canvasgen.trace.trace_data import Trace
from canvasgen.trace.trace_files import path_of
from canvasgen.viewer import page_of

__all__ = ["load_trace", "traces_html"]


def load_trace(path: str | Path) -> Trace:
    """Return the trace of a file, in its JSON or its binary form.

    Raises:
        InvalidTrace: the file cannot be read, holds no trace, or one of another version.
    """
    file = path_of(path)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InvalidTrace(
            f"the trace cannot be read: {error}",
            rule="trace",
            value=str(path),
            remedy="give the path of a trace that may be read",
        ) from error
    try:
        return Trace.from_bytes(data)
    except InvalidTrace as error:
        error.path = error.path or str(path)
        raise


def traces_html(traces: Iterable[object], *, title: str | None = None) -> str:
    """Return one page of HTML that shows several traces side by side, with the difference of any two.

    Args:
        traces: traces, or completions.
        title: of the page.

    Raises:
        InvalidTrace: there are none, or one is neither.
    """
    given: object = traces
    if not is_iterable(given) or isinstance(given, (str, bytes, Trace)):
        raise InvalidTrace("traces are a list of them", rule="traces", value=given, remedy="give [trace]")
    found = [_trace_of(one) for one in given]
    if not found:
        raise InvalidTrace(
            "there is no trace to show", rule="traces", value=(), remedy="give one trace or more"
        )
    return page_of([one.to_json() for one in found], title=title, results=[one.text for one in found])


def _trace_of(given: object) -> Trace:
    made = given.as_trace() if isinstance(given, _HasTrace) else given
    if isinstance(made, Trace):
        return made
    raise InvalidTrace(
        "this is neither a trace nor a completion",
        rule="traces",
        value=given,
        remedy='give a path, a Trace, or a completion of trace="full"',
    )


@runtime_checkable
class _HasTrace(Protocol):
    def as_trace(self) -> Trace: ...
