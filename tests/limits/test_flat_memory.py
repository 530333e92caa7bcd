"""What a process keeps does not grow with the number of different schemas that it has seen."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

import canvasgen
from canvasgen.automata import DFA
from canvasgen.automata.expr_nodes import nodes
from canvasgen.limits.generations import KEPT
from canvasgen.once import Once
from canvasgen.request import remembered
from canvasgen.request.remembered import remembered_schema, remembered_text
from canvasgen.schemas.normal.shapes import Node

SEEN = 60


@pytest.fixture
def small_caches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A generation of half a megabyte, and as much for each cache of constraints."""
    monkeypatch.setattr("canvasgen.limits.generations.GENERATION", 500_000)
    for name in ("_schemas", "_texts", "_loaded"):
        monkeypatch.setattr(
            remembered, name, Once(8, max_bytes=500_000, weigh=lambda made: getattr(made, "held", 0))
        )
    yield
    for clear in KEPT.values():
        clear()


def see(number: int) -> None:
    """One schema and one pattern that were not there before."""
    document = {
        "type": "object",
        "properties": {f"k{number}": {"type": "string", "pattern": f"^[a-c]{{{3 + number % 9}}}x{number}$"}},
    }
    assert not remembered_schema(document, None, "", None, {}).matches("[]")
    assert remembered_text("regex", f"[xy]{{1,9}}z{number}", None).automaton.num_states > 0


def alive() -> tuple[int, int, int]:
    gc.collect()  # the type is asked, since a proxy of what is gone has no class
    objects = gc.get_objects()
    return (
        len(nodes),
        sum(issubclass(type(one), DFA) for one in objects),
        sum(issubclass(type(one), Node) for one in objects),
    )


@pytest.mark.slow
@pytest.mark.usefixtures("small_caches")
def test_what_is_alive_does_not_grow() -> None:
    counts: list[tuple[int, int, int]] = []
    for number in range(3 * SEEN):
        see(number)
        if (number + 1) % SEEN == 0:
            counts.append(alive())
    first, _, last = counts
    assert all(after <= 1.5 * before + 200 for before, after in zip(first, last, strict=True)), counts
    assert remembered._schemas.num_bytes <= 500_000
    assert remembered._texts.num_bytes <= 500_000


@pytest.mark.slow
def test_caches_of_functions_are_bounded_in_bytes() -> None:
    """None keeps many entries without being emptied; those that keep a few are constants."""
    root = Path(canvasgen.__file__).parent
    large: list[str] = []
    for file in root.rglob("*.py"):
        if "training" in file.parts or file.name == "generations.py":
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "lru_cache":
                given = (*node.args, *(key.value for key in node.keywords))
                sizes = [one.value for one in given if isinstance(one, ast.Constant)]
                large += [f"{file.name}:{node.lineno}"] * (max(sizes, default=128) > 4)
    assert large == []
    assert len(KEPT) > 20
