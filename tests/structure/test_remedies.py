"""Every refusal of the library says which rule was broken and what its caller can do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from canvasgen import errors

ROOT = Path(__file__).parents[2] / "canvasgen"
KINDS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.CanvasgenError)
}
WITHOUT_REMEDY = {"ValidationFailed"}
"""A judgement of a text: what to change is in its reasons."""


def made(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls that make an error."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
            yield node


def lacking(call: ast.Call) -> set[str]:
    """Return which of rule and remedy a call does not give; none where it passes on all of another error's facts."""
    given = {keyword.arg for keyword in call.keywords}
    assert isinstance(call.func, ast.Name)
    wanted = {"rule"} if call.func.id in WITHOUT_REMEDY else {"rule", "remedy"}
    if call.func.id == "StepLimit":  # has one rule
        wanted.discard("rule")
    return set() if None in given else wanted - given


FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("part", sorted({path.relative_to(ROOT).parts[0] for path in FILES}))
def test_every_refusal_names_its_rule_and_a_remedy(part: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}:{call.lineno}": lacking(call)
        for path in FILES
        if path.relative_to(ROOT).parts[0] == part
        for call in made(ast.parse(path.read_text("utf-8")))
    }
    assert not {place: what for place, what in found.items() if what}


def test_what_lacks_a_remedy_is_seen() -> None:
    (call,) = made(ast.parse("InvalidConstraint('no', rule='schema')"))
    assert lacking(call) == {"remedy"}
    (call,) = made(ast.parse("ValidationFailed('no')"))
    assert lacking(call) == {"rule"}
    assert sum(1 for path in FILES for _ in made(ast.parse(path.read_text("utf-8")))) > 500
