"""Exceptions that carry their facts as data, and the outcomes of a generation.

Every error that the library raises on purpose derives from `CanvasgenError` and says what broke (`rule`, `value`),
where (`path`: a JSON path, a regular expression's position, a canvas position) and what to do about it (`remedy`).
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from enum import Enum
from typing import Any

__all__ = [
    "BudgetTooSmall",
    "CanvasgenError",
    "ConstraintTooLarge",
    "InvalidConstraint",
    "InvalidTrace",
    "MissingPackage",
    "ModelError",
    "Outcome",
    "StepLimit",
    "StepLimitWarning",
    "TimeLimit",
    "UnknownOption",
    "Unsatisfiable",
    "UnsupportedConstraint",
    "ValidationFailed",
    "located",
]

_LONGEST_VALUE = 120


class CanvasgenError(Exception):
    """Base of all errors of canvasgen.

    Attributes:
        message: one sentence on what is wrong.
        path: where: a JSON path such as `$.properties.age`, or `position 3`; None if the whole input is meant.
        rule: the keyword, option or limit that was broken.
        value: the offending value.
        remedy: what the caller can do.
        trace: of a generation that failed and was asked for its trace (`trace="full"`), what was recorded until then.
    """

    trace: Any = None

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        rule: str | None = None,
        value: Any = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.rule = rule
        self.value = value
        self.remedy = remedy

    def __str__(self) -> str:
        parts = [self.message]
        if self.path is not None:
            parts.append(f"at {self.path}")
        if self.rule is not None:
            parts.append(f"rule: {self.rule}")
        if self.value is not None:
            shown = repr(self.value)
            if len(shown) > _LONGEST_VALUE:
                shown = shown[: _LONGEST_VALUE - 1] + "…"
            parts.append(f"value: {shown}")
        if self.remedy is not None:
            parts.append(f"remedy: {self.remedy}")
        return "; ".join(parts)


class InvalidConstraint(CanvasgenError):
    """The constraint itself is malformed: not a JSON Schema, not a regular expression, two constraints at once."""


class UnsupportedConstraint(CanvasgenError):
    """The constraint is well-formed but uses something that canvasgen refuses; `path` and `rule` name it."""


class ConstraintTooLarge(CanvasgenError):
    """Compiling the constraint would exceed the limit named by `rule`; `path` says what grew."""


@contextmanager
def located(path: str) -> Generator[None]:
    """Give a ConstraintTooLarge that is raised inside the path of what grew, if it has none."""
    try:
        yield
    except ConstraintTooLarge as error:
        error.path = error.path or path
        raise


class Unsatisfiable(CanvasgenError):
    """No text at all satisfies the constraint (or the fixed tokens contradict it)."""


class BudgetTooSmall(CanvasgenError):
    """Some text satisfies the constraint, but none does within the token budget."""


class TimeLimit(CanvasgenError):
    """An exact search ran out of the seconds named by `rule` (in `value`) without an answer."""


class UnknownOption(CanvasgenError, TypeError):
    """An argument has a name that does not exist; `rule` is the name. A TypeError, as for any unknown argument."""


class ValidationFailed(CanvasgenError):
    """Every canvas that was tried was refused by a validator.

    Attributes:
        text: the best text found (None if there was none).
        reasons: what the validators said, most probable canvas first.
    """

    def __init__(
        self,
        message: str,
        *,
        text: str | None = None,
        reasons: tuple[str, ...] = (),
        path: str | None = None,
        rule: str | None = None,
        value: Any = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message, path=path, rule=rule, value=value, remedy=remedy)
        self.text = text
        self.reasons = reasons


class MissingPackage(CanvasgenError, ImportError):
    """A package that this part needs is not installed; `rule` is the extra of canvasgen that installs it."""


class StepLimit(CanvasgenError):
    """A text was committed before the model was confident, and `on_step_limit="raise"` was asked for; `outcome` says why.

    Attributes:
        completion: the result, which is valid.
    """

    def __init__(self, message: str, *, completion: Any, remedy: str | None = None) -> None:
        super().__init__(message, rule="on_step_limit", value=completion.text, remedy=remedy)
        self.completion = completion


class StepLimitWarning(UserWarning):
    """A text was committed before the model was confident: valid, but perhaps not its best answer."""


class InvalidTrace(CanvasgenError):
    """A file or text is no trace of a generation, is damaged, or has another version; or it cannot be read or written."""


class ModelError(CanvasgenError):
    """The model cannot be loaded or misbehaves: not a DiffusionGemma, NaN logits, a prompt beyond its context."""


class Outcome(Enum):
    """How a generation ended; the value states what it means for the caller."""

    COMPLETE = "the model was confident and every validator accepted"
    STEP_LIMIT = (
        "valid, but a block was committed at the step limit before the model was confident: allow more steps"
    )
    TIME_LIMIT = (
        "valid, but a block was committed at the target in time before the model was confident: allow more"
    )
    OSCILLATION = (
        "valid, but the drafts of a block went round in a cycle before the model was confident: the most probable of them "
        "was committed, more steps would not help"
    )
    UNCLOSED = "unconstrained text reached max_tokens without an end token: raise max_tokens"

    def __str__(self) -> str:
        return self.name.lower()
