"""canvasgen: exact constrained generation on block-diffusion language models.

    user = canvasgen.generate("Extract: Alice Smith, 34, Paris", schema=User)

The names below are imported when they are first used, so that `import canvasgen` costs neither torch nor transformers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from canvasgen import errors

if TYPE_CHECKING:
    from canvasgen import relations
    from canvasgen.api import decide, generate, load
    from canvasgen.constraints import (
        Constraint,
        choice,
        contains,
        edit,
        excludes,
        fixed,
        futoshiki,
        grammar,
        grid,
        infill,
        json_schema,
        latin_square,
        literal,
        magic_square,
        near,
        optional,
        queens,
        regex,
        repeat,
        roster,
        round_robin,
        seating,
        span_of,
        sudoku,
        table,
        template,
        text,
    )
    from canvasgen.denoise import Completion
    from canvasgen.engine import Engine
    from canvasgen.grounding import Grounded, Sources
    from canvasgen.grounding import span_relations as spans
    from canvasgen.limits import Limits, limited
    from canvasgen.request import Request
    from canvasgen.trace import Trace, Tracing, load_trace, traces_html
    from canvasgen.vocabulary import Vocabulary

__version__ = "0.1.0"

__all__ = [
    "Completion",
    "Constraint",
    "Engine",
    "Grounded",
    "Limits",
    "Request",
    "Sources",
    "Trace",
    "Tracing",
    "Vocabulary",
    "__version__",
    "choice",
    "contains",
    "decide",
    "edit",
    "errors",
    "excludes",
    "fixed",
    "futoshiki",
    "generate",
    "grammar",
    "grid",
    "infill",
    "json_schema",
    "latin_square",
    "limited",
    "literal",
    "load",
    "load_trace",
    "magic_square",
    "near",
    "optional",
    "queens",
    "regex",
    "relations",
    "repeat",
    "roster",
    "round_robin",
    "seating",
    "span_of",
    "spans",
    "sudoku",
    "table",
    "template",
    "text",
    "traces_html",
]

_HOME = {
    "Completion": "canvasgen.denoise",
    "Constraint": "canvasgen.constraints",
    "Limits": "canvasgen.limits",
    "Engine": "canvasgen.engine",
    "Grounded": "canvasgen.grounding",
    "Request": "canvasgen.request",
    "Sources": "canvasgen.grounding",
    "Trace": "canvasgen.trace",
    "Tracing": "canvasgen.trace",
    "Vocabulary": "canvasgen.vocabulary",
    "choice": "canvasgen.constraints",
    "contains": "canvasgen.constraints",
    "decide": "canvasgen.api",
    "edit": "canvasgen.constraints",
    "excludes": "canvasgen.constraints",
    "fixed": "canvasgen.constraints",
    "futoshiki": "canvasgen.constraints",
    "generate": "canvasgen.api",
    "grammar": "canvasgen.constraints",
    "grid": "canvasgen.constraints",
    "infill": "canvasgen.constraints",
    "json_schema": "canvasgen.constraints",
    "latin_square": "canvasgen.constraints",
    "limited": "canvasgen.limits",
    "literal": "canvasgen.constraints",
    "load": "canvasgen.api",
    "load_trace": "canvasgen.trace",
    "magic_square": "canvasgen.constraints",
    "near": "canvasgen.constraints",
    "optional": "canvasgen.constraints",
    "queens": "canvasgen.constraints",
    "regex": "canvasgen.constraints",
    "repeat": "canvasgen.constraints",
    "roster": "canvasgen.constraints",
    "round_robin": "canvasgen.constraints",
    "seating": "canvasgen.constraints",
    "span_of": "canvasgen.constraints",
    "sudoku": "canvasgen.constraints",
    "table": "canvasgen.constraints",
    "template": "canvasgen.constraints",
    "text": "canvasgen.constraints",
    "traces_html": "canvasgen.trace",
}
_MODULES = {"relations": "canvasgen.relations", "spans": "canvasgen.grounding.span_relations"}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'canvasgen' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
