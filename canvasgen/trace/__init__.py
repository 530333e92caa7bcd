"""The trace of a generation: what every denoising step saw and decided, as plain data with a version."""

from canvasgen.trace.load_trace import load_trace, traces_html
from canvasgen.trace.trace_data import (
    ACCEPTED,
    FIXED,
    FORCED,
    TEXT,
    Candidates,
    Commitment,
    Contender,
    PlaceName,
    Refusal,
    Restart,
    Trace,
    TraceGrid,
    TraceStep,
)
from canvasgen.trace.trace_files import VERSION
from canvasgen.trace.tracing import Tracing, tracing_of

__all__ = [
    "ACCEPTED",
    "FIXED",
    "FORCED",
    "TEXT",
    "VERSION",
    "Candidates",
    "Commitment",
    "Contender",
    "PlaceName",
    "Refusal",
    "Restart",
    "Trace",
    "TraceGrid",
    "TraceStep",
    "Tracing",
    "load_trace",
    "traces_html",
    "tracing_of",
]
