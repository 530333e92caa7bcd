"""The tokens that a trace explains."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from canvasgen.trace import TraceStep
    from canvasgen.vocabulary import Vocabulary

__all__ = ["TokenTable", "token_table"]


class TokenTable(NamedTuple):
    """The tokens that are UTF-8 with their texts, and the others with their bytes in hexadecimal."""

    tokens: tuple[tuple[int, str], ...]
    pieces: tuple[tuple[int, str], ...]


def token_table(vocabulary: Vocabulary, steps: Iterable[TraceStep], others: Iterable[int]) -> TokenTable:
    """Return the tokens of some steps, and some others."""
    numbers = set(others)
    for step in steps:
        numbers.update(step.draft, step.drawn[1::2])
        for candidates in (step.model, step.allowed):
            numbers.update(() if candidates is None else candidates.ids)
    tokens: list[tuple[int, str]] = []
    pieces: list[tuple[int, str]] = []
    for number in sorted(numbers):
        content = vocabulary.tokens[number] or b""
        try:
            tokens.append((number, content.decode("utf-8")))
        except UnicodeDecodeError:
            pieces.append((number, content.hex()))
    return TokenTable(tuple(tokens), tuple(pieces))
