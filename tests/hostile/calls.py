"""What is done with a hostile constraint: it is compiled over a small vocabulary, conditioned, and asked about texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import canvasgen as cg
from canvasgen.vocabulary import Vocabulary

__all__ = ["VOCABULARY", "Call", "grammar", "nested", "regex", "schema", "template", "through"]

Call = Callable[[], Any]

_WORDS = [b"true", b"false", b"null", b'":', b'","', b"the", b" a", b"aa", b"ab", b"00", b"  "]
VOCABULARY = Vocabulary([bytes([b]) for b in range(256)] + _WORDS + [None], end_ids=[256 + len(_WORDS)])


def through(constraint: cg.Constraint, *texts: str) -> Any:
    """Compile, condition once on a canvas, and judge texts."""
    compiled = constraint.compile(VOCABULARY)
    logits = np.zeros((24, VOCABULARY.size), np.float32)
    best = compiled.condition(logits).best
    return len(best), [constraint.matches(text) for text in texts]


def regex(pattern: Any, *texts: str, **options: Any) -> Call:
    return lambda: through(cg.regex(pattern, **options), *texts)


def schema(document: Any, *texts: str, **options: Any) -> Call:
    return lambda: through(cg.json_schema(document, **options), *texts)


def grammar(text: Any, *texts: str, **options: Any) -> Call:
    return lambda: through(cg.grammar(text, **options), *texts)


def template(text: Any, **holes: Any) -> Call:
    return lambda: through(cg.template(text, **holes))


def nested(depth: int, make: Callable[[Any], Any], inner: Any) -> Any:
    """Put something into something, so many times."""
    for _ in range(depth):
        inner = make(inner)
    return inner
