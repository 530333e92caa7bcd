"""Exceptions that carry their facts as data, and the outcomes of a generation.

Every error that the library raises on purpose derives from `CanvasgenError` and says what broke (`rule`, `value`),
where (`path`: a JSON path, a regular expression's position, a canvas position) and what to do about it (`remedy`).
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from copy import copy
from enum import Enum
from reprlib import Repr
from typing import Any, TypeVar

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
    "again",
    "located",
    "shortened",
]

_LONGEST_VALUE, _LONGEST_MESSAGE, _LONGEST_PATH, _LONGEST_REMEDY = 120, 900, 250, 450
"""Characters of the parts of an error's text, which so never has more than 2,000."""
_LONGEST_REASON, _MOST_REASONS = 1_000, 100

_shapes = Repr()
_shapes.maxlevel, _shapes.maxother = 4, _LONGEST_VALUE
_shapes.maxdict = _shapes.maxlist = _shapes.maxtuple = _shapes.maxset = _shapes.maxfrozenset = 12
_shapes.maxstring = _LONGEST_VALUE


class CanvasgenError(Exception):
    """Base of all errors of canvasgen.

    Attributes:
        message: one sentence on what is wrong.
        path: where: a JSON path such as `$.properties.age`, or `position 3`; None if the whole input is meant.
        rule: the keyword, option or limit that was broken; in general terms where no one in particular was.
        value: the offending value.
        remedy: what the caller can do; in general terms where there is nothing in particular.
        trace: of a generation that failed and was asked for its trace (`trace="full"`), what was recorded until then.
    """

    usual_rule = "constraint"
    usual_remedy: str | None = None
    trace: Any = None
    tells_usual = True
    """Whether the error's text has a remedy in general terms."""

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
        self.rule = self.usual_rule if rule is None else rule
        self.value = value
        self.remedy = self.usual_remedy if remedy is None else remedy

    def __str__(self) -> str:
        parts = [shortened(self.message, _LONGEST_MESSAGE)]
        if self.path is not None:
            parts.append(f"at {shortened(self.path, _LONGEST_PATH)}")
        if self.rule != self.usual_rule:
            parts.append(f"rule: {shortened(self.rule, _LONGEST_VALUE)}")
        if self.value is not None:
            parts.append(f"value: {_shown(self.value)}")
        if self.remedy is not None and (self.tells_usual or self.remedy != self.usual_remedy):
            parts.append(f"remedy: {shortened(self.remedy, _LONGEST_REMEDY)}")
        return "; ".join(parts)


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many characters: its beginning and its end, if it is longer."""
    if len(text) <= most:
        return text
    tail = most // 4
    return f"{text[: most - tail - 3]} … {text[len(text) - tail :]}"


def _shown(value: object) -> str:
    """Return a short representation of any object, also of one that is deep, endless or has no representation."""
    try:
        if isinstance(value, str | bytes):
            text = repr(value[: _LONGEST_VALUE + 1])
        else:
            is_container = issubclass(type(value), (list, tuple, dict, set, frozenset))
            text = _shapes.repr(value) if is_container else repr(value)
    except Exception:  # noqa: BLE001 (any code may be behind `repr`)
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


class InvalidConstraint(CanvasgenError):
    """The constraint itself is malformed: not a JSON Schema, not a regular expression, two constraints at once."""

    usual_remedy = "write it as the message says"


class UnsupportedConstraint(CanvasgenError):
    """The constraint is well-formed but uses something that canvasgen refuses; `path` and `rule` name it."""

    usual_remedy = "leave it out, or check it with a validator"


class ConstraintTooLarge(CanvasgenError):
    """Compiling the constraint would exceed the limit named by `rule`; `path` says what grew."""

    usual_rule = "size"
    usual_remedy = "use fewer or smaller parts there"


@contextmanager
def located(path: str) -> Generator[None]:
    """Give a ConstraintTooLarge that is raised inside the path of what grew, if it has none."""
    try:
        yield
    except ConstraintTooLarge as error:
        error.path = error.path or path
        raise


class Remembered(str):
    """What is kept of an offending value: its representation."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


Error = TypeVar("Error", bound=CanvasgenError)


def again(error: Error) -> Error:
    """Return an error to be raised once more: with the same facts, and without what the first time would keep alive."""
    made = copy(error)
    made.__cause__, made.__traceback__ = None, None
    if not isinstance(made.value, int | float | None):
        made.value = Remembered(_shown(made.value))
    return made


class Unsatisfiable(CanvasgenError):
    """No text at all satisfies the constraint (or the fixed tokens contradict it)."""

    usual_remedy = "look for parts that contradict each other, and leave one out"


class BudgetTooSmall(CanvasgenError):
    """Some text satisfies the constraint, but none does within the token budget."""

    usual_rule = "max_tokens"
    usual_remedy = "raise max_tokens"


class TimeLimit(CanvasgenError):
    """An exact search ran out of the seconds named by `rule` (in `value`) without an answer."""

    usual_rule = "seconds"
    usual_remedy = "bound what is searched for more tightly, or allow more seconds"


class UnknownOption(CanvasgenError, TypeError):
    """An argument has a name that does not exist; `rule` is the name. A TypeError, as for any unknown argument."""

    usual_rule = "name"
    usual_remedy = "leave it out"


class ValidationFailed(CanvasgenError):
    """Every canvas that was tried was refused by a validator.

    Attributes:
        text: the best text found (None if there was none).
        reasons: what the validators said, most probable canvas first; the first hundred, shortened.
    """

    usual_rule = "validator"
    usual_remedy = "change what the reasons name"
    tells_usual = False

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
        self.reasons = tuple(shortened(reason, _LONGEST_REASON) for reason in reasons[:_MOST_REASONS])


class MissingPackage(CanvasgenError, ImportError):
    """A package that this part needs is not installed; `rule` is the extra of canvasgen that installs it."""

    usual_rule = "extra"
    usual_remedy = "pip install 'canvasgen[all]'"


class StepLimit(CanvasgenError):
    """A text was committed before the model was confident, and `on_step_limit="raise"` was asked for; `outcome` says why.

    Attributes:
        completion: the result, which is valid.
    """

    usual_remedy = "allow more steps or more time, or take the result that the error holds"

    def __init__(self, message: str, *, completion: Any, remedy: str | None = None) -> None:
        super().__init__(message, rule="on_step_limit", value=completion.text, remedy=remedy)
        self.completion = completion


class StepLimitWarning(UserWarning):
    """A text was committed before the model was confident: valid, but perhaps not its best answer."""


class InvalidTrace(CanvasgenError):
    """A file or text is no trace of a generation, is damaged, or has another version; or it cannot be read or written."""

    usual_rule = "trace"
    usual_remedy = (
        'give what `--save-trace FILE`, or `Trace.save` after `complete(…, trace="full")`, has written'
    )


class ModelError(CanvasgenError):
    """The model cannot be loaded or misbehaves: not a DiffusionGemma, NaN logits, a prompt beyond its context."""

    usual_rule = "model"
    usual_remedy = "check the model's files, the prompt and the settings"


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
