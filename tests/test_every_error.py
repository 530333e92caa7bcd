"""Every error has a rule and a remedy, in general terms where nothing in particular was said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from canvasgen import errors
from canvasgen.errors import CanvasgenError, StepLimit


def kinds(kind: type[CanvasgenError]) -> Iterator[type[CanvasgenError]]:
    for below in kind.__subclasses__():
        yield below
        yield from kinds(below)


class _Result:
    text = "a"


@pytest.mark.parametrize(
    "kind",
    [one for one in kinds(CanvasgenError) if one.__module__ == errors.__name__],
    ids=lambda one: one.__name__,
)
def test_a_plain_error_has_a_rule_and_a_remedy(kind: type[CanvasgenError]) -> None:
    error = StepLimit("it broke", completion=_Result()) if kind is StepLimit else kind("it broke")
    assert error.rule
    assert error.remedy
    told = str(error)
    assert told.startswith("it broke")
    assert ("remedy: " in told) == error.tells_usual
