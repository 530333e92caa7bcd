"""Constraints in which one language stands at many places: how they are compiled with calls in the place of copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from canvasgen.automata import CalledLanguage, Expr
from canvasgen.constraints.texts import Texts

__all__ = ["CalledTexts", "called_texts"]


@dataclass(frozen=True, eq=False)
class CalledTexts:
    """The texts that a constraint generates, with calls.

    Attributes:
        language: the frame and what it calls.
        frame: the frame's language.
        options: `Texts.options` in frames: by field and option of a text, the frames of the texts that have it.
    """

    language: CalledLanguage
    frame: Expr
    options: Callable[[str], Mapping[str, Mapping[Any, Expr]]]


@singledispatch
def called_texts(constraint: Texts) -> CalledTexts | None:
    """Return how a constraint is compiled with calls; None for one that is compiled with copies."""
    return None
